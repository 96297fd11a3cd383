"""Figures of mlp441's cells: transfer against their equations, offset, noise, supply current, over corners and heat.

All from ngspice. Equations after K.-T. Tang et al., Sensors 13 (2013) 193-207: the synapse's drive and the neuron's
output are each a tanh, fitted here within +-50 mV of V_ref.
"""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.forward import FORWARD_CELLS
from enose_hwsim.chips.equations import thermal_v
from enose_hwsim.chips.transistor_netlist import bench
from enose_hwsim.spice.cards import Corner
from enose_hwsim.spice.driver import Path, Solver

Floats = NDArray[np.float64]

HALF_SPAN_V = 0.05
POINTS = 41
STRIDE_V = 0.02
BAND_HZ = (0.1, 1e4)  # from a second's drift to the chip's own time constant
RELTOL = 1e-7

SYNAPSE = """Vx x 0 external
Vw w 0 external
Vs s 0 external
Xp x w s ref vdd positive_half
Xn x w s ref vdd negative_half
"""
# The input of the noise analysis is a source of its own, in series with the neuron's.
NEURON = """Vs s 0 external
Va n s dc 0 ac 1
Xc m vdd converter
Xy n y ref b vdd neuron
Xb b ref vdd bias
Vm m 0 external
"""


@dataclass(frozen=True)
class CellFigures:
    """What the chip's cells do at a corner and a temperature; voltages and currents as simulated."""

    corner: str
    temperature_c: float
    synapse_full_a: float  # at the lowest weight voltage and full drive
    synapse_kappa: float  # of its tanh there
    synapse_offset_v: float  # of its input, there
    synapse_deviation: float  # from the tanh, as a share of the full span
    weight_zero_v: float  # where the weight changes its sign
    synapse_supply_a: float
    converter_s: float  # conductance about V_ref
    neuron_swing_v: float
    neuron_middle_v: float
    neuron_kappa: float
    neuron_offset_v: float
    neuron_deviation: float
    neuron_noise_v: float  # referred to its input, RMS over BAND_HZ
    neuron_supply_a: float  # with its converter and the bias generator
    gain: float  # of the whole neuron, as the chip file counts it

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def cell_figures(chip: MlpFile, temperature_c: float = 27.0, corner: Corner = "tt") -> CellFigures:
    """Measure the cells. Raises ValueError for another corner or no temperature; SpiceError, and SpiceMissing."""
    scale_v = 2 * thermal_v(temperature_c)
    v_ref_v, synapse = chip.synapse.v_ref_v, chip.synapse
    span_v = v_ref_v + np.linspace(-HALF_SPAN_V, HALF_SPAN_V, POINTS)
    path = Path(stride=STRIDE_V, start={"vs": v_ref_v})
    circuit = str(bench(chip, "cells", FORWARD_CELLS, temperature_c, corner))

    cell = Solver(circuit + SYNAPSE, RELTOL)
    outputs = ["vs#branch", "vdd#branch"]
    low = cell.solve({"vx": span_v, "vw": synapse.weight_min_v, "vs": v_ref_v}, outputs, path=path)
    full_a, slope, offset_v, _, deviation = fitted_tanh(span_v - v_ref_v, low["vs#branch"])
    weights_v = np.linspace(synapse.weight_min_v, synapse.weight_max_v, POINTS)
    ends = [
        cell.solve({"vx": x, "vw": weights_v, "vs": v_ref_v}, outputs, path=path)["vs#branch"] for x in span_v[[0, -1]]
    ]
    zero_v = float(np.interp(0.0, ends[0] - ends[1], weights_v))

    neuron = Solver(circuit + NEURON, RELTOL)
    wide_v = np.linspace(v_ref_v - 0.3, v_ref_v + 0.3, 6 * POINTS)
    answers = ["y", "vm#branch", "vdd#branch"]
    solution = neuron.solve({"vs": wide_v, "vm": wide_v}, answers, path=path)
    conductance_s = -float(np.polyfit(span_v, np.interp(span_v, wide_v, solution["vm#branch"]), 1)[0])
    near = np.abs(wide_v - v_ref_v) <= 2 * HALF_SPAN_V
    swing_v, steep, at_v, middle_v, off = fitted_tanh(wide_v[near] - v_ref_v, solution["y"][near])
    frequency_hz, _, density = neuron.noise({"vs": v_ref_v, "vm": v_ref_v}, "y", "va", BAND_HZ)
    return CellFigures(
        corner=corner,
        temperature_c=temperature_c,
        synapse_full_a=full_a,
        synapse_kappa=slope * scale_v,
        synapse_offset_v=offset_v,
        synapse_deviation=deviation,
        weight_zero_v=zero_v,
        synapse_supply_a=-float(low["vdd#branch"].mean()),
        converter_s=conductance_s,
        neuron_swing_v=swing_v,
        neuron_middle_v=middle_v,
        neuron_kappa=steep * scale_v,
        neuron_offset_v=at_v,
        neuron_deviation=off,
        neuron_noise_v=float(np.sqrt(np.trapezoid(density**2, frequency_hz))),
        neuron_supply_a=-float(solution["vdd#branch"].mean()),
        gain=full_a / conductance_s * steep,
    )


def fitted_tanh(x: Floats, y: Floats) -> tuple[float, float, float, float, float]:
    """The tanh nearest to a rising y(x): amplitude, slope, offset in x, middle, and the largest miss as a share of y.

    By Gauss and Newton, from a guess that fits curves that are a tanh already.
    """
    steepest = int(np.gradient(y, x).argmax())
    amplitude = 0.75 * float(np.ptp(y))
    found = np.array([amplitude, float(np.gradient(y, x)[steepest]) / amplitude, x[steepest], float(y.mean())])
    for _ in range(50):
        amplitude, slope, offset, middle = found
        curve = np.tanh(slope * (x - offset))
        bend = amplitude * (1 - curve**2)
        directions = np.column_stack((curve, bend * (x - offset), -bend * slope, np.ones_like(x)))
        found = found + np.linalg.lstsq(directions, y - (amplitude * curve + middle), rcond=None)[0]
    amplitude, slope, offset, middle = (float(value) for value in found)
    miss = np.abs(amplitude * np.tanh(slope * (x - offset)) + middle - y).max() / np.ptp(y)
    return amplitude, slope, offset, middle, float(miss)
