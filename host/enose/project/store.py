"""One project file, open: what is written is committed before the call returns, or nothing of it is there."""

import json
import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from enose.project.contents import (
    Cycle,
    NewSession,
    NewSpecimen,
    Provenance,
    Sensor,
    check_session,
    check_specimen,
)
from enose.project.identity import identity_of, to_json, unpacked
from enose.project.rows import add_provenance, add_session, add_specimen, insert, label_id
from enose.project.schema import ProjectError, connect, is_project

COUNTED = ("session", "specimen", "cycle", "label", "sensor_set", "sensor", "model", "image", "calibration", "planned")


@dataclass(frozen=True)
class StoredCycle:
    """A cycle as it is in the file; `content` is the same for two cycles with the same series."""

    id: int
    identity: str
    content: str
    cycle: Cycle


@dataclass(frozen=True)
class StoredSpecimen:
    """A specimen as it is in the file, without its cycles."""

    id: int
    identity: str
    session_id: int
    session: str
    name: str
    label: str | None
    provenance: str
    simulated: bool


@dataclass(frozen=True)
class StoredSession:
    """A session as it is in the file, without its specimens."""

    id: int
    identity: str
    title: str
    started_s: float
    sensors: tuple[Sensor, ...]
    specimens: int
    provenance: str
    simulated: bool


