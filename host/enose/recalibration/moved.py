"""How far sensors have moved since a network was trained, against how they scattered then, and what to do about it.

Figures of each sensor, all as logarithms, for a metal-oxide sensor's resistance goes by powers: R0 in clean air, the
response R/R0 (R where no clean air was recorded) to the specimens of each class, and its change beside the median of
all sensors, from which another concentration, which moves all alike, is gone. A move is the difference of the means, in
standard deviations of single specimens in training; the limits are ours.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose.features import exact_ohm
from enose.recalibration.exposures import Exposures, RecalibrationError
from enose.recalibration.scatter import log_changes
from enose.recordings import Recordings

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STILL = 1.0  # spreads: a mean that moved less is where it was, as far as single specimens can tell
LOST = 0.2  # of its response in training: a sensor that answers less is no sensor any more
NOISY = 5.0  # times its spread in training
R0_FACTOR = 10.0  # an R0 so many times higher or lower is no ageing: a broken heater or film
LEAST_SPREAD = 0.01  # of a logarithm: 1 %, what a reading of a divider, noise and air leave at best
LEAST_BESIDE = 0.05  # of the logarithm of a change beside the others': powers differ, so concentration leaves a rest
MEDIAN_OF = 3  # sensors at least: of two, each would be beside the other
NEAR = 0.4  # of the training's spread: as well as that the mean of the references is to be known
FEWEST, MOST = 3, 10  # references of each class that are advised


@dataclass(frozen=True)
class Moved:
    """One sensor since training."""

    sensor: str
    r0_percent: float | None  # None where no clean air was recorded
    r0_spreads: float | None
    response_share: float | None  # of the training's response, None where that has no sign
    response_spreads: float  # the class that moved farthest
    beside_spreads: float | None  # the same of its change beside the other sensors', None for fewer than MEDIAN_OF
    scatter: float  # now, in the training's

    @property
    def spreads(self) -> float:
        """The largest of its moves: an R0 that moved alone counts, for the network may see R itself."""
        return max(abs(self.response_spreads), abs(self.r0_spreads or 0.0), abs(self.beside_spreads or 0.0))

    @property
    def verdict(self) -> str:
        """`still`, `moved` or `replace`."""
        broken = abs(math.log1p((self.r0_percent or 0.0) / 100)) > math.log(R0_FACTOR)
        lost = self.response_share is not None and self.response_share < LOST
        if broken or lost or self.scatter > NOISY:
            return "replace"
        return "moved" if self.spreads > STILL else "still"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {name: getattr(self, name) for name in (*self.__dataclass_fields__, "verdict")}


def moved(recordings: Recordings, before: Ints, now: Ints, reference: str | None = None) -> list[Moved]:
    """Every sensor's move from the specimens `before` to those of `now`; only `reference`'s class, if one is named.

    Raises RecalibrationError where no class is on both sides, or has a single specimen before.
    """
    shared = _shared(recordings, before, now, reference)
    r0 = _clean_logs(recordings, before), _clean_logs(recordings, now)
    then_by_class = [_responses(recordings, _of(recordings, before, name)) for name in shared]
    now_by_class = [_responses(recordings, _of(recordings, now, name)) for name in shared]
    return [
        _sensor(
            name,
            None if r0[0] is None or r0[1] is None else (r0[0][:, k], r0[1][:, k]),
            [values[:, k] for values in then_by_class],
            [values[:, k] for values in now_by_class],
            _beside(recordings, before, now, shared, k),
        )
        for k, name in enumerate(recordings.sensors)
    ]


def advice(found: Sequence[Moved], used: Sequence[str]) -> str:
    """One line: nothing, recalibrate with so many references of each class, or replace sensors; of those in use."""
    mine = [one for one in found if one.sensor in used]
    gone = [one.sensor for one in mine if one.verdict == "replace"]
    if gone:
        return f"replace {', '.join(gone)}, then `enose calibration transfer`"
    if all(one.verdict == "still" for one in mine):
        return "nothing to do"
    return f"recalibrate with {references_advised(mine)} specimens of each class: `enose calibration references`"


def references_advised(found: Sequence[Moved]) -> int:
    """So many that their mean is known to NEAR of the training's spread, by the sensor that now scatters most."""
    widest = max(one.scatter for one in found)
    return min(max(math.ceil((widest / NEAR) ** 2), FEWEST), MOST)


