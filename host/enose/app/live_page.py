"""Live: what is smelt now, how sure that is, and what was before."""

import csv
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.look import look
from enose.app.margin_scale import MarginScale, scale_of
from enose.app.plots import Plot
from enose.app.recording import Phase, Telling, watched_names
from enose.app.session import Connected
from enose.app.timeline import Timeline
from enose.app.traces import Traces
from enose.app.trouble import trouble_of
from enose.app.widgets import Table, button, choice, label, row, set_kind
from enose.app.work import Job
from enose.image import write_whole
from enose.link.device import Answer
from enose.link.watch import Scans
from enose_hwsim import gas

WATCH_S = 0.2
QUICK_S, QUICK_GRANT_MS = 0.02, 1000  # where time runs as fast as it computes: so often, so much of it
KEPT = 5000  # answers; the table shows the newest
IN_TABLE = 200
COLUMNS = ("time_utc", "answer", "class", "margin_v", "outputs_v", "reason", "simulated")
AS_IT_IS = "what is there"


@dataclass(frozen=True)
class Smelt:
    """One answer, and when it came, in seconds since 1970."""

    at_s: float
    answer: Answer
    simulated: bool

    def cells(self) -> tuple[str, ...]:
        """As in COLUMNS."""
        a = self.answer
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at_s))
        outputs = " ".join(f"{v:.6f}" for v in a.outputs_v)
        return when, a.answer, a.label, f"{a.margin_v:.6f}", outputs, a.reason, "yes" if self.simulated else "no"


