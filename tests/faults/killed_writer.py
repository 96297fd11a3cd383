"""Run by test_killed_project: writers that are killed, each at a moment of its own, and what is in the file after each.

Not a test itself: a process of its own, in which fork() meets no other threads.
"""

import os
import random
import select
import signal
import sys
import time
import traceback
from pathlib import Path

import numpy as np

from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.store import Project

SENSORS = tuple(Sensor(f"s{k}") for k in range(8))
CYCLES = 3
BULK = 12  # specimens of a session that is added as a whole
AFTER_LINES = (0, 0, 1, 2, 3, 4, 5, 8)  # how much a writer has said: none, and it is killed as it opens the file
LONGEST_S = 0.01  # a commit takes about a millisecond where the machine is idle
WAIT_S = 30


def specimen(name: str, seed: int) -> NewSpecimen:
    rng = np.random.default_rng(seed)
    cycles = tuple(Cycle({"exposure": rng.uniform(1e3, 1e5, (40, 8))}, 0.5) for _ in range(CYCLES))
    return NewSpecimen(name, "banana", cycles)


def write(path: Path, turn: int, told: int) -> None:
    """Write until killed; after each commit say what was committed."""
    source = Provenance("record", f"turn {turn}", True)
    with Project.open_or_create(path) as project:
        session = project.begin_session(NewSession(f"turn {turn}", SENSORS, ()), source)
        os.write(told, f"session turn {turn}\n".encode())
        for k in range(1000):
            project.add_specimen(session, specimen(f"{turn}.{k}", k), source)
            os.write(told, f"specimen {turn}.{k}\n".encode())
            if k % 3 == 2:
                bulk = tuple(specimen(f"{turn}.{k} bulk {n}", n) for n in range(BULK))
                project.add_sessions([NewSession(f"bulk {turn}.{k}", SENSORS, bulk)], source)
                os.write(told, f"session bulk {turn}.{k}\n".encode())


def killed(path: Path, turn: int, after_lines: int, after_s: float) -> list[str]:
    """What one writer said before it was killed: so long after it had said so many lines, however busy the machine."""
    heard, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            write(path, turn, told)
        except Exception:  # noqa: BLE001 - said, and then the child must not return into the parent's loop
            traceback.print_exc()
            sys.stderr.flush()
        os._exit(3)  # only reached by a writer that was not killed
    os.close(told)
    said = b""
    while said.count(b"\n") < after_lines:
        piece = heard_within(heard)
        assert piece, "a writer that ended by itself"
        said += piece
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, status
    while piece := heard_within(heard):
        said += piece
    os.close(heard)
    return said.decode().splitlines()


def heard_within(heard: int) -> bytes:
    """What comes next; nothing at the end."""
    assert select.select([heard], [], [], WAIT_S)[0], "a writer that says nothing"
    return os.read(heard, 65536)


def check(path: Path, said: list[str]) -> int:
    """The file opens, is sound, holds all that was said, and nothing in part; how many specimens."""
    with Project.open(path) as project:
        assert project.damage() == []
        titles = {session.title: session.specimens for session in project.sessions()}
        specimens = {one.name: one.id for one in project.specimens()}
        for line in said:
            kind, _, name = line.partition(" ")
            assert name in (titles if kind == "session" else specimens), line
        assert all(count == BULK for title, count in titles.items() if title.startswith("bulk"))
        for name in list(specimens)[-2 * BULK :]:
            cycles = project.cycles(specimens[name])
            assert [c.cycle.series["exposure"].shape for c in cycles] == [(40, 8)] * CYCLES, name
        return len(specimens)


def main(folder: Path, kills: int, seed: int) -> None:
    rng = random.Random(seed)
    said: list[str] = []
    path = folder / "a.enose"
    early = lines = 0
    for turn in range(kills):
        if turn % 10 == 0:  # begin anew now and then: the first moments of a file are the most dangerous ones
            path, said = folder / f"{turn}.enose", []
        new = killed(path, turn, rng.choice(AFTER_LINES), rng.uniform(0, LONGEST_S))
        early += not new
        lines += len(new)
        said += new
        if path.exists():
            check(path, said)
    print(kills, early, lines)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
