"""The home-activity set as one-minute means: Huerta et al., Chemom. Intell. Lab. Syst. 157 (2016) 169-176; UCI 362.

`recordings.csv` holds one row a minute of each induction, resistances in kohm, and no clean air before the odour; so
the feature is the resistance itself. A specimen is a window of ten minutes of one induction.
"""

import math
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enose.recordings.files import csv_rows, number_in, read_bytes
from enose.recordings.specimen import Recordings, RecordingsError, Specimen, check_classes, chosen_classes
from enose_contract.normalise import NORM_RANGE

SENSORS = ("TGS2611", "TGS2612", "TGS2610", "TGS2600", "TGS2602 a", "TGS2602 b", "TGS2620 a", "TGS2620 b")
FIELDS = ["induction_id", "class", "date", "minute", *(f"R{k}" for k in range(1, 9)), "temp_C", "humidity_pct"]
CLASSES = ("background", "banana", "wine")
MOST_DIGITS = 9  # of a minute
WINDOW = 10  # minutes
MISSING_MAX = 5  # of the minutes of a window
CLASS, DATE, MINUTE, FIRST_R, TEMPERATURE = 1, 2, 3, 4, 12


def load_home_activity(file: Path, classes: tuple[str, ...] | None = None) -> Recordings:
    """Windows of ten consecutive minutes, from each induction's first minute on; what remains at its end is left out.

    A minute without values takes the mean of its window's others; a window with more than five of them is left out.
    Notes say how many. Raises RecordingsError naming line and field for a value that is none, a row of the wrong
    length, or an induction that is torn apart, changes its class or skips a minute.
    """
    rows = _rows(file)
    classes = chosen_classes(str(file), tuple(sorted({fields[CLASS] for _, fields in rows})), classes)
    specimens: list[Specimen] = []
    short = empty = filled = 0
    seen: set[str] = set()
    for induction, grouped in groupby(rows, key=lambda row: row[1][0]):
        minutes = list(grouped)
        _check_induction(file, induction, minutes, seen)
        label, date = minutes[0][1][CLASS], minutes[0][1][DATE]
        if label not in classes:
            continue
        ohm = np.array([_resistances_ohm(file, number, fields) for number, fields in minutes])
        ambient = np.array([_ambient(file, number, fields) for number, fields in minutes])
        day_s = _day_s(file, *minutes[0])
        short += len(ohm) % WINDOW
        for start in range(0, len(ohm) - WINDOW + 1, WINDOW):
            window = ohm[start : start + WINDOW]
            missing = np.isnan(window[:, 0])
            if missing.sum() > MISSING_MAX:
                empty += 1
                continue
            filled += int(missing.sum())
            window[missing] = window[~missing].mean(axis=0)
            nothing = np.empty((0, len(SENSORS)))
            temperature_c, humidity_pct = ambient[start : start + WINDOW][~missing].mean(axis=0).tolist()
            specimens.append(
                Specimen(
                    label=label,
                    group=f"induction {induction}",
                    batch=date,
                    sample_s=60.0,
                    baseline_ohm=nothing,
                    exposure_ohm=window,
                    recovery_ohm=nothing,
                    temperature_c=temperature_c,
                    humidity_pct=humidity_pct,
                    started_s=day_s,
                )
            )
    notes = (
        f"{short} minutes at the ends of inductions left out: fewer than {WINDOW} remained",
        f"{empty} windows left out: more than {MISSING_MAX} of their minutes have no values",
        f"{filled} minutes without values took the mean of their window",
    )
    title = f"home activity (UCI 362), one-minute means: {len(specimens)} windows of {WINDOW} minutes"
    recordings = Recordings(title, False, SENSORS, classes, NORM_RANGE, tuple(specimens), WINDOW, notes=notes)
    return check_classes(str(file), recordings)


def _rows(file: Path) -> list[tuple[int, list[str]]]:
    """Line number and fields of every row behind the header."""
    found = csv_rows(str(file), read_bytes(file).decode("utf-8-sig", errors="replace"))
    _, header = next(found, (1, []))
    if header != FIELDS:
        raise RecordingsError(f"{file}:1: header '{','.join(header)[:80]}', expected '{','.join(FIELDS)}'")
    rows = []
    for line, fields in found:
        if len(fields) != len(FIELDS):
            raise RecordingsError(f"{file}:{line}: {len(fields)} fields, expected {len(FIELDS)}")
        rows.append((line, fields))
    if not rows:
        raise RecordingsError(f"{file}: has no rows")
    return rows


def _check_induction(file: Path, induction: str, minutes: list[tuple[int, list[str]]], seen: set[str]) -> None:
    first_line, first = minutes[0]
    if induction in seen:
        raise RecordingsError(f"{file}:{first_line}: induction_id '{induction}' again, expected its rows together")
    seen.add(induction)
    start = first[MINUTE]
    whole = start.isascii() and start.isdecimal() and len(start) <= MOST_DIGITS
    for k, (number, fields) in enumerate(minutes):
        if fields[CLASS] != first[CLASS]:
            raise RecordingsError(
                f"{file}:{number}: class '{fields[CLASS]}', expected its induction's '{first[CLASS]}'"
            )
        if fields[CLASS] not in CLASSES:
            raise RecordingsError(f"{file}:{number}: class '{fields[CLASS]}', expected one of {', '.join(CLASSES)}")
        if not whole or fields[MINUTE] != str(int(start) + k):
            expected = int(start) + k if whole else "a whole number"
            raise RecordingsError(f"{file}:{number}: minute '{fields[MINUTE]:.20}', expected {expected}")


def _resistances_ohm(file: Path, number: int, fields: list[str]) -> NDArray[np.float64]:
    """The eight resistances in ohm; all NaN for a minute with an empty field, which is how the set says `no value`."""
    texts = fields[FIRST_R : FIRST_R + len(SENSORS)]
    ohm = []
    for name, text in zip(FIELDS[FIRST_R:], texts, strict=False):
        value = number_in(text) * 1e3
        if text and not 0 < value < math.inf:
            raise RecordingsError(f"{file}:{number}: {name} '{text}', expected a resistance in kohm or nothing")
        ohm.append(value)
    return np.full(len(ohm), np.nan) if any(math.isnan(value) for value in ohm) else np.array(ohm)


def _ambient(file: Path, number: int, fields: list[str]) -> tuple[float, float]:
    """Temperature in Celsius and relative humidity in percent; NaN for what is empty."""
    found = []
    for name, text in zip(FIELDS[TEMPERATURE:], fields[TEMPERATURE:], strict=True):
        value = number_in(text)
        if text and not math.isfinite(value):
            raise RecordingsError(f"{file}:{number}: {name} '{text}', expected a number or nothing")
        found.append(value)
    return found[0], found[1]


def _day_s(file: Path, number: int, fields: list[str]) -> float:
    """Midnight of the induction's day, in seconds since 1970; the set of one-minute means says no hours."""
    try:
        return datetime.strptime(fields[DATE], "%m-%d-%y").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise RecordingsError(f"{file}:{number}: date '{fields[DATE]}', expected month-day-year") from None
