"""Plots of one style: units on both axes, colours of the theme, a legend beside the curves and not on them."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import ArrayLike
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from enose.app.look import SERIES, look

LINE = 1.6  # pixels
HALF = 0.5
USUAL = QSize(320, 170)  # a plot takes what room there is; it asks for no more than that
MARK_OF_LINE, MARK_OF_DASHES = "▬", "╌"
MARKS = {"o": "●", "s": "■", "t": "▼", "d": "◆", "star": "★", "x": "✕", "+": "✚", "p": "⬟", "h": "⬢"}


class PlainAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """An axis whose logarithmic ticks are plain numbers."""

    def logTickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802 - its name
        """`20`, not `2·10¹`; in a decade at most 1, 2 and 5 are named."""
        return [f"{10**value:g}" if round(10 ** (value % 1)) in (1, 2, 5, 10) else "" for value in values]


class View(pg.PlotWidget):  # type: ignore[misc]
    """pyqtgraph's view, which would like to be as large as its scene."""

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Modest."""
        return USUAL


class Plot(QWidget):
    """One pair of axes. `x` and `y` are their words with the unit in brackets."""

    def __init__(self, name: str, x: str, y: str, *, legend: bool = True) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._x, self._y = x, y
        self.view = View(axisItems={"left": PlainAxis("left"), "bottom": PlainAxis("bottom")}, enableMenu=False)
        self.view.setMinimumSize(180, 130)
        self.item = self.view.getPlotItem()
        self.item.hideButtons()
        self.item.showGrid(x=True, y=True, alpha=0.2)
        for side in ("left", "bottom"):
            self.item.getAxis(side).enableAutoSIPrefix(False)
        self._legend = QLabel() if legend else None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        if self._legend is not None:
            self._legend.setWordWrap(True)
            self._legend.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._legend.hide()
            layout.addWidget(self._legend)
        layout.addWidget(self.view, 1)
        self._named: list[str] = []
        self.curves: list[Any] = []
        self._empty = pg.TextItem(anchor=(HALF, HALF))
        self._empty.setParentItem(self.item.vb)
        self.item.vb.sigResized.connect(self._centre)
        self.say_empty("")
        self.restyle()

    def restyle(self) -> None:
        """Take up the colours of the theme in force."""
        c = look()
        self.view.setBackground(c.base)
        for side, words in (("left", self._y), ("bottom", self._x)):
            axis = self.item.getAxis(side)
            axis.setLabel(words, color=c.text)
            axis.setPen(c.faint)
            axis.setTextPen(c.text)
        self._empty.setColor(c.faint)

    def say_empty(self, text: str) -> None:
        """Words in the middle while there is nothing to be seen; empty: none."""
        self._empty.setText(text)
        self._empty.setVisible(bool(text))
        self._centre()

    def name_y(self, words: str) -> None:
        """Other words at the upright axis."""
        self._y = words
        self.item.getAxis("left").setLabel(words, color=look().text)

    def clear(self) -> None:
        """Take every curve away."""
        self.item.clear()
        self.curves = []
        self._named = []
        if self._legend is not None:
            self._legend.clear()
            self._legend.hide()

    def line(
        self, x: ArrayLike, y: ArrayLike, colour: int | str = 0, name: str | None = None, *, dashed: bool = False
    ) -> Any:
        """One more curve; NaN leaves a gap."""
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        pen = pg.mkPen(_colour(colour), width=LINE, style=style)
        curve = self.item.plot(np.asarray(x, float), np.asarray(y, float), pen=pen, connect="finite")
        self.curves.append(curve)
        self._name(name, colour, MARK_OF_DASHES if dashed else MARK_OF_LINE)
        return curve

    def points(
        self, x: ArrayLike, y: ArrayLike, colour: int | str = 0, name: str | None = None, mark: str = "o"
    ) -> Any:
        """Marks without a line."""
        brush = pg.mkBrush(_colour(colour))
        curve = self.item.plot(
            np.asarray(x, float), np.asarray(y, float), pen=None, symbol=mark, symbolSize=8, symbolBrush=brush,
            symbolPen=pg.mkPen(look().base),
        )  # fmt: skip
        self.curves.append(curve)
        self._name(name, colour, MARKS[mark])
        return curve

    def bars(self, names: Sequence[str], values: Sequence[float], colours: Sequence[int | str]) -> None:
        """Lying bars, the first on top, each with its name at the axis; values in the unit of the x axis."""
        places = [-k for k in range(len(names))]
        bars = pg.BarGraphItem(
            x0=0, y=places, height=0.6, width=list(values), brushes=[pg.mkBrush(_colour(c)) for c in colours],
            pens=[pg.mkPen(None)] * len(names),
        )  # fmt: skip
        self.item.addItem(bars)
        self.curves.append(bars)
        self.item.getAxis("left").setTicks([list(zip(places, names, strict=True))])
        self.item.setYRange(-len(names) + HALF, HALF)

    def level(self, value: float, words: str = "", *, upright: bool = False) -> None:
        """A line right across, for a limit."""
        line = pg.InfiniteLine(
            value, angle=90 if upright else 0, pen=pg.mkPen(look().faint, style=Qt.PenStyle.DashLine), label=words,
            labelOpts={"color": look().text, "position": 0.06, "anchors": [(0, 1), (0, 1)]},
        )  # fmt: skip
        self.item.addItem(line)

    def _name(self, name: str | None, colour: int | str, mark: str) -> None:
        """One more entry of the legend, which stands above the plot and covers nothing."""
        if name is None or self._legend is None:
            return
        self._named.append(
            f'<span style="color:{_colour(colour)}">{mark}</span>&nbsp;{escape(name).replace(" ", "&nbsp;")}'
        )
        self._legend.setText(" &nbsp; ".join(self._named))
        self._legend.show()

    def _centre(self) -> None:
        box = self.item.vb.rect()
        self._empty.setPos(box.width() / 2, box.height() / 2)


def _colour(colour: int | str) -> str:
    if isinstance(colour, str):
        return colour
    chosen = SERIES[colour % len(SERIES)]
    return str(QColor(chosen).lighter(135).name()) if look().dark else chosen
