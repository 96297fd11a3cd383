"""The rows that a transaction writes. Every function is called within one, and leaves it to its caller to end it."""

import math
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from enose.project.contents import NewSession, NewSpecimen, Provenance, Sensor
from enose.project.identity import content_of, identity_of, packed, sensor_set_identity, to_json
from enose.project.schema import ProjectError


def insert(db: sqlite3.Connection, table: str, columns: dict[str, Any]) -> int:
    """One row; its id."""
    names, places = ", ".join(columns), ", ".join("?" * len(columns))
    query = f"INSERT INTO {table} ({names}) VALUES ({places})"
    return int(db.execute(query, tuple(columns.values())).lastrowid or 0)


def add_provenance(db: sqlite3.Connection, provenance: Provenance) -> int:
    """Where what follows comes from, with the time and the program; its id."""
    made_at = datetime.now(UTC).isoformat(timespec="microseconds")
    program = f"enose {version('enose')}"
    count = db.execute("SELECT coalesce(max(id), 0) FROM provenance").fetchone()[0]
    columns = {
        "act": provenance.act,
        "source": provenance.source,
        "source_sha256": provenance.source_sha256,
        "simulated": int(provenance.simulated),
        "facts": to_json(dict(provenance.facts)),
        "made_at": made_at,
        "program": program,
    }
    return insert(db, "provenance", {"identity": identity_of("provenance", count, columns), **columns})


def add_session(db: sqlite3.Connection, path: Path, session: NewSession, provenance: Provenance, source: int) -> int:
    """A session and the sensors it was recorded with, without its specimens; its id."""
    sensors = sensor_set_identity(session.sensors)
    started_s = None if math.isnan(session.started_s) else session.started_s
    # what was recorded from a file is known by the file's hash; what a device gave, by its provenance
    of = provenance.source_sha256 or db.execute("SELECT identity FROM provenance WHERE id = ?", (source,)).fetchone()[0]
    identity = identity_of("session", session.title, started_s, sensors, of)
    if db.execute("SELECT id FROM session WHERE identity = ?", (identity,)).fetchone():
        raise ProjectError(f"{path}: session '{session.title}' from {provenance.source} is in it already")
    columns = {
        "identity": identity,
        "title": session.title,
        "started_s": started_s,
        "sensor_set_id": _sensor_set_id(db, session.sensors, source),
        "provenance_id": source,
    }
    return insert(db, "session", columns)


def _sensor_set_id(db: sqlite3.Connection, sensors: Sequence[Sensor], source: int) -> int:
    identity = sensor_set_identity(sensors)
    found = db.execute("SELECT id FROM sensor_set WHERE identity = ?", (identity,)).fetchone()
    if found:
        return int(found[0])
    set_id = insert(db, "sensor_set", {"identity": identity, "provenance_id": source})
    for position, sensor in enumerate(sensors):
        columns = {"identity": identity_of("sensor", identity, position), "sensor_set_id": set_id, "position": position}
        insert(db, "sensor", columns | {"name": sensor.name, "unit": sensor.unit})
    return set_id


def label_id(db: sqlite3.Connection, name: str, source: int) -> int:
    """The id of a label, which is kept when it is first used."""
    found = db.execute("SELECT id FROM label WHERE name = ?", (name,)).fetchone()
    if found:
        return int(found[0])
    return insert(db, "label", {"identity": identity_of("label", name), "name": name, "provenance_id": source})


def add_specimen(db: sqlite3.Connection, path: Path, session_id: int, specimen: NewSpecimen, source: int) -> int:
    """A specimen with its cycles and their series; its id."""
    session, position = db.execute(
        "SELECT identity, (SELECT count(*) FROM specimen WHERE session_id = session.id) FROM session WHERE id = ?",
        (session_id,),
    ).fetchone()
    taken = "SELECT id FROM specimen WHERE session_id = ? AND name = ?"
    if db.execute(taken, (session_id, specimen.name)).fetchone():
        raise ProjectError(f"{path}: specimen '{specimen.name}' is in its session already")
    identity = identity_of("specimen", session, specimen.name)
    columns = {
        "identity": identity,
        "session_id": session_id,
        "position": position,
        "name": specimen.name,
        "label_id": None if specimen.label is None else label_id(db, specimen.label, source),
        "provenance_id": source,
    }
    specimen_id = insert(db, "specimen", columns)
    for k, cycle in enumerate(specimen.cycles):
        content = content_of(cycle)
        columns = {
            "identity": identity_of("cycle", identity, k, content),
            "specimen_id": specimen_id,
            "position": k,
            "started_s": None if math.isnan(cycle.started_s) else cycle.started_s,
            "sample_s": cycle.sample_s,
            "content": content,
            "facts": to_json(dict(cycle.facts)),
            "provenance_id": source,
        }
        cycle_id = insert(db, "cycle", columns)
        for name, values in cycle.series.items():
            shape, packing, numbers = packed(values)
            part = {"cycle_id": cycle_id, "name": name, "shape": shape, "packing": packing, "numbers": numbers}
            insert(db, "series", part)
    return specimen_id
