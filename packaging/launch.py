"""What the installed programs start with: `enose-app` opens the window, `enose` is the command line."""

import multiprocessing
import sys
from pathlib import Path


def main() -> None:
    """By the name that the program was started under."""
    multiprocessing.freeze_support()
    from enose.cli.main import main as command_line

    named_app = Path(sys.executable).stem.lower().startswith("enose-app")
    command_line(["app", *sys.argv[1:]] if named_app else sys.argv[1:])


main()
