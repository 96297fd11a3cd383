"""What measured leaks ask of the refresh, and how long decisions would last without it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose.accuracy import answers, decide_all
from enose.calibration.calibration import Calibration, CalibrationError
from enose.calibration.droop import Droop
from enose.features import Constants, device_ohm, input_uv
from enose.mapping import held_v, uv_from_volts
from enose.recordings import Recordings
from enose_contract.image import Image
from enose_hwsim.boardfile import Refresh
from enose_hwsim.chipfile import MlpFile

Floats = NDArray[np.float64]

PLANNED_C = (25.0, 40.0, 60.0)
LONGEST_V = 0.4  # of nominal droop that a forecast looks ahead: as much as the weights' whole range
TIMES = 400
SOONER = 0.9  # of the board's period: a device that would refresh sooner is worth telling (leaks are known to 10 %)


@dataclass(frozen=True)
class Plan:
    """The refresh that a chip asks for, at the temperature of the measurement."""

    worst: int
    share: float  # the worst weight's leak over the chip file's
    leak_v_per_s: float  # the worst weight's, at the temperature that the chip file tells its leak for
    limit_s: float  # until the worst weight has drooped by droop_max_v
    period_s: float  # that the firmware has where weights hold for so long
    board_period_s: float  # what the board uses now
    droop_v: float  # of the worst weight at the end of the board's period
    by_temperature_s: dict[str, float]

    @property
    def held(self) -> bool:
        """Whether the board's period keeps the worst weight within the chip file's droop."""
        return self.board_period_s <= self.limit_s

    @property
    def spare_s(self) -> float:
        """How late the board's refresh may come, below zero where it comes too late already."""
        return self.limit_s - self.board_period_s

    @property
    def sooner(self) -> bool:
        """Whether a device that is told the worst weight's leak refreshes sooner: its reserve is too small so far."""
        return self.period_s < SOONER * self.board_period_s

    def words(self) -> str:
        """What to do, in a line."""
        board = f"the board's refresh every {self.board_period_s * 1e3:.0f} ms"
        fit = f"`enose device fit --leak {self.leak_v_per_s * 1e3:.1f}`"
        if not self.held:
            droop = f"{self.droop_v * 1e3:.2f} mV"
            return f"{board} lets weight {self.worst} droop by {droop}: {fit} has it refreshed in time"
        kept = f"{board} keeps weight {self.worst} so, with {self.spare_s * 1e3:.0f} ms to spare"
        return f"{kept}; {fit} has it refreshed every {self.period_s * 1e3:.0f} ms" if self.sooner else kept


def plan_refresh(chip: MlpFile, droop: Droop, refresh: Refresh, board_period_s: float) -> Plan:
    """From measured leaks; `refresh` is the board file's, board_period_s what the device says it does now."""
    worst = droop.worst
    leak, most_v = float(droop.leak_v_per_s[worst]), chip.retention.droop_max_v
    share = leak / droop.nominal_v_per_s
    by_temperature = {f"{c:g}": refresh.period_s(most_v / (share * chip.leak_v_per_s(c))) for c in PLANNED_C}
    limit_s = most_v / leak
    told = share * chip.retention.leak_v_per_s
    period_s = refresh.period_s(limit_s)
    return Plan(worst, share, told, limit_s, period_s, board_period_s, leak * board_period_s, by_temperature)


def forecast(chip: MlpFile, known: Calibration, droop: Droop, image: Image, recordings: Recordings) -> dict[str, Any]:
    """How long the image's answers to these specimens last when nothing refreshes its weights, by the chip's twin.

    Of the specimens that the chip names rightly at first, whose margins are above the guard then: `margin_gone_s` is
    when the first margin falls below the guard (None: not within the weights' whole range of droop). Raises
    CalibrationError for an image of another sensor set or chip, or where no specimen is named rightly.
    """
    if image.chip != chip.name or image.sensor_set != recordings.sensor_set_id():
        raise CalibrationError(f"the image is for {image.chip} and sensor set {image.sensor_set.hex()}, not for these")
    inputs_v, labels = _inputs_v(image, recordings, chip)
    twin = known.twin(chip)
    written_v = held_v(np.array(image.weights) * 1e-6, chip.synapse.weight_min_v, chip.synapse.weight_max_v)
    order = [name for name in image.classes if name]
    ages_s = np.concatenate([[0.0], np.geomspace(1e-2, LONGEST_V / droop.nominal_v_per_s, TIMES)])
    weights_v = np.clip(
        written_v - ages_s[:, None] * droop.leak_v_per_s, chip.synapse.weight_min_v, chip.synapse.weight_max_v
    )
    output_v = np.asarray(twin.program(weights_v).output_v(inputs_v), dtype=np.float64)
    named = [answers(row, order, chip) for row in output_v]
    right = np.array([[a == b for a, b in zip(given, labels, strict=True)] for given in named])
    if not right[0].any():
        raise CalibrationError("the chip names no specimen rightly with this image, even when it was written just now")
    whole = right[:, right[0]].all(axis=1)
    first_gone = int(np.argmin(whole)) if not whole.all() else None
    margin_uv = decide_all(uv_from_volts(output_v[0]), chip)[2][right[0]]
    return {
        "specimens": len(labels),
        "right_at_first": int(right[0].sum()),
        "smallest_margin_v": float(margin_uv.min()) * 1e-6,
        "guard_v": chip.decision.guard_v,
        "margin_gone_s": None if first_gone is None else float(ages_s[first_gone]),
        "half_wrong_s": _first(ages_s, right[:, right[0]].mean(axis=1) < 0.5),
    }


def _first(ages_s: Floats, true: NDArray[np.bool_]) -> float | None:
    return float(ages_s[int(np.argmax(true))]) if true.any() else None


def _inputs_v(image: Image, recordings: Recordings, chip: MlpFile) -> tuple[Floats, list[str]]:
    """What the board puts in for the specimens that give a sample, (S, I), and their labels."""
    low, high = [0] * len(recordings.sensors), [1] * len(recordings.sensors)
    for channel, lo, hi in zip(image.channels, image.low_ohm, image.high_ohm, strict=True):
        low[channel], high[channel] = lo, hi
    ohm = device_ohm(recordings.specimens, recordings.average, recordings.load_ohm)
    found = input_uv(*ohm, list(image.channels), image.normalisation, Constants(tuple(low), tuple(high)))
    some = np.asarray((found >= 0).all(axis=1))
    labels = [s.label for s, there in zip(recordings.specimens, some.tolist(), strict=True) if there]
    return held_v(found[some] * 1e-6, chip.input.min_v, chip.input.max_v), labels


def add_droop(path: Path, section: dict[str, Any]) -> None:
    """Put what was measured into a calibration's file, beside what it is already; whole or not at all."""
    import json

    from enose.image import write_whole

    content = json.loads(path.read_text(encoding="utf-8"))
    write_whole(path, (json.dumps(content | {"droop": section}, indent=1) + "\n").encode())
