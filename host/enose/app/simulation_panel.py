"""The knobs of a simulated board: what is before the nose, the room, the chip's leak, and what breaks."""

from PySide6.QtWidgets import QFormLayout, QGroupBox, QMenu, QToolButton, QWidget

from enose.app.bench import Bench
from enose.app.simulation import MOST_LEAK, MOST_STRENGTH, ROOM_C, ROOM_RH, Simulation
from enose.app.widgets import Knob, button, choice, group, label, row
from enose_hwsim import gas


class SimulationPanel(QWidget):
    """Of the board that is connected; hidden where that is a real one."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        self.odour = choice("odour", list(gas.ODOURS))
        self.strength = Knob("odour strength", 0, 100 * MOST_STRENGTH, 100, "{:.0f} %", lambda _: None)
        self.temperature = Knob("temperature", *ROOM_C, gas.REFERENCE_C, "{:.0f} °C", self._air_moved)
        self.humidity = Knob("humidity", *ROOM_RH, gas.REFERENCE_RH, "{:.0f} % rh", self._air_moved)
        self.leak = Knob("droop", 1, MOST_LEAK, 1, "× {:.0f}", self._leak_moved)
        self.faults = QToolButton()
        self.faults.setText("Let something &break")
        self.faults.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self)
        self.faults.setMenu(self._menu)
        self._failing = label("", "warn")
        self._mend = button("&Mend all", self.mend)
        form.addRow("Odour", row(self.odour, button("&Put before the nose", self.present)))
        form.addRow("Strength", self.strength)
        form.addRow("Room", self.temperature)
        form.addRow("Humidity", self.humidity)
        form.addRow("Droop", self.leak)
        form.addRow("Faults", row(self.faults, self._mend))
        form.addRow("", self._failing)
        form.addRow(
            label("The odour reaches the sensors while the valve is open: in the exposure of a measurement.", "faint")
        )

    def show_for(self, simulation: Simulation) -> None:
        """Take the knobs of a board that was just switched on."""
        self._menu.clear()
        sides: dict[str, QMenu] = {}
        for side, name, what in simulation.injectable():
            if side not in sides:
                sides[side] = self._menu.addMenu(side)
            action = sides[side].addAction(f"{name}: {what}")
            action.triggered.connect(lambda _=False, name=name: self.fail(name))
        for knob, start in ((self.temperature, gas.REFERENCE_C), (self.humidity, gas.REFERENCE_RH), (self.leak, 1)):
            knob.set_value(start)
        self._show_failing()

    def present(self) -> None:
        """Put what is chosen before the nose."""
        if (simulation := self._simulation()) is not None:
            simulation.present(self.odour.currentText(), self.strength.value / 100)
            self._bench.good_news.emit(f"A fresh {self.odour.currentText()} is before the simulated nose.")

    def fail(self, name: str) -> None:
        """Let one of the faults befall the board."""
        if (simulation := self._simulation()) is not None:
            simulation.fail(name)
            self._show_failing()

    def mend(self) -> None:
        """End every fault."""
        if (simulation := self._simulation()) is not None:
            simulation.mend()
            self._show_failing()

    def _show_failing(self) -> None:
        simulation = self._simulation()
        names = simulation.failing if simulation is not None else ()
        self._failing.setText(f"broken: {', '.join(names)}" if names else "")
        self._failing.setVisible(bool(names))
        self._mend.setEnabled(bool(names))

    def _air_moved(self, _: float) -> None:
        if (simulation := self._simulation()) is not None:
            simulation.set_air(self.temperature.value, self.humidity.value)

    def _leak_moved(self, times: float) -> None:
        if (simulation := self._simulation()) is not None:
            simulation.set_leak(times)

    def _simulation(self) -> Simulation | None:
        now = self._bench.session.now
        return now.simulation if now is not None else None


def simulation_group(panel: SimulationPanel) -> QGroupBox:
    """The panel in its frame."""
    box, inside = group("Simulated world")
    inside.addWidget(panel)
    return box
