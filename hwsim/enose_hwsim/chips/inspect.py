"""What a chip of transistors is: its size, its supply power by parts, its output range. All from ngspice."""

from typing import Any

import numpy as np

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.cells.forward import FORWARD_CELLS
from enose_hwsim.chips.cells.learning import LEARNING_CELLS
from enose_hwsim.chips.learning_netlist import CLOCK_SOURCE, LEARNING_PARTS, TEACHER_SOURCE
from enose_hwsim.chips.transistor_chip import RELTOL, STRIDES_V
from enose_hwsim.spice.driver import Path, Solver
from enose_hwsim.spice.path import nearest_order

SAMPLES = 24  # of inputs and teacher levels
SETS = 4  # of weights
SEED = 3
PAPER_MW = 0.553  # K.-T. Tang et al., Sensors 13 (2013) 193-207, table 1


def inspect(chip: MlpFile, temperature_c: float = 27.0) -> dict[str, Any]:
    """Transistors, supply power by parts in milliwatts, learning cells at work, and the output's range in volts.

    The power is the mean over inputs, weights and teacher levels drawn evenly from their ranges, the range what those
    outputs reach. Raises SpiceError and SpiceMissing.
    """
    rng = np.random.default_rng(SEED)
    parts = (*circuit.FORWARD_PARTS, *LEARNING_PARTS)
    branches = [circuit.supply_branch(part) for part in parts]
    solver = Solver(circuit.netlist(chip, temperature_c, learning=True), RELTOL)
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (SAMPLES, chip.topology.inputs))
    path = nearest_order(inputs_v)
    start = dict.fromkeys(solver.sources, chip.synapse.v_ref_v) | {CLOCK_SOURCE: chip.supply.nominal_v}
    currents_a, outputs_v = [], []
    for _ in range(SETS):
        weights_v = rng.uniform(chip.synapse.weight_min_v, chip.synapse.weight_max_v, chip.topology.weights)
        sources = {circuit.input_source(i): column for i, column in enumerate(inputs_v.T)}
        sources |= {circuit.weight_source(k): v for k, v in enumerate(weights_v)}
        sources |= {TEACHER_SOURCE: chip.synapse.v_ref_v, CLOCK_SOURCE: chip.supply.nominal_v}
        solution = solver.solve(sources, [circuit.OUTPUT_NODE, *branches], path=Path(path, STRIDES_V[0], start))
        currents_a.append([solution[branch].mean() for branch in branches])
        outputs_v.append(solution[circuit.OUTPUT_NODE])
    power_mw = np.mean(currents_a, axis=0) * chip.supply.nominal_v * 1e3
    return {
        "chip": chip.name,
        "simulated": True,
        "temperature_c": temperature_c,
        "transistors": _transistors(chip, learning=False),
        "transistors_with_learning": _transistors(chip, learning=True),
        "cells": {cell.name: len(cell.transistors) for cell in (*FORWARD_CELLS, *LEARNING_CELLS)},
        "power_mw": {**dict(zip(parts, power_mw.round(6).tolist(), strict=True)), "total": float(power_mw.sum())},
        "paper_power_mw": PAPER_MW,
        "output_min_v": float(np.min(outputs_v)),
        "output_max_v": float(np.max(outputs_v)),
    }


def _transistors(chip: MlpFile, learning: bool) -> int:
    """How many transistors the netlist has, capacitors and switches among them."""
    cells = {cell.name: len(cell.transistors) for cell in (*FORWARD_CELLS, *LEARNING_CELLS)}
    lines = str(circuit.netlist(chip, 27.0, learning=learning)).splitlines()
    return sum(cells[line.split()[-1]] for line in lines if line.startswith("X"))
