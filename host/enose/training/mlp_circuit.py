"""The transistor chip as training goes through it: its smooth cells in single precision and with their gradient.

The forward pass is held to the fast twin by a test, the backward pass to finite differences.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev, polynomial
from numpy.typing import NDArray

from enose.training.circuit import Singles
from enose.training.equation_circuit import droop
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin.characterise import DRIVE_PER_V, DRIVES
from enose_hwsim.chips.twin.smooth import DRIVE_TERMS, WEIGHT_TERMS, SmoothCells

FAR = 1.5  # in the cells' unit: currents beyond it saturate a neuron, and leave the range of its polynomials


@dataclass(frozen=True)
class _Layer:
    """A layer's forward pass, as its backward pass needs it: J networks, N neurons, X powers of each of I drives."""

    powers: Singles  # (J, X, I, S) Chebyshev's polynomials
    rows: Singles  # (J, 2 N, X I) what they add to the neurons' currents, then to the slopes of these
    by_current: Singles  # (J, N, S) slope of the output
    by_slope: Singles  # (J, N, S)
    output_v: Singles  # (J, N, S) above V_ref


class MlpCircuit:
    """One chip's network with one output, as a Circuit."""

    def __init__(self, chip: MlpFile) -> None:
        """Take sizes and cells of the chip. Raises as SmoothCells.of."""
        self.inputs, self.hidden, self.weights = chip.topology.inputs, chip.topology.hidden, chip.topology.weights
        self.droop = droop(chip)
        self.cells = cells = SmoothCells.of(chip)
        low_v, high_v = chip.synapse.weight_min_v, chip.synapse.weight_max_v
        # A weight's place in the table of its voltages, -1..1: zero - weight. A higher weight is a lower voltage.
        self._zero = np.float32((2 * chip.synapse.weight_zero_v - low_v - high_v) / (high_v - low_v))
        table = cells.synapse.transpose(1, 0, 2).reshape(WEIGHT_TERMS, -1)
        self._table, self._table_slope = table.astype(np.float32), chebyshev.chebder(table).astype(np.float32)
        self._node, self._node_slope = _with_slope(cells.node)
        self._curve, self._curve_slope = _with_slope(cells.curve)
        bias_drive = cells.drive(np.array([[[chip.input.bias_v]]])).astype(np.float32)
        self._bias = _powers(bias_drive).reshape(DRIVE_TERMS)

    def drives(self, inputs_v: NDArray[np.float64]) -> Singles:
        """The tanh that the twin's tables are taken over."""
        return self.cells.drive(inputs_v).astype(np.float32)

    def drive_per_v(self, drives: Singles) -> Singles:
        """A tanh's slope."""
        largest = np.float32(DRIVES[1])
        return np.asarray(np.float32(DRIVE_PER_V) * (1 / largest - largest * drives**2))

    def random_layer(self, drives: Singles, rows: Singles) -> Singles:
        """Outputs of hidden neurons, in swings, (..., S, N)."""
        flat = drives.reshape(1, -1, drives.shape[-1]).transpose(0, 2, 1)
        coefficients = self._coefficients(rows).reshape(1, *rows.shape, 2, DRIVE_TERMS)
        output_v = self._layer(_powers(flat), coefficients).output_v[0]
        return np.asarray(output_v.T / np.float32(self.cells.swing_v)).reshape(*drives.shape[:-1], len(rows))

    def within(self, weights: Singles) -> Singles:
        """Clipped to -1..1."""
        return np.clip(weights, -1, 1)

    def reachable(self, weights: Singles) -> Singles:
        """All of them: a capacitor takes any voltage."""
        return weights

    def output_v(self, drives: Singles, weights: Singles) -> Singles:
        """Through both layers."""
        return self._layers(drives, weights)[1].output_v[:, 0]

    def gradient(self, drives: Singles, weights: Singles, slope_of: Callable[[Singles], Singles]) -> Singles:
        """By the chain rule."""
        first, last = self._layers(drives, weights)
        by_output, by_powers = self._backward(last, slope_of(last.output_v[:, 0])[:, None])
        hidden_drive = last.powers[:, 1]
        by_hidden_v = np.einsum("jxis,jxis->jis", by_powers, _power_slopes(last.powers), optimize=True)
        by_hidden, _ = self._backward(first, by_hidden_v * self.drive_per_v(hidden_drive))
        by_coefficient = np.concatenate([by_hidden, by_output], axis=1)
        slopes = _chebyshev(self._zero - weights, WEIGHT_TERMS - 1) @ self._table_slope
        return np.asarray(-np.einsum("jwt,jwt->jw", by_coefficient, slopes, optimize=True), np.float32)

    def _coefficients(self, weights: Singles) -> Singles:
        """Of each weight's synapse (..., W): (..., W, 2 X)."""
        return _chebyshev(self._zero - weights, WEIGHT_TERMS) @ self._table

    def _layers(self, drives: Singles, weights: Singles) -> tuple[_Layer, _Layer]:
        split = self.hidden * (self.inputs + 1)
        coefficients = self._coefficients(weights).reshape(*weights.shape, 2, DRIVE_TERMS)
        rows = coefficients[:, :split].reshape(-1, self.hidden, self.inputs + 1, 2, DRIVE_TERMS)
        first = self._layer(_powers(drives.transpose(0, 2, 1)), rows)
        hidden_drive = np.tanh(np.float32(DRIVE_PER_V) * first.output_v) / np.float32(DRIVES[1])
        return first, self._layer(_powers(hidden_drive), coefficients[:, None, split:])

    def _layer(self, powers: Singles, coefficients: Singles) -> _Layer:
        """Neurons with synapses (J, N, I + 1, 2, X), the last of them the bias node's, at powers (J, X, I, S)."""
        networks, neurons = coefficients.shape[:2]
        rows = coefficients[:, :, :-1].transpose(0, 3, 1, 4, 2).reshape(networks, 2 * neurons, -1)
        sums = np.matmul(rows, powers.reshape(len(powers), rows.shape[-1], -1))
        sums += (coefficients[:, :, -1] @ self._bias).transpose(0, 2, 1).reshape(networks, 2 * neurons, 1)
        current, slope = sums[:, :neurons], sums[:, neurons:]
        # current + slope * node = what the curve takes; the node is known as a function of that.
        node, node_slope = _at(self._node, np.clip(current, -FAR, FAR)), self._node[1]
        share = 1 / (1 - slope * node_slope)
        counted = current + slope * node * share
        inside = np.abs(counted) < FAR
        counted = np.clip(counted, -FAR, FAR)
        squashed = np.tanh(_at(self._curve, counted))
        swing_v = np.float32(self.cells.swing_v)
        by_counted = swing_v * (1 - squashed**2) * _at(self._curve_slope, counted) * inside
        by_current = by_counted * (1 + slope * share * _at(self._node_slope, np.clip(current, -FAR, FAR)))
        output_v = np.float32(self.cells.middle_v) + swing_v * squashed
        return _Layer(powers, rows, by_current, by_counted * node * share**2, output_v)

    def _backward(self, layer: _Layer, by_output_v: Singles) -> tuple[Singles, Singles]:
        """Slopes of the loss by the layer's coefficients (J, N (I + 1), 2 X) and by its powers (J, X, I, S)."""
        networks, neurons = by_output_v.shape[:2]
        by_sums = np.concatenate([by_output_v * layer.by_current, by_output_v * layer.by_slope], axis=1)
        flat = layer.powers.reshape(len(layer.powers), layer.rows.shape[-1], -1)
        by_rows = np.matmul(by_sums, flat.transpose(0, 2, 1)).reshape(networks, 2, neurons, DRIVE_TERMS, -1)
        by_bias = by_sums.sum(axis=2).reshape(networks, 2, neurons, 1, 1) * self._bias[:, None]
        by_coefficient = np.concatenate([by_rows, by_bias], axis=-1).transpose(0, 2, 4, 1, 3)
        by_powers = np.matmul(layer.rows.transpose(0, 2, 1), by_sums).reshape(networks, *layer.powers.shape[1:])
        return by_coefficient.reshape(networks, -1, 2 * DRIVE_TERMS), by_powers


