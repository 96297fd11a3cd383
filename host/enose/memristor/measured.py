"""A measured current-voltage loop of a memristor, read from a CSV file and checked row by row."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enose.recordings.specimen import RecordingsError

Floats = NDArray[np.float64]

COLUMNS = {"t_s": "seconds", "v_memristor_V": "volts", "i_A": "amperes"}  # others are left alone
LIMIT_V = 1.5  # the largest that any of the models stands for
LIMIT_A = 0.05  # a self-directed-channel device is gone long before
LEAST_OHM, MOST_OHM = 1.0, 1e10  # of a whole loop, its height over its width
FEWEST_ROWS = 40  # below that a loop has too few points for the parameters of a model
WIDEST_OPENING = 0.1  # of the loop's span, between its first voltage and its last: a period ends where it began
LONGEST_STEP = 1.5  # of the median: a row that is missing makes it 2


@dataclass(frozen=True)
class MeasuredLoop:
    """One period: times in s, the voltage over the device in V, its current in A, each (T,); and the file's lines."""

    name: str
    times_s: Floats
    v_v: Floats
    i_a: Floats
    lines: tuple[int, ...]

    @property
    def typical_ohm(self) -> float:
        """The span of the voltage over that of the current, which no offset changes."""
        return float(np.ptp(self.v_v) / np.ptp(self.i_a))

    def line_beyond(self, limit_v: float) -> str | None:
        """The first row with a voltage beyond a limit, in words."""
        beyond = np.flatnonzero(np.abs(self.v_v) > limit_v)
        if not len(beyond):
            return None
        return f"{self.name}: line {self.lines[beyond[0]]}: v_memristor_V is {self.v_v[beyond[0]]:g} V"


def load_loop(path: Path) -> MeasuredLoop:
    """Read columns t_s, v_memristor_V and i_A of a CSV file with a header.

    Raises RecordingsError, naming the line, for a file that cannot be read, a column that is missing or in another
    unit, a cell that is no finite number, times that do not rise or leave a gap, values beyond what a device can bear
    (most often another unit), and for a loop without both polarities or with too few rows.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            names = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = names
            _check_columns(path, names)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no CSV text"
        raise RecordingsError(f"{path}: cannot be read ({reason})") from error
    lines = tuple(line for line, _ in rows)
    if len(rows) < FEWEST_ROWS:
        raise RecordingsError(f"{path}: {len(rows)} rows, expected one period in at least {FEWEST_ROWS}")
    table = np.array([[_number(path, line, column, row.get(column)) for column in COLUMNS] for line, row in rows])
    loop = MeasuredLoop(path.name, table[:, 0], table[:, 1], table[:, 2], lines)
    _check_times(path, loop)
    _check_size(path, loop)
    _check_closed(path, loop)
    return loop


def _check_closed(path: Path, loop: MeasuredLoop) -> None:
    first_v, last_v = float(loop.v_v[0]), float(loop.v_v[-1])
    if abs(last_v - first_v) > WIDEST_OPENING * float(np.ptp(loop.v_v)):
        raise RecordingsError(
            f"{path}: line {loop.lines[-1]}: v_memristor_V ends at {last_v:g} V, expected one whole period, which ends"
            f" near its first voltage, {first_v:g} V"
        )


def _check_columns(path: Path, names: list[str]) -> None:
    for column, unit in COLUMNS.items():
        if column in names:
            continue
        stem = column.rpartition("_")[0]
        others = [name for name in names if name.rpartition("_")[0] == stem]
        found = f"found {others[0]}, " if others else ""
        raise RecordingsError(f"{path}: line 1: {found}expected a column {column}, in {unit}")


def _number(path: Path, line: int, column: str, text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise RecordingsError(
            f"{path}: line {line}: {column} is '{text or ''}', expected a number of {COLUMNS[column]}"
        )
    return value


def _check_times(path: Path, loop: MeasuredLoop) -> None:
    steps_s = np.diff(loop.times_s)
    typical_s = float(np.median(steps_s))
    for wrong, what in ((steps_s <= 0, "does not rise"), (steps_s > LONGEST_STEP * typical_s, "leaves a gap")):
        if wrong.any():
            row = int(np.argmax(wrong))
            raise RecordingsError(
                f"{path}: line {loop.lines[row + 1]}: t_s {what}, from {loop.times_s[row]:g} s to "
                f"{loop.times_s[row + 1]:g} s; expected steps of about {typical_s:g} s"
            )


def _check_size(path: Path, loop: MeasuredLoop) -> None:
    for column, values, limit in (("v_memristor_V", loop.v_v, LIMIT_V), ("i_A", loop.i_a, LIMIT_A)):
        unit = column[-1]
        if (beyond := np.abs(values) > limit).any():
            row = int(np.argmax(beyond))
            raise RecordingsError(
                f"{path}: line {loop.lines[row]}: {column} is {values[row]:g} {unit}, reachable are {-limit:g} to "
                f"{limit:g} {unit}: is it in {COLUMNS[column]}?"
            )
    if not loop.v_v.min() < 0 < loop.v_v.max() or not np.ptp(loop.i_a) > 0:
        raise RecordingsError(f"{path}: column v_memristor_V: expected a loop of both polarities, and a current")
    if not LEAST_OHM <= loop.typical_ohm <= MOST_OHM:
        raise RecordingsError(
            f"{path}: columns v_memristor_V and i_A: a device of {loop.typical_ohm:g} ohm, reachable are "
            f"{LEAST_OHM:g} to {MOST_OHM:g} ohm: are they in volts and amperes?"
        )
