"""Calibration in three steps: measure this chip, see what is known of it, make the image anew for it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyqtgraph as pg
from PySide6.QtWidgets import QDoubleSpinBox, QFileDialog, QSpinBox, QVBoxLayout, QWidget

from enose.app.bench import Bench, Chosen
from enose.app.look import look
from enose.app.plots import Plot
from enose.app.session import Connected
from enose.app.trouble import trouble_of
from enose.app.widgets import button, label, row, set_kind
from enose.app.work import Job
from enose.calibration import CalibrationError, make_probes
from enose.calibration.calibration import Calibration, read_calibration
from enose.calibration.reading import read_probes
from enose.mapping.volts import VoltMapping
from enose.project.contents import Provenance
from enose.project.store import Project
from enose_contract.image import unpack
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin.region import check_region

IMAGES = 24
ROOM_C = 27.0
NOT_YET = "Not calibrated. Measuring asks the chip some hundred questions through its own weights; it takes seconds."


@dataclass(frozen=True)
class Applied:
    """An image for one particular chip, and how far its outputs are from the nominal chip's, RMS before and after."""

    chosen: Chosen
    before_rms_v: float
    after_rms_v: float


class CalibrationTab(QWidget):
    """The wizard's three steps, one below the other."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        inside = QVBoxLayout(self)
        self.images = QSpinBox(minimum=2, maximum=80, value=IMAGES)
        self.images.setAccessibleName("sets of weights to probe with")
        self.images.setSuffix(" sets of weights")
        self.temperature = QDoubleSpinBox(minimum=0, maximum=60, value=ROOM_C, decimals=0)
        self.temperature.setAccessibleName("temperature of the chip")
        self.temperature.setSuffix(" °C")
        self.start = button("1. &Measure this chip", self.measure, main=True)
        self.apply = button("2. Make the image for &this chip", self.remap)
        inside.addLayout(row(self.start, self.images, self.temperature))
        self._missing = label("", "warn")
        inside.addWidget(self._missing)
        self.verdict = label(
            NOT_YET,
            "faint",
        )
        inside.addWidget(self.verdict)
        self.gains = Plot("gains of the synapses", "synapse (number)", "gain (nominal = 1)")
        self.zeros = Plot("zeros of the synapses", "synapse (number)", "zero from nominal (mV)", legend=False)
        for plot in (self.gains, self.zeros):
            plot.say_empty("What is known of each synapse appears here, with its uncertainty.")
            inside.addWidget(plot, 1)
        inside.addLayout(
            row(self.apply, button("&Open…", self._open), button("Sa&ve…", self._save_file))
        )  # fmt: skip
        self.applied = label("3. Program it: page Weights.", "faint")
        inside.addWidget(self.applied)
        bench.calibration_changed.connect(self._show)
        bench.image_changed.connect(self._show_buttons)
        bench.session.connected.connect(lambda _: self._show_buttons())
        bench.session.closed.connect(lambda: bench.set_calibration(None))
        bench.look_changed.connect(self._show)
        self._show()

    # ---------------------------------------------------------------------------------------------- done

    def measure(self) -> Job:
        """Probe the chip, find which one it is, keep that in the project."""
        images, temperature_c, seed, path = (
            self.images.value(),
            self.temperature.value(),
            self._bench.seed,
            self._bench.project,
        )
        self.start.setEnabled(False)

        def work(now: Connected, job: Job) -> Calibration:
            from enose.calibration.identify import Identifier

            chip = now.chip
            assert isinstance(chip, MlpFile)  # the button is off otherwise
            check_region(chip, temperature_c)
            probes = make_probes(chip, seed, images)
            outputs_v = read_probes(now.device, chip, probes, job.step)
            found = Identifier(chip, probes, temperature_c, job.step).identify(outputs_v, now.device.unit)
            if path is not None:
                with Project.open(path) as project:
                    source = Provenance("calibrate", f"{now.board.name}, unit {found.unit}", found.simulated)
                    project.add_calibration(found.unit, found.as_dict(), source)
            return found

        return self._bench.ask(
            "calibrating", work, done=self._bench.set_calibration, over=self._show_buttons,
        )  # fmt: skip

    def remap(self) -> Job:
        """Make the chosen image's weights anew for this chip; as `enose calibration apply`."""
        chosen, known, now = self._bench.image, self._bench.calibration, self._bench.session.now
        assert chosen is not None  # the button is off without
        assert known is not None
        assert now is not None
        chip, seed, path = now.chip, self._bench.seed, self._bench.project
        assert isinstance(chip, MlpFile)

        def work(_: Job) -> Applied:
            from enose.calibration.remap import matched_pages, remapped_image

            self.nominal_only(chosen)
            mapping = VoltMapping(chip)
            weights = mapping.weights(mapping.exact(chosen.image.weights))
            found = matched_pages(weights.reshape(max(1, len(chosen.image.pages)), -1), known, chip, seed)
            raw = remapped_image(chosen.image, mapping.carried(found.weights.ravel()), known).pack()
            name = f"{chosen.source}, chip {known.unit[-4:]}"
            if path is not None:
                with Project.open(path) as project:
                    project.add_image(name, raw, Provenance("calibrate", chosen.source, known.simulated))
            return Applied(Chosen(raw, unpack(raw), name), found.before_rms_v, found.after_rms_v)

        return self._bench.compute("making weights for this chip", work, done=self._remapped)

    def nominal_only(self, chosen: Chosen) -> None:
        """Raise CalibrationError for an image that was made for one particular chip already."""
        if any(chosen.image.calibration):
            made_for = chosen.image.calibration.hex()
            raise CalibrationError(f"{chosen.source}: made for calibration {made_for}, expected a nominal image")

    def _open(self) -> None:
        now = self._bench.session.now
        name, _ = QFileDialog.getOpenFileName(self, "Calibration", "", "Calibrations (*.json)")
        if name and now is not None and isinstance(now.chip, MlpFile):
            try:
                self._bench.set_calibration(read_calibration(Path(name), now.chip))
            except CalibrationError as error:
                self._bench.trouble.emit(trouble_of(error))

    def _save_file(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, "Calibration", "", "Calibrations (*.json)")
        if name and self._bench.calibration is not None:
            try:
                self._bench.calibration.write(Path(name))
            except OSError as error:
                self._bench.trouble.emit(trouble_of(error))

    # ---------------------------------------------------------------------------------------------- shown

    def _remapped(self, applied: Applied) -> None:
        self._bench.project_changed.emit()
        self._bench.choose_image(applied.chosen)
        self.applied.setText(
            f"Made: by its twin this chip misses the nominal one by {1e3 * applied.after_rms_v:.2f} mV RMS with the new"
            f" weights, {1e3 * applied.before_rms_v:.1f} mV with the nominal ones. 3. Program it: page Weights."
        )
        set_kind(self.applied, "good")

    def _show(self) -> None:
        found = self._bench.calibration
        self.gains.clear()
        self.zeros.clear()
        self._show_buttons()
        empty = "" if found is not None else "What is known of each synapse appears here, with its uncertainty."
        for plot in (self.gains, self.zeros):
            plot.say_empty(empty)
        if found is None:
            self.verdict.setText(NOT_YET)
            set_kind(self.verdict, "faint")
            return
        mask = found.synapses_known
        known, neurons = int(mask.sum()), int(found.neurons_known.sum())
        whole = mask.all() and found.neurons_known.all()
        simulated = " (simulated)" if found.simulated else ""
        self.verdict.setText(
            f"Chip {found.unit}{simulated}: {known} of {len(mask)} synapses and {neurons} of {len(found.slope)} neurons"
            f" are known. Its twin misses the readings by {1e3 * found.residual_rms_v:.2f} mV RMS, the nominal chip by "
            f"{1e3 * found.nominal_rms_v:.1f} mV."
        )
        set_kind(self.verdict, "good" if whole else "warn")
        for plot, values, spread in (
            (self.gains, found.gain, found.gain_sd),
            (self.zeros, 1e3 * found.zero_v, 1e3 * found.zero_sd_v),
        ):
            place = np.arange(len(values))
            pen = pg.mkPen(look().faint)
            plot.item.addItem(pg.ErrorBarItem(x=place, y=values, height=4 * spread, beam=0.3, pen=pen))
            plot.points(place[mask], values[mask], 0, "known (bars: 2 standard deviations)")
            if not mask.all():
                plot.points(place[~mask], values[~mask], 1, "not known", "x")

    def _show_buttons(self) -> None:
        now = self._bench.session.now
        missing = ""
        if now is None:
            missing = "Connect a board first."
        elif not isinstance(now.chip, MlpFile):
            missing = f"{now.chip.name}: its weights are read back while they are programmed; it needs no calibration."
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        self.start.setEnabled(not missing)
        ready = not missing and self._bench.calibration is not None and self._bench.image is not None
        self.apply.setEnabled(ready)
