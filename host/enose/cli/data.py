"""`enose data`: project files, what goes in, what comes out, and whether an accuracy on them would mean anything."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.markup import escape

from enose.cli.output import print_fields, print_json, progress, stderr, stdout
from enose.cli.parameters import Json, Seed

ProjectFile = Annotated[Path, Parameter(help="a project file")]
Source = Annotated[Path, Parameter(help="a project file, or recordings in their publisher's form")]
Classes = Annotated[str | None, Parameter(help="these classes only, separated by commas")]
Kind = Annotated[
    Literal["group", "day", "batch", "random"],
    Parameter(help="what is kept whole: a group (an induction, a specimen), a day, a batch; at random nothing is"),
]
Folds = Annotated[int, Parameter(help="at least 2", validator=Number(gte=2, lte=100))]


def import_data(
    project: Annotated[Path, Parameter(help="a project file; it is made where there is none")],
    path: Annotated[Path, Parameter(help="a file or a folder")],
    *,
    form: Annotated[
        Literal["home-activity", "gas-drift", "five-smells", "bme-ai-studio", "edge-impulse", "csv"] | None,
        Parameter(name="--format", help="told by the content if it is not said"),
    ] = None,
    mapping: Annotated[Path | None, Parameter(help="a TOML file that says which column of a CSV is what")] = None,
    label: Annotated[str | None, Parameter(help="for what says none")] = None,
    unit: Annotated[
        Literal["ohm", "kohm", "count", "V", "mV", "1"] | None, Parameter(help="of sensors that say none")
    ] = None,
    classes: Annotated[str | None, Parameter(help="classes that have to be there, separated by commas")] = None,
    window: Annotated[
        int | None, Parameter(help="cut bare exposures into so many samples each", validator=Number(gte=1))
    ] = None,
    json: Json = False,
) -> None:
    """Take a file's or a folder's recordings into a project: all of them, or with an error none.

    Known are home activity (UCI 362), gas drift (UCI 270), the five smells, BME AI-Studio's .bmerawdata, Edge Impulse's
    CSV and JSON, and any CSV by a mapping.

    Examples: `enose data import fruit.enose recordings.csv`, `enose data import a.enose t.csv --mapping t.toml`
    """
    from enose.importing.read import read_import
    from enose.project.store import Project

    imported = read_import(
        path, form=form, mapping=mapping, label=label, unit=unit, classes=tuple(_names(classes) or ()), window=window
    )
    provenance = imported.provenance(path)
    with Project.open_or_create(project) as opened:
        opened.add_sessions(imported.sessions, provenance)
    specimens = [specimen for session in imported.sessions for specimen in session.specimens]
    result = {
        "project": str(project),
        "format": imported.format,
        "sha256": provenance.source_sha256,
        "sessions": len(imported.sessions),
        "specimens": len(specimens),
        "cycles": sum(len(specimen.cycles) for specimen in specimens),
        "labels": sorted({specimen.label for specimen in specimens if specimen.label is not None}),
        "notes": list(imported.notes),
    }
    _show(f"imported {path.name}", result, json)


def list_data(project: ProjectFile, *, json: Json = False) -> None:
    """List a project's sessions, and what else is in it.

    Examples: `enose data list fruit.enose`, `enose data list fruit.enose --json`
    """
    from enose.project.store import Project

    with Project.open(project) as opened:
        sessions, counts = opened.sessions(), opened.counts()
    rows: list[dict[str, Any]] = [
        {
            "id": one.id,
            "identity": one.identity,
            "title": one.title,
            "started": _time(one.started_s),
            "sensors": len(one.sensors),
            "specimens": one.specimens,
            "simulated": one.simulated,
        }
        for one in sessions
    ]
    if json:
        print_json({"project": str(project), "counts": counts, "sessions": rows})
        return
    from rich.table import Table

    table = Table("session", "title", "began (UTC)", "sensors", "specimens", "", box=None)
    for row in rows:
        table.add_row(
            row["identity"],
            escape(row["title"]),
            row["started"] or "",
            str(row["sensors"]),
            str(row["specimens"]),
            "simulated" if row["simulated"] else "",
        )
    stdout.print(table)
    held = ", ".join(f"{name.replace('_', ' ')}: {n}" for name, n in counts.items() if n)
    stdout.print(f"{project} holds {held}", markup=False)


def show_data(
    project: ProjectFile,
    session: Annotated[str, Parameter(help="a session's identity, or its title")],
    *,
    json: Json = False,
) -> None:
    """Show one session: where it comes from, its sensors, its specimens and their cycles.

    Example: `enose data show fruit.enose batch1`
    """
    from enose.project.schema import ProjectError
    from enose.project.store import Project

    with Project.open(project) as opened:
        found = [one for one in opened.sessions() if session in (one.identity, one.title)]
        if len(found) != 1:
            many = "several sessions are" if found else "no session is"
            raise ProjectError(f"{project}: {many} called '{session}'")
        source = next(row for row in opened.kept("provenance") if row["identity"] == found[0].provenance)
        specimens = [(one, opened.cycles(one.id)) for one in opened.specimens(found[0].id)]
    rows: list[dict[str, Any]] = [
        {
            "identity": one.identity,
            "name": one.name,
            "label": one.label,
            "cycles": [{name: list(values.shape) for name, values in c.cycle.series.items()} for c in cycles],
        }
        for one, cycles in specimens
    ]
    facts = {
        "session": found[0].identity,
        "title": found[0].title,
        "started": _time(found[0].started_s),
        "sensors": [f"{sensor.name} [{sensor.unit}]" for sensor in found[0].sensors],
        "simulated": found[0].simulated,
        "provenance": {k: source[k] for k in ("identity", "act", "source", "source_sha256", "made_at", "program")},
    }
    if json:
        print_json({**facts, "specimens": rows})
        return
    print_fields(str(project), facts)
    from rich.table import Table

    table = Table("specimen", "name", "label", "cycles", "series of the first", box=None)
    for row in rows:
        first = ", ".join(f"{name} {'x'.join(map(str, shape))}" for name, shape in row["cycles"][0].items())
        name, label = escape(row["name"]), escape(row["label"] or "")
        table.add_row(row["identity"], name, label, str(len(row["cycles"])), first)
    stdout.print(table)


def export_data(
    project: ProjectFile,
    to: Annotated[Path, Parameter(help="the file; for edge-impulse a new folder")],
    *,
    form: Annotated[
        Literal["csv", "parquet", "edge-impulse"] | None,
        Parameter(name="--format", help="by the file's ending if it is not said; a folder is edge-impulse"),
    ] = None,
    session: Annotated[str | None, Parameter(help="one session only, by its title")] = None,
    json: Json = False,
) -> None:
    """Write a project's cycles for other programs: one table (CSV, Parquet), or a file a cycle (Edge Impulse).

    Examples: `enose data export fruit.enose fruit.csv`, `enose data export fruit.enose for-ei --format edge-impulse`
    """
    from enose.exporting.rows import chosen_cycles
    from enose.exporting.write import WRITERS

    cycles = chosen_cycles(project, session)
    chosen = form or {".csv": "csv", ".parquet": "parquet"}.get(to.suffix.lower(), "edge-impulse")
    written = WRITERS[chosen](cycles, to)
    what = "files" if chosen == "edge-impulse" else "rows"
    simulated = any(specimen.simulated for _, specimen, _ in cycles)
    _show(f"exported {project}", {"to": str(to), "format": chosen, what: written, "simulated": simulated}, json)


def audit_data(
    source: Source,
    *,
    classes: Classes = None,
    permutations: Annotated[int, Parameter(help="of the test", validator=Number(gte=100, lte=100_000))] = 1000,
    seed: Seed = 0,
    json: Json = False,
) -> int:
    """Try to tell the class from what must not tell it: clean air, time, order, temperature and humidity.

    Ends with exit code 1 where one of them does, or where recordings are there more than once.

    Examples: `enose data audit fruit.enose`, `enose data audit recordings.csv --json`
    """
    from enose.audit import audit
    from enose.recordings import open_recordings

    found = audit(open_recordings(source, _names(classes)), seed, permutations)
    if json:
        print_json(found.as_dict())
        return 0 if found.ok else 1
    from rich.table import Table

    simulated = " (simulated)" if found.simulated else ""
    stdout.print(f"{found.recordings}{simulated}: {found.groups} groups", markup=False)
    table = Table("the class from", "groups", "balanced accuracy", "labels shuffled", "p", "", box=None)
    for one in found.suspects:
        if one.accuracy is None or one.chance is None or one.p is None:
            table.add_row(one.words, str(one.groups), "", "", "", "not known, or always the same")
        else:
            verdict = "PREDICTS THE CLASS" if one.predicts else ""
            table.add_row(
                one.words, str(one.groups), f"{one.accuracy:.1%}", f"{one.chance:.1%}", f"{one.p:.4f}", verdict
            )
    stdout.print(table)
    for groups in found.repeated[:5]:
        stdout.print(f"the same recording: {', '.join(groups)}", markup=False)
    stdout.print(f"audit: {found.verdict()}", markup=False)
    return 0 if found.ok else 1


def split_data(
    source: Source,
    *,
    by: Kind = "group",
    folds: Folds = 5,
    classes: Classes = None,
    allow_leak: Annotated[bool, Parameter(help="show a leaking split all the same", negative="")] = False,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Split recordings into folds, and say what is on both sides of them; a split that leaks is refused.

    Examples: `enose data split fruit.enose`, `enose data split drift.enose --by batch --json`
    """
    from enose.recordings import open_recordings
    from enose.splits import make_splits, refuse_leak

    recordings = open_recordings(source, _names(classes))
    splits = make_splits(recordings, by, folds, seed)
    refuse_leak(splits, recordings, allow_leak)
    labels = [s.label for s in recordings.specimens]
    rows: list[dict[str, Any]] = [
        {
            "fold": k + 1,
            "train": len(fold.train),
            "test": len(fold.test),
            "test_labels": {name: sum(labels[i] == name for i in fold.test.tolist()) for name in recordings.classes},
            "test_groups": sorted({recordings.specimens[i].group for i in fold.test.tolist()}),
        }
        for k, fold in enumerate(splits.folds)
    ]
    words = splits.words(recordings)
    if json:
        print_json(
            {
                "recordings": recordings.title,
                "by": by,
                "words": words,
                "leaks": splits.leaks,
                "seed": seed,
                "folds": rows,
            }
        )
        return
    from rich.table import Table

    table = Table("fold", "train", "test", *(escape(name) for name in recordings.classes), box=None)
    for row in rows:
        counts = (str(n) for n in row["test_labels"].values())
        table.add_row(str(row["fold"]), str(row["train"]), str(row["test"]), *counts)
    stdout.print(f"{recordings.title}\n{words}", markup=False)
    stdout.print(table)


