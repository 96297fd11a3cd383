"""Connect: which board, how it is, and its firmware."""

from functools import partial
from typing import Any

from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QListWidget, QSpinBox, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.flash_dialog import FlashDialog
from enose.app.session import Connected
from enose.app.simulation import MOST_CHIP, Order
from enose.app.simulation_panel import SimulationPanel, simulation_group
from enose.app.widgets import button, choice, group, label, row, set_kind
from enose.app.work import Job
from enose.boards import board_names
from enose.link.connect import usb_ports

CLOCKS = ("as the clock on the wall", "as fast as it computes")
# Name on the page, key of the facts, unit; a factor of 1 but for kB
ROWS = (
    ("Board", "board", ""), ("Chip", "chip", ""), ("Chip id", "unit", ""), ("Firmware", "firmware", ""),
    ("Firmware identity", "firmware_identity", ""), ("Update", "firmware_trial", ""),
    ("Interpreter", "micropython", ""), ("State", "state", ""), ("Fault", "fault", ""), ("Weights", "weights", ""),
    ("Running for", "uptime_s", "s"), ("Temperature", "temperature_c", "°C"), ("Chip supply", "supply_v", "V"),
    ("Free memory, least", "memory_free_low", "bytes"), ("Frames dropped", "frames_dropped", ""),
)  # fmt: skip


