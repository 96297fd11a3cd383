"""A device's interactive prompt: through mpremote, or a simulated board's, whose file system is a folder."""

import subprocess
import sys
import time
from pathlib import Path
from typing import Protocol

from enose_hwsim.board.process import find_micropython

RUN_LIMIT_S = 240.0  # reserving the partition writes every block of the flash, some 20 s on a board
APPEARS_S = 30.0  # after a reset USB begins anew
TRY_S = 15.0


class DeployError(RuntimeError):
    """A deployment that went wrong; what ran before runs again."""


class Prompt(Protocol):
    """MicroPython at its prompt, in the root of the file system."""

    name: str

    def run(self, program: str) -> str:
        """What a program prints. Raises DeployError with the last line of what went wrong."""
        ...

    def reset(self) -> None:
        """Reset the microcontroller. Raises DeployError."""
        ...


class SerialPrompt:
    """By the command `mpremote`, whose words stay the same when its modules change."""

    def __init__(self, port: str) -> None:
        """Nothing is sent yet."""
        self.name = port

    def wait(self, appears_s: float = APPEARS_S) -> None:
        """Until the prompt answers. Raises DeployError where it does not in time."""
        until_s = time.monotonic() + appears_s
        while True:
            try:
                self._call(TRY_S, "exec", "print()")
                return
            except DeployError as error:
                if time.monotonic() >= until_s:
                    raise DeployError(f"{self.name}: no interactive prompt in {appears_s:.0f} s ({error})") from error
                time.sleep(0.5)

    def run(self, program: str) -> str:
        """See Prompt."""
        return self._call(RUN_LIMIT_S, "exec", program)

    def reset(self) -> None:
        """See Prompt."""
        self._call(TRY_S, "exec", "--no-follow", "import machine; machine.reset()")

    def _call(self, limit_s: float, *words: str) -> str:
        command = [sys.executable, "-m", "mpremote", "connect", self.name, "resume", *words]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=limit_s)
        except subprocess.TimeoutExpired as error:
            raise DeployError(f"{self.name}: no answer at its prompt in {limit_s:.0f} s") from error
        if done.returncode:
            raise DeployError(f"{self.name}: {_last_line(done.stderr or done.stdout)}")
        return done.stdout


class FolderPrompt:
    """A simulated board's: its file system is a folder, its programs run under the same MicroPython."""

    def __init__(self, files: Path, name: str) -> None:
        """name: what errors call the board."""
        self.name = name
        self._files = files

    def run(self, program: str) -> str:
        """See Prompt."""
        command = [find_micropython(), "-c", program]
        done = subprocess.run(command, cwd=self._files, capture_output=True, text=True, timeout=RUN_LIMIT_S)
        if done.returncode:
            raise DeployError(f"{self.name}: {_last_line(done.stderr or done.stdout)}")
        return done.stdout

    def reset(self) -> None:
        """See Prompt; the next start is a process of its own."""


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "mpremote ended without a word"
