"""Everything that a report says, from a project: measured anew on its recordings, with where it all comes from."""

import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose.bundle import data_identity
from enose.calibration.calibration import Calibration
from enose.cross_validation import cross_validated
from enose.mapping import mapping_of
from enose.project.store import Project
from enose.recordings import Recordings
from enose.report.projections import Projection, projections
from enose.splits import Splits
from enose.training import Network
from enose.waterfall.run import Extras, Fitted, waterfall
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip

Progress = Callable[[str, int, int], None]
GIT_S = 5  # at most


@dataclass(frozen=True)
class Findings:
    """What the page is made of; `accuracy` and `waterfall` are dictionaries as those rooms print them."""

    title: str
    simulated: bool
    sessions: list[dict[str, Any]]
    counts: list[dict[str, Any]]  # a row a class: specimens by day
    days: list[str]
    accuracy: dict[str, Any]
    waterfall: dict[str, Any]
    projections: list[Projection]
    calibration: Calibration | None
    network: Network
    held: NDArray[np.float64]  # the network's weights as the chip holds them
    unit: str  # of these
    provenance: list[tuple[str, str]]


def gather(
    path: Path,
    recordings: Recordings,
    splits: Splits,
    board: BoardFile,
    chip: AnyChip,
    calibration: Calibration | None,
    *,
    chips: int = 25,
    seed: int = 0,
    on_progress: Progress = lambda text, done, total: None,
) -> Findings:
    """Train, test and audit as `enose train` does, and take the waterfall of the same networks. Raises as those do."""
    fitted: list[Fitted] = []
    report, network = cross_validated(
        recordings,
        splits,
        chip,
        seed=seed,
        on_progress=on_progress,
        on_fold=lambda trained, fold: fitted.append(Fitted(trained, fold.train, fold.test)),
    )
    fall = waterfall(
        recordings, fitted, chip, chips=chips, seed=seed, extras=Extras(calibration), on_progress=on_progress
    )
    with Project.open(path) as project:
        sessions = [_session(session) for session in project.sessions()]
        provenance = _provenance(project, recordings, board, chip, seed)
    days, counts = _by_day(recordings)
    unit = "kohm" if chip.kind == "memristor" else "V"
    held = mapping_of(chip).held(network.weights) * (1e-3 if chip.kind == "memristor" else 1)
    return Findings(
        recordings.title, recordings.simulated, sessions, counts, days, report, fall, projections(recordings),
        calibration, network, held, unit, provenance,
    )  # fmt: skip


def _session(session: Any) -> dict[str, Any]:
    return {
        "title": session.title,
        "sensors": ", ".join(sensor.name for sensor in session.sensors),
        "specimens": session.specimens,
        "started": _day(session.started_s),
        "kind": "simulated" if session.simulated else "real",
        "identity": session.identity,
    }


def _day(started_s: float) -> str:
    return datetime.fromtimestamp(started_s, UTC).date().isoformat() if isfinite(started_s) else "not known"


def _by_day(recordings: Recordings) -> tuple[list[str], list[dict[str, Any]]]:
    counted = Counter((s.label, _day(s.started_s)) for s in recordings.specimens)
    days = sorted({day for _, day in counted})
    rows = []
    for label in recordings.classes:
        by_day = [counted[label, day] for day in days]
        rows.append({"label": label, "by_day": by_day, "all": sum(by_day)})
    return days, rows


def _provenance(
    project: Project, recordings: Recordings, board: BoardFile, chip: AnyChip, seed: int
) -> list[tuple[str, str]]:
    rows = [
        ("project", project.path.name),
        ("recordings", "simulated" if recordings.simulated else "real"),
        ("data", data_identity(project)["identity"]),
        ("sensor set", recordings.sensor_set_id().hex()),
        ("board and chip", f"{board.name}, {chip.name}: simulated"),
        ("seed", str(seed)),
        ("enose", f"{version('enose')}{_commit()}"),
    ]
    for table in ("model", "image", "calibration"):
        found = [f"{row['identity']} ({row.get('name') or row.get('part')})" for row in project.kept(table)]
        rows.append((f"{table}s kept", ", ".join(found) or "none"))
    return rows


def _commit() -> str:
    """The commit of the source that runs, where it is run from one."""
    here = Path(__file__).resolve().parent
    try:
        asked = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, timeout=GIT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return f", commit {asked.stdout.strip()}" if asked.returncode == 0 else ""
