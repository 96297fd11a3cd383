"""A memristor chip on the board: its lines, the chain's switches, the bus that pulses and reads, the read amplifier.

What the network answers comes from the chip's model (`fast` or `spice`), what a voltage over time does to a device from
the population; this file joins the two, and records whatever would drive a device wrongly.
"""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.monitor import ThresholdReached
from enose_hwsim.memristors.population import Population

Array = NDArray[np.float64]

PLUS, MINUS, BUS, SWITCHES = 0, 1, 2, 3  # of device k: switches 3 k, 3 k + 1, 3 k + 2
NOTHING_V = 1e-4  # a level that is a DAC's step or two from the common node drives nothing


class ChipModel(Protocol):
    """What every fidelity of a memristor chip answers."""

    def output_v(self, inputs_v: Array, weights: Array) -> Array:
        """Outputs (S, outputs) in volts for inputs (S, inputs) and signed memristances (n,), 0 an open switch.

        Raises ThresholdReached where a device would see its threshold.
        """
        ...


class MemristorArrayPart:
    """One chip behind its line switch; voltages in volts, times in seconds."""

    def __init__(self, chip: MemristorFile, model: ChipModel, population: Population, sense_ohm: float) -> None:
        """Powered up: lines at the summing node, every switch open, all DAC levels at the common node."""
        self._chip = chip
        self._model = model
        self._sense_ohm = sense_ohm
        self.population = population
        common_v = chip.input.common_v
        self._dac_v = np.full(chip.topology.inputs, common_v)
        self._pulse_v = self._read_v = common_v
        self._gate = False
        self._driven = False
        self._closed: frozenset[int] = frozenset()
        self._t_s = 0.0
        self._gate_rose_s = 0.0
        self._settled_v = self._output_v = np.full(chip.topology.outputs, common_v)
        self._changed_s = 0.0
        self.violations: list[str] = []
        self.pulses = 0

    def clock_jumped(self, by_s: float) -> None:
        """The clock that it is driven by: a level lasts as long as it does."""
        self._t_s += by_s
        self._gate_rose_s += by_s
        self._changed_s += by_s

    def set_switches(self, closed: frozenset[int], t_s: float) -> None:
        """The chain's switches that are closed from now on."""
        self._change(t_s)
        self._closed = closed
        for k in range(len(self.population)):
            if sum(SWITCHES * k + switch in closed for switch in (PLUS, MINUS, BUS)) > 1:
                self._violation(f"device {k} connected to two places", t_s)
        self._watch(t_s)

    def set_switch(self, level: int, t_s: float) -> None:
        """High connects every line to what drives it, low to the read amplifier's summing node."""
        self._change(t_s)
        self._driven = bool(level)
        self._watch(t_s)

    def set_input_dac(self, k: int, volts: float, t_s: float) -> None:
        """The DAC output in front of input k's line."""
        self._change(t_s)
        self._dac_v[k] = volts
        self._watch(t_s)

    def set_pulse_dac(self, volts: float, t_s: float) -> None:
        """The level that the bus has while the gate is high."""
        self._change(t_s)
        self._pulse_v = volts
        self._watch(t_s)

    def set_read_dac(self, volts: float, t_s: float) -> None:
        """The level that the bus has while the gate is low."""
        self._change(t_s)
        self._read_v = volts
        self._watch(t_s)

    def set_gate(self, level: int, t_s: float) -> None:
        """High puts the bus at the pulse level."""
        self._change(t_s)
        if level and not self._gate:
            self._gate_rose_s = t_s
            self.pulses += 1
        on_s = t_s - self._gate_rose_s
        if self._gate and not level and on_s > self._chip.pulse.max_on_s + 1e-9:  # rounding of a difference of times
            self._violation(f"a pulse of {on_s:.6f} s, at most {self._chip.pulse.max_on_s} s", t_s)
        self._gate = bool(level)
        self._watch(t_s)

    def output_v(self, t_s: float) -> Array:
        """The outputs, on their way to where the network would settle."""
        left = math.exp(-max(t_s - self._changed_s, 0.0) / self._chip.output.time_constant_s)
        return np.asarray(self._settled_v + (self._output_v - self._settled_v) * left)

    def amplifier_v(self) -> float:
        """The read amplifier's output: below the common node by the sense resistance times the current of the bus."""
        bus_v, current_a = self._bus_v(), 0.0
        for k in self._on_bus():
            if bus_v and not self._driven:
                current_a += bus_v / float(self.population.read_ohm(self._safe_read_v(bus_v), which=[k], read_s=0.0)[0])
        return min(max(self._chip.input.common_v - current_a * self._sense_ohm, 0.0), self._chip.supply.nominal_v)

    def signed_ohm(self) -> Array:
        """The weights (n,) as connected: true memristances, negative at a minus input, 0 with both switches open."""
        sign = np.array(
            [(SWITCHES * k + PLUS in self._closed) - (SWITCHES * k + MINUS in self._closed) for k in self._devices()]
        )
        return np.asarray(sign * self.population.true_ohm)

    def _devices(self) -> range:
        return range(len(self.population))

    def _on_bus(self) -> list[int]:
        return [k for k in self._devices() if SWITCHES * k + BUS in self._closed]

    def _bus_v(self) -> float:
        """The bus against the common node."""
        volts = (self._pulse_v if self._gate else self._read_v) - self._chip.input.common_v
        return volts if abs(volts) > NOTHING_V else 0.0

    def _safe_read_v(self, bus_v: float) -> float:
        """What the population takes for a read; a level that writes has been recorded, and has done its work."""
        most_v = 0.99 * self._chip.devices.threshold_v
        return min(max(bus_v, -most_v), most_v)

    def _change(self, t_s: float) -> None:
        """Let the bus act on its device for the time since the last change, and the outputs settle until now."""
        if t_s < self._t_s:
            self._violation(f"a change in the middle of a pulse that ends at {self._t_s:.6f} s", t_s)
        bus_v, on_s = self._bus_v(), t_s - self._t_s
        if bus_v and on_s > 0 and not self._driven:
            most_v = self.population.model.limit_v  # a level beyond it has been recorded
            for k in self._on_bus():
                self.population.pulse(min(max(bus_v, -most_v), most_v), on_s, [k])
        self._t_s = max(t_s, self._t_s)
        self._output_v = self.output_v(t_s)
        self._changed_s = t_s

    def _watch(self, t_s: float) -> None:
        """Record what drives a device wrongly, and find where the outputs now settle."""
        limits, devices = self._chip.input, self._chip.devices
        bus_v, on_bus = self._bus_v(), self._on_bus()
        if on_bus and bus_v:
            if len(on_bus) > 1 or self._driven:
                self._violation(f"devices {on_bus} on a bus at {bus_v:.6f} V, expected one, and its line at rest", t_s)
            if self._gate and abs(bus_v) > self._chip.pulse.max_v + NOTHING_V:
                self._violation(f"a pulse of {bus_v:.6f} V, at most {self._chip.pulse.max_v} V", t_s)
            if not self._gate and abs(bus_v) >= devices.threshold_v:
                self._violation(f"a read at {bus_v:.6f} V, the threshold is {devices.threshold_v} V", t_s)
        if self._driven:
            for k, volts in enumerate(self._dac_v):
                if not limits.min_v <= volts <= limits.max_v:
                    self._violation(f"input {k} driven at {volts:.6f} V, {limits.min_v}..{limits.max_v} V", t_s)
        self._settled_v = self._answer_v(t_s) if self._driven else np.full_like(self._settled_v, limits.common_v)

    def _answer_v(self, t_s: float) -> Array:
        # the models refuse what lies outside the chip's ranges: the board holds it at their ends
        limits, devices = self._chip.input, self._chip.devices
        ohm = self.signed_ohm()
        held = np.sign(ohm) * np.clip(np.abs(ohm), devices.min_ohm, devices.max_ohm)
        inputs_v = np.clip(self._dac_v, limits.min_v, limits.max_v)
        try:
            answer_v: Array = self._model.output_v(inputs_v[None, :], held)[0]
        except ThresholdReached as reached:  # by stages far beyond what they are built for: the outputs saturate
            self._violation(str(reached), t_s)
            answer_v = np.full_like(self._settled_v, self._chip.supply.nominal_v)
        return answer_v

    def _violation(self, text: str, t_s: float) -> None:
        self.violations.append(f"{text}, at {t_s:.6f} s")