class ConnectPage(QWidget):
    """Find a board or switch a simulated one on; see how it is."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._quiet = False
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(label("Connect", "title"))
        line = QHBoxLayout()
        whole.addLayout(line, 1)
        left = QVBoxLayout()
        line.addLayout(left, 2)
        left.addWidget(self._boards_on_usb())
        left.addWidget(self._simulated_boards())
        left.addStretch(1)
        middle = QVBoxLayout()
        line.addLayout(middle, 3)
        middle.addWidget(self._device())
        middle.addStretch(1)
        right = QVBoxLayout()
        line.addLayout(right, 3)
        self.panel = SimulationPanel(bench)
        self._world = simulation_group(self.panel)
        right.addWidget(self._world)
        self._hint = label(
            "No hardware at hand? Press one of the simulated boards: it runs the real firmware on simulated parts, and "
            "everything in this program can be tried on it.",
            "faint",
        )
        right.addWidget(self._hint)
        right.addStretch(1)
        bench.session.connected.connect(self._connected)
        bench.session.polled.connect(self._show_facts)
        bench.session.closed.connect(self._closed)
        self._closed()
        self.look_for_ports()

    # ---------------------------------------------------------------------------------------------- made

    def _boards_on_usb(self) -> QWidget:
        box, inside = group("Boards on USB")
        self._ports = QListWidget()
        self._ports.setAccessibleName("serial ports of boards")
        self._ports.setMaximumHeight(84)
        self._none = label("None found. Plug a board in, then press Look again.", "faint")
        inside.addWidget(self._ports)
        inside.addWidget(self._none)
        self._open = button("&Connect", self._open_chosen, main=True)
        inside.addLayout(row(self._open, button("Look &again", self.look_for_ports)))
        return box

    def _simulated_boards(self) -> QWidget:
        box, inside = group("Simulated boards")
        self.simulated: dict[str, QWidget] = {}
        for name in board_names():
            made = button(name, partial(self.simulate, name), main=name == "pico-mlp")
            made.setAccessibleName(f"switch simulated board {name} on")
            self.simulated[name] = made
            inside.addWidget(made)
        form = QFormLayout()
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.clock = choice("time of the simulated board", CLOCKS)
        self.number = QSpinBox()
        self.number.setRange(0, MOST_CHIP)
        self.number.setSpecialValueText("nominal chip")
        self.number.setPrefix("chip number ")
        self.number.setAccessibleName("mismatched chip number")
        self.number.setToolTip("Each number is a chip with transistor mismatch of its own, always the same.")
        form.addRow("Time runs", self.clock)
        form.addRow("Mismatch", self.number)
        inside.addLayout(form)
        return box

    def _device(self) -> QWidget:
        box, inside = group("Device")
        self._state = label("No device is connected.", "faint")
        inside.addWidget(self._state)
        form = QFormLayout()
        self._values: dict[str, QLabel] = {}
        for name, key, _ in ROWS:
            value = label()
            value.setAccessibleName(name)
            self._values[key] = value
            form.addRow(name, value)
        inside.addLayout(form)
        self._test = button(
            "&Self-test", self.selftest, tip="DAC readback, ADC, sensor rail, supply, store, temperature"
        )
        self._clear = button("Clear &fault", self.clear_fault)
        self._safe = button("Safe s&tate", self._go_safe, tip="Everything off until it is cleared")
        self._flash = button("&Update firmware…", self._update)
        self._leave = button("Disc&onnect", lambda: self._bench.session.close())
        inside.addLayout(row(self._test, self._clear, self._safe))
        inside.addLayout(row(self._flash, self._leave))
        self.checks = label()
        inside.addWidget(self.checks)
        return box

    # ---------------------------------------------------------------------------------------------- done

    def look_for_ports(self) -> None:
        """List the boards that are plugged in."""
        names = usb_ports()
        self._ports.clear()
        self._ports.addItems(names)
        if names:
            self._ports.setCurrentRow(0)
        self._ports.setVisible(bool(names))
        self._none.setVisible(not names)
        self._open.setEnabled(bool(names))

    def simulate(self, name: str) -> Job:
        """Switch a simulated board on, as the choices below it say."""
        order = Order(name, self.number.value(), self.clock.currentIndex() == 1, self._bench.seed)
        return self._bench.session.open_simulated(order, failed=self._bench.trouble.emit)

    def selftest(self) -> Job:
        """Have the device test itself."""
        return self._bench.ask("self-test", lambda now, job: now.device.selftest(), done=self._show_checks)

    def _open_chosen(self) -> None:
        item = self._ports.currentItem()
        if item is not None:
            self._bench.session.open_port(item.text(), failed=self._bench.trouble.emit)

    def clear_fault(self) -> None:
        """Have the device leave its safe state."""
        self._bench.ask("clearing", lambda now, job: now.device.clear())

    def _go_safe(self) -> None:
        self._bench.ask("safe state", lambda now, job: now.device.safe())

    def _update(self) -> None:
        FlashDialog(self._bench, self).open()

    # ---------------------------------------------------------------------------------------------- shown

    def _connected(self, found: Connected) -> None:
        self._show_facts(found.facts)
        self.checks.clear()
        self._world.setVisible(found.simulation is not None)
        self._hint.setVisible(False)
        if found.simulation is not None:
            self.panel.show_for(found.simulation)
        for widget in (self._test, self._clear, self._safe, self._flash, self._leave):
            widget.setEnabled(True)
        kind = "Simulated board" if found.device.simulated else "Board"
        self._bench.good_news.emit(f"{kind} {found.facts['board']} is connected. Next: Record, or Chip to program it.")

    def _closed(self) -> None:
        self._state.setText("No device is connected.")
        set_kind(self._state, "faint")
        for value in self._values.values():
            value.setText("–")
        self.checks.clear()
        self._world.hide()
        self._hint.show()
        for widget in (self._test, self._clear, self._safe, self._flash, self._leave):
            widget.setEnabled(False)

    def _show_facts(self, facts: dict[str, Any]) -> None:
        now = self._bench.session.now
        if now is None:
            return
        healthy = facts["state"] != "safe" and not facts["sensors_bad"]
        kind = " (simulated, under CPython)" if facts["memory_free_now"] is None else " (simulated)"
        where = f"{now.address}{kind if now.device.simulated else ''}"
        self._state.setText(f"{where}: {'healthy' if healthy else 'needs attention'}")
        set_kind(self._state, "good" if healthy else "bad")
        for _, key, unit in ROWS:
            value = facts.get(key)
            text = "–" if value is None or value == "" else f"{value:.3g}" if isinstance(value, float) else f"{value}"
            if key == "uptime_s":
                text = f"{float(facts[key]):.0f}"
            self._values[key].setText(f"{text} {unit}".strip() if text != "–" else text)
        self._clear.setEnabled(facts["state"] == "safe")

    def _show_checks(self, result: dict[str, Any]) -> None:
        failed = [name for name, passed in result["checks"].items() if not passed]
        count = len(result["checks"])
        self.checks.setText(
            f"Self-test: {count} of {count} passed" if not failed else f"Self-test: {', '.join(failed)} failed"
        )
        set_kind(self.checks, "bad" if failed else "good")
