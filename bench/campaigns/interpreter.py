"""A MicroPython process that runs one of our scripts over the real firmware's files."""

import json
import os
import select
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from enose_hwsim.board.process import DEVICE_SIDE, find_micropython

OURS = Path(__file__).parent / "device"
HEAP = "4m"  # what the campaign keeps beside the firmware; the heap's own size is swept in heap.py
PATIENCE_S = 60.0
LAST_WORDS = 2000


class InterpreterEnded(ChildProcessError):
    """The interpreter has ended, or has said nothing for PATIENCE_S."""


class Interpreter:
    """One process; bytes in, bytes out. To be used in a `with`."""

    def __init__(self, script: str, firmware: Path, *arguments: str) -> None:
        """Start device/SCRIPT with enose_contract and enose_device of `firmware`. Raises MicroPythonMissing."""
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the process
        hwsim = DEVICE_SIDE.parents[2]
        path = os.pathsep.join([str(OURS), str(DEVICE_SIDE), str(firmware), str(hwsim), ".frozen"])
        self._process = subprocess.Popen(
            [find_micropython(), "-X", f"heapsize={HEAP}", str(OURS / script), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            bufsize=0,  # a buffer would be written again, and fail again, when it is closed
            env={"MICROPYPATH": path, "PATH": os.environ.get("PATH", "")},
        )
        assert self._process.stdin is not None  # PIPE was asked for
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        self._received = b""

    def send(self, data: bytes) -> None:
        """Hand bytes over. Raises InterpreterEnded."""
        left = memoryview(data)
        try:
            while left:
                left = left[self._in.write(left) :]
        except BrokenPipeError as error:
            raise self._ended() from error

    def receive(self, count: int) -> bytes:
        """Exactly so many bytes. Raises InterpreterEnded."""
        while len(self._received) < count:
            self._received += self._more()
        data, self._received = self._received[:count], self._received[count:]
        return data

    def answers(self, request: Any) -> Iterator[Any]:
        """Every line of JSON that one request is answered with, until the script ends. Raises InterpreterEnded."""
        self.send(json.dumps(request).encode() + b"\n")
        self._in.close()
        while True:
            line, found, rest = self._received.partition(b"\n")
            if found:
                self._received = rest
                yield json.loads(line)
                continue
            try:
                self._received += self._more()
            except InterpreterEnded:
                if self._process.wait(timeout=10) == 0 and not self._received:
                    return
                raise

    def _more(self) -> bytes:
        ready, _, _ = select.select([self._out], [], [], PATIENCE_S)
        data = os.read(self._out.fileno(), 1 << 16) if ready else b""
        if not data:
            raise self._ended()
        return data

    def _ended(self) -> InterpreterEnded:
        self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(self._stderr.tell() - LAST_WORDS, 0))
        said = self._stderr.read().decode(errors="replace").strip()
        return InterpreterEnded(f"MicroPython has ended or hangs; it said: {said or 'nothing'}")

    def __enter__(self) -> "Interpreter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait(timeout=10)
        for stream in (self._in, self._out, self._stderr):
            stream.close()
