"""What the tests of the app share: the real window on a desk, with a user who waits for its work to end."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from enose.app.bench import Bench, Chosen
from enose.app.look import LIGHT, apply_look
from enose.app.plots import Plot
from enose.app.run import application
from enose.app.trouble import Trouble
from enose.app.window import Pages, Window
from enose.app.work import Job
from enose.boards import boards_folder
from enose_contract.image import Image

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENS = ROOT / "build" / "screens"
LIMIT_MS = 100_000


@dataclass
class Desk:
    """The window, what it complained of, and what it was glad of."""

    window: Window
    bench: Bench
    qtbot: QtBot
    troubles: list[Trouble] = field(default_factory=list)
    news: list[str] = field(default_factory=list)

    def finish(self, job: Job | None) -> None:
        """Wait until a job has ended, and all that it set off."""
        assert job is not None
        self.wait(lambda: not self.bench.lane.busy and not self.bench.session.lane.busy)

    def wait(self, until: Callable[[], bool]) -> None:
        """Wait for something, and for the window to have drawn it."""
        self.qtbot.waitUntil(until, timeout=LIMIT_MS)
        self.qtbot.wait(120)  # a plot is drawn ten times a second
        self.qtbot.waitUntil(until, timeout=LIMIT_MS)

    def connect(self, board: str, chip_number: int = 0) -> None:
        """One click on a simulated board that runs as fast as it computes."""
        self.window.connect_page.clock.setCurrentIndex(1)
        self.window.connect_page.number.setValue(chip_number)
        self.finish(self.window.connect_page.simulate(board))
        assert self.bench.session.now is not None, self.troubles

    def choose(self, image: Image) -> None:
        """Have this image at hand."""
        self.bench.choose_image(Chosen(image.pack(), image, "test"))


@contextmanager
def opened_window() -> Generator[Window, None, None]:
    apply_look(application(), LIGHT)
    bench = Bench(seed=1)
    window = Window(bench)
    window.show()
    yield window
    window.close()
    window.deleteLater()
    QApplication.processEvents()
    assert not bench.lane.isRunning()
    assert not bench.session.lane.isRunning()


@contextmanager
def user_of(window: Window, qtbot: QtBot) -> Generator[Desk, None, None]:
    made = Desk(window, window.bench, qtbot)
    told = ((window.bench.trouble, made.troubles.append), (window.bench.good_news, made.news.append))
    for signal, hears in told:
        signal.connect(hears)
    yield made
    for signal, hears in told:
        signal.disconnect(hears)


@pytest.fixture
def desk(qtbot: QtBot, micropython: str) -> Generator[Desk, None, None]:
    """A window of the test's own."""
    with opened_window() as window, user_of(window, qtbot) as made:
        yield made


@pytest.fixture(scope="module")
def module_window(qapp: QApplication) -> Generator[Window, None, None]:
    with opened_window() as window:
        yield window


@pytest.fixture
def still_desk(qtbot: QtBot, module_window: Window) -> Generator[Desk, None, None]:
    """One window for the tests of a module that leave no device, no file and no image behind; as new for each."""
    module_window.set_look(LIGHT)
    module_window.resize(1280, 800)
    module_window.message.hide()
    module_window.show_page(Pages.CONNECT)
    with user_of(module_window, qtbot) as made:
        yield made
    bench = module_window.bench
    assert (bench.session.now, bench.project, bench.image) == (None, None, None)


@pytest.fixture
def quick_board(tmp_path: Path) -> str:
    """pico-mlp as a file of its own, warm after a second instead of thirty: what is tested does not depend on it."""
    text = (boards_folder() / "pico-mlp.toml").read_text()
    assert "warmup_s = 30.0" in text
    path = tmp_path / "quick.toml"
    path.write_text(text.replace("warmup_s = 30.0", "warmup_s = 1.0"))
    return str(path)


@pytest.fixture
def screens(desk: Desk) -> Callable[[str], QImage]:
    """Keep a picture of the window in build/screens, and see that it can be read: nothing clipped, no plot empty."""

    def keep(name: str, *, plots: bool = True) -> QImage:
        desk.qtbot.wait(150)
        SCREENS.mkdir(parents=True, exist_ok=True)
        picture = desk.window.grab()
        assert picture.save(str(SCREENS / f"{name}.png"))
        assert not clipped(desk.window)
        if plots:
            for plot in visible(desk.window, Plot):
                assert coloured_share(plot) > LEAST_INK, f"{plot.accessibleName()} is empty on {name}"
        return picture.toImage()

    return keep


LEAST_INK = 2e-4  # of a plot's pixels: a few marks of 8 pixels on 500 x 300


def visible(window: QWidget, kind: type[Any]) -> list[Any]:
    return [one for one in window.findChildren(kind) if one.isVisibleTo(window) and not one.visibleRegion().isEmpty()]


def clipped(window: QWidget) -> list[str]:
    """Labels and buttons on the page that have less room than their words need; a word-wrapped one needs its height."""
    found = []
    for one in [*visible(window, QLabel), *visible(window, QAbstractButton)]:
        text = one.text()
        if not text or not one.isEnabledTo(window) or one.width() == 0:
            continue
        wraps = isinstance(one, QLabel) and one.wordWrap()
        needed = one.heightForWidth(one.width()) if wraps else one.sizeHint().height()
        too_narrow = not wraps and one.width() < one.sizeHint().width() - 2  # the frame of a style
        if too_narrow or one.height() < needed - 2:
            found.append(f"{text!r}: {one.width()} x {one.height()}, needs {one.sizeHint()} or a height of {needed}")
    return found


def coloured_share(plot: Plot) -> float:
    """The share of the pixels inside a plot's axes that are neither background nor grid: they have a colour."""
    box = plot.item.vb.sceneBoundingRect().toRect()
    top_left = plot.view.mapTo(plot, QPoint(0, 0))
    image = plot.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ratio = image.devicePixelRatio()
    values = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    rows = slice(int((box.top() + top_left.y()) * ratio), int((box.bottom() + top_left.y()) * ratio))
    columns = slice(int((box.left() + top_left.x()) * ratio), int((box.right() + top_left.x()) * ratio))
    inside = values[rows, columns, :3].astype(int)
    return float(np.mean(inside.max(axis=-1) - inside.min(axis=-1) > 40))
