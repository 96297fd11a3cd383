"""The fast twin of learning chips: outputs and update currents of many chips at once, each with its own mismatch.

The forward cells are those of chips/twin, in the same tables; here weights move at every sample, so a step goes from
weights to currents without the preparation that a chip at rest is worth. Within a pulse every node follows the voltage
it would have at rest, see settling.py. All arrays are float64.
"""

import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.forward import BIAS, CONVERTER, NEGATIVE_HALF, NEURON, POSITIVE_HALF
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.learning import tables as learned
from enose_hwsim.chips.learning.capacitors import Capacitors
from enose_hwsim.chips.learning.charging import Charging, charging
from enose_hwsim.chips.learning.settling import Follow, Settling, at_rest
from enose_hwsim.chips.learning.shifts import LearningShifts
from enose_hwsim.chips.twin import characterise as forward
from enose_hwsim.chips.twin.polynomial import basis, monomials
from enose_hwsim.chips.twin.store import load_tables

Floats = NDArray[np.float64]

DEGREE = 6  # of a converter's curve, as in chips/twin/programmed.py
FAR_WEIGHT = 0.01
LIMIT_T = 0.43 / ((forward.SUM_V[1] - forward.SUM_V[0]) / 2)  # no summing node gets farther from V_ref than 0.43 V
NEWTON_STEPS = 4
STEP_S = 1e-6  # within a pulse, about


@dataclass(frozen=True)
class State:
    """The forward network at rest, for S samples on each of C chips."""

    sum_v: Floats  # (C, S, N)
    output_v: Floats  # (C, S, N): of every neuron, the output's last

    @property
    def answer_v(self) -> Floats:
        """The chips' outputs (C, S)."""
        return self.output_v[..., -1]


