"""`enose train`: a network for a board's chip, its honest accuracy, and what else could have told the classes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from enose.cli.data import Classes, Folds, Kind, Source, _names
from enose.cli.output import print_json, progress, stdout
from enose.cli.parameters import Fidelity, Json, Seed

if TYPE_CHECKING:
    from enose.training import Network
    from enose.training.pages import Pages

FEW = Number(gte=1, lte=1000)
STEPS = {
    "float": "network in float64",
    "mapped": "weights as the image has them",
    "quantised": "ADC, integers and DAC",
    "chip": "on the simulated chip",
    "mlp443": "peer: plain MLP with 4 hidden, same inputs",
    "svm": "peer: SVM, all sensors",
    "lda": "peer: LDA, all sensors",
    "majority": "peer: majority class",
}


def train(
    source: Source,
    *,
    board: Annotated[str, Parameter(help="a board's name, or the path of a .toml file")] = "pico-mlp",
    split: Kind = "group",
    folds: Folds = 5,
    classes: Classes = None,
    allow_leak: Annotated[bool, Parameter(help="train on a split that leaks all the same", negative="")] = False,
    paged: Annotated[
        bool, Parameter(help="a network for each class, one after the other on the chip", negative="")
    ] = False,
    through: Annotated[int, Parameter(help="with --paged: measure so many on the simulated board", validator=FEW)] = 12,
    fidelity: Fidelity = "fast",
    save_image: Annotated[Path | None, Parameter(help="write the image of the network of all recordings here")] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Train a network through a board's chip, test it on folds that it never saw, and audit the recordings beside it.

    From a project the network of all recordings and its image are kept in the project, with the split and the verdict.
    A split with the same thing in training and test is refused. With --paged there may be more classes than the chip
    has bands: each has weights of its own, which the device writes one after the other for every answer.

    Examples: `enose train fruit.enose`, `enose train recordings.csv --split day --json`,
    `enose train batches --paged --split random`
    """
    from enose.boards import checked_board
    from enose.cross_validation import cross_validated
    from enose.image import build_image, build_paged_image, check_writable, write_whole
    from enose.paged_training import paged_training
    from enose.recordings import open_recordings
    from enose.recordings.specimen import check_playable
    from enose.splits import make_splits, refuse_leak

    found, chip, _ = checked_board(board.removeprefix("sim:"))
    check_writable(save_image)
    recordings = check_playable(str(source), open_recordings(source, _names(classes)))
    splits = make_splits(recordings, split, folds, seed)
    refuse_leak(splits, recordings, allow_leak)
    every = range(len(recordings.specimens))
    model: Network | Pages
    with progress() as show:
        if paged:
            report, model = paged_training(
                recordings, splits, found, chip, through=through, fidelity=fidelity, seed=seed, on_progress=show
            )
            image = build_paged_image(model, recordings, found, chip, every).pack()
        else:
            report, model = cross_validated(recordings, splits, chip, fidelity=fidelity, seed=seed, on_progress=show)
            image = build_image(model, recordings, found, chip, every).pack()
    report["board"] = found.name
    report["kept"] = _keep(source, model, image, report)
    if save_image is not None:
        write_whole(save_image, image)
    if json:
        print_json(report)
    else:
        _show(report)


def _keep(source: Path, network: "Network | Pages", image: bytes, report: dict[str, Any]) -> dict[str, str] | None:
    """Keep network and image in the project that they were trained on; their identities. None for other sources."""
    from dataclasses import asdict

    from enose.project.contents import Provenance
    from enose.project.schema import is_project
    from enose.project.store import Project

    if source.is_dir() or not is_project(source):
        return None
    facts = {
        name: report[name] for name in ("split", "leaks", "accuracy", "peers", "seed", "fidelity", "board", "classes")
    }
    facts["audit"] = report["audit"]["verdict"]
    made = Provenance("train", source.name, report["simulated_recordings"], facts=facts)
    name = f"{report['chip']} {', '.join(report['classes'])}"
    with Project.open(source) as project:
        model = project.add_model(name, report["chip"], asdict(network), made)
        return {"model": model, "image": project.add_image(name, image, made, model)}


def _show(report: dict[str, Any]) -> None:
    from rich.table import Table

    kind = "simulated" if report["simulated_recordings"] else "real"
    stdout.print(f"recordings   {report['recordings']} ({kind})", markup=False)
    stdout.print(f"split        {report['split']}", markup=False)
    stdout.print(
        f"trained      {', '.join(report['sensors'])}; chip {report['chip']} (simulated, {report['fidelity']})"
    )
    table = Table("step", "accuracy", box=None)
    for name, share in (report["accuracy"] | report["peers"]).items():
        table.add_row(STEPS[name], f"{share:.1%}")
    stdout.print(table)
    low, high = report["interval"]
    stdout.print(
        f"accuracy     {report['accuracy']['chip']:.1%} of {report['tested']} on the simulated chip"
        f" (95 % interval {low:.1%} to {high:.1%}, bootstrap over groups)"
    )
    stdout.print(f"audit        {report['audit']['verdict']}", markup=False)
    if "pages" in report:
        _show_pages(report)
    if report["kept"]:
        stdout.print(f"kept         model {report['kept']['model']}, image {report['kept']['image']}", markup=False)


def _show_pages(report: dict[str, Any]) -> None:
    for page in report["pages"]:
        stdout.print(f"page         {page['class']}: {', '.join(page['sensors'])}", markup=False)
    through, cost = report["firmware"], report["decision"]
    stdout.print(
        f"firmware     {through['equal_to_chip']} of {through['specimens']} on the simulated board answer as the chip"
    )
    if cost["ms"] is not None:
        stdout.print(f"decision     {cost['ms']:.1f} ms (simulated board) for {cost['pages']} pages, sensing apart")
    if cost["estimated_mj"] is not None:
        parts = ", ".join(f"{part} {mj:.3g}" for part, mj in cost["parts_mj"].items())
        heaters = f"heaters apart, {cost['heaters_apart_mw']:.0f} mW"
        stdout.print(f"energy       {cost['estimated_mj']:.2f} mJ, estimated ({parts} mJ; {heaters})", markup=False)
