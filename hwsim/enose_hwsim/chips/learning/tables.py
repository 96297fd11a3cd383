"""The learning cells' transfer curves, taken from ngspice cell by cell for each chip with its own mismatch.

They drive gates only, as the forward cells do, and so come apart: a derivative's gate voltage over its summing node, a
delta's error over its inputs and that gate voltage, a Gilbert multiplier's current over input, error and weight. A
chip's cells of one kind share a netlist and its sources: about 0.2 s a chip.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.forward import BIAS, FORWARD_CELLS
from enose_hwsim.chips.cells.learning import DELTA, DERIVATIVE, GILBERT, HIGH_BIAS, LEARNING_CELLS
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.cells.transistors import SUPPLY, Cell
from enose_hwsim.chips.learning.shifts import HIGH_BIAS_INSTANCE, LearningShifts
from enose_hwsim.chips.learning_netlist import SHIFT_V
from enose_hwsim.chips.transistor_netlist import bench, nodeset
from enose_hwsim.chips.twin.characterise import DRIVE_PER_V
from enose_hwsim.chips.twin.polynomial import from_nodes, nodes
from enose_hwsim.spice.driver import Path, Solver, SpiceError
from enose_hwsim.spice.path import snake

Floats = NDArray[np.float64]

RELTOL = 1e-7
STRIDE_V = 0.04
SUM_V = np.linspace(0.46, 1.34, 177)  # 5 mV apart
DRIVES = (-0.95, 0.95)  # of errors and of h: 0.75..1.05 V
DIFFERENCE_DRIVES = (-0.995, 0.995)  # of a delta's two inputs: +-0.24 V, where it is saturated
COMMON_V = (0.76, 1.04)  # of its negative input
TAIL_GATE_V = (0.05, 0.56)  # of its tail
DELTA_GRID = (11, 3, 11)  # difference, common mode, tail
GILBERT_GRID = (7, 7, 3)  # input, error, weight
# Over this function of the gate voltage, the interpolation of weak and strong inversion after C. Enz et al., Analog
# Integr. Circuits Signal Process. 8 (1995) 83, a tail's current is almost a straight line.
EKV_THRESHOLD_V, EKV_SLOPE_V = 0.42, 0.072


@dataclass(frozen=True)
class LearningTables:
    """Transfer curves of C chips; Chebyshev coefficients but for `slope_v`."""

    slope_v: Floats  # (C, N, 177): a derivative's gate voltage over SUM_V
    error_v: Floats  # (C, N, 11, 3, 11): a delta's error over difference, common mode and tail
    update_a: Floats  # (C, W, 7, 7, 3): the current into a weight over input, error and weight voltage


def tail_current(gate_v: Floats) -> Floats:
    """What the tables take for the gate voltage of a tail: its current but for a factor."""
    return np.asarray(np.log1p(np.exp((gate_v - EKV_THRESHOLD_V) / EKV_SLOPE_V)) ** 2)


def drive(difference_v: Floats) -> Floats:
    """What the tables take for a differential voltage."""
    return np.asarray(np.tanh(DRIVE_PER_V * difference_v))


def learning_tables(chip: MlpFile, shifts: Shifts, learning: LearningShifts, temperature_c: float) -> LearningTables:
    """Take the curves of all chips. Raises ValueError for shifts of two numbers of chips; SpiceError, SpiceMissing."""
    if len(shifts) != len(learning):
        raise ValueError(f"shifts of {len(shifts)} chips and learning cells of {len(learning)}, expected as many")
    v_ref_v = chip.synapse.v_ref_v
    slope = _derivatives(chip, shifts, learning, temperature_c)

    grid = snake(DELTA_GRID[2], DELTA_GRID[1], DELTA_GRID[0])
    limits = [(float(tail_current(np.array(v)))) for v in TAIL_GATE_V]
    tail = nodes(limits[0], limits[1], DELTA_GRID[2])
    tail_v = EKV_THRESHOLD_V + EKV_SLOPE_V * np.log(np.expm1(np.sqrt(tail)))
    minus_v = nodes(*COMMON_V, DELTA_GRID[1])[grid[:, 1]]
    difference_v = np.arctanh(nodes(*DIFFERENCE_DRIVES, DELTA_GRID[0]))[grid[:, 2]] / DRIVE_PER_V
    sources = {"vplus": minus_v + difference_v, "vminus": minus_v, "vtail": tail_v[grid[:, 0]]}
    drawn = _cells(chip, DELTA, ("plus", "minus", "tail", "out{k}", SUPPLY), learning.delta_v, sources, temperature_c)
    error = _gridded(drawn, grid[:, ::-1], DELTA_GRID)

    grid = snake(GILBERT_GRID[2], GILBERT_GRID[1], GILBERT_GRID[0])
    across_v = v_ref_v + np.arctanh(nodes(*DRIVES, GILBERT_GRID[0])) / DRIVE_PER_V
    weight_v = nodes(chip.synapse.weight_min_v, chip.synapse.weight_max_v, GILBERT_GRID[2])
    sources = {"vx": across_v[grid[:, 2]], "verror": across_v[grid[:, 1]], "vweight": weight_v[grid[:, 0]]}
    ports = ("x", "error", "out{k}", "ref", "high_bias", SUPPLY)
    drawn = _cells(chip, GILBERT, ports, learning.gilbert_v, sources, temperature_c, learning.high_bias_v)
    update = _gridded(drawn, grid[:, ::-1], GILBERT_GRID)
    return LearningTables(slope, error, update)


def _derivatives(chip: MlpFile, shifts: Shifts, learning: LearningShifts, temperature_c: float) -> Floats:
    count = learning.derivative_v.shape[1]
    circuit = bench(chip, DERIVATIVE.name, (*FORWARD_CELLS, *LEARNING_CELLS), temperature_c)
    circuit.V("sum", "sum", circuit.gnd, "external")
    circuit.V("shifted", "shifted", circuit.gnd, chip.synapse.v_ref_v + SHIFT_V)
    circuit.X("bias", BIAS.name, "bias", "ref", SUPPLY)
    guesses_v: dict[str, float] = {}
    for k in range(count):
        circuit.X(f"{k}", DERIVATIVE.name, "sum", f"out{k}", "ref", "shifted", "bias", SUPPLY)
        guesses_v |= DERIVATIVE.guesses_v(f"{k}")
    circuit.raw_spice += nodeset(guesses_v)
    solver = Solver(circuit, RELTOL)
    outputs = [f"out{k}" for k in range(count)]
    curves = []
    for c in range(len(learning)):
        parameters = dict(zip(BIAS.shift_names("bias"), shifts.bias_v[c].tolist(), strict=True))
        curves.append(_swept(solver, DERIVATIVE, learning.derivative_v[c], {"vsum": SUM_V}, outputs, parameters))
    return np.array(curves)


def _cells(
    chip: MlpFile,
    cell: Cell,
    ports: tuple[str, ...],
    shifts_v: Floats,
    sources: dict[str, Floats],
    temperature_c: float,
    high_bias_v: Floats | None = None,
) -> Floats:
    """What the chips' cells (C, K) answer at points (P,) of common sources: (C, K, P), a voltage or a current drawn."""
    count = shifts_v.shape[1]
    circuit = bench(chip, cell.name, (*FORWARD_CELLS, *LEARNING_CELLS), temperature_c)
    for source in sources:
        circuit.V(source[1:], source[1:], circuit.gnd, "external")
    if high_bias_v is not None:
        circuit.X(HIGH_BIAS_INSTANCE, HIGH_BIAS.name, "high_bias", "ref", SUPPLY)
    guesses_v: dict[str, float] = {}
    for k in range(count):
        circuit.X(f"{k}", cell.name, *(port.format(k=k) for port in ports))
        guesses_v |= cell.guesses_v(f"{k}")
        if high_bias_v is not None:
            circuit.V(f"out{k}", f"out{k}", "weight", 0.0)  # an ammeter into the weight
    circuit.raw_spice += nodeset(guesses_v)
    solver = Solver(circuit, RELTOL)
    outputs = [f"out{k}" if high_bias_v is None else f"vout{k}#branch" for k in range(count)]
    answers = []
    for c in range(len(shifts_v)):
        parameters = {}
        if high_bias_v is not None:
            names = HIGH_BIAS.shift_names(HIGH_BIAS_INSTANCE)
            parameters = dict(zip(names, high_bias_v[c].tolist(), strict=True))
        answers.append(_swept(solver, cell, shifts_v[c], sources, outputs, parameters))
    return np.array(answers)


def _swept(
    solver: Solver,
    cell: Cell,
    shifts_v: Floats,
    sources: dict[str, Floats],
    outputs: Sequence[str],
    parameters: dict[str, float],
) -> Floats:
    for k, row in enumerate(shifts_v.tolist()):
        parameters = parameters | dict(zip(cell.shift_names(f"{k}"), row, strict=True))
    solver.alter(parameters)
    solution = solver.solve(sources, outputs, path=Path(stride=STRIDE_V))
    if set(solution.stepped) - {0}:
        raise SpiceError(f"{cell.name}: points {list(solution.stepped)} solved by stepping only")
    return np.array([solution[output] for output in outputs])


def _gridded(drawn: Floats, at: NDArray[np.intp], grid: tuple[int, int, int]) -> Floats:
    """Chebyshev coefficients (C, K, *grid) of answers (C, K, P) at grid indices (P, 3)."""
    values = np.empty((*drawn.shape[:2], *grid))
    values[:, :, at[:, 0], at[:, 1], at[:, 2]] = drawn
    matrices = (from_nodes(count) for count in grid)
    return np.asarray(np.einsum("cwijk,ai,bj,dk->cwabd", values, *matrices, optimize=True))
