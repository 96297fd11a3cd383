"""Recordings in memory: specimens, each an exposure of the sensors to one odour."""

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class RecordingsError(ValueError):
    """Recordings that cannot be used: one line with file, line or field, value and what was expected."""


@dataclass(frozen=True)
class Specimen:
    """One exposure: resistances in ohm, (samples, sensors), a sample every sample_s seconds.

    `group` is what must not be torn apart by a split (an induction, a session), `batch` when it was recorded. A set
    without clean air before the odour has a baseline of no samples; warm-up and recovery may be empty as well. What
    was around is there to be audited, NaN where nobody wrote it down: mean temperature and relative humidity during the
    exposure, and when it began, in seconds since 1970.
    """

    label: str
    group: str
    batch: str
    sample_s: float
    baseline_ohm: Floats
    exposure_ohm: Floats
    recovery_ohm: Floats
    warmup_ohm: Floats = field(default_factory=lambda: np.empty((0, 0)))
    temperature_c: float = math.nan
    humidity_pct: float = math.nan
    started_s: float = math.nan


@dataclass(frozen=True)
class Recordings:
    """Specimens of some classes, and how a device is to measure them.

    `normalisation` is enose_contract.normalise.NORM_CHANGE or NORM_RANGE; `average` is how many samples at the end of
    baseline and exposure make up the mean that the device takes; `load_ohm` is the divider's resistor; `notes` say what
    was left out and why. A set whose publisher gives readings of another unit says which; no board can play it.
    """

    title: str
    simulated: bool
    sensors: tuple[str, ...]
    classes: tuple[str, ...]
    normalisation: int
    specimens: tuple[Specimen, ...]
    average: int
    load_ohm: int = 10_000
    notes: tuple[str, ...] = ()
    unit: str = "ohm"

    def labels(self) -> NDArray[np.int64]:
        """Index into `classes` of every specimen, (N,)."""
        return np.array([self.classes.index(s.label) for s in self.specimens], dtype=np.int64)

    def groups(self) -> list[str]:
        """Group of every specimen."""
        return [s.group for s in self.specimens]

    def sensor_set_id(self) -> bytes:
        """Eight bytes that stand for the sensors' names and their order."""
        return hashlib.sha256("\n".join(self.sensors).encode()).digest()[:8]


def check_classes(source: str, recordings: Recordings) -> Recordings:
    """The same recordings. Raises RecordingsError for a class of fewer than two: one to train on, one to test."""
    counts = {name: sum(s.label == name for s in recordings.specimens) for name in recordings.classes}
    for name, count in counts.items():
        if count < 2:
            specimens = "1 specimen" if count == 1 else f"{count} specimens"
            raise RecordingsError(f"{source}: class '{name}' has {specimens}, expected at least 2")
    return recordings


def check_playable(source: str, recordings: Recordings) -> Recordings:
    """The same recordings. Raises RecordingsError for readings that are no resistances: no board can be shown them."""
    if recordings.unit != "ohm":
        raise RecordingsError(f"{source}: its sensors are read in {recordings.unit}, expected resistances in ohm")
    return recordings


def chosen_classes(source: str, known: tuple[str, ...], classes: tuple[str, ...] | None) -> tuple[str, ...]:
    """The classes asked for, or all that are known. Raises RecordingsError for an unknown or repeated one, or none."""
    if classes is None:
        return known
    if not classes:
        raise RecordingsError(f"{source}: no classes asked for, expected some of {', '.join(known)}")
    for k, name in enumerate(classes):
        if name not in known:
            raise RecordingsError(f"{source}: class '{name}' is unknown, expected some of {', '.join(known)}")
        if name in classes[:k]:
            raise RecordingsError(f"{source}: class '{name}' is asked for twice")
    return classes