class Project:
    """An open project file. Every method that writes is one transaction; it may be used in `with`."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    @classmethod
    def create(cls, path: Path) -> "Project":
        """A new project file. Raises ProjectError where there is one already or none can be written."""
        if path.exists():
            raise ProjectError(f"{path}: is there already")
        if not path.parent.is_dir():
            raise ProjectError(f"{path}: there is no folder {path.parent} to write into")
        return cls(path, connect(path))

    @classmethod
    def open(cls, path: Path) -> "Project":
        """A project file that is there. Raises ProjectError for anything else."""
        try:
            there = path.is_file()
        except OSError as error:  # a name that is too long, a folder that nobody may look into
            raise ProjectError(f"{path}: cannot be read ({error.strerror})") from error
        if not there:
            raise ProjectError(f"{path}: there is no such project file")
        if path.stat().st_size and not is_project(path):  # killed as it was made, it is empty
            raise ProjectError(f"{path}: is no project file")
        return cls(path, connect(path))

    @classmethod
    def open_or_create(cls, path: Path) -> "Project":
        """The project file at path, made if it is not there."""
        try:
            there = path.exists()
        except OSError as error:
            raise ProjectError(f"{path}: cannot be written ({error.strerror})") from error
        return cls.open(path) if there else cls.create(path)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    def __enter__(self) -> "Project":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ------------------------------------------------------------------------------------------------- written

    def add_sessions(self, sessions: Sequence[NewSession], provenance: Provenance) -> list[int]:
        """Take in whole sessions, all of them or none; their ids.

        Raises ProjectError for a session that is in the file already, and for contents that check_session refuses.
        """
        for session in sessions:
            self._checked(check_session, session)
        with self._transaction() as db:
            source = add_provenance(db, provenance)
            ids = []
            for session in sessions:
                first = add_session(db, self.path, session, provenance, source)
                for specimen in session.specimens:
                    add_specimen(db, self.path, first, specimen, source)
                ids.append(first)
        return ids

    def begin_session(self, session: NewSession, provenance: Provenance) -> int:
        """A session to which specimens are added one by one; its id."""
        return self.add_sessions([session], provenance)[0]

    def add_specimen(
        self, session_id: int, specimen: NewSpecimen, provenance: Provenance, planned: int | None = None
    ) -> int:
        """Add one specimen to a session, and cross off the entry of the plan that it fulfils; its id.

        Raises ProjectError where the session is unknown or holds the name already, or the entry is not open.
        """
        sensors = self._rows("SELECT sensor_set_id FROM session WHERE id = ?", session_id)
        if not sensors:
            raise ProjectError(f"{self.path}: there is no session {session_id}")
        count = self._rows("SELECT count(*) AS n FROM sensor WHERE sensor_set_id = ?", sensors[0]["sensor_set_id"])
        self._checked(check_specimen, specimen, count[0]["n"])
        with self._transaction() as db:
            added = add_specimen(db, self.path, session_id, specimen, add_provenance(db, provenance))
            if planned is not None:
                crossed = db.execute(
                    "UPDATE planned SET specimen_id = ? WHERE id = ? AND specimen_id IS NULL", (added, planned)
                )
                if crossed.rowcount != 1:
                    raise ProjectError(f"{self.path}: entry {planned} of the plan is not open")
        return added

    def relabel(self, specimen_id: int, label: str, provenance: Provenance) -> None:
        """Give a specimen another label; a provenance of its own says which it was before. Raises ProjectError."""
        was = [s for s in self.specimens() if s.id == specimen_id]
        if not was:
            raise ProjectError(f"{self.path}: there is no specimen {specimen_id}")
        facts = {**provenance.facts, "specimen": was[0].identity, "from": was[0].label, "to": label}
        with self._transaction() as db:
            source = add_provenance(db, replace(provenance, facts=facts))
            db.execute("UPDATE specimen SET label_id = ? WHERE id = ?", (label_id(db, label, source), specimen_id))

    def add_model(self, name: str, chip: str, content: Any, provenance: Provenance) -> str:
        """Keep a trained network, as what JSON holds; its identity. The same one twice is kept once."""
        identity = identity_of("model", chip, content)
        columns = {"identity": identity, "name": name, "chip": chip, "content": to_json(content)}
        return self._keep("model", columns, provenance)

    def add_image(self, name: str, raw: bytes, provenance: Provenance, model: str | None = None) -> str:
        """Keep a weight image, and which model it was made of (its identity); the image's identity."""
        found = self._rows("SELECT id FROM model WHERE identity = ?", model) if model is not None else []
        if model is not None and not found:
            raise ProjectError(f"{self.path}: there is no model {model}")
        model_id = found[0]["id"] if found else None
        identity = identity_of("image", raw.hex())
        return self._keep(
            "image", {"identity": identity, "name": name, "content": raw, "model_id": model_id}, provenance
        )

    def add_calibration(self, part: str, content: Any, provenance: Provenance) -> str:
        """Keep what one individual chip was calibrated to, as what JSON holds; its identity."""
        identity = identity_of("calibration", part, content)
        return self._keep("calibration", {"identity": identity, "part": part, "content": to_json(content)}, provenance)

    def add_plan(self, entries: Sequence[tuple[int, int, str, str]], provenance: Provenance) -> None:
        """Keep a plan of recording: (day, block, code, label) in their order. Raises ProjectError if there is one."""
        with self._transaction() as db:
            if db.execute("SELECT count(*) FROM planned").fetchone()[0]:
                raise ProjectError(f"{self.path}: has a plan already")
            source = add_provenance(db, provenance)
            for position, (day, block, code, label) in enumerate(entries):
                columns = {
                    "identity": identity_of("planned", source, position, day, block, code, label),
                    "position": position,
                    "day": day,
                    "block": block,
                    "code": code,
                    "label_id": label_id(db, label, source),
                    "provenance_id": source,
                }
                insert(db, "planned", columns)

    # --------------------------------------------------------------------------------------------------- asked

    def counts(self) -> dict[str, int]:
        """How many of each kind are in the file."""
        return {name: self._rows(f"SELECT count(*) AS n FROM {name}")[0]["n"] for name in COUNTED}

    def sessions(self) -> list[StoredSession]:
        """Every session, in the order in which they came in."""
        rows = self._rows(
            "SELECT session.id, session.identity, title, started_s, sensor_set_id, simulated,"
            " provenance.identity AS provenance,"
            " (SELECT count(*) FROM specimen WHERE session_id = session.id) AS specimens"
            " FROM session JOIN provenance ON provenance.id = session.provenance_id ORDER BY session.id"
        )
        return [
            StoredSession(
                row["id"],
                row["identity"],
                row["title"],
                _known(row["started_s"]),
                self._sensors(row["sensor_set_id"]),
                row["specimens"],
                row["provenance"],
                bool(row["simulated"]),
            )
            for row in rows
        ]

    def specimens(self, session_id: int | None = None) -> list[StoredSpecimen]:
        """Every specimen, or one session's, in the order of their recording."""
        rows = self._rows(
            "SELECT specimen.id, specimen.identity, session_id, session.title AS session, specimen.name,"
            " label.name AS label, provenance.identity AS provenance, simulated"
            " FROM specimen JOIN session ON session.id = session_id"
            " JOIN provenance ON provenance.id = specimen.provenance_id LEFT JOIN label ON label.id = label_id"
            " WHERE ?1 IS NULL OR session_id = ?1 ORDER BY session_id, specimen.position",
            session_id,
        )
        return [StoredSpecimen(**{**dict(row), "simulated": bool(row["simulated"])}) for row in rows]

    def cycles(self, specimen_id: int) -> list[StoredCycle]:
        """The cycles of a specimen with their series. Raises ProjectError for a series that is damaged."""
        found = []
        for row in self._rows("SELECT * FROM cycle WHERE specimen_id = ? ORDER BY position", specimen_id):
            series = {}
            for part in self._rows("SELECT * FROM series WHERE cycle_id = ? ORDER BY name", row["id"]):
                series[part["name"]] = self._checked(unpacked, part["shape"], part["packing"], part["numbers"])
            cycle = Cycle(series, row["sample_s"], _known(row["started_s"]), json.loads(row["facts"]))
            found.append(StoredCycle(row["id"], row["identity"], row["content"], cycle))
        return found

    def kept(self, table: str) -> list[dict[str, Any]]:
        """Every row of `model`, `image`, `calibration` or `provenance`, with the provenance's identity."""
        if table == "provenance":
            rows = self._rows("SELECT * FROM provenance ORDER BY id")
        elif table in ("model", "image", "calibration"):
            rows = self._rows(
                f"SELECT {table}.*, provenance.identity AS provenance FROM {table}"
                f" JOIN provenance ON provenance.id = provenance_id ORDER BY {table}.id"
            )
        else:
            raise ValueError(f"'{table}', expected model, image, calibration or provenance")
        return [dict(row) for row in rows]

    def plan(self) -> list[dict[str, Any]]:
        """The plan's entries in their order: id, day, block, code, label, and the specimen where it is recorded."""
        rows = self._rows(
            "SELECT planned.id, planned.position, day, block, code, label.name AS label, specimen.name AS specimen"
            " FROM planned JOIN label ON label.id = planned.label_id"
            " LEFT JOIN specimen ON specimen.id = specimen_id ORDER BY planned.position"
        )
        return [dict(row) for row in rows]

    def damage(self) -> list[str]:
        """What SQLite's own check of the whole file complains of; empty for a sound one."""
        found = [row[0] for row in self._rows("PRAGMA integrity_check") if row[0] != "ok"]
        return found + [f"{row[0]} row {row[1]} refers to nothing" for row in self._rows("PRAGMA foreign_key_check")]

    # ------------------------------------------------------------------------------------------------- inside

    def _sensors(self, sensor_set_id: int) -> tuple[Sensor, ...]:
        rows = self._rows("SELECT name, unit FROM sensor WHERE sensor_set_id = ? ORDER BY position", sensor_set_id)
        return tuple(Sensor(row["name"], row["unit"]) for row in rows)

    def _keep(self, table: str, columns: dict[str, Any], provenance: Provenance) -> str:
        with self._transaction() as db:
            query = f"SELECT id FROM {table} WHERE identity = ?"
            if not db.execute(query, (columns["identity"],)).fetchone():
                insert(db, table, columns | {"provenance_id": add_provenance(db, provenance)})
        return str(columns["identity"])

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        try:
            cursor = self._db.execute(query, values)
            cursor.row_factory = sqlite3.Row
            return list(cursor.fetchall())
        except sqlite3.Error as error:
            raise ProjectError(f"{self.path}: cannot be read ({error})") from error

    def _checked(self, check: Any, *values: Any) -> Any:
        try:
            return check(*values)
        except ValueError as error:
            raise ProjectError(f"{self.path}: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise ProjectError(f"{self.path}: cannot be written ({error})") from error


def _known(started_s: float | None) -> float:
    return math.nan if started_s is None else started_s
