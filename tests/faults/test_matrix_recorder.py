"""The fault matrix, host: 54, `enose record` killed at a moment of its own, on a board that goes on.

The board is one of its own at a serial port, as a real one would be; what the recorder shows is read off a terminal.
"""

import os
import pty
import random
import re
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from enose.link.connect import open_device
from enose.project.store import Project
from enose_hwsim.board.simulated import SimulatedBoard
from rig import SwitchOn, image, present

WAIT_S = 40.0  # for a process that brings in NumPy on a busy machine, and a measurement of two seconds
LOOK_S = 0.0005  # a commit takes about a millisecond where the machine is idle
KILLS = 2  # at each moment, on one file
LABEL = "lemon"
SHOWN = re.compile(rf"recorded ({LABEL} \d+) \(simulated\)")
Sighted = Callable[[str, Path], bool]


def shown(screen: str) -> list[str]:
    """The names that were shown as recorded."""
    return SHOWN.findall(screen)


def later(screen: str) -> str:
    """What has come on the screen since the first specimen was shown as recorded."""
    found = SHOWN.search(screen)
    return screen[found.end() :] if found else ""


def log_size(path: Path) -> int:
    """Of SQLite's write-ahead log, into which every transaction goes first (sqlite.org/wal.html)."""
    log = path.with_name(f"{path.name}-wal")
    return log.stat().st_size if log.exists() else 0


def being_written() -> Sighted:
    """A transaction has begun to be written after the first specimen was shown."""
    before: list[int] = []

    def sighted(screen: str, path: Path) -> bool:
        if not later(screen):
            return False
        before.append(log_size(path))
        return before[-1] > before[0]

    return sighted


# A moment, and how long after it at most the kill comes.
MOMENTS: dict[str, tuple[Callable[[], Sighted], float]] = {
    "between": (lambda: lambda screen, path: bool(later(screen)), 0.02),
    "baseline": (lambda: lambda screen, path: "baseline" in later(screen), 0.3),
    "exposure": (lambda: lambda screen, path: "exposure" in later(screen), 0.5),
    "recovery": (lambda: lambda screen, path: "recovery" in later(screen), 0.2),
    "write": (being_written, 2 * LOOK_S),
}


def record(board: SimulatedBoard, path: Path, *arguments: str) -> list[str]:
    """The command that records at the board's port."""
    words = ["record", str(path), "--device", board.port, "--label", LABEL, *arguments]
    return [sys.executable, "-m", "enose", *words]


def killed(command: list[str], path: Path, sighted: Sighted, after_s: float) -> str:
    """All that was on the screen of a recorder that was killed so long after the moment was sighted."""
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 200))  # no line is broken
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"}
    )
    os.close(slave)
    screen, until_s = "", time.monotonic() + WAIT_S
    try:
        while not sighted(screen, path):
            assert time.monotonic() < until_s, screen
            if select.select([master], [], [], LOOK_S)[0]:
                screen += os.read(master, 65536).decode()
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=WAIT_S) == -signal.SIGKILL
        while select.select([master], [], [], 0.0)[0]:
            try:
                screen += os.read(master, 65536).decode()
            except OSError:  # nobody has the terminal any more
                break
    finally:
        process.kill()
        os.close(master)
    return screen


def check(path: Path, names: list[str]) -> int:
    """The file opens, is sound, holds all that was shown, and nothing in part; how many specimens."""
    with Project.open(path) as project:
        assert project.damage() == []
        found = {one.name: one.id for one in project.specimens()}
        assert set(names) <= set(found)
        for specimen in found.values():
            (stored,) = project.cycles(specimen)
            assert stored.cycle.series["exposure"].shape == (1, 4)
            assert (stored.cycle.facts["reason"], len(stored.cycle.facts["outputs_v"])) == ("", 1)
        return len(found)


def kill_and_look(board: SimulatedBoard, folder: Path, moment: str) -> None:
    """Kill recorders at a moment, look at their file after each, and go on with it."""
    path, rng = folder / "a.enose", random.Random(moment)
    (folder / "quick.img").write_bytes(image().pack())
    arguments = ["--specimens", "50", "--image", str(folder / "quick.img")]
    begun, longest_s = MOMENTS[moment]
    names: list[str] = []
    count = 0
    for _ in range(KILLS):
        new = shown(killed(record(board, path, *arguments), path, begun(), rng.uniform(0, longest_s)))
        assert new
        names += new
        assert count < check(path, names) < 50
        count = check(path, names)
    assert len(set(names)) == len(names)  # a recording that is gone on with gives no name twice
    # the board never stopped, and the recording goes on without an image being sent again
    done = subprocess.run(record(board, path, "--json"), capture_output=True, text=True, timeout=WAIT_S)
    assert done.returncode == 0, done.stderr
    assert check(path, names) == count + 1
    device = open_device(board.port)
    assert device.status()["weights"] == "held"
    assert device.info()["image"]["generation"] == 1  # the same one again is not stored again
    device.close()
    assert (board.resets, board.failure) == (0, None)


def test_54_what_was_shown_as_recorded_is_in_the_file(power_on: SwitchOn, tmp_path: Path) -> None:
    """Killed at every moment, each on a board of its own, at once: these boards wait for the wall clock."""
    begun: dict[str, Future[None]] = {}
    with ThreadPoolExecutor(len(MOMENTS)) as pool:
        for moment in MOMENTS:
            board, folder = power_on(fidelity="ideal", paced=True), tmp_path / moment
            present(board)
            folder.mkdir()
            begun[moment] = pool.submit(kill_and_look, board, folder, moment)
    for moment, done in begun.items():
        if (error := done.exception()) is not None:
            raise AssertionError(f"killed in {moment}") from error
