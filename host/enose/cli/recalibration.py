"""`enose calibration drift|references|transfer`: sensors that have moved since training, and what mends them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from enose.cli.data import Source, _names
from enose.cli.output import print_json, stdout
from enose.cli.parameters import Fidelity, Json, Seed

if TYPE_CHECKING:
    from enose.recalibration import Recalibrated
    from enose.recalibration.moved import Moved
    from enose.recordings import Recordings

Project = Annotated[Path, Parameter(help="a project file with the model and its recordings")]
Now = Annotated[
    str | None, Parameter(help="the sessions that show the sensors as they are, by commas; else the last session")
]
Before = Annotated[
    str | None, Parameter(help="the sessions that the model was trained with, by commas; else all others")
]
Model = Annotated[str | None, Parameter(help="how the model's identity begins; else the project's last model")]
Board = Annotated[str, Parameter(help="a board's name, or the path of a .toml file")]
SaveImage = Annotated[Path | None, Parameter(help="write the new image into this file as well")]


def drift(
    source: Source,
    *,
    now: Now = None,
    before: Before = None,
    reference: Annotated[str | None, Parameter(help="the class of the known reference; else all classes")] = None,
    model: Model = None,
    board: Board = "pico-mlp",
    json: Json = False,
) -> None:
    """Say how far each sensor's R0 and response have moved since training, in units of its own scatter, and advise.

    From a project the advice is for the sensors that the model uses, else for all of them.

    Examples: `enose calibration drift fruit.enose --reference lemon`, `enose calibration drift a.enose --now monday`
    """
    from enose.boards import checked_board
    from enose.project.schema import is_project
    from enose.recalibration.kept import kept_network
    from enose.recalibration.moved import advice, moved
    from enose.recalibration.sessions import before_and_now
    from enose.recordings import open_recordings

    _, chip, _ = checked_board(board.removeprefix("sim:"))
    recordings = open_recordings(source)
    then, later = before_and_now(recordings, _names(now) or (), _names(before) or ())
    used: tuple[str, ...] = recordings.sensors
    identity = None
    if source.is_file() and is_project(source):
        identity, network = kept_network(source, chip.name, model)
        used = network.sensors
    found = moved(recordings, then, later, reference)
    result = {
        "recordings": recordings.title,
        "simulated_recordings": recordings.simulated,
        "model": identity,
        "used": list(used),
        "before": len(then),
        "now": len(later),
        "sensors": [one.as_dict() for one in found],
        "advice": advice(found, used),
    }
    if json:
        print_json(result)
    else:
        _show_moved(found, used, result)


def references(
    project: Project,
    *,
    now: Now = None,
    before: Before = None,
    most: Annotated[int, Parameter(help="references of each class", validator=Number(gte=2, lte=100))] = 10,
    model: Model = None,
    board: Board = "pico-mlp",
    fidelity: Fidelity = "fast",
    save_image: SaveImage = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Recalibrate a model whose sensors have drifted by a few labelled specimens of now; model and image are kept.

    What it was trained with tells how specimens scatter, the references where they lie now. Sensors and order of the
    classes stay; normalisation constants (where it has any) and weights are new.

    Example: `enose calibration references fruit.enose --now "recorded 2026-03-01 09:00:00"`
    """
    from enose.boards import checked_board
    from enose.image import check_writable
    from enose.recalibration import Exposures, recalibrated
    from enose.recalibration.kept import kept_network
    from enose.recalibration.sessions import before_and_now, some_of_each
    from enose.recordings import open_recordings

    _, chip, _ = checked_board(board.removeprefix("sim:"))
    check_writable(save_image)
    identity, network = kept_network(project, chip.name, model)
    recordings = open_recordings(project, network.class_order)
    then, later = before_and_now(recordings, _names(now) or (), _names(before) or ())
    some = some_of_each(recordings, later, most, seed)
    known = Exposures.of(network, recordings, some)
    found = recalibrated(network, Exposures.of(network, recordings, then), known, chip, seed, fidelity)
    facts = {"of_model": identity, "references": [recordings.specimens[i].group for i in some]}
    kept = _keep("recalibrate", project, found, recordings, some.tolist(), board, facts, save_image)
    _tell(found, {"references": len(some), **kept}, recordings, json)


