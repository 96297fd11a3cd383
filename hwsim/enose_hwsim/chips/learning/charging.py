"""What a pulse of Vc does beside the currents at rest: capacitances, the switches' charge, lags. Taken from ngspice.

All on nominal cells, once for a chip and a temperature. Their mismatch moves these figures by a few per cent of what
they correct, and is left out.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySpice.Spice.Netlist import Circuit

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import learning_netlist as learning
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.cells.forward import FORWARD_CELLS, NEGATIVE_HALF, POSITIVE_HALF
from enose_hwsim.chips.cells.learning import GILBERT, HIGH_BIAS, INVERTER, LEARNING_CELLS, WEIGHT
from enose_hwsim.chips.cells.transistors import SUPPLY
from enose_hwsim.chips.learning.capacitors import CAP_V, charges_c
from enose_hwsim.spice.driver import Solver

Floats = NDArray[np.float64]

RELTOL = 1e-6
RAMP_S = 1e-3  # slow against every node
EDGE_S = 0.1e-6  # of Vc, from the board
REST_S = 5e-6  # before a pulse
SETTLED_S = 20e-6  # after it
PULSES_S = (2e-6, 4e-6)
INPUTS_V, ERRORS_V, WEIGHTS_V = (0.85, 0.90, 0.95), (0.87, 0.90, 0.93), (0.72, 0.81, 0.90, 0.99, 1.08)
# Of the lags: a chip whose neurons work in the middle, and steps that leave them there.
LAG_INPUT_V, LAG_TEACHER_V = 0.94, 0.92
LAG_BIAS_WEIGHT_V, LAG_OUTPUT_WEIGHT_V = 0.89, 0.86
LAG_WEIGHT_STEP_V, LAG_TEACHER_STEP_V = -0.003, 0.005
LAG_SPAN_S, LAG_TIME_STEP_S = 60e-6, 0.1e-6


@dataclass(frozen=True)
class Lags:
    """Time constants in seconds with which nodes follow what drives them."""

    hidden_sum_s: float
    hidden_s: float
    sum_s: float
    output_s: float
    slope_s: float
    last_error_s: float  # the output's
    back_s: float
    error_s: float  # a hidden neuron's
    update_s: float  # what a Gilbert multiplier makes of its error


@dataclass(frozen=True)
class Charging:
    """See the module. Weights that lead a hidden neuron's output bear two synapses, all others one."""

    capacitance_f: Floats  # (2, 61) over CAP_V, of a weight with one synapse and with two
    edge_c: Floats  # (3,) charge that a pulse's edges leave in a weight: powers of V_W - V_ref
    lost_s: float  # what the pulse is shorter for the current than at half of its height
    lags: Lags


@cache
def charging(chip: MlpFile, temperature_c: float) -> Charging:
    """Take the figures; about 6 s of ngspice, the first time in a process. Raises SpiceError, SpiceMissing."""
    capacitance_f = np.array([_capacitance(chip, synapses, temperature_c) for synapses in (1, 2)])
    edge_c, lost_s = _edges(chip, capacitance_f[0], temperature_c)
    return Charging(capacitance_f, edge_c, lost_s, _lags(chip, temperature_c))


def _capacitance(chip: MlpFile, synapses: int, temperature_c: float) -> Floats:
    """A weight's capacitance (61,) over CAP_V: the current into it while its voltage rises steadily."""
    bench = circuit.bench(chip, "weight", (*FORWARD_CELLS, *LEARNING_CELLS), temperature_c)
    bench.V("w", "w", bench.gnd, "external")
    bench.X("w", WEIGHT.name, "ref", "w", bench.gnd, bench.gnd, "ref", SUPPLY)
    _load(bench, "w", synapses)
    times_s = np.linspace(0, RAMP_S, len(CAP_V))
    margin_v = 0.02  # the ramp begins and ends outside, where its corners do no harm
    ramp_v = np.linspace(CAP_V[0] - margin_v, CAP_V[-1] + margin_v, len(CAP_V))
    current_a = -Solver(bench, RELTOL).transient(times_s, {"vw": ramp_v}, ["vw#branch"], RAMP_S / 300)["vw#branch"]
    return np.asarray(np.interp(CAP_V, ramp_v[1:], current_a[1:]) * RAMP_S / np.ptp(ramp_v))


def _load(bench: Circuit, weight: str, synapses: int) -> None:
    """The synapses that hang on a weight."""
    for k in range(synapses):
        for cell in (POSITIVE_HALF, NEGATIVE_HALF):
            bench.X(f"{cell.name}{k}{weight}", cell.name, "ref", weight, "ref", "ref", SUPPLY)


def _edges(chip: MlpFile, capacitance_f: Floats, temperature_c: float) -> tuple[Floats, float]:
    """From two lengths of pulse: what is left at length zero, parted into a charge and a time without current."""
    grid = np.array(np.meshgrid(INPUTS_V, ERRORS_V, WEIGHTS_V)).reshape(3, -1)
    charge_c = charges_c(capacitance_f)
    short_c, long_c = (
        np.diff(np.interp(_pulsed_v(chip, grid, pulse_s, temperature_c), CAP_V, charge_c), axis=0)[0]
        for pulse_s in PULSES_S
    )
    current_a = (long_c - short_c) / (PULSES_S[1] - PULSES_S[0])
    above_v = grid[2] - chip.synapse.v_ref_v
    terms = np.column_stack((np.ones_like(above_v), above_v, above_v**2, -current_a / 1e-6))
    found = np.linalg.lstsq(terms, short_c - current_a * PULSES_S[0], rcond=None)[0]
    return found[:3], float(found[3]) / 1e-6


