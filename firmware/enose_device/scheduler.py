"""Cooperative tasks: generators that yield how many ms they want to wait.

A task that raises is reported and begun anew: one fault never stops the others. A task may be called earlier than it
asked for: none waits longer than LONGEST_MS, so that each has run before the watchdog's time is over.
"""

from time import ticks_add, ticks_diff, ticks_ms

IDLE_MS = 100  # the loop comes round at least this often
LONGEST_MS = 1000


class Scheduler:
    """Runs a fixed set of tasks for ever."""

    def __init__(self, on_error, watchdog) -> None:
        """on_error(exception) is told what a task raised; the watchdog is told which one ran."""
        self._on_error = on_error
        self._watchdog = watchdog
        self._make = []
        self._tasks = []
        self._due = []
        self._turned_ms = ticks_ms()

    def add(self, make) -> None:
        """make() gives the task's generator, now and after each of its errors; it first runs at the next turn."""
        self._make.append(make)
        self._tasks.append(make())
        self._due.append(ticks_ms())
        self._watchdog.expect(len(self._tasks))

    def wake(self, k: int) -> None:
        """Task k is due: what it waits for comes sooner than it was told."""
        self._due[k] = ticks_ms()

    def turn(self) -> int:
        """Run every task that is due; returns the ms until the next one is."""
        wait_ms = IDLE_MS
        now_ms = ticks_ms()
        jumped = ticks_diff(now_ms, self._turned_ms) < 0  # back: every task has to see it
        self._turned_ms = now_ms
        for k in range(len(self._tasks)):
            left_ms = ticks_diff(self._due[k], ticks_ms())
            if jumped or left_ms <= 0 or left_ms > LONGEST_MS:  # beyond that the clock has jumped ahead
                left_ms = self._run(k)
                self._due[k] = ticks_add(ticks_ms(), left_ms)
            wait_ms = min(wait_ms, left_ms)
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
