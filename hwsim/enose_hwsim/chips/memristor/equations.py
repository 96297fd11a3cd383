"""The memristor network as equations: fidelity `ideal`. Paper 002, equations 14 to 17."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chips.memristor.monitor import Seen, side_by_side
from enose_hwsim.chips.memristor.network import SHIFT_V, Network, siemens

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Signals:
    """What a network comes to, in volts from the common node; axes chip, sample, neuron. Names as in the paper."""

    sum_v: Floats  # S, (C, S, H)
    tf_v: Floats  # behind the sigmoids, before the divider, (C, S, H)
    output_v: Floats  # Y, (C, S, O)


@dataclass(frozen=True)
class Run:
    """A batch of samples through one chip or more: what the network came to, and what its devices saw."""

    signals: Signals
    seen: Seen


class EquationNetwork:
    """Ideal op-amps, exact memristances, a logistic of the network's steepness.

    Weights are signed ohms, 0 for an open switch, numbered neuron by neuron: input i of hidden neuron j is
    (inputs + 1) * j + i, its bias the last of the row; then the output neurons in the same way over the hidden ones.
    """

    def __init__(self, network: Network) -> None:
        self.network = network

    def output_v(self, inputs_v: ArrayLike, weights_ohm: ArrayLike) -> Floats:
        """Outputs in absolute volts: inputs (S, I) with weights (W,) give (S, O), with weights (C, W) give (C, S, O).

        Raises as `run`.
        """
        output_v = self.network.common_v + self.run(inputs_v, weights_ohm).signals.output_v
        return output_v[0] if np.ndim(weights_ohm) == 1 else output_v

    def run(self, inputs_v: ArrayLike, weights_ohm: ArrayLike) -> Run:
        """The same with all signals, and the largest voltage over every device.

        Raises ValueError naming index, value and limit for an input or a memristance out of range, or not a number,
        and for a wrong shape; ThresholdReached naming device, chip, sample and voltage.
        """
        signals = self.signals(inputs_v, weights_ohm)
        return Run(signals, self._seen(inputs_v, weights_ohm, signals).check())

    def signals(self, inputs_v: ArrayLike, weights_ohm: ArrayLike) -> Signals:
        """All that output_v goes through, whatever the devices see; arguments and ValueErrors are those of `run`."""
        network = self.network
        inputs = network.checked_inputs(inputs_v)[None]
        hidden_ohm, output_ohm = network.rows(np.atleast_2d(network.checked_ohms(weights_ohm)))
        sum_v = self._added_v(inputs, hidden_ohm)
        tf_v = logistic(network.steepness_per_v * sum_v)
        return Signals(sum_v, tf_v, self._added_v(network.divider * tf_v, output_ohm))

    def _added_v(self, level_v: Floats, ohms: Floats) -> Floats:
        """Sum of R_f / M times the levels, and the bias: equations 16 and 17."""
        gain = self.network.feedback_ohm * siemens(ohms)
        return level_v @ np.swapaxes(gain[..., :-1], 1, 2) + gain[:, None, :, -1] * self.network.bias_v

    def _seen(self, inputs_v: ArrayLike, weights_ohm: ArrayLike, signals: Signals) -> Seen:
        """What ideal parts leave over each device: a weight sees its level, a block its stage, in equal shares."""
        network = self.network
        ohms = np.atleast_2d(network.checked_ohms(weights_ohm))
        tap_v = network.divider * signals.tf_v
        weights_v, blocks_v = [], []
        for level_v, row_ohm, sum_v in zip(
            (network.checked_inputs(inputs_v)[None], tap_v), network.rows(ohms), (signals.sum_v, signals.output_v),
            strict=True,
        ):  # fmt: skip
            bias_v = np.full((*level_v.shape[:2], 1), network.bias_v)
            weights_v.append(np.concatenate((level_v, bias_v), axis=2)[:, :, None] * (row_ohm != 0)[:, None])
            plus_v = self._added_v(level_v, np.maximum(row_ohm, 0))
            blocks_v.append(np.stack((plus_v, plus_v, sum_v), axis=-1))
        clamped_v = signals.tf_v - SHIFT_V
        blocks_v.append(np.stack((signals.sum_v - clamped_v, signals.tf_v - tap_v, tap_v), axis=-1))
        count = np.bincount(network.block_of_device)
        share = 1 / count[network.block_of_device][None]
        return Seen.of(network, side_by_side(*weights_v), side_by_side(*blocks_v), share)


def logistic(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))
