"""The status light: a pattern for each state of the device."""

from enose_contract.messages import DONE, IDLE, MEASURING, SAFE_STATE

LOOK_MS = 100  # a change of state shows within this
# on and off in ms
PATTERNS = {IDLE: (100, 1900), MEASURING: (500, 500), DONE: (1900, 100), SAFE_STATE: (100, 100)}


class Led:
    """Idle: a short blink every two seconds; measuring: even blinks; an answer: on; a fault: quick blinks."""

    def __init__(self, pin, state) -> None:
        """pin: high is lit; state(): one of PATTERNS."""
        self._pin = pin
        self._state = state

    def run(self):
        """The task."""
        while True:
            state = self._state()
            on_ms, off_ms = PATTERNS[state]
            yield from self._hold(1, on_ms, state)
            yield from self._hold(0, off_ms, state)

    def _hold(self, level: int, duration_ms: int, state: int):
        """For so long, or until the state is another."""
        self._pin.value(level)
        while duration_ms > 0 and self._state() == state:
            yield LOOK_MS
            duration_ms -= LOOK_MS
