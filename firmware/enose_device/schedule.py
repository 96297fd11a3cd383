"""The device measures by itself every so many seconds, and sleeps in between.

Asleep, the chip is at rest with its weights given up, and nothing runs oftener than once a second. The heaters are off
where the pause is longer than the warm-up, but not while the sensors are burning in. Where the board can tell that no
USB host is there, the processor's clocks are stopped as well (`machine.lightsleep`): a host that is plugged in is seen
within a second. With a host it only idles, for USB does not outlive that sleep on every version of MicroPython, and a
byte wakes it.

The interval is the board's until another one is set; that one is kept in the store.
"""

import struct
from binascii import crc32

from enose_contract import messages, records
from enose_contract.image import ImageError
from enose_contract.intervals import LEAST_INTERVAL_S, MAX_INTERVAL_S
from enose_device.upkeep import SCHEDULE_NAME

TURN_MS = 1000
PAUSE_S = 5  # a shorter one is not slept through


def stored_interval_s(store) -> int:
    """The interval that was set, UNTOLD where none was or where it cannot be read."""
    try:
        packed = store.load(SCHEDULE_NAME, 8) if store.mounted else None
    except OSError:
        packed = None
    if packed is None or len(packed) != 8:
        return messages.UNTOLD
    interval_s, crc = struct.unpack("<II", packed)
    return interval_s if crc == crc32(packed[:4]) & 0xFFFFFFFF else messages.UNTOLD


class Schedule:
    """When to measure next, and whether the device sleeps until then."""

    def __init__(self, device, parts) -> None:
        """device: app.Device; parts: with `usb_pin` (high: a host is there) and `lightsleep`, if the board can tell."""
        self._device = device
        self._usb = parts.get("usb_pin")
        self._doze = parts.get("lightsleep")
        configuration = device.configuration
        self._board_s = configuration["upkeep"]["interval_s"]
        self._warmup_s = -(-configuration["sensors"]["warmup_ms"] // 1000)
        self.asleep = False
        self._take(stored_interval_s(device.store))

    def _take(self, set_s: int) -> None:
        self._set_s = set_s
        self.interval_s = self._board_s if set_s == messages.UNTOLD else set_s
        self._due_s = self._device.log.uptime_s

    def set(self, interval_s: int) -> None:
        """Measure so often from now on, the first time at once; the same again changes nothing.

        Raises ImageError: E_INTERVAL for one that is too short or too long, E_STORE where it cannot be kept.
        """
        if interval_s not in (0, messages.UNTOLD) and not (LEAST_INTERVAL_S <= interval_s <= MAX_INTERVAL_S):
            raise ImageError(messages.E_INTERVAL, interval_s, MAX_INTERVAL_S)
        if interval_s == self._set_s:
            return
        packed = struct.pack("<I", interval_s)
        self._device.store.save(SCHEDULE_NAME, packed + struct.pack("<I", crc32(packed) & 0xFFFFFFFF))
        self._device.log.add(records.SCHEDULED, x=-1 if interval_s == messages.UNTOLD else interval_s)
        self._take(interval_s)

    @property
    def next_s(self) -> int:
        """How long until the next measurement; 0 where there is none to come."""
        return max(self._due_s - self._device.log.uptime_s, 0) if self.interval_s else 0

    def run(self):
        """The task."""
        while True:
            self._step()
            yield TURN_MS

    def _step(self) -> None:
        device = self._device
        cycle = device.cycle
        if not self.interval_s or device.safety.latched or cycle.image is None:
            self.wake()
            return
        if cycle.state == messages.MEASURING or device.refresh.state == messages.WEIGHTS_PROGRAMMING:
            return
        now_s = device.log.uptime_s
        lead_s = 0 if cycle.heated else self._warmup_s
        if now_s + lead_s >= self._due_s:
            self.wake()
            cycle.start((cycle.number + 1) & 0xFFFFFFFF)
            while self._due_s <= now_s + lead_s:  # those that have passed meanwhile are left out
                self._due_s += self.interval_s
        elif not self.asleep and self._due_s - now_s > PAUSE_S and not (cycle.heated and cycle.watch.due()):
            self._sleep(self._due_s - now_s)

    def _sleep(self, pause_s: int) -> None:
        device = self._device
        if pause_s > self._warmup_s + PAUSE_S and not device.cycle.burn_in_s:
            device.cycle.cool()
        device.refresh.sleep()
        device.chip.rest()
        self.asleep = True

    def wake(self, program: bool = True) -> None:
        """End the sleep, if there is one; program the weights anew and heat, unless the caller does."""
        device = self._device
        asleep, self.asleep = self.asleep, False
        if asleep and program and device.cycle.image is not None and not device.safety.latched:
            device.refresh.wake()
            device.cycle.heat()

    def rest(self, wait_ms: int) -> int:
        """How long to wait for a byte before the next turn; where no host can be there, the wait is over already."""
        device = self._device
        if not self.asleep or device.cycle.watch.looking or device.refresh.state == messages.WEIGHTS_PROGRAMMING:
            return wait_ms
        if self._usb is None or self._usb.value():
            return TURN_MS
        self._doze(TURN_MS)
        return 0
