"""What goes into a project file: sessions of specimens measured in cycles, and where they come from."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PHASES = ("warmup", "baseline", "exposure", "recovery")
FEATURES = "features"  # what a publisher computed from a series that is not given: (sensors, features)
TEMPERATURE, HUMIDITY = "temperature_c", "humidity_pct"  # during the exposure, (samples,)
UNITS = ("ohm", "count", "V", "1")  # of a sensor's readings, as they are stored


@dataclass(frozen=True)
class Sensor:
    """One channel of the readings: what it is called, and the unit that its readings are in."""

    name: str
    unit: str = "ohm"


@dataclass(frozen=True)
class Cycle:
    """One measurement: series by name, a sample every sample_s seconds.

    A phase's series is (samples, sensors) in the sensors' unit; temperature_c and humidity_pct are (samples,) and may
    hold NaN, as nothing else may. `started_s` is in seconds since 1970, NaN where nobody knows. `facts` is what else is
    known, as JSON holds it.
    """

    series: Mapping[str, Floats]
    sample_s: float
    started_s: float = math.nan
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NewSpecimen:
    """One thing that was smelt, in one cycle or several; its label is None where nobody said."""

    name: str
    label: str | None
    cycles: tuple[Cycle, ...]


@dataclass(frozen=True)
class NewSession:
    """Specimens recorded in one go by one set of sensors."""

    title: str
    sensors: tuple[Sensor, ...]
    specimens: tuple[NewSpecimen, ...]
    started_s: float = math.nan


@dataclass(frozen=True)
class Provenance:
    """Where something comes from: the act (import, record, plan, train...), what it was made of, and whether simulated.

    `source` is a name, never a whole path: a project is passed on.
    """

    act: str
    source: str
    simulated: bool
    source_sha256: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


def check_session(session: NewSession) -> None:
    """Raise ValueError, saying specimen and series, for what no project file takes in."""
    if not session.sensors:
        raise ValueError(f"session '{session.title}': no sensors")
    for sensor in session.sensors:
        if sensor.unit not in UNITS:
            raise ValueError(f"sensor '{sensor.name}': unit '{sensor.unit}', expected one of {', '.join(UNITS)}")
    for name in _twice([sensor.name for sensor in session.sensors]):
        raise ValueError(f"session '{session.title}': two sensors are called '{name}'")
    for name in _twice([specimen.name for specimen in session.specimens]):
        raise ValueError(f"session '{session.title}': two specimens are called '{name}'")
    for specimen in session.specimens:
        check_specimen(specimen, len(session.sensors))


def check_specimen(specimen: NewSpecimen, sensors: int) -> None:
    """Raise ValueError for a specimen that no session with so many sensors takes in."""
    if specimen.label is not None and not specimen.label.strip():
        raise ValueError(f"{specimen.name}: its label is empty")
    if not specimen.cycles:
        raise ValueError(f"{specimen.name}: no cycles")
    for cycle in specimen.cycles:
        if not 0 < cycle.sample_s < math.inf:
            raise ValueError(f"{specimen.name}: {cycle.sample_s} s between samples, expected more than 0")
        if not cycle.series:
            raise ValueError(f"{specimen.name}: a cycle without series")
        for name, values in cycle.series.items():
            _check_series(f"{specimen.name}, {name}", name, values, sensors)


def _check_series(where: str, name: str, values: Floats, sensors: int) -> None:
    if name in (TEMPERATURE, HUMIDITY):
        if values.ndim != 1:
            raise ValueError(f"{where}: shape {values.shape}, expected (samples,)")
        return
    if name not in (*PHASES, FEATURES):
        raise ValueError(f"{where}: unknown series, expected {', '.join((*PHASES, FEATURES, TEMPERATURE, HUMIDITY))}")
    along = 0 if name == FEATURES else 1
    if values.ndim != 2 or values.shape[along] != sensors:
        expected = f"({sensors}, features)" if name == FEATURES else f"(samples, {sensors})"
        raise ValueError(f"{where}: shape {values.shape}, expected {expected}")
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, column = bad[0].tolist()
        raise ValueError(f"{where}: row {row}, column {column} is {values[row, column]}, expected a finite number")


def _twice(names: list[str]) -> list[str]:
    return [name for k, name in enumerate(names) if name in names[:k]]
