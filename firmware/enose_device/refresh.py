"""Keeps the leaking weights within the chip's tolerated droop.

The chip leaks `leak_uv_per_s` at `leak_at_mc`, or as fast as was measured, and twice as fast every `leak_doubling_mc`;
it tolerates `droop_max_uv`. A refresh that came later than that makes the weights stale until they are programmed anew.
"""

from time import ticks_diff, ticks_ms

from enose_contract.limits import refresh_ms
from enose_contract.messages import FAULT_TEMPERATURE, UNTOLD, WEIGHTS_HELD, WEIGHTS_NONE, WEIGHTS_STALE
from enose_device.safety import FaultError

IDLE_MS = 10  # between looks whether there is anything to hold; no longer than the shortest period in use
LONGEST_MS = 60_000
COLDEST_MC, HOTTEST_MC = -40_000, 125_000  # beyond it the sensor is broken, and no period would be right


class Refresh:
    """A task that rewrites every weight before it has drooped too far."""

    def __init__(self, chip, configuration) -> None:
        """chip: with write_weights(); configuration: the whole of board.json."""
        self._chip = chip
        self._configuration = configuration
        self._leak_uv_per_s = configuration["chip"]["leak_uv_per_s"]
        self.state = WEIGHTS_NONE
        self.done = 0
        self.missed = 0
        self.written = chip.weight_count  # of the present programming: it is over as soon as it has begun
        self.limit_ms = 0
        self.period_ms = 0
        self._last_ms = 0
        self.oldest_ms = 0  # that weights became since they were programmed
        self._looked_ms = 0  # the same since the temperature was last looked at

    def set_temperature(self, temperature_mc: int) -> None:
        """Work out how long a weight holds at this temperature, and whether it was for too long since the last look."""
        board, facts = self._configuration, self._configuration["chip"]
        if not COLDEST_MC <= temperature_mc <= HOTTEST_MC:
            raise FaultError(FAULT_TEMPERATURE)
        leak = self._leak_uv_per_s * 2 ** ((temperature_mc - facts["leak_at_mc"]) / facts["leak_doubling_mc"])
        self.limit_ms = max(min(int(1000 * facts["droop_max_uv"] / leak), LONGEST_MS), 1)
        self.period_ms = refresh_ms(self.limit_ms, board["refresh_use_percent"], board["refresh_reserve_ms"])
        if self._looked_ms > self.limit_ms and self.state == WEIGHTS_HELD:
            self._miss()
        self._looked_ms = 0

    def set_leak(self, leak_uv_per_s: int) -> None:
        """Go by a leak that was measured, from the next set_temperature on; UNTOLD: by the chip file's."""
        own = leak_uv_per_s != UNTOLD
        self._leak_uv_per_s = leak_uv_per_s if own else self._configuration["chip"]["leak_uv_per_s"]

    def program(self) -> None:
        """Write the weights that the chip was loaded with, and hold them from now on."""
        self._chip.write_weights()
        self._last_ms = ticks_ms()
        self.oldest_ms = self._looked_ms = 0
        self.state = WEIGHTS_HELD

    def forget(self) -> None:
        """The weights are not to be trusted and not refreshed any more."""
        self.state = WEIGHTS_NONE

    sleep = forget  # nobody refreshes them while the device sleeps

    def wake(self) -> None:
        """Write the weights anew, if `sleep` gave them up; a reading that went on meanwhile is none."""
        if self.state != WEIGHTS_HELD:
            self.program()
            self._chip.disturbed = True

    def keep(self) -> None:
        """Rewrite the weights now if they are held; before anything that stalls the processor, and by the task."""
        if self.state != WEIGHTS_HELD:
            return
        self._chip.write_weights()
        now_ms = ticks_ms()
        age_ms = ticks_diff(now_ms, self._last_ms)
        if not 0 <= age_ms <= self.limit_ms:  # late, or the clock has jumped back
            self._miss()
        else:
            self.done += 1
            self._looked_ms = max(self._looked_ms, age_ms)
        self.oldest_ms = max(self.oldest_ms, age_ms)
        self._last_ms = now_ms

    def _miss(self) -> None:
        self.missed += 1
        self.state = WEIGHTS_STALE

    def left_ms(self) -> int:
        """How long until the weights are due; the longest there is where none are held."""
        if self.state != WEIGHTS_HELD:
            return LONGEST_MS
        return self.period_ms - ticks_diff(ticks_ms(), self._last_ms)

    def run(self):
        """The task."""
        while True:
            if self.state != WEIGHTS_HELD:
                yield min(IDLE_MS, max(self.period_ms, 1))
                continue
            age_ms = ticks_diff(ticks_ms(), self._last_ms)
            if 0 <= age_ms < self.period_ms:
                yield self.period_ms - age_ms
                continue
            self.keep()
