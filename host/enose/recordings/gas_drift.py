"""The gas-drift set: Vergara et al., Sens. Actuators B 166 (2012) 320-329; UCI 270. Rows are `gas;ppm 1:v ... 128:v`.

Sixteen sensors with eight features each. Feature 8 s + 1 (counted from 1) is the steady-state change of sensor s in
ohm, dR = R - R0. Feature 8 s + 2, called the normalised one, is the ratio R / R0 and not dR / R0: over all rows of
batches 1 to 5 it is below 1 exactly where dR is negative.

A row is one exposure and is played to the board as such, in one of two ways:
ABSOLUTE  every sensor starts at the same R0, then R0 + dR, so the pattern of dR reaches the chip;
RELATIVE  every sensor starts at the same R0, then R0 * ratio, so the pattern of dR/R0 does.
With four sensors and bands on one output, ABSOLUTE is the better on a random split of all batches (0.98 to 0.99 against
0.94 to 0.97), RELATIVE when trained on the first batch and tested on the third and later ones.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from enose.recordings.files import number_in, read_lines
from enose.recordings.specimen import Floats, Recordings, RecordingsError, Specimen, check_classes, chosen_classes
from enose_contract.normalise import NORM_CHANGE

GASES = ("ethanol", "ethylene", "ammonia", "acetaldehyde", "acetone", "toluene")  # codes 1 to 6
SENSORS = tuple(f"TGS26xx position {s}" for s in range(16))  # the set names no types
CODES = {str(k): gas for k, gas in enumerate(GASES, 1)}
FEATURES = 128
ABSOLUTE, RELATIVE = "absolute", "relative"
LOAD_OHM = 10_000
PLAYED = {ABSOLUTE: "played as dR from one R0 for all sensors", RELATIVE: "played as dR/R0"}
R0_OHM = {
    ABSOLUTE: 20_000.0,
    RELATIVE: 2000.0,
}  # changes are -13 to 670 kohm, ratios 0.2 to 172: the divider shows both
MAX_OHM = 200 * LOAD_OHM  # above it a 15-bit reading of the divider is coarser than one percent
SAMPLES = 2
ROW = re.compile(r"^[1-6];[0-9.]+ 1:")


def load_gas_drift(folder: Path, classes: tuple[str, ...] | None = None, change: str = ABSOLUTE) -> Recordings:
    """The batches in a folder (or one batch file), with the gases asked for or all six; change is ABSOLUTE or RELATIVE.

    Rows with a resistance that cannot be or that no divider shows are left out, and notes say which. Raises
    RecordingsError naming file and line for a row that is not of the form above.
    """
    files = batch_files(folder)
    classes = chosen_classes(str(folder), GASES, classes)
    specimens: list[Specimen] = []
    notes: list[str] = []
    for file in files:
        for number, label, _, features in rows(file):
            if label not in classes:
                continue
            changes_ohm, ratios = features[:, 0], features[:, 1]
            reason = impossible(changes_ohm, ratios)
            if reason:
                notes.append(f"{file.name} line {number} ({label}) left out: {reason}")
                continue
            specimens.append(played(label, f"{file.stem} line {number}", file.stem, changes_ohm, ratios, change))
    title = f"gas drift (UCI 270), {len(files)} batches: {len(specimens)} exposures, {PLAYED[change]}"
    recordings = Recordings(
        title, False, SENSORS, classes, NORM_CHANGE, tuple(specimens), SAMPLES, LOAD_OHM, tuple(notes)
    )
    return check_classes(str(folder), recordings)


def batch_files(folder: Path) -> list[Path]:
    """The batches in a folder, in their order, or the one batch that is given. Raises RecordingsError for none."""
    if not folder.is_dir():
        return [folder]
    found = sorted(folder.glob("batch*.dat"), key=lambda f: (len(f.name), f.name))
    if not found:
        raise RecordingsError(f"{folder}: holds no batch*.dat")
    return found


def rows(file: Path) -> Iterator[tuple[int, str, float, Floats]]:
    """Line number, gas, concentration in ppm and features, (16, 8), of every row of a batch. Raises RecordingsError."""
    for number, line in enumerate(read_lines(file), 1):
        if line.strip():
            yield number, *_row(f"{file}:{number}", line)


def _row(where: str, line: str) -> tuple[str, float, Floats]:
    parts = line.split()
    code, _, ppm = parts[0].partition(";")
    if code not in CODES:
        raise RecordingsError(f"{where}: gas code '{code}', expected 1..{len(GASES)}")
    if not 0 <= number_in(ppm) < math.inf:
        raise RecordingsError(f"{where}: concentration '{ppm}', expected a number of ppm")
    if len(parts) != FEATURES + 1:
        raise RecordingsError(f"{where}: {len(parts) - 1} features, expected {FEATURES}")
    values = []
    for index, part in enumerate(parts[1:], 1):
        name, _, text = part.partition(":")
        value = number_in(text)
        if name != str(index) or not math.isfinite(value):
            raise RecordingsError(f"{where}: feature {index} is '{part}', expected '{index}:number'")
        values.append(value)
    return CODES[code], number_in(ppm), np.array(values).reshape(len(SENSORS), -1)


def impossible(changes_ohm: Floats, ratios: Floats) -> str | None:
    """Why a row cannot be played, if so."""
    for ohm, feature, values in (
        (R0_OHM[ABSOLUTE] + changes_ohm, 1, changes_ohm),
        (R0_OHM[RELATIVE] * ratios, 2, ratios),
    ):
        outside = (ohm <= 0) | (ohm > MAX_OHM)
        if outside.any():
            at = int(np.argmax(outside))
            shown = f"feature {8 * at + feature} = {values[at]:g} would be {ohm[at]:.0f} ohm"
            return f"{shown}, expected above 0 and up to {MAX_OHM}"
    return None


def played(label: str, group: str, batch: str, changes_ohm: Floats, ratios: Floats, change: str) -> Specimen:
    """One exposure as a board can be shown it; change is ABSOLUTE or RELATIVE."""
    ohm = R0_OHM[ABSOLUTE] + changes_ohm if change == ABSOLUTE else R0_OHM[RELATIVE] * ratios
    baseline_ohm = np.full((SAMPLES, len(SENSORS)), R0_OHM[change])
    nothing = np.empty((0, len(SENSORS)))
    return Specimen(label, group, batch, 0.5, baseline_ohm, np.tile(ohm, (SAMPLES, 1)), nothing)
