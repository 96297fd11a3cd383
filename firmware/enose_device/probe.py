"""Probing, for calibration: weights that are not stored, inputs from the host, and the outputs that they give.

Imported when a host first asks for it. While it is probed the device has no image in force; with its host gone it takes
the stored one again. Only for weights on capacitors: those of memristors are read back, and every programming wears
them.
"""

import struct
from time import ticks_diff, ticks_ms

from enose_contract import messages, probing
from enose_contract.image import UNIT_UV, ImageError

READINGS = 4  # conversions of the output that are averaged
IDLE_MS = 100


def join(device, serve, scheduler) -> None:
    """Have the device serve the two messages from now on. Raises ImageError for a chip that is not probed."""
    unit = device.configuration["chip"]["unit"]
    if unit != UNIT_UV:
        raise ImageError(messages.E_UNIT, unit, UNIT_UV)
    probe = Probe(device)
    for message in (probing.LOAD, probing.PROBE, probing.HOLD):
        messages.MESSAGES[message.kind] = message
    serve[probing.LOAD.kind] = probe.load
    serve[probing.PROBE.kind] = probe.ask
    serve[probing.HOLD.kind] = probe.hold
    scheduler.add(probe.run)


class Probe:
    """The task and its two tables."""

    def __init__(self, device) -> None:
        """device: app.Device."""
        self._device = device
        facts = device.configuration["chip"]
        self._limits_uv = facts["input_min_uv"], facts["input_max_uv"]
        self._inputs = [0] * facts["inputs"]
        self._asked = bytearray(probing.TABLE_SIZE)
        self._outputs = bytearray(probing.TABLE_SIZE)
        self._loaded = False
        self._number = 0
        self._count = self._done = 0
        self._hold_ms = -1  # of the inputs asked for: none, the weights are refreshed

    def load(self, number: int, raw):
        """Put these weights on the chip, none of them stored; none: the stored image. Raises ImageError."""
        device = self._device
        if device.state() == messages.MEASURING:
            raise ImageError(messages.E_MEASURING, device.cycle.number)
        if not len(raw):
            self._end()
            return number, 0
        count = device.chip.weight_count
        if len(raw) != 4 * count:
            raise ImageError(messages.E_TOPOLOGY, len(raw) // 4, count)
        weights = struct.unpack("<%di" % count, raw)
        for k in range(count):
            if not device.chip.accepts(weights[k]):
                raise ImageError(messages.E_WEIGHT, k, count)
        device.require_supply()
        device.wake(False)
        device.images.displace()
        device.cycle.begun += 1  # a look at the sensors that is under way is given up: it uses the converter too
        self._count = self._done = self._number = 0
        self._loaded = True
        device.chip.load(weights)
        device.refresh.program()
        return number, count

    def ask(self, number: int, raw):
        """(number, state of the weights, done, outputs) of the inputs asked for; the same number asks nothing new.

        Raises ImageError where an input is out of the chip's range, or no weights were loaded.
        """
        return self._asked_for(number, -1, raw, probing.SAMPLES)

    def hold(self, number: int, hold_ms: int, raw):
        """The same with weights that are held so long and not refreshed. Raises ImageError, too, for a longer hold."""
        if hold_ms > probing.HOLD_MS:
            raise ImageError(probing.E_HOLD, hold_ms, probing.HOLD_MS)
        return self._asked_for(number, hold_ms, raw, probing.HOLD_SAMPLES)

    def _asked_for(self, number: int, hold_ms: int, raw, most: int):
        size = 4 * len(self._inputs)
        if not self._active():
            raise ImageError(messages.E_NO_IMAGE)
        if number != self._number or not number:
            if not number or not raw or len(raw) % size or len(raw) // size > most:
                raise ImageError(messages.E_TOPOLOGY, len(raw), size)
            low_uv, high_uv = self._limits_uv
            for at in range(0, len(raw), 4):
                (uv,) = struct.unpack_from("<i", raw, at)
                if not low_uv <= uv <= high_uv:
                    raise ImageError(messages.E_INPUT, at // 4, uv & 0xFFFFFFFF)
            self._asked[: len(raw)] = raw
            self._done = 0
            self._count = len(raw) // size
            self._hold_ms = hold_ms
            self._number = number
        return number, self._device.refresh.state, self._done, bytes(self._outputs)

    def _active(self) -> bool:
        """Whether what was loaded is on the chip: an image or the safe state may have taken its place."""
        device = self._device
        held = device.refresh.state != messages.WEIGHTS_NONE
        self._loaded = self._loaded and held and device.cycle.image is None
        return self._loaded

    def _end(self) -> None:
        if self._active():
            self._loaded = False
            self._device.images.displace()
            self._device.images.load_stored()

    def run(self):
        """The task."""
        while True:
            if not self._active():
                yield IDLE_MS
                continue
            if not self._device.link.attended():
                try:
                    self._end()
                except ImageError:  # it does not fit any more, by what the device was told meanwhile: none is in force
                    pass
                continue
            watch = self._device.cycle.watch
            if watch:
                watch.put_off()
            if self._done >= self._count or self._device.refresh.state != messages.WEIGHTS_HELD:
                yield 1
                continue
            if self._hold_ms < 0:
                yield from self._read(messages.WEIGHTS_HELD)
            else:
                yield from self._hold()

    def _hold(self):
        """Write the weights once more, let them be, and read; whoever takes the chip meanwhile says so by its state."""
        number, refresh = self._number, self._device.refresh
        refresh.program()
        refresh.state = messages.WEIGHTS_PROGRAMMING  # this task writes them, and nobody else
        written_ms = ticks_ms()
        while self._holds(number):
            left_ms = self._hold_ms - ticks_diff(ticks_ms(), written_ms)
            if left_ms > 0:
                yield min(left_ms, IDLE_MS)
            elif self._done < self._count:
                yield from self._read(messages.WEIGHTS_PROGRAMMING, written_ms)
            else:
                break
        if refresh.state == messages.WEIGHTS_PROGRAMMING:
            refresh.program()

    def _holds(self, number: int) -> bool:
        held = self._device.refresh.state == messages.WEIGHTS_PROGRAMMING
        return held and number == self._number and self._active() and self._device.link.attended()

    def _read(self, state: int, written_ms: int | None = None):
        number, k, begun_ms = self._number, self._done, ticks_ms()
        for i in range(len(self._inputs)):
            (self._inputs[i],) = struct.unpack_from("<i", self._asked, 4 * (len(self._inputs) * k + i))
        self._device.chip.drive(self._inputs)
        outputs_uv = yield from self._device.chip.read_output(READINGS)
        self._device.chip.rest()
        good = self._device.refresh.state == state and not self._device.chip.disturbed  # else it is read again
        if number == self._number and self._active() and good:
            size = len(outputs_uv) + (written_ms is not None)
            for i in range(len(outputs_uv)):
                struct.pack_into("<i", self._outputs, 4 * (size * k + i), outputs_uv[i])
            if written_ms is not None:  # the middle of the reading
                age_ms = ticks_diff(begun_ms, written_ms) + ticks_diff(ticks_ms(), begun_ms) // 2
                struct.pack_into("<i", self._outputs, 4 * (size * (k + 1) - 1), age_ms)
            self._done = k + 1
