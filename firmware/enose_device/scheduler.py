"""Cooperative tasks: generators that yield how many ms they want to wait.

A task that raises is reported and begun anew: one fault never stops the others.
"""

from time import ticks_add, ticks_diff, ticks_ms

IDLE_MS = 100  # the loop comes round at least this often


class Scheduler:
    """Runs a fixed set of tasks for ever."""

    def __init__(self, on_error) -> None:
        """on_error(exception) is told what a task raised."""
        self._on_error = on_error
        self._make = []
        self._tasks = []
        self._due = []

    def add(self, make) -> None:
        """make() gives the task's generator, now and after each of its errors; it first runs at the next turn."""
        self._make.append(make)
        self._tasks.append(make())
        self._due.append(ticks_ms())

    def turn(self) -> int:
        """Run every task that is due; returns the ms until the next one is."""
        wait_ms = IDLE_MS
        for k in range(len(self._tasks)):
            left_ms = ticks_diff(self._due[k], ticks_ms())
            if left_ms <= 0:
                try:
                    left_ms = next(self._tasks[k])
                except Exception as error:  # noqa: BLE001 - whatever it was, the device enters its safe state and goes on
                    self._on_error(error)
                    self._tasks[k] = self._make[k]()
                    left_ms = IDLE_MS
                self._due[k] = ticks_add(ticks_ms(), left_ms)
            wait_ms = min(wait_ms, left_ms)
        return max(wait_ms, 0)
