"""BME AI-Studio recordings: `.bmerawdata`, with the `.bmelabelinfo` of the same stem beside it where there is one.

Bosch publishes no specification. What is read here is what such files hold: rawDataBody.dataColumns, each with a `key`,
and rawDataBody.dataBlock, rows in the order of the columns. A heater cycle is one row a step, 0 to 9 in order; one with
a step missing or with an error code is no cycle, as in AI-Studio. Rows with one label_tag are one specimen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from enose.importing.imported import Imported
from enose.importing.json_file import finite, json_object
from enose.project.contents import HUMIDITY, TEMPERATURE, Cycle, NewSession, NewSpecimen, Sensor
from enose.recordings.specimen import RecordingsError

STEPS = 10
SENSORS_MAX = 256  # a board has eight
CLOCK_MAX_S = 4.1e9  # of the year 2099
WANTED = (
    "sensor_index",
    "timestamp_since_poweron",
    "real_time_clock",
    "temperature",
    "relative_humidity",
    "resistance_gassensor",
    "heater_profile_step_index",
    "error_code",
)
UNITS = {"resistance_gassensor": "ohm", "temperature": "deg", "relative_humidity": "percent"}


@dataclass(frozen=True)
class _Row:
    sensor: int
    time_s: float
    clock_s: float
    temperature_c: float
    humidity_pct: float
    ohm: float
    step: int
    error: int
    tag: int


def bme_studio(path: Path, label: str | None = None) -> Imported:
    """A heater profile is a session with its ten steps as sensors; a run of one label tag is a specimen, and every
    physical sensor that smelt it a cycle, whose samples are its heater cycles.

    `label` is for rows whose tag has no name. Raises RecordingsError naming file, row and column.
    """
    document = json_object(path)
    names = _label_names(path.with_suffix(".bmelabelinfo"))
    profiles = _profiles(path, document)
    rows = _rows(path, document)
    found: dict[str, list[NewSpecimen]] = {}
    dropped = 0
    for run, (tag, group) in enumerate(groupby(rows, key=lambda row: row.tag)):
        together = list(group)
        cycles: dict[str, list[Cycle]] = {}
        for index in sorted({row.sensor for row in together}):
            whole, broken = _heater_cycles([row for row in together if row.sensor == index])
            dropped += broken
            if whole:
                cycles.setdefault(profiles.get(index, "unknown"), []).append(_cycle(index, whole))
        for profile, measured in cycles.items():
            name = f"{path.stem} specimen {run + 1}"
            found.setdefault(profile, []).append(NewSpecimen(name, names.get(tag, label), tuple(measured)))
    if not found:
        raise RecordingsError(f"{path}: holds no whole heater cycle")
    started_s = rows[0].clock_s or math.nan
    sensors = tuple(Sensor(f"step {k}") for k in range(STEPS))
    sessions = [NewSession(f"{path.stem} {p}", sensors, tuple(specimens), started_s) for p, specimens in found.items()]
    notes = [f"{dropped} heater cycles left out: a step missing or with an error code"] if dropped else []
    header = document.get("configHeader")
    board = header.get("boardType", "") if isinstance(header, dict) else ""
    return Imported("bme-ai-studio", tuple(sessions), tuple(notes), facts={"board": str(board)})


def _label_names(path: Path) -> dict[int, str]:
    if not path.is_file():
        return {}
    entries = json_object(path).get("labelInformation")
    if not isinstance(entries, list):
        raise RecordingsError(f"{path}: labelInformation is missing, expected a list")
    found: dict[int, str] = {}
    for k, entry in enumerate(entries):
        tag, name = (entry.get("labelTag"), entry.get("labelName")) if isinstance(entry, dict) else (None, None)
        if not isinstance(tag, int) or not isinstance(name, str) or not name.strip():
            raise RecordingsError(f"{path}: labelInformation[{k}], expected a labelTag and a labelName")
        if found.get(tag, name.strip()) != name.strip():
            raise RecordingsError(f"{path}: labelInformation[{k}]: labelTag {tag} is '{found[tag]}' already")
        found[tag] = name.strip()
    return found


def _profiles(path: Path, document: dict[str, Any]) -> dict[int, str]:
    """Each sensor's heater profile. Two sensors of one profile smell alike; those of two do not."""
    found = {}
    body = document.get("configBody")
    entries = body.get("sensorConfigurations", []) if isinstance(body, dict) else []
    if not isinstance(entries, list):
        raise RecordingsError(f"{path}: sensorConfigurations is {entries!r:.40}, expected a list")
    for k, entry in enumerate(entries):
        known = entry if isinstance(entry, dict) else {}
        index, profile = known.get("sensorIndex"), known.get("heaterProfile")
        if not isinstance(index, int) or not isinstance(profile, str):
            raise RecordingsError(f"{path}: sensorConfigurations[{k}], expected a sensorIndex and a heaterProfile")
        found[index] = profile
    return found


