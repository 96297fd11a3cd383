"""Droop: how fast the weights leak, by the chip's file and as measured, and what the refresh makes of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSpinBox, QSplitter, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.look import look
from enose.app.plots import Plot
from enose.app.session import Connected
from enose.app.widgets import button, label, row, set_kind
from enose.app.work import Job
from enose.calibration.calibration import CalibrationError
from enose.project.recordings import load_project
from enose.recordings import Recordings, RecordingsError
from enose_hwsim.chipfile import MlpFile

DROOP_S = (1e-3, 10.0)
DROOP_C = (0.0, 25.0, 40.0, 60.0)
IMAGES = 12
TAKEN_UP_MS = 1500  # the device reckons its refresh anew once a second
NOT_YET = "Not measured. Measuring holds sets of weights for about a second each, without refresh; it takes a minute."


@dataclass(frozen=True)
class Measured:
    """What `enose calibration droop` tells, of which chip; `forecast`: how long answers last, or why none is told."""

    result: dict[str, Any]
    simulated: bool
    forecast: str


class DroopTab(QWidget):
    """Measure, look, tell the device."""

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self.measured: Measured | None = None
        inside = QVBoxLayout(self)
        self.images = QSpinBox(minimum=4, maximum=80, value=IMAGES)
        self.images.setAccessibleName("sets of weights to hold")
        self.images.setSuffix(" sets of weights")
        self.start = button("1. Measure the droo&p", self.measure, main=True)
        self.tell = button("2. Have the device refresh &by it", self.fit)
        inside.addLayout(row(self.start, self.images, self.tell))
        self._missing = label("", "warn")
        inside.addWidget(self._missing)
        self.words = label("", "faint")
        inside.addWidget(self.words)
        self.verdict = label(NOT_YET, "faint")
        inside.addWidget(self.verdict)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setChildrenCollapsible(False)
        self.plot = Plot("droop of a weight", "time since it was written (s)", "droop (mV)")
        self.plot.item.setLogMode(x=True, y=True)
        self.leaks = Plot("leak of each weight", "weight (number)", "leak (mV/s)")
        for plot in (self.plot, self.leaks):
            split.addWidget(plot)
        inside.addWidget(split, 1)
        bench.session.connected.connect(lambda _: self._forget())
        bench.session.closed.connect(self._forget)
        bench.calibration_changed.connect(self._show)
        bench.look_changed.connect(self._show)
        self._show()

    # ---------------------------------------------------------------------------------------------- done

    def measure(self) -> Job:
        """As `enose calibration droop`, with the calibration, the image and the recordings that are at hand."""
        known, chosen, path = self._bench.calibration, self._bench.image, self._bench.project
        assert known is not None  # the button is off without
        images, seed = self.images.value(), self._bench.seed
        self.start.setEnabled(False)

        def work(now: Connected, job: Job) -> Measured:
            from enose.calibration.droop_report import droop_of
            from enose.calibration.retention_plan import forecast

            if known.unit != now.device.unit:
                raise CalibrationError(f"the calibration is of unit {known.unit}, the device is unit {now.device.unit}")
            assert isinstance(now.chip, MlpFile)  # the button is off otherwise
            result, found = droop_of(now.device, known, images, seed, job.step)
            try:
                recordings = _recordings(path)
                if chosen is None or recordings is None:
                    words = "How long answers last without refresh: choose an image and a project with specimens."
                else:
                    words = forecast_words(forecast(now.chip, known, found, chosen.image, recordings))
            except (CalibrationError, RecordingsError) as error:
                words = f"How long answers last without refresh cannot be told: {error}."
            return Measured(result, now.device.simulated, words)

        return self._bench.ask("measuring the droop", work, done=self._measured, over=self._show)

    def fit(self) -> Job:
        """Tell the device what its worst weight leaks; as `enose device fit --leak`."""
        assert self.measured is not None  # the button is off without
        leak_v_per_s = self.measured.result["plan"]["leak_v_per_s"]

        def work(now: Connected, _: Job) -> float:
            now.device.fit(leak_v_per_s=leak_v_per_s)
            now.device.port.wait(TAKEN_UP_MS)
            now.facts.update(now.device.info())
            return float(now.facts["refresh"]["period_s"])

        return self._bench.ask("telling the leak", work, done=self._told)

    # ---------------------------------------------------------------------------------------------- shown

    def _measured(self, measured: Measured) -> None:
        self.measured = measured

    def _told(self, period_s: float) -> None:
        self._show()
        self._bench.good_news.emit(
            f"The device keeps the leak of its worst weight, and refreshes every {1e3 * period_s:.0f} ms from now on."
        )

    def _forget(self) -> None:
        self.measured = None
        self._show()

    def _show(self) -> None:
        now = self._bench.session.now
        missing = ""
        if now is None:
            missing = "Connect a board first."
        elif not isinstance(now.chip, MlpFile):
            missing = "Memristors keep their weights: there is no droop to measure."
        elif self._bench.calibration is None:
            missing = "To measure it, measure this chip on the tab Calibration first."
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        self.start.setEnabled(not missing)
        self.tell.setEnabled(not missing and self.measured is not None)
        self._draw_droop(now, missing)
        self._draw_leaks(now)

    def _draw_droop(self, now: Connected | None, missing: str) -> None:
        self.plot.clear()
        chip = now.chip if now is not None else None
        if now is None or not isinstance(chip, MlpFile):
            self.words.clear()
            self.plot.say_empty(missing)
            return
        self.plot.say_empty("")
        time_s = np.geomspace(*DROOP_S, 100)
        for k, temperature_c in enumerate(DROOP_C):
            self.plot.line(
                time_s,
                1e3 * chip.leak_v_per_s(temperature_c) * time_s,
                k,
                f"file, {temperature_c:g} °C",
                dashed=True,
            )
        self.plot.level(
            float(np.log10(1e3 * chip.retention.droop_max_v)), f"tolerated: {1e3 * chip.retention.droop_max_v:g} mV"
        )
        if self.measured is not None:
            plan, at_c = self.measured.result["plan"], self.measured.result["temperature_c"]
            worst_v_per_s = self.measured.result["leak_v_per_s"][plan["worst"]]
            self.plot.line(time_s, 1e3 * worst_v_per_s * time_s, len(DROOP_C), f"measured, worst weight, {at_c:.0f} °C")
        refresh = now.facts["refresh"]
        lasts_s = chip.retention.droop_max_v / chip.leak_v_per_s(now.facts["temperature_c"])
        self.words.setText(
            f"By the chip file, at the {now.facts['temperature_c']:.0f} °C of this board, a weight stays within the "
            f"tolerance for {1e3 * lasts_s:.0f} ms; the firmware refreshes every {1e3 * refresh['period_s']:.0f} ms, "
            f"{refresh['missed']} of {refresh['done']} came late.{_oldest_words(refresh)}"
        )

    def _draw_leaks(self, now: Connected | None) -> None:
        self.leaks.clear()
        empty = now is None or self.measured is None
        self.leaks.say_empty("The leak of each weight appears here, with its uncertainty." if empty else "")
        if self.measured is None:
            self.verdict.setText(NOT_YET)
            set_kind(self.verdict, "faint")
            return
        result = self.measured.result
        plan, known = result["plan"], np.array(result["known"])
        simulated = " (simulated)" if self.measured.simulated else ""
        self.verdict.setText(
            f"Measured{simulated} at {result['temperature_c']:.0f} °C: {int(known.sum())} of {len(known)} weights are "
            f"known; weight {plan['worst']} leaks fastest, {plan['share']:.2f} times the chip file's, and may be "
            f"refreshed every {1e3 * plan['limit_s']:.0f} ms. {_held_words(plan)} {self.measured.forecast}"
        )
        set_kind(self.verdict, "good" if plan["held"] else "bad")
        place, leak = np.arange(len(known)), 1e3 * np.array(result["leak_v_per_s"])
        spread = 1e3 * np.array(result["sd_v_per_s"])
        bars = pg.ErrorBarItem(x=place, y=leak, height=4 * spread, beam=0.3, pen=pg.mkPen(look().faint))
        self.leaks.item.addItem(bars)
        others = known & (place != plan["worst"])
        self.leaks.points(place[others], leak[others], 0, "known (bars: 2 standard deviations)")
        if not known.all():
            self.leaks.points(place[~known], leak[~known], 1, "not known", "x")
        self.leaks.points([plan["worst"]], [leak[plan["worst"]]], 3, "worst", "d")
        self.leaks.level(1e3 * result["nominal_v_per_s"], "chip file")


def _oldest_words(refresh: dict[str, Any]) -> str:
    if not refresh["oldest_s"]:  # none are held, or they were written just now
        return ""
    return f" Since they were programmed, the weights have been {1e3 * refresh['oldest_s']:.0f} ms old at most."


def _held_words(plan: dict[str, Any]) -> str:
    if plan["held"]:
        kept = f"The board's refresh every {1e3 * plan['board_period_s']:.0f} ms keeps it within the tolerance"
        spare = f"{kept}, with {1e3 * plan['spare_s']:.0f} ms to spare."
        sooner = f" A device that is told refreshes every {1e3 * plan['period_s']:.0f} ms."
        return spare + (sooner if plan["sooner"] else "")
    return (
        f"The board's refresh every {1e3 * plan['board_period_s']:.0f} ms lets it droop by"
        f" {1e3 * plan['droop_v']:.2f} mV: have the device refresh by what was measured."
    )


def forecast_words(found: dict[str, Any]) -> str:
    """How long the image's answers last when nothing refreshes the weights."""
    gone_s = found["margin_gone_s"]
    when = "no margin is ever gone" if gone_s is None else f"margin gone in {gone_s:.2g} s"
    return (
        f"Without refresh: {when} (forecast, of {found['right_at_first']} of {found['specimens']} specimens; the "
        f"smallest margin is {1e3 * found['smallest_margin_v']:.1f} mV)."
    )


def _recordings(path: Any) -> Recordings | None:
    return load_project(path) if path is not None else None
