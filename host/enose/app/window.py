"""The window: the pages at the left, what goes on below, what went wrong on top."""

from enum import Enum

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QActionGroup, QCloseEvent, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QMainWindow,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from enose.app.bench import Bench
from enose.app.chip_page import ChipPage
from enose.app.connect_page import ConnectPage
from enose.app.live_page import LivePage
from enose.app.look import DARK, GAP, LIGHT, MARGIN, Look, apply_look, look
from enose.app.plots import Plot
from enose.app.record_page import RecordPage
from enose.app.recordings_page import RecordingsPage
from enose.app.session import Connected
from enose.app.train_page import TrainPage
from enose.app.trouble import Trouble
from enose.app.widgets import button, set_kind
from enose.app.work import Job, Lane

GOOD_NEWS_MS = 8000
PAGES_WIDTH = 148


class Pages(Enum):
    """Where what is, from the top."""

    CONNECT, RECORD, DATA, TRAIN, CHIP, LIVE = range(6)


class JobBar(QFrame):
    """What one lane is doing, how far it is, and a button that stops it; hidden while it does nothing."""

    def __init__(self, lane: Lane) -> None:
        super().__init__()
        self._lane = lane
        self._job: Job | None = None
        self._words = QLabel()
        self._words.setMinimumWidth(0)
        self._bar = QProgressBar()
        self._bar.setMaximumWidth(260)
        self._bar.setAccessibleName("progress")
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self._words, 1)
        line.addWidget(self._bar)
        self.stop = button("S&top", lane.cancel, tip="Stop this work at its next step (Esc)")
        line.addWidget(self.stop)
        self.hide()
        lane.began.connect(self._began)

    def _began(self, job: Job) -> None:
        self._job = job
        job.progressed.connect(self._progressed)
        job.ended.connect(self._ended)
        self._words.setText(job.title)
        self._bar.setRange(0, 0)
        self.show()

    def _progressed(self, text: str, done: int, total: int) -> None:
        if self.sender() is self._job and self._job is not None:
            self._words.setText(f"{self._job.title}: {text}" if text else self._job.title)
            self._bar.setRange(0, total)
            self._bar.setValue(done)

    def _ended(self) -> None:
        if self.sender() is self._job:
            self._job = None
            self.hide()