class LearningTwin:
    """C chips that learn. `state` lets samples through them, `update_a` tells what then flows into their weights.

    `pulsed` is training.Learner's.
    """

    def __init__(
        self, chip: MlpFile, shifts: Shifts, learning_shifts: LearningShifts, temperature_c: float = 27.0
    ) -> None:
        """Take the chips' tables; about 0.2 s of ngspice a chip. Raises ValueError as `learning_tables`; SpiceError."""
        self.chip, self.temperature_c = chip, temperature_c
        self.tables = learned.learning_tables(chip, shifts, learning_shifts, temperature_c)
        common = load_tables(chip, temperature_c)
        z = {
            name: getattr(shifts, name) / cell.sigma_v
            for name, cell in (("positive_v", POSITIVE_HALF), ("negative_v", NEGATIVE_HALF), ("converter_v", CONVERTER),
                               ("neuron_v", NEURON), ("bias_v", BIAS))
        }  # fmt: skip
        self._synapses = _halves(z["positive_v"], z["negative_v"], common)  # (C, W, 7, 11 * 6)
        self._converters = _powers(z["converter_v"], common, chip.synapse.v_ref_v)  # (C, N, 7)
        bias_v = monomials(z["bias_v"]) @ common.bias_v - common.bias_v[0]
        per_neuron = np.broadcast_to((bias_v / forward.BIAS_UNIT_V)[:, None, None], (*z["neuron_v"].shape[:2], 1))
        self._neurons = monomials(np.concatenate((z["neuron_v"], per_neuron), axis=-1)) @ common.neuron_v
        self._back = _halves(
            learning_shifts.back_positive_v / POSITIVE_HALF.sigma_v,
            learning_shifts.back_negative_v / NEGATIVE_HALF.sigma_v,
            common,
        )
        back_z = learning_shifts.back_converter_v / CONVERTER.sigma_v
        self._back_converters = _powers(back_z, common, chip.synapse.v_ref_v)

    def __len__(self) -> int:
        return len(self._synapses)

    def repeated(self, times: int) -> "LearningTwin":
        """Each of the chips so many times, one after the other: for several trainings of one chip."""
        other = copy.copy(self)
        for name in ("_synapses", "_converters", "_neurons", "_back", "_back_converters"):
            setattr(other, name, np.repeat(getattr(self, name), times, axis=0))
        per_chip = {
            name: np.repeat(getattr(self.tables, name), times, axis=0) for name in ("slope_v", "error_v", "update_a")
        }
        other.tables = replace(self.tables, **per_chip)
        return other

    def state(self, inputs_v: Floats, weights_v: Floats, follow: Follow = at_rest) -> State:
        """The chips' nodes for inputs (C, S, I) and weights (C, W), which nobody checks here."""
        topology = self.chip.topology
        drawn = self._weighed(self._synapses, weights_v)
        first = topology.hidden * (topology.inputs + 1)
        rows = drawn[:, :first].reshape(len(drawn), topology.hidden, topology.inputs + 1, *drawn.shape[2:])
        hidden_sum_v = self._sums_v(rows, self._levelled(inputs_v), self._converters[:, :-1])
        hidden_sum_v = follow("hidden_sum_s", hidden_sum_v)
        hidden_v = follow("hidden_s", _curves(self._neurons[:, :-1], hidden_sum_v, forward.CURVE_V))
        sum_v = self._sums_v(drawn[:, None, first:], self._levelled(hidden_v), self._converters[:, -1:])
        sum_v = follow("sum_s", sum_v)
        answer_v = follow("output_s", _curves(self._neurons[:, -1:], sum_v, forward.CURVE_V))
        return State(np.concatenate((hidden_sum_v, sum_v), -1), np.concatenate((hidden_v, answer_v), -1))

    def update_a(
        self,
        state: State,
        inputs_v: Floats,
        teacher_v: Floats,
        weights_v: Floats,
        follow: Follow = at_rest,
        multipliers: Floats | None = None,
    ) -> Floats:
        """Currents into the weights' capacitors while Vc is high, (C, S, W), for teachers (C, S).

        `multipliers` are those of nearby weights: the multipliers' output conductance is all that they depend on.
        """
        topology, tables = self.chip.topology, self.tables
        slope_v = follow("slope_s", _curves(tables.slope_v, state.sum_v, learned.SUM_V))
        last_v = _delta(tables.error_v[:, -1:], teacher_v[..., None], state.output_v[..., -1:], slope_v[..., -1:])
        last_v = follow("last_error_s", last_v)
        first = topology.hidden * (topology.inputs + 1)
        back = self._weighed(self._back, weights_v[:, first : first + topology.hidden])[:, :, None]
        back_v = follow("back_s", self._sums_v(back, last_v, self._back_converters))
        v_ref_v = np.full_like(back_v, self.chip.synapse.v_ref_v)
        error_v = follow("error_s", _delta(tables.error_v[:, :-1], back_v, v_ref_v, slope_v[..., :-1]))

        own_input_v = np.concatenate(
            (np.tile(self._levelled(inputs_v), topology.hidden), self._levelled(state.output_v[..., :-1])), -1
        )
        own_error_v = np.concatenate(
            (np.repeat(error_v, topology.inputs + 1, -1), np.repeat(last_v, topology.hidden + 1, -1)), -1
        )
        own_error_v = follow("update_s", own_error_v)
        if multipliers is None:
            multipliers = self._multipliers(weights_v)
        of_input, of_error = (
            basis(learned.drive(np.asarray(v) - self.chip.synapse.v_ref_v), *learned.DRIVES, count)
            for v, count in zip((own_input_v, own_error_v), learned.GILBERT_GRID[:2], strict=True)
        )
        along = np.matmul(of_input.transpose(0, 2, 1, 3), multipliers)  # (C, W, S, 7)
        return np.asarray((along.transpose(0, 2, 1, 3) * of_error).sum(-1))

    def pulsed(
        self, inputs_v: Floats, teacher_v: Floats | None, weights_v: Floats, pulse_s: float
    ) -> tuple[Floats, Floats]:
        """A sample (C, I) and a pulse of Vc: the outputs (C,) before, the weights (C, W) after; as training.Learner.

        A pulse shorter than half of STEP_S ends before the network has noticed. The first at a temperature takes 5 s of
        ngspice, for what a pulse does beside the currents at rest; SpiceError.
        """
        limits = (self.chip.synapse.weight_min_v, self.chip.synapse.weight_max_v)
        nodes = Settling(self.charging.lags)
        shown_v = inputs_v[:, None]
        multipliers = self._multipliers(weights_v)
        state = self.state(shown_v, weights_v, nodes.begin)
        output_v = state.answer_v
        wanted_v = output_v if teacher_v is None else teacher_v[:, None]
        current_a = self.update_a(state, shown_v, wanted_v, weights_v, nodes.begin, multipliers)[:, 0]
        after_v = self.capacitors.switched_v(weights_v)
        flows_s = pulse_s - self.charging.lost_s
        steps = round(flows_s / STEP_S)
        if not steps:
            return output_v[:, 0], self.capacitors.charged_v(after_v, current_a, flows_s)
        step_s = flows_s / steps
        follow = nodes.step(step_s)
        for _ in range(steps):
            ahead_v = np.clip(self.capacitors.charged_v(after_v, current_a, step_s), *limits)
            state = self.state(shown_v, ahead_v, follow)
            later_a = self.update_a(state, shown_v, wanted_v, ahead_v, follow, multipliers)[:, 0]
            after_v = self.capacitors.charged_v(after_v, (current_a + later_a) / 2, step_s)
            current_a = later_a
        return output_v[:, 0], after_v

    @cached_property
    def charging(self) -> Charging:
        """What a pulse does beside the currents at rest."""
        return charging(self.chip, self.temperature_c)

    @cached_property
    def capacitors(self) -> Capacitors:
        """The weights'."""
        return Capacitors(self.chip, self.charging)

    def _levelled(self, v: Floats) -> Floats:
        """Voltages (C, S, I) and the bias node's level beside them."""
        return np.concatenate((v, np.full((*v.shape[:-1], 1), self.chip.input.bias_v)), -1)

    def _multipliers(self, weights_v: Floats) -> Floats:
        """Currents (C, W, 7, 7) over input and error with the weights (C, W) in place."""
        limits = (self.chip.synapse.weight_min_v, self.chip.synapse.weight_max_v)
        of_weight = basis(weights_v, *limits, learned.GILBERT_GRID[2])
        return np.asarray(np.einsum("cwijk,cwk->cwij", self.tables.update_a, of_weight))

    def _weighed(self, synapses: Floats, weights_v: Floats) -> Floats:
        """Currents (C, W, 11, 6) over drive and summing node with the weights (C, W) in place."""
        limits = (self.chip.synapse.weight_min_v, self.chip.synapse.weight_max_v)
        powers = basis(weights_v, *limits, forward.GRID[1])
        drawn = np.matmul(powers[:, :, None], synapses)[:, :, 0]
        return np.asarray(drawn.reshape(*weights_v.shape, forward.GRID[0], forward.GRID[2]))

    def _sums_v(self, rows: Floats, v: Floats, converters: Floats) -> Floats:
        """Summing nodes (C, S, N) of neurons whose synapses (C, N, K, 11, 6) get v (C, S, K); one v each if K = 1."""
        drives = basis(forward.drive(v, self.chip.synapse.v_ref_v), *forward.DRIVES, forward.GRID[0])  # (C, S, K, 11)
        flat = drives.reshape(*v.shape[:2], -1)[:, None]  # (C, 1, S, K 11)
        balance = np.matmul(flat, rows.reshape(*rows.shape[:2], -1, forward.GRID[2]))  # (C, N, S, 6)
        return _root(balance, converters).transpose(0, 2, 1)


