"""A chip's synapses and neurons in the field's words: gains, offsets, slopes, each against the nominal chip's.

A bias node's synapse always has the same input. So its offset is not to be told from its neuron's, and stands for both:
its zero is the weight voltage that brings the neuron's output to V_ref while the other synapses carry nothing.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]

INPUT_STEP_V, WEIGHT_STEP_V = 0.03, 0.1  # about V_ref and weight_zero_v: where synapses are used
SLOPE_STEP = 0.02  # of a neuron's curve: so far that its points do not show
BALANCE_V = 0.05  # within it a neuron's curve rises everywhere


@dataclass(frozen=True)
class Figures:
    """C chips' figures; W synapses and N neurons, the output's last."""

    gain: Floats  # (C, W) change of current by weight and input, relative to the nominal chip's
    zero_v: Floats  # (C, W) how far the weight voltage of no effect lies from the nominal chip's
    slope: Floats  # (C, N) of the neuron's output by its current, relative to the nominal chip's
    offset_v: Floats  # (C, N) its output at no current, from the nominal chip's


def figures(chip: MlpFile, temperature_c: float, sigmas: Floats) -> Figures:
    """Of chips with these threshold shifts, (C, P) in sigmas."""
    nominal = _absolute(TwinChip(chip, temperature_c))
    found = _absolute(TwinChip(chip, temperature_c, Shifts.from_sigmas(chip.topology, sigmas)))
    return Figures(
        found.gain / nominal.gain,
        found.zero_v - nominal.zero_v,
        found.slope / nominal.slope,
        found.offset_v - nominal.offset_v,
    )


def _absolute(twin: TwinChip) -> Figures:
    chip = twin.chip
    v_ref_v, zero_v = chip.synapse.v_ref_v, chip.synapse.weight_zero_v
    inputs_v = np.array([v_ref_v - INPUT_STEP_V, v_ref_v, v_ref_v + INPUT_STEP_V, chip.input.bias_v])
    weights_v = zero_v + WEIGHT_STEP_V * np.array([-1.0, 0.0, 1.0])
    current = twin.synapse_na(inputs_v, weights_v)
    slope, offset_v, balance_na = _neurons(twin, v_ref_v)
    low, still, high, level = np.moveaxis(current, 2, 0)  # each (C, W, 3 weights)
    by_input, wanted = high - low, np.zeros(current.shape[:2])
    for neuron, synapses in enumerate(_rows(chip)):
        bias = synapses[-1]
        by_input[:, bias] = level[:, bias]
        wanted[:, bias] = balance_na[:, neuron] - still[:, synapses[:-1], 1].sum(axis=1)
    gain = (by_input[..., 2] - by_input[..., 0]) / (2 * WEIGHT_STEP_V)
    return Figures(gain, zero_v - WEIGHT_STEP_V + (wanted - by_input[..., 0]) / gain, slope, offset_v)


def _rows(chip: MlpFile) -> list[NDArray[np.int64]]:
    """Each neuron's synapses, its bias node's the last."""
    inputs, hidden = chip.topology.inputs, chip.topology.hidden
    every = np.arange(chip.topology.weights)
    first = hidden * (inputs + 1)
    return [*every[:first].reshape(hidden, inputs + 1), *every[first:].reshape(chip.topology.outputs, hidden + 1)]


def _neurons(twin: TwinChip, v_ref_v: float) -> tuple[Floats, Floats, Floats]:
    """Slope, output at no current less V_ref, and the current that brings the output to V_ref: each (C, N)."""
    currents, outputs = twin.neuron_curves()
    slope, offset_v, balance_na = (np.empty(currents.shape[:2]) for _ in range(3))
    for c, n in np.ndindex(*slope.shape):
        rising = np.argsort(currents[c, n])
        at, answer = currents[c, n][rising], outputs[c, n][rising]
        unit_na = SLOPE_STEP * (at[-1] - at[0])
        low, middle, high = np.interp([-unit_na, 0.0, unit_na], at, answer)
        slope[c, n], offset_v[c, n] = (high - low) / (2 * unit_na), middle - v_ref_v
        inner = np.abs(answer - v_ref_v) < BALANCE_V
        order = np.argsort(answer[inner])
        balance_na[c, n] = np.interp(v_ref_v, answer[inner][order], at[inner][order])
    return slope, offset_v, balance_na
