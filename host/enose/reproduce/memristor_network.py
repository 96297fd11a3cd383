"""Paper 002's own network, 5-4-2, by equations and as a circuit in ngspice, and the rows that set it beside the paper.

The memristances are those of its Tables 5 and 7, the levels those of Table 3. Where the tables contradict one another
the resolution is in the comments. Its 100 kohm lie beyond the 57 kohm that the fitted device reaches: they are taken as
fixed resistances. The op-amps and transistors are ours, not the paper's parts.
"""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from enose.reproduce.rows import Row
from enose_hwsim.chipfile import MemristorFile, Topology
from enose_hwsim.chips.memristor.equations import EquationNetwork, Run, Signals
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.chips.memristor.pulses import PulseResponse, pulse_response
from enose_hwsim.chips.memristor.sigmoid import FIT_MAX_V, Steepness, steepness_of
from enose_hwsim.chips.memristor.spice_chip import SpiceNetwork
from enose_hwsim.memristor_sections import OpAmps, devices_in_series
from enose_hwsim.memristors.a14mod import A14Mod

Floats = NDArray[np.float64]

INPUTS_MV = (10.0, 70.0, 40.0, 50.0, 20.0)
BIAS_V = 0.1
# Of the output layer Table 7's last column is the bias (Table 6's does not give the paper's Y), and its M5 belongs to
# nothing.
KOHM = (
    (-50, 10, -100, 20, 50, 5),
    (10, -5, -20, 10, -100, 2),
    (50, 20, -10, 10, -50, -5),
    (100, -20, 10, 100, 50, -10),
    (-10, 10, 5, -10, 10),
    (-20, 20, 10, -10, -10),
)
TEXT_STEEPNESS_PER_V = 5.0  # of the paper's text; its Simulink and MATLAB rows come of another:
STEEPNESS_PER_V = 4.1
SERIES_OHM, TRANSISTORS = 150.0, 400  # the paper's memristor and a power transistor: ours, so many times wider
SUPPLY_V = 3.0  # of either sign

NAMES = ("S1", "S2", "S3", "S4", "tf1", "tf2", "tf3", "tf4", "Y1", "Y2")
SIMULINK_MV = (293, 398, -157, -85, 769, 836, 344, 414, 134, -104)
LTSPICE_MV = (293, 398, -157, -85, 789, 887, 342, 413, 137, -102)

SUM_LIMIT_MV, TF_LIMIT, Y_LIMIT, RMS_LIMIT_V = 1.0, 0.05, 0.03, 0.02  # issue 4
# A pulse is 200 time constants of the slowest stage long: what is left is ngspice's tolerance for transients, 1e-6 of
# some volts inside the op-amps.
SETTLED_LIMIT_MV = 0.01


def paper_ohms() -> Floats:
    """The signed memristances (34,), neuron by neuron, the bias last in each row."""
    return 1e3 * np.concatenate([np.array(row, dtype=np.float64) for row in KOHM])


def paper_inputs_v() -> Floats:
    """The one sample, (1, 5), from ground."""
    return 1e-3 * np.array([INPUTS_MV])


@cache
def paper_network() -> Network:
    """The network on two supplies about ground, each adder with as many devices to a block as equation 18 asks for."""
    threshold_v = A14Mod().threshold_v
    topology = Topology(inputs=5, hidden=4, outputs=2)
    network = Network(
        title="memristor network of paper 002",
        topology=topology,
        low_rail_v=-SUPPLY_V,
        common_v=0.0,
        high_rail_v=SUPPLY_V,
        input_min_v=-BIAS_V,
        input_max_v=BIAS_V,
        bias_v=BIAS_V,
        threshold_v=threshold_v,
        tolerance=0.01,
        min_ohm=2e3,
        max_ohm=100e3,
        feedback_ohm=10e3,
        feedback_devices=(1,) * (topology.hidden + topology.outputs),
        series_ohm=SERIES_OHM,
        series_devices=1,
        transistors=TRANSISTORS,
        steepness_per_v=STEEPNESS_PER_V,
        divider=0.1,
        divider_ohm=1777.78,
        divider_devices=devices_in_series(0.9, threshold_v),
        opamps=OpAmps(gain=1e5, bandwidth_hz=1e6, offset_sigma_v=0.0, rail_margin_v=0.05),
    )
    plus_ohms = np.maximum(paper_ohms(), 0)  # the plus stage's output is that of the positive weights alone
    whole, plus = (EquationNetwork(network).signals(paper_inputs_v(), ohms) for ohms in (paper_ohms(), plus_ohms))
    # An output's plus stage gets the sigmoids of the whole network, not of the positive weights.
    gain = network.feedback_ohm / np.array([[np.inf if m <= 0 else 1e3 * m for m in row] for row in KOHM[4:]])
    output_plus_v = gain[:, :-1] @ (network.divider * whole.tf_v[0, 0]) + gain[:, -1] * BIAS_V
    stages_v = np.maximum(
        np.abs(np.concatenate((whole.sum_v[0, 0], whole.output_v[0, 0]))),
        np.concatenate((plus.sum_v[0, 0], output_plus_v)),
    )
    return replace(network, feedback_devices=tuple(devices_in_series(float(v), threshold_v) for v in stages_v))