def _halves(positive_z: Floats, negative_z: Floats, tables: forward.Tables) -> Floats:
    """Currents of synapses, (C, W, 7 weights, 11 drives x 6 powers of the node): in powers, not Chebyshev's."""
    to_powers = np.stack(
        [np.pad(chebyshev.cheb2poly(row), (0, forward.GRID[2]))[: forward.GRID[2]] for row in np.eye(forward.GRID[2])]
    )
    total = np.zeros((*positive_z.shape[:2], forward.GRID[1] * forward.GRID[0] * forward.GRID[2]))
    for z, table in ((positive_z, tables.positive_na), (negative_z, tables.negative_na)):
        by_weight = (table @ to_powers).transpose(0, 2, 1, 3).reshape(len(table), -1)
        for c in range(len(z)):
            total[c] += monomials(z[c]) @ by_weight
    return total.reshape(*positive_z.shape[:2], forward.GRID[1], -1)


def _powers(z: Floats, tables: forward.Tables, v_ref_v: float) -> Floats:
    """The converters' curves as polynomials of sixth degree, nearest where the neuron is steep: (C, N, 7)."""
    matters = 1 / np.cosh(forward.DRIVE_PER_V * (forward.CURVE_V - v_ref_v)) ** 2 + FAR_WEIGHT
    powers = np.vander(_scaled(forward.CURVE_V), DEGREE + 1, increasing=True)
    from_curve = (np.linalg.pinv(powers * matters[:, None]) * matters).T
    return np.asarray(monomials(z) @ tables.converter_na @ from_curve)


