"""The memristor network as equations: fidelity `ideal`. Paper 002, equations 14 to 17."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chips.memristor.network import Network, siemens

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Signals:
    """What a network comes to, in volts from the common node; axes chip, sample, neuron. Names as in the paper."""

    sum_v: Floats  # S, (C, S, H)
    tf_v: Floats  # behind the sigmoids, before the divider, (C, S, H)
    output_v: Floats  # Y, (C, S, O)


class EquationNetwork:
    """Ideal op-amps, exact memristances, a logistic of the network's steepness.

    Weights are signed ohms, 0 for an open switch, numbered neuron by neuron: input i of hidden neuron j is
    (inputs + 1) * j + i, its bias the last of the row; then the output neurons in the same way over the hidden ones.
    """

    def __init__(self, network: Network, check: Callable[[Floats], None] = lambda ohms: None) -> None:
        """check(ohms) raises for weights with which some inputs would move a memristor: equations have no monitor."""
        self.network = network
        self._check = check

    def output_v(self, inputs_v: ArrayLike, weights_ohm: ArrayLike) -> Floats:
        """Outputs in absolute volts: inputs (S, I) with weights (W,) give (S, O), with weights (C, W) give (C, S, O).

        Raises ValueError naming index, value and limit for an input or a memristance out of range, or not a number,
        and for a wrong shape; and as `check` does.
        """
        output_v = self.network.common_v + self.signals(inputs_v, weights_ohm).output_v
        self._check(np.asarray(weights_ohm, dtype=np.float64))
        return output_v[0] if np.ndim(weights_ohm) == 1 else output_v

    def signals(self, inputs_v: ArrayLike, weights_ohm: ArrayLike) -> Signals:
        """All that output_v goes through; arguments and errors are its own."""
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


def logistic(x: Floats) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    return 0.5 * (1 + np.tanh(0.5 * x))
