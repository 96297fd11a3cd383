"""The memristor network as training goes through it, in single precision and with its gradient.

Adders are linear; the sigmoid is a tanh of a polynomial, taken from the network that it stands for. A device gives no
weight between 0 and the smallest, so the forward pass takes what can be reached, and the gradient is that of the weight
itself (straight through, Y. Bengio et al., arXiv:1308.3432). A neuron's weights are kept so small that its adder never
leaves what it is built for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import NDArray

from enose.training.circuit import Singles
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.equations import logistic
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.chips.memristor.sigmoid import transfer_v
from enose_hwsim.chips.tanh_curve import tanh_of_polynomial

Curve = Callable[[NDArray[np.float64]], NDArray[np.float64]]

USED = 0.95  # of what an adder is built for: what a weight can reach may be a little more than what was trained
AT_LIMIT = 0.99  # of that: a weight snapped to the smallest, or to none, may take as much of it away again
ROUNDING = 1e-6  # of single precision
CURVE_TERMS = 6
CURVE_POINTS = 401


@dataclass(frozen=True)
class _Activity:
    """What a forward pass leaves for the backward pass. J networks, H hidden neurons, O outputs, S samples."""

    hidden_v: Singles  # (J, H, S) behind the divider
    slope: Singles  # (J, H, S) of it by the adder's voltage
    output_gain: Singles  # (J, O, H + 1)
    output_v: Singles  # (J, O, S)


@dataclass(frozen=True)
class Held:
    """What the chip's ranges made of trained weights: training draws them in, and this says how many and where."""

    weights: int
    at_limits: int  # of them as large or as small as a device makes them
    open: int  # of them with their switch open
    adders: int
    adders_at_limits: int  # of them whose weights together are as large as their adder is built for


