"""The home-activity set as UCI gives it (UCI 362, Huerta et al. 2016): two text files with columns between blanks.

HT_Sensor_metadata.dat  id, date (month-day-year), class, t0 (hour at which the stimulus began), dt (its hours)
HT_Sensor_dataset.dat   id, time (hours from t0), R1..R8 (kohm), temperature, humidity, about one row a second
"""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from enose.importing.cells import number
from enose.importing.imported import Imported
from enose.project.contents import HUMIDITY, TEMPERATURE, Cycle, Floats, NewSession, NewSpecimen, Sensor
from enose.recordings.files import read_lines
from enose.recordings.home_activity import CLASSES, SENSORS
from enose.recordings.specimen import RecordingsError

METADATA, DATASET = "HT_Sensor_metadata.dat", "HT_Sensor_dataset.dat"
META_COLUMNS = ["id", "date", "class", "t0", "dt"]
COLUMNS = ["id", "time", *(f"R{k}" for k in range(1, 9)), "Temp.", "Humidity"]
HOUR_S, DAY_H = 3600.0, 24


def ht_sensor(folder: Path) -> Imported:
    """An induction is a specimen of one cycle: baseline before the stimulus, exposure during it, recovery after it.

    Raises RecordingsError naming file, line and column; an induction without rows, or without any during its stimulus,
    is left out and noted.
    """
    inductions = _metadata(folder / METADATA)
    rows = _rows(folder / DATASET, set(inductions))
    sensors = tuple(Sensor(name) for name in SENSORS)
    days: dict[str, list[NewSpecimen]] = {}
    notes = []
    for key, (date, label, started_s, lasted_h) in inductions.items():
        values = rows.get(key, np.empty((0, len(COLUMNS) - 1)))
        time_h = values[:, 0]
        during = (time_h >= 0) & (time_h <= lasted_h)
        if not during.any():
            notes.append(f"induction {key} ({label}) left out: no rows during its stimulus")
            continue
        ohm = values[:, 1:9] * 1e3
        steps_s = np.diff(time_h) * HOUR_S
        series = {
            "baseline": ohm[time_h < 0],
            "exposure": ohm[during],
            "recovery": ohm[time_h > lasted_h],
            TEMPERATURE: values[during, 9],
            HUMIDITY: values[during, 10],
        }
        sample_s = float(np.median(steps_s)) if len(steps_s) else 1.0
        cycle = Cycle({k: v for k, v in series.items() if len(v)}, sample_s, started_s)
        days.setdefault(date, []).append(NewSpecimen(f"induction {key}", label, (cycle,)))
    sessions = [NewSession(date, sensors, tuple(found), _day_s(date)) for date, found in days.items()]
    return Imported("home-activity", tuple(sessions), tuple(notes))


def _metadata(file: Path) -> dict[str, tuple[str, str, float, float]]:
    """By id: date, class, when the stimulus began in seconds since 1970 (the set says no time zone), its hours."""
    found: dict[str, tuple[str, str, float, float]] = {}
    for line, fields in _lines(file, META_COLUMNS):
        key, date, label = fields[:3]
        where = f"{file}:{line}"
        if key in found:
            raise RecordingsError(f"{where}: column 'id' is '{key}' again")
        try:
            day_s = _day_s(date)
        except ValueError:
            raise RecordingsError(f"{where}: column 'date' is '{date}', expected month-day-year") from None
        t0_h, dt_h = (
            number(f"{where}: column '{n}'", text) for n, text in zip(META_COLUMNS[3:], fields[3:], strict=True)
        )
        if not 0 <= t0_h < DAY_H:
            raise RecordingsError(f"{where}: column 't0' is '{fields[3]}', expected 0..{DAY_H} hours")
        if not 0 < dt_h < DAY_H:
            raise RecordingsError(f"{where}: column 'dt' is '{fields[4]}', expected more than 0 hours, up to {DAY_H}")
        if label not in CLASSES:
            raise RecordingsError(f"{where}: column 'class' is '{label}', expected one of {', '.join(CLASSES)}")
        found[key] = (date, label, day_s + t0_h * HOUR_S, dt_h)
    return found


def _rows(file: Path, known: set[str]) -> dict[str, Floats]:
    """By id: time, resistances, temperature and humidity, (rows, 11), with the times ascending."""
    found: dict[str, list[list[float]]] = {}
    for line, fields in _lines(file, COLUMNS):
        if fields[0] not in known:
            raise RecordingsError(f"{file}:{line}: column 'id' is '{fields[0]}', which {METADATA} has not")
        values = [number(f"{file}:{line}: column '{n}'", text) for n, text in zip(COLUMNS[1:], fields[1:], strict=True)]
        rows = found.setdefault(fields[0], [])
        if rows and not values[0] > rows[-1][0]:
            raise RecordingsError(f"{file}:{line}: column 'time' is '{fields[1]}', expected more than {rows[-1][0]:g}")
        if min(values[1:9]) <= 0:
            name, low = min(zip(COLUMNS[2:10], values[1:9], strict=True), key=lambda one: one[1])
            raise RecordingsError(f"{file}:{line}: column '{name}' is {low:g} kohm, expected more than 0")
        rows.append(values)
    return {key: np.array(rows) for key, rows in found.items()}


def _lines(file: Path, columns: list[str]) -> list[tuple[int, list[str]]]:
    """Number and fields of every line behind the header."""
    lines = read_lines(file)
    header = lines[0].split()
    if header != columns:
        raise RecordingsError(f"{file}:1: header '{' '.join(header)[:80]}', expected '{' '.join(columns)}'")
    found = []
    for number_, text in enumerate(lines[1:], 2):
        fields = text.split()
        if fields and len(fields) != len(columns):
            raise RecordingsError(f"{file}:{number_}: {len(fields)} fields, expected {len(columns)}")
        if fields:
            found.append((number_, fields))
    return found


def _day_s(date: str) -> float:
    return datetime.strptime(date, "%m-%d-%y").replace(tzinfo=UTC).timestamp()
