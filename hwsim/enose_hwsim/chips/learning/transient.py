"""The learning chip as a full ngspice transient: its very netlist, weights that float, switches that open and close.

Nothing is left out but the leak: settling, the switches' charge, the network's lag. The event-wise solution is
measured against it. Only Vc, and over several samples inputs and teacher, become sources of the netlist's own, for on
their corners ngspice steps; and the weights lose theirs.
"""

from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import learning_netlist as learning
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.learning.charging import clock, floating
from enose_hwsim.chips.learning.shifts import LearningShifts
from enose_hwsim.chips.learning.spice import SpiceLearningChip
from enose_hwsim.spice.driver import Solver

Floats = NDArray[np.float64]

RAMP_S = 20e-6  # of inputs and teacher between samples
REST_S = 5e-6  # after a pulse: its edge, and the charge that the dummy takes up
HOLD_S = 1e-3  # of samples in one transient: long against the network, short against the board's 40 ms
RELTOL = 1e-5  # a transient's currents are sums over thousands of steps
LIMIT_S = 600.0


class Trace(NamedTuple):
    """At the end of each sample."""

    output_v: Floats  # (S,) just before the pulse
    weights_v: Floats  # (S, W)


class TransientLearningChip:
    """One chip, with its learning cells and their mismatch."""

    def __init__(
        self,
        chip: MlpFile,
        temperature_c: float = 27.0,
        shifts: Shifts | None = None,
        learning_shifts: LearningShifts | None = None,
    ) -> None:
        """ngspice is used by `trace` and `pulsed` only."""
        self.chip, self.temperature_c = chip, temperature_c
        self._shifts = shifts, learning_shifts
        self._parameters: dict[str, float] = {} if shifts is None else circuit.shift_parameters(shifts)
        self._parameters |= {} if learning_shifts is None else learning_shifts.parameters()

    def trace(
        self, inputs_v: Floats, teacher_v: Floats, weights_v: ArrayLike, pulse_s: float, hold_s: float = HOLD_S
    ) -> Trace:
        """Show samples (S, I) with teachers (S,) one after the other, with a pulse of Vc at the end of each.

        The weights (W,) begin as given; nobody writes them back. Raises SpiceError as Solver.transient.
        """
        topology, samples = self.chip.topology, len(teacher_v)
        ends_s = hold_s * (1 + np.arange(samples))
        pulses_s = ends_s - REST_S - pulse_s
        network = circuit.netlist(self.chip, self.temperature_c, learning=True)
        external = [circuit.input_source(i) for i in range(topology.inputs)] + [learning.TEACHER_SOURCE]
        weights = [circuit.weight_source(k) for k in range(topology.weights)]
        for name in [*external, *weights, learning.CLOCK_SOURCE]:
            network[f"V{name[1:]}"].detach()
        clock(network, self.chip, pulses_s, pulse_s)
        for name, values_v in zip(external, [*inputs_v.T, teacher_v], strict=True):
            network.PieceWiseLinearVoltageSource(name[1:], name[1:], network.gnd, values=_staircase(values_v, hold_s))
        nodes = [name[1:] for name in weights]
        start_v = np.asarray(weights_v, dtype=np.float64)
        network.raw_spice += floating(dict(zip(nodes, start_v.tolist(), strict=True)))
        solver = Solver(network, RELTOL)
        solver.alter(self._parameters)
        times_s = np.concatenate(([0.0], np.column_stack((pulses_s, ends_s)).ravel()))
        traces = solver.transient(times_s, {}, [circuit.OUTPUT_NODE, *nodes], hold_s / 50, LIMIT_S)
        return Trace(traces[circuit.OUTPUT_NODE][1::2], np.column_stack([traces[node][2::2] for node in nodes]))

    def pulsed(
        self, inputs_v: Floats, teacher_v: Floats | None, weights_v: Floats, pulse_s: float
    ) -> tuple[Floats, Floats]:
        """One sample from rest, as training.Learner, C = 1; errors as for `trace`."""
        if teacher_v is None:
            resting = self._at_rest.answer(inputs_v[0], self.chip.synapse.v_ref_v, weights_v[0])
            teacher_v = np.array([resting.output_v])
        trace = self.trace(inputs_v, teacher_v, weights_v[0], pulse_s, 2 * REST_S + pulse_s)
        return trace.output_v, trace.weights_v

    @cached_property
    def _at_rest(self) -> SpiceLearningChip:
        """To read the output with, as the board does before an auto-zero pulse."""
        return SpiceLearningChip(self.chip, self.temperature_c, *self._shifts)


def _staircase(values_v: Floats, hold_s: float) -> list[tuple[float, float]]:
    corners = [(0.0, float(values_v[0]))]
    for s in range(1, len(values_v)):
        corners += [(s * hold_s, float(values_v[s - 1])), (s * hold_s + RAMP_S, float(values_v[s]))]
    return corners
