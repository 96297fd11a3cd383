"""Live traces of the sensors: the newest minute is kept, whatever comes; drawn ten times a second."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from enose.app.plots import Plot
from enose.link.watch import Scans

Floats = NDArray[np.float64]

KEPT_S, RATE_HZ = 90.0, 50.0
DRAW_MS = 100


class Kept:
    """The last rows of a series, in memory that does not grow."""

    def __init__(self, rows: int, columns: int) -> None:
        self._rows = np.full((2 * rows, columns), np.nan)
        self._size, self._end = rows, 0

    def add(self, rows: Floats) -> None:
        """More rows, (n, columns)."""
        rows = rows[-self._size :]
        if self._end + len(rows) > len(self._rows):
            kept = self._rows[self._end - self._size : self._end].copy()
            self._rows[: len(kept)] = kept
            self._end = len(kept)
        self._rows[self._end : self._end + len(rows)] = rows
        self._end += len(rows)

    @property
    def rows(self) -> Floats:
        """At most as many as it was made for, oldest first."""
        return self._rows[max(self._end - self._size, 0) : self._end]


class Traces(QWidget):
    """Resistances over time, one colour a sensor."""

    def __init__(self, empty: str) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.plot = Plot("sensor traces", "time (s)", "resistance (kΩ)")
        self.plot.item.setLogMode(y=True)
        layout.addWidget(self.plot)
        self._empty = empty
        self._columns = 0
        self.seen = self.lost = 0
        self._fresh = False
        self._timer = QTimer(self, interval=DRAW_MS)
        self._timer.timeout.connect(self.draw)
        self._timer.start()
        self.begin(())

    def begin(self, names: tuple[str, ...]) -> None:
        """Sensors of these names from now on; what was there is gone."""
        self._columns = len(names)
        self._kept = Kept(round(KEPT_S * RATE_HZ), 1 + self._columns)
        self.seen = self.lost = 0
        self.plot.clear()
        for k, name in enumerate(names):
            self.plot.line([], [], k, name)
        self.plot.say_empty(self._empty)
        self._fresh = False

    def add(self, scans: Scans) -> None:
        """What came in."""
        if scans.ohm.shape[1] != self._columns:
            return  # of the board before
        self._kept.add(np.column_stack([scans.time_s, scans.ohm * 1e-3]))
        self.seen += len(scans.time_s)
        self.lost += scans.lost
        self._fresh = True

    @property
    def shown(self) -> Floats:
        """(n, 1 + sensors): time in s, resistances in kohm."""
        return self._kept.rows

    def draw(self) -> None:
        """Bring the picture up to date, where anything is new and can be seen."""
        if not self._fresh or not self.isVisible():
            return
        self._fresh = False
        rows = self.shown
        self.plot.say_empty("")
        for k, curve in enumerate(self.plot.curves):
            curve.setData(rows[:, 0], rows[:, 1 + k])