def network_rows(chip: MemristorFile) -> list[Row]:
    """All rows of the network, and of a chip file's own sigmoid beside the paper's. Everything is simulated."""
    network = paper_network()
    circuit = SpiceNetwork(network)
    run = circuit.run(paper_inputs_v(), paper_ohms())
    ideal = EquationNetwork(network).signals(paper_inputs_v(), paper_ohms())
    pulsed = pulse_response(circuit, paper_inputs_v()[0], paper_ohms(), pulses=2)
    return [
        *_circuit_rows(_millivolts(run.signals), _millivolts(ideal)),
        *_equation_rows(_millivolts(ideal)),
        Row("k (equations)", "1/V", TEXT_STEEPNESS_PER_V, STEEPNESS_PER_V),
        *_sigmoid_rows("circuit", steepness_of(network)),
        *_sigmoid_rows(chip.name, steepness_of(Network.of(chip)))[:2],  # its curve is the paper's network's
        *_monitor_rows(network, run, pulsed),
        *_pulse_rows(run, pulsed),
    ]


def _millivolts(signals: Signals) -> list[float]:
    """S, tf and Y in the order of NAMES."""
    parts = (signals.sum_v, signals.tf_v, signals.output_v)
    return [float(v) for v in 1e3 * np.concatenate([part[0, 0] for part in parts])]


def _circuit_rows(here_mv: list[float], ideal_mv: list[float]) -> list[Row]:
    rows = []
    for name, paper, here, ideal in zip(NAMES, LTSPICE_MV, here_mv, ideal_mv, strict=True):
        if name.startswith("S"):
            limit, kept = f"within {SUM_LIMIT_MV:g} mV", abs(here - paper) <= SUM_LIMIT_MV
        elif name.startswith("tf"):
            limit, kept = f"within {TF_LIMIT:.0%}", abs(here / paper - 1) <= TF_LIMIT
        else:
            limit = f"within {Y_LIMIT:.0%} of the equations' {ideal:.2f}"
            kept = abs(here / ideal - 1) <= Y_LIMIT
        rows.append(Row(name, "mV", paper, round(here, 2), limit, kept))
    return rows


def _equation_rows(ideal_mv: list[float]) -> list[Row]:
    """The paper prints whole millivolts."""
    return [
        Row(f"{name} (equations)", "mV", paper, round(ideal, 2), "to the printed digit", round(ideal) == paper)
        for name, paper, ideal in zip(NAMES, SIMULINK_MV, ideal_mv, strict=True)
    ]


def _sigmoid_rows(whose: str, found: Steepness) -> list[Row]:
    ends = f"{found.low_v:.4f}, {found.high_v:.4f}"
    return [
        Row(f"best k ({whose})", "1/V", TEXT_STEEPNESS_PER_V, round(found.best_per_v, 3)),
        Row(f"RMS from that logistic over +-{FIT_MAX_V:g} V ({whose})", "%", None, round(100 * found.rms_v, 3),
            f"<= {100 * RMS_LIMIT_V:g} (of 1 V)", found.rms_v <= RMS_LIMIT_V),
        Row(f"largest deviation from that logistic ({whose})", "V", None, round(found.max_v, 5)),
        Row(f"saturation: tf at -{FIT_MAX_V:g} V and {FIT_MAX_V:g} V ({whose})", "V", None, ends),
        Row(f"saturation: slope at the ends over that in the middle ({whose})", "", None, round(found.end_slope, 4)),
    ]  # fmt: skip


def _monitor_rows(network: Network, run: Run, pulsed: PulseResponse) -> list[Row]:
    threshold_mv = 1e3 * network.threshold_v
    counts = ", ".join(f"{name} {n}" for name, n in zip(network.neuron_names, network.feedback_devices, strict=True))
    rows = [Row("memristors per feedback block", "", "N2 4", counts)]
    for what, seen in (("at DC", run.seen), ("in pulses", pulsed.seen)):
        device, worst_v = seen.worst
        rows.append(
            Row(f"largest voltage over any of {len(seen.names)} memristors {what} ({device})", "mV", None,
                round(1e3 * worst_v, 2), f"< {threshold_mv:g}", 1e3 * worst_v < threshold_mv)
        )  # fmt: skip
    return rows


def _pulse_rows(run: Run, pulsed: PulseResponse) -> list[Row]:
    still_v = np.concatenate((run.signals.sum_v[0, 0], run.signals.output_v[0, 0]))
    apart_mv = 1e3 * float(np.abs(pulsed.settled_v - still_v).max())
    item = "S and Y at the end of a 0.8 ms pulse from those at DC, largest"
    return [Row(item, "mV", 0, round(apart_mv, 5), f"<= {SETTLED_LIMIT_MV:g}", apart_mv <= SETTLED_LIMIT_MV)]
