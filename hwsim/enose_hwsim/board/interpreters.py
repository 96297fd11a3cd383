"""What runs the firmware of a simulated board: MicroPython; CPython where there is none, which is said and shows."""

import os
from collections.abc import Iterable

from enose_hwsim.board.faults.fault import parse
from enose_hwsim.board.process import MicroPythonMissing, find_micropython
from enose_hwsim.tomlfile import BoardError

MICROPYTHON, CPYTHON = "micropython", "cpython"
SWITCH = "ENOSE_INTERPRETER"
OF_THE_HEAP = ("memory-runs-out", "heap-fragmented")  # faults of what CPython has not


def choose_interpreter() -> str:
    """What $ENOSE_INTERPRETER names, else MicroPython, else CPython; in CI never that unless it is named.

    Raises BoardError for another name, MicroPythonMissing where $ENOSE_MICROPYTHON names none, and in CI.
    """
    asked = os.environ.get(SWITCH, "")
    if asked not in ("", MICROPYTHON, CPYTHON):
        raise BoardError(f"{SWITCH} is '{asked}', expected {MICROPYTHON} or {CPYTHON}")
    if asked:
        return asked
    try:
        find_micropython()
    except MicroPythonMissing:
        in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
        if in_ci or os.environ.get("ENOSE_MICROPYTHON"):
            raise
        return CPYTHON
    return MICROPYTHON


def refuse_without_heap(faults: Iterable[str], compiled_files: bool = False) -> None:
    """Raise ValueError or MicroPythonMissing for what can only be shown under MicroPython."""
    for name in (parse(text)[0] for text in faults):
        if name in OF_THE_HEAP:
            raise ValueError(f"fault '{name}': one of MicroPython's heap, and this board runs under CPython")
    if compiled_files:
        raise MicroPythonMissing(
            "a board's own files are compiled for MicroPython, and there is none: run `make setup`"
        )
