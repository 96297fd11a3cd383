"""Start the firmware under CPython: `python -m enose_hwsim.board.cpython_side FIRMWARE DEVICE_SIDE`, beside board.json.

Standard input and output are the pipes to the board. What the firmware imports as `time`, `select` or `gc` is put under
these names once CPython's own library has what it needs of the real ones.
"""

import importlib.util
import io
import os
import runpy
import sys
import traceback  # noqa: F401 - an error's words need the real `time`
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

from enose_hwsim.board.cpython_side.console import POLLERR, POLLHUP, POLLIN, POLLOUT, Input, Output, Poll
from enose_hwsim.board.cpython_side.littlefs import VfsLfs2
from enose_hwsim.board.cpython_side.pipes import PipeIn, PipeOut

HEAP_NOT_KNOWN = 0  # bytes; what INFO gives where there is no heap to measure
DEVICE_NAMES = ("time", "select", "machine", "rp2")  # in the order in which they need each other


def run(firmware: Path, device_side: Path) -> None:
    """Take over standard input and output, and run the firmware until the board ends the process."""
    answers, requests = PipeIn(os.dup(0)), PipeOut(os.dup(1))
    sys.path[:0] = [str(device_side), str(firmware)]
    wire = _board_wire(device_side, answers, requests)
    sys.stdin = cast(Any, SimpleNamespace(buffer=Input(wire.call)))
    sys.stdout = cast(Any, _Text(Output(wire.call, wire.post)))
    os.VfsLfs2 = VfsLfs2  # type: ignore[attr-defined] # where MicroPython has it
    sys.modules["uselect"] = _module(
        "uselect", poll=Poll, POLLIN=POLLIN, POLLOUT=POLLOUT, POLLERR=POLLERR, POLLHUP=POLLHUP
    )
    sys.modules["micropython"] = _module("micropython", opt_level=_nothing, kbd_intr=_nothing)
    sys.modules["gc"] = _module("gc", threshold=_nothing, collect=_nothing, mem_free=lambda: HEAP_NOT_KNOWN)
    for name in (name for name in DEVICE_NAMES if (device_side / f"{name}.py").exists()):  # not all ports have rp2
        sys.modules[name] = _loaded(name, device_side)
    runpy.run_module("enose_device.main", run_name="__main__")


class _Text(io.TextIOBase):
    """Standard output, of which the firmware writes to the buffer only."""

    def __init__(self, buffer: Output) -> None:
        self._output = buffer

    @property
    def buffer(self) -> Output:
        return self._output

    def write(self, text: str) -> int:
        return self._output.write(text.encode())


def _board_wire(folder: Path, answers: PipeIn, requests: PipeOut) -> ModuleType:
    """The request channel: it opens numbers of pipes, for which CPython's `open` gives no two-argument readinto."""
    pipes: dict[str, object] = {"rb": answers, "wb": requests}
    os.environ["ENOSE_BOARD_FDS"] = "0,1"

    def opened(_: int, mode: str) -> object:
        return pipes[mode]

    return _loaded("board_wire", folder, open=opened)


def _loaded(name: str, folder: Path, **names: object) -> ModuleType:
    """A stand-in under its name, whatever CPython has under it; with `names` in place of some builtins."""
    found = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert found is not None  # a file's spec always has both
    assert found.loader is not None
    made = importlib.util.module_from_spec(found)
    vars(made).update(names)
    sys.modules[name] = made
    found.loader.exec_module(made)
    return made


def _module(name: str, **names: Callable[..., object] | type | int) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(names)
    return made


def _nothing(*_: object) -> None:
    """What says something to MicroPython's own machinery."""
