"""The device measures by itself every so many seconds, and sleeps in between.

Asleep, the chip is at rest with its weights given up, and nothing runs oftener than once a second. The heaters are off
where the pause is longer than the warm-up, but not while the sensors are burning in. Where the board can tell that no
USB host is there, the processor's clocks are stopped as well (`machine.lightsleep`): a host that is plugged in is seen
within a second. With a host it only idles, for USB does not outlive that sleep on every version of MicroPython, and a
byte wakes it.

The interval is the board's until another one is set; that one is kept in the store.
"""

from enose_contract import messages

TURN_MS = 1000
PAUSE_S = 5  # a shorter one is not slept through
STAY_S = 3  # awake, after somebody has woken it: a host that watches does so with each of its requests


class Schedule:
    """When to measure next, and whether the device sleeps until then."""

    def __init__(self, device, parts) -> None:
        """device: app.Device; parts: with `usb_pin` (high: a host is there) and `lightsleep`, if the board can tell."""
        self._device = device
        self._usb = parts.get("usb_pin")
        self._doze = parts.get("lightsleep")
        self._warmup_s = -(-device.configuration["sensors"]["warmup_ms"] // 1000)
        self.asleep = False
        self._awake_s = 0  # it does not sleep before
        self.take()

    def take(self) -> None:
        """Measure as often as the device was told, from now on; the first time at once."""
        self.interval_s = self._device.interval_s()
        self._due_s = self._device.log.uptime_s

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
        elif self.asleep or now_s < self._awake_s:
            return
        elif self._due_s - now_s > PAUSE_S and not (cycle.heated and cycle.watch.due()):
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
        self._awake_s = device.log.uptime_s + STAY_S
        asleep, self.asleep = self.asleep, False
        if asleep and program and device.cycle.image is not None and not device.safety.latched:
            device.refresh.wake()
            device.cycle.heat()

    def rest(self, wait_ms: int) -> int:
        """How long to wait for a byte before the next turn; where no host can be there, the wait is over already.

        Asleep no task is asked how long it would wait, but one that has more to do goes on at once.
        """
        device = self._device
        working = device.cycle.watch.looking or device.refresh.state == messages.WEIGHTS_PROGRAMMING
        if not wait_ms or not self.asleep or working:
            return wait_ms
        if self._usb is None or self._usb.value():
            return TURN_MS
        self._doze(TURN_MS)
        return 0
