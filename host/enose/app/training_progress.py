"""A training while it goes on: loss and accuracy of each fold, and what it does."""

import time

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from enose.app.plots import Plot
from enose.app.widgets import Table, label
from enose.training.choosing import Learning

WAITING = "The choice of sensors and classes comes first; the curve of each fold begins here after it."
WORDS = (
    "The lowest loss of all starts of a fold, and the share of its training specimens that this start names rightly:"
    " not the accuracy to be reported, which comes from specimens that training never saw."
)


class TrainingProgress(QWidget):
    """Curves on top, steps below."""

    def __init__(self) -> None:
        super().__init__()
        self._folds = 0
        self._began_s = 0.0
        self._seen: dict[int, list[Learning]] = {}
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(label(WORDS, "faint"))
        self.loss = Plot("loss while it trains", "step (number)", "loss (nats)")
        self.accuracy = Plot("accuracy while it trains", "step (number)", "named rightly (%)", legend=False)
        curves = QSplitter(Qt.Orientation.Horizontal)
        self.accuracy.item.setYRange(0, 100)
        for plot in (self.loss, self.accuracy):
            plot.say_empty("Press Train.")
            curves.addWidget(plot)
        self.steps = Table("what training did", ("after (s)", "step", "of"))
        both = QSplitter(Qt.Orientation.Vertical)
        both.addWidget(curves)
        both.addWidget(self.steps)
        both.setStretchFactor(0, 2)
        both.setStretchFactor(1, 1)
        for split in (curves, both):
            split.setChildrenCollapsible(False)
        inside.addWidget(both, 1)

    def begin(self, folds: int) -> None:
        """A new training begins."""
        self._folds, self._seen, self._began_s = folds, {}, time.monotonic()
        self.steps.show_rows([])
        self.redraw()

    def told(self, said: tuple[str, int, int | None] | tuple[int, Learning]) -> None:
        """A step (text, done, total), or how far a fold is."""
        if len(said) == 2:
            fold, now = said
            self._seen.setdefault(fold, []).append(now)
            self.redraw()
        else:
            text, done, total = said
            self._add(text, f"{done} of {total}" if total else "")

    def stopped(self) -> None:
        """The user has stopped it."""
        self._add("stopped: nothing of it is kept", "")

    def redraw(self) -> None:
        """Draw what is known, in the colours in force."""
        for plot in (self.loss, self.accuracy):
            plot.clear()
            plot.say_empty("" if self._seen else WAITING if self._folds else "Press Train.")
        for fold, seen in self._seen.items():
            steps = [now.step for now in seen]
            name = f"fold {fold + 1}" if fold < self._folds else "all recordings"
            self.loss.line(steps, [now.loss for now in seen], fold, name)
            self.accuracy.line(steps, [100 * now.accuracy for now in seen], fold)

    def _add(self, text: str, of: str) -> None:
        self.steps.add_row((f"{time.monotonic() - self._began_s:.1f}", text, of))
