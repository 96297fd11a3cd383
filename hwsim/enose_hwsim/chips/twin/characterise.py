"""The transfer curves of mlp441's cells, with mismatch, taken from ngspice.

Neurons drive gates only, and gates draw no direct current. So the chip falls into half-synapses, whose current depends
on input, weight and the voltage of the summing node; I/V converters, whose current depends on that node; neurons, whose
output depends on it and on the bias node; and the bias generator. Each is tabulated at draws of its transistors'
threshold shifts, and at each point of the table a polynomial of third order in the shifts is fitted.
"""

import time
from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.forward import BIAS, CONVERTER, FORWARD_CELLS, NEGATIVE_HALF, NEURON, POSITIVE_HALF
from enose_hwsim.chips.cells.transistors import SUPPLY, Cell
from enose_hwsim.chips.transistor_netlist import bench, nodeset
from enose_hwsim.chips.twin.polynomial import fitted, from_nodes, nodes
from enose_hwsim.spice.cards import Corner
from enose_hwsim.spice.driver import Path, Solver, SpiceError
from enose_hwsim.spice.path import snake

Floats = NDArray[np.float64]

# Inputs, and outputs of hidden neurons with mismatch at any temperature: 0.78..1.02 V. They are tabulated over their
# drive, a tanh near those of the pairs, for in it the pairs' own tanh is almost a straight line.
DRIVE_PER_V = 12.2
DRIVES = (-0.9, 0.9)
SUM_V = (0.64, 1.16)  # farther out a neuron is so nearly saturated that its tables may be followed beyond their ends
GRID = (11, 7, 6)  # nodes in drive, weight and summing node
CURVE_V = np.linspace(0.46, 1.34, 221)  # the neuron's argument
COPIES = 16  # of a cell in one netlist: each point's own cost is shared
DRAWS = 384
SPREAD = 1.3  # draws reach farther than the shifts of chips
SEED = 20130101
STRIDE_V = 0.04
RELTOL = 1e-7
BIAS_UNIT_V = 2e-3  # of the bias node's shift, which has a sigma of 1.8 mV
NANO = 1e-9
METHOD = repr(
    (2, DRIVE_PER_V, DRIVES, SUM_V, GRID, len(CURVE_V), CURVE_V[0], DRAWS, SPREAD, SEED, STRIDE_V, BIAS_UNIT_V, RELTOL)
)


@dataclass(frozen=True)
class Tables:
    """Polynomials in shifts (in sigmas; a neuron's last variable is the bias node's, in BIAS_UNIT_V)."""

    positive_na: Floats  # (120, 11, 7, 6): Chebyshev coefficients of the current into the summing node
    negative_na: Floats
    converter_na: Floats  # (10, 221): the current out of the summing node
    neuron_v: Floats  # (165, 221)
    bias_v: Floats  # (10,)
    cpu_s: Floats  # (): what it took to take them

    @classmethod
    def names(cls) -> list[str]:
        """The names of the tables."""
        return [field.name for field in fields(cls)]


def drive(v: Floats, v_ref_v: float) -> Floats:
    """What the tables take for the voltage of an input or of a hidden neuron."""
    return np.tanh(DRIVE_PER_V * (v - v_ref_v))


@lru_cache(maxsize=64, typed=True)  # every chip that is opened is looked for in the store by them: 50 ms
def netlists(chip: MlpFile, temperature_c: float, corner: Corner) -> dict[str, str]:
    """The netlists that the tables are taken from, by the cell's name."""
    texts = {}
    for cell, ports in (
        (POSITIVE_HALF, ("x", "w", "s{k}", "ref", SUPPLY)),
        (NEGATIVE_HALF, ("x", "w", "s{k}", "ref", SUPPLY)),
        (CONVERTER, ("s{k}", SUPPLY)),
        (NEURON, ("s", "y{k}", "ref", "b{k}", SUPPLY)),
        (BIAS, ("b{k}", "ref", SUPPLY)),
    ):
        used = {port.format(k=0) for port in ports}
        circuit = bench(chip, f"{chip.name}: {cell.name}", FORWARD_CELLS, temperature_c, corner)
        for node in sorted(used & {"x", "w", "s"}) + ["s"] * ("s0" in used):
            circuit.V(node, node, circuit.gnd, "external")
        guesses_v: dict[str, float] = {}
        for k in range(COPIES):
            circuit.X(f"{k}", cell.name, *(port.format(k=k) for port in ports))
            guesses_v |= cell.guesses_v(f"{k}")
            if "s0" in used:
                circuit.V(f"m{k}", f"s{k}", "s", 0.0)  # an ammeter each
            if cell is NEURON:
                circuit.V(f"b{k}", f"b{k}", circuit.gnd, "external")
        circuit.raw_spice += nodeset(guesses_v) if guesses_v else ""
        texts[cell.name] = str(circuit)
    return texts


