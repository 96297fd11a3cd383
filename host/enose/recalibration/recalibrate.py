"""Recalibration: new constants and new weights for a network whose sensors have drifted, from a few references.

The network keeps its sensors and the order of its classes. Virtual specimens around the references (scatter) are what
its weights are trained on, from where they were and from random starts. How far those scatter, and whether the
constants are the old ones or the references' own, is chosen by leaving references out: that combination stays which
loses least on them.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from enose.features import Constants, range_constants
from enose.recalibration.constants import corrected
from enose.recalibration.exposures import Exposures, RecalibrationError
from enose.recalibration.scatter import TIMES, scattered, together
from enose.training import Network
from enose.training.circuit import Circuit, Singles, open_circuit
from enose.training.fit import Jobs, fit, scores, start
from enose.training.readings import Reading, reading_of
from enose.training.search import RANGE_PERCENTILE
from enose_contract.normalise import NORM_RANGE
from enose_hwsim.chipfile import AnyChip

Floats = NDArray[np.float64]

FEWEST = 2  # references of each class: one to train on while the other is left out
FOLDS = 10
SHARES = (0.3, 0.6)  # of the training's scatter
SHRINK = 0.01
TRIAL_STEPS, FINAL_STEPS = 250, 500
STARTS = 4  # the old weights and random ones


@dataclass(frozen=True)
class Recalibrated:
    """What recalibration makes of a network, and what the references say about it."""

    network: Network  # with new constants and weights
    share: float  # of the training's scatter that its virtual specimens have
    own_constants: bool  # whether its constants are the references' own
    before: float  # share of the references that the network named right as it was
    left_out: float  # and that the new one did while they were left out


@dataclass(frozen=True)
class _Option:
    """One way to recalibrate: what to train on, and through which constants."""

    share: float
    own_constants: bool
    constants: Constants
    exposures: Exposures  # the references, TIMES copies of each, and what else is trained on


def recalibrated(
    network: Network,
    training: Exposures,
    references: Exposures,
    chip: AnyChip,
    seed: int = 0,
    fidelity: str = "fast",
    *,
    keep_training: bool = False,
) -> Recalibrated:
    """The network for sensors as they are now. training: what it was trained on. The same seed is the same network.

    keep_training: whether to train on those specimens as well, for they are as the sensors would see them now. Raises
    RecalibrationError for a class with fewer than FEWEST references.
    """
    check_references(network, references)
    rng = np.random.default_rng([seed, 0x4C])
    circuit, reading = open_circuit(chip, fidelity), reading_of(chip, len(references))
    options = _options(network, training, references, rng, keep_training)
    left_out = left_out_masks(references)
    found = [_left_out(circuit, reading, network, option, left_out, rng) for option in options]
    best = int(np.argmin([loss for loss, _ in found]))
    chosen = options[best]
    weights = _trained(circuit, reading, network, chosen.exposures, chosen.constants, rng, len(references))
    return Recalibrated(
        _with(network, weights, chosen.constants),
        chosen.share,
        chosen.own_constants,
        named_right(network, references, circuit, reading),
        found[best][1],
    )


def inputs_corrected(network: Network, references: Exposures, chip: AnyChip, fidelity: str = "fast") -> Network:
    """The network with new constants and its old weights. Raises RecalibrationError where it has no constants."""
    if network.normalisation != NORM_RANGE:
        raise RecalibrationError("normalised by change: such a network has no constants to correct, only weights")
    check_references(network, references)
    circuit, reading = open_circuit(chip, fidelity), reading_of(chip, len(references))
    weights = np.array(network.weights)
    return _with(network, weights, corrected(circuit, reading, weights, constants_of(network), references))


def trained_alone(
    network: Network, references: Exposures, chip: AnyChip, seed: int = 0, fidelity: str = "fast"
) -> Network:
    """A network of the same sensors and class order that knows nothing but the references: what recalibration is to
    beat. Its constants are the references' own, its weights from random starts."""
    check_references(network, references)
    rng = np.random.default_rng([seed, 0xA1])
    circuit, reading = open_circuit(chip, fidelity), reading_of(chip, len(references))
    constants = own_constants(network, references)
    blank = replace(network, weights=tuple(start(circuit, 1, rng)[0].tolist()))
    weights = _trained(circuit, reading, blank, references, constants, rng, len(references))
    return _with(network, weights, constants)


