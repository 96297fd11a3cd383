"""No interpreter outlives the process that holds its board, however that one ends and whatever the firmware does."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent.parent
WITHIN_S = 10.0
# What runs in the host's process; FILES is None for the project's own firmware.
HOST = """
import sys, time
from pathlib import Path
from rig import *
files = Path(sys.argv[1]) if sys.argv[1:] else None
board = SimulatedBoard(QUICK, CHIP, fidelity="ideal", files=files, paced=files is None)
time.sleep(1.0)
print(board._process._process.pid, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    """Whether it runs still; a zombie that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


PROGRAMS = {
    "firmware": None,
    "loop": "while True:\n    pass\n",
    "sleeps": "import time\nwhile True:\n    time.sleep_us(10)\n",
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
@pytest.mark.usefixtures("micropython")
def test_a_host_that_is_killed_takes_its_interpreter_with_it(tmp_path: Path, program: str | None) -> None:
    """The project's firmware, which asks the board all the time, and programs that ask it nothing."""
    files = []
    if program is not None:
        (tmp_path / "main.py").write_text(program)
        files = [str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    with subprocess.Popen([sys.executable, "-c", HOST, *files], stdout=subprocess.PIPE, env=environment) as host:
        assert host.stdout is not None
        interpreter = int(host.stdout.readline())
        assert alive(interpreter)
        host.send_signal(signal.SIGKILL)
    until_s = time.monotonic() + WITHIN_S
    while alive(interpreter) and time.monotonic() < until_s:
        time.sleep(0.02)
    if alive(interpreter):
        os.kill(interpreter, signal.SIGKILL)  # or it would take a processor for ever
        pytest.fail("the interpreter has outlived its host")
