"""The transistor chip as training goes through it: its smooth cells in single precision and with their gradient.

The forward pass is held to the fast twin by a test, the backward pass to finite differences. Most of a training's time
is spent here, so networks are taken in blocks that stay in a core's cache, and arrays are used again.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import NDArray

from enose.training.circuit import Singles
from enose.training.equation_circuit import droop
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin.characterise import DRIVE_PER_V, DRIVES
from enose_hwsim.chips.twin.smooth import CURVE_LIMIT, DRIVE_TERMS, WEIGHT_TERMS, SmoothChips
from enose_hwsim.chips.twin.twin import TwinChip

SLOPE_TERMS = 4  # of the curve's slope: it counts where the tanh is steep, and there they are within 1 % of it


@dataclass(frozen=True)
class _Activity:
    """What a forward pass leaves for the backward pass. J networks, H hidden neurons, S samples."""

    inputs: Singles  # (J or 1, 1 + X I, S) Chebyshev's polynomials of the drives
    hidden: Singles  # (J, K, H, S) powers of the hidden neurons' tanh, from the first on
    counted: tuple[Singles, Singles]  # (J, H, S) and (J, S): what the neurons' curves take
    conductance: tuple[Singles, Singles]
    output: Singles  # (J, S) tanh of the output neuron


@dataclass(frozen=True)
class _Rows:
    """Coefficients of J networks on what their neurons add up: r is 0 for current and 1 for conductance."""

    inputs: Singles  # (2, J, H, 1 + X I)
    hidden: Singles  # (J, 2, K H)
    rest: Singles  # (J, 2)


class MlpCircuit:
    """One chip's network with one output, as a Circuit; the nominal chip, or one of several mismatched ones."""

    def __init__(self, chip: MlpFile, cells: SmoothChips | None = None, which: int = 0) -> None:
        """Take sizes and cells of the chip; of `cells` those of chip `which`. Raises as SmoothChips.of."""
        self.inputs, self.hidden, self.weights = chip.topology.inputs, chip.topology.hidden, chip.topology.weights
        self.droop = droop(chip)
        self.cells = cells = SmoothChips.of(TwinChip(chip)) if cells is None else cells
        low_v, high_v = chip.synapse.weight_min_v, chip.synapse.weight_max_v
        # A weight's place in the table of its voltages, -1..1: zero - weight. A higher weight is a lower voltage.
        self._zero = np.float32((2 * chip.synapse.weight_zero_v - low_v - high_v) / (high_v - low_v))
        table = cells.input_table[which].reshape(-1, WEIGHT_TERMS, 2 * DRIVE_TERMS)
        self._input_table = np.ascontiguousarray(table, np.float32)
        self._input_bias = np.ascontiguousarray(cells.input_bias[which], np.float32)
        hidden = cells.hidden_table[which]
        self._hidden_table = np.ascontiguousarray(hidden.reshape(self.hidden, WEIGHT_TERMS, -1), np.float32)
        self._hidden_bias = cells.hidden_bias[which].astype(np.float32)
        self._rest = cells.rest[which].astype(np.float32)
        self._curve = cells.curve.astype(np.float32)
        self._slope = _flat_slope(cells.curve)
        self._middle_v, self._swing_v = np.float32(cells.middle_v[which]), np.float32(cells.swing_v[which])

    def drives(self, inputs_v: NDArray[np.float64]) -> Singles:
        """The tanh that the twin's tables are taken over."""
        return self.cells.drive(inputs_v).astype(np.float32)

    def drive_per_v(self, drives: Singles) -> Singles:
        """A tanh's slope."""
        largest = np.float32(DRIVES[1])
        return np.asarray(np.float32(DRIVE_PER_V) * (1 / largest - largest * drives**2))

    def random_layer(self, drives: Singles, rows: Singles) -> Singles:
        """Outputs of hidden neurons, in swings, (..., S, N); each is this chip's first hidden neuron."""
        first = self._input_table[: self.inputs]
        terms = _chebyshev(self._zero - rows, WEIGHT_TERMS)
        coefficients = np.einsum("nit,itc->nic", terms[:, :-1], first).reshape(len(rows), -1, 2, DRIVE_TERMS)
        bias = terms[:, -1] @ self._input_bias[0] + self._rest[0]
        flat = _powers(drives.reshape(1, -1, drives.shape[-1]))[0]
        added = _input_rows(coefficients, bias) @ flat
        squashed = np.tanh(_at(self._curve, np.clip(added[0] / added[1], -CURVE_LIMIT, CURVE_LIMIT)))
        return np.asarray(squashed.T + np.float32(self.cells.hidden_middle)).reshape(*drives.shape[:-1], len(rows))

    def within(self, weights: Singles) -> Singles:
        """Clipped to -1..1."""
        return np.clip(weights, -1, 1)

    def reachable(self, weights: Singles) -> Singles:
        """All of them: a capacitor takes any voltage."""
        return weights

    def output_v(self, drives: Singles, weights: Singles) -> Singles:
        """Through both layers."""
        return self._middle_v + self._swing_v * self._forward(drives, self._rows(self._terms(weights))).output

    def gradient(self, drives: Singles, weights: Singles, slope_of: Callable[[Singles], Singles]) -> Singles:
        """By the chain rule."""
        terms = self._terms(weights)
        rows = self._rows(terms)
        activity = self._forward(drives, rows)
        by_current = self._swing_v * slope_of(self._middle_v + self._swing_v * activity.output)
        self._through_neuron(by_current, activity.counted[1], activity.output**2, activity.conductance[1])
        by_sums = np.stack([by_current, -by_current * activity.counted[1]], axis=1)
        count, samples = by_current.shape
        flat = activity.hidden.reshape(count, -1, samples)
        by_hidden_rows = np.matmul(by_sums, flat.transpose(0, 2, 1)), by_sums.sum(axis=2)
        by_within = self._by_squashed(activity, rows, by_current)
        self._through_neuron(by_within, activity.counted[0], activity.hidden[:, 1], activity.conductance[0])
        by_sums = np.empty((2, *by_within.shape), np.float32)
        by_sums[0] = by_within
        np.multiply(by_within, activity.counted[0], out=by_sums[1])
        np.negative(by_sums[1], out=by_sums[1])
        turned = activity.inputs.transpose(0, 2, 1)
        if len(turned) == 1:
            by_input_rows = (by_sums.reshape(-1, samples) @ turned[0]).reshape(2, count, self.hidden, -1)
        else:
            by_input_rows = np.matmul(by_sums, turned)
        return self._by_weights(weights, by_input_rows, *by_hidden_rows)

    def _through_neuron(self, by: Singles, counted: Singles, squared: Singles, conductance: Singles) -> None:
        """From slopes by a neuron's tanh, squared: to those by its current; in place."""
        slope = _at(self._slope, counted)
        slope *= 1 - squared
        slope /= conductance
        by *= slope

    def _by_squashed(self, activity: _Activity, rows: _Rows, by_current: Singles) -> Singles:
        """Slopes by the hidden neurons' tanh, (J, H, S): of what their synapses carry into the output's node."""
        squashed = activity.hidden[:, 0]
        count = len(squashed)
        current, conductance = np.moveaxis(rows.hidden.reshape(count, 2, -1, self.hidden), 1, 0)[..., None]
        by: Singles = squashed * (len(current[0]) * current[:, -1])
        for k in range(current.shape[1] - 1, 1, -1):
            by += k * current[:, k - 1]
            by *= squashed
        by += current[:, 0]
        # the conductance hardly depends on them: to the second power will do
        by -= activity.counted[1][:, None] * (conductance[:, 0] + 2 * conductance[:, 1] * squashed)
        by *= by_current[:, None]
        return by

    def _terms(self, weights: Singles) -> Singles:
        """Chebyshev's polynomials of the weights' places, (W, J, WEIGHT_TERMS)."""
        return _chebyshev(self._zero - weights.T, WEIGHT_TERMS)

    def _rows(self, terms: Singles) -> _Rows:
        count, inputs, hidden = terms.shape[1], self.inputs, self.hidden
        within = terms[: hidden * (inputs + 1)].reshape(hidden, inputs + 1, count, WEIGHT_TERMS)
        synapses = within[:, :-1].reshape(-1, count, WEIGHT_TERMS)
        flat = np.matmul(synapses, self._input_table).reshape(hidden, inputs, count, 2, DRIVE_TERMS)
        rest = np.matmul(within[:, -1], self._input_bias) + self._rest[:-1, None]
        last = terms[hidden * (inputs + 1) :]
        squashed = np.matmul(last[:-1], self._hidden_table).reshape(hidden, count, 2, -1)
        output_rest = last[-1] @ self._hidden_bias + self._rest[-1] + squashed[..., 0].sum(axis=0)
        return _Rows(
            _input_rows(flat.transpose(2, 0, 1, 3, 4), rest.transpose(1, 0, 2)),
            np.ascontiguousarray(squashed[..., 1:].transpose(1, 2, 3, 0)).reshape(count, 2, -1),
            output_rest,
        )

    def _forward(self, drives: Singles, rows: _Rows) -> _Activity:
        powers = _powers(drives)
        _, count, hidden, terms = rows.inputs.shape
        if len(powers) == 1:
            added = (rows.inputs.reshape(-1, terms) @ powers[0]).reshape(2, count, hidden, -1)
        else:
            added = np.matmul(rows.inputs, powers)
        within = self._counted(added[0], added[1])
        squashed = np.empty((count, rows.hidden.shape[2] // hidden, *within.shape[1:]), np.float32)
        np.tanh(_at(self._curve, within), out=squashed[:, 0])
        for k in range(1, squashed.shape[1]):  # t^2 = t t, t^3 = t^2 t, t^4 = t^2 t^2
            np.multiply(squashed[:, k // 2], squashed[:, (k - 1) // 2], out=squashed[:, k])
        last = np.matmul(rows.hidden, squashed.reshape(count, -1, within.shape[-1]))
        last += rows.rest[..., None]
        output = self._counted(last[:, 0], last[:, 1])
        return _Activity(powers, squashed, (within, output), (added[1], last[:, 1]), np.tanh(_at(self._curve, output)))

    def _counted(self, current: Singles, conductance: Singles) -> Singles:
        """What neurons' curves take; held where they are at their ends, with the slope that they have there."""
        counted: Singles = current / conductance
        np.minimum(counted, np.float32(CURVE_LIMIT), out=counted)
        np.maximum(counted, np.float32(-CURVE_LIMIT), out=counted)
        return counted

    def _by_weights(self, weights: Singles, by_inputs: Singles, by_hidden: Singles, by_rest: Singles) -> Singles:
        """From slopes by rows, (2, J, H, 1 + X I), (J, 2, K H) and (J, 2), to slopes by weights, (J, W)."""
        count, inputs, hidden = len(weights), self.inputs, self.hidden
        by_one = by_inputs[..., 0].transpose(2, 1, 0)  # (H, J, 2)
        by_powers = by_inputs[..., 1:].reshape(2, count, hidden, DRIVE_TERMS - 1, inputs).transpose(2, 4, 1, 0, 3)
        flat = np.empty((hidden, inputs, count, 2, DRIVE_TERMS), np.float32)
        flat[..., 0], flat[..., 1:] = by_one[:, None], by_powers
        table = self._input_table.transpose(0, 2, 1)
        by_terms = np.empty((self.weights, count, WEIGHT_TERMS), np.float32)
        within = by_terms[: hidden * (inputs + 1)].reshape(hidden, inputs + 1, count, WEIGHT_TERMS)
        within[:, :-1] = np.matmul(flat.reshape(-1, count, 2 * DRIVE_TERMS), table).reshape(within[:, :-1].shape)
        within[:, -1] = np.matmul(by_one, self._input_bias.transpose(0, 2, 1))
        by_last = by_hidden.reshape(count, 2, -1, hidden).transpose(3, 0, 1, 2)
        one = np.broadcast_to(by_rest[None, ..., None], (hidden, count, 2, 1))
        with_one = np.concatenate([one, by_last], axis=3).reshape(hidden, count, -1)
        last = by_terms[hidden * (inputs + 1) :]
        last[:-1] = np.matmul(with_one, self._hidden_table.transpose(0, 2, 1))
        last[-1] = by_rest @ self._hidden_bias.T
        slopes = _chebyshev_slopes(self._zero - weights.T)
        return np.asarray(-np.einsum("wjt,wjt->jw", by_terms[..., 1:], slopes))


def _flat_slope(curve: NDArray[np.float64]) -> Singles:
    """The slope of a neuron's curve by few powers, nearest where its tanh is steep."""
    counted = np.linspace(-CURVE_LIMIT, CURVE_LIMIT, 201)
    steep = 1 - np.tanh(polynomial.polyval(counted, curve)) ** 2
    wanted = polynomial.polyval(counted, polynomial.polyder(curve))
    return polynomial.polyfit(counted, wanted, SLOPE_TERMS - 1, w=np.sqrt(steep)).astype(np.float32)


def _at(powers: Singles, x: Singles) -> Singles:
    """A polynomial by Horner's scheme."""
    value: Singles = x * powers[-1]
    for power in powers[-2:0:-1]:
        value += power
        value *= x
    value += powers[0]
    return value


def _chebyshev(x: Singles, terms: int) -> Singles:
    """T_0.. of x (...), as a last axis."""
    found = [np.ones_like(x), x]
    while len(found) < terms:
        found.append(2 * x * found[-1] - found[-2])
    return np.stack(found[:terms], axis=-1)


def _chebyshev_slopes(x: Singles) -> Singles:
    """Slopes of T_1, T_2 and T_3 of x (...), as a last axis."""
    return np.stack([np.ones_like(x), 4 * x, 12 * x * x - 3], axis=-1)


def _powers(drives: Singles) -> Singles:
    """1, then T_1.. of drives (J, S, I), each of all inputs: (J, 1 + X I, S)."""
    networks, samples, inputs = drives.shape
    powers = np.empty((networks, 1 + (DRIVE_TERMS - 1) * inputs, samples), np.float32)
    powers[:, 0] = 1
    terms = powers[:, 1:].reshape(networks, -1, inputs, samples)
    terms[:, 0] = drives.transpose(0, 2, 1)
    double = terms[:, 0] + terms[:, 0]
    np.multiply(double, terms[:, 0], out=terms[:, 1])
    terms[:, 1] -= 1
    for k in range(2, DRIVE_TERMS - 1):
        np.multiply(double, terms[:, k - 1], out=terms[:, k])
        terms[:, k] -= terms[:, k - 2]
    return powers


def _input_rows(synapses: Singles, rest: Singles) -> Singles:
    """Rows (2, ..., 1 + X I) of synapses (..., I, 2, X) and what is added to them, (..., 2)."""
    rows = np.empty((2, *synapses.shape[:-3], 1 + (DRIVE_TERMS - 1) * synapses.shape[-3]), np.float32)
    rows[..., 0] = np.moveaxis(synapses[..., 0].sum(axis=-2) + rest, -1, 0)
    # (..., I, 2, X) to (2, ..., X, I)
    terms = np.moveaxis(np.swapaxes(synapses[..., 1:], -3, -1), -2, 0)
    rows[..., 1:] = terms.reshape(*rows.shape[:-1], -1)
    return rows
