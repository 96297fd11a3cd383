"""Any CSV file, by a mapping: a TOML file that says which column is what.

delimiter = ";"                 # a comma if it is not said
unit = "kohm"                   # of the sensors whose headings and cells say none
time_unit = "ms"                # s, ms or iso
sample_s = 1.0                  # where there is no column of times
labels = ["banana", "lemon"]    # any other label is an error, and so is one of these without rows

[columns]
sensors = ["R1", "R2"]
names = ["TGS2600", "TGS2602"]  # what they are called from here on; as the columns if it is not said
label = "fruit"
specimen = "id"                 # consecutive rows with the same one are one specimen
session = "day"
phase = "phase"                 # warmup, baseline, exposure or recovery; all exposure if it is not said
time = "t"
temperature_c = "temp"
humidity_pct = "rh"
"""

import math
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from enose.importing.cells import UNITS, Table, bare_heading, interval_s, number, read_table, readings, time_s
from enose.importing.imported import Imported, check_labels
from enose.project.contents import HUMIDITY, PHASES, TEMPERATURE, Cycle, Floats, NewSession, NewSpecimen, Sensor
from enose.recordings.files import read_bytes
from enose.recordings.specimen import RecordingsError
from enose_hwsim.tomlfile import Positive, Section, load


class Columns(Section, frozen=True):
    """Which column is what, by its heading."""

    sensors: Annotated[tuple[str, ...], Meta(min_length=1)]
    names: tuple[str, ...] = ()
    label: str = ""
    specimen: str = ""
    session: str = ""
    phase: str = ""
    time: str = ""
    temperature_c: str = ""
    humidity_pct: str = ""


class Mapping(Section, frozen=True):
    """How a CSV file is to be read."""

    columns: Columns
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    unit: str | None = None
    time_unit: Literal["s", "ms", "iso"] = "s"
    sample_s: Positive = 1.0
    labels: tuple[str, ...] = ()


def read_mapping(path: Path) -> Mapping:
    """The mapping in a TOML file. Raises BoardError naming line and key, RecordingsError for names that do not fit."""
    mapping = load(path, Mapping)
    names, sensors = mapping.columns.names, mapping.columns.sensors
    if names and len(names) != len(sensors):
        raise RecordingsError(
            f"{path}: columns.names has {len(names)} names, expected {len(sensors)} as columns.sensors"
        )
    for key, found in (("sensors", sensors), ("names", names)):
        for k, name in enumerate(found):
            if name in found[:k]:
                raise RecordingsError(f"{path}: columns.{key} has '{name}' twice")
    if mapping.unit is not None and mapping.unit not in UNITS:
        raise RecordingsError(f"{path}: unit '{mapping.unit}', expected one of {', '.join(UNITS)}")
    if mapping.delimiter in '"\r\n':
        raise RecordingsError(f"{path}: delimiter {mapping.delimiter!r}, expected a character between two cells")
    return mapping


def mapped(path: Path, mapping: Mapping, label: str | None = None) -> Imported:
    """A CSV file's rows as sessions, specimens and phases. `label` is that of all rows where no column says it.

    Raises RecordingsError naming file, line and column.
    """
    table = read_table(str(path), read_bytes(path), mapping.delimiter)
    columns = mapping.columns
    heads = [table.column(name) for name in columns.sensors]
    found = [readings(table, column, mapping.unit) for column in heads]
    names = columns.names or tuple(bare_heading(table.header[column])[0] for column in heads)
    sensors = tuple(Sensor(name, unit) for name, (_, unit) in zip(names, found, strict=True))
    for k, name in enumerate(names):
        if name in names[:k]:
            raise RecordingsError(f"{path}:1: two sensors are called '{name}', expected names in the mapping")
    rows = _Rows(table, mapping, np.column_stack([values for values, _ in found]), label)
    sessions: dict[str, list[NewSpecimen]] = {}
    for (session, specimen), group in groupby(range(len(table.rows)), key=rows.whose):
        inside, together = sessions.setdefault(session, []), list(group)
        if any(one.name == specimen for one in inside):
            line = table.rows[together[0]][0]
            raise RecordingsError(f"{path}:{line}: {specimen} again, expected its rows together")
        inside.append(rows.specimen(specimen, together))
    made = tuple(
        NewSession(title, sensors, tuple(specimens), specimens[0].cycles[0].started_s)
        for title, specimens in sessions.items()
    )
    check_labels(str(path), made, mapping.labels)
    return Imported("csv", made, facts={"unit": mapping.unit or ""})


