"""The droop of one device's chip: read through the wire, found, planned for, and told as JSON holds it."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from enose.boards import find_board
from enose.calibration.calibration import Calibration, CalibrationError, read_calibration
from enose.calibration.droop import Droop, find_droop, hold_ms, make_hold_probes, read_holds
from enose.calibration.retention_plan import forecast, plan_refresh
from enose.image import read_image
from enose.link.device import Device
from enose.recordings import open_recordings
from enose_hwsim.boardfile import MlpBoard
from enose_hwsim.chipfile import MlpFile

Progress = Callable[[str, int, int], None]


def measure_droop(
    device: Device,
    calibration: Path,
    images: int,
    seed: int,
    asked: tuple[Path | None, Path | None],
    on_progress: Progress = lambda text, done, total: None,
) -> dict[str, Any]:
    """Leaks, their success mask, the refresh plan, and the forecast for (image, recordings) where both are given.

    Raises CalibrationError for a chip without capacitors, a calibration of another unit, only one of the two asked for,
    and as find_droop and forecast do.
    """
    image_path, recordings_path = asked
    if (image_path is None) != (recordings_path is None):
        raise CalibrationError("a forecast needs both --image and --recordings")
    _, chip = capacitor_board(device)
    known = read_calibration(calibration, chip)
    if known.unit != device.unit:
        raise CalibrationError(
            f"{calibration}: of unit {known.unit}, {device.port.name} is unit {device.unit}:"
            f" `enose calibration measure {calibration} --device {device.port.name}`"
        )
    image = read_image(image_path)[1] if image_path is not None else None
    recordings = open_recordings(recordings_path) if recordings_path is not None else None
    told, found = droop_of(device, known, images, seed, on_progress)
    return told | {"forecast": forecast(chip, known, found, image, recordings) if image and recordings else None}


def capacitor_board(device: Device) -> tuple[MlpBoard, MlpFile]:
    """The files of a device whose weights droop. Raises CalibrationError for another one."""
    board, chip, _ = find_board(device.board)
    if not isinstance(chip, MlpFile) or not isinstance(board, MlpBoard):
        raise CalibrationError(f"{device.chip}: its weights are memristances, which do not droop")
    return board, chip


def droop_of(
    device: Device,
    known: Calibration,
    images: int,
    seed: int,
    on_progress: Progress = lambda text, done, total: None,
) -> tuple[dict[str, Any], Droop]:
    """As measure_droop but for the forecast, by a calibration that is of this unit; and the leaks themselves."""
    board, chip = capacitor_board(device)
    info = device.info()
    temperature_c = info["temperature_c"]
    probes = make_hold_probes(chip, seed, images)
    held = read_holds(device, chip, probes, hold_ms(chip, temperature_c), on_progress)
    found = find_droop(chip, known, probes, held, temperature_c)
    plan = plan_refresh(chip, found, board.refresh, info["refresh"]["period_s"])
    told = asdict(plan) | {
        "held": plan.held,
        "spare_s": plan.spare_s,
        "sooner": plan.sooner,
        "words": plan.words(),
        "droop_max_v": chip.retention.droop_max_v,
    }
    result = {
        "unit": device.unit,
        "temperature_c": temperature_c,
        "nominal_v_per_s": found.nominal_v_per_s,
        "leak_v_per_s": found.leak_v_per_s.tolist(),
        "sd_v_per_s": found.sd_v_per_s.tolist(),
        "known": found.known.tolist(),
        "residual_rms_v": found.residual_rms_v,
        "readings": found.readings,
        "plan": told,
    }
    return result, found
