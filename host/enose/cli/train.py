"""`enose train`: a network for a board's chip, its honest accuracy, and what else could have told the classes."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from enose.cli.data import Classes, Folds, Kind, Source, _names
from enose.cli.output import print_json, progress, stdout
from enose.cli.parameters import Fidelity, Json, Seed

if TYPE_CHECKING:
    from enose.recordings import Recordings
    from enose.recordings.split import Split
    from enose.splits import Splits
    from enose.training import Network
    from enose.training.pages import Pages
    from enose_hwsim.boardfile import BoardFile
    from enose_hwsim.chipfile import AnyChip

OF_ONE_NETWORK = (12, 700, 3, 0.5, None, None)  # restarts, epochs, draws, mismatch, temperatures, error rate
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

Restarts = Annotated[
    int, Parameter(help="starts of the last training; the best is kept", validator=Number(gte=1, lte=10_000))
]
Epochs = Annotated[int, Parameter(help="its passes over all specimens", validator=Number(gte=1, lte=1_000_000))]
Draws = Annotated[
    int, Parameter(help="of the inner folds that judge choices, of few groups", validator=Number(gte=1, lte=100))
]
Mismatch = Annotated[
    float,
    Parameter(help="train through chips with so many times their mismatch; 0: nominal", validator=Number(gte=0, lte=1)),
]
ErrorRate = Annotated[
    float | None,
    Parameter(help="abstain so widely that at most this share of answers is wrong", validator=Number(gt=0, lt=1)),
]


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
    restarts: Restarts = OF_ONE_NETWORK[0],
    epochs: Epochs = OF_ONE_NETWORK[1],
    draws: Draws = OF_ONE_NETWORK[2],
    mismatch: Mismatch = OF_ONE_NETWORK[3],
    temperatures: Annotated[
        str | None, Parameter(help="and at these temperatures of the chip in C, as 0,27,60; by default at 27")
    ] = None,
    error_rate: ErrorRate = None,
    save_image: Annotated[Path | None, Parameter(help="write the image of the network of all recordings here")] = None,
    seed: Seed = 0,
    json: Json = False,
) -> int:
    """Train a network through a board's chip, test it on folds that it never saw, and audit the recordings beside it.

    From a project the network of all recordings and its image are kept in the project, with the split and the verdict.
    A split with the same thing in training and test is refused. With --error-rate the guard goes into the image; where
    no guard keeps that rate the exit code is 1, and nothing is kept. With --paged there may be more classes than the
    chip has bands: each has weights of its own, which the device writes one after the other for every answer.

    Examples: `enose train fruit.enose`, `enose train recordings.csv --split day --error-rate 0.01 --json`,
    `enose train batches --paged --split random`
    """
    from enose.boards import checked_board
    from enose.cross_validation import cross_validated
    from enose.image import build_image, check_writable
    from enose.recordings import open_recordings
    from enose.recordings.specimen import check_playable
    from enose.splits import make_splits, refuse_leak
    from enose.training import Effort
    from enose.training.guarding import Held, held_out, set_guard

    if paged:
        _check_paged((restarts, epochs, draws, mismatch, temperatures, error_rate))
    options: dict[str, Any] = {"effort": Effort(restarts, epochs, draws), "mismatch_sigmas": mismatch}
    if temperatures is not None:
        options["temperatures_c"] = _temperatures_c(temperatures)
    found, chip, _ = checked_board(board.removeprefix("sim:"))
    check_writable(save_image)
    recordings = check_playable(str(source), open_recordings(source, _names(classes)))
    splits = make_splits(recordings, split, folds, seed)
    refuse_leak(splits, recordings, allow_leak)
    if paged:
        report, pages, raw = _trained_pages(recordings, splits, found, chip, through, fidelity, seed)
        report["kept"] = _keep(source, pages, raw, report)
        _end(report, raw, save_image, json)
        return 0
    folds_held: list[Held] = []

    def look(network: "Network", fold: "Split") -> None:
        if error_rate is not None:
            folds_held.append(held_out(network, recordings, fold.test, chip, fidelity))

    with progress() as show:
        report, network = cross_validated(
            recordings,
            splits,
            chip,
            fidelity=fidelity,
            seed=seed,
            on_progress=show,
            on_fold=look,
            **options,
        )
    guard = None if error_rate is None else set_guard(folds_held, chip, error_rate)
    image = build_image(network, recordings, found, chip, range(len(recordings.specimens)))
    report["board"] = found.name
    report["training"] = {
        "restarts": restarts,
        "epochs": epochs,
        "draws": draws,
        "mismatch_sigmas": mismatch,
        "temperatures_c": list(options.get("temperatures_c", (27.0,))),
    }
    report["guard"] = None if guard is None else asdict(guard)
    report["kept"] = None
    if guard is None or guard.reached:
        if guard is not None:
            image.guard_uv = round(guard.guard_v * 1e6)
        report["kept"] = _keep(source, network, image.pack(), report)
        _end(report, image.pack(), save_image, json)
        return 0
    _end(report, b"", None, json)
    return 1


def _end(report: dict[str, Any], image: bytes, save_image: Path | None, json: bool) -> None:
    """Write the image down, and tell."""
    from enose.image import write_whole

    if save_image is not None:
        write_whole(save_image, image)
    if json:
        print_json(report)
    else:
        _show(report)


def _trained_pages(
    recordings: "Recordings",
    splits: "Splits",
    board: "BoardFile",
    chip: "AnyChip",
    through: int,
    fidelity: str,
    seed: int,
) -> tuple[dict[str, Any], "Pages", bytes]:
    """The report, the pages of all recordings, and their image."""
    from enose.image import build_paged_image
    from enose.paged_training import paged_training

    with progress() as show:
        report, pages = paged_training(
            recordings, splits, board, chip, through=through, fidelity=fidelity, seed=seed, on_progress=show
        )
    report["board"] = board.name
    image = build_paged_image(pages, recordings, board, chip, range(len(recordings.specimens)))
    return report, pages, image.pack()


def _check_paged(asked: tuple[object, ...]) -> None:
    """Raises TrainingError for what is of one network: pages are trained in a way of their own."""
    from enose.training import TrainingError

    names = ("restarts", "epochs", "draws", "mismatch", "temperatures", "error-rate")
    for name, value, unasked in zip(names, asked, OF_ONE_NETWORK, strict=True):
        if value != unasked:
            raise TrainingError(f"--{name}: not with --paged, whose pages are trained in a way of their own")


def _temperatures_c(text: str) -> tuple[float, ...]:
    """Raises TrainingError for what are no temperatures that the chip's curves are known at."""
    from enose.training import TrainingError
    from enose_hwsim.chips.twin.region import TEMPERATURE_LIMITS_C

    low_c, high_c = TEMPERATURE_LIMITS_C
    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = (float("nan"),)
    if not all(low_c <= one <= high_c for one in found):
        raise TrainingError(f"--temperatures '{text}', expected numbers of {low_c:g}..{high_c:g}, as 0,27,60")
    return found


