"""The learning chip as one ngspice transient: capacitors that float, switches that open and close.

What the event-wise solution leaves out is in here: settling, the switches' charge, and the charge that a multiplier's
output node gathers while Vc is low. Left to itself that node would go to a rail and leave its charge in the weight at
the next pulse; so here one transistor more a weight, which the chip's netlist does not have yet, takes the current to
V_ref meanwhile. The leak is left out. Weights come in through ideal switches that open after the beginning.

Against the event-wise solution up to 0.9 mV a weight and pulse remain, 0.5 mV RMS, and add up. An auto-zero shows
the same: once that is taken away as the board does it, 0.1 to 0.25 mV remain of a pulse of 5 us (settled, nominal).
"""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import learning_netlist as learning
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.spice.cards import NMOS
from enose_hwsim.spice.driver import Solver

Floats = NDArray[np.float64]

EDGE_S = 0.5e-6  # of Vc
RAMP_S = 20e-6  # of inputs and teacher between samples
STEP_S = 2e-6  # longer steps might pass over a pulse
RELTOL = 1e-5  # a transient's currents are sums over thousands of steps
LOAD_SOURCE, REST_SOURCE = "vload", "vrest"


class Trace(NamedTuple):
    """At the end of each sample."""

    output_v: Floats  # (S,) just before the pulse
    weights_v: Floats  # (S, W)


def transient_netlist(chip: MlpFile, temperature_c: float) -> str:
    """The chip with learning cells whose weights float once `vload` is low."""
    text = str(circuit.netlist(chip, temperature_c, learning=True))
    text = re.sub(
        r"(?im)^Vw(\d+) w\1 0 external$", r"Vw\1 given\1 0 external\nSload\1 given\1 w\1 load 0 loading", text
    )
    text = re.sub(r"(?im)^Vrest not_clock 0 .*$", "Vrest not_clock 0 external", text)
    dumps = [
        f"Mdump{k} update{k} not_clock ref 0 {NMOS} w=0.5u l=0.18u ad=0.25p as=0.25p pd=2u ps=2u"
        for k in range(chip.topology.weights)
    ]
    more = [".model loading sw vt=0.9 vh=0 ron=1k roff=1e16", "Vload load 0 external", *dumps]
    return "\n".join([text.rstrip().removesuffix(".end"), *more])


def learn_in_transient(
    chip: MlpFile,
    inputs_v: Floats,
    teacher_v: Floats,
    weights_v: ArrayLike,
    pulse_s: float,
    hold_s: float,
    temperature_c: float = 27.0,
    limit_s: float = 600.0,
) -> Trace:
    """Show samples (S, I) with teachers (S,), each for hold_s with a pulse of Vc in its last tenth.

    Raises SpiceError as Solver.transient, within limit_s.
    """
    high_v = chip.supply.nominal_v
    solver = Solver(transient_netlist(chip, temperature_c), RELTOL, limit_s)
    samples = len(teacher_v)
    begin_s = hold_s * np.arange(samples)
    pulse_at_s = begin_s + 0.9 * hold_s
    corners = [0.0, EDGE_S, 2 * EDGE_S]
    for s in range(samples):
        if s:
            corners += [begin_s[s], begin_s[s] + RAMP_S]
        on_s = pulse_at_s[s]
        corners += [on_s, on_s + EDGE_S, on_s + pulse_s, on_s + pulse_s + EDGE_S]
    times_s = np.array([*corners, samples * hold_s])
    shown = np.searchsorted(begin_s[1:] + RAMP_S / 2, times_s)
    since_s = times_s - pulse_at_s[np.clip(((times_s - 0.45 * hold_s) / hold_s).astype(int), 0, samples - 1)]
    clock = (since_s > EDGE_S / 2) & (since_s < pulse_s + EDGE_S / 2)
    sources: dict[str, ArrayLike] = {circuit.input_source(i): inputs_v[shown, i] for i in range(inputs_v.shape[1])}
    sources |= {circuit.weight_source(k): float(v) for k, v in enumerate(np.asarray(weights_v))}
    sources |= {
        learning.TEACHER_SOURCE: teacher_v[shown],
        learning.CLOCK_SOURCE: np.where(clock, high_v, 0.0),
        REST_SOURCE: np.where(clock, 0.0, high_v),
        LOAD_SOURCE: np.where(times_s <= EDGE_S, high_v, 0.0),
    }
    nodes = [f"w{k}" for k in range(chip.topology.weights)]
    traces = solver.transient(times_s, sources, [circuit.OUTPUT_NODE, *nodes], STEP_S, limit_s)
    before = np.searchsorted(times_s, pulse_at_s - 1e-9)
    after = np.append(np.searchsorted(times_s, begin_s[1:] - 1e-9), len(times_s) - 1)
    return Trace(traces[circuit.OUTPUT_NODE][before], np.column_stack([traces[node][after] for node in nodes]))
