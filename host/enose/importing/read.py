"""Which format a path is of, told by its content, and the import that belongs to it."""

from pathlib import Path

from enose.importing.imported import Imported, check_labels, check_takeable, cut
from enose.recordings import gas_drift
from enose.recordings.files import check_there, read_bytes
from enose.recordings.specimen import RecordingsError

FORMATS = ("home-activity", "gas-drift", "five-smells", "bme-ai-studio", "edge-impulse", "csv")
HEAD_BYTES = 4096


def read_import(
    path: Path,
    *,
    form: str | None = None,
    mapping: Path | None = None,
    label: str | None = None,
    unit: str | None = None,
    classes: tuple[str, ...] = (),
    window: int | None = None,
) -> Imported:
    """A file's or a folder's recordings, read whole and checked; nothing is written anywhere.

    `form` is one of FORMATS, or it is told by the content; a mapping means `csv`. `label` is for what says none, `unit`
    for sensors that say none; every one of `classes` has to be there; `window` cuts a bare exposure into cycles of so
    many samples. Raises RecordingsError, or BoardError for a mapping.
    """
    from enose.importing import bme_studio, edge_impulse, five_smells, ht_sensor, known_sets, mapped

    check_there(path)
    form = form or ("csv" if mapping is not None else recognised(path))
    if form == "csv":
        if mapping is None:
            raise RecordingsError(f"{path}: a CSV of no known form, expected a mapping that says what its columns are")
        imported = mapped.mapped(path, mapped.read_mapping(mapping), label)
    elif form == "home-activity":
        published = path.is_dir() and (path / ht_sensor.METADATA).is_file()
        imported = ht_sensor.ht_sensor(path) if published else known_sets.home_activity(path)
    elif form == "gas-drift":
        imported = known_sets.drift(path)
    elif form == "five-smells":
        imported = five_smells.five_smells(path)
    elif form == "bme-ai-studio":
        imported = bme_studio.bme_studio(path, label)
    else:
        imported = edge_impulse.edge_impulse(path, label, unit)
    check_labels(str(path), imported.sessions, classes)
    imported = cut(imported, window) if window is not None else imported
    check_takeable(str(path), imported)
    return imported


def recognised(path: Path) -> str:
    """One of FORMATS. Raises RecordingsError for a pickle, and for what is none of them."""
    if path.is_dir():
        for form, pattern in (
            ("gas-drift", "batch*.dat"),
            ("home-activity", "recordings.csv"),
            ("home-activity", "HT_Sensor_metadata.dat"),
            ("edge-impulse", "*.json"),
            ("edge-impulse", "*.csv"),
        ):
            if any(path.glob(pattern)):
                return form
        raise RecordingsError(f"{path}: holds no recordings of a known form ({', '.join(FORMATS)})")
    head = read_bytes(path)[:HEAD_BYTES]
    if head.startswith(b"PK"):
        return "five-smells"
    if path.suffix.lower() in (".bmerawdata", ".json"):
        return "bme-ai-studio" if path.suffix.lower() == ".bmerawdata" or b'"rawDataBody"' in head else "edge-impulse"
    start = head.decode("utf-8-sig", errors="replace")
    if gas_drift.ROW.match(start):
        return "gas-drift"
    for form, heading in (
        ("home-activity", "induction_id,"),
        ("five-smells", "Timestamp,Humidity,"),
        ("edge-impulse", "timestamp,"),
    ):
        if start.startswith(heading):
            return form
    if path.suffix.lower() == ".csv":
        return "csv"
    raise RecordingsError(f"{path}: begins with {start[:24]!r}, which is none of {', '.join(FORMATS)}")
