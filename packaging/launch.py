"""What the installed programs start with: `enose-app` opens the window, `enose` is the command line."""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("ENOSE_STARTED_S", str(time.time()))  # the app's check says how long the window took


def main() -> None:
    """By the name that the program was started under; the interpreter that travels along is the firmware's.

    With --firmware it is an interpreter itself: of a simulated board, where no MicroPython travels along.
    """
    if sys.argv[1:2] == ["--firmware"]:
        from enose_hwsim.board.cpython_side.start import run

        run(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    carried = Path(__file__).parent / "bin" / "micropython"
    if carried.exists():
        os.environ.setdefault("ENOSE_MICROPYTHON", str(carried))
    from enose.cli.main import main as command_line

    named_app = Path(sys.executable).stem.lower().startswith("enose-app")
    command_line(["app", *sys.argv[1:]] if named_app else sys.argv[1:])


main()
