"""The tables of a project file and the steps from one version of them to the next.

SQLite's `user_version` counts the steps a file has gone through, its `application_id` says that it is a project. Tables
are STRICT (sqlite.org/stricttables.html), foreign keys are on, the journal is a write-ahead log (sqlite.org/wal.html)
and every commit is synced: what a commit has returned from is still there after a kill or a power cut.
"""

import sqlite3
from pathlib import Path

from enose.recordings.open import SQLITE
from enose.recordings.specimen import RecordingsError

APPLICATION_ID = 0x454E4F53  # "ENOS"
BUSY_S = 10.0  # how long one program waits for another's transaction


class ProjectError(RecordingsError):
    """A project file that cannot be used, or what it was asked to take in: one line with the file and the reason."""


# Each step takes a file from version k to k + 1. A step that was released is never edited.
STEPS = (
    """
    CREATE TABLE provenance (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE,
        act TEXT NOT NULL, source TEXT NOT NULL, source_sha256 TEXT, made_at TEXT NOT NULL, program TEXT NOT NULL,
        simulated INTEGER NOT NULL CHECK (simulated IN (0, 1)), facts TEXT NOT NULL
    ) STRICT;
    CREATE TABLE sensor_set (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE,
        provenance_id INTEGER NOT NULL REFERENCES provenance (id)
    ) STRICT;
    CREATE TABLE sensor (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE,
        sensor_set_id INTEGER NOT NULL REFERENCES sensor_set (id), position INTEGER NOT NULL,
        name TEXT NOT NULL, unit TEXT NOT NULL,
        UNIQUE (sensor_set_id, position), UNIQUE (sensor_set_id, name)
    ) STRICT;
    CREATE TABLE label (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE,
        provenance_id INTEGER NOT NULL REFERENCES provenance (id)
    ) STRICT;
    CREATE TABLE session (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, title TEXT NOT NULL, started_s REAL,
        sensor_set_id INTEGER NOT NULL REFERENCES sensor_set (id),
        provenance_id INTEGER NOT NULL REFERENCES provenance (id)
    ) STRICT;
    CREATE TABLE specimen (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE,
        session_id INTEGER NOT NULL REFERENCES session (id), position INTEGER NOT NULL, name TEXT NOT NULL,
        label_id INTEGER REFERENCES label (id), provenance_id INTEGER NOT NULL REFERENCES provenance (id),
        UNIQUE (session_id, position), UNIQUE (session_id, name)
    ) STRICT;
    CREATE TABLE cycle (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE,
        specimen_id INTEGER NOT NULL REFERENCES specimen (id), position INTEGER NOT NULL,
        started_s REAL, sample_s REAL NOT NULL CHECK (sample_s > 0),
        content TEXT NOT NULL, facts TEXT NOT NULL,
        provenance_id INTEGER NOT NULL REFERENCES provenance (id),
        UNIQUE (specimen_id, position)
    ) STRICT;
    CREATE INDEX cycle_content ON cycle (content);
    CREATE TABLE series (
        cycle_id INTEGER NOT NULL REFERENCES cycle (id), name TEXT NOT NULL,
        shape TEXT NOT NULL, packing TEXT NOT NULL CHECK (packing IN ('none', 'zlib')), numbers BLOB NOT NULL,
        UNIQUE (cycle_id, name)
    ) STRICT;
    CREATE TABLE model (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, name TEXT NOT NULL, chip TEXT NOT NULL,
        content TEXT NOT NULL,
        provenance_id INTEGER NOT NULL REFERENCES provenance (id)
    ) STRICT;
    CREATE TABLE image (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        model_id INTEGER REFERENCES model (id), content BLOB NOT NULL,
        provenance_id INTEGER NOT NULL REFERENCES provenance (id)
    ) STRICT;
    CREATE TABLE calibration (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, part TEXT NOT NULL,
        content TEXT NOT NULL,
        provenance_id INTEGER NOT NULL REFERENCES provenance (id)
    ) STRICT;
    """,
    """
    CREATE TABLE planned (
        id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, position INTEGER NOT NULL UNIQUE,
        day INTEGER NOT NULL, block INTEGER NOT NULL, code TEXT NOT NULL UNIQUE,
        label_id INTEGER NOT NULL REFERENCES label (id), specimen_id INTEGER UNIQUE REFERENCES specimen (id),
        provenance_id INTEGER NOT NULL REFERENCES provenance (id)
    ) STRICT;
    """,
)
VERSION = len(STEPS)


def is_project(path: Path) -> bool:
    """Whether a file begins as an SQLite file does."""
    with path.open("rb") as file:
        return file.read(len(SQLITE)) == SQLITE


def connect(path: Path) -> sqlite3.Connection:
    """An open project file, brought up to VERSION. Raises ProjectError for anything that is none or is newer."""
    try:
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
    except sqlite3.Error as error:
        raise ProjectError(f"{path}: cannot be opened ({error})") from error
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA synchronous = FULL")
        _check_ours(connection, path)  # before the journal is changed: another program's file stays as it is
        connection.execute("PRAGMA journal_mode = WAL")
        _bring_up(connection)
    except sqlite3.Error as error:
        connection.close()
        raise ProjectError(f"{path}: is no project file that can be used ({error})") from error
    except ProjectError:
        connection.close()
        raise
    return connection


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and _pragma(connection, "application_id") != APPLICATION_ID:
        raise ProjectError(f"{path}: is an SQLite file of another program, no project")
    version = _pragma(connection, "user_version")
    if version > VERSION:
        raise ProjectError(f"{path}: is of format {version}, this enose knows up to {VERSION}: install a newer one")


def _bring_up(connection: sqlite3.Connection) -> None:
    if (_pragma(connection, "application_id"), _pragma(connection, "user_version")) == (APPLICATION_ID, VERSION):
        return  # as almost always: a reader writes nothing, and waits for nobody
    connection.execute("BEGIN IMMEDIATE")  # two programs that open an old file at once take the steps one after another
    try:
        for step in STEPS[_pragma(connection, "user_version") :]:
            for statement in filter(str.strip, step.split(";")):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
