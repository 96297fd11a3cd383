"""Recording from a device into a project: each specimen is committed before anybody is told that it is recorded.

The wire gives one resistance an input for a measurement, the mean of the exposure's last scans, and the chip's inputs;
so a cycle has an exposure of one sample, and no baseline. How long the exposure was is among its facts.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from enose.image import NO_CALIBRATION
from enose.link.device import Answer, Device
from enose.link.port import LockstepPort
from enose.mapping import mapping_of
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.schema import ProjectError
from enose.project.store import Project
from enose_contract import messages
from enose_contract.image import Image
from enose_contract.normalise import NORM_CHANGE
from enose_hwsim import gas
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip

PHASES_MS = {"baseline_ms": 10_000, "exposure_ms": 20_000, "recovery_ms": 15_000}  # as in gas.simulate
SCAN_MS, AVERAGE = 500, 4
NEUTRAL_MODEL = b"neutral\0"  # the identity of the image below: it classifies nothing
LEAST_CHANGE_PPM = 20_000  # clean air that moves by less than 2 % is taken for still: no training set says better yet
ATTEMPTS = 5  # at a specimen whose baseline still moves, for the last odour has not gone
# What a measurement may end with and still have smelt; for any other reason the resistances are not the exposure's.
SMELT = {
    messages.REASONS[reason]
    for reason in (
        messages.REASON_OK,
        messages.REASON_ALL_ZERO,
        messages.REASON_OUTPUT,
        messages.REASON_STALE,
        messages.REASON_NOISE,
    )
}
MOVING = messages.REASONS[messages.REASON_MOVING]


class NotMeasured(Exception):
    """The device did not smell the specimen: the reason that it gave."""


@dataclass(frozen=True)
class Looking:
    """How a device looks at specimens, by its image; `channels` and `exposure_s` are None where that is not known."""

    inputs: int
    channels: tuple[int, ...] | None = None
    exposure_s: float | None = None
    scan_s: float = SCAN_MS * 1e-3

    @classmethod
    def by(cls, image: Image) -> "Looking":
        """As an image says."""
        return cls(len(image.channels), tuple(image.channels), image.exposure_ms * 1e-3, image.scan_ms * 1e-3)

    def sensors(self, simulated: bool) -> tuple[Sensor, ...]:
        """What the inputs are called: simulated sensors by their type, others by their position, if that is known."""
        if self.channels is None:
            return tuple(Sensor(f"input {k}") for k in range(self.inputs))
        if simulated and max(self.channels) < len(gas.SENSORS):
            return tuple(Sensor(gas.SENSORS[channel]) for channel in self.channels)
        return tuple(Sensor(f"position {channel}") for channel in self.channels)


@dataclass(frozen=True)
class Wanted:
    """A specimen to be recorded: what it is called, its label, and the entry of the plan if there is one."""

    name: str
    label: str
    planned: int | None = None


@dataclass(frozen=True)
class Recorded:
    """A specimen that is in the file; its label is not said where the plan is blind."""

    name: str
    label: str | None
    specimen_id: int
    resistances_ohm: tuple[int, ...]
    answer: str
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def neutral_image(board: BoardFile, chip: AnyChip) -> Image:
    """An image to record with before there is a network: the first sensors, the usual phases, and all weights zero."""
    mapping, inputs = mapping_of(chip), chip.topology.inputs
    zeros = np.zeros((inputs + 1) * chip.topology.hidden + (chip.topology.hidden + 1) * chip.topology.outputs)
    return Image(
        chip=chip.name,
        board=board.name,
        sensor_set=bytes(8),
        model=NEUTRAL_MODEL,
        calibration=NO_CALIBRATION,
        normalisation=NORM_CHANGE,
        channels=list(range(inputs)),
        low_ohm=[0] * inputs,
        high_ohm=[0] * inputs,
        classes=[f"answer {k + 1}" for k in range(chip.answers)],
        weights=mapping.carried(zeros).tolist(),
        unit=mapping.unit,
        scan_ms=SCAN_MS,
        average=AVERAGE,
        least_change_ppm=LEAST_CHANGE_PPM,
        **PHASES_MS,
    )


def unplanned(project: Project, label: str, count: int) -> list[Wanted]:
    """So many specimens of one label, numbered on from those of it that are in the project."""
    there = sum(specimen.label == label for specimen in project.specimens())
    return [Wanted(f"{label} {there + k + 1}", label) for k in range(count)]


def next_planned(project: Project, count: int | None) -> list[Wanted]:
    """The plan's next open entries: so many, or the rest of their day. Raises ProjectError where there is none."""
    plan = project.plan()
    if not plan:
        raise ProjectError(f"{project.path}: has no plan, say which --label, or make a plan with `enose plan`")
    still = [entry for entry in plan if entry["specimen"] is None]
    if not still:
        raise ProjectError(f"{project.path}: its plan is recorded to the end")
    day = [entry for entry in still if entry["day"] == still[0]["day"]]
    chosen = day if count is None else still[:count]
    return [Wanted(entry["code"], entry["label"], entry["id"]) for entry in chosen]


