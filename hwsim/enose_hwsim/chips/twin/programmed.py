"""Chips with their weights in place: all that a sample still has to go through, in arrays ready for it.

A neuron's summing node is where the I/V converter takes the current that the half-synapses give. In the node's voltage
t, scaled to -1..1, that is a polynomial of sixth degree, whose lower coefficients depend on the inputs; Newton's method
finds its root, and a table gives the neuron's output there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin.characterise import CURVE_V, DRIVE_PER_V, DRIVES, GRID, SUM_V, drive
from enose_hwsim.chips.twin.polynomial import basis

Array = NDArray[Any]  # float32 or float64, throughout one chip

DEGREE = 6  # of a summing node's balance
FAR_WEIGHT = 0.01  # of the converter's curve where the neuron is saturated
NEWTON_STEPS = 2
LIMIT_V = 0.43  # from V_ref; no summing node gets farther
LIMIT_T = 2 * LIMIT_V / (SUM_V[1] - SUM_V[0])
ROWS = 1024  # of a neuron's table, in -LIMIT_T .. LIMIT_T: 0.7 mV apart
BLOCK_CHIPS, BLOCK_SAMPLES = 8, 1024  # so much at a time stays in the cache


@dataclass(frozen=True)
class Programmed:
    """C chips with H hidden neurons, I inputs and an output, at a temperature."""

    hidden: Array  # (C, 4 H, 8 I) a neuron's balance: coefficient by neuron, over the inputs' basis
    output: Array  # (C, 4, 8 H)
    upper: Array  # (C, 1, H + 1, 1) what of the balances no input reaches
    curves: Array  # (C, H + 1, ROWS) hidden neurons in -1..1 of DRIVES, the output in volts
    v_ref_v: float

    def output_v(self, inputs_v: NDArray[np.float64]) -> Array:
        """The outputs (C, S) for inputs (S, I), which nobody checks any more."""
        dtype, chips = self.hidden.dtype, len(self.hidden)
        powers = basis(drive(inputs_v, self.v_ref_v), *DRIVES, GRID[0]).astype(dtype)  # (S, I, 11)
        powers = np.ascontiguousarray(powers.reshape(len(inputs_v), inputs_v.shape[1] * GRID[0]).T)
        answer = np.empty((chips, len(inputs_v)), dtype)
        for c in blocks(chips, BLOCK_CHIPS):
            for s in blocks(len(inputs_v), BLOCK_SAMPLES):
                answer[c, s] = self._block(c, powers[:, s])
        return answer

    def _block(self, c: slice, powers: Array) -> Array:
        neurons = self.upper.shape[2] - 1
        lower = np.matmul(self.hidden[c], powers).reshape(-1, GRID[2], neurons, powers.shape[1])
        hidden = looked_up(self.curves[c, :-1], root(lower, self.upper[c, :, :-1]))
        lower = np.matmul(self.output[c], chebyshev_powers(hidden))[:, :, None]
        return looked_up(self.curves[c, -1:], root(lower, self.upper[c, :, -1:]))[:, 0]


@dataclass(frozen=True)
class Neurons:
    """The N neurons of C chips, which no weight changes."""

    converter: Array  # (C, N, 7) polynomials of the summing nodes' voltages
    curves: Array  # as Programmed's, (C, N, ROWS)


def neurons_of(chip: MlpFile, converter_na: Array, neuron_v: Array) -> Neurons:
    """From the cells' curves of converters and neurons, (C, N, 221)."""
    v_ref_v = chip.synapse.v_ref_v
    curves = neuron_v @ _refined().astype(neuron_v.dtype, copy=False)
    curves[:, :-1] = _scaled(drive(curves[:, :-1], v_ref_v), DRIVES)
    return Neurons(converter_na @ _from_curve(v_ref_v).astype(converter_na.dtype, copy=False), curves)


def programmed(chip: MlpFile, synapses: Array, neurons: Neurons) -> Programmed:
    """Put chips together: synapses (C, W, 11, 6), and neurons of as many chips or of one for all."""
    inputs, v_ref_v = chip.topology.inputs, chip.synapse.v_ref_v
    chips, hidden = len(synapses), neurons.curves.shape[1] - 1
    converter = np.broadcast_to(neurons.converter, (chips, *neurons.converter.shape[1:]))
    drawn = -np.einsum("cwxk,kn->cwnx", synapses, _to_powers().astype(synapses.dtype, copy=False), optimize=True)
    level = basis(drive(np.array([chip.input.bias_v]), v_ref_v), *DRIVES, GRID[0])[0].astype(synapses.dtype)

    rows = drawn[:, : hidden * (inputs + 1)].reshape(chips, hidden, inputs + 1, GRID[2], GRID[0])
    last = drawn[:, None, hidden * (inputs + 1) :]
    layers = []
    for layer, own in ((rows, converter[:, :-1]), (last, converter[:, -1:])):
        layer[:, :, 0, :, 0] += layer[:, :, -1] @ level + own[..., : GRID[2]]  # the bias synapse is a constant too
        shape = (chips, GRID[2] * layer.shape[1], -1)
        layers.append(np.ascontiguousarray(layer[:, :, :-1].transpose(0, 3, 1, 2, 4)).reshape(shape))
    upper = np.ascontiguousarray(converter[..., GRID[2] :].transpose(0, 2, 1))[..., None]
    # The output layer's basis comes power by power, see chebyshev_powers.
    output = layers[1].reshape(chips, GRID[2], hidden, GRID[0]).swapaxes(2, 3).reshape(chips, GRID[2], -1)
    curves = np.broadcast_to(neurons.curves, (chips, *neurons.curves.shape[1:]))
    return Programmed(layers[0], np.ascontiguousarray(output), upper, curves, v_ref_v)


