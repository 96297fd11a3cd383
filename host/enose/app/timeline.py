"""The phases of a measurement as a band, and how far it is."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from enose.app.look import SERIES, look
from enose_contract.messages import PHASES

SHOWN = PHASES[1:]  # idle is none


class Timeline(QWidget):
    """Four bands of the same width; the one in force is filled as far as it has come."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("phase of the measurement")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._phase, self._left_s, self._longest_s = "", 0.0, 0.0

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as a line of text and some."""
        height = self.fontMetrics().height()
        return QSize(4 * self.fontMetrics().horizontalAdvance("exposure, 000 s left"), 2 * height)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Enough for the words."""
        return self.sizeHint()

    def show_phase(self, phase: str, left_s: float) -> None:
        """One of contract.messages' PHASES; `idle` or nothing: no measurement."""
        self._longest_s = left_s if phase != self._phase else max(self._longest_s, left_s)
        self._phase, self._left_s = phase, left_s
        self.setAccessibleDescription(f"{phase}, {left_s:.0f} s left" if phase in SHOWN else "")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        c = look()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        now = SHOWN.index(self._phase) if self._phase in SHOWN else -1
        width = self.width() / len(SHOWN)
        for k, phase in enumerate(SHOWN):
            box = QRectF(k * width + 1, 1, width - 2, self.height() - 2)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(c.raised))
            painter.drawRoundedRect(box, 4, 4)
            share = 1.0 if k < now else 0.0
            if k == now and self._longest_s > 0:
                share = 1 - self._left_s / self._longest_s
            done = QRectF(box.left(), box.top(), box.width() * min(max(share, 0.0), 1.0), box.height())
            shade = QColor(SERIES[k])
            shade.setAlpha(90)
            painter.setBrush(shade)
            painter.drawRoundedRect(done, 4, 4)
            painter.setPen(QColor(c.text if k == now else c.faint))
            words = f"{phase}, {self._left_s:.0f} s left" if k == now else phase
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
        painter.end()
