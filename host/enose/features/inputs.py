"""From a specimen's resistances to the chip's input voltages: exactly, and as the device computes them.

The device's way is a vectorised twin, bit for bit, of enose_contract.normalise: ADC counts, whole ohm, whole
parts per million, whole microvolts. The exact way is the same rule in float64 without any rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose.recordings import Specimen
from enose_contract.normalise import INPUT_MIN_UV, INPUT_SPAN_UV, LEAST_CHANGE_PPM, NORM_CHANGE, NORM_RANGE, PPM

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
T = TypeVar("T", np.float64, np.int64)

RAIL_COUNT = 26_400  # 3.3 V sensor rail read by an ADS1115 at +-4.096 V, 125 uV a count
NO_SAMPLE_UV = -1  # in place of every input of an all-zero sample, which is no odour


@dataclass(frozen=True)
class Constants:
    """NORM_RANGE's two ends in whole ohm, one pair a sensor; NORM_CHANGE has none and carries zeros."""

    low_ohm: tuple[int, ...]
    high_ohm: tuple[int, ...]

    def of(self, channels: Sequence[int]) -> "Constants":
        """The constants of some of the sensors, in the order of channels."""
        return Constants(tuple(self.low_ohm[c] for c in channels), tuple(self.high_ohm[c] for c in channels))


def exact_ohm(specimens: Sequence[Specimen], average: int) -> tuple[Floats, Floats | None]:
    """(exposure, baseline), each (N, sensors) in ohm: means of the last `average` samples; None without baselines.

    Raises ValueError where a phase is shorter than that, or only some of the specimens have a baseline.
    """
    exposure = np.array([_last(s.exposure_ohm, average, s.group, "exposure").mean(axis=0) for s in specimens])
    if not _have_baseline(specimens):
        return exposure, None
    return exposure, np.array([_last(s.baseline_ohm, average, s.group, "baseline").mean(axis=0) for s in specimens])


def device_ohm(
    specimens: Sequence[Specimen], average: int, load_ohm: int, rail_count: int = RAIL_COUNT
) -> tuple[Ints, Ints | None]:
    """(exposure, baseline) as the device finds them, (N, sensors) in whole ohm: the mean of `average` scans.

    Raises ValueError as exact_ohm does, and naming specimen and sensor where the divider reads as open or short.
    """

    def counted(ohm: Floats, s: Specimen) -> Ints:
        counts = np.rint(rail_count * load_ohm / (ohm + load_ohm)).astype(np.int64)
        at_end = ((counts <= 0) | (counts >= rail_count)).any(axis=0)
        if at_end.any():
            sensor = int(np.argmax(at_end))
            read = f"sensor {sensor} reads {ohm[-1, sensor]:g} ohm"
            raise ValueError(f"{s.group}: {read}, expected within reach of its {load_ohm} ohm divider")
        return np.asarray((load_ohm * (rail_count - counts) // counts).sum(axis=0) // average)

    exposure = np.array([counted(_last(s.exposure_ohm, average, s.group, "exposure"), s) for s in specimens])
    if not _have_baseline(specimens):
        return exposure, None
    return exposure, np.array([counted(_last(s.baseline_ohm, average, s.group, "baseline"), s) for s in specimens])


def range_constants(exposure_ohm: Floats, percentile: float = 2.0) -> Constants:
    """NORM_RANGE's constants from a training split: that percentile of every sensor and the one as far from its top."""
    low = np.floor(np.percentile(exposure_ohm, percentile, axis=0)).astype(np.int64)
    high = np.maximum(np.ceil(np.percentile(exposure_ohm, 100 - percentile, axis=0)).astype(np.int64), low + 1)
    return Constants(tuple(low.tolist()), tuple(high.tolist()))


def no_constants(sensors: int) -> Constants:
    """What NORM_CHANGE carries."""
    return Constants((0,) * sensors, (0,) * sensors)


def input_v(
    exposure_ohm: Floats, baseline_ohm: Floats | None, channels: ArrayLike, normalisation: int, constants: Constants
) -> Floats:
    """Chip inputs in volts, unrounded, (..., N, I) for channels (..., I); constants are those of all sensors.

    An all-zero sample, which has no inputs, is NaN. Raises ValueError for NORM_CHANGE without a baseline and for a
    normalisation that is neither.
    """
    pick = np.asarray(channels, dtype=np.intp)
    if normalisation == NORM_RANGE:
        low, high = np.array(constants.low_ohm), np.array(constants.high_ohm)
        scaled = _picked(np.clip((exposure_ohm - low) / (high - low), 0.0, 1.0), pick)
    else:
        base = _baseline(baseline_ohm, normalisation)
        changes = _picked(np.abs(exposure_ohm - base) / base, pick)
        largest = changes.max(axis=-1, keepdims=True)
        scaled = np.divide(changes, largest, out=np.full_like(changes, np.nan), where=largest > 0)
    return (INPUT_MIN_UV + INPUT_SPAN_UV * scaled) * 1e-6


def input_uv(
    exposure_ohm: Ints, baseline_ohm: Ints | None, channels: ArrayLike, normalisation: int, constants: Constants
) -> Ints:
    """Chip inputs in whole microvolts, as enose_contract.normalise computes them; shapes and errors as for input_v.

    An all-zero sample, for which the contract gives None, is NO_SAMPLE_UV throughout.
    """
    pick = np.asarray(channels, dtype=np.intp)
    if normalisation == NORM_RANGE:
        low, high = np.array(constants.low_ohm, dtype=np.int64), np.array(constants.high_ohm, dtype=np.int64)
        scaled = INPUT_SPAN_UV * np.clip(exposure_ohm - low, 0, high - low) // (high - low)
        return INPUT_MIN_UV + _picked(scaled, pick)
    base = _baseline(baseline_ohm, normalisation)
    changes = _picked(np.abs(exposure_ohm - base) * PPM // base, pick)
    largest = changes.max(axis=-1, keepdims=True)
    inputs = INPUT_MIN_UV + INPUT_SPAN_UV * changes // np.maximum(largest, 1)
    return np.where(largest >= LEAST_CHANGE_PPM, inputs, NO_SAMPLE_UV)


def _picked(values: NDArray[T], channels: NDArray[np.intp]) -> NDArray[T]:
    """(N, sensors) and (..., I) to (..., N, I)."""
    return np.moveaxis(values[:, channels], 0, -2)


def _baseline(baseline_ohm: NDArray[T] | None, normalisation: int) -> NDArray[T]:
    if normalisation != NORM_CHANGE:
        raise ValueError(f"normalisation {normalisation}, expected {NORM_CHANGE} or {NORM_RANGE}")
    if baseline_ohm is None:
        raise ValueError("these recordings have no clean-air baseline, so no relative change")
    return baseline_ohm


def _have_baseline(specimens: Sequence[Specimen]) -> bool:
    having = [len(s.baseline_ohm) > 0 for s in specimens]
    if any(having) and not all(having):
        raise ValueError(f"{specimens[having.index(False)].group}: no baseline, though other specimens have one")
    return all(having)


def _last(ohm: Floats, average: int, group: str, phase: str) -> Floats:
    if not 0 < average <= len(ohm):
        raise ValueError(f"{group}: {phase} of {len(ohm)} samples, expected at least the {average} to average")
    return ohm[-average:]
