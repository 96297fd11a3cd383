"""The weights of the chip as a heat map: wanted, programmed, read back, and how old they are."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFileDialog, QTableWidgetItem, QVBoxLayout, QWidget

from enose.app.bench import Bench, Chosen
from enose.app.look import SERIES, look
from enose.app.programming import Outcome, Weights, grid, program_image, weights_of
from enose.app.trouble import trouble_of
from enose.app.widgets import Table, button, choice, label, row
from enose.app.work import Job
from enose.image import ImageFileError, read_image, write_whole
from enose_contract.image import UNIT_UV, Image

VIEWS = ("wanted", "programmed", "read back", "read back less wanted", "age since refresh")
UNREADABLE = "This board has no way to read its weights back; Calibration shows what they do."


class WeightsTab(QWidget):
    """The image that is chosen, the button that programs it, and the map."""

    programmed = Signal(object)  # Outcome

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._weights: Weights | None = None
        self._shown: Image | None = None
        inside = QVBoxLayout(self)
        self._image = label("", "")
        inside.addWidget(self._image)
        self.start = button("&Program the chip", self.program, main=True)
        self._save = button("Sa&ve image…", self._save_image)
        inside.addLayout(row(self.start, button("Open ima&ge…", self._open_image), self._save))
        self._missing = label("", "warn")
        inside.addWidget(self._missing)
        self.view = choice("what the map shows", VIEWS)
        self.view.currentIndexChanged.connect(lambda _: self._draw())
        self._again = button("Read &again", self.read)
        inside.addLayout(row(label("Map of the weights:"), self.view, self._again))
        self.table = Table("heat map of the weights", ("neuron",))
        self.table.fill()
        inside.addWidget(self.table, 1)
        self._words = label("", "faint")
        inside.addWidget(self._words)
        bench.image_changed.connect(self._show_image)
        bench.session.connected.connect(lambda _: self._show_image())
        bench.session.closed.connect(self._show_image)
        bench.look_changed.connect(self._draw)
        self._show_image()

    # ---------------------------------------------------------------------------------------------- done

    def program(self) -> Job:
        """Put the chosen image into the device."""
        chosen = self._bench.image
        assert chosen is not None  # the button is off without
        calibration = self._bench.calibration.identity if self._bench.calibration is not None else None
        self.start.setEnabled(False)
        return self._bench.ask(
            "programming",
            lambda now, job: program_image(now, job, chosen, calibration),
            done=self._programmed,
            over=self._show_image,
        )

    def read(self) -> Job | None:
        """Look at the weights again."""
        programmed = self._bench.programmed
        if programmed is None:
            return None
        return self._bench.ask(
            "reading the weights", lambda now, job: weights_of(now, programmed.image), done=self._show_weights,
        )  # fmt: skip

    def _open_image(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Weight image", "", "Weight images (*.img)")
        if name:
            try:
                raw, content = read_image(Path(name))
            except ImageFileError as error:
                self._bench.trouble.emit(trouble_of(error))
                return
            self._bench.choose_image(Chosen(raw, content, Path(name).name))

    def _save_image(self) -> None:
        chosen = self._bench.image
        name, _ = QFileDialog.getSaveFileName(self, "Weight image", "", "Weight images (*.img)")
        if name and chosen is not None:
            try:
                write_whole(Path(name), chosen.raw)
            except OSError as error:
                self._bench.trouble.emit(trouble_of(error))

    # ---------------------------------------------------------------------------------------------- shown

    def _programmed(self, outcome: Outcome) -> None:
        self._bench.note_programmed(outcome.chosen)
        self.programmed.emit(outcome)
        self._show_image()
        self._show_weights(outcome.weights)
        off = ""
        read = outcome.weights.read
        if read is not None and outcome.chosen.image.unit == UNIT_UV:
            worst_mv = 1e3 * np.abs(read - outcome.weights.wanted).max()
            off = f" Read back they are within {worst_mv:.2f} mV (simulated chip)."
        elif read is not None:
            open_too = outcome.weights.wanted != 0  # 0 is a weight whose switches are open
            worst = np.abs(read[open_too] / outcome.weights.wanted[open_too] - 1).max(initial=0.0)
            off = f" Read back they are within {worst:.2%} (simulated chip)."
        self._bench.good_news.emit(
            f"Programmed and held: {len(outcome.chosen.image.weights)} weights.{off} Next: Live."
        )

    def _show_image(self) -> None:
        chosen, now = self._bench.image, self._bench.session.now
        missing = ""
        if chosen is None:
            self._image.setText("No weight image is chosen.")
            missing = "Train one, choose one of the project on the page Train, or open a file."
        else:
            image = chosen.image
            calibrated = f", for calibration {image.calibration.hex()}" if any(image.calibration) else ""
            classes = ", ".join(name for name in image.classes if name)
            self._image.setText(
                f"Image: {chosen.source}. Classes {classes}; board {image.board}, chip {image.chip}{calibrated}."
            )
            if now is None:
                missing = "Connect a board first."
            elif image.chip != now.chip.name:
                missing = (
                    f"The image is for chip {image.chip}; this board has {now.chip.name}. Train for {now.board.name}."
                )
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        self.start.setEnabled(not missing)
        self._save.setEnabled(chosen is not None)
        self._again.setEnabled(self._bench.programmed is not None)
        if self._bench.programmed is None:
            self._show_weights(None)

    def _show_weights(self, weights: Weights | None) -> None:
        self._weights = weights
        self._draw()

    def _draw(self) -> None:
        now, weights, programmed = self._bench.session.now, self._weights, self._bench.programmed
        if now is None or weights is None or programmed is None:
            self.table.setRowCount(0)
            self._words.setText("The map appears when the chip is programmed.")
            return
        volts = programmed.image.unit == UNIT_UV
        name = self.view.currentText()
        values, unit = _of(weights, name, volts)
        if values is None:
            self.table.setRowCount(0)
            self._words.setText(
                UNREADABLE if weights.read is None else "These cells do not forget: they have no refresh."
            )
            return
        shape = now.chip.topology
        rows = grid(values, shape.inputs, shape.hidden, shape.outputs)
        columns = max(len(synapses) for _, synapses in rows)
        self.table.setColumnCount(1 + columns)
        self.table.setHorizontalHeaderLabels(["neuron", *[f"synapse {k + 1}" for k in range(columns)]])
        self.table.setRowCount(len(rows))
        known = values[np.isfinite(values)]
        middle = float(np.mean([known.min(), known.max()])) if name in VIEWS[:3] and volts else 0.0
        most = float(np.abs(known - middle).max()) or 1.0
        digits = 3 if most < 1 else 1 if volts else 2
        for r, (neuron, synapses) in enumerate(rows):
            self.table.setItem(r, 0, QTableWidgetItem(neuron))
            for c, (source, value) in enumerate(synapses):
                self.table.setItem(r, 1 + c, _cell(f"{source}: {value:.{digits}f}", (value - middle) / most))
        self._words.setText(
            f"{name} in {unit}; {'the simulated chip itself' if now.simulation else 'as the converter makes them'}."
        )


def _of(weights: Weights, name: str, volts: bool) -> tuple[np.ndarray | None, str]:
    scale, unit = (1e3, "mV") if volts else (1e-3, "kΩ, negative at a minus input, 0 an open switch")
    if name == "wanted":
        return weights.wanted * scale, unit
    if name == "programmed":
        return weights.programmed * scale, unit
    if name == "age since refresh":
        return (None if weights.age_s is None else weights.age_s * 1e3), "ms"
    if weights.read is None:
        return None, unit
    return (weights.read if name == "read back" else weights.read - weights.wanted) * scale, unit


def _cell(text: str, share: float) -> QTableWidgetItem:
    """A cell, coloured by -1..1: blue below, orange above."""
    item = QTableWidgetItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    shade = QColor(SERIES[1] if share > 0 else SERIES[0])
    shade.setAlphaF(min(abs(share), 1.0) * (0.5 if look().dark else 0.45))
    item.setBackground(shade)
    return item