def characterise(chip: MlpFile, temperature_c: float, corner: Corner = "tt") -> Tables:
    """Take all tables at one temperature; some seconds of ngspice. Raises SpiceError, and SpiceMissing."""
    begin_s = time.process_time()
    texts = netlists(chip, temperature_c, corner)
    rng = np.random.default_rng(SEED)
    weight_v = (chip.synapse.weight_min_v, chip.synapse.weight_max_v)
    grid = snake(GRID[1], GRID[2], GRID[0])  # weights slowest, inputs fastest
    half = {
        "vw": nodes(*weight_v, GRID[1])[grid[:, 0]],
        "vs": nodes(*SUM_V, GRID[2])[grid[:, 1]],
        "vx": chip.synapse.v_ref_v + np.arctanh(nodes(*DRIVES, GRID[0]))[grid[:, 2]] / DRIVE_PER_V,
    }
    to_coefficients = [from_nodes(count) for count in GRID]
    halves = []
    for cell in (POSITIVE_HALF, NEGATIVE_HALF):
        z = _draws(rng, len(cell.transistors))
        drawn = np.empty((len(z), *GRID))
        drawn[:, grid[:, 2], grid[:, 0], grid[:, 1]] = _answers(cell, texts, z, half, "vm{k}#branch") / NANO
        polynomial = fitted(z[1:], drawn[0], drawn[1:])
        halves.append(np.einsum("txws,ix,jw,ks->tijk", polynomial, *to_coefficients, optimize=True))
    z = _draws(rng, 2)
    drawn = _answers(BIAS, texts, z, {}, "b{k}")[:, 0]
    bias_v = fitted(z[1:], drawn[0], drawn[1:])
    z = _draws(rng, 2)
    drawn = _answers(CONVERTER, texts, z, {"vs": CURVE_V}, "vm{k}#branch") / -NANO
    converter_na = fitted(z[1:], drawn[0], drawn[1:])
    z = _draws(rng, len(NEURON.transistors) + 1)
    drawn = _answers(NEURON, texts, z, {"vs": CURVE_V}, "y{k}", bias_v[0] + BIAS_UNIT_V * z[:, -1])
    neuron_v = fitted(z[1:], drawn[0], drawn[1:])
    cpu_s = np.array(time.process_time() - begin_s)
    return Tables(halves[0], halves[1], converter_na, neuron_v, bias_v, cpu_s)


def _draws(rng: np.random.Generator, variables: int) -> Floats:
    """Shifts (DRAWS, V) in sigmas: none first, the rest in pairs of opposite sign, so that odd and even terms part."""
    pairs = SPREAD * rng.standard_normal((DRAWS // 2 - 1, variables))
    still = np.zeros((1, variables))
    return np.concatenate((still, pairs, -pairs, still))


def _answers(
    cell: Cell, texts: dict[str, str], z: Floats, sources: dict[str, Floats], output: str, bias_v: Floats | None = None
) -> Floats:
    """What the cell answers (D, P) at each draw, for sources (P,)."""
    solver = Solver(texts[cell.name], RELTOL)
    outputs = [output.format(k=k) for k in range(COPIES)]
    answers = []
    for begin in range(0, len(z), COPIES):
        for k in range(COPIES):
            shifts_v = z[begin + k, : len(cell.transistors)] * cell.sigma_v
            solver.alter(dict(zip(cell.shift_names(f"{k}"), shifts_v.tolist(), strict=True)))
        biases = {} if bias_v is None else {f"vb{k}": bias_v[begin + k] for k in range(COPIES)}
        solution = solver.solve({**sources, **biases}, outputs, path=Path(stride=STRIDE_V))
        if set(solution.stepped) - {0}:
            raise SpiceError(f"{cell.name}: points {list(solution.stepped)} solved by stepping only")
        answers += [solution[name] for name in outputs]
    return np.array(answers)
