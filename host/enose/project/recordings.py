"""The cycles of a project as recordings: a cycle is one exposure, its specimen the group, its session the batch."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enose.project.contents import FEATURES, HUMIDITY, TEMPERATURE, Cycle, Floats
from enose.project.schema import ProjectError
from enose.project.store import Project, StoredSession, StoredSpecimen
from enose.recordings import gas_drift
from enose.recordings.specimen import Recordings, Specimen, check_classes, chosen_classes
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE

AVERAGE = 10  # samples, where every exposure is that long
LONGEST = 10_000  # samples that a mean is held for


@dataclass(frozen=True)
class _Found:
    session: StoredSession
    specimen: StoredSpecimen
    cycle: Cycle


def load_project(
    path: Path, classes: tuple[str, ...] | None = None, change: str = gas_drift.ABSOLUTE, *, checked: bool = True
) -> Recordings:
    """The labelled cycles of a project, with the classes asked for or all of them.

    They are normalised by change where every one has a baseline, else by range. Features of the gas-drift set are
    played as `change` says, as from its own files. Unless `checked` is false, a class of one is refused. Raises
    ProjectError where there are no labelled cycles, where sessions have other sensors than the first, or where some
    have a baseline and others none.
    """
    found, unlabelled = _labelled(path)
    if not found:
        raise ProjectError(f"{path}: has no labelled cycles")
    sensors = found[0].session.sensors
    for one in found:
        if one.session.sensors != sensors:
            first = found[0].session.title
            raise ProjectError(f"{path}: session '{one.session.title}' has other sensors than '{first}'")
    units = sorted({sensor.unit for sensor in sensors})
    if len(units) > 1:
        raise ProjectError(f"{path}: its sensors are read in {' and '.join(units)}, expected one unit")
    known = tuple(sorted({one.specimen.label for one in found if one.specimen.label is not None}))
    classes = chosen_classes(str(path), known, classes)
    notes = [f"{unlabelled} specimens without a label left out"] if unlabelled else []
    groups = _groups(found)
    specimens = []
    for one in found:
        if one.specimen.label in classes:
            reason = _impossible(one.cycle)
            if reason:
                notes.append(f"{one.specimen.session}, {one.specimen.name} left out: {reason}")
            else:
                specimens.append(_specimen(one, groups[one.specimen.id], len(sensors), change))
    based = [len(s.baseline_ohm) > 0 for s in specimens]
    if any(based) and not all(based):
        raise ProjectError(f"{path}: {specimens[based.index(False)].group} has no baseline, though others have one")
    shortest = min((min(len(s.exposure_ohm), len(s.baseline_ohm) or AVERAGE) for s in specimens), default=AVERAGE)
    recordings = Recordings(
        title=f"project {path.name}: {len(specimens)} cycles of {len({s.group for s in specimens})} specimens",
        simulated=any(one.specimen.simulated for one in found),
        sensors=tuple(sensor.name for sensor in sensors),
        classes=classes,
        normalisation=NORM_CHANGE if all(based) else NORM_RANGE,
        specimens=tuple(specimens),
        average=min(shortest, AVERAGE),
        notes=tuple(notes),
        unit=units[0],
    )
    return check_classes(str(path), recordings) if checked else recordings


def _labelled(path: Path) -> tuple[list[_Found], int]:
    with Project.open(path) as project:
        sessions = {session.id: session for session in project.sessions()}
        specimens = project.specimens()
        found = [
            _Found(sessions[specimen.session_id], specimen, stored.cycle)
            for specimen in specimens
            if specimen.label is not None
            for stored in project.cycles(specimen.id)
        ]
    return found, sum(specimen.label is None for specimen in specimens)


def _impossible(cycle: Cycle) -> str | None:
    if FEATURES not in cycle.series:
        return None if "exposure" in cycle.series else "it has no exposure"
    return gas_drift.impossible(*_drift(cycle))


def _drift(cycle: Cycle) -> tuple[Floats, Floats]:
    """The changes in ohm and the ratios of the sixteen sensors."""
    return cycle.series[FEATURES][:, 0], cycle.series[FEATURES][:, 1]


def _specimen(one: _Found, group: str, sensors: int, change: str) -> Specimen:
    cycle, specimen = one.cycle, one.specimen
    assert specimen.label is not None
    if FEATURES in cycle.series:
        return gas_drift.played(specimen.label, group, one.session.title, *_drift(cycle), change)
    nothing = np.empty((0, sensors))
    series = cycle.series
    return Specimen(
        label=specimen.label,
        group=group,
        batch=one.session.title,
        sample_s=cycle.sample_s,
        baseline_ohm=series.get("baseline", nothing),
        exposure_ohm=_held(cycle),
        recovery_ohm=series.get("recovery", nothing),
        warmup_ohm=series.get("warmup", np.empty((0, 0))),
        temperature_c=_mean(series.get(TEMPERATURE)),
        humidity_pct=_mean(series.get(HUMIDITY)),
        started_s=cycle.started_s,
    )


def _held(cycle: Cycle) -> Floats:
    """The exposure; where a recorder kept its mean alone, that mean for as long as the exposure was."""
    exposure, lasted_s = cycle.series["exposure"], cycle.facts.get("exposure_s")
    if len(exposure) != 1 or not isinstance(lasted_s, (int, float)):
        return exposure
    return np.repeat(exposure, max(min(round(lasted_s / cycle.sample_s), LONGEST), 1), axis=0)


def _groups(found: Sequence[_Found]) -> dict[int, str]:
    """What the specimen with an id is called among all: by its name, and its session's too where two share it."""
    names = {one.specimen.id: one.specimen.name for one in found}
    counts = Counter(names.values())
    sessions = {one.specimen.id: one.specimen.session for one in found}
    return {id_: name if counts[name] == 1 else f"{sessions[id_]}, {name}" for id_, name in names.items()}


def _mean(values: Floats | None) -> float:
    known = values[np.isfinite(values)] if values is not None else np.empty(0)
    return float(known.mean()) if len(known) else float("nan")


def cycles_of(path: Path) -> Sequence[tuple[StoredSession, StoredSpecimen, Cycle]]:
    """Every cycle of a project, labelled or not, in its order."""
    with Project.open(path) as project:
        sessions = {session.id: session for session in project.sessions()}
        return [
            (sessions[specimen.session_id], specimen, stored.cycle)
            for specimen in project.specimens()
            for stored in project.cycles(specimen.id)
        ]
