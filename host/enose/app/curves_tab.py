"""The cells of the chip: transfer curves from ngspice over their equations."""

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDoubleSpinBox, QSplitter, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.plots import Plot
from enose.app.widgets import button, label, row
from enose.app.work import Job
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.curves import CellCurves, cell_curves

ROOM_C = 27.0
EMPTY = "Press Take the curves: ngspice sweeps the cell, some seconds."


class CurvesTab(QWidget):
    """Of the chip of the board that is connected."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._curves: CellCurves | None = None
        inside = QVBoxLayout(self)
        self.temperature = QDoubleSpinBox(minimum=0, maximum=60, value=ROOM_C, decimals=0)
        self.temperature.setAccessibleName("temperature of the cells")
        self.temperature.setSuffix(" °C")
        self.start = button("&Take the curves (simulated)", self.take, main=True)
        inside.addLayout(row(self.start, self.temperature))
        self._words = label("", "faint")
        inside.addWidget(self._words)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        self.synapse = Plot("synapse", "input (V)", "current (nA)")
        self.neuron = Plot("neuron", "summing node (V)", "output (V)")
        for plot in (self.synapse, self.neuron):
            split.addWidget(plot)
        inside.addWidget(split, 1)
        bench.session.connected.connect(lambda _: self._new_chip())
        bench.session.closed.connect(self._new_chip)
        bench.look_changed.connect(lambda: self._show(self._curves))
        self._new_chip()

    def take(self) -> Job | None:
        """Have ngspice sweep synapse and neuron."""
        now, temperature_c = self._bench.session.now, self.temperature.value()
        if now is None or not isinstance(now.chip, MlpFile):
            return None
        chip = now.chip

        def work(job: Job) -> CellCurves:
            job.step("ngspice sweeps synapse and neuron")
            return cell_curves(chip, temperature_c)

        return self._bench.compute("transfer curves", work, done=self._show)

    def _new_chip(self) -> None:
        now = self._bench.session.now
        cells = now is not None and isinstance(now.chip, MlpFile)
        self.start.setEnabled(cells)
        if now is None:
            self._words.setText("Connect a board first.")
        elif cells:
            self._words.setText("Lines: transistors, in ngspice. Dashes: the cell's equation.")
        else:
            self._words.setText(f"{now.chip.name} has no transistor cells; see Memristors.")
        self._show(None)

    def _show(self, found: CellCurves | None) -> None:
        self._curves = found
        for plot in (self.synapse, self.neuron):
            plot.clear()
            plot.say_empty("" if found is not None else EMPTY if self.start.isEnabled() else self._words.text())
        if found is None:
            return
        for k, weight_v in enumerate(found.weight_v):
            self.synapse.line(found.input_v, 1e9 * found.synapse_a[k], k, f"{weight_v:.1f} V")
            self.synapse.line(found.input_v, 1e9 * found.synapse_equation_a[k], k, dashed=True)
        most = 1e9 * float(np.abs(found.synapse_a).max())
        self.synapse.item.setYRange(-1.05 * most, 1.4 * most)  # room for the legend
        self.neuron.line(found.node_v, found.neuron_v, 0, "ngspice")
        self.neuron.line(found.node_v, found.neuron_equation_v, 1, "equation", dashed=True)