class _Rows:
    """The rows of a table by what their columns mean."""

    def __init__(self, table: Table, mapping: Mapping, values: Floats, label: str | None) -> None:
        self.table, self.mapping, self.values, self.label = table, mapping, values, label
        columns = mapping.columns
        named = {name: getattr(columns, name) for name in Columns.__struct_fields__ if name not in ("sensors", "names")}
        self.at = {name: table.column(heading) for name, heading in named.items() if heading}

    def text(self, row: int, name: str) -> str:
        """A cell's text; empty where no column has that meaning."""
        return self.table.rows[row][1][self.at[name]].strip() if name in self.at else ""

    def where(self, row: int, name: str) -> str:
        return self.table.where(self.table.rows[row][0], self.at[name])

    def whose(self, row: int) -> tuple[str, str]:
        """Session and specimen of a row: without a column of specimens, rows that follow one another with one label."""
        session = self.text(row, "session") or Path(self.table.name).stem
        if "specimen" in self.at:
            specimen = self.text(row, "specimen")
            if not specimen:
                raise RecordingsError(f"{self.where(row, 'specimen')} is empty, expected a specimen")
            return session, f"specimen {specimen}"
        first = row
        while first and self.text(first - 1, "label") == self.text(row, "label"):
            first -= 1
        return session, f"rows from line {self.table.rows[first][0]}"

    def specimen(self, name: str, rows: list[int]) -> NewSpecimen:
        label = self._label(rows)
        series: dict[str, Floats] = {}
        phases = [self._phase(row) for row in rows]
        for phase in dict.fromkeys(phases):
            series[phase] = self.values[[row for row, its in zip(rows, phases, strict=True) if its == phase]]
        exposed = [row for row, phase in zip(rows, phases, strict=True) if phase == "exposure"]
        if not exposed:
            raise RecordingsError(f"{self.where(rows[0], 'phase')}: {name} has no exposure")
        for kind in (TEMPERATURE, HUMIDITY):
            if kind in self.at:
                series[kind] = np.array([number(self.where(row, kind), self.text(row, kind)) for row in exposed])
        times_s = self._times_s(rows)
        sample_s = self.mapping.sample_s
        if len(times_s) > 1:
            lines = [self.table.rows[row][0] for row in rows]
            sample_s = interval_s(self.table, self.at["time"], lines, times_s)
        started_s = times_s[0] if times_s and self.mapping.time_unit == "iso" else math.nan
        return NewSpecimen(name, label, (Cycle(series, sample_s, started_s),))

    def _times_s(self, rows: Sequence[int]) -> list[float]:
        if "time" not in self.at:
            return []
        return [time_s(self.where(row, "time"), self.text(row, "time"), self.mapping.time_unit) for row in rows]

    def _label(self, rows: list[int]) -> str | None:
        if "label" not in self.at:
            return self.label
        first = self.text(rows[0], "label")
        for row in rows:
            label = self.text(row, "label")
            if not label:
                raise RecordingsError(f"{self.where(row, 'label')} is empty, expected a label")
            if self.mapping.labels and label not in self.mapping.labels:
                known = ", ".join(self.mapping.labels)
                raise RecordingsError(f"{self.where(row, 'label')} is '{label}', expected one of {known}")
            if label != first:
                raise RecordingsError(f"{self.where(row, 'label')} is '{label}', expected its specimen's '{first}'")
        return first

    def _phase(self, row: int) -> str:
        if "phase" not in self.at:
            return "exposure"
        phase = self.text(row, "phase")
        if phase not in PHASES:
            raise RecordingsError(f"{self.where(row, 'phase')} is '{phase}', expected one of {', '.join(PHASES)}")
        return phase
