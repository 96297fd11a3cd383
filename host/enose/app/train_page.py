"""Train: a network through the chip, its honest accuracy step by step, and what else could have told the classes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QCheckBox,
    QFormLayout,
    QListWidget,
    QListWidgetItem,
    QSpinBox,
    QSplitter,
    QTableWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from enose.app.bench import Bench, Chosen
from enose.app.look import look
from enose.app.plots import Plot
from enose.app.training_progress import TrainingProgress
from enose.app.views import at_board_positions, with_sensors
from enose.app.widgets import Table, button, choice, group, label, row, set_kind
from enose.app.work import Job
from enose.boards import board_names, checked_board
from enose.image import build_image
from enose.project.recordings import load_project
from enose.project.store import Project
from enose.recordings.specimen import check_playable
from enose.training.choosing import Learning
from enose_contract.image import unpack

KINDS = ("group", "day", "batch", "random")  # as in enose.splits, which brings scikit-learn
NONE_YET = (
    "Press Train. It takes the project's recordings, tests on folds that training never saw, and keeps the image."
)


@dataclass(frozen=True)
class Asked:
    """What is to be trained."""

    board: str
    sensors: tuple[int, ...]
    split: str
    folds: int
    seed: int
    allow_leak: bool


class TrainPage(QWidget):
    """Choices at the left, the report at the right, the project's images below the choices."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._images: list[dict[str, Any]] = []
        self._report: dict[str, Any] | None = None
        self._job: Job | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(label("Train", "title"))
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        whole.addWidget(split, 1)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._choices(), 3)
        column.addWidget(self._kept(), 2)
        # words that wrap want more height than Qt counts with: some lines of it
        left.setMinimumHeight(left.minimumSizeHint().height() + 8 * self.fontMetrics().height())
        split.addWidget(left)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        self.verdict = label("")
        self.summary = label("", "faint")
        column.addWidget(self.summary)
        column.addWidget(self.verdict)
        self.tabs = QTabWidget()
        self.waterfall = Plot("accuracy step by step", "accuracy (%)", "", legend=False)
        self.waterfall.say_empty(NONE_YET)
        self.confusion = Table("confusion matrix", ("true",))
        self.confusion.fill()
        self.progress = TrainingProgress()
        self.tabs.addTab(self.waterfall, "&Waterfall and peers")
        self.tabs.addTab(self.confusion, "C&onfusion")
        self.tabs.addTab(self.progress, "Pro&gress")
        column.addWidget(self.tabs, 1)
        split.addWidget(right)
        split.setSizes([330, 770])
        split.setStretchFactor(1, 1)
        bench.project_changed.connect(self.refresh)
        bench.session.connected.connect(lambda found: self._follow_board(found.board.name))
        bench.look_changed.connect(self._redraw)
        bench.look_changed.connect(self.progress.redraw)
        self.refresh()

    # ---------------------------------------------------------------------------------------------- made

    def _choices(self) -> QWidget:
        box, inside = group("What is trained")
        form = QFormLayout()
        self.board = choice("board", board_names())
        self.board.setCurrentText("pico-mlp")
        self.split = choice("split", KINDS)
        self.split.setToolTip("What is never torn between training and test")
        self.folds = QSpinBox(minimum=2, maximum=20, value=5)
        self.seed = QSpinBox(minimum=0, maximum=2**31 - 1, value=self._bench.seed)
        form.addRow("&Board", self.board)
        form.addRow("&Folds by", self.split)
        form.addRow("&How many", self.folds)
        form.addRow("Se&ed", self.seed)
        inside.addLayout(form)
        inside.addWidget(
            label("Sensors to choose from: training takes the best of them for the chip's inputs.", "faint")
        )
        self.sensors = QListWidget()
        self.sensors.setAccessibleName("sensors to choose from")
        self.sensors.setMinimumHeight(80)
        inside.addWidget(self.sensors, 1)
        self.allow_leak = QCheckBox("Allow a split that lea&ks")
        inside.addWidget(self.allow_leak)
        self.start = button("&Train", self.train, main=True)
        self._missing = label("", "warn")
        self.stop = button("Sto&p", self._stop, tip="Stop training at its next step (Esc); nothing of it is kept")
        self.stop.setEnabled(False)
        inside.addLayout(row(self.start, self.stop))
        inside.addWidget(self._missing)
        return box

    def _kept(self) -> QWidget:
        box, inside = group("Images in the project")
        self.images = Table("weight images", ("image", "made by"))
        self.images.itemSelectionChanged.connect(self._choose)
        inside.addWidget(self.images, 1)
        self._images_words = label("", "faint")
        inside.addWidget(self._images_words)
        return box

    # ---------------------------------------------------------------------------------------------- done

    def train(self) -> Job:
        """Train with what is chosen."""
        path = self._bench.project
        assert path is not None  # the button is off without
        chosen = tuple(
            k for k in range(self.sensors.count()) if self.sensors.item(k).checkState() == Qt.CheckState.Checked
        )
        asked = Asked(
            self.board.currentText(), chosen, self.split.currentText(), self.folds.value(), self.seed.value(),
            self.allow_leak.isChecked(),
        )  # fmt: skip
        self.start.setEnabled(False)
        self.progress.begin(asked.folds)
        self.tabs.setCurrentWidget(self.progress)

        def work(job: Job) -> dict[str, Any]:
            from enose.cli.train import _keep
            from enose.cross_validation import cross_validated
            from enose.splits import make_splits, refuse_leak

            def step(text: str, done: int, total: int | None) -> None:
                job.step(text, done, total)
                job.tell((text, done, total))

            def learning(fold: int, now: Learning) -> None:
                job.tell((fold, now))

            found, chip, _ = checked_board(asked.board)
            every = check_playable(path.name, load_project(path))
            some = with_sensors(every, asked.sensors) if asked.sensors else every
            splits = make_splits(some, asked.split, asked.folds, asked.seed)
            refuse_leak(splits, some, asked.allow_leak)
            report, network = cross_validated(
                some, splits, chip, seed=asked.seed, on_progress=step, on_learning=learning
            )
            if asked.sensors:
                network = at_board_positions(network, asked.sensors)
            job.check()
            image = build_image(network, every, found, chip, range(len(every.specimens))).pack()
            report["board"] = found.name
            report["kept"] = _keep(path, network, image, report)
            return report

        self._job = self._bench.compute(
            "training", work, done=self._trained, said=self.progress.told, over=self._ended
        )  # fmt: skip
        self.stop.setEnabled(True)
        return self._job

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _choose(self) -> None:
        rows = self.images.chosen()
        if rows and rows[0] < len(self._images):
            one = self._images[rows[0]]
            self._bench.choose_image(Chosen(one["content"], unpack(one["content"]), one["name"]))

    # ---------------------------------------------------------------------------------------------- shown

    def refresh(self) -> None:
        """Show the project's sensors and images."""
        path = self._bench.project
        names: Sequence[str] = ()
        self._images = []
        if path is not None:
            with Project.open(path) as project:
                sessions = project.sessions()
                self._images = project.kept("image")
            names = [sensor.name for sensor in sessions[0].sensors] if sessions else ()
        if [self.sensors.item(k).text() for k in range(self.sensors.count())] != list(names):
            self.sensors.clear()
            for name in names:
                item = QListWidgetItem(name)
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked)
                self.sensors.addItem(item)
        rows = [(one["name"], self._maker(one)) for one in self._images]
        self.images.show_rows(rows)
        if rows:
            self.images.selectRow(len(rows) - 1)
        self._images_words.setText(
            "The chosen one is programmed on the page Chip." if rows else "None yet: training makes them."
        )
        self._over()

    def _maker(self, one: dict[str, Any]) -> str:
        calibration = unpack(one["content"]).calibration
        return f"calibration {calibration.hex()[:6]}" if any(calibration) else "train"

    def _follow_board(self, name: str) -> None:
        self.board.setCurrentText(name)

    def _ended(self) -> None:
        if self._job is not None and self._job.cancelled:
            self.progress.stopped()
        self._job = None
        self.stop.setEnabled(False)
        self._over()

    def _over(self) -> None:
        path = self._bench.project
        missing = ""
        if path is None:
            missing = "Open a project file on the page Record first."
        elif not self.sensors.count():
            missing = "Record or import specimens first."
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        self.start.setEnabled(not missing and self._job is None)

    def _trained(self, report: dict[str, Any]) -> None:
        self._report = report
        self._redraw()
        self.tabs.setCurrentWidget(self.waterfall)
        self._bench.project_changed.emit()
        self._bench.good_news.emit("Trained. The image is in the project. Next: Chip, to program it.")

    def _redraw(self) -> None:
        report = self._report
        if report is None:
            return
        self._draw_waterfall(report)
        self._show_confusion(report)
        low, high = report["interval"]
        simulated = " (simulated)" if report["simulated_recordings"] else ""
        self.summary.setText(
            f"{report['recordings']}{simulated}; {report['split']}. Trained on {', '.join(report['sensors'])}. On the "
            f"simulated chip {report['chip']}: {report['accuracy']['chip']:.1%} of {report['tested']}, 95 % interval "
            f"{low:.1%} to {high:.1%}."
        )
        self.verdict.setText(f"Audit: {report['audit']['verdict']}")
        set_kind(self.verdict, "good" if report["audit"]["ok"] else "bad")

    def _draw_waterfall(self, report: dict[str, Any]) -> None:
        from enose.cli.train import STEPS

        self.waterfall.clear()
        self.waterfall.say_empty("")
        shares = report["accuracy"] | report["peers"]
        names = [f"{STEPS.get(name, name)}  {share:.1%}" for name, share in shares.items()]
        colours = [0] * len(report["accuracy"]) + [look().faint] * len(report["peers"])
        self.waterfall.bars(names, [100 * share for share in shares.values()], colours)
        self.waterfall.item.setXRange(0, 100)

    def _show_confusion(self, report: dict[str, Any]) -> None:
        columns, table = report["confusion_columns"], self.confusion
        matrix = report["confusion"]
        table.setColumnCount(1 + len(columns))
        table.setHorizontalHeaderLabels(["true", *columns])
        table.setRowCount(len(report["classes"]))
        for r, name in enumerate(report["classes"]):
            most = max(sum(matrix[r]), 1)
            table.setItem(r, 0, QTableWidgetItem(name))
            for c, count in enumerate(matrix[r]):
                item = QTableWidgetItem(str(count))
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
                shade = QColor(look().good if columns[c] == name else look().bad)
                shade.setAlphaF(0.65 * count / most)
                item.setBackground(shade)
                table.setItem(r, 1 + c, item)
