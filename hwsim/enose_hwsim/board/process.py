"""The firmware's process: the files that are flashed, compiled, under a real MicroPython with the board's heap."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from enose_hwsim.cache import cache_folder
from enose_hwsim.compiled import compiled_folder

DEVICE_SIDE = Path(__file__).parent / "device_side"
STDERR_TAIL = 2000
SHORT_PIPE = 8192
# What the stand-ins for machine, rp2, time and select take of the heap. A board has its own in its flash, so the
# interpreter is given so much beside the board's heap; never more than they take, which a test measures.
STAND_INS_KIB = 21
# And for the interpreter's table of names, which doubles at 1270 of them: the firmware starts with fewer, and only with
# those of the stand-ins comes to that. It is twice as long here as on a board, whose memory is in words half as wide.
NAMES_BYTES = 14144


class MicroPythonMissing(RuntimeError):
    """There is no MicroPython to run the firmware with."""


def find_micropython() -> str:
    """The interpreter: $ENOSE_MICROPYTHON, beside this Python, or on the path. Raises MicroPythonMissing."""
    named = os.environ.get("ENOSE_MICROPYTHON")
    beside = Path(sys.executable).parent / "micropython"
    found = named or (str(beside) if beside.exists() else shutil.which("micropython"))
    if not found or not shutil.which(found):
        where = f"no MicroPython at {found}, which ENOSE_MICROPYTHON names" if found else "no `micropython` found"
        raise MicroPythonMissing(f"{where}: `make setup` installs one, or set ENOSE_MICROPYTHON to another")
    return found


def firmware_folder() -> Path:
    """Where enose_contract and enose_device lie; the firmware is compiled from there, not imported."""
    import enose_contract

    return Path(enose_contract.__file__).parent.parent


def stand_ins(folder: Path, mcu: str) -> Path:
    """The folder of what MicroPython's port for a microcontroller brings, and no other port's.

    folder: a new one is made there if need be.
    """
    if not mcu.startswith("esp32"):
        return DEVICE_SIDE
    folder.mkdir()
    for source in DEVICE_SIDE.glob("*.py"):
        name = f"board_{source.name}" if source.name in ("machine.py", "rp2.py") else source.name
        shutil.copyfile(source, folder / name)
    for source in (DEVICE_SIDE / "on_esp32").glob("*.py"):
        shutil.copyfile(source, folder / source.name)
    return folder


def of_the_port(configuration: Mapping[str, Any]) -> dict[str, str]:
    """The environment in which the stand-ins find which port they are."""
    return {
        "ENOSE_BOARD_MCU": configuration["mcu"],
        "ENOSE_BOARD_PARTITION": "{start},{length}".format(**configuration["flash"]),
    }


def _ends_with(fd: int, pid: int) -> None:
    """Let a process that has inherited this end of a pipe end when nobody holds the other, whatever it is doing then.

    The kernel sends it SIGIO, which it does not catch (fcntl(2), F_SETOWN; pipe(7)). Linux's PR_SET_PDEATHSIG would do
    so at the end of the thread that has started it, and a thread may end before its board.
    """
    import fcntl

    fcntl.fcntl(fd, fcntl.F_SETOWN, pid)
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)


class Ending:
    """How a run of the firmware ends, under any interpreter. Its streams are closed with it."""

    _process: subprocess.Popen[bytes]
    _folder: tempfile.TemporaryDirectory[str]
    _stderr: IO[bytes]
    _streams: tuple[IO[bytes], IO[bytes]]

    def last_words(self) -> str:
        """The end of what the firmware said on standard error."""
        self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(self._stderr.tell() - STDERR_TAIL, 0))
        return self._stderr.read().decode(errors="replace").strip()

    def kill(self) -> None:
        """End the process; its pipes come to their ends."""
        self._process.kill()

    def stop(self) -> None:
        """End the process and remove its folder."""
        self.kill()
        self._process.wait(timeout=10)
        for stream in (*self._streams, self._stderr):
            stream.close()
        self._folder.cleanup()


class FirmwareProcess(Ending):
    """One run of the firmware; its four pipes: bytes in, bytes out, requests from it, answers to it."""

    def __init__(
        self,
        configuration: Mapping[str, Any],
        heap_kib: float,
        start_us: int = 0,
        scratch: bytes | None = None,
        files: Path | None = None,
        unit: int = 0,
    ) -> None:
        """Write board.json into an empty folder and start the firmware there, its clock at start_us.

        scratch: what the watchdog's registers have kept, after a reset; None where the power was switched on.
        files: the device's file system as a folder; its main.py runs then, in place of the firmware's source.
        unit: the number that its unit id ends in.
        """
        self.interpreter = find_micropython()
        self.console = None  # it has pipes for that
        self._folder = tempfile.TemporaryDirectory(prefix="enose-board-")
        folder = Path(self._folder.name)
        if files is None:
            (folder / "board.json").write_text(json.dumps(configuration), encoding="ascii")
        self._stderr = (folder / "stderr").open("w+b")
        request_read, request_write = os.pipe()
        answer_read, answer_write = os.pipe()
        life_read, self._life = os.pipe()
        # by names as short as a device's: the interpreter keeps the path of every file that it has imported
        (folder / "m").symlink_to(stand_ins(folder / "port", configuration["mcu"]))
        modules = [str(folder / "m")]
        if files is None:
            (folder / "a").symlink_to(compiled_folder(firmware_folder(), cache_folder()))
            modules = ["m", "a"]
        environment = {
            "ENOSE_BOARD_FDS": f"{answer_read},{request_write}",
            "ENOSE_BOARD_START_US": str(start_us),
            "ENOSE_BOARD_UNIT": str(unit),
            **of_the_port(configuration),
            "MICROPYPATH": os.pathsep.join([*modules, ".frozen"]),
            "PATH": os.environ.get("PATH", ""),
        }
        if scratch is not None:
            environment["ENOSE_BOARD_SCRATCH"] = scratch.hex()
        self._process = subprocess.Popen(
            [
                self.interpreter,
                "-X",
                f"heapsize={round((heap_kib + STAND_INS_KIB) * 1024) + NAMES_BYTES}",
                *(["main.py"] if files else ["-m", "enose_device.main"]),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            pass_fds=(answer_read, request_write, life_read),
            cwd=files or folder,
            env=environment,
        )
        _ends_with(life_read, self._process.pid)
        for fd in (answer_read, request_write, life_read):
            os.close(fd)
        assert self._process.stdin is not None  # PIPE was asked for
        assert self._process.stdout is not None
        self._input, self._output = self._streams = self._process.stdin, self._process.stdout
        self.requests_fd, self.answers_fd = request_read, answer_write
        os.set_blocking(self._output.fileno(), False)

    def feed(self, data: bytes) -> None:
        """Bytes for the firmware's standard input."""
        os.write(self._input.fileno(), data)

    def output(self, most: int) -> bytes:
        """What it has written to its standard output and nobody has taken, at most so many bytes."""
        try:
            return os.read(self._output.fileno(), most)
        except BlockingIOError:
            return b""

    def shorten_output(self) -> None:
        """It may write two pages that nobody reads, the least that a pipe can hold, and no more."""
        import fcntl

        fcntl.fcntl(self._output.fileno(), fcntl.F_SETPIPE_SZ, SHORT_PIPE)

    def stop(self) -> None:
        """End the process and remove its folder."""
        super().stop()
        for fd in (self.requests_fd, self.answers_fd, self._life):
            os.close(fd)