def _root(balance: Floats, converters: Floats) -> Floats:
    """Where the converters (C, N, 7) draw the currents of the synapses (C, N, S, 6): node voltages (C, N, S)."""
    coefficients = [converters[:, :, None, k] - (balance[..., k] if k < balance.shape[-1] else 0) for k in range(7)]
    t = np.clip(-coefficients[0] / coefficients[1], -LIMIT_T, LIMIT_T)
    for _ in range(NEWTON_STEPS):
        value = coefficients[-1] * t + coefficients[-2]
        slope = coefficients[-1] * t + value
        for coefficient in coefficients[-3:0:-1]:
            value = value * t + coefficient
            slope = slope * t + value
        value = value * t + coefficients[0]
        t = np.clip(t - value / slope, -LIMIT_T, LIMIT_T)
    low_v, high_v = forward.SUM_V
    return np.asarray((low_v + high_v) / 2 + (high_v - low_v) / 2 * t)


def _scaled(v: Floats) -> Floats:
    low_v, high_v = forward.SUM_V
    return np.asarray((v - (low_v + high_v) / 2) / ((high_v - low_v) / 2))


def _curves(curves: Floats, v: Floats, at_v: Floats) -> Floats:
    """Curves (C, N, P) over even voltages at_v (P,), at v (C, S, N), by cubic interpolation on four neighbours."""
    place = np.clip((v - at_v[0]) / (at_v[1] - at_v[0]), 0, len(at_v) - 1)
    first = np.clip(place.astype(np.intp) - 1, 0, len(at_v) - 4)
    u = place - first
    chips, neurons, points = curves.shape
    start = (np.arange(chips * neurons) * points).reshape(chips, 1, neurons) + first
    a, b, c, d = (curves.reshape(-1).take(start + k) for k in range(4))
    p, q, r = u - 1, u - 2, u - 3
    return np.asarray(-a * p * q * r / 6 + b * u * q * r / 2 - c * u * p * r / 2 + d * u * p * q / 6)


def _delta(error_v: Floats, plus_v: Floats, minus_v: Floats, slope_v: Floats) -> Floats:
    """Errors (C, S, N) of delta blocks (C, N, 11, 3, 11)."""
    low, high = (float(learned.tail_current(np.array(v))) for v in learned.TAIL_GATE_V)
    difference = np.clip(learned.drive(plus_v - minus_v), *learned.DIFFERENCE_DRIVES)
    of_difference = basis(difference, *learned.DIFFERENCE_DRIVES, learned.DELTA_GRID[0])
    of_common = basis(np.clip(minus_v, *learned.COMMON_V), *learned.COMMON_V, learned.DELTA_GRID[1])
    of_tail = basis(np.clip(learned.tail_current(slope_v), low, high), low, high, learned.DELTA_GRID[2])
    chips, samples, neurons = slope_v.shape
    outer = (of_difference[..., :, None] * of_common[..., None, :]).transpose(0, 2, 1, 3, 4)
    along = np.matmul(
        outer.reshape(chips, neurons, samples, -1), error_v.reshape(chips, neurons, -1, error_v.shape[-1])
    )
    return np.asarray((along.transpose(0, 2, 1, 3) * of_tail).sum(-1))
