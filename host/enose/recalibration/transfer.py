"""A sensor was replaced: the training set as the new one would have seen it, and the network trained on that.

With a transfer set, the same specimens measured with the old sensor and the new one, each replaced channel is
standardised by itself (direct standardisation of one variable: Y. Wang, D. J. Veltkamp, B. R. Kowalski, Anal. Chem. 63
(1991) 2750-2756): the logarithm of the new change is a straight line over that of the old one, since both go by powers
of the concentration. With labelled specimens of the new sensor alone the line is parallel, and lies where the classes'
means put it; what the other sensors' means moved by is the concentration's, and is taken off.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from enose.features import Constants
from enose.recalibration.exposures import Exposures, RecalibrationError
from enose.recalibration.recalibrate import Recalibrated, constants_of, recalibrated
from enose.recalibration.scatter import changed_ohm, log_changes
from enose.training import Network
from enose_contract.normalise import NORM_RANGE
from enose_hwsim.chipfile import AnyChip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PAIRS = 3  # at least: a line through two has no error left
STEEPEST = 3.0  # a slope beyond it, or below its inverse, is no sensor of the same kind


@dataclass(frozen=True)
class Line:
    """ln of the new sensor's change = offset + slope * ln of the old one's."""

    channel: int  # of the network's inputs
    offset: float
    slope: float
    rms: float | None  # of the pairs about it, None without pairs


def paired_line(channel: int, sensor: str, old: Exposures, new: Exposures) -> Line:
    """From the same specimens in the same order. Raises RecalibrationError for an unlike sensor."""
    before, after = log_changes(old)[:, channel], log_changes(new)[:, channel]
    spread = before - before.mean()
    power = float(spread @ spread)
    slope = float(spread @ after / power) if power > 0 else 1.0
    if not 1 / STEEPEST <= slope <= STEEPEST:
        raise RecalibrationError(
            f"sensor '{sensor}': its changes go by the power {slope:.2f} of the old one's,"
            f" expected {1 / STEEPEST:.2f}..{STEEPEST:g}: is it of the same type?"
        )
    offset = float(after.mean() - slope * before.mean())
    return Line(channel, offset, slope, float(np.sqrt(np.mean((after - offset - slope * before) ** 2))))


def labelled_line(channel: int, swapped: list[int], training: Exposures, new: Exposures) -> Line:
    """From specimens of the new sensor alone, by their classes' means. Raises RecalibrationError for no class."""
    then, now = log_changes(training), log_changes(new)
    others = [k for k in range(then.shape[1]) if k not in swapped]
    steps = []
    for band in np.unique(new.bands):
        mine, its = training.bands == band, new.bands == band
        if mine.any():
            step = now[its].mean(axis=0) - then[mine].mean(axis=0)
            steps.append(step[channel] - (step[others].mean() if others else 0.0))
    if not steps:
        raise RecalibrationError("no class of the new specimens is in the training set, expected one at least")
    return Line(channel, float(np.mean(steps)), 1.0, None)


def lines_of(
    network: Network, swapped: Sequence[str], training: Exposures, new: Exposures, pairs: Sequence[tuple[int, int]]
) -> list[Line]:
    """One line for each sensor that was replaced; by the pairs (indices into training and new) where there are PAIRS.

    Raises RecalibrationError for a sensor that the network does not use, and as the two above.
    """
    for name in swapped:
        if name not in network.sensors:
            raise RecalibrationError(
                f"sensor '{name}' is none that the model uses, expected some of {', '.join(network.sensors)}"
            )
    channels = [network.sensors.index(name) for name in swapped]
    if not channels:
        raise RecalibrationError("no sensor was named, expected those that were replaced")
    if len(pairs) < PAIRS:
        return [labelled_line(channel, channels, training, new) for channel in channels]
    then, now = np.array(pairs).T
    old, same = training.some(then), new.some(now)
    return [paired_line(channel, network.sensors[channel], old, same) for channel in channels]


def as_seen_anew(exposures: Exposures, lines: list[Line]) -> Exposures:
    """Exposures of the old sensors as those with the new ones would have been."""
    logs = log_changes(exposures)
    ohm = exposures.ohm.copy()
    for line in lines:
        k = line.channel
        logs[:, k] = line.offset + line.slope * logs[:, k]
        ohm[:, k] = changed_ohm(logs, exposures)[:, k]
    return Exposures(ohm, exposures.clean_ohm, exposures.bands)


def constants_anew(network: Network, training: Exposures, lines: list[Line]) -> Constants:
    """Constants of the replaced channels where the line takes the old ones; the other channels' stay."""
    if network.normalisation != NORM_RANGE:
        return constants_of(network)
    ends = np.array([network.low_ohm, network.high_ohm], dtype=np.float64)
    clean_ohm = None if training.clean_ohm is None else np.tile(np.exp(np.log(training.clean_ohm).mean(axis=0)), (2, 1))
    seen = as_seen_anew(Exposures(ends, clean_ohm, np.zeros(2, dtype=np.int64)), lines).ohm
    low = np.rint(seen.min(axis=0)).astype(np.int64)
    high = np.maximum(np.rint(seen.max(axis=0)).astype(np.int64), low + 1)
    return Constants(tuple(low.tolist()), tuple(high.tolist()))


def transferred(
    network: Network, training: Exposures, new: Exposures, lines: list[Line], chip: AnyChip, seed: int, fidelity: str
) -> Recalibrated:
    """The network for the new sensors: constants by the lines, weights by the training set as they would have seen it
    and by the specimens that they did see. Raises as recalibrated."""
    seen = as_seen_anew(training, lines)
    constants = constants_anew(network, training, lines)
    begun = replace(network, low_ohm=constants.low_ohm, high_ohm=constants.high_ohm)
    return recalibrated(begun, seen, new, chip, seed, fidelity, keep_training=True)
