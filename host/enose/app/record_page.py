"""Record: what is smelt, while it is smelt."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QRadioButton,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from enose.app.bench import Bench
from enose.app.plan_dialog import PlanDialog
from enose.app.recording import Phase, Ready, record_specimens, watched_names
from enose.app.session import Connected
from enose.app.timeline import Timeline
from enose.app.traces import Traces
from enose.app.trouble import Trouble
from enose.app.widgets import Knob, Table, button, choice, group, label, row
from enose.app.window_meter import WindowMeter
from enose.app.work import Job
from enose.link.watch import Scans
from enose.project.schema import ProjectError
from enose.project.store import Project
from enose.recorder import Recorded
from enose_hwsim import gas

ENDING = ".enose"
AS_LABEL = "as the label says"


class RecordPage(QWidget):
    """Project, plan, phases, traces, window meter, specimens."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._waiting: Ready | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(label("Record", "title"))
        line = QHBoxLayout()
        whole.addLayout(line, 1)
        left = QVBoxLayout()
        left.addWidget(self._project())
        left.addWidget(self._what())
        left.addStretch(1)
        line.addLayout(left, 1)
        right = QVBoxLayout()
        line.addLayout(right, 3)
        self.timeline = Timeline()
        right.addWidget(self.timeline)
        split = QSplitter(Qt.Orientation.Vertical)
        split.setChildrenCollapsible(False)
        self.traces = Traces("The sensors' traces appear while a specimen is measured.")
        split.addWidget(self.traces)
        lower = QSplitter(Qt.Orientation.Horizontal)
        lower.setChildrenCollapsible(False)
        self.meter = WindowMeter()
        lower.addWidget(self.meter)
        self.specimens = Table("specimens", ("specimen", "label", "answer", "session"))
        lower.addWidget(self.specimens)
        split.addWidget(lower)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        right.addWidget(split, 1)
        bench.project_changed.connect(self.refresh)
        bench.session.connected.connect(self._connected)
        bench.session.closed.connect(self._show_buttons)
        self.refresh()

    # ---------------------------------------------------------------------------------------------- made

    def _project(self) -> QWidget:
        box, inside = group("Project file")
        self._name = label("None yet. Everything that is recorded is kept in a project file.", "faint")
        inside.addWidget(self._name)
        inside.addLayout(row(button("&Open or new…", self.choose_project), button("P&lan…", self.plan)))
        self._planned = label("", "faint")
        inside.addWidget(self._planned)
        return box

    def _what(self) -> QWidget:
        box, inside = group("What is recorded")
        self.by_label = QRadioButton("Specimens of one &label")
        self.by_plan = QRadioButton("What the p&lan wants next")
        self.by_label.setChecked(True)
        form = QFormLayout()
        self.label = QLineEdit()
        self.label.setPlaceholderText("for example lemon")
        self.count = QSpinBox(minimum=1, maximum=1000, value=1)
        self.odour = choice("simulated odour", (AS_LABEL, *gas.ODOURS))
        self.strength = Knob("odour strength", 0, 200, 100, "{:.0f} %", lambda _: None)
        form.addRow("La&bel", self.label)
        form.addRow("How &many", self.count)
        form.addRow("Simulated odour", self.odour)
        form.addRow("Strength", self.strength)
        inside.addWidget(self.by_label)
        inside.addWidget(self.by_plan)
        inside.addLayout(form)
        self.start = button("&Record", self.record, main=True)
        self.ready = button("It is before the &nose", self._go)
        self.ready.hide()
        inside.addWidget(self.start)
        inside.addWidget(self.ready)
        self._missing = label("", "warn")
        inside.addWidget(self._missing)
        for radio in (self.by_label, self.by_plan):
            radio.toggled.connect(lambda _: self._show_buttons())
        self.label.textChanged.connect(lambda _: self._show_buttons())
        return box

    # ---------------------------------------------------------------------------------------------- done

    def choose_project(self) -> None:
        """Ask for a project file, there or new."""
        name, _ = QFileDialog.getSaveFileName(
            self,
            "Project file, there or new",
            "",
            f"Project files (*{ENDING})",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if name:
            self.open_project(Path(name))

    def open_project(self, path: Path) -> None:
        """Take this one; trouble is shown."""
        try:
            self._bench.open_project(path if path.suffix else path.with_suffix(ENDING))
        except ProjectError as error:
            self._bench.trouble.emit(Trouble(str(error), "Choose another file."))

    def plan(self) -> None:
        """Ask for a plan."""
        if self._bench.project is not None:
            PlanDialog(self._bench, self).open()

    def record(self) -> Job:
        """Begin; ends when all are recorded, or at the first that the device did not smell."""
        path = self._bench.project
        assert path is not None  # the button is off without
        planned = self.by_plan.isChecked()
        wanted = None if planned else self.label.text().strip()
        count = self.count.value()
        odour = None if self.odour.currentText() == AS_LABEL else self.odour.currentText()
        strength = self.strength.value / 100
        programmed = self._bench.programmed
        image = programmed.image if programmed is not None else None
        self.start.setEnabled(False)
        return self._bench.ask(
            "recording",
            lambda now, job: record_specimens(now, job, path, image, wanted, count, odour, strength),
            said=self._said,
            done=self._recorded,
            over=self._over,
        )

    def _go(self) -> None:
        if self._waiting is not None:
            self._waiting.go.set()
        self._waiting = None
        self.ready.hide()

    # ---------------------------------------------------------------------------------------------- shown

    def _said(self, value: object) -> None:
        if isinstance(value, Phase):
            self.timeline.show_phase(value.phase, value.left_s)
        elif isinstance(value, Scans):
            self.traces.add(value)
        elif isinstance(value, Ready):
            self._waiting = value
            self.ready.setText(f"{value.name} is before the &nose")
            self.ready.show()
            self.ready.setFocus()
        elif isinstance(value, Recorded):
            self.refresh()

    def _recorded(self, found: list[Recorded]) -> None:
        self._bench.good_news.emit(
            f"{len(found)} specimens are in the project. Next: Data shows them, Train uses them."
        )
        self._bench.project_changed.emit()

    def _over(self) -> None:
        self.timeline.show_phase("", 0.0)
        self.ready.hide()
        self.refresh()

    def _connected(self, found: Connected) -> None:
        self.traces.begin(watched_names(found))
        for widget in (self.odour, self.strength):
            widget.setEnabled(found.simulation is not None)
        self._show_buttons()

    def refresh(self) -> None:
        """Show what the project holds."""
        path = self._bench.project
        rows: list[tuple[Any, ...]] = []
        inputs_v: list[list[float]] = []
        planned = done = 0
        if path is not None:
            with Project.open(path) as project:
                plan = project.plan()
                planned, done = len(plan), sum(entry["specimen"] is not None for entry in plan)
                blind = {entry["specimen"] for entry in plan}
                for specimen in project.specimens():
                    facts = [stored.cycle.facts for stored in project.cycles(specimen.id)]
                    shown = "(blind)" if specimen.name in blind and done < planned else specimen.label or "–"
                    answer = facts[0].get("answer", "") if facts else ""
                    rows.append((specimen.name, shown, answer, specimen.session))
                    inputs_v += [one["inputs_v"] for one in facts if one.get("inputs_v")]
        self.specimens.show_rows(rows)
        self.specimens.scrollToBottom()
        self._name.setText(
            f"{path.name}: {len(rows)} specimens" if path else "None yet. What is recorded is kept in a project file."
        )
        self._planned.setText(f"Plan: {done} of {planned} recorded" if planned else "")
        if planned and not self.label.text():
            self.by_plan.setChecked(done < planned)
        self.by_plan.setEnabled(planned > done)
        widest = max((len(one) for one in inputs_v), default=0)
        alike = [one for one in inputs_v if len(one) == widest]
        self.meter.show_inputs(alike, [f"input {k + 1}" for k in range(widest)], 0.85, 0.95)
        self._show_buttons()

    def _show_buttons(self) -> None:
        missing = ""
        if self._bench.session.now is None:
            missing = "Connect a board first."
        elif self._bench.project is None:
            missing = "Open or make a project file first."
        elif self.by_label.isChecked() and not self.label.text().strip():
            missing = "Say the label."
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        self.start.setEnabled(not missing)
        self.label.setEnabled(self.by_label.isChecked())