def _pulsed_v(chip: MlpFile, grid: Floats, pulse_s: float, temperature_c: float) -> Floats:
    """Weights (2, P) before and after a pulse, of multipliers at inputs, errors and weights (3, P)."""
    bench = circuit.bench(chip, "pulse", (*FORWARD_CELLS, *LEARNING_CELLS), temperature_c)
    clock(bench, chip, [REST_S], pulse_s)
    bench.X("inverter", INVERTER.name, "clock", "not_clock", SUPPLY)
    bench.X("highbias", HIGH_BIAS.name, "high_bias", "ref", SUPPLY)
    guesses_v: dict[str, float] = {}
    for k, (input_v, error_v, _) in enumerate(grid.T.tolist()):
        bench.V(f"x{k}", f"x{k}", bench.gnd, input_v)
        bench.V(f"e{k}", f"e{k}", bench.gnd, error_v)
        bench.X(f"g{k}", GILBERT.name, f"x{k}", f"e{k}", f"update{k}", "ref", "high_bias", SUPPLY)
        bench.X(f"w{k}", WEIGHT.name, f"update{k}", f"w{k}", "clock", "not_clock", "ref", SUPPLY)
        _load(bench, f"w{k}", 1)
        guesses_v |= GILBERT.guesses_v(f"g{k}")
    bench.raw_spice += circuit.nodeset(guesses_v) + floating({f"w{k}": v for k, v in enumerate(grid[2].tolist())})
    end_s = REST_S + pulse_s + SETTLED_S
    nodes = [f"w{k}" for k in range(grid.shape[1])]
    traces = Solver(bench, RELTOL).transient([0.0, end_s], {}, nodes, end_s / 20)
    return np.array([traces[node] for node in nodes]).T


def _lags(chip: MlpFile, temperature_c: float) -> Lags:
    """From the nominal chip's answers to small steps of one neuron's weights and of the teacher: delay on delay."""
    topology, hidden = chip.topology, chip.topology.hidden
    solver = Solver(circuit.netlist(chip, temperature_c, learning=True), RELTOL)
    first = hidden * (topology.inputs + 1)
    weights = [circuit.weight_source(k) for k in range(topology.weights)]
    of_inputs = [weights[k] for k in range(first) if (k + 1) % (topology.inputs + 1)]
    rest: dict[str, ArrayLike] = {circuit.input_source(i): LAG_INPUT_V for i in range(topology.inputs)}
    rest |= dict.fromkeys(weights[:first], LAG_BIAS_WEIGHT_V) | dict.fromkeys(weights[first::2], LAG_OUTPUT_WEIGHT_V)
    rest |= dict.fromkeys(weights[first + 1 :: 2], 2 * chip.synapse.weight_zero_v - LAG_OUTPUT_WEIGHT_V)
    rest |= dict.fromkeys([*of_inputs, weights[-1]], chip.synapse.weight_zero_v)
    rest |= {learning.TEACHER_SOURCE: LAG_TEACHER_V, learning.CLOCK_SOURCE: chip.supply.nominal_v}
    times_s = np.arange(0.0, LAG_SPAN_S, LAG_TIME_STEP_S)

    def delays_s(sources: list[str], step_v: float, nodes: list[str]) -> list[float]:
        stepped = {name: np.asarray(rest[name]) + step_v * (times_s >= REST_S) for name in sources}
        traces = solver.transient(times_s, rest | stepped, nodes, LAG_TIME_STEP_S)
        return [_delay_s(times_s, traces[node]) for node in nodes]

    forward = ["sum0", "slope0", "h0", f"sum{hidden}", circuit.OUTPUT_NODE]
    hidden_sum_s, slope_s, hidden_s, sum_s, output_s = delays_s(
        of_inputs[: topology.inputs], LAG_WEIGHT_STEP_V, forward
    )
    backward = [f"error{hidden}", "back0", "error0", learning.update_branch(0)]
    last_error_s, back_s, error_s, update_s = delays_s([learning.TEACHER_SOURCE], LAG_TEACHER_STEP_V, backward)
    return Lags(
        hidden_sum_s=hidden_sum_s,
        hidden_s=hidden_s - hidden_sum_s,
        sum_s=sum_s - hidden_s,
        output_s=output_s - sum_s,
        slope_s=slope_s - hidden_sum_s,
        last_error_s=last_error_s,
        back_s=back_s - last_error_s,
        error_s=error_s - back_s,
        update_s=update_s - error_s,
    )


def _delay_s(times_s: Floats, v: Floats) -> float:
    """The mean delay of an answer to a step at REST_S: the area above it, whatever its shape."""
    rest = (v[-1] - v) / (v[-1] - v[0])
    return float(np.trapezoid(rest, times_s)) - (REST_S - LAG_TIME_STEP_S / 2)


def clock(bench: Circuit, chip: MlpFile, at_s: ArrayLike, pulse_s: float) -> None:
    """Vc as a source of the netlist's own, whose corners ngspice steps on; pulses count from half height to half."""
    corners = [(0.0, 0.0)]
    for begin_s in np.atleast_1d(at_s).tolist():
        for after_s, v in ((0.0, 0.0), (EDGE_S, chip.supply.nominal_v)):
            corners.append((begin_s + after_s, v))
        for after_s, v in ((pulse_s, chip.supply.nominal_v), (pulse_s + EDGE_S, 0.0)):
            corners.append((begin_s + after_s, v))
    bench.PieceWiseLinearVoltageSource("clock", "clock", bench.gnd, values=corners)


def floating(weights_v: dict[str, float]) -> str:
    """The line that sets free nodes to voltages at a transient's beginning."""
    return ".ic " + " ".join(f"v({node})={v!r}" for node, v in weights_v.items()) + "\n"
