"""The noise of the twin's output: every cell's noise, through the slopes that the chip has at rest.

Neurons drive gates only. So what a summing node takes in as noise current, from its synapses and its converter, moves
it by the inverse of its conductance and the neuron's output by the neuron's slope. To that the neuron adds its own, and
the noise of hidden neurons goes on through their output synapses. The bias generator's noise reaches all neurons at
once and is added before the squares. Densities are those of cells without mismatch, at the mismatched chip's own
voltages and slopes. Reference, supply, inputs and held weights bring no noise of their own here.
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin.characterise import (
    BIAS_UNIT_V,
    CURVE_V,
    DRIVE_PER_V,
    DRIVES,
    GRID,
    SUM_V,
    Tables,
    drive,
)
from enose_hwsim.chips.twin.densities import NODE_V, NOISE_GRID, Densities
from enose_hwsim.chips.twin.polynomial import basis
from enose_hwsim.chips.twin.programmed import (
    BLOCK_CHIPS,
    BLOCK_SAMPLES,
    LIMIT_T,
    ROWS,
    Programmed,
    blocks,
    chebyshev_powers,
    looked_up,
    root,
)

Floats = NDArray[np.float64]

HALF_V = (SUM_V[1] - SUM_V[0]) / 2  # of a summing node, for a t of 1
HALF_DRIVE = (DRIVES[1] - DRIVES[0]) / 2
ROW_T = 2 * LIMIT_T / (ROWS - 1)


@dataclass(frozen=True)
class Node:
    """A layer's summing nodes and neurons at rest: (C, N, S) each."""

    t: Floats  # the node, -1..1 in SUM_V
    output: Floats  # -1..1 in DRIVES of hidden neurons, volts of the last one
    by_na: Floats  # how much the output moves for a current into the node


def output_parts_v2(
    chip: MlpFile, ready: Programmed, weights_v: Floats, tables: Tables, densities: Densities, inputs_v: Floats
) -> Floats:
    """White and flicker power densities at the outputs, in V^2/Hz, the latter at 1 Hz: (2, C, S).

    For weights (C, W) and inputs (S, I), which nobody checks any more.
    """
    synapse, v_ref_v = chip.synapse, chip.synapse.v_ref_v
    of_weight = basis(weights_v, synapse.weight_min_v, synapse.weight_max_v, NOISE_GRID[1])
    synapses = np.einsum("cwk,pxkn->pcwnx", of_weight, densities.synapse_na2, optimize=True)
    of_input = basis(drive(inputs_v, v_ref_v), *DRIVES, GRID[0])  # (S, I, 11)
    level = basis(drive(np.array([chip.input.bias_v]), v_ref_v), *DRIVES, NOISE_GRID[0])[0]
    # One set of weights may be shared by all chips.
    synapses = np.broadcast_to(synapses, (2, len(ready.hidden), *synapses.shape[2:]))
    answer = np.empty((2, len(ready.hidden), len(inputs_v)))
    for c in blocks(len(ready.hidden), BLOCK_CHIPS):
        for s in blocks(len(inputs_v), BLOCK_SAMPLES):
            answer[:, c, s] = _block(chip, ready, c, synapses[:, c], of_input[s], level, tables, densities)
    return answer


