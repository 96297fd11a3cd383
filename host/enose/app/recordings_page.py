"""Data: what was recorded, how it lies, and whether it is to be trusted."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QSplitter, QTabWidget, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.look import look
from enose.app.plots import Plot
from enose.app.views import KINDS, Map, add_example, class_traces, map_of, sliced
from enose.app.widgets import Table, button, choice, group, label, row, set_kind
from enose.app.work import Job
from enose.importing.read import read_import
from enose.project.recordings import load_project
from enose.project.store import Project, StoredSession
from enose.recordings import Recordings

if TYPE_CHECKING:  # the audit brings scikit-learn, which the window need not wait for
    from enose.audit import Audit

SHAPES = ("o", "s", "t", "d", "star", "p", "h", "+")  # beside the colours, for eyes that do not tell them apart
EMPTY = "Record specimens, import a file, or press Example to see this page at work."


class RecordingsPage(QWidget):
    """Sessions at the left; map, traces and audit of those that are chosen at the right."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._sessions: list[StoredSession] = []
        self._recordings: Recordings | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(label("Data", "title"))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        whole.addWidget(split, 1)
        split.addWidget(self._left())
        self.tabs = QTabWidget()
        self.tabs.addTab(self._map_tab(), "&Map")
        self.tabs.addTab(self._traces_tab(), "T&races")
        self.tabs.addTab(self._audit_tab(), "A&udit")
        split.addWidget(self.tabs)
        split.setSizes([430, 670])
        split.setStretchFactor(0, 2)
        split.setStretchFactor(1, 3)
        bench.project_changed.connect(self.refresh)
        bench.look_changed.connect(self._redraw)
        self.refresh()

    # ---------------------------------------------------------------------------------------------- made

    def _left(self) -> QWidget:
        box, inside = group("Sessions")
        self.table = Table("sessions", ("session", "specimens", "from", "began (UTC)"))
        self.table.itemSelectionChanged.connect(self._load)
        inside.addWidget(self.table, 1)
        self._counts = label("", "faint")
        inside.addWidget(self._counts)
        self._import = button("&Import a file…", self._choose_import)
        self._import_folder = button("Import a &folder…", self._choose_folder)
        self._example = button(
            "&Example", self.example, tip="Put 24 simulated specimens of fruit odours into the project"
        )
        inside.addLayout(row(self._import, self._import_folder, self._example))
        return box

    def _map_tab(self) -> QWidget:
        page = QWidget()
        inside = QVBoxLayout(page)
        self.kind = choice("kind of map", KINDS)
        self.kind.currentIndexChanged.connect(lambda _: self._draw_map())
        self._map_words = label("", "faint")
        inside.addLayout(row(label("Map by"), self.kind, spread=True))
        self.map = Plot("map of the specimens", "first component (1)", "second component (1)")
        inside.addWidget(self.map, 1)
        inside.addWidget(self._map_words)
        return page

    def _traces_tab(self) -> QWidget:
        page = QWidget()
        inside = QVBoxLayout(page)
        self.sensor = choice("sensor", ())
        self.sensor.currentIndexChanged.connect(lambda _: self._draw_traces())
        inside.addLayout(row(label("Sensor"), self.sensor))
        self.traces = Plot("traces by class", "time since the odour came (s)", "R/R0 (1)")
        inside.addWidget(self.traces, 1)
        inside.addWidget(label("Lines: medians over the class. Dashes: quartiles.", "faint"))
        return page

    def _audit_tab(self) -> QWidget:
        page = QWidget()
        inside = QVBoxLayout(page)
        inside.addWidget(
            label(
                "Can the class be told from what must not tell it? Then an accuracy on these recordings is no proof of "
                "smelling.",
                "faint",
            )
        )
        self._audit = button("&Audit these recordings", self.audit, main=True)
        inside.addLayout(row(self._audit))
        self.verdict = label("")
        inside.addWidget(self.verdict)
        self.suspects = Table("suspects", ("what must not tell", "told", "by chance", "p", "verdict"))
        inside.addWidget(self.suspects, 1)
        return page

    # ---------------------------------------------------------------------------------------------- done

    def example(self) -> Job | None:
        """Put the simulated fruit into the project."""
        path, seed = self._bench.project, self._bench.seed
        if path is None:
            return None

        def put(_: Job) -> int:
            with Project.open(path) as project:
                return add_example(project, seed)

        return self._bench.compute("putting simulated fruit into the project", put, done=self._came_in)

    def import_path(self, source: Path) -> Job | None:
        """Bring other programs' recordings in, whole or not at all."""
        path = self._bench.project
        if path is None:
            return None

        def bring(_: Job) -> int:
            found = read_import(source)
            with Project.open(path) as project:
                project.add_sessions(found.sessions, found.provenance(source))
            return sum(len(session.specimens) for session in found.sessions)

        return self._bench.compute(f"importing {source.name}", bring, done=self._came_in)

    def audit(self) -> Job | None:
        """Try every suspect."""
        recordings, seed = self._recordings, self._bench.seed
        if recordings is None:
            return None

        def work(_: Job) -> "Audit":
            from enose.audit import audit

            return audit(recordings, seed)

        return self._bench.compute("auditing", work, done=self._show_audit)

    def _choose_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Recordings")
        if name:
            self.import_path(Path(name))

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder of recordings")
        if name:
            self.import_path(Path(name))

    def _came_in(self, count: int) -> None:
        self._bench.good_news.emit(f"{count} specimens came in. Next: look at them here, then Train.")
        self._bench.project_changed.emit()

    # ---------------------------------------------------------------------------------------------- shown

    def refresh(self) -> None:
        """Show the project's sessions, and load all of them."""
        path = self._bench.project
        for widget in (self._import, self._import_folder, self._example):
            widget.setEnabled(path is not None)
        rows: list[tuple[Any, ...]] = []
        self._sessions, counts = [], ""
        if path is not None:
            with Project.open(path) as project:
                self._sessions = project.sessions()
                held = project.counts()
            counts = ", ".join(f"{name.replace('_', ' ')} {n}" for name, n in held.items() if n)
            for one in self._sessions:
                rows.append(
                    (one.title, one.specimens, "simulated" if one.simulated else "a device", _began(one.started_s))
                )
        self.table.blockSignals(True)
        self.table.show_rows(rows)
        self.table.blockSignals(False)
        first = "" if path is not None else "Open a project file on the page Record first."
        self._counts.setText(f"In the file: {counts}" if counts else first)
        self._load()

    def _load(self) -> None:
        """The chosen sessions' recordings, beside the window: a large project takes a while."""
        path = self._bench.project
        titles = tuple(self._sessions[k].title for k in self.table.chosen() if k < len(self._sessions))
        if path is None or not any(one.specimens for one in self._sessions):
            self._loaded(None)
            return
        self._bench.compute(
            "loading", lambda _: sliced(load_project(path, checked=False), titles), done=self._loaded,
        )  # fmt: skip

    def _loaded(self, recordings: Recordings | None) -> None:
        self._recordings = recordings
        self.verdict.clear()
        self.suspects.show_rows([])
        self._audit.setEnabled(recordings is not None)
        names = recordings.sensors if recordings is not None else ()
        self.sensor.blockSignals(True)
        self.sensor.clear()
        self.sensor.addItems(list(names))
        self.sensor.blockSignals(False)
        self._redraw()

    def _redraw(self) -> None:
        self._draw_map()
        self._draw_traces()

    def _draw_map(self) -> None:
        recordings, kind = self._recordings, self.kind.currentText()
        if recordings is None:
            self._show_map(None)
            return
        self._bench.compute(
            f"{kind} of {len(recordings.specimens)} specimens",
            lambda _: map_of(recordings, kind),
            done=self._show_map,
            failed=lambda trouble: self._no_map(trouble.what),
        )

    def _no_map(self, why: str) -> None:
        self.map.clear()
        self.map.say_empty(why)
        self._map_words.clear()

    def _show_map(self, found: Map | None) -> None:
        self.map.clear()
        if found is None:
            self._no_map(EMPTY)
            return
        self.map.say_empty("")
        for k, name in enumerate(found.classes):
            own = [label == name for label in found.labels]
            self.map.points(found.places[own, 0], found.places[own, 1], k, name, SHAPES[k % len(SHAPES)])
        of = "of ln R/R0" if found.of_change else "of ln R"
        what = "variance" if found.kind == "PCA" else "separation"
        shares = " and ".join(f"{share:.0%}" for share in found.shares)
        self._map_words.setText(f"{found.kind} {of} of every sensor; the axes hold {shares} of the {what}.")

    def _draw_traces(self) -> None:
        self.traces.clear()
        if self._recordings is None or self.sensor.currentIndex() < 0:
            self.traces.say_empty(EMPTY)
            return
        self.traces.say_empty("")
        found = class_traces(self._recordings, self.sensor.currentIndex())
        for k, (name, (time_s, middle, low, high)) in enumerate(found.items()):
            if len(time_s) == 1:  # a device tells one mean of the exposure
                self.traces.points(time_s + k, middle, k, name)
                continue
            self.traces.line(time_s, middle, k, name)
            for edge in (low, high):
                self.traces.line(time_s, edge, k, dashed=True)
        based = all(len(s.baseline_ohm) for s in self._recordings.specimens)
        self.traces.name_y("R/R0 (1)" if based else "resistance (kΩ)")

    def _show_audit(self, found: "Audit") -> None:
        words = {True: "predicts the class", False: "does not", None: "not known"}
        rows = [
            (s.words, _percent(s.accuracy), _percent(s.chance), "–" if s.p is None else f"{s.p:.3f}", words[s.predicts])
            for s in found.suspects
        ]
        colours = [look().bad if s.predicts else None for s in found.suspects]
        self.suspects.show_rows(rows, colours)
        self.verdict.setText(found.verdict())
        set_kind(self.verdict, "good" if found.ok else "bad")


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _began(started_s: float) -> str:
    import time

    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(started_s)) if started_s == started_s else "–"