def check_references(network: Network, references: Exposures) -> None:
    """Raise RecalibrationError for a class with fewer than FEWEST references."""
    for band, name in enumerate(network.class_order):
        count = int(np.sum(references.bands == band))
        if count < FEWEST:
            raise RecalibrationError(f"class '{name}' has {count} reference(s), expected at least {FEWEST}")


def constants_of(network: Network) -> Constants:
    """The network's own constants, one pair an input."""
    return Constants(network.low_ohm, network.high_ohm)


def own_constants(network: Network, exposures: Exposures) -> Constants:
    """Constants that some exposures alone give; those of a network without any stay zeros."""
    if network.normalisation != NORM_RANGE:
        return constants_of(network)
    return range_constants(exposures.ohm, RANGE_PERCENTILE)


def named_right(network: Network, exposures: Exposures, circuit: Circuit, reading: Reading) -> float:
    """The share of exposures that come to lie in their band, through the nominal chip."""
    drives = circuit.drives(exposures.inputs_v(network.normalisation, constants_of(network))[None])
    output_v = circuit.output_v(drives, np.asarray([network.weights], np.float32))
    return float(np.mean(reading.of(output_v) == exposures.bands))


def left_out_masks(references: Exposures) -> NDArray[np.bool_]:
    """(folds, S): each fold leaves out one reference of every class, or as many as bring it down to FOLDS folds."""
    place = np.zeros(len(references), dtype=np.int64)
    for band in np.unique(references.bands):
        members = np.flatnonzero(references.bands == band)
        place[members] = np.arange(len(members))
    folds = min(FOLDS, int(np.bincount(references.bands).max()))
    return np.array([place % folds == fold for fold in range(folds)])


def _options(
    network: Network, training: Exposures, references: Exposures, rng: np.random.Generator, keep_training: bool
) -> list[_Option]:
    options = []
    for share in SHARES:
        exposures = scattered(references, training, share, rng)
        if keep_training:
            exposures = together(exposures, training)
        options.append(_Option(share, False, constants_of(network), exposures))
        if network.normalisation == NORM_RANGE:
            options.append(_Option(share, True, own_constants(network, exposures), exposures))
    return options


def _left_out(
    circuit: Circuit,
    reading: Reading,
    network: Network,
    option: _Option,
    left_out: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """(loss, accuracy) over the references, each by a network that saw neither it nor its copies."""
    folds = len(left_out)
    count = left_out.shape[1]
    unseen = np.zeros((folds, len(option.exposures)), dtype=np.bool_)
    unseen[:, :count] = left_out
    over = unseen.copy()
    unseen[:, count : count * (TIMES + 1)] = np.repeat(left_out, TIMES, axis=1)
    jobs = replace(_jobs(network, option.exposures, option.constants, folds, count), used=~unseen)
    begin = np.repeat(np.asarray([network.weights], np.float32), folds, axis=0)
    weights = fit(circuit, reading, jobs, begin, TRIAL_STEPS, rng)
    loss, accuracy = scores(circuit, reading, jobs, weights, over)
    counts = left_out.sum(axis=1)
    return float(loss @ counts / counts.sum()), float(accuracy @ counts / counts.sum())


def _trained(
    circuit: Circuit,
    reading: Reading,
    network: Network,
    exposures: Exposures,
    constants: Constants,
    rng: np.random.Generator,
    references: int,
) -> Singles:
    """The weights with the lowest loss, from the network's and from random starts."""
    begin = np.concatenate([np.asarray([network.weights], np.float32), start(circuit, STARTS - 1, rng)])
    jobs = _jobs(network, exposures, constants, STARTS, references)
    weights = fit(circuit, reading, jobs, begin, FINAL_STEPS, rng)
    loss, _ = scores(circuit, reading, jobs, weights, jobs.used)
    return np.asarray(weights[np.argmin(loss)])


def _jobs(network: Network, exposures: Exposures, constants: Constants, count: int, references: int) -> Jobs:
    inputs_v = np.repeat(exposures.inputs_v(network.normalisation, constants)[None], count, axis=0)
    bands = np.repeat(exposures.bands[None], count, axis=0)
    return Jobs(inputs_v, bands, np.ones(bands.shape, dtype=np.bool_), np.full(count, SHRINK), references)


def _with(network: Network, weights: NDArray[np.floating], constants: Constants) -> Network:
    return replace(
        network,
        weights=tuple(float(w) for w in weights),
        low_ohm=constants.low_ohm,
        high_ohm=constants.high_ohm,
    )
