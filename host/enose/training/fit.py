"""Gradient descent on many networks at once, through the circuit, its imperfections drawn anew each step.

Optimiser: Adam (Kingma and Ba, ICLR 2015), drawn into the weights' range.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from enose.training.circuit import Circuit, Singles
from enose.training.imperfections import Imperfections
from enose.training.readings import Reading

SCATTER_V = 0.010  # of a class's specimens: n groups say where it lies to this / sqrt(n), which is added to the noise
BATCH = 256
BLOCK = 4000  # networks x samples: some forty arrays of so many neurons fit a core's second cache
RATE = 0.05
DECAY_MEAN, DECAY_SQUARE = np.float32(0.9), np.float32(0.99)


@dataclass(frozen=True)
class Jobs:
    """J trainings over the same S specimens: own inputs, own order of the classes, own specimens left out.

    Each array but shrink may have one row for all.
    """

    inputs_v: NDArray[np.float64]  # (J, S, I)
    bands: NDArray[np.int64]  # (J, S) where the class of each specimen lies, 0 the lowest
    used: NDArray[np.bool_]  # (J, S)
    shrink: NDArray[np.float64]  # (J,) half of it times the sum of squared weights is added to the loss
    groups: int  # how many of the S specimens are independent of each other
    together: int = 1  # so many in a row are read together


def start(circuit: Circuit, count: int, rng: np.random.Generator) -> Singles:
    """Random weights, (count, W), within half the range."""
    return circuit.within(rng.uniform(-0.5, 0.5, (count, circuit.weights)).astype(np.float32))


def fit(
    circuit: Circuit,
    reading: Reading,
    jobs: Jobs,
    weights: Singles,
    steps: int,
    rng: np.random.Generator,
    imperfections: Imperfections | None = None,
    on_step: Callable[[int, Singles], None] = lambda step, weights: None,
) -> Singles:
    """The weights after so many steps, (J, W), as the circuit can hold them; without imperfections, the circuit's own.

    on_step(step, weights) is called after every step.

    An epoch goes once over the specimens in shuffled batches of BATCH or more. Noise, droop and the order of the
    specimens are drawn once a step for all trainings: each sees an honest sequence, and what is compared is compared
    under the same luck.
    """
    # The products are small: a second thread gains nothing, and costs tenfold where another program has the core.
    with threadpool_limits(1, "blas"):
        met = imperfections or Imperfections.of(circuit)
        return _descend(circuit, reading, jobs, weights, steps, rng, met, on_step)


def _descend(
    circuit: Circuit,
    reading: Reading,
    jobs: Jobs,
    weights: Singles,
    steps: int,
    rng: np.random.Generator,
    imperfections: Imperfections,
    on_step: Callable[[int, Singles], None],
) -> Singles:
    drives = circuit.drives(_rounded(jobs.inputs_v, imperfections.input_step_v))
    # First order in the noise: what a volt at the input changes in the drive. The bias node has no DAC and no noise.
    noise_v = np.float32(np.hypot(imperfections.input_noise_v, SCATTER_V / np.sqrt(jobs.groups)))
    noise: Singles = noise_v * circuit.drive_per_v(drives)
    droop, weight_step = np.float32(imperfections.droop), imperfections.weight_step
    chips = imperfections.chips or (circuit,)
    used = jobs.used.astype(np.float32)
    shrink = jobs.shrink[:, None].astype(np.float32)
    mean: Singles = np.zeros_like(weights)
    square: Singles = np.zeros_like(weights)
    batches: list[NDArray[np.int64]] = []
    for step in range(1, steps + 1):
        batches = batches or _epoch(used.shape[1], rng)
        some = batches.pop()
        seen = drives[:, some]
        seen = seen + noise[:, some] * rng.standard_normal(seen.shape[1:], dtype=np.float32)
        share, bands = used[:, some], jobs.bands[:, some]
        share = share / np.maximum(share.sum(axis=1, keepdims=True), 1)
        # Capacitors leak towards ground, which makes every weight more positive until it is refreshed.
        held = _rounded(weights, weight_step) + droop * rng.random(weights.shape[1], dtype=np.float32)
        through = chips[rng.integers(len(chips))] if len(chips) > 1 else chips[0]
        gradient = shrink * weights
        for block in _blocks(len(weights), len(some), jobs.together):
            slope_of = partial(_slope, reading, _rows(bands, block), _rows(share, block))
            gradient[block] += through.gradient(_rows(seen, block), held[block], slope_of)
        mean += (1 - DECAY_MEAN) * (gradient - mean)
        square += (1 - DECAY_SQUARE) * (gradient**2 - square)
        rate = np.float32(RATE * (0.02 + 0.49 * (1 + np.cos(np.pi * step / steps))))
        stride = mean / (1 - DECAY_MEAN**step) / (np.sqrt(square / (1 - DECAY_SQUARE**step)) + np.float32(1e-6))
        weights = circuit.within(weights - rate * stride)
        on_step(step, weights)
    return circuit.reachable(weights)


def _epoch(count: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """All specimens, shuffled, in batches of BATCH or somewhat more; in order where one batch holds them all."""
    if count < 2 * BATCH:
        return [np.arange(count)]
    return np.array_split(rng.permutation(count), count // BATCH)


def _rounded(values: NDArray[Any], step: float) -> NDArray[Any]:
    return values if step == 0 else (step * np.rint(values / step)).astype(values.dtype)


def _blocks(networks: int, samples: int, together: int) -> Iterator[slice]:
    """So many networks at a time that what they leave on the way stays in a core's cache."""
    size = max(1, BLOCK // (samples * together)) * together
    return (slice(k, k + size) for k in range(0, networks, size))


def _rows(array: NDArray[Any], block: slice) -> NDArray[Any]:
    """A block of the jobs; or the one row for all."""
    return array if len(array) == 1 else array[block]


def _slope(reading: Reading, wanted: NDArray[np.int64], share: Singles, output_v: Singles) -> Singles:
    slope = reading.slope(output_v, wanted)
    return slope * share.reshape(*share.shape, *[1] * (slope.ndim - share.ndim))


def scores(
    circuit: Circuit, reading: Reading, jobs: Jobs, weights: Singles, over: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(mean loss, accuracy) of each job over those of its specimens that `over` (J, S) marks."""
    output_v = circuit.output_v(circuit.drives(jobs.inputs_v), weights)
    counts = np.maximum(over.sum(axis=1), 1)
    loss = np.sum(reading.loss(output_v, jobs.bands) * over, axis=1) / counts
    right = np.sum((reading.of(output_v) == jobs.bands) & over, axis=1) / counts
    return loss, right
