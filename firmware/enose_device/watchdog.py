"""The watchdog is fed when every task has run: one that hangs, or that is never reached, ends in a reset.

Which task is running is noted where a reset does not clear it, so that the log of the next start can name it.
"""

TIMEOUT_MS = 8000  # an RP2040 can wait 8388 ms (data sheet, section 4.7.2)
LINK = 0  # the tasks' numbers follow
STARTING, RESTARTED = 254, 255  # notes that are no task's
TO_LEARN = 253  # restarted for learning on the chip


def nothing() -> None:
    """Until there is a watchdog to feed, or weights to keep before the processor stalls."""


class Watchdog:
    """Counts the tasks that have run since it was fed."""

    def __init__(self, note) -> None:
        """note(number) is kept over a reset: 0 for no task, k + 1 for task k."""
        self.note = note
        self._feed = nothing
        self._expected = 1 << LINK
        self._ran = 0

    def begin(self, feed) -> None:
        """From now on it bites; feed() gives it all of its time again."""
        self.note(STARTING)
        self._feed = feed

    def expect(self, task: int) -> None:
        """From now on the task of this number has to run as well."""
        self._expected |= 1 << task

    def runs(self, task: int) -> None:
        """The task is about to run."""
        self.note(task + 1)

    def ran(self, task: int) -> None:
        """The task has come back."""
        self.note(0)
        self._ran |= 1 << task
        if self._ran == self._expected:
            self._ran = 0
            self._feed()
