"""Programs memristors one after the other, and reads them all again from time to time.

What holds the weights of a chip has one interface: this for memristors, refresh.Refresh for capacitors that leak.
"""

from time import ticks_diff, ticks_ms

from enose_contract import pulses
from enose_contract.messages import WEIGHTS_HELD, WEIGHTS_NONE, WEIGHTS_PROGRAMMING, WEIGHTS_STALE

IDLE_MS = 50
LOADED = (WEIGHTS_HELD, WEIGHTS_STALE)  # the chip has weights to be brought to


class Verify:
    """A task that programs what `program` asks for, and begins it anew when the weights have not been read for long.

    A device that cannot be brought to its weight makes them stale; they are tried again a period later.
    """

    def __init__(self, chip, configuration, measuring, on_failed) -> None:
        """measuring(): whether the chip is in use; on_failed(weight, ohm): `program` has failed at it."""
        self._chip = chip
        self._measuring = measuring
        self._on_failed = on_failed
        self.period_ms = configuration["verify_every_s"] * 1000
        self.limit_ms = self.oldest_ms = 0  # nothing leaks
        self.state = WEIGHTS_NONE
        self.done = 0  # times that every weight was found or brought within its tolerance
        self.missed = 0  # times that one could not be
        self.written = 0  # weights of the present programming so far
        self._new = False  # whether the weights were ever as they should be
        self._begun = 0  # counts programmings, so that one that was given up is not gone on with
        self._age_ms = 0
        self._seen_ms = ticks_ms()

    def left_ms(self) -> int:
        """Memristors keep their weights: there is always time."""
        return 1000

    def set_leak(self, leak_uv_per_s: int) -> None:
        """Nothing leaks here; told.fit refuses any."""

    def set_temperature(self, temperature_mc: int) -> None:
        """Memristors keep their state at any temperature that the board stands."""

    def program(self) -> None:
        """Program every weight that the chip was loaded with, beginning now."""
        self._new = True
        self._begin()

    def _begin(self) -> None:
        self._begun += 1
        self.written = 0
        self.state = WEIGHTS_PROGRAMMING

    def forget(self) -> None:
        """The weights are not to be trusted; a programming ends where it is."""
        self.state = WEIGHTS_NONE

    def sleep(self) -> None:
        """Memristors keep their state while the device sleeps."""

    def wake(self) -> None:
        """They have it still; they are read again when that is due."""

    def keep(self) -> None:
        """A stalled processor does no harm: devices keep their state, and a pulse ends by itself."""

    def run(self):
        """The task."""
        while True:
            now_ms = ticks_ms()
            self._age_ms += ticks_diff(now_ms, self._seen_ms)
            self._seen_ms = now_ms
            if self.state in LOADED and self._age_ms >= self.period_ms and not self._measuring():
                self._begin()
            if self.state == WEIGHTS_PROGRAMMING:
                yield from self._program()
            else:
                yield IDLE_MS

    def _program(self):
        begun = self._begun
        chip = self._chip
        for k in range(chip.weight_count):
            for wait_ms in chip.write(k):
                yield wait_ms
                if self.state != WEIGHTS_PROGRAMMING or self._begun != begun:
                    return
            if chip.state == pulses.GAVE_UP:
                self.missed += 1
                self._age_ms = 0
                self.state = WEIGHTS_STALE
                if self._new:
                    self._on_failed(k, chip.ohm)
                return
            self.written = k + 1
        self.done += 1
        self._age_ms = 0
        self._new = False
        self.state = WEIGHTS_HELD
