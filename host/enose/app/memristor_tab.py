"""Memristors: how write-verify brought each device to its memristance, pulse by pulse."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.look import look
from enose.app.plots import Plot
from enose.app.programming import Outcome
from enose.app.widgets import Table, label

EMPTY = "Program a memristor board on the page Weights: each pulse of its write-verify is shown here."


class MemristorTab(QWidget):
    """Devices at the left, the traces of those that are chosen at the right; all of them where none is."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._outcome: Outcome | None = None
        inside = QVBoxLayout(self)
        self.words = label(EMPTY, "faint")
        inside.addWidget(self.words)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        self.table = Table("memristors", ("device", "wanted (kΩ)", "reached (kΩ)", "off (%)", "pulses"))
        self.table.itemSelectionChanged.connect(self._draw)
        self.plot = Plot("write-verify traces", "pulse (number)", "memristance (kΩ)", legend=False)
        self.plot.say_empty(EMPTY)
        split.addWidget(self.table)
        split.addWidget(self.plot)
        split.setSizes([440, 640])
        split.setStretchFactor(1, 1)
        inside.addWidget(split, 1)
        bench.look_changed.connect(self._draw)
        bench.session.closed.connect(lambda: self.show_outcome(None))

    def show_outcome(self, outcome: Outcome | None) -> None:
        """A programming that is done; one of another kind of chip, or None, shows nothing."""
        self._outcome = outcome if outcome is not None and outcome.pulses else None
        rows = []
        shown, read_ohm = self._outcome, self._outcome.weights.read if self._outcome is not None else None
        if shown is not None and read_ohm is not None:
            for k, (wanted, read) in enumerate(zip(np.abs(shown.weights.wanted), np.abs(read_ohm), strict=True)):
                count = sum(pulse.device == k for pulse in shown.pulses)
                off = f"{100 * (read / wanted - 1):+.2f}" if wanted and read else "–"
                rows.append((k, round(wanted * 1e-3, 3), round(read * 1e-3, 3), off, count))
        self.table.show_rows(rows)
        self.words.setText(
            f"{len(rows)} devices, {len(self._outcome.pulses)} pulses; the simulated chip's true memristances. Dashes: "
            "what is wanted. Choose rows to see some of them alone."
            if self._outcome is not None
            else EMPTY
        )
        self._draw()

    def _draw(self) -> None:
        self.plot.clear()
        outcome = self._outcome
        if outcome is None:
            self.plot.say_empty(EMPTY)
            return
        self.plot.say_empty("")
        chosen = self.table.chosen()
        for k in chosen or range(len(outcome.weights.wanted)):
            ohm = [pulse.ohm * 1e-3 for pulse in outcome.pulses if pulse.device == k]
            if ohm:
                self.plot.line(np.arange(1, len(ohm) + 1), ohm, k)
            if chosen:
                wanted = abs(float(outcome.weights.wanted[k])) * 1e-3
                self.plot.line([1, max(len(ohm), 2)], [wanted, wanted], look().faint, dashed=True)
