"""Recording from the device of the app: the recorder's own functions, with what goes on told to the window."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from enose.app.session import Connected
from enose.app.work import Job
from enose.link.conversation import DeviceError
from enose.link.watch import Scans, Watcher
from enose.project.store import Project
from enose.recorder import Looking, Recorded, Wanted, neutral_image, new_session, next_planned, record, unplanned
from enose_contract.image import Image
from enose_hwsim import gas

ALIVE_S = 1.0  # while somebody brings the next specimen the device is talked to, or it takes its host for gone
PERIOD_MS, QUICK_PERIOD_MS = 20, 100  # where time runs as fast as it computes, nobody sees more


@dataclass(frozen=True)
class Phase:
    """Where the measurement of a specimen is."""

    name: str
    phase: str
    left_s: float


@dataclass
class Ready:
    """Asks for a specimen; `go` is set once it is before the nose."""

    name: str
    go: threading.Event


def watched_positions(now: Connected) -> tuple[int, ...]:
    """The positions that are watched live: the first eight that the board has."""
    return tuple(range(min(now.board.sensors.positions, 8)))


def watched_names(now: Connected) -> tuple[str, ...]:
    """What their traces are called: simulated sensors by their type."""
    if now.device.simulated:
        return tuple(gas.SENSORS[k % len(gas.SENSORS)] for k in watched_positions(now))
    return tuple(f"position {k}" for k in watched_positions(now))


class Telling:
    """Fetches what the sensors were seen to do, and tells the window; a device that refuses is not asked again."""

    def __init__(self, now: Connected, tell: Callable[[object], None]) -> None:
        quick = now.simulation is not None and now.simulation.order.quick
        period_ms = QUICK_PERIOD_MS if quick else PERIOD_MS
        self._watcher: Watcher | None = Watcher(now.device, watched_positions(now), period_ms)
        self._tell = tell

    def __call__(self) -> None:
        """Once; the device keeps the scans of a second."""
        if self._watcher is None:
            return
        try:
            scans = self._watcher.fetch()
        except DeviceError:
            self._watcher = None  # a firmware from before, or one in its safe state: it records all the same
            return
        if len(scans.time_s) or scans.lost:
            self._tell(scans)


def program_neutral(now: Connected, image: Image | None) -> Looking:
    """How the device looks at specimens: by the image that this app gave it, else by its own, else by a neutral one."""
    if image is not None:
        return Looking.by(image)
    if now.device.info()["image"]["generation"]:
        return Looking(now.chip.topology.inputs)
    neutral = neutral_image(now.board, now.chip)
    now.device.program(neutral.pack())
    return Looking.by(neutral)


def record_specimens(
    now: Connected,
    job: Job,
    path: Path,
    image: Image | None,
    label: str | None,
    count: int | None,
    odour: str | None,
    strength: float = 1.0,
) -> list[Recorded]:
    """Record so many specimens of a label, or the plan's next; each is told when it is in the file.

    Told before: Phase, Scans, and Ready where a real device waits for somebody. Raises as the recorder does, ValueError
    for a label that a simulated board cannot smell.
    """
    with Project.open_or_create(path) as project:
        wanted = unplanned(project, label, count or 1) if label is not None else next_planned(project, count)
        simulation = now.simulation
        if simulation is not None:
            for one in wanted:
                if (odour or one.label) not in gas.ODOURS:
                    raise ValueError(f"'{odour or one.label}' is no simulated odour, expected {', '.join(gas.ODOURS)}")
        job.step("programming")
        looking = program_neutral(now, image)
        facts = {"seed": simulation.order.seed} if simulation is not None else {}
        session = new_session(project, now.device, looking, facts)
        telling = Telling(now, job.tell)
        done: list[Recorded] = []

        def before(one: Wanted) -> None:
            if simulation is not None:
                simulation.present(odour or one.label, strength)
            elif not now.device.simulated:
                _await_specimen(now, job, one.name)

        def on_phase(name: str, phase: str, left_s: float) -> None:
            job.step(f"{name}, {phase}", len(done), len(wanted))
            job.tell(Phase(name, phase, left_s))
            telling()

        for found in record(project, session, now.device, looking, wanted, before, on_phase):
            done.append(found)
            job.tell(found)
    return done


def _await_specimen(now: Connected, job: Job, name: str) -> None:
    asked = Ready(name, threading.Event())
    job.tell(asked)
    while not asked.go.wait(ALIVE_S):
        job.check()
        now.device.status()


__all__ = ["Phase", "Ready", "Scans", "Telling", "record_specimens", "watched_names"]