def _block(
    chip: MlpFile, ready: Programmed, c: slice, synapses: Floats, of_input: Floats, level: Floats, tables: Tables,
    densities: Densities,
) -> Floats:  # fmt: skip
    inputs, hidden = chip.topology.inputs, chip.topology.hidden
    first = hidden * (inputs + 1)
    powers = of_input.reshape(len(of_input), -1).T
    lower = np.matmul(ready.hidden[c], powers).reshape(-1, GRID[2], hidden, len(of_input))
    within = _at_rest(lower, ready.upper[c, :, :-1], ready.curves[c, :-1])
    of_hidden = chebyshev_powers(within.output).reshape(-1, GRID[0], hidden, len(of_input))
    lower = np.matmul(ready.output[c], of_hidden.reshape(len(of_hidden), -1, len(of_input)))[:, :, None]
    last = _at_rest(lower, ready.upper[c, :, -1:], ready.curves[c, -1:])

    # What hidden neurons move at the output, in volts by u: the output synapses' slope, through the last neuron.
    by_input = ready.output[c].reshape(-1, GRID[2], GRID[0], hidden)
    slopes = np.moveaxis(chebyshev.chebder(by_input, axis=2), 2, 0)  # (10, C, 6, H)
    drawn = np.einsum("nckh,cnhs,cks->chs", slopes, of_hidden[:, :-1], _powers(last.t[:, 0], GRID[2]), optimize=True)
    passed = -drawn * last.by_na  # (C, H, S)
    u_by_v = DRIVE_PER_V * (1 - (HALF_DRIVE * within.output) ** 2) / HALF_DRIVE

    rows = synapses[:, :, :first].reshape(2, -1, hidden, inputs + 1, *synapses.shape[3:])
    from_inputs = np.einsum("pchinx,six->pchns", rows[:, :, :, :-1], of_input[..., : NOISE_GRID[0]], optimize=True)
    from_inputs = from_inputs + (rows[:, :, :, -1] @ level)[..., None]
    rows = synapses[:, :, first:]
    from_hidden = np.einsum("pchnx,cxhs->pcns", rows[:, :, :-1], of_hidden[:, : NOISE_GRID[0]], optimize=True)
    from_hidden = from_hidden + (rows[:, :, -1] @ level)[..., None]

    total = passed**2 * (_taken_in(from_inputs, within.t, densities) * within.by_na**2)
    total += passed**2 * u_by_v**2 * _at_node(densities.neuron_v2, within.t)
    answer = total.sum(axis=2)
    answer += (_taken_in(from_hidden[:, :, None], last.t, densities) * last.by_na**2)[:, :, 0]
    answer += _at_node(densities.neuron_v2, last.t)[:, :, 0]
    by_bias = tables.neuron_v[_BIAS_TERM] / BIAS_UNIT_V  # of a neuron's output, V/V over CURVE_V
    common = np.interp(_node_v(last.t[:, 0]), CURVE_V, by_bias)
    common = common + (passed * u_by_v * np.interp(_node_v(within.t), CURVE_V, by_bias)).sum(axis=1)
    return np.asarray(answer + densities.bias_v2[:, None, None] * common**2)


_BIAS_TERM = 8  # of the polynomial in a neuron's seven shifts and the bias node's: a constant, then each alone


def _at_rest(lower: Floats, upper: Floats, curves: Floats) -> Node:
    t = root(lower, upper)
    conductance = np.zeros_like(t)  # in nA by t: the derivative of the balance
    for k in range(GRID[2], 0, -1):
        conductance *= t
        conductance += k * (upper[:, 0] if k == GRID[2] else lower[:, k])
    return Node(t, looked_up(curves, t), looked_up(np.gradient(curves, ROW_T, axis=-1), t) / conductance)


def _taken_in(from_synapses: Floats, t: Floats, densities: Densities) -> Floats:
    """Noise current into summing nodes, (2, C, N, S) in nA^2/Hz: synapses' (2, C, N, 3, S) over t, and converters'."""
    of_node = np.moveaxis(basis(np.clip(t, -1, 1), -1, 1, NOISE_GRID[2]), -1, -2)  # (C, N, 3, S)
    return np.asarray((from_synapses * of_node).sum(axis=-2) + _at_node(densities.converter_na2, t))


def _at_node(parts: Floats, t: Floats) -> Floats:
    return np.stack([np.interp(_node_v(t), NODE_V, part) for part in parts])


def _node_v(t: Floats) -> Floats:
    return np.asarray((SUM_V[0] + SUM_V[1]) / 2 + HALF_V * t)


def _powers(t: Floats, count: int) -> Floats:
    """t^0 .. t^(count-1) of t (C, S): (C, count, S)."""
    return np.stack([t**k for k in range(count)], axis=1)
