"""Watching the sensors live, for a host that shows or records them: scans into a ring, numbered.

Imported when a host first asks for it. It looks into the sensor array itself, for every name that is always loaded
brings the interpreter's table of names nearer to its next doubling. A sensor is read in one go, which takes a
conversion, and only while nobody else uses the converter and no weight is about to be due; so a measurement and its
means are as without it.
"""

import struct
from time import sleep_us, ticks_add, ticks_diff, ticks_ms

from enose_contract import messages, watching
from enose_contract.image import ImageError

KEEP_MS = 3000  # without a request: then nobody watches any more
IDLE_MS = 100
SPARE_MS = 4  # of the refresh: a conversion and its transfers take 2
READ_US = 1350  # a conversion at 860 a second by an oscillator that is 10 % slow, and the part's waking up
GIVEN_UP_MS = 200  # the slowest conversion takes 138
RAIL_SCANS = 50  # from one look at the sensors' rail to the next


def join(device, serve, scheduler) -> None:
    """Have the device serve the message from now on."""
    found = Watching(device)
    messages.MESSAGES[watching.WATCH.kind] = watching.WATCH
    serve[watching.WATCH.kind] = found.ask
    scheduler.add(found.run)


class Watching:
    """The task and its ring."""

    def __init__(self, device) -> None:
        """device: app.Device."""
        self._device = device
        self._ring = bytearray(watching.KEPT * watching.SIZE)
        self._reply = bytearray(watching.IN_REPLY * watching.SIZE)
        self._positions = bytearray(watching.MOST)
        self._count = 0
        self._bits = self._period_ms = 0
        self._next = 0
        self._due_ms = self._asked_ms = self._taken_ms = ticks_ms()
        self._taken = 0  # of the converter's conversions, the one that was seen last

    def ask(self, sequence: int, bits: int, period_ms: int):
        """The fields of the reply. Raises ImageError for a period or positions that cannot be."""
        if not watching.LEAST_MS <= period_ms <= watching.MOST_MS:
            raise ImageError(messages.E_FIELD, period_ms, watching.MOST_MS)
        if (bits, period_ms) != (self._bits, self._period_ms) or not self._watched():
            self._begin(bits, period_ms)
        self._asked_ms = ticks_ms()
        self._device.wake()  # or kept awake
        behind = self._next - sequence & 0xFFFFFFFF
        if sequence == watching.FROM_NOW or behind > 0x7FFFFFFF:
            behind = 0
        behind = min(behind, watching.KEPT, self._next)
        first, count = self._next - behind, min(behind, watching.IN_REPLY)
        for k in range(count):
            at = (first + k) % watching.KEPT * watching.SIZE
            self._reply[k * watching.SIZE : (k + 1) * watching.SIZE] = self._ring[at : at + watching.SIZE]
        sensors = self._device.sensors
        return first, self._next, max(sensors.rail_count, 0), sensors._load_ohm, count, self._reply

    def _begin(self, bits: int, period_ms: int) -> None:
        most = self._device.configuration["sensors"]["positions"]
        count = 0
        for k in range(16):
            if bits >> k & 1:
                if k >= most or count == watching.MOST:
                    raise ImageError(messages.E_SENSOR, k, most)
                self._positions[count] = k
                count += 1
        self._count = count
        self._bits, self._period_ms = bits, period_ms
        self._due_ms = ticks_ms()

    def _watched(self) -> bool:
        return 0 <= ticks_diff(ticks_ms(), self._asked_ms) < KEEP_MS

    def run(self):
        """The task."""
        while True:
            if not self._count or not self._watched() or self._device.safety.latched:
                yield IDLE_MS
                continue
            left_ms = ticks_diff(self._due_ms, ticks_ms())
            if left_ms > 0:
                yield left_ms
                continue
            self._due_ms = ticks_add(self._due_ms, self._period_ms)
            if -left_ms > 4 * self._period_ms:  # held up that long it does not catch up
                self._due_ms = ticks_add(ticks_ms(), self._period_ms)
            yield from self._look()

    def _look(self):
        """A task: one scan. It waits where the converter is in use, or a weight is about to be due."""
        adc, refresh = self._device.sensors._adc, self._device.refresh
        at = self._next % watching.KEPT * watching.SIZE
        struct.pack_into("<I", self._ring, at, ticks_ms())
        for k in range(-1 if self._next % RAIL_SCANS == 0 else 0, watching.MOST):
            count = 0
            if k < self._count:
                yield 0
                while refresh.left_ms() < SPARE_MS or self._in_use(adc):
                    yield 1
                count = self._read(k)
            if k >= 0:
                struct.pack_into("<H", self._ring, at + 4 + 2 * k, max(count, 0))
        self._next += 1

    def _in_use(self, adc) -> bool:
        """Whether somebody waits for a conversion; one that is not read for long was given up with its measurement."""
        if not adc.busy or adc.taken != self._taken:
            self._taken, self._taken_ms = adc.taken, ticks_ms()
        return adc.busy and ticks_diff(ticks_ms(), self._taken_ms) < GIVEN_UP_MS

    def _read(self, k: int) -> int:
        """The count of the k-th sensor's divider, as it is, in one go; the rail's for -1."""
        sensors = self._device.sensors
        adc = sensors._adc
        if k >= 0:
            sensors._select(self._positions[k])
        # the transfer that starts it takes longer than the multiplexer settles
        adc.start(sensors._sensor_channel if k >= 0 else sensors._rail_channel, sensors._range_uv)
        sleep_us(READ_US if adc.conversion_ms == 2 else 1000 * adc.conversion_ms)
        count = adc.read()
        if k < 0:
            sensors.rail_count = count
        return count
