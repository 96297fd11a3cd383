"""Chip: its weights, its calibration, its cells, its droop, its memristors."""

from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.calibration_tab import CalibrationTab
from enose.app.curves_tab import CurvesTab
from enose.app.droop_tab import DroopTab
from enose.app.memristor_tab import MemristorTab
from enose.app.weights_tab import WeightsTab
from enose.app.widgets import label


class ChipPage(QWidget):
    """One tab each."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(label("Chip", "title"))
        self.tabs = QTabWidget()
        self.weights, self.calibration = WeightsTab(bench), CalibrationTab(bench)
        self.curves, self.droop, self.memristors = CurvesTab(bench), DroopTab(bench), MemristorTab(bench)
        for tab, name in (
            (self.weights, "Wei&ghts"), (self.calibration, "&Calibration"), (self.curves, "Transfer c&urves"),
            (self.droop, "&Droop"), (self.memristors, "Me&mristors"),
        ):  # fmt: skip
            self.tabs.addTab(tab, name)
        whole.addWidget(self.tabs, 1)
        self.weights.programmed.connect(self.memristors.show_outcome)
