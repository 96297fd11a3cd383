"""Which loader a path belongs to, told by its content."""

from pathlib import Path

from enose.recordings import gas_drift, home_activity
from enose.recordings.files import check_there, refuse_pickle
from enose.recordings.specimen import Recordings, RecordingsError

KNOWN = "a folder of gas-drift batches (batch*.dat), one such batch, the home-activity recordings.csv, a project file"
SQLITE = b"SQLite format 3\0"


def open_recordings(path: Path, classes: tuple[str, ...] | None = None, change: str = gas_drift.ABSOLUTE) -> Recordings:
    """The recordings at path, with the classes asked for or all of them; `change` is how gas drift is played.

    Raises RecordingsError for anything that is not recordings; a pickle is refused unread, for reading one runs it.
    """
    check_there(path, f", expected {KNOWN}")
    if path.is_dir():
        if any(path.glob("batch*.dat")):
            return gas_drift.load_gas_drift(path, classes, change)
        if (path / "recordings.csv").is_file():
            return open_recordings(path / "recordings.csv", classes, change)
        raise RecordingsError(f"{path}: holds no recordings, expected {KNOWN}")
    refuse_pickle(str(path), b"", f"; expected {KNOWN}")
    if not path.is_file():
        raise RecordingsError(f"{path}: cannot be read (it is no regular file), expected {KNOWN}")
    try:
        with path.open("rb") as file:
            head = file.read(256)
    except OSError as error:
        raise RecordingsError(f"{path}: cannot be read ({error.strerror}), expected {KNOWN}") from error
    refuse_pickle(str(path), head, f"; expected {KNOWN}")
    if head.startswith(SQLITE):
        from enose.project.recordings import load_project  # which itself needs what recordings are

        return load_project(path, classes, change)
    start = head.decode("utf-8", errors="replace")
    if gas_drift.ROW.match(start):
        return gas_drift.load_gas_drift(path, classes, change)
    if start.startswith("induction_id,"):
        return home_activity.load_home_activity(path, classes)
    raise RecordingsError(f"{path}: begins with {start[:24]!r}, which is not recordings; expected {KNOWN}")
