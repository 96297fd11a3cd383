"""Gradient descent on many networks at once, through the circuit, its imperfections drawn anew each step.

Loss: the likelihood of the right band where the output is read through logistic noise of SOFTNESS_V (an ordinal
regression whose thresholds are the chip's decision edges), so a sample pulls until it is well inside its band, and one
that cannot be had does not outweigh the others. Optimiser: Adam (Kingma and Ba, ICLR 2015), projected onto the weights'
range.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.training.circuit import Circuit, Singles
from enose_hwsim.chipfile import MlpFile

SOFTNESS_V = 0.003  # of the reading, for ever so many specimens
SOFTNESS_OF_ONE_V = 0.040  # and with n groups this / sqrt(n) besides: few of them must lie well inside their bands
INPUT_NOISE_V = 0.0004  # ADC and DAC steps, noise of the sensors' readings
SCATTER_V = 0.010  # of a class's specimens: n groups say where it lies to this / sqrt(n), which is added to the noise
BATCH = 256
RATE = 0.05
DECAY_MEAN, DECAY_SQUARE = np.float32(0.9), np.float32(0.99)


@dataclass(frozen=True)
class Jobs:
    """J trainings over the same S specimens: own inputs, own order of the classes, own specimens left out."""

    inputs_v: NDArray[np.float64]  # (J, S, I)
    bands: NDArray[np.int64]  # (J, S) where the class of each specimen lies, 0 the lowest
    used: NDArray[np.bool_]  # (J, S)
    shrink: NDArray[np.float64]  # (J,) half of it times the sum of squared weights is added to the loss
    groups: int  # how many of the S specimens are independent of each other


class Bands:
    """The decision edges of a chip as a likelihood over the output voltage (above V_ref)."""

    def __init__(self, chip: MlpFile, groups: int) -> None:
        """Take the edges; specimens of so many groups are trained on."""
        self.softness_v = float(np.hypot(SOFTNESS_V, SOFTNESS_OF_ONE_V / np.sqrt(groups)))
        self.edges_v = np.array(chip.decision.edges_v) - chip.synapse.v_ref_v

    def of(self, output_v: Singles) -> NDArray[np.int64]:
        """The band of each output, 0 the lowest."""
        return np.asarray(np.sum(output_v[..., None] > self.edges_v.astype(np.float32), axis=-1), dtype=np.int64)

    def slope(self, output_v: Singles, bands: NDArray[np.int64]) -> Singles:
        """Derivative of the negative log-likelihood by the output, per volt."""
        over = self._over(output_v)
        # -log(over[band] - over[band + 1]): with logistic edges its derivative needs no logarithm and never overflows.
        below = np.take_along_axis(over, bands[..., None], axis=-1)[..., 0]
        above = np.take_along_axis(over, bands[..., None] + 1, axis=-1)[..., 0]
        return (below + above - np.float32(1)) / np.float32(self.softness_v)

    def loss(self, output_v: Singles, bands: NDArray[np.int64]) -> NDArray[np.float64]:
        """Negative log-likelihood of every output."""
        over = self._over(output_v.astype(np.float64))
        below = np.take_along_axis(over, bands[..., None], axis=-1)[..., 0]
        above = np.take_along_axis(over, bands[..., None] + 1, axis=-1)[..., 0]
        return np.asarray(-np.log(np.maximum(below - above, 1e-12)))

    def _over(self, output_v: NDArray[np.floating]) -> NDArray[np.floating]:
        """Probability that the reading lies over each edge, with those of minus and plus infinity at the ends."""
        at = (output_v[..., None] - self.edges_v.astype(output_v.dtype)) / output_v.dtype.type(self.softness_v)
        inner = 0.5 + 0.5 * np.tanh(at * output_v.dtype.type(0.5))
        ends = np.ones((*output_v.shape, 1), dtype=output_v.dtype)
        return np.concatenate([ends, inner.astype(output_v.dtype), 0 * ends], axis=-1)


def start(circuit: Circuit, count: int, rng: np.random.Generator) -> Singles:
    """Random weights, (count, W), within half the range."""
    return rng.uniform(-0.5, 0.5, (count, circuit.weights)).astype(np.float32)


def fit(chip: MlpFile, jobs: Jobs, weights: Singles, steps: int, rng: np.random.Generator) -> Singles:
    """The weights after so many steps, (J, W), within -1..1."""
    circuit, bands = Circuit(chip), Bands(chip, jobs.groups)
    drives = circuit.drives(jobs.inputs_v)
    # First order in the noise: what a volt at the input changes in the drive. The bias node has no DAC and no noise.
    noise_v = np.hypot(INPUT_NOISE_V, SCATTER_V / np.sqrt(jobs.groups))
    noise = np.float32(noise_v * circuit.cells.slope_per_v) * (1 - drives**2)
    noise[..., -1] = 0
    droop = np.float32(2 * chip.retention.droop_max_v / (chip.synapse.weight_max_v - chip.synapse.weight_min_v))
    used = jobs.used.astype(np.float32)
    shrink = jobs.shrink[:, None].astype(np.float32)
    count = used.shape[1]
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        some = slice(None) if count <= BATCH else rng.choice(count, BATCH, replace=False)
        seen, share = drives[:, some], used[:, some]
        seen = seen + noise[:, some] * rng.standard_normal(seen.shape, dtype=np.float32)
        # Capacitors leak towards ground, which makes every weight more positive until it is refreshed.
        held = weights + droop * rng.random(weights.shape, dtype=np.float32)
        activity = circuit.forward(seen, held)
        slope = bands.slope(activity.output_v, jobs.bands[:, some]) * share
        slope /= np.maximum(share.sum(axis=1, keepdims=True), 1)
        gradient = circuit.gradient(seen, held, activity, slope)
        gradient += shrink * weights
        mean = DECAY_MEAN * mean + (1 - DECAY_MEAN) * gradient
        square = DECAY_SQUARE * square + (1 - DECAY_SQUARE) * gradient**2
        rate = np.float32(RATE * (0.02 + 0.49 * (1 + np.cos(np.pi * step / steps))))
        stride = mean / (1 - DECAY_MEAN**step) / (np.sqrt(square / (1 - DECAY_SQUARE**step)) + np.float32(1e-6))
        weights = np.clip(weights - rate * stride, -1, 1)
    return weights


def scores(
    chip: MlpFile, jobs: Jobs, weights: Singles, over: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(mean loss, accuracy) of each job over those of its specimens that `over` (J, S) marks."""
    circuit, bands = Circuit(chip), Bands(chip, jobs.groups)
    output_v = circuit.forward(circuit.drives(jobs.inputs_v), weights).output_v
    counts = np.maximum(over.sum(axis=1), 1)
    loss = np.sum(bands.loss(output_v, jobs.bands) * over, axis=1) / counts
    right = np.sum((bands.of(output_v) == jobs.bands) & over, axis=1) / counts
    return loss, right
