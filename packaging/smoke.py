"""Try what `make app` has built: start it without a screen, connect to a simulated board, classify; say size and times.

The board, its chip and the odour are simulated. Exit code 1 where something is not as promised.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WINDOW_LIMIT_S = 3.0  # from the start to the first window, on an idle machine
LIMIT_S = 170


def folder_bytes(folder: Path) -> int:
    """What a folder takes, links counted once as what they are."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def main() -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="what PyInstaller has built, with the programs enose and enose-app")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    ending = ".exe" if sys.platform == "win32" else ""
    # Nothing of this machine's but what a user's has: no Python on the path, no cache, no interpreter to be found.
    with tempfile.TemporaryDirectory(prefix="enose-smoke-") as home:
        environment = {"PATH": "/usr/bin:/bin", "HOME": home, "QT_QPA_PLATFORM": "offscreen", "LANG": "C.UTF-8"}
        if sys.platform == "win32":
            environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
        version = subprocess.run(
            [folder / f"enose{ending}", "--version"], env=environment, timeout=60, capture_output=True, text=True
        )
        into = Path(home) / "check.json"
        environment["ENOSE_STARTED_S"] = str(time.time())
        began_s = time.monotonic()
        done = subprocess.run(
            [folder / f"enose-app{ending}", "--check", into],
            env=environment,
            timeout=LIMIT_S,
            capture_output=True,
            text=True,
        )
        took_s = time.monotonic() - began_s
        found = json.loads(into.read_text()) if into.exists() else {}
    found |= {
        "version": version.stdout.strip(),
        "size_mb": round(folder_bytes(folder) / 1e6, 1),
        "check_s": round(took_s, 1),
    }
    right = done.returncode == 0 and found.get("answer") == "CLASS" and version.returncode == 0
    found |= {"ok": right, "window_in_time": found.get("window_after_s", WINDOW_LIMIT_S) < WINDOW_LIMIT_S}
    if arguments.json:
        print(json.dumps(found, indent=1))
    else:
        print("  ".join(f"{name} {value}" for name, value in found.items()))
    if not right:
        print(done.stderr or version.stderr, file=sys.stderr)
    return 0 if right else 1


sys.exit(main())
