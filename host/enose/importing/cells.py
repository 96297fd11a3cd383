"""Tables of text, cell by cell: every complaint names file, line and column."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from enose.recordings.files import csv_rows, number_in, refuse_pickle
from enose.recordings.specimen import RecordingsError

# A unit as it is written, the unit that is stored, and the factor between them.
UNITS = {
    "ohm": ("ohm", 1.0),
    "kohm": ("ohm", 1e3),
    "mohm": ("ohm", 1e6),
    "Ω": ("ohm", 1.0),
    "kΩ": ("ohm", 1e3),
    "MΩ": ("ohm", 1e6),
    "count": ("count", 1.0),
    "V": ("V", 1.0),
    "mV": ("V", 1e-3),
    "1": ("1", 1.0),
}
CELL = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s.]*)\s*")
FIRST_YEAR, LAST_YEAR = 1970, 2100  # of a recording
HEADED = re.compile(r"(.*?)\s*[\[(]\s*([^\])]+?)\s*[\])]\s*")  # `R1 (kohm)` or `R1 [kohm]`


@dataclass(frozen=True)
class Table:
    """A header and the rows behind it, each with the number of its line."""

    name: str
    header: list[str]
    rows: list[tuple[int, list[str]]]

    def column(self, wanted: str) -> int:
        """Where a column is, by its heading with or without its unit. Raises RecordingsError."""
        headings = [bare_heading(heading)[0] for heading in self.header]
        for k, (heading, bare) in enumerate(zip(self.header, headings, strict=True)):
            if wanted in (heading, bare):
                return k
        raise RecordingsError(f"{self.name}:1: no column '{wanted}', there are {', '.join(self.header)[:120]}")

    def where(self, line: int, column: int) -> str:
        """File, line and column, as every complaint begins."""
        return f"{self.name}:{line}: column '{self.header[column]}'"


def read_table(name: str, raw: bytes, delimiter: str = ",") -> Table:
    """The table in a file's bytes. Raises RecordingsError for a pickle, what is no UTF-8, no header, two columns of one
    heading, a ragged row, or no rows."""
    refuse_pickle(name, raw[:2])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise RecordingsError(f"{name}:{line}: byte {error.start} is no UTF-8 text") from error
    return table_of(name, text, delimiter)


def table_of(name: str, text: str, delimiter: str = ",") -> Table:
    """The table in a text; as read_table."""
    found = csv_rows(name, text, delimiter)
    header = [heading.strip() for heading in next(found, (1, []))[1]]
    rows: list[tuple[int, list[str]]] = []
    for line, fields in found:
        if not fields:
            continue
        if len(fields) != len(header):
            raise RecordingsError(f"{name}:{line}: {len(fields)} fields, expected {len(header)}")
        rows.append((line, fields))
    for k, heading in enumerate(header):
        if heading in header[:k]:
            raise RecordingsError(f"{name}:1: column '{heading}' is there twice")
    if not rows:
        raise RecordingsError(f"{name}: has no rows")
    return Table(name, header, rows)


def bare_heading(heading: str) -> tuple[str, str | None]:
    """A heading without its unit, and the unit if it has one that is known."""
    found = HEADED.fullmatch(heading)
    return (found.group(1), found.group(2)) if found and found.group(2) in UNITS else (heading, None)


def number(where: str, text: str) -> float:
    """A cell as a number. Raises RecordingsError for anything that is not one, NaN and infinities too."""
    value = number_in(text)
    if not math.isfinite(value):
        raise RecordingsError(f"{where} is '{text.strip():.40}', expected a number")
    return value


def readings(table: Table, column: int, given: str | None) -> tuple[list[float], str]:
    """A column of sensor readings in the unit that is stored, and that unit.

    The unit is what the heading says, the mapping, or the cells themselves (`12.4 kohm`). Raises RecordingsError where
    two of them are not the same, where none says one, or where a cell is no number.
    """
    unit = bare_heading(table.header[column])[1]
    where = f"{table.name}:1: column '{table.header[column]}'"
    if given is not None:
        _check_same(where, unit, given, "is headed", "the mapping says")
        unit = given
    values = []
    for line, fields in table.rows:
        found = CELL.fullmatch(fields[column])
        if not found or not math.isfinite(float(found.group(1))):
            raise RecordingsError(f"{table.where(line, column)} is '{fields[column].strip():.40}', expected a number")
        if found.group(2):
            _check_same(table.where(line, column), found.group(2), unit, "is in", "the rest in")
            unit = found.group(2)
        values.append(float(found.group(1)))
    if unit is None:
        raise RecordingsError(f"{where} has no unit, expected one of {', '.join(UNITS)} in its heading or the mapping")
    stored, factor = _unit(where, unit)
    for (line, fields), value in zip(table.rows, values, strict=True):
        check_reading(table.where(line, column), fields[column].strip(), value * factor, stored)
    return [value * factor for value in values], stored


def check_reading(where: str, text: str, value: float, unit: str) -> None:
    """Raise RecordingsError for a resistance that is not above zero, and for what is too large for a number."""
    if not math.isfinite(value):
        raise RecordingsError(f"{where} is '{text:.40}', expected a number")
    if unit == "ohm" and value <= 0:
        raise RecordingsError(f"{where} is '{text:.40}', expected a resistance of more than 0 ohm")


def _check_same(where: str, first: str | None, second: str | None, says: str, other: str) -> None:
    if first is not None and second is not None and _unit(where, first) != _unit(where, second):
        raise RecordingsError(f"{where} {says} {first}, {other} {second}: two units in one column")


def _unit(where: str, unit: str) -> tuple[str, float]:
    if unit not in UNITS:
        raise RecordingsError(f"{where}: unit '{unit}', expected one of {', '.join(UNITS)}")
    return UNITS[unit]


def time_s(where: str, text: str, unit: str) -> float:
    """A time in seconds: a number of `s` or `ms`, or for `iso` a date and time, taken as UTC where it says no zone."""
    if unit != "iso":
        return number(where, text) * (1e-3 if unit == "ms" else 1.0)
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise RecordingsError(
            f"{where} is '{text.strip():.40}', expected a date and time as 2025-03-26 10:44:41"
        ) from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise RecordingsError(f"{where} is '{text.strip():.40}', expected a year of {FIRST_YEAR} to {LAST_YEAR}")
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def interval_s(table: Table, column: int, lines: Sequence[int], times_s: Sequence[float]) -> float:
    """The middle one of the times between samples, which stand in these lines of a column; 1 s for a single sample.

    Raises RecordingsError where a time is not after the one before.
    """
    steps = [later - earlier for earlier, later in pairwise(times_s)]
    for line, step in zip(lines[1:], steps, strict=True):
        if not step > 0:
            where = table.where(line, column)
            raise RecordingsError(f"{where} comes {step:g} s after the one before it, expected later")
    return sorted(steps)[len(steps) // 2] if steps else 1.0
