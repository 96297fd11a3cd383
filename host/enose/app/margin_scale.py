"""The chip's output on its scale, with the bands of the classes, their edges and the guard about each."""

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from enose.app.look import SERIES, look
from enose_hwsim.chipfile import AnyChip, Largest


@dataclass(frozen=True)
class Scale:
    """Voltages: the ends of the scale, the thresholds on it, how near to one is no answer; the bands' classes."""

    low_v: float
    high_v: float
    edges_v: tuple[float, ...]
    guard_v: float
    names: tuple[str, ...]  # of the bands from the lowest, or of the outputs
    by_bands: bool


def scale_of(chip: AnyChip, classes: tuple[str, ...], guard_v: float = 0.0) -> Scale:
    """Of a chip and its image's classes; guard_v: the image's own guard, where it asks for more than the chip's."""
    rule, ends = chip.decision, (chip.output.min_v, chip.output.max_v)
    guard_v = max(guard_v, rule.guard_v)
    if isinstance(rule, Largest):
        return Scale(*ends, (rule.rest_v,), guard_v, classes, False)
    return Scale(*ends, tuple(rule.edges_v), guard_v, classes, True)


class MarginScale(QWidget):
    """A pointer for each output; nothing without an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("output of the chip on its scale")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._scale: Scale | None = None
        self._outputs_v: tuple[float, ...] = ()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Names above, the band, the volts below."""
        return QSize(420, 5 * self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Somewhat narrower."""
        return QSize(260, self.sizeHint().height())

    def show_answer(self, scale: Scale | None, outputs_v: tuple[float, ...]) -> None:
        """In V; no scale: nothing is known."""
        self._scale, self._outputs_v = scale, outputs_v
        self.setAccessibleDescription(", ".join(f"{v:.4f} V" for v in outputs_v))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Draw it."""
        c, scale = look(), self._scale
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self.fontMetrics().height()
        side = self.fontMetrics().horizontalAdvance("0.880 V") / 2 + 2
        band = QRectF(side, 1.5 * line, self.width() - 2 * side, 1.6 * line)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(c.raised))
        painter.drawRect(band)
        if scale is None:
            painter.setPen(QColor(c.faint))
            painter.drawText(band, Qt.AlignmentFlag.AlignCenter, "The chip's output appears here.")
            painter.end()
            return

        def x(volts: float) -> float:
            share = (volts - scale.low_v) / (scale.high_v - scale.low_v)
            return band.left() + band.width() * min(max(share, 0.0), 1.0)

        edges = (scale.low_v, *scale.edges_v, scale.high_v)
        if scale.by_bands:
            for k, (low_v, high_v) in enumerate(pairwise(edges)):
                shade = QColor(SERIES[k])
                shade.setAlpha(80)
                box = QRectF(x(low_v), band.top(), x(high_v) - x(low_v), band.height())
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(shade)
                painter.drawRect(box)
                painter.setPen(QColor(c.text))
                name = scale.names[k] if k < len(scale.names) else ""
                painter.drawText(box, Qt.AlignmentFlag.AlignCenter, name)
        painter.setPen(QColor(c.text))
        for volts in edges:
            painter.drawLine(QPointF(x(volts), band.bottom()), QPointF(x(volts), band.bottom() + 0.25 * line))
            words = QRectF(x(volts) - 2 * side, band.bottom() + 0.2 * line, 4 * side, 1.2 * line)
            painter.drawText(words, Qt.AlignmentFlag.AlignCenter, f"{volts:.3f} V")
        for k, volts in enumerate(self._outputs_v):
            at = x(volts)
            painter.setBrush(QColor(c.text if scale.by_bands else SERIES[k % len(SERIES)]))
            painter.setPen(QColor(c.base))
            tip = [
                QPointF(at, band.top() + 3),
                QPointF(at - 0.5 * line, 0.55 * line),
                QPointF(at + 0.5 * line, 0.55 * line),
            ]
            painter.drawPolygon(QPolygonF(tip))
            if not scale.by_bands:
                painter.setPen(QColor(c.text))
                name = scale.names[k] if k < len(scale.names) else f"output {k + 1}"
                painter.drawText(QRectF(at - 100, band.top(), 200, band.height()), Qt.AlignmentFlag.AlignCenter, name)
        painter.end()
