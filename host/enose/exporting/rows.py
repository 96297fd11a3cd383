"""A project's cycles as one long table: a row a sample, a column a sensor."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from enose.project.contents import FEATURES, HUMIDITY, PHASES, TEMPERATURE, Cycle, Sensor
from enose.project.recordings import cycles_of
from enose.project.schema import ProjectError
from enose.project.store import StoredSession, StoredSpecimen

Cycles = Sequence[tuple[StoredSession, StoredSpecimen, Cycle]]
KEYS = ("session", "specimen", "label", "cycle", "phase", "sample", "time_s")
UNSAFE = re.compile(r"[^\w +-]")  # in a file's name: a label or a specimen's name may come from anywhere


def chosen_cycles(path: Path, session: str | None = None) -> Cycles:
    """The cycles of a project, or of one of its sessions, by its title.

    Raises ProjectError where there are none, or where sessions have different sensors, which one table cannot hold.
    """
    found = [one for one in cycles_of(path) if session is None or one[0].title == session]
    if not found:
        what = f"session '{session}' has" if session is not None else "has"
        raise ProjectError(f"{path}: {what} no cycles")
    first = found[0][0]
    for other, _, _ in found:
        if other.sensors != first.sensors:
            raise ProjectError(
                f"{path}: session '{other.title}' has other sensors than '{first.title}': export them one by one"
            )
    return found


def heading(sensor: Sensor) -> str:
    """A sensor's column, with its unit, as the import of CSV files reads it."""
    return f"{sensor.name} [{sensor.unit}]"


def headings(cycles: Cycles) -> list[str]:
    """Every column of the table."""
    return [*KEYS, *(heading(sensor) for sensor in cycles[0][0].sensors), TEMPERATURE, HUMIDITY]


def table_rows(cycles: Cycles) -> Iterator[list[Any]]:
    """Row by row in the order of headings; None where nobody knows. A publisher's features have a row each."""
    number: dict[int, int] = {}
    for session, specimen, cycle in cycles:
        k = number[specimen.id] = number.get(specimen.id, -1) + 1
        whose = [session.title, specimen.name, specimen.label, k]
        at = 0
        for phase in PHASES:
            values = cycle.series.get(phase, np.empty((0, len(session.sensors))))
            for n, row in enumerate(values.tolist()):
                yield [*whose, phase, n, (at + n) * cycle.sample_s, *row, *_ambient(cycle, phase, n)]
            at += len(values)
        for n, row in enumerate(cycle.series[FEATURES].T.tolist() if FEATURES in cycle.series else []):
            yield [*whose, FEATURES, n, None, *row, None, None]


def _ambient(cycle: Cycle, phase: str, sample: int) -> list[float | None]:
    if phase != "exposure":
        return [None, None]
    found = [float(cycle.series[name][sample]) if name in cycle.series else np.nan for name in (TEMPERATURE, HUMIDITY)]
    return [value if np.isfinite(value) else None for value in found]


def safe_name(text: str) -> str:
    """A text as part of a file's name: no separators, no dots, never empty."""
    return UNSAFE.sub("_", text).strip() or "_"
