"""The firmware's process under CPython, where no MicroPython is at hand: the same files, no board's heap."""

import json
import os
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from enose_hwsim.board.cpython_side import operations as op
from enose_hwsim.board.process import Ending, firmware_folder, of_the_port, stand_ins

OUTPUT_MAX = 65536  # as much as a pipe holds of what the host has not read
SHORT_OUTPUT = 8192
FROZEN_WORD = "--firmware"  # a program of PyInstaller's is no interpreter: with this word it runs the firmware


class Console:
    """The firmware's standard input and output, kept on this side."""

    def __init__(self) -> None:
        self.coming = bytearray()  # for the firmware
        self.said = bytearray()  # by it
        self.most = OUTPUT_MAX

    def read(self, payload: bytes) -> bytes:
        """What has come in, for CONSOLE_READ."""
        n = struct.unpack("<H", payload)[0]
        piece = bytes(self.coming[:n])
        del self.coming[:n]
        return piece

    def room(self) -> bytes:
        """How much may be written, for CONSOLE_ROOM."""
        return struct.pack("<H", min(max(self.most - len(self.said), 0), op.MOST_ROOM))


class CPythonProcess(Ending):
    """One run of the firmware; as `FirmwareProcess`, but for memory and for a file system of compiled files."""

    def __init__(
        self, configuration: Mapping[str, Any], start_us: int = 0, scratch: bytes | None = None, unit: int = 0
    ) -> None:
        """As FirmwareProcess."""
        self.interpreter = sys.executable
        self.console: Console | None = Console()
        self._console = self.console
        self._folder = tempfile.TemporaryDirectory(prefix="enose-board-")
        folder = Path(self._folder.name)
        (folder / "board.json").write_text(json.dumps(configuration), encoding="ascii")
        self._stderr = (folder / "stderr").open("w+b")
        environment = {
            **os.environ,
            "ENOSE_BOARD_START_US": str(start_us),
            "ENOSE_BOARD_UNIT": str(unit),
            **of_the_port(configuration),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "ENOSE_BOARD_SCRATCH": (scratch or b"").hex(),
        }
        modules = stand_ins(folder / "port", configuration["mcu"])
        self._process = subprocess.Popen(
            [*_command(), str(firmware_folder()), str(modules)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            cwd=folder,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # Windows would open one for it
        )
        assert self._process.stdin is not None  # PIPE was asked for
        assert self._process.stdout is not None
        self._answers, self._requests = self._streams = self._process.stdin, self._process.stdout
        self.requests_fd, self.answers_fd = self._requests.fileno(), self._answers.fileno()

    def feed(self, data: bytes) -> None:
        """Bytes for the firmware's standard input."""
        self._console.coming += data

    def output(self, most: int) -> bytes:
        """What it has written and nobody has taken, at most so many bytes."""
        piece = bytes(self._console.said[:most])
        del self._console.said[:most]
        return piece

    def shorten_output(self) -> None:
        """It may write two pages that nobody reads, and no more."""
        self._console.most = SHORT_OUTPUT


def _command() -> list[str]:
    """This interpreter; of an installed program the one of its two that has standard input and output."""
    if not getattr(sys, "frozen", False):
        return [sys.executable, "-m", "enose_hwsim.board.cpython_side"]
    here = Path(sys.executable)
    return [str(here.with_name(f"enose{here.suffix}")), FROZEN_WORD]
