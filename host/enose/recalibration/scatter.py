"""Virtual specimens: what references could have been as well, by how specimens scattered when the network was trained.

A metal-oxide sensor's change follows a power of the concentration (N. Yamazoe, K. Shimanoe, Sens. Actuators B 128
(2008) 566-573), so in its logarithm a class scatters along a line whose direction outlasts a sensor's loss of
sensitivity: ten references tell where a class lies now, a training set how it spreads. Each reference is moved by the
difference between two training specimens of its class. To train on such copies is to smooth the network along them
(C. M. Bishop, Neural Computation 7 (1995) 108-116).
"""

import numpy as np
from numpy.typing import NDArray

from enose.recalibration.exposures import Exposures

Floats = NDArray[np.float64]

LEAST_CHANGE = 0.025  # of R0: a change below it counts as that, for noise has no logarithm
TIMES = 6  # copies of each reference beside itself


def scattered(
    references: Exposures, training: Exposures, share: float, rng: np.random.Generator, times: int = TIMES
) -> Exposures:
    """The references, then `times` virtual specimens of each, which scatter as much as the training's times `share`.

    A class without training specimens is copied as it is. share 0 gives the references alone.
    """
    if share == 0:
        return references
    here, there = log_changes(references), log_changes(training)
    moved = np.repeat(here, times, axis=0)
    bands = np.repeat(references.bands, times)
    for band in np.unique(bands):
        members, own = np.flatnonzero(bands == band), there[training.bands == band]
        if len(own):
            one, other = rng.integers(len(own), size=(2, len(members)))
            moved[members] += share / np.sqrt(2) * (own[one] - own[other])
    copies = references.some(np.repeat(np.arange(len(references)), times))
    copies = Exposures(changed_ohm(moved, copies), copies.clean_ohm, copies.bands)
    return together(references, copies)


def together(one: Exposures, other: Exposures) -> Exposures:
    """Both, one after the other."""
    clean_ohm = None
    if one.clean_ohm is not None and other.clean_ohm is not None:
        clean_ohm = np.vstack([one.clean_ohm, other.clean_ohm])
    return Exposures(np.vstack([one.ohm, other.ohm]), clean_ohm, np.append(one.bands, other.bands))


def log_changes(exposures: Exposures) -> Floats:
    """(S, I) logarithm of the change: of R/R0 - 1, or R0/R - 1 where R falls; of R without clean air."""
    if exposures.clean_ohm is None:
        return np.asarray(np.log(exposures.ohm))
    ratio = exposures.ohm / exposures.clean_ohm
    return np.asarray(np.log(np.maximum(np.maximum(ratio, 1 / ratio) - 1, LEAST_CHANGE)))


def changed_ohm(logs: Floats, exposures: Exposures) -> Floats:
    """The inverse of log_changes: resistances (S, I) of such changes, each from its clean air and in its direction."""
    if exposures.clean_ohm is None:
        return np.asarray(np.exp(logs))
    factor = 1 + np.exp(logs)
    falls = exposures.ohm < exposures.clean_ohm
    return np.asarray(np.where(falls, exposures.clean_ohm / factor, exposures.clean_ohm * factor))
