"""A chip with capacitor weights on the board: sample and hold, leak, input switch, settling output, on-chip learning.

What the network answers comes from the chip's model (`fast` or `spice`), what a pulse of Vc does to its weights from
chips/learning; this file adds what happens over time.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.learning.training import Learner

ROUNDING_S = 1e-9  # of a difference of two times
DRIVES = 64  # that are remembered

Array = NDArray[np.float64]


class ChipModel(Protocol):
    """What every fidelity of a chip answers."""

    def output_v(self, inputs_v: Array, weights_v: Array) -> Array:
        """Outputs (S,) in volts for inputs (S, inputs) and weights (n,)."""
        ...


class HeldWeightChipPart:
    """One chip behind its switch; voltages in volts, times in seconds."""

    def __init__(
        self,
        chip: MlpFile,
        model: ChipModel,
        temperature_c: Callable[[], float],
        learner: Callable[[], Learner] | None = None,
    ) -> None:
        """Powered up: weights at 0 V, switch open, inputs resting at the no-field level, Vc low.

        learner: makes what pulses of Vc are given to, at the first of them.
        """
        self._make_learner = learner
        self._learner: Learner | None = None
        self._teacher_v = 0.0
        self._vc = False
        self._vc_rose_s = 0.0
        self.taught = 0  # pulses of Vc
        self._chip = chip
        self._model = model
        self._temperature_c = temperature_c
        self.leak_shares = np.ones(chip.topology.weights)  # each weight's leak over that of the chip file
        self._weights_v = np.zeros(chip.topology.weights)
        self._written_s = np.zeros(chip.topology.weights)
        self._strobe = False
        self._strobed_s = 0.0
        self._address = 0
        self._weight_dac_v = 0.0
        self._dac_v = np.full(chip.topology.inputs, chip.input.no_field_v)
        self._closed = False
        self._output_v = chip.synapse.v_ref_v
        self._changed_s = 0.0
        self.violations: list[str] = []
        self.weight_writes = 0
        self.drives: deque[tuple[float, float]] = deque(
            maxlen=DRIVES
        )  # when the switch closed and opened, the last ones
        self._closed_s = 0.0
        self._leaks = 1.0

    def leak_more(self, times: float, t_s: float) -> None:
        """From t_s on the capacitors leak so many times as fast as the chip file says, which the firmware goes by."""
        self._weights_v, self._written_s = self.weights_v(t_s), np.full_like(self._written_s, t_s)
        self._leaks = times

    def age_s(self, t_s: float) -> Array:
        """How long ago each weight was written."""
        return t_s - self._written_s

    def weights_v(self, t_s: float) -> Array:
        """The weight voltages at t_s, drooped by the leak since each was written."""
        leak_v_per_s = self._leaks * self._chip.leak_v_per_s(self._temperature_c()) * self.leak_shares
        return np.maximum(self._weights_v - leak_v_per_s * (t_s - self._written_s), 0.0)

    def _weight_v(self, k: int, t_s: float) -> float:
        """One of weights_v: every pulse of the strobe asks for one."""
        leak_v_per_s = self._leaks * self._chip.leak_v_per_s(self._temperature_c()) * self.leak_shares.item(k)
        return max(self._weights_v.item(k) - leak_v_per_s * (t_s - self._written_s.item(k)), 0.0)

    def set_weight_dac(self, volts: float, t_s: float) -> None:
        """The DAC output that feeds the sample and hold."""
        if self._strobe:
            self._charge(t_s)
        self._weight_dac_v = volts
        if self._strobe:
            self._watch_weight(t_s)

    def set_address_bit(self, bit: int, level: int, t_s: float) -> None:
        """One line of the address bus."""
        if self._strobe:
            self._charge(t_s)
            self.violations.append(f"address changed under the strobe at {t_s:.6f} s")
        self._address = self._address & ~(1 << bit) | level << bit

    def set_strobe(self, level: int, t_s: float) -> None:
        """High connects the addressed capacitor to the DAC."""
        if self._strobe:
            self._charge(t_s)
        elif level:
            self.weight_writes += 1
        self._strobe = bool(level)
        self._strobed_s = t_s
        if level:
            self._watch_weight(t_s)

    def set_input_dac(self, k: int, volts: float, t_s: float) -> None:
        """The DAC output in front of input k's switch; while that is open, the output goes where it went before."""
        if self._closed:
            self._step(t_s)
        self._dac_v[k] = volts
        self._watch_inputs(t_s)

    def set_switch(self, level: int, t_s: float) -> None:
        """High connects the inputs to the DAC; open, they rest at the no-field level."""
        self._step(t_s)
        if level and not self._closed:
            self._closed_s = t_s
        elif self._closed and not level:
            self.drives.append((self._closed_s, t_s))
        self._closed = bool(level)
        self._watch_inputs(t_s)

    def set_teacher_dac(self, volts: float) -> None:
        """The DAC output at the teacher's pin."""
        self._teacher_v = volts

    def readout_v(self, t_s: float) -> float:
        """The read-out pin: the addressed weight, while the strobe is low."""
        addressed = self._address < len(self._weights_v) and not self._strobe
        return float(self.weights_v(t_s)[self._address]) if addressed else 0.0

    def set_vc(self, level: int, t_s: float) -> None:
        """High lets the chip learn; what a pulse does to the weights is there when it ends."""
        if level and not self._vc:
            self._vc_rose_s = t_s
        elif self._vc and not level:
            self._learn(t_s)
        self._vc = bool(level)

    def _learn(self, t_s: float) -> None:
        learning, synapse, limits = self._chip.learning, self._chip.synapse, self._chip.input
        pulse_s = t_s - self._vc_rose_s
        at = f"at {t_s:.6f} s"
        if learning is None or self._make_learner is None:
            self.violations.append(f"Vc high {at}, on a chip that does not learn")
            return
        if pulse_s > learning.pulse_max_s + ROUNDING_S:
            self.violations.append(f"Vc high for {pulse_s:.3g} s {at}, at most {learning.pulse_max_s} s")
        if not learning.teacher_min_v <= self._teacher_v <= learning.teacher_max_v:
            levels = f"{learning.teacher_min_v}..{learning.teacher_max_v} V"
            self.violations.append(f"teacher at {self._teacher_v:.6f} V {at}, {levels}")
        if self._strobe or not self._closed:
            self.violations.append(f"Vc high {at}, expected the switch closed and no strobe")
        if self._learner is None:
            self._learner = self._make_learner()
        self._step(t_s)
        inputs_v = np.clip(self._dac_v if self._closed else limits.no_field_v, limits.min_v, limits.max_v)
        before_v = np.clip(self.weights_v(t_s), synapse.weight_min_v, synapse.weight_max_v)
        shown_v = np.broadcast_to(inputs_v, (1, len(self._dac_v)))
        _, after_v = self._learner.pulsed(shown_v, np.array([self._teacher_v]), before_v[None], pulse_s)
        self._weights_v = after_v[0]
        self._written_s[:] = t_s
        self.taught += 1

    def output_v(self, t_s: float) -> float:
        """The output, on its way to where the network would settle."""
        target_v = self._settled_v(t_s)
        left = math.exp(-max(t_s - self._changed_s, 0.0) / self._chip.output.time_constant_s)
        return target_v + (self._output_v - target_v) * left

    def _settled_v(self, t_s: float) -> float:
        # outside its ranges the network saturates: the models refuse such values, the board holds them at the ends
        synapse, limits = self._chip.synapse, self._chip.input
        weights_v = np.clip(self.weights_v(t_s), synapse.weight_min_v, synapse.weight_max_v)
        inputs_v = self._dac_v if self._closed else np.full_like(self._dac_v, limits.no_field_v)
        inputs_v = np.clip(inputs_v, limits.min_v, limits.max_v)
        return float(self._model.output_v(inputs_v[None, :], weights_v)[0])

    def _step(self, t_s: float) -> None:
        self._output_v = self.output_v(t_s)
        self._changed_s = t_s

    def _charge(self, t_s: float) -> None:
        """Under the strobe: what the addressed capacitor has taken since it was connected, or since the last change."""
        if self._address < len(self._weights_v):
            k = self._address
            left = math.exp(-(t_s - self._strobed_s) / self._chip.hold.time_constant_s)
            before_v = self._weight_v(k, self._strobed_s)
            self._weights_v[k] = self._weight_dac_v + (before_v - self._weight_dac_v) * left
            self._written_s[k] = t_s
        self._strobed_s = t_s

    def _watch_weight(self, t_s: float) -> None:
        low, high = self._chip.synapse.weight_min_v, self._chip.synapse.weight_max_v
        if not low <= self._weight_dac_v <= high:
            volts = f"{self._weight_dac_v:.6f} V at {t_s:.6f} s, {low}..{high} V"
            self.violations.append(f"weight {self._address} strobed at {volts}")

    def _watch_inputs(self, t_s: float) -> None:
        low, high = self._chip.input.min_v, self._chip.input.max_v
        if self._closed:
            for k, volts in enumerate(self._dac_v):
                if not low <= volts <= high:
                    self.violations.append(f"input {k} driven at {volts:.6f} V at {t_s:.6f} s, {low}..{high} V")