def _rows(path: Path, document: dict[str, Any]) -> list[_Row]:
    body = document.get("rawDataBody")
    columns, block = (body.get("dataColumns"), body.get("dataBlock")) if isinstance(body, dict) else (None, None)
    if not isinstance(columns, list) or not isinstance(block, list) or not block:
        raise RecordingsError(f"{path}: rawDataBody has no dataColumns and dataBlock")
    keys = [column.get("key") if isinstance(column, dict) else None for column in columns]
    for wanted in WANTED:
        if keys.count(wanted) != 1:
            raise RecordingsError(f"{path}: dataColumns has {keys.count(wanted)} columns '{wanted}', expected 1")
    for key, expected in UNITS.items():
        unit = str(columns[keys.index(key)].get("unit", ""))
        if unit and not unit.lower().startswith(expected):
            raise RecordingsError(f"{path}: column '{key}' is in '{unit}', expected {expected}")
    at = [keys.index(key) for key in WANTED]
    tag = keys.index("label_tag") if "label_tag" in keys else None
    return [_row(f"{path}: dataBlock[{k}]", row, keys, at, tag) for k, row in enumerate(block)]


def _row(where: str, row: Any, keys: list[Any], at: Sequence[int], tag: int | None) -> _Row:
    if not isinstance(row, list) or len(row) != len(keys):
        count = len(row) if isinstance(row, list) else 0
        raise RecordingsError(f"{where}: {count} values, expected {len(keys)}")
    for column in (*at, *([tag] if tag is not None else [])):
        value = row[column]
        if not finite(value):
            raise RecordingsError(f"{where}: column '{keys[column]}' is {value!r:.40}, expected a number")
    sensor, time_ms, clock_s, temperature, humidity, ohm, step, error = (row[k] for k in at)
    if not 0 <= step < STEPS or step != int(step):
        raise RecordingsError(f"{where}: column 'heater_profile_step_index' is {step}, expected 0..{STEPS - 1}")
    if not 0 <= sensor < SENSORS_MAX or sensor != int(sensor):
        raise RecordingsError(f"{where}: column 'sensor_index' is {sensor}, expected 0..{SENSORS_MAX - 1}")
    if not 0 <= clock_s < CLOCK_MAX_S:
        raise RecordingsError(f"{where}: column 'real_time_clock' is {clock_s}, expected seconds since 1970")
    if error == 0 and ohm <= 0:
        raise RecordingsError(f"{where}: column 'resistance_gassensor' is {ohm}, expected more than 0 ohm")
    marked = int(row[tag]) if tag is not None else 0
    return _Row(int(sensor), time_ms * 1e-3, clock_s, temperature, humidity, ohm, int(step), int(error), marked)


def _heater_cycles(rows: list[_Row]) -> tuple[list[list[_Row]], int]:
    """The whole cycles of one sensor, and how many others there were."""
    whole: list[list[_Row]] = []
    broken = 0
    current: list[_Row] = []
    for row in rows:
        if current and row.step <= current[-1].step:
            broken += 1
            current = []
        current.append(row)
        if row.step == STEPS - 1:
            if [r.step for r in current] == list(range(STEPS)) and not any(r.error for r in current):
                whole.append(current)
            else:
                broken += 1
            current = []
    return whole, broken + bool(current)


def _cycle(index: int, whole: list[list[_Row]]) -> Cycle:
    starts_s = [cycle[0].time_s for cycle in whole]
    step_s = float(np.median(np.diff(starts_s))) if len(starts_s) > 1 else whole[0][-1].time_s - whole[0][0].time_s
    series = {
        "exposure": np.array([[row.ohm for row in cycle] for cycle in whole], dtype=float),
        TEMPERATURE: np.array([np.mean([row.temperature_c for row in cycle]) for cycle in whole]),
        HUMIDITY: np.array([np.mean([row.humidity_pct for row in cycle]) for cycle in whole]),
    }
    return Cycle(series, step_s if step_s > 0 else 1.0, whole[0][0].clock_s or math.nan, {"sensor_index": index})
