"""What every campaign shares: its options, shards on every core, rows with limits, the answer and the exit code."""

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed
from rich.console import Console
from rich.progress import track

from enose_hwsim.board.process import MicroPythonMissing, firmware_folder

MISSED, BAD_USAGE = 1, 2
Row = dict[str, Any]
Found = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """How much to run, from which seed, with which firmware."""

    cases: int
    seed: int
    jobs: int
    firmware: Path


@dataclass(frozen=True)
class Campaign:
    """`shards(options)` are pieces of the work, `work(shard)` runs one, `rows(found)` judges all that was found."""

    name: str
    unit: str
    cases: int
    shards: Callable[[Options], list[Any]]
    work: Callable[[Any], Found]
    rows: Callable[[list[Found]], list[Row]]
    any_firmware: bool = True  # or only the one that the simulated board starts


def row(item: str, unit: str, here: Any, limit: Any = None, ok: bool = True) -> Row:
    """One figure; a figure without a limit is told only."""
    return {"item": item, "unit": unit, "here": here, "limit": limit, "ok": ok}


def none_of(item: str, count: int) -> Row:
    """A count of what must not happen."""
    return row(item, "", count, 0, count == 0)


def total(found: Iterable[Found], name: str) -> int:
    """The sum of one count over all shards."""
    return sum(int(one[name]) for one in found)


def run(campaign: Campaign, argv: list[str] | None = None) -> int:
    """Run a campaign from its command line; its exit code: 0, 1 where a limit was missed, 2 for bad usage."""
    options, as_json = _options(campaign, argv)
    begin_s = time.monotonic()
    try:
        found, cpu_s = _all(campaign, options)
    except MicroPythonMissing as missing:
        print(f"error: {missing}", file=sys.stderr)
        return BAD_USAGE
    except ChildProcessError as ended:
        print(f"error: {campaign.name}, seed {options.seed}: {ended}", file=sys.stderr)
        return MISSED
    rows = campaign.rows(found)
    answer = {
        "name": campaign.name,
        "simulated": True,
        "seed": options.seed,
        "rows": rows,
        "wall_s": round(time.monotonic() - begin_s, 1),
        "cpu_s": round(cpu_s, 1),
        "failures": [failure for one in found for failure in one.get("failures", ())][:50],
        "ok": all(one["ok"] for one in rows),
    }
    if as_json:
        print(json.dumps(answer, indent=1))
    else:
        print("\n".join(_text(one) for one in rows))
    return 0 if answer["ok"] else MISSED


def _options(campaign: Campaign, argv: list[str] | None) -> tuple[Options, bool]:
    parser = argparse.ArgumentParser(prog=campaign.name, description=sys.modules[campaign.rows.__module__].__doc__)
    parser.add_argument("--cases", type=int, default=campaign.cases, help=f"{campaign.unit} (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2, help="processes at once")
    parser.set_defaults(firmware=firmware_folder())
    if campaign.any_firmware:
        parser.add_argument("--firmware", type=Path, help="another firmware's folder")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of text")
    given = parser.parse_args(argv)
    for name, least in (("cases", 1), ("seed", 0), ("jobs", 1)):
        if getattr(given, name) < least:
            parser.error(f"--{name} {getattr(given, name)}: at least {least}")
    if not (given.firmware / "enose_device" / "main.py").is_file():
        parser.error(f"--firmware {given.firmware}: no enose_device/main.py in it")
    return Options(given.cases, given.seed, given.jobs, given.firmware.resolve()), given.json


def _all(campaign: Campaign, options: Options) -> tuple[list[Found], float]:
    shards = campaign.shards(options)
    found: list[Found] = []
    cpu_s = 0.0
    work = Parallel(n_jobs=options.jobs, return_as="generator")
    done = work(delayed(_timed)(campaign.work, shard) for shard in shards)
    for one, shard_cpu_s in track(done, campaign.name, len(shards), console=Console(stderr=True)):
        found.append(one)
        cpu_s += shard_cpu_s
    return found, cpu_s


def _timed(work: Callable[[Any], Found], shard: Any) -> tuple[Found, float]:
    """What a shard found, and its CPU time with that of the processes that it started."""
    begin_s = _cpu_s()
    return work(shard), _cpu_s() - begin_s


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _text(one: Row) -> str:
    limit = "" if one["limit"] is None else f" (limit {one['limit']}, {'ok' if one['ok'] else 'MISSED'})"
    return f"{one['item']}: {one['here']} {one['unit']}".rstrip() + limit


def shares(cases: int, most: int) -> list[int]:
    """cases in pieces of at most `most`, all but the last of the same size."""
    return [min(most, cases - done) for done in range(0, cases, most)]
