"""Edge Impulse samples: one time series a file, its label the file's name up to the first dot (`coffee.01.csv`).

CSV: first column `timestamp` in milliseconds, then one a sensor. JSON: the data acquisition format (payload with
sensors, their units, interval_ms and values); its signature is not checked, for nothing is trusted because of it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from enose.importing.cells import (
    UNITS,
    bare_heading,
    check_reading,
    interval_s,
    number,
    read_table,
    readings,
    time_s,
)
from enose.importing.imported import Imported
from enose.importing.json_file import finite, json_object
from enose.project.contents import HUMIDITY, TEMPERATURE, Cycle, Floats, NewSession, NewSpecimen, Sensor
from enose.recordings.files import read_bytes
from enose.recordings.specimen import RecordingsError

TIMESTAMP = "timestamp"
AMBIENT = {"temperature": TEMPERATURE, "temperature_c": TEMPERATURE, "humidity": HUMIDITY, "humidity_pct": HUMIDITY}
ENDINGS = (".csv", ".json")


def edge_impulse(path: Path, label: str | None = None, unit: str | None = None) -> Imported:
    """A sample, or every sample of a folder: a specimen each, in one session.

    `label` stands for the one in the files' names, `unit` is that of a CSV's sensors where its headings say none.
    Raises RecordingsError naming file, line and column, and where two files have other sensors.
    """
    files = sorted(f for f in path.iterdir() if f.suffix.lower() in ENDINGS) if path.is_dir() else [path]
    if not files:
        raise RecordingsError(f"{path}: holds no {' or '.join(ENDINGS)} files")
    sensors: tuple[Sensor, ...] | None = None
    specimens = []
    for file in files:
        found, cycle = _csv(file, unit) if file.suffix.lower() == ".csv" else _json(file)
        if sensors is not None and found != sensors:
            raise RecordingsError(
                f"{file}:1: sensors {_named(found)}, expected {_named(sensors)} as in {files[0].name}"
            )
        sensors = found
        specimens.append(NewSpecimen(file.stem, label or _label(file), (cycle,)))
    assert sensors is not None
    return Imported("edge-impulse", (NewSession(path.stem, sensors, tuple(specimens)),))


def _named(sensors: tuple[Sensor, ...]) -> str:
    return ", ".join(f"{sensor.name} ({sensor.unit})" for sensor in sensors)


def _label(file: Path) -> str:
    label, _, rest = file.stem.partition(".")
    if not label or not rest:
        raise RecordingsError(f"{file}: its name says no label, expected LABEL.NAME{file.suffix} or a label given")
    return label


def _csv(file: Path, unit: str | None) -> tuple[tuple[Sensor, ...], Cycle]:
    table = read_table(str(file), read_bytes(file))
    if table.header[0] != TIMESTAMP:
        raise RecordingsError(f"{file}:1: first column '{table.header[0]}', expected '{TIMESTAMP}' in milliseconds")
    times_s = [time_s(table.where(line, 0), fields[0], "ms") for line, fields in table.rows]
    columns: dict[str, tuple[list[float], str]] = {}
    ambient: dict[str, Floats] = {}
    for k, heading in enumerate(table.header[1:], 1):
        if heading in AMBIENT:
            ambient[AMBIENT[heading]] = np.array([number(table.where(n, k), fields[k]) for n, fields in table.rows])
        else:
            columns[heading] = readings(table, k, unit)
    if not columns:
        raise RecordingsError(f"{file}:1: no sensors behind '{TIMESTAMP}'")
    _check_names(file, [bare_heading(heading)[0] for heading in columns])
    sensors = tuple(Sensor(bare_heading(heading)[0], stored) for heading, (_, stored) in columns.items())
    exposure = np.column_stack([values for values, _ in columns.values()])
    sample_s = interval_s(table, 0, [line for line, _ in table.rows], times_s)
    return sensors, Cycle({"exposure": exposure, **ambient}, sample_s)


def _json(file: Path) -> tuple[tuple[Sensor, ...], Cycle]:
    payload = _payload(file)
    named, values, interval_ms = (payload.get(key) for key in ("sensors", "values", "interval_ms"))
    if not finite(interval_ms) or not interval_ms > 0:
        raise RecordingsError(f"{file}: payload.interval_ms is {interval_ms!r:.40}, expected more than 0")
    if not isinstance(named, list) or not named or not isinstance(values, list) or not values:
        raise RecordingsError(f"{file}: payload has no sensors or no values")
    series: list[tuple[str, str, float]] = []
    for k, sensor in enumerate(named):
        name, unit = (sensor.get("name"), sensor.get("units")) if isinstance(sensor, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(unit, str):
            raise RecordingsError(f"{file}: payload.sensors[{k}], expected a name and units")
        if name not in AMBIENT and unit not in UNITS:
            raise RecordingsError(f"{file}: payload.sensors[{k}]: unit '{unit}', expected one of {', '.join(UNITS)}")
        series.append((name, *UNITS.get(unit, ("", 1.0))))
    _check_names(file, [name for name, _, _ in series])
    rows = np.array([_row(file, k, row, series) for k, row in enumerate(values)])
    gases = [k for k, (name, _, _) in enumerate(series) if name not in AMBIENT]
    if not gases:
        raise RecordingsError(f"{file}: payload.sensors are temperature and humidity only")
    exposure = rows[:, gases] * np.array([series[k][2] for k in gases])
    ambient = {AMBIENT[name]: rows[:, k] for k, (name, _, _) in enumerate(series) if name in AMBIENT}
    sensors = tuple(Sensor(series[k][0], series[k][1]) for k in gases)
    return sensors, Cycle({"exposure": exposure, **ambient}, float(interval_ms) * 1e-3)


def _payload(file: Path) -> dict[str, Any]:
    payload = json_object(file).get("payload")
    if not isinstance(payload, dict):
        raise RecordingsError(f"{file}: has no payload, expected Edge Impulse's data acquisition format")
    return payload


def _row(file: Path, k: int, row: Any, series: Sequence[tuple[str, str, float]]) -> list[float]:
    values = row if isinstance(row, list) else [row]
    if len(values) != len(series):
        raise RecordingsError(f"{file}: payload.values[{k}] has {len(values)} values, expected {len(series)}")
    for column, (value, (_, unit, factor)) in enumerate(zip(values, series, strict=True)):
        where = f"{file}: payload.values[{k}][{column}]"
        if not finite(value):
            raise RecordingsError(f"{where} is {value!r:.40}, expected a number")
        check_reading(where, str(value), value * factor, unit)
    return [float(value) for value in values]


def _check_names(file: Path, names: Sequence[str]) -> None:
    for k, name in enumerate(names):
        if not name.strip():
            raise RecordingsError(f"{file}:1: sensor {k + 1} has no name")
        if name in names[:k]:
            raise RecordingsError(f"{file}:1: two sensors are called '{name}'")
