"""Files of a project's cycles: CSV, Parquet, and Edge Impulse's CSV. Each is there whole or not at all."""

import csv
import io
import shutil
import tempfile
from pathlib import Path

import numpy as np

from enose.exporting.rows import KEYS, Cycles, heading, headings, safe_name, table_rows
from enose.image import check_writable, write_whole
from enose.project.contents import HUMIDITY, PHASES, TEMPERATURE
from enose.project.schema import ProjectError

KINDS = ("csv", "parquet", "edge-impulse")
TEXTS = ("session", "specimen", "label", "phase")
COUNTS = ("cycle", "sample")


def write_csv(cycles: Cycles, path: Path) -> int:
    """One table with a heading; how many rows. `enose data import` reads it with a mapping. Raises ImageFileError."""
    check_writable(path)
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings(cycles))
    rows = list(table_rows(cycles))
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())
    return len(rows)


def write_parquet(cycles: Cycles, path: Path) -> int:
    """The same table as Parquet; how many rows. Raises ImageFileError, and ProjectError where pyarrow is missing."""
    check_writable(path)
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ProjectError(f"{path}: Parquet needs pyarrow: pip install 'enose[parquet]'") from error
    rows = list(table_rows(cycles))
    columns = [list(column) for column in zip(*rows, strict=True)]
    names = headings(cycles)
    kinds = [pyarrow.string() if n in TEXTS else pyarrow.int64() if n in COUNTS else pyarrow.float64() for n in names]
    table = pyarrow.table(
        [pyarrow.array(column, kind) for column, kind in zip(columns, kinds, strict=True)], names=names
    )
    simulated = any(specimen.simulated for _, specimen, _ in cycles)
    table = table.replace_schema_metadata({"program": "enose", "simulated": "yes" if simulated else "no"})
    sink = io.BytesIO()
    parquet.write_table(table, sink)
    write_whole(path, sink.getvalue())
    return len(rows)


def write_edge_impulse(cycles: Cycles, folder: Path) -> int:
    """A new folder with a file `LABEL.SPECIMEN.CYCLE.csv` for each cycle, time in milliseconds; how many.

    Temperature and humidity go along where the exposure is all there is and every value is known. Raises ProjectError
    for a folder that is there, an unlabelled specimen, or a cycle without series; ImageFileError where nothing can be
    written.
    """
    if folder.exists():
        raise ProjectError(f"{folder}: is there already, expected a new folder")
    check_writable(folder)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=folder.name, suffix=".part"))
    try:
        part.chmod(0o755)
        count = _edge_impulse_files(cycles, part)
        part.replace(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return count


def _edge_impulse_files(cycles: Cycles, folder: Path) -> int:
    number: dict[int, int] = {}
    for session, specimen, cycle in cycles:
        k = number[specimen.id] = number.get(specimen.id, -1) + 1
        if specimen.label is None:
            raise ProjectError(f"{specimen.session}, {specimen.name}: has no label, Edge Impulse wants one")
        phases = [phase for phase in PHASES if phase in cycle.series]
        if not phases:
            raise ProjectError(f"{specimen.session}, {specimen.name}: has features only, no series")
        known = [n for n in (TEMPERATURE, HUMIDITY) if n in cycle.series and np.isfinite(cycle.series[n]).all()]
        ambient = known if phases == ["exposure"] else []
        rows = [row for phase in phases for row in cycle.series[phase].tolist()]
        name = f"{safe_name(specimen.label)}.{safe_name(f'{session.title} {specimen.name}')}.{k}.csv"
        path = folder / name
        if path.exists():
            raise ProjectError(f"{specimen.session}, {specimen.name}: two specimens would be called '{name}'")
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["timestamp", *(heading(sensor) for sensor in session.sensors), *ambient])
            for n, row in enumerate(rows):
                around = [float(cycle.series[a][n]) for a in ambient]
                writer.writerow([round(n * cycle.sample_s * 1000, 3), *row, *around])
    return sum(number.values()) + len(number)


WRITERS = {"csv": write_csv, "parquet": write_parquet, "edge-impulse": write_edge_impulse}
__all__ = ["KEYS", "KINDS", "WRITERS", "write_csv", "write_edge_impulse", "write_parquet"]
