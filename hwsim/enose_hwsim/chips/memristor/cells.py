"""The active parts of a memristor network as subcircuits: the op-amp, and the transistors of the sigmoid.

The op-amp is a behavioural model of our own, of no maker's part: an offset, a gain with one pole, an output that bends
smoothly towards the rails. The transistors are our 0.18 um NMOS with each bulk at its own source.
"""

import numpy as np
from PySpice.Spice.Netlist import SubCircuit

from enose_hwsim.chips.memristor.network import Network

OPAMP, CLAMP = "opamp", "clamp"  # names of the subcircuits
STAGE_S = 1e-3  # transconductance of the gain stage: any will do, its resistor and capacitor follow

WIDTH_UM, LENGTH_UM = 50.0, 0.18  # so that with 60 kohm the sigmoid is the logistic that it is
JUNCTION_UM = 0.5


def opamp(network: Network) -> SubCircuit:
    """Between its rails; altering `vos` sets its offset."""
    part, half_v = network.opamps, half_swing_v(network)
    cell = SubCircuit(OPAMP, "plus", "minus", "out")
    cell.V("os", "inner", "plus", 0.0)
    cell.VCCS("stage", cell.gnd, "stage", "inner", "minus", transconductance=STAGE_S)
    cell.R("stage", "stage", cell.gnd, part.gain / STAGE_S)
    cell.C("stage", "stage", cell.gnd, STAGE_S / (2 * np.pi * part.bandwidth_hz))
    cell.B(
        "out", "out", cell.gnd, voltage_expression=f"{middle_v(network)!r} + {half_v!r} * tanh(v(stage) / {half_v!r})"
    )
    return cell


def middle_v(network: Network) -> float:
    """Where an op-amp's output rests without a difference at its inputs, absolute."""
    return (network.low_rail_v + network.high_rail_v) / 2


def half_swing_v(network: Network) -> float:
    """How far from there it can get."""
    return (network.high_rail_v - network.low_rail_v) / 2 - network.opamps.rail_margin_v


def clamp(network: Network) -> SubCircuit:
    """Two transistors, each as a diode, in anti-parallel: figure 6a of the paper."""
    cell = SubCircuit(CLAMP, "a", "b")
    area_m2 = WIDTH_UM * JUNCTION_UM * 1e-12
    perimeter_m = 2 * (WIDTH_UM + JUNCTION_UM) * 1e-6  # longer than the width, or BSIM3 complains in a file
    for name, drain, source in (("forward", "a", "b"), ("backward", "b", "a")):
        cell.MOSFET(
            name,
            *(drain, drain, source, source),
            model="nch",
            width=WIDTH_UM * 1e-6,
            length=LENGTH_UM * 1e-6,
            drain_area=float(f"{area_m2:.6g}"),
            source_area=float(f"{area_m2:.6g}"),
            drain_perimeter=float(f"{perimeter_m:.6g}"),
            source_perimeter=float(f"{perimeter_m:.6g}"),
            multiplier=network.transistors,
        )
    return cell