def present(device: Device, odour: str, array_seed: int, specimen_seed: int) -> None:
    """Put one fresh specimen of an odour before a simulated board's nose; other devices smell what is there."""
    if isinstance(device.port, LockstepPort):
        smelt = gas.simulate(odour, specimen_seed, gas.SensorArray.made(array_seed))
        device.port.board.present(smelt.baseline_ohm, smelt.exposure_ohm, smelt.recovery_ohm, smelt.sample_s)


def record(
    project: Project,
    session_id: int,
    device: Device,
    looking: Looking,
    wanted: Sequence[Wanted],
    before: Callable[[Wanted], None],
    on_phase: Callable[[str, str, float], None] = lambda name, phase, left_s: None,
) -> Iterator[Recorded]:
    """Measure one specimen after another; what is yielded is committed.

    before(wanted) is called when the nose is ready for it, again where its baseline still moved; on_phase(name, phase,
    seconds left) while it is measured. Raises NotMeasured where the device did not smell; what was yielded stays.
    """
    for one in wanted:
        for _ in range(ATTEMPTS):
            before(one)
            began_s = time.time()
            answer = device.measure(partial(on_phase, one.name))
            if answer.reason != MOVING:
                break
        if answer.reason not in SMELT or not answer.ohms or 0 in answer.ohms:
            raise NotMeasured(f"{one.name}: not measured, {answer.reason or 'it gave no resistances'}")
        specimen = NewSpecimen(one.name, one.label, (_cycle(answer, began_s, looking),))
        source = Provenance("record", f"{device.board}, unit {device.unit}", device.simulated)
        added = project.add_specimen(session_id, specimen, source, one.planned)
        label = one.label if one.planned is None else None
        yield Recorded(one.name, label, added, answer.ohms, answer.answer, answer.reason)


def _cycle(answer: Answer, began_s: float, looking: Looking) -> Cycle:
    blank = answer.reason == messages.REASONS[messages.REASON_ALL_ZERO]  # then its inputs are an earlier specimen's
    facts = {
        "inputs_v": None if blank else list(answer.inputs_v),
        "outputs_v": list(answer.outputs_v),
        "answer": answer.answer,
        "reason": answer.reason,
        "exposure_s": looking.exposure_s,
    }
    return Cycle({"exposure": np.array([answer.ohms], dtype=np.float64)}, looking.scan_s, began_s, facts)


def new_session(project: Project, device: Device, looking: Looking, facts: dict[str, Any]) -> int:
    """Begin a session of a device's recordings; its id."""
    began_s = time.time()
    title = time.strftime("recorded %Y-%m-%d %H:%M:%S", time.gmtime(began_s))
    titles = [session.title for session in project.sessions()]
    again = sum(name == title or name.startswith(f"{title} ") for name in titles)
    session = NewSession(f"{title} ({again + 1})" if again else title, looking.sensors(device.simulated), (), began_s)
    told = {"board": device.board, "chip": device.chip, "firmware": device.firmware, "unit": device.unit, **facts}
    return project.begin_session(session, Provenance("record", device.board, device.simulated, facts=told))
