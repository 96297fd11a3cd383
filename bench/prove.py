"""The long campaigns: each figure that the project claims, with the command that gave it and the commit it is of.

`make prove` runs all of them, `make prove ARGS="certify-mlp441"` those named. A campaign's answer goes into
bench/results/NAME.json. The exit code is 1 if one of them missed a limit of its own, or took longer than LIMIT_S; the
others still run. Two may run side by side: a result that is written does not make the tree another commit. Those on
recordings are run where $ENOSE_DATA (or ../shared/data) has them, and passed over with a word where it has not; so is
the one on an emulated RP2040 where there is no emulator or no MicroPython UF2 ($ENOSE_UF2, or ../shared/micropython).
"""

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results"
LIMIT_S = 3600
RECORDINGS = Path(os.environ.get("ENOSE_DATA", ROOT.parent / "shared" / "data"))
UF2 = Path(os.environ.get("ENOSE_UF2", ROOT.parent / "shared" / "micropython" / "rp2040" / "firmware.uf2"))
EMULATOR = Path(sys.prefix) / "emulator" / "node_modules" / "rp2040js"
EMULATED = "bench.campaigns.emulated"
DRIFT = "$ENOSE_DATA/uci_gas_drift"


@dataclass(frozen=True)
class Campaign:
    """A command that prints one JSON document and ends with 0 when it keeps its limits."""

    name: str
    command: tuple[str, ...]


def enose(name: str, *arguments: str) -> Campaign:
    """A campaign of the command line."""
    return Campaign(name, ("enose", *arguments, "--json"))


def faults(name: str) -> Campaign:
    """A campaign of bench/campaigns."""
    return Campaign(name, ("python", "-m", f"bench.campaigns.{name.replace('-', '_')}", "--seed", "1", "--json"))


CAMPAIGNS = (
    enose("certify-mlp441", "chip", "certify", "mlp441", "--chips", "200", "--samples", "100", "--seed", "1"),
    enose("certify-memristor542", "chip", "certify", "memristor542", "--seed", "1"),
    enose("reproduce-mlp", "reproduce", "mlp"),
    enose("reproduce-memristor", "reproduce", "memristor"),
    enose("demo-mlp", "demo", "--seed", "1"),
    enose("demo-memristor", "demo", "--seed", "1", "--board", "sim:pico-memristor"),
    Campaign("bench-mlp441", ("python", "bench/mlp441.py")),
    Campaign("training", ("python", "bench/training.py", "--json")),
    Campaign("calibration", ("python", "bench/calibration.py", "--chips", "50")),
    Campaign("calibration-drift", ("python", "bench/calibration.py", "--chips", "50", "--recordings", DRIFT)),
    Campaign("drift", ("python", "bench/drift.py", DRIFT, "--json")),
    Campaign("imperfections", ("python", "bench/imperfections.py", "--recordings", DRIFT, "--json")),
    faults("power-cut"),
    faults("fuzz"),
    faults("uploads"),
    faults("hours"),
    faults("heap"),
    Campaign("emulated", ("python", "-m", EMULATED, "--json")),
)


def main(names: list[str]) -> int:
    """Run the campaigns named, or all."""
    known = {campaign.name: campaign for campaign in CAMPAIGNS}
    for name in names:
        if name not in known:
            print(f"no campaign '{name}'; known: {', '.join(known)}", file=sys.stderr)
            return 2
    RESULTS.mkdir(exist_ok=True)
    missed = [name for name in names or known if not run(known[name])]
    if missed:
        print(f"missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def run(campaign: Campaign) -> bool:
    """Run one and write its result down; whether it kept its limits, or has no recordings here."""
    if DRIFT in campaign.command and not RECORDINGS.is_dir():
        print(f"{campaign.name}: passed over, no recordings in {RECORDINGS}: set ENOSE_DATA", file=sys.stderr)
        return True
    if EMULATED in campaign.command and not (UF2.is_file() and EMULATOR.is_dir()):
        what = f"no emulator: `make emulator` ({EMULATOR})" if UF2.is_file() else f"no UF2 at '{UF2}': set ENOSE_UF2"
        print(f"{campaign.name}: passed over, {what}", file=sys.stderr)
        return True
    print(f"{campaign.name}: {' '.join(campaign.command)}", file=sys.stderr, flush=True)
    program, *arguments = campaign.command
    of = commit()  # before: the tree may change meanwhile
    begin_s = time.monotonic()
    command = [str(Path(sys.executable).parent / program), *arguments]
    command = [part.replace("$ENOSE_DATA", str(RECORDINGS)) for part in command]
    try:
        environment = {**os.environ, "ENOSE_UF2": str(UF2)}
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=LIMIT_S, env=environment)
    except subprocess.TimeoutExpired:
        print(f"{campaign.name}: not done in {LIMIT_S} s", file=sys.stderr)
        return False
    wall_s = time.monotonic() - begin_s
    kept = done.returncode == 0
    print(f"{campaign.name}: {'ok' if kept else f'exit code {done.returncode}'}, {wall_s:.0f} s", file=sys.stderr)
    try:
        answer = json.loads(done.stdout)
    except json.JSONDecodeError:
        print(f"{campaign.name}: no JSON document", file=sys.stderr)
        return False
    written = {
        "campaign": campaign.name,
        "command": " ".join(campaign.command),
        "commit": of,
        "python": platform.python_version(),
        "processor": platform.machine(),
        "wall_s": round(wall_s, 1),
        "exit_code": done.returncode,
        "answer": answer,
    }
    (RESULTS / f"{campaign.name}.json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    return kept


def commit() -> str:
    """The commit of the tree, with `+` for changes that it does not have, other than results."""
    name = git("describe", "--always", "--abbrev=12")
    changed = git("status", "--porcelain", "--untracked-files=no", "--", ".", ":!bench/results")
    return name + ("+" if changed else "")


def git(*arguments: str) -> str:
    """What git says."""
    command = ["git", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