def transfer(
    project: Project,
    swapped: Annotated[str, Parameter(help="the sensors that were replaced, by commas")],
    *,
    now: Now = None,
    before: Before = None,
    model: Model = None,
    board: Board = "pico-mlp",
    fidelity: Fidelity = "fast",
    save_image: SaveImage = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Make a model anew for sensors that were replaced, from specimens measured with the new ones; both are kept.

    Specimens that bear the same name before and now were measured with both and show how the new sensor answers to what
    the old one did; without three of them the labels of the new ones have to do.

    Example: `enose calibration transfer fruit.enose TGS2602 --now swapped`
    """
    from enose.boards import checked_board
    from enose.image import check_writable
    from enose.recalibration import Exposures
    from enose.recalibration.kept import kept_network
    from enose.recalibration.sessions import before_and_now, pairs
    from enose.recalibration.transfer import lines_of, transferred
    from enose.recordings import open_recordings

    _, chip, _ = checked_board(board.removeprefix("sim:"))
    check_writable(save_image)
    identity, network = kept_network(project, chip.name, model)
    recordings = open_recordings(project, network.class_order)
    then, later = before_and_now(recordings, _names(now) or (), _names(before) or ())
    twice = pairs(recordings, then, later)
    training, new = (Exposures.of(network, recordings, i) for i in (then, later))
    lines = lines_of(network, _names(swapped) or (), training, new, twice)
    found = transferred(network, training, new, lines, chip, seed, fidelity)
    told = [
        {"sensor": network.sensors[one.channel], "slope": one.slope, "offset": one.offset, "rms": one.rms}
        for one in lines
    ]
    facts = {"of_model": identity, "swapped": told, "pairs": len(twice)}
    kept = _keep("transfer", project, found, recordings, later.tolist(), board, facts, save_image)
    _tell(found, {"pairs": len(twice), "lines": told, **kept}, recordings, json)


def _keep(
    act: str,
    project: Path,
    found: "Recalibrated",
    recordings: "Recordings",
    seen: list[int],
    board: str,
    facts: dict[str, Any],
    save_image: Path | None,
) -> dict[str, Any]:
    from enose.boards import checked_board
    from enose.image import build_image, write_whole
    from enose.project.contents import Provenance
    from enose.recalibration.kept import keep

    there, chip, _ = checked_board(board.removeprefix("sim:"))
    image = build_image(found.network, recordings, there, chip, seen).pack()
    judged = {"before": found.before, "left_out": found.left_out, "board": there.name}
    made = Provenance(act, project.name, recordings.simulated, facts=facts | judged)
    kept = keep(project, found.network, chip.name, image, made)
    if save_image is not None:
        write_whole(save_image, image)
    return {"of_model": facts["of_model"], "kept": kept}


def _tell(found: "Recalibrated", facts: dict[str, Any], recordings: "Recordings", json: bool) -> None:
    result = {
        "recordings": recordings.title,
        "simulated_recordings": recordings.simulated,
        **facts,
        "before": found.before,
        "left_out": found.left_out,
        "scatter": found.share,
        "low_ohm": list(found.network.low_ohm),
        "high_ohm": list(found.network.high_ohm),
    }
    if json:
        print_json(result)
        return
    for line in facts.get("lines", ()):
        by = "the same specimens" if line["rms"] is not None else "labels"
        stdout.print(f"{line['sensor']}: new change = {line['offset']:+.3f} + {line['slope']:.3f} old, in ln, by {by}")
    stdout.print(
        f"specimens of now named right: {found.before:.1%} by the model as it was,"
        f" {found.left_out:.1%} by the new one while they were left out"
    )
    stdout.print(f"kept model {facts['kept']['model']}, image {facts['kept']['image']}")


def _show_moved(found: list["Moved"], used: tuple[str, ...], result: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(
        "sensor",
        "used",
        "R0",
        "R0 in its scatter",
        "response",
        "in its scatter",
        "beside the others",
        "verdict",
        box=None,
    )
    for one in found:
        table.add_row(
            one.sensor,
            "yes" if one.sensor in used else "",
            "" if one.r0_percent is None else f"{one.r0_percent:+.1f} %",
            "" if one.r0_spreads is None else f"{one.r0_spreads:+.1f}",
            "" if one.response_share is None else f"{one.response_share:.0%}",
            f"{one.response_spreads:+.1f}",
            "" if one.beside_spreads is None else f"{one.beside_spreads:+.1f}",
            one.verdict,
        )
    stdout.print(table)
    stdout.print(f"{result['before']} specimens before, {result['now']} now: {result['advice']}", markup=False)