class LivePage(QWidget):
    """The answer with its scale, the sensors' traces, the history."""

    watched = Signal(object)  # Scans, from the device's thread

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self.smelt: list[Smelt] = []
        self._end_watch: Callable[[], None] = lambda: None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        top = QHBoxLayout()
        top.addWidget(label("Live", "title"))
        top.addStretch(1)
        self.once = button("&Measure once", lambda: self.measure(False), main=True)
        self.on = button("Measure &on and on", lambda: self.measure(True))
        self.odour = choice("simulated odour", (AS_IT_IS, *gas.ODOURS))
        self.odour.setToolTip("What is put before the simulated nose for each measurement")
        self._odour_words = label("Odour:")
        for widget in (self._odour_words, self.odour, self.once, self.on):
            top.addWidget(widget)
        whole.addLayout(top)
        self._missing = label("", "warn")
        whole.addWidget(self._missing)
        line = QHBoxLayout()
        self.answer = label("–", "answer")
        self.answer.setMinimumWidth(300)
        self.words = label("No answer yet.", "faint")
        left = QVBoxLayout()
        left.addWidget(self.answer)
        left.addWidget(self.words)
        line.addLayout(left, 2)
        self.scale = MarginScale()
        line.addWidget(self.scale, 3)
        whole.addLayout(line)
        self.timeline = Timeline()
        whole.addWidget(self.timeline)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        self.traces = Traces("Tick “Watch the sensors”, or measure, to see them here.")
        split.addWidget(self.traces)
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.setChildrenCollapsible(False)
        self.history = Plot("outputs of the last measurements", "measurement (number)", "output (V)")
        self.history.say_empty("Every answer of this session is drawn here.")
        self.table = Table("answers", ("time (UTC)", "answer", "margin (mV)", "reason"))
        lower.addWidget(self.history)
        lower.addWidget(self.table)
        split.addWidget(lower)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 3)
        whole.addWidget(split, 1)
        self.watch = QCheckBox("&Watch the sensors")
        self.watch.toggled.connect(self._watch)
        self._counts = label("", "faint")
        self._counts.setWordWrap(False)
        whole.addLayout(
            row(
                self.watch,
                self._counts,
                None,
                button("&Export answers…", self._export),
                button("Device &log…", self._log),
            )
        )
        self.watched.connect(self.traces.add, Qt.ConnectionType.QueuedConnection)
        bench.session.connected.connect(self._connected)
        bench.session.closed.connect(self._closed)
        bench.programmed_changed.connect(self._show_buttons)
        bench.look_changed.connect(self._draw)
        self._show_buttons()

    # ---------------------------------------------------------------------------------------------- done

    def measure(self, again: bool) -> Job:
        """Run one measurement, or one after the other until it is stopped."""
        odour = None if self.odour.currentText() == AS_IT_IS else self.odour.currentText()
        for widget in (self.once, self.on):
            widget.setEnabled(False)

        def work(now: Connected, job: Job) -> None:
            telling = Telling(now, job.tell)
            while True:
                if odour is not None and now.simulation is not None:
                    now.simulation.present(odour)

                def on_phase(phase: str, left_s: float) -> None:
                    job.step(f"{phase}, {left_s:.0f} s left")
                    job.tell(Phase("", phase, left_s))
                    telling()

                job.tell(Smelt(time.time(), now.device.measure(on_phase), now.device.simulated))
                if not again:
                    return

        return self._bench.ask(
            "measuring", work, said=self._said, over=self._show_buttons,
        )  # fmt: skip

    def csv(self) -> str:
        """Every answer of this session."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(one.cells() for one in self.smelt)
        return text.getvalue()

    def save_csv(self, path: Path) -> None:
        """Write the answers; trouble is shown."""
        self._write(path, self.csv())

    def save_log(self, path: Path) -> Job:
        """Fetch the device's log and write it."""
        return self._bench.ask(
            "fetching the log", lambda now, job: now.device.log().csv(), done=lambda text: self._write(path, text),
        )  # fmt: skip

    def _write(self, path: Path, text: str) -> None:
        try:
            write_whole(path, text.encode())
        except OSError as error:
            self._bench.trouble.emit(trouble_of(error))
        else:
            self._bench.good_news.emit(f"Written: {path.name}")

    def _export(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Answers", "answers.csv", "Tables (*.csv)")
        if name:
            self.save_csv(Path(name))

    def _log(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "The device's log", "log.csv", "Tables (*.csv)")
        if name:
            self.save_log(Path(name))

    def _watch(self, wanted: bool) -> None:
        self._end_watch()
        self._end_watch = lambda: None
        now = self._bench.session.now
        if not wanted or now is None:
            return
        telling = Telling(now, self.watched.emit)

        def idle(connected: Connected) -> None:
            if connected.simulation is not None and connected.simulation.order.quick:
                connected.device.port.wait(QUICK_GRANT_MS)
            telling()

        quick = now.simulation is not None and now.simulation.order.quick
        self._end_watch = self._bench.session.watch_with(idle, QUICK_S if quick else WATCH_S)

    # ---------------------------------------------------------------------------------------------- shown

    def _said(self, value: object) -> None:
        if isinstance(value, Phase):
            self.timeline.show_phase(value.phase, value.left_s)
        elif isinstance(value, Scans):
            self.traces.add(value)
        elif isinstance(value, Smelt):
            self._answered(value)

    def _answered(self, one: Smelt) -> None:
        self.smelt = [*self.smelt, one][-KEPT:]
        self.timeline.show_phase("", 0.0)
        now, programmed = self._bench.session.now, self._bench.programmed
        a = one.answer
        self.answer.setText(a.label or a.answer)
        set_kind(self.answer, "answer")
        margin = f"{a.margin_v * 1e3:.1f} mV"
        if a.answer == "NONE":
            text = f"No answer: {a.reason}."
        elif a.answer == "ABSTAIN":
            text = f"Abstains: {a.reason or f'nearer to a threshold ({margin}) than the guard'}."
        elif a.margin_v < 0:
            text = f"Kept by its hysteresis: another class is {-1e3 * a.margin_v:.1f} mV ahead."
        else:
            text = f"{margin} {'above the next output' if len(a.outputs_v) > 1 else 'from the nearest threshold'}."
        self.words.setText(text + (" Simulated." if one.simulated else ""))
        if now is not None:
            classes = tuple(programmed.image.classes) if programmed is not None else ()
            guard_v = programmed.image.guard_uv * 1e-6 if programmed is not None else 0.0
            self.scale.show_answer(scale_of(now.chip, classes, guard_v), a.outputs_v)
        self._draw()

    def _draw(self) -> None:
        self.history.clear()
        if not self.smelt:
            return
        self.history.say_empty("")
        now = self._bench.session.now
        newest = self.smelt[-IN_TABLE:]
        first = len(self.smelt) - len(newest) + 1
        for k in range(max(len(one.answer.outputs_v) for one in newest)):
            seen = [(first + n, one.answer) for n, one in enumerate(newest) if len(one.answer.outputs_v) > k]
            for words, colour, mark in (("CLASS", k, "o"), ("ABSTAIN", look().warn, "x")):
                some = [(n, a.outputs_v[k]) for n, a in seen if a.answer == words]
                if some:
                    output = "output" if k == 0 else f"output {k + 1}"
                    name = f"{output}, {'answered' if words == 'CLASS' else 'abstained'}"
                    self.history.points([n for n, _ in some], [v for _, v in some], colour, name, mark)
        if now is not None:
            scale = scale_of(now.chip, ())
            for volts in scale.edges_v:
                self.history.level(volts, f"{volts:.2f} V")
            self.history.item.setYRange(scale.low_v, scale.high_v + 0.25 * (scale.high_v - scale.low_v))
        self.history.item.setXRange(first - 0.5, first + max(len(newest), 8) - 0.5)
        rows = [
            (time.strftime("%H:%M:%S", time.gmtime(one.at_s)), one.answer.label or one.answer.answer,
             f"{1e3 * one.answer.margin_v:.1f}", one.answer.reason)
            for one in reversed(newest)
        ]  # fmt: skip
        kinds = [one.answer.answer for one in self.smelt]
        self.table.show_rows(rows)
        self._counts.setText(
            f"{len(kinds)} measurements: {kinds.count('CLASS')} answered, {kinds.count('ABSTAIN')} abstained, "
            f"{kinds.count('NONE')} without an answer"
        )

    def _connected(self, found: Connected) -> None:
        self.traces.begin(watched_names(found))
        for widget in (self.odour, self._odour_words):
            widget.setVisible(found.simulation is not None)
        self._watch(self.watch.isChecked())
        self._show_buttons()

    def _closed(self) -> None:
        self._watch(False)
        self._show_buttons()

    def _show_buttons(self) -> None:
        now = self._bench.session.now
        missing = ""
        if now is None:
            missing = "Connect a board first."
        elif self._bench.programmed is None and not now.facts["image"]["generation"]:
            missing = "Program a weight image on the page Chip first: without one the device does not classify."
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        for widget in (self.once, self.on):
            widget.setEnabled(not missing)
        self.watch.setEnabled(now is not None)
