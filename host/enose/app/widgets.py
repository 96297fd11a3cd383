"""Small widgets that several pages share."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGroupBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSlider,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from enose.app.look import GAP


def label(text: str = "", kind: str = "") -> QLabel:
    """Words; `kind` is one of title, faint, good, warn, bad, answer."""
    made = QLabel(text)
    made.setWordWrap(kind != "title" and kind != "answer")
    made.setProperty("kind", kind)
    return made


def set_kind(widget: QWidget, kind: str) -> None:
    """Give a widget another kind, and its colours."""
    widget.setProperty("kind", kind)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def button(text: str, pressed: Callable[[], object], *, main: bool = False, tip: str = "") -> QPushButton:
    """A button; `&` in its text marks its key with Alt."""
    made = QPushButton(text)
    made.setProperty("kind", "main" if main else "")
    made.setToolTip(tip)
    made.setAutoDefault(False)
    made.clicked.connect(lambda: pressed())
    return made


def choice(name: str, items: Sequence[str]) -> QComboBox:
    """A drop-down list."""
    made = QComboBox()
    made.setAccessibleName(name)
    made.addItems(list(items))
    made.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return made


def group(title: str) -> tuple[QGroupBox, QVBoxLayout]:
    """A titled frame and the column inside."""
    box = QGroupBox(title)
    inside = QVBoxLayout()
    inside.setSpacing(GAP)
    box.setLayout(inside)
    return box, inside


def row(*widgets: QWidget | None, spread: bool = True) -> QHBoxLayout:
    """Widgets beside one another; None is a gap that grows."""
    line = QHBoxLayout()
    line.setSpacing(GAP)
    for widget in widgets:
        if widget is None:
            line.addStretch(1)
        else:
            line.addWidget(widget)
    if spread and None not in widgets:
        line.addStretch(1)
    return line


class Knob(QWidget):
    """A slider with its value and unit beside it; told(value) when it is moved."""

    def __init__(
        self,
        name: str,
        low: float,
        high: float,
        start: float,
        words: str,
        told: Callable[[float], None],
        step: float = 1.0,
    ) -> None:
        """words: as for format, `{:.0f} °C`."""
        super().__init__()
        self._words, self._step, self._told = words, step, told
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName(name)
        self.slider.setRange(round(low / step), round(high / step))
        self.slider.setValue(round(start / step))
        self.slider.setMinimumWidth(90)
        self._shown = QLabel()
        self._shown.setText(words.format(high))
        self._shown.setMinimumWidth(self._shown.sizeHint().width())
        self._shown.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.slider, 1)
        line.addWidget(self._shown)
        self.setFocusProxy(self.slider)
        self._show()
        self.slider.valueChanged.connect(self._moved)

    @property
    def value(self) -> float:
        """Where it stands."""
        return self.slider.value() * self._step

    def set_value(self, value: float) -> None:
        """Move it."""
        self.slider.setValue(round(value / self._step))

    def _moved(self) -> None:
        self._show()
        self._told(self.value)

    def _show(self) -> None:
        self._shown.setText(self._words.format(self.value))


class Table(QTableWidget):
    """Rows that are looked at and chosen, not edited; numbers to the right."""

    def __init__(self, name: str, columns: Sequence[str]) -> None:
        super().__init__(0, len(columns))
        self.setAccessibleName(name)
        self.setHorizontalHeaderLabels(list(columns))
        self.verticalHeader().setVisible(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAlternatingRowColors(True)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)  # a row has one line: the second one would be cut off
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.horizontalHeader().setStretchLastSection(True)
        self.setMinimumHeight(90)

    def fill(self) -> None:
        """Let rows and columns take all the room: a matrix rather than a list."""
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)

    def show_rows(self, rows: Sequence[Sequence[object]], colours: Sequence[str | None] = ()) -> None:
        """These rows in place of what is there; a colour for the words of a row where it is to have one."""
        self.setRowCount(len(rows))
        for r, cells in enumerate(rows):
            for c, value in enumerate(cells):
                item = QTableWidgetItem(str(value))
                if isinstance(value, (int, float)):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                colour = colours[r] if r < len(colours) else None
                if colour:
                    item.setForeground(QColor(colour))
                self.setItem(r, c, item)

    def add_row(self, cells: Sequence[object]) -> None:
        """One more row below."""
        r = self.rowCount()
        self.insertRow(r)
        for c, value in enumerate(cells):
            self.setItem(r, c, QTableWidgetItem(str(value)))
        self.scrollToBottom()

    def chosen(self) -> list[int]:
        """The rows that are selected."""
        return sorted({index.row() for index in self.selectedIndexes()})