def _shared(recordings: Recordings, before: Ints, now: Ints, reference: str | None) -> list[str]:
    counts = {
        name: (len(_of(recordings, before, name)), len(_of(recordings, now, name))) for name in recordings.classes
    }
    if reference is not None and reference not in counts:
        raise RecalibrationError(
            f"{recordings.title}: reference '{reference}' is no class, expected one of {', '.join(counts)}"
        )
    wanted = counts if reference is None else {reference: counts[reference]}
    shared = [name for name, (then, later) in wanted.items() if then >= 2 and later >= 1]
    if not shared:
        told = ", ".join(f"{name} {then} and {later}" for name, (then, later) in wanted.items())
        raise RecalibrationError(
            f"{recordings.title}: specimens before and now: {told}; expected a class with at least 2 and 1"
        )
    return shared


def _of(recordings: Recordings, indices: Ints, label: str) -> Ints:
    return np.array([i for i in indices.tolist() if recordings.specimens[i].label == label], dtype=np.int64)


def _clean_logs(recordings: Recordings, indices: Ints) -> Floats | None:
    _, clean_ohm = exact_ohm([recordings.specimens[i] for i in indices.tolist()], recordings.average)
    return None if clean_ohm is None else np.asarray(np.log(clean_ohm))


def _responses(recordings: Recordings, indices: Ints) -> Floats:
    ohm, clean_ohm = exact_ohm([recordings.specimens[i] for i in indices.tolist()], recordings.average)
    return np.asarray(np.log(ohm) if clean_ohm is None else np.log(ohm / clean_ohm))


def _beside(recordings: Recordings, before: Ints, now: Ints, shared: list[str], sensor: int) -> float | None:
    """The farthest move of any class."""
    if len(recordings.sensors) < MEDIAN_OF:
        return None
    moves = []
    for name in shared:
        then, later = (_pattern(recordings, _of(recordings, indices, name))[:, sensor] for indices in (before, now))
        moves.append(float(later.mean() - then.mean()) / _spread(then, LEAST_BESIDE))
    return max(moves, key=abs)


def _pattern(recordings: Recordings, indices: Ints) -> Floats:
    ohm, clean_ohm = exact_ohm([recordings.specimens[i] for i in indices.tolist()], recordings.average)
    logs = log_changes(Exposures(ohm, clean_ohm, np.zeros(len(ohm), dtype=np.int64)))
    return np.asarray(logs - np.median(logs, axis=1, keepdims=True))


def _spread(values: Floats, least: float = LEAST_SPREAD) -> float:
    return max(float(values.std(ddof=1)), least) if len(values) > 1 else least


def _sensor(
    name: str, r0: tuple[Floats, Floats] | None, then: list[Floats], now: list[Floats], beside: float | None
) -> Moved:
    r0_percent = r0_spreads = share = None
    if r0 is not None:
        step = float(r0[1].mean() - r0[0].mean())
        r0_percent, r0_spreads = 100 * math.expm1(step), step / _spread(r0[0])
        means = np.array([values.mean() for values in then])
        strongest = int(np.argmax(np.abs(means)))
        if abs(means[strongest]) > 2 * LEAST_SPREAD:
            share = float(now[strongest].mean() / means[strongest])
    moves = [float(b.mean() - a.mean()) / _spread(a) for a, b in zip(then, now, strict=True)]
    scatters = [_spread(b) / _spread(a) for a, b in zip(then, now, strict=True) if len(b) > 1]
    return Moved(name, r0_percent, r0_spreads, share, max(moves, key=abs), beside, max(scatters, default=1.0))
