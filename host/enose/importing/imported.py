"""What an import yields, and what every format needs for it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, check_session
from enose.recordings.specimen import RecordingsError


@dataclass(frozen=True)
class Imported:
    """Sessions ready for a project; `notes` say what was left out and why, `facts` what else is to be remembered."""

    format: str
    sessions: tuple[NewSession, ...]
    notes: tuple[str, ...] = ()
    simulated: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)

    def provenance(self, path: Path) -> Provenance:
        """Where it comes from: the file's name (a path is nobody else's business) and its SHA-256."""
        facts = {"format": self.format, "notes": list(self.notes), **self.facts}
        return Provenance("import", path.name, self.simulated, sha256_of(path), facts)


def sha256_of(path: Path) -> str:
    """Of a file its SHA-256; of a folder that of its files' names and SHA-256s, in the order of the names."""
    if path.is_dir():
        inside = sorted(file for file in path.rglob("*") if file.is_file())
        listed = "\n".join(f"{file.relative_to(path).as_posix()} {sha256_of(file)}" for file in inside)
        return hashlib.sha256(listed.encode()).hexdigest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_labels(name: str, sessions: Sequence[NewSession], classes: Sequence[str]) -> None:
    """Raise RecordingsError for a class that was asked for and is empty."""
    found = {specimen.label for session in sessions for specimen in session.specimens}
    for label in classes:
        if label not in found:
            raise RecordingsError(f"{name}: class '{label}' is empty: no specimen has that label")


def check_takeable(name: str, imported: Imported) -> None:
    """Raise RecordingsError for no specimens at all, and for what no project file takes in."""
    if not any(session.specimens for session in imported.sessions):
        raise RecordingsError(f"{name}: holds no specimens{''.join(f'; {note}' for note in imported.notes)}")
    titles = [session.title for session in imported.sessions]
    for k, title in enumerate(titles):
        if title in titles[:k]:
            raise RecordingsError(f"{name}: two sessions are called '{title}'")
    for session in imported.sessions:
        try:
            check_session(session)
        except ValueError as error:
            raise RecordingsError(f"{name}: {error}") from error


def cut(imported: Imported, samples: int) -> Imported:
    """The same, every cycle's exposure cut into cycles of so many samples; what remains at its end is left out.

    Raises ValueError for a cycle that is longer than its exposure alone (it has a baseline to keep).
    """
    left = 0
    sessions = []
    for session in imported.sessions:
        specimens: list[NewSpecimen] = []
        for specimen in session.specimens:
            cycles: list[Cycle] = []
            for cycle in specimen.cycles:
                cycles += _windows(specimen.name, cycle, samples)
                left += len(cycle.series["exposure"]) % samples
            if cycles:
                specimens.append(replace(specimen, cycles=tuple(cycles)))
        sessions.append(replace(session, specimens=tuple(specimens)))
    notes = (*imported.notes, f"{left} samples at the ends left out: fewer than {samples} remained")
    return replace(imported, sessions=tuple(sessions), notes=notes, facts={**imported.facts, "window": samples})


def _windows(name: str, cycle: Cycle, samples: int) -> list[Cycle]:
    others = set(cycle.series) - {"exposure", "temperature_c", "humidity_pct"}
    if others:
        raise RecordingsError(f"{name}: has a {min(others)}, only a bare exposure can be cut into windows")
    count = len(cycle.series["exposure"]) // samples
    return [
        replace(
            cycle,
            series={key: values[k * samples : (k + 1) * samples] for key, values in cycle.series.items()},
            started_s=cycle.started_s + k * samples * cycle.sample_s,
        )
        for k in range(count)
    ]
