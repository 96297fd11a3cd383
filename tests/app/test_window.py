"""The window itself: pages, keys, names for those who do not see it, looks, sizes, and how it says what is missing."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import SCREENS, Desk, clipped, visible
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractSpinBox, QComboBox, QLineEdit, QSlider, QTableWidget, QWidget

from enose.app.look import DARK, LIGHT, look
from enose.app.plots import Plot
from enose.app.window import Pages

INPUTS = (QAbstractButton, QComboBox, QLineEdit, QAbstractSpinBox, QSlider, QTableWidget, Plot)


@pytest.fixture
def desk(still_desk: Desk) -> Desk:
    """Nothing is connected here."""
    return still_desk


@pytest.mark.parametrize("page", list(Pages))
def test_an_empty_page_is_readable_and_says_what_to_do(desk: Desk, screens: Callable[..., QImage], page: Pages) -> None:
    desk.window.show_page(page)
    screens(f"empty-{page.name.lower()}", plots=False)
    words = " ".join(label.text() for label in visible(desk.window.pages[page], QWidget) if hasattr(label, "text"))
    assert any(hint in words for hint in ("first", "Press", "press", "None yet", "Train one"))


@pytest.mark.parametrize("page", list(Pages))
def test_at_half_the_size_everything_can_still_be_read(desk: Desk, page: Pages) -> None:
    """What 200 % scaling leaves of a screen of 1280 x 800: pages scroll, words do not get lost."""
    desk.window.resize(640, 400)
    desk.window.show_page(page)
    desk.qtbot.wait(50)
    assert (desk.window.width(), desk.window.height()) == (640, 400)
    assert not clipped(desk.window.pages[page])


def test_keys_turn_to_every_page_and_tab_reaches_its_widgets(desk: Desk) -> None:
    window = desk.window
    for page in reversed(Pages):
        QTest.keyClick(window, Qt.Key(Qt.Key.Key_1 + page.value), Qt.KeyboardModifier.ControlModifier)
        desk.qtbot.wait(20)
        assert window.pages[page].isVisibleTo(window)
        reached, widget = set(), window.focusWidget() or window
        for _ in range(5000):  # far more than there are
            widget = widget.nextInFocusChain()
            reached.add(widget)
        inputs = [one for kind in INPUTS for one in visible(window.pages[page], kind) if one.isEnabledTo(window)]
        assert inputs
        for one in inputs:
            proxied = one.focusProxy() or one
            assert proxied in reached, f"{one} on {page.name}"
            hidden_part = isinstance(one, QLineEdit) and isinstance(one.parent(), QAbstractSpinBox)
            assert hidden_part or proxied.focusPolicy() & Qt.FocusPolicy.TabFocus, f"{one} on {page.name}"


def test_everything_that_is_set_has_a_name_for_a_screen_reader(desk: Desk) -> None:
    for page in Pages:
        for kind in (QComboBox, QSlider, QTableWidget, Plot):
            for one in desk.window.pages[page].findChildren(kind):
                assert one.accessibleName(), f"{one} on {page.name}"


def test_every_plot_has_a_unit_on_its_axes(desk: Desk) -> None:
    plots = desk.window.findChildren(Plot)
    assert len(plots) >= 10
    for plot in plots:
        words = [plot.item.getAxis(side).labelText for side in ("bottom", "left")]
        assert words[0].endswith(")"), plot.accessibleName()
        assert not words[1] or words[1].endswith(")"), plot.accessibleName()  # bars have their names there


def test_dark_and_light_change_window_and_plots(desk: Desk) -> None:
    plot = desk.window.findChildren(Plot)[0]
    shades = []
    for chosen in (DARK, LIGHT):
        desk.window.set_look(chosen)
        assert look() is chosen
        shades.append(
            (desk.window.palette().window().color().lightness(), plot.view.backgroundBrush().color().lightness())
        )
    (dark, dark_plot), (light, light_plot) = shades
    assert dark < 60 < 200 < light
    assert dark_plot < 60 < 200 < light_plot


SCALED = """
import sys
from PySide6.QtCore import QTimer
from enose.app.run import application
from enose.app.bench import Bench
from enose.app.look import LIGHT, apply_look
from enose.app.window import Window
from desk import clipped
app = application()
apply_look(app, LIGHT)
bench = Bench()
window = Window(bench)
window.show()
app.processEvents()
picture = window.grab()
assert picture.devicePixelRatio() == 2.0
assert (picture.width(), picture.height()) == (2560, 1600)
assert not clipped(window), clipped(window)
assert picture.save(sys.argv[1])
window.close()
"""


def test_at_200_percent_scaling_the_window_is_twice_as_sharp(tmp_path: Path) -> None:
    SCREENS.mkdir(parents=True, exist_ok=True)
    path = SCREENS / "scaled-200.png"
    path.unlink(missing_ok=True)
    environment = os.environ | {"QT_SCALE_FACTOR": "2", "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", SCALED, str(path)], env=environment, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert path.stat().st_size > 10_000
