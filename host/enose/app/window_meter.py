"""How much of the chip's input window each channel uses: span, clipping, and how many steps can be told apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from PySide6.QtWidgets import QVBoxLayout, QWidget

from enose.app.look import look
from enose.app.plots import Plot
from enose.app.widgets import label
from enose.training.imperfections import INPUT_NOISE_V

END_V = 1e-6  # an input this near to an end of the window stands at it


@dataclass(frozen=True)
class Use:
    """One channel's use of the window: the ends of what it reached, the share that stood at the upper end, bits."""

    low_v: float
    high_v: float
    at_top: float
    bits: float


def uses(inputs_v: ArrayLike, top_v: float) -> list[Use]:
    """Of inputs (N, channels), one Use a channel.

    Bits are log2 of the span over sqrt(12) standard deviations of the noise that training counts with at an input:
    the steps of an ideal converter with that much noise (W. Kester, Analog Devices MT-001); standing still is 0.
    """
    found = []
    for column in np.asarray(inputs_v, dtype=np.float64).T:
        span_v = float(np.ptp(column))
        steps = span_v / (math.sqrt(12) * INPUT_NOISE_V)
        at_top = float(np.mean(column >= top_v - END_V))
        found.append(Use(float(column.min()), float(column.max()), at_top, math.log2(steps) if steps > 1 else 0.0))
    return found


class WindowMeter(QWidget):
    """The inputs of the specimens recorded so far, as bars within the window."""

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.plot = Plot("window meter", "chip input (V)", "", legend=False)
        self.plot.view.setMinimumHeight(130)
        self.words = label("", "faint")
        layout.addWidget(self.plot, 1)
        layout.addWidget(self.words)
        self.plot.say_empty("The inputs' use of the window appears with the first specimen.")

    def show_inputs(
        self, inputs_v: Sequence[Sequence[float]], names: Sequence[str], low_v: float, high_v: float
    ) -> None:
        """inputs_v: one row a specimen; nothing is shown without any."""
        self.plot.clear()
        if not inputs_v:
            self.plot.say_empty("The inputs' use of the window appears with the first specimen.")
            self.words.clear()
            return
        self.plot.say_empty("")
        found = uses(inputs_v, high_v)
        for k, one in enumerate(found):
            self.plot.line([low_v, high_v], [-k, -k], look().line)
            bar = self.plot.line([one.low_v, max(one.high_v, one.low_v + 1e-4)], [-k, -k], k)
            bar.setPen(bar.opts["pen"].color(), width=9)
        axis = self.plot.item.getAxis("left")
        axis.setTicks(
            [[(-k, f"{name}  {use.bits:.1f} bit") for k, (name, use) in enumerate(zip(names, found, strict=True))]]
        )
        self.plot.item.setYRange(0.6 - len(found), 0.4)
        self.plot.item.setXRange(low_v, high_v)
        clipped = [f"{name} in {use.at_top:.0%}" for name, use in zip(names, found, strict=True) if use.at_top]
        tops = f"; at the upper end: {', '.join(clipped)}" if clipped else ""
        self.words.setText(f"{len(inputs_v)} specimens{tops}")
