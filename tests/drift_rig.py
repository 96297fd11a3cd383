"""Simulated sensors whose resistances go by powers of the concentration, as they were and after they drifted."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from enose.recordings import Recordings, Specimen
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE

SENSORS = ("one", "two", "three", "four")
CLASSES = ("ethanol", "ethylene", "acetone")
LEVEL_OHM = 1e4 * np.array([[1.0, 1.6, 2.2, 1.2], [1.6, 1.0, 1.2, 2.2], [2.4, 2.3, 1.1, 1.1]])  # by class and sensor
POWERS = np.array([0.6, 0.5, 0.4, 0.5])  # of the concentration
DRIFTED = np.array([2.0, 2.0, 0.5, 1.9])  # gains of the sensors, years later


def smelt(
    count: int,
    seed: int,
    gains: Sequence[float] | np.ndarray = (1, 1, 1, 1),
    clean: bool = False,
    spread: float = 0.3,
) -> Recordings:
    """Simulated specimens whose resistances go by powers of the concentration, `count` of each class."""
    rng = np.random.default_rng(seed)
    specimens = []
    for k in range(count):
        for level, label in zip(LEVEL_OHM, CLASSES, strict=True):
            concentration = np.exp(spread * rng.standard_normal())
            ohm = gains * level * concentration**POWERS * np.exp(0.02 * rng.standard_normal(4))
            baseline = np.full((1, 4), 5e3) * np.exp(0.02 * rng.standard_normal((1, 4))) if clean else np.empty((0, 4))
            specimens.append(
                Specimen(label, f"{label} {k}", f"session {seed}", 1.0, baseline, ohm[None], np.empty((0, 4)))
            )
    kind = NORM_CHANGE if clean else NORM_RANGE
    return Recordings("simulated", True, SENSORS, CLASSES, kind, tuple(specimens), 1)


def both(one: Recordings, other: Recordings) -> Recordings:
    return replace(one, specimens=one.specimens + other.specimens)
