"""The five-smells set (Sidharth-NK/E-Nose-Embedded-ML, MIT): a zip of CSV files, or one of them.

Columns Timestamp, Humidity (%), Temperature (Celsius), NO2, Ethanol, VOC, CO and, in most files, Location and Label.
The gas channels are counts of the 10-bit converter of a Grove multichannel gas sensor, a row every few seconds.
"""

import io
import lzma
import zipfile
import zlib
from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np

from enose.importing.cells import Table, interval_s, number, read_table, time_s
from enose.importing.imported import Imported
from enose.project.contents import HUMIDITY, TEMPERATURE, Cycle, NewSession, NewSpecimen, Sensor
from enose.recordings.files import read_bytes
from enose.recordings.specimen import RecordingsError

START = ["Timestamp", "Humidity", "Temperature"]
GASES = ("NO2", "Ethanol", "VOC", "CO")
SMELLS = {"coffee": "coffee", "hot": "coffee", "tea": "tea", "vinegar": "vinegar", "perfume": "perfume"} | {
    "air": "air",
    "normal": "air",
}  # by the first word of a label or of a file's name
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError, RuntimeError)
MOST_COUNTS = 1023  # of a 10-bit converter
LARGEST_BYTES = 50_000_000  # of all members together, unzipped: a zip bomb is none of ours


def five_smells(path: Path) -> Imported:
    """A file is a session of one specimen, its rows one cycle.

    Raises RecordingsError naming file, line and column; so it does for a member whose name leads out of the zip.
    """
    tables = [read_table(name, raw) for name, raw in _files(path)]
    return Imported("five-smells", tuple(_session(table) for table in tables))


def _files(path: Path) -> list[tuple[str, bytes]]:
    raw = read_bytes(path)
    if not raw.startswith(b"PK"):
        return [(path.name, raw)]
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            for k, member in enumerate(members):
                _check_member(path, member.filename)
                if member.filename in [other.filename for other in members[:k]]:
                    raise RecordingsError(f"{path}: member '{member.filename}' is there twice")
            if sum(member.file_size for member in members) > LARGEST_BYTES:
                raise RecordingsError(f"{path}: its files are more than {LARGEST_BYTES // 10**6} MB together")
            found = [(m.filename, archive.read(m)) for m in sorted(members, key=lambda m: m.filename)]
    except BROKEN as error:
        raise RecordingsError(f"{path}: its files cannot be unzipped ({error})") from error
    if not found:
        raise RecordingsError(f"{path}: holds no files")
    return [(f"{path.name}/{name}", content) for name, content in found]


def _check_member(path: Path, name: str) -> None:
    inside = PurePosixPath(name.replace("\\", "/"))
    if inside.is_absolute() or ".." in inside.parts or ":" in name:
        raise RecordingsError(f"{path}: member '{name}' leads out of it")
    if inside.suffix.lower() != ".csv":
        raise RecordingsError(f"{path}: member '{name}', expected .csv files only")


def _session(table: Table) -> NewSession:
    if table.header[: len(START)] != START:
        raise RecordingsError(
            f"{table.name}:1: header '{','.join(table.header)[:80]}', expected '{','.join(START)},...'"
        )
    stem = PurePosixPath(table.name).stem
    at = {name: table.column(name) for name in (*START, *GASES)}
    values = {
        name: np.array([number(table.where(line, at[name]), fields[at[name]]) for line, fields in table.rows])
        for name in (*START[1:], *GASES)
    }
    for gas in GASES:
        for (line, _), counts in zip(table.rows, values[gas].tolist(), strict=True):
            if not 0 <= counts <= MOST_COUNTS:
                raise RecordingsError(f"{table.where(line, at[gas])} is {counts:g}, expected 0..{MOST_COUNTS} counts")
    times_s = [
        time_s(table.where(line, at["Timestamp"]), fields[at["Timestamp"]], "iso") for line, fields in table.rows
    ]
    cycle = Cycle(
        series={
            "exposure": np.column_stack([values[gas] for gas in GASES]),
            HUMIDITY: values["Humidity"],
            TEMPERATURE: values["Temperature"],
        },
        sample_s=interval_s(table, at["Timestamp"], [line for line, _ in table.rows], times_s),
        started_s=times_s[0],
        facts=_place(table),
    )
    sensors = tuple(Sensor(gas, "count") for gas in GASES)
    return NewSession(stem, sensors, (NewSpecimen(stem, _label(table, stem), (cycle,)),), times_s[0])


def _label(table: Table, stem: str) -> str:
    """What the rows say, which has to be one smell; without a column of labels, what the file is called."""
    if "Label" not in table.header:
        return _smell(f"{table.name}: its name", stem)
    column = table.column("Label")
    found = [_smell(table.where(line, column), fields[column]) for line, fields in table.rows]
    for (line, fields), smell in zip(table.rows, found, strict=True):
        if smell != found[0]:
            raise RecordingsError(f"{table.where(line, column)} is '{fields[column]}', expected {found[0]} as before")
    return found[0]


def _smell(where: str, text: str) -> str:
    words = text.strip().lower().replace("_", " ").split()
    if not words or words[0] not in SMELLS:
        raise RecordingsError(f"{where} is '{text.strip()}', expected one of {', '.join(sorted(set(SMELLS.values())))}")
    return SMELLS[words[0]]


def _place(table: Table) -> dict[str, str]:
    if "Location" not in table.header:
        return {}
    column = table.column("Location")
    return {"location": Counter(fields[column].strip() for _, fields in table.rows).most_common(1)[0][0]}