def blocks(length: int, size: int) -> Iterator[slice]:
    """A length in parts of at most a size."""
    return (slice(begin, min(begin + size, length)) for begin in range(0, length, size))


def _scaled(values: Array, limits: tuple[float, float]) -> Array:
    low, high = limits
    return (values - (low + high) / 2) / ((high - low) / 2)


# A simulated board puts its chip together anew at every change of an input, for weights droop: what is the same each
# time is computed once.
@cache
def _to_powers() -> NDArray[np.float64]:
    """The matrix (6, 6) from Chebyshev's coefficients over a summing node to those of its powers."""
    rows = [np.pad(chebyshev.cheb2poly(row), (0, GRID[2]))[: GRID[2]] for row in np.eye(GRID[2])]
    return _kept(np.stack(rows))


@cache
def _from_curve(v_ref_v: float) -> NDArray[np.float64]:
    """The matrix (221, 7) from a converter's curve to the nearest polynomial, where the neuron's slope is steep."""
    matters = 1 / np.cosh(DRIVE_PER_V * (CURVE_V - v_ref_v)) ** 2 + FAR_WEIGHT
    powers = np.vander(_scaled(CURVE_V, SUM_V), DEGREE + 1, increasing=True)
    return _kept((np.linalg.pinv(powers * matters[:, None]) * matters).T)


def _kept(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Nobody changes what others will take too."""
    matrix.flags.writeable = False
    return matrix


@cache
def _refined() -> NDArray[np.float64]:
    """The matrix (221, ROWS) from a neuron's curve to its table, by cubic interpolation."""
    low, high = SUM_V
    wanted = (low + high) / 2 + (high - low) / 2 * np.linspace(-LIMIT_T, LIMIT_T, ROWS)
    place = (wanted - CURVE_V[0]) / (CURVE_V[1] - CURVE_V[0])
    first = np.clip(np.floor(place).astype(int) - 1, 0, len(CURVE_V) - 4)
    matrix = np.zeros((len(CURVE_V), ROWS))
    for k in range(4):  # Lagrange's polynomials on four neighbours
        others = [j for j in range(4) if j != k]
        matrix[first + k, np.arange(ROWS)] = np.prod([(place - first - j) / (k - j) for j in others], axis=0)
    return _kept(matrix)


def root(lower: Array, upper: Array) -> Array:
    """The root t (B, N, S) of balances: lower (B, 6, N, S) and upper (B, 1, N, 1) coefficients, rising in t."""
    coefficients = [*(lower[:, k] for k in range(GRID[2])), *(upper[:, k] for k in range(DEGREE + 1 - GRID[2]))]
    t = lower[:, 0] / lower[:, 1]
    np.negative(t, out=t)
    value, slope = np.empty_like(t), np.empty_like(t)
    for _ in range(NEWTON_STEPS):
        np.clip(t, -LIMIT_T, LIMIT_T, out=t)
        np.multiply(t, coefficients[-1], out=value)
        slope[:] = coefficients[-1]
        value += coefficients[-2]
        for coefficient in coefficients[-3::-1]:  # Horner's scheme, for value and slope at once
            slope *= t
            slope += value
            value *= t
            value += coefficient
        value /= slope
        t -= value
    return t


def looked_up(curves: Array, t: Array) -> Array:
    """Curves (B, N, ROWS) at t (B, N, S), linearly between their rows."""
    place = t + t.dtype.type(LIMIT_T)
    place *= t.dtype.type((ROWS - 1) / (2 * LIMIT_T))
    np.clip(place, 0, ROWS - 1.01, out=place)
    row = place.astype(np.int32)
    place -= row
    curve = np.arange(curves.shape[0] * curves.shape[1], dtype=np.int32).reshape(*curves.shape[:2], 1)
    row += curve * ROWS
    flat = curves.reshape(-1)
    here: Array = flat.take(row)
    row += 1
    there: Array = flat.take(row)
    there -= here
    there *= place
    there += here
    return there


def chebyshev_powers(u: Array) -> Array:
    """T_0 .. T_10 of u (B, H, S), one after the other: (B, 11 H, S)."""
    chips, hidden, samples = u.shape
    powers = np.empty((chips, GRID[0], hidden, samples), u.dtype)
    powers[:, 0] = 1
    powers[:, 1] = u
    double = u + u
    for k in range(2, GRID[0]):
        np.multiply(double, powers[:, k - 1], out=powers[:, k])
        powers[:, k] -= powers[:, k - 2]
    return powers.reshape(chips, GRID[0] * hidden, samples)