class MemristorCircuit:
    """One chip's network, as a Circuit. A weight of 1 is R_f over the smallest memristance."""

    droop = 0.0

    def __init__(self, chip: MemristorFile, activation: Curve) -> None:
        """Take sizes and ranges of the chip; activation is a hidden neuron's curve, volts to volts over common."""
        topology, adder = chip.topology, chip.adder
        self.inputs, self.hidden, self.outputs = topology.inputs, topology.hidden, topology.outputs
        self.weights = topology.weights
        self.full = np.float32(adder.feedback_ohm / chip.devices.min_ohm)
        # the next number above: rounded down it would be out of reach
        self.least = np.nextafter(np.float32(chip.devices.min_ohm / chip.devices.max_ohm), np.float32(1))
        self._common_v, self._bias_v = chip.input.common_v, np.float32(chip.input.bias_span_v)
        self._divider = np.float32(chip.activation.divider)
        self._built_v = adder.hidden_max_v
        sum_v = np.linspace(-self._built_v, self._built_v, CURVE_POINTS)
        curve, middle_v, swing_v = tanh_of_polynomial(sum_v, activation(sum_v), CURVE_TERMS)
        self._curve, self._curve_slope = curve.astype(np.float32), polynomial.polyder(curve).astype(np.float32)
        self._middle_v, self._swing_v = np.float32(middle_v), np.float32(swing_v)
        # What a weight of 1 adds at the most, row by row, and what the row's adder is built for.
        hidden_v = chip.activation.divider * chip.activation.high_v
        rows = [([chip.input.span_v] * self.inputs, adder.hidden_max_v)] * self.hidden
        rows += [([hidden_v] * self.hidden, adder.output_max_v)] * self.outputs
        bias_v = chip.input.bias_span_v
        self._begins = np.cumsum([0, *(len(levels_v) + 1 for levels_v, _ in rows)])
        reach_v = self.full * np.concatenate([[*levels_v, bias_v] for levels_v, _ in rows])
        self._reach = (reach_v / np.repeat([USED * v for _, v in rows], np.diff(self._begins))).astype(np.float32)

    @classmethod
    def of(cls, chip: MemristorFile, fidelity: str) -> "MemristorCircuit":
        """With the logistic of the chip file for `ideal`, else with the curve of the circuit. Raises as the chips."""
        network = Network.of(chip)
        if fidelity == "ideal":
            return cls(chip, lambda sum_v: logistic(network.steepness_per_v * sum_v))
        return cls(chip, lambda sum_v: transfer_v(network, sum_v))

    def drives(self, inputs_v: NDArray[np.float64]) -> Singles:
        """Volts from the common node."""
        return (inputs_v - self._common_v).astype(np.float32)

    def drive_per_v(self, drives: Singles) -> Singles:
        """One."""
        return np.ones_like(drives)

    def random_layer(self, drives: Singles, rows: Singles) -> Singles:
        """Their sigmoids in swings, (..., S, N)."""
        added_v = np.matmul(drives, (self.full * rows[:, :-1]).T) + self._bias_v * self.full * rows[:, -1]
        return np.asarray(self._sigmoid(added_v)[0] / self._swing_v)

    def within(self, weights: Singles) -> Singles:
        """Clipped to -1..1, and each neuron's row made smaller where its adder would leave what it is built for."""
        clipped = np.clip(weights, -1, 1)
        return np.asarray(clipped / np.repeat(np.maximum(self._share(clipped), 1), np.diff(self._begins), axis=1))

    def reachable(self, weights: Singles) -> Singles:
        """Below the smallest weight that a device gives: that, or none."""
        size = np.abs(weights)
        return np.where(size >= self.least, weights, np.where(2 * size < self.least, 0, np.sign(weights) * self.least))

    def held(self, weights: Sequence[float]) -> Held:
        """How many of these weights (W,), as trained, are at a limit."""
        array = np.asarray(weights, dtype=np.float32)
        size = np.abs(array)
        closed = size > 0
        at_limits = closed & ((size >= 1 - ROUNDING) | (size <= self.least * (1 + ROUNDING)))
        full = self._share(array[None])[0] >= AT_LIMIT
        return Held(len(array), int(at_limits.sum()), int((~closed).sum()), len(full), int(full.sum()))

    def output_v(self, drives: Singles, weights: Singles) -> Singles:
        """(J, S, O) above the common node."""
        return self._forward(drives, weights).output_v.transpose(0, 2, 1)

    def gradient(self, drives: Singles, weights: Singles, slope_of: Callable[[Singles], Singles]) -> Singles:
        """By the chain rule."""
        activity = self._forward(drives, weights)
        by_output = slope_of(activity.output_v.transpose(0, 2, 1)).transpose(0, 2, 1)
        by_output_gain = np.matmul(by_output, self._with_bias(activity.hidden_v).transpose(0, 2, 1))
        by_sum = np.matmul(activity.output_gain[..., :-1].transpose(0, 2, 1), by_output) * activity.slope
        by_hidden_gain = np.matmul(by_sum, self._with_bias(drives.transpose(0, 2, 1)).transpose(0, 2, 1))
        flat = [by.reshape(len(weights), -1) for by in (by_hidden_gain, by_output_gain)]
        return self.full * np.concatenate(flat, axis=1)

    def _share(self, weights: Singles) -> Singles:
        """How much of its adder's range each row can take at the most, (J, H + O)."""
        return np.asarray(np.add.reduceat(np.abs(weights) * self._reach, self._begins[:-1], axis=1))

    def _forward(self, drives: Singles, weights: Singles) -> _Activity:
        gain = self.full * self.reachable(weights)
        split = self.hidden * (self.inputs + 1)
        hidden_gain = gain[:, :split].reshape(-1, self.hidden, self.inputs + 1)
        output_gain = gain[:, split:].reshape(-1, self.outputs, self.hidden + 1)
        tf_v, slope = self._sigmoid(np.matmul(hidden_gain, self._with_bias(drives.transpose(0, 2, 1))))
        hidden_v = self._divider * tf_v
        output_v = np.matmul(output_gain, self._with_bias(hidden_v))
        return _Activity(hidden_v, self._divider * slope, output_gain, output_v)

    def _with_bias(self, levels_v: Singles) -> Singles:
        """(J, N, S) with the bias node as one row more."""
        bias_v = np.full((len(levels_v), 1, levels_v.shape[2]), self._bias_v)
        return np.concatenate([levels_v, bias_v], axis=1)

    def _sigmoid(self, sum_v: Singles) -> tuple[Singles, Singles]:
        """The curve and its slope; it stays where it is beyond what an adder is built for."""
        inside = np.clip(sum_v, -self._built_v, self._built_v)
        squashed = np.tanh(polynomial.polyval(inside, self._curve))
        by_sum = (1 - squashed**2) * polynomial.polyval(inside, self._curve_slope)
        return self._middle_v + self._swing_v * squashed, self._swing_v * by_sum * (inside == sum_v)