class Message(QFrame):
    """What went wrong and what helps, or good news; stays until it is closed or good news has been read."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("message")
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        line = QHBoxLayout(self)
        line.addWidget(self.words, 1)
        line.addWidget(button("&Dismiss", self.hide), 0, Qt.AlignmentFlag.AlignTop)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.hide)
        self.hide()

    def complain(self, trouble: Trouble) -> None:
        """Show trouble until it is dismissed."""
        self._show("bad", f"{trouble.what}\n{trouble.next}")
        self._timer.stop()

    def praise(self, text: str) -> None:
        """Show good news for a while."""
        self._show("good", text)
        self._timer.start(GOOD_NEWS_MS)

    def _show(self, kind: str, text: str) -> None:
        set_kind(self, kind)
        self.words.setText(text)
        self.setAccessibleName(text)
        self.show()


class Window(QMainWindow):
    """The app's one window."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self.bench = bench
        self.setWindowTitle("enose")
        self.setMinimumSize(640, 400)
        self.resize(1280, 800)
        self.connect_page = ConnectPage(bench)
        self.record_page = RecordPage(bench)
        self.data_page = RecordingsPage(bench)
        self.train_page = TrainPage(bench)
        self.chip_page = ChipPage(bench)
        self.live_page = LivePage(bench)
        self.pages: dict[Pages, QWidget] = {
            Pages.CONNECT: self.connect_page, Pages.RECORD: self.record_page, Pages.DATA: self.data_page,
            Pages.TRAIN: self.train_page, Pages.CHIP: self.chip_page, Pages.LIVE: self.live_page,
        }  # fmt: skip
        self._list = QListWidget()
        self._list.setObjectName("pages")
        self._list.setAccessibleName("pages")
        self._list.setFixedWidth(PAGES_WIDTH)
        self._stack = QStackedWidget()
        for which, page in self.pages.items():
            self._list.addItem(which.name.capitalize())
            scroll = QScrollArea()
            scroll.setWidgetResizable(True)
            scroll.setFrameShape(QFrame.Shape.NoFrame)
            scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            scroll.setWidget(page)
            self._stack.addWidget(scroll)
        self._list.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.message = Message()
        self._device = QLabel()
        self.bars = [JobBar(bench.session.lane), JobBar(bench.lane)]
        self._lay_out()
        self._make_menus()
        bench.trouble.connect(self.message.complain)
        bench.good_news.connect(self.message.praise)
        bench.session.connected.connect(self._connected)
        bench.session.polled.connect(self._polled)
        bench.session.closed.connect(self._closed)
        bench.project_changed.connect(self._title)
        self._closed()
        self.show_page(Pages.CONNECT)

    def show_page(self, which: Pages) -> None:
        """Turn to a page."""
        self._list.setCurrentRow(which.value)

    def set_look(self, chosen: Look) -> None:
        """Light or dark."""
        app = QApplication.instance()
        assert isinstance(app, QApplication)  # a window has one
        apply_look(app, chosen)
        for plot in self.findChildren(Plot):
            plot.restyle()
        self.bench.look_changed.emit()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Take leave of the device, and end the threads."""
        self.bench.stop()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setContentsMargins(MARGIN, GAP, MARGIN, GAP)
        right.setSpacing(GAP)
        right.addWidget(self.message)
        right.addWidget(self._stack, 1)
        below = QHBoxLayout()
        below.addWidget(self._device)
        below.addStretch(1)
        right.addLayout(below)
        for bar in self.bars:
            right.addWidget(bar)
        whole = QWidget()
        line = QHBoxLayout(whole)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(0)
        line.addWidget(self._list)
        line.addLayout(right, 1)
        self.setCentralWidget(whole)

    def _make_menus(self) -> None:
        files = self.menuBar().addMenu("&File")
        self._action(files, "&Open project…", "Ctrl+O", self.record_page.choose_project)
        self._action(files, "&Quit", "Ctrl+Q", self.close)
        pages = self.menuBar().addMenu("&Page")
        for which in Pages:
            name = which.name.capitalize()
            self._action(pages, name, f"Ctrl+{which.value + 1}", lambda which=which: self.show_page(which))
        view = self.menuBar().addMenu("&View")
        looks = QActionGroup(self)
        for name, chosen in (("&Light", LIGHT), ("&Dark", DARK)):
            action = self._action(view, name, "", lambda chosen=chosen: self.set_look(chosen))
            action.setCheckable(True)
            action.setChecked(look() is chosen)
            looks.addAction(action)
        stop = QAction("Stop the work", self)
        stop.setShortcut(QKeySequence("Esc"))
        stop.triggered.connect(self.stop_work)
        self.addAction(stop)

    def _action(self, menu: object, text: str, keys: str, done: object) -> QAction:
        action = QAction(text, self)
        if keys:
            action.setShortcut(QKeySequence(keys))
        action.triggered.connect(lambda: done())  # type: ignore[operator] # `triggered` carries whether it is checked
        menu.addAction(action)  # type: ignore[attr-defined]
        return action

    def stop_work(self) -> None:
        """Ask whatever runs to stop at its next step."""
        self.bench.session.lane.cancel()
        self.bench.lane.cancel()

    def _connected(self, found: Connected) -> None:
        self._polled(found.facts)

    def _polled(self, facts: dict[str, object]) -> None:
        now = self.bench.session.now
        if now is None:
            return
        kind = " (simulated)" if now.device.simulated else ""
        fault = f", fault: {facts['fault']}" if facts["state"] == "safe" else ""
        self._device.setText(f"{now.address}{kind}: {facts['state']}, weights {facts['weights']}{fault}")

    def _closed(self) -> None:
        self._device.setText("No device is connected.")

    def _title(self) -> None:
        name = self.bench.project.name if self.bench.project else ""
        self.setWindowTitle(f"{name} – enose" if name else "enose")
