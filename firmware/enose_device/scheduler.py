"""Cooperative tasks: generators that yield how many ms they want to wait.

A task that raises is reported and begun anew: one fault never stops the others. A task may be called earlier than it
asked for: none waits longer than LONGEST_MS, so that each has run before the watchdog's time is over.
"""

from time import ticks_add, ticks_diff, ticks_ms

IDLE_MS = 100  # the loop comes round at least this often
LONGEST_MS = 1000


class Scheduler:
    """Runs a fixed set of tasks for ever; the one of the number `first` is looked at before each of them."""

    def __init__(self, on_error, watchdog) -> None:
        """on_error(exception) is told what a task raised; the watchdog is told which one ran."""
        self._on_error = on_error
        self._watchdog = watchdog
        self._make = []
        self._tasks = []
        self._due = []
        self.first = 0
        self._turned_ms = ticks_ms()

    def add(self, make) -> int:
        """make() gives the task's generator, now and after each of its errors; it begins with the next turn.

        Returns the task's number.
        """
        self._make.append(make)
        self._tasks.append(make())
        self._due.append(ticks_ms())
        self._watchdog.expect(len(self._tasks))
        return len(self._tasks) - 1

    def wake(self, k: int) -> None:
        """Task k is due: what it waits for comes sooner than it was told."""
        self._due[k] = ticks_ms()

    def turn(self) -> int:
        """Run every task that is due; returns the ms until the next one is."""
        now_ms = ticks_ms()
        jumped = ticks_diff(now_ms, self._turned_ms) < 0  # back: every task has to see it
        self._turned_ms = now_ms
        for step in range(2 * len(self._tasks)):
            k = step >> 1 if step & 1 else self.first
            left_ms = ticks_diff(self._due[k], ticks_ms())
            if jumped or left_ms <= 0 or left_ms > LONGEST_MS:  # beyond that the clock has jumped ahead
                left_ms = self._run(k)
                self._due[k] = ticks_add(ticks_ms(), left_ms)
        wait_ms, now_ms = IDLE_MS, ticks_ms()
        for due_ms in self._due:
            wait_ms = min(wait_ms, ticks_diff(due_ms, now_ms))
        return max(wait_ms, 0)

    def _run(self, k: int) -> int:
        self._watchdog.runs(k + 1)
        try:
            wait_ms = min(next(self._tasks[k]), LONGEST_MS)
        except Exception as error:  # noqa: BLE001 - whatever it was, the device enters its safe state and goes on
            self._tasks[k] = self._make[k]()
            wait_ms = IDLE_MS
            self._on_error(error)
        self._watchdog.ran(k + 1)
        return wait_ms