def _with_slope(powers: NDArray[np.float64]) -> tuple[Singles, Singles]:
    return powers.astype(np.float32), polynomial.polyder(powers).astype(np.float32)


def _at(powers: Singles, x: Singles) -> Singles:
    """A polynomial by Horner's scheme."""
    value = np.full_like(x, powers[-1])
    for power in powers[-2::-1]:
        value *= x
        value += power
    return value


def _chebyshev(x: Singles, terms: int) -> Singles:
    """T_0.. of x (...), as a last axis."""
    found = [np.ones_like(x), x]
    while len(found) < terms:
        found.append(2 * x * found[-1] - found[-2])
    return np.stack(found[:terms], axis=-1)


def _powers(drives: Singles) -> Singles:
    """T_0.. of drives (J, I, S): (J, X, I, S)."""
    networks, inputs, samples = drives.shape
    powers = np.empty((networks, DRIVE_TERMS, inputs, samples), np.float32)
    powers[:, 0], powers[:, 1] = 1, drives
    double = drives + drives
    for k in range(2, DRIVE_TERMS):
        np.multiply(double, powers[:, k - 1], out=powers[:, k])
        powers[:, k] -= powers[:, k - 2]
    return powers


def _power_slopes(powers: Singles) -> Singles:
    """Their slopes by the drives."""
    slopes = np.empty_like(powers)
    slopes[:, 0], slopes[:, 1] = 0, 1
    double = 2 * powers[:, 1]
    for k in range(2, DRIVE_TERMS):
        np.multiply(double, slopes[:, k - 1], out=slopes[:, k])
        slopes[:, k] += 2 * powers[:, k - 1] - slopes[:, k - 2]
    return slopes
