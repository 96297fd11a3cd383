"""Probing, for calibration: weights that are not stored, inputs from the host, and the outputs that they give.

While it is probed the device has no image in force; with its host gone it takes the stored one again. Only for weights
on capacitors: those of memristors are read back, and every programming wears them.
"""

import struct

from enose_contract import messages
from enose_contract.image import UNIT_UV, ImageError

PROBE_BYTES = 16 * messages.PROBES
READINGS = 4  # conversions of the output that are averaged
IDLE_MS = 100


class Probe:
    """The task and its two tables. Made when a host first probes, for it takes memory."""

    def __init__(self, device) -> None:
        """device: app.Device."""
        self._device = device
        facts = device.configuration["chip"]
        if facts["unit"] != UNIT_UV:
            raise ImageError(messages.E_UNIT, facts["unit"], UNIT_UV)
        self._limits_uv = facts["input_min_uv"], facts["input_max_uv"]
        self._inputs = [0] * facts["inputs"]
        self._asked = bytearray(PROBE_BYTES)
        self.outputs = bytearray(PROBE_BYTES)
        self.active = False
        self.number = 0
        self.count = self.done = 0

    def load(self, raw) -> int:
        """Put these weights on the chip, none of them stored; how many there are. Raises ImageError."""
        device = self._device
        count = device.chip.weight_count
        if len(raw) != 4 * count:
            raise ImageError(messages.E_TOPOLOGY, len(raw) // 4, count)
        weights = struct.unpack("<%di" % count, raw)
        for k in range(count):
            if not device.chip.accepts(weights[k]):
                raise ImageError(messages.E_WEIGHT, k, count)
        device.require_supply()
        device.displace()
        self.count = self.done = self.number = 0
        self.active = True
        device.chip.load(weights)
        device.refresh.program()
        return count

    def ask(self, number: int, raw):
        """(number, state of the weights, done, outputs) of the inputs asked for; the same number asks nothing new.

        Raises ImageError where an input is out of the chip's range, or no weights were loaded.
        """
        size = 4 * len(self._inputs)
        if not self.active:
            raise ImageError(messages.E_NO_IMAGE)
        if number != self.number or not number:
            if not number or not raw or len(raw) % size or len(raw) // size > messages.PROBES:
                raise ImageError(messages.E_TOPOLOGY, len(raw), size)
            low_uv, high_uv = self._limits_uv
            for at in range(0, len(raw), 4):
                (uv,) = struct.unpack_from("<i", raw, at)
                if not low_uv <= uv <= high_uv:
                    raise ImageError(messages.E_INPUT, at // 4, uv)
            self._asked[: len(raw)] = raw
            self.done = 0
            self.count = len(raw) // size
            self.number = number
        return number, self._device.refresh.state, self.done, bytes(self.outputs)

    def end(self) -> None:
        """Nothing is asked any more; whoever calls this has the chip."""
        self.active = False
        self.count = self.done = self.number = 0

    def run(self):
        """The task."""
        while True:
            if self.done >= self.count or self._device.refresh.state != messages.WEIGHTS_HELD:
                yield 1 if self.active else IDLE_MS
                continue
            number, k = self.number, self.done
            for i in range(len(self._inputs)):
                (self._inputs[i],) = struct.unpack_from("<i", self._asked, 4 * (len(self._inputs) * k + i))
            self._device.chip.drive(self._inputs)
            outputs_uv = yield from self._device.chip.read_output(READINGS)
            self._device.chip.rest()
            if number == self.number and self._device.refresh.state == messages.WEIGHTS_HELD:
                for i in range(len(outputs_uv)):
                    struct.pack_into("<i", self.outputs, 4 * (len(outputs_uv) * k + i), outputs_uv[i])
                self.done = k + 1
