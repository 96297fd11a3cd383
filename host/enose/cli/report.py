"""`enose report`: a project as one page of HTML."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from enose.cli.data import Classes, Folds, Kind, ProjectFile, _names
from enose.cli.output import print_json, progress, stdout
from enose.cli.parameters import Json, Seed
from enose.cli.waterfall import Chips


def report(
    project: ProjectFile,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"], help="the page to write, .html")],
    board: Annotated[str, Parameter(help="a board's name, or the path of a .toml file")] = "pico-mlp",
    split: Kind = "group",
    folds: Folds = 5,
    classes: Classes = None,
    allow_leak: Annotated[bool, Parameter(help="train on a split that leaks all the same", negative="")] = False,
    chips: Chips = 25,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Write one self-contained page: data, audit, accuracy and peers, waterfall, calibration, weights, provenance.

    It trains and tests anew as `enose train` does, and takes the newest calibration that the project keeps.

    Example: `enose report fruit.enose -o fruit.html`
    """
    from enose.boards import checked_board
    from enose.chips.pictures import check_matplotlib
    from enose.image import check_writable
    from enose.project.store import Project
    from enose.recordings import open_recordings
    from enose.recordings.specimen import check_playable
    from enose.report.gather import gather
    from enose.report.page import write_page
    from enose.splits import make_splits, refuse_leak
    from enose.waterfall.kept import kept_calibration

    check_writable(output, (".html", ".htm"))
    check_matplotlib("a report")
    found_board, chip, _ = checked_board(board.removeprefix("sim:"))
    Project.open(project).close()
    recordings = check_playable(str(project), open_recordings(project, _names(classes)))
    splits = make_splits(recordings, split, folds, seed)
    refuse_leak(splits, recordings, allow_leak)
    known = kept_calibration(project, chip)
    with progress() as show:
        found = gather(project, recordings, splits, found_board, chip, known, chips=chips, seed=seed, on_progress=show)
    write_page(found, output)
    result = {
        "report": str(output),
        "bytes": output.stat().st_size,
        "accuracy": found.accuracy["accuracy"]["chip"],
        "interval": found.accuracy["interval"],
        "simulated_recordings": found.simulated,
        "simulated_chip": True,
        "calibration": known.identity.hex() if known else None,
    }
    if json:
        print_json(result)
    else:
        stdout.print(
            f"wrote {output}: {result['accuracy']:.1%} on the simulated chip, {result['bytes'] / 1024:.0f} KiB",
            markup=False,
        )
