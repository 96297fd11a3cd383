"""The fast twin of a memristor network: the circuit's equations with what keeps its parts from being ideal.

Vectorised over chips and samples, from the same Network as the netlist. In it are the op-amps' gain, offsets and bent
outputs, every device's own memristance, and the transistors' curve as ngspice gives it. Out of it are the op-amps'
bandwidth, for the twin is of settled voltages, and mismatch of the transistors, which is not in the netlist either.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chips.memristor.cells import half_swing_v, middle_v
from enose_hwsim.chips.memristor.equations import Run, Signals
from enose_hwsim.chips.memristor.monitor import Seen, side_by_side
from enose_hwsim.chips.memristor.network import ADDER_BLOCKS, SHIFT_V, Network, siemens
from enose_hwsim.chips.memristor.sigmoid import clamp_of
from enose_hwsim.chips.memristor.spread import Spread

Floats = NDArray[np.float64]

MIN_C, MAX_C = 0.0, 60.0  # the transistors' curve is taken at each temperature, so between the certificate's, too
SPREAD_LIMIT = 0.02  # relative errors of memristances up to which it holds
OFFSET_LIMIT_V = 1e-4  # ten times what the chip file gives as its sigma
# An op-amp's input difference is 1e-5 of its output and reaches the output 30 times larger: each step gains a factor
# of 3000, and three are below the rounding.
LOOP_STEPS = 3
BENT = 0.999  # of the half swing: nearer to its rail an op-amp has no gain, and its devices are past their threshold


class TwinNetwork:
    """Interface, numbering and errors of SpiceNetwork, at some 70 times its speed, within its certificate."""

    def __init__(self, network: Network, temperature_c: float = 27.0, spread: Spread | None = None) -> None:
        """Take the transistors' curve, from ngspice at the first call.

        Raises ValueError for a temperature, an error or an offset at which the twin is not certified; SpiceMissing
        without libngspice.
        """
        if not MIN_C <= temperature_c <= MAX_C:
            raise ValueError(
                f"temperature {temperature_c:g} C, expected {MIN_C:g}..{MAX_C:g} C: the certificate's range"
            )
        self.network = network
        self.spread = Spread.none(network) if spread is None else spread
        _check_spread(self.spread)
        self.clamp = clamp_of(network, temperature_c)
        self._half_v = half_swing_v(network)
        self._middle_v = middle_v(network) - network.common_v
        self._device_ohm = network.block_device_ohm * (1 + self.spread.block_error)  # (C, D)
        begins = np.flatnonzero(np.diff(network.block_of_device, prepend=-1))
        self._block_ohm = np.add.reduceat(self._device_ohm, begins, axis=1)  # (C, B)

    def output_v(self, inputs_v: ArrayLike, weights_ohm: ArrayLike) -> Floats:
        """Outputs in absolute volts: inputs (S, I) with weights (W,) give (S, O), with weights (C, W) give (C, S, O).

        Raises as `run`.
        """
        output_v = self.network.common_v + self.run(inputs_v, weights_ohm).signals.output_v
        return output_v[0] if np.ndim(weights_ohm) == 1 else output_v

    def run(self, inputs_v: ArrayLike, weights_ohm: ArrayLike) -> Run:
        """The same with all signals, and the largest voltage over every device.

        Raises ValueError as EquationNetwork.output_v, and for a spread of another number of chips; ThresholdReached
        naming device, chip, sample and voltage.
        """
        network, hidden = self.network, self.network.topology.hidden
        inputs = network.checked_inputs(inputs_v)
        ohms = np.atleast_2d(network.checked_ohms(weights_ohm))
        spread = self.spread.checked(len(ohms))
        first_s, second_s = network.rows(siemens(ohms * (1 + spread.weight_error)))
        adder_ohm = self._block_ohm[:, : len(ADDER_BLOCKS) * network.adders].reshape(-1, 1, network.adders, 3)
        series_ohm, upper_ohm, lower_ohm = np.moveaxis(
            self._block_ohm[:, len(ADDER_BLOCKS) * network.adders :].reshape(-1, 1, hidden, 3), -1, 0
        )
        adder_offset_v = spread.offset_v[:, : 2 * network.adders].reshape(-1, 1, network.adders, 2)
        shift_offset_v, tap_offset_v = np.moveaxis(
            spread.offset_v[:, 2 * network.adders :].reshape(-1, 1, hidden, 2), -1, 0
        )

        first = self._added(inputs[None], first_s, adder_ohm[:, :, :hidden], adder_offset_v[:, :, :hidden])
        clamped_v = self.clamp.voltage_v(first.sum_v, series_ohm)
        tf_v = self._buffered_v(clamped_v, SHIFT_V, shift_offset_v)
        tap_v = tf_v * lower_ohm / (upper_ohm + lower_ohm)
        level_v = self._buffered_v(tap_v, 0.0, tap_offset_v)
        second = self._added(level_v, second_s, adder_ohm[:, :, hidden:], adder_offset_v[:, :, hidden:])

        sigmoid_v = np.stack((first.sum_v - clamped_v, tf_v - tap_v, tap_v), axis=-1)
        blocks_v = side_by_side(first.blocks_v, second.blocks_v, sigmoid_v)
        share = self._device_ohm / self._block_ohm[:, network.block_of_device]
        seen = Seen.of(network, side_by_side(first.weights_v, second.weights_v), blocks_v, share)
        return Run(Signals(first.sum_v, tf_v, second.sum_v), seen.check())

    def _added(self, level_v: Floats, weights_s: Floats, block_ohm: Floats, offset_v: Floats) -> "_Added":
        """A layer's adders. Levels (C, S, I), weights (C, A, I + 1), blocks (C, 1, A, 3), offsets (C, 1, A, 2)."""
        bias_v = np.full((*level_v.shape[:2], 1), self.network.bias_v)
        levels_v = np.concatenate((level_v, bias_v), axis=2)
        plus_s, minus_s = np.maximum(weights_s, 0), np.maximum(-weights_s, 0)
        plus_ohm, link_ohm, sum_ohm = np.moveaxis(block_ohm, -1, 0)
        plus_a = levels_v @ np.swapaxes(plus_s, 1, 2)
        plus_v, plus_node_v = self._stage_v(plus_a, plus_s.sum(axis=2)[:, None], plus_ohm, offset_v[..., 0])
        sum_a = levels_v @ np.swapaxes(minus_s, 1, 2) + plus_v / link_ohm
        sum_load_s = minus_s.sum(axis=2)[:, None] + 1 / link_ohm
        sum_v, sum_node_v = self._stage_v(sum_a, sum_load_s, sum_ohm, offset_v[..., 1])
        node_v = np.where(weights_s[:, None] > 0, plus_node_v[..., None], sum_node_v[..., None])
        over_weights_v = (levels_v[:, :, None] - node_v) * (weights_s[:, None] != 0)
        over_blocks_v = np.stack((plus_node_v - plus_v, plus_v - sum_node_v, sum_node_v - sum_v), axis=-1)
        return _Added(sum_v, over_weights_v, over_blocks_v)

    def _stage_v(
        self, current_a: Floats, load_s: Floats, feedback_ohm: Floats, offset_v: Floats
    ) -> tuple[Floats, Floats]:
        """Output and inverting node of one inverting op-amp stage, fed by sources that short-circuit to current_a."""
        ideal_v = -feedback_ohm * current_a
        output_v = ideal_v
        for _ in range(LOOP_STEPS):
            node_v = offset_v - self._difference_v(output_v)
            output_v = ideal_v + node_v * (1 + feedback_ohm * load_s)
        return output_v, node_v

    def _buffered_v(self, level_v: Floats, shift_v: float, offset_v: Floats) -> Floats:
        """A follower's output, shifted by its feedback resistor's voltage."""
        output_v = level_v + shift_v
        for _ in range(LOOP_STEPS):
            output_v = level_v + shift_v + offset_v - self._difference_v(output_v)
        return output_v

    def _difference_v(self, output_v: Floats) -> Floats:
        """What an op-amp wants between its inputs for an output: the inverse of its bend, over its gain."""
        bent = np.clip((output_v - self._middle_v) / self._half_v, -BENT, BENT)
        return np.asarray(self._half_v * np.arctanh(bent) / self.network.opamps.gain)


@dataclass(frozen=True)
class _Added:
    """A layer's sums (C, S, A), and the voltages over its weights (C, S, A, I + 1) and blocks (C, S, A, 3)."""

    sum_v: Floats
    weights_v: Floats
    blocks_v: Floats


def _check_spread(spread: Spread) -> None:
    """Raise ValueError for chips outside the certificate, naming chip, device, value and limit."""
    for what, values, limit in (
        ("error of weight", spread.weight_error, SPREAD_LIMIT),
        ("error of device", spread.block_error, SPREAD_LIMIT),
        ("offset of op-amp", spread.offset_v, OFFSET_LIMIT_V),
    ):
        outside = ~(np.abs(values) <= limit)
        if outside.any():
            c, k = (int(index) for index in np.argwhere(outside)[0])
            raise ValueError(f"chip {c}: {what} {k} is {values[c, k]:g}, expected within +-{limit:g}")