def _keep(source: Path, network: "Network | Pages", image: bytes, report: dict[str, Any]) -> dict[str, str] | None:
    """Keep network and image in the project that they were trained on; their identities. None for other sources."""
    from enose.bundle import data_identity
    from enose.project.contents import Provenance
    from enose.project.schema import is_project
    from enose.project.store import Project

    if source.is_dir() or not is_project(source):
        return None
    kept = ("split", "leaks", "accuracy", "peers", "seed", "fidelity", "board", "classes", "training", "guard")
    facts = {name: report[name] for name in kept if name in report}
    facts["audit"] = report["audit"]["verdict"]
    made = Provenance("train", source.name, report["simulated_recordings"], facts=facts)
    name = f"{report['chip']} {', '.join(report['classes'])}"
    with Project.open(source) as project:
        facts["data"] = data_identity(project)
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
    if report.get("guard"):
        _show_guard(report["guard"])
    stdout.print(f"audit        {report['audit']['verdict']}", markup=False)
    if "pages" in report:
        _show_pages(report)
    if report["kept"]:
        stdout.print(f"kept         model {report['kept']['model']}, image {report['kept']['image']}", markup=False)


def _show_guard(guard: dict[str, Any]) -> None:
    width = f"guard {1e3 * guard['guard_v']:.1f} mV, noise {1e6 * guard['sigma_v']:.0f} uV RMS (simulated)"
    if not guard["reached"]:
        stdout.print(f"abstention   no guard keeps {guard['error_rate']:.1%} wrong; nothing is kept. Widest: {width}")
        return
    (wrong_low, wrong_high), (low, high) = guard["wrong_interval"], guard["answered_interval"]
    stdout.print(f"abstention   {width}, for at most {guard['error_rate']:.1%} of the answers wrong")
    stdout.print(
        f"             guards set without each fold: {guard['wrong']:.1%} of its answers wrong"
        f" ({wrong_low:.1%} to {wrong_high:.1%}), {guard['answered']:.1%} answered ({low:.1%} to {high:.1%})"
    )


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