def fetch_data(
    name: Annotated[Literal["home-activity", "gas-drift"], Parameter(help="the set")],
    project: Annotated[Path, Parameter(help="a project file; it is made where there is none")],
    *,
    sha256: Annotated[str | None, Parameter(help="what the publisher's archive has to be")] = None,
    url: Annotated[str | None, Parameter(help="another place to have the archive from")] = None,
    json: Json = False,
) -> None:
    """Fetch a set from its publisher (UCI), check its SHA-256 and take it into a project.

    Examples: `enose data fetch gas-drift drift.enose`, `enose data fetch home-activity home.enose --sha256 HEX`
    """
    import tempfile

    from enose.importing.fetch import SOURCES, fetch
    from enose.importing.read import read_import
    from enose.project.store import Project

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / name
        place.mkdir()
        with progress() as show:
            archive = fetch(SOURCES[name], place, sha256=sha256, url=url, on_progress=show)
        stderr.print("reading")
        imported = read_import(place, form=name)
        provenance = imported.provenance(place)
    with Project.open_or_create(project) as opened:
        opened.add_sessions(imported.sessions, provenance)
        counts = opened.counts()
    result = {"project": str(project), "archive_sha256": archive, "sha256": provenance.source_sha256, "counts": counts}
    _show(f"fetched {name}", {**result, "notes": list(imported.notes)}, json)


def _names(text: str | None) -> tuple[str, ...] | None:
    return tuple(name.strip() for name in text.split(",")) if text is not None else None


def _time(started_s: float) -> str | None:
    from datetime import UTC, datetime

    if started_s != started_s:  # NaN: nobody knows
        return None
    return datetime.fromtimestamp(started_s, UTC).isoformat(" ", "seconds").removesuffix("+00:00")


def _show(title: str, result: dict[str, Any], json: bool) -> None:
    if json:
        print_json(result)
    else:
        print_fields(title, result)
