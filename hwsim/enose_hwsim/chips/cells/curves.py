"""The cells' transfer curves and noise from ngspice, to be laid over their equations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.characterise import BAND_HZ, NEURON, RELTOL, STRIDE_V, SYNAPSE
from enose_hwsim.chips.cells.forward import FORWARD_CELLS
from enose_hwsim.chips.equations import Cells
from enose_hwsim.chips.transistor_netlist import bench
from enose_hwsim.spice.driver import Path, Solver

Floats = NDArray[np.float64]

INPUTS = 41
WEIGHTS = 5
NODES = 121
NODE_SPAN_V = 0.3  # about V_ref: there the neuron is saturated

# For its noise the synapse works on the converter that it works on in the chip, at full weight.
SYNAPSE_NOISE = """Vx a 0 external
Va x a dc 0 ac 1
Vw w 0 external
Xp x w s ref vdd positive_half
Xn x w s ref vdd negative_half
Xc s vdd converter
"""


@dataclass(frozen=True)
class CellCurves:
    """Synapse and neuron at one temperature, as simulated and as their equations have it."""

    temperature_c: float
    input_v: Floats  # (X,)
    weight_v: Floats  # (W,)
    synapse_a: Floats  # (W, X) into the summing node, held at V_ref
    synapse_equation_a: Floats  # (W, X) I_full w tanh(kappa (V_x - V_ref) / (2 U_T)), I_full fitted, kappa the file's
    full_a: float  # I_full
    node_v: Floats  # (N,) of the summing node
    neuron_v: Floats  # (N,)
    neuron_equation_v: Floats  # (N,) V_ref + swing tanh(kappa (V_sum - V_ref) / (2 U_T)), all of it the chip file's
    frequency_hz: Floats  # (F,)
    synapse_noise: Floats  # (F,) V/sqrt(Hz) at the input
    neuron_noise: Floats  # (F,) V/sqrt(Hz) at the summing node


def cell_curves(chip: MlpFile, temperature_c: float) -> CellCurves:
    """Take the curves. Raises ValueError for a temperature that is none; SpiceError, and SpiceMissing."""
    cells, synapse = Cells.of(chip, temperature_c), chip.synapse
    v_ref_v = synapse.v_ref_v
    circuit = str(bench(chip, "curves", FORWARD_CELLS, temperature_c))
    path = Path(stride=STRIDE_V, start={"vs": v_ref_v})

    input_v = np.linspace(chip.input.min_v, chip.input.max_v, INPUTS)
    weight_v = np.linspace(synapse.weight_min_v, synapse.weight_max_v, WEIGHTS)
    solver = Solver(circuit + SYNAPSE, RELTOL)
    synapse_a = np.array(
        [
            solver.solve({"vx": input_v, "vw": float(v), "vs": v_ref_v}, ["vs#branch"], path=path)["vs#branch"]
            for v in weight_v
        ]
    )
    weights = (synapse.weight_zero_v - weight_v) / ((synapse.weight_max_v - synapse.weight_min_v) / 2)
    shape = np.outer(weights, cells.drive(input_v))
    full_a = float(np.vdot(shape, synapse_a) / np.vdot(shape, shape))

    node_v = v_ref_v + np.linspace(-NODE_SPAN_V, NODE_SPAN_V, NODES)
    neuron = Solver(circuit + NEURON, RELTOL)
    neuron_v = neuron.solve({"vs": node_v, "vm": node_v}, ["y"], path=path)["y"]
    frequency_hz, _, neuron_noise = neuron.noise({"vs": v_ref_v, "vm": v_ref_v}, "y", "va", BAND_HZ)
    weighing = Solver(circuit + SYNAPSE_NOISE, RELTOL)
    at_full = {"vx": v_ref_v, "vw": synapse.weight_min_v}
    _, _, synapse_noise = weighing.noise(at_full, "s", "va", BAND_HZ)
    return CellCurves(
        temperature_c=temperature_c,
        input_v=input_v,
        weight_v=weight_v,
        synapse_a=synapse_a,
        synapse_equation_a=full_a * shape,
        full_a=full_a,
        node_v=node_v,
        neuron_v=neuron_v,
        neuron_equation_v=cells.neuron_v(cells.slope_per_v / cells.gain * (node_v - v_ref_v)),
        frequency_hz=frequency_hz,
        synapse_noise=synapse_noise,
        neuron_noise=neuron_noise,
    )
