"""`enose waterfall`: where accuracy is lost on the way from training to a chip, and what each non-ideality does."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from enose.cli.data import Classes, Folds, Kind, Source, _names
from enose.cli.output import print_json, progress, stdout
from enose.cli.parameters import Json, Seed

Chips = Annotated[
    int, Parameter(help="mismatched chips, drawn at random by the seed", validator=Number(gte=1, lte=1000))
]
Played = Annotated[
    int, Parameter(help="play so many of the tested specimens to the firmware", validator=Number(gte=0, lte=10_000))
]


def waterfall(
    source: Source,
    *,
    board: Annotated[str, Parameter(help="a board's name, sim:BOARD@N for mismatched chip N, or a .toml file")] = (
        "pico-mlp"
    ),
    model: Annotated[
        str | None, Parameter(help="a model that the project keeps, by the start of its identity, or `last`")
    ] = None,
    split: Kind = "group",
    folds: Folds = 5,
    classes: Classes = None,
    allow_leak: Annotated[bool, Parameter(help="train on a split that leaks all the same", negative="")] = False,
    chips: Chips = 25,
    calibration: Annotated[
        Path | None,
        Parameter(help="of one particular chip, as `enose calibration measure` writes it, or `last` of the project"),
    ] = None,
    firmware: Played = 0,
    figure: Annotated[Path | None, Parameter(help="draw it into this .png or .svg")] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Say where accuracy is lost: float, integers, image, DAC, nominal chip, mismatched chips, this chip, firmware.

    And what each non-ideality alone does to the nominal chip, with its interval, or that it has no effect. Networks are
    trained fold by fold and tested on what they never saw; --model takes one that is kept, which may have seen it all.

    Examples: `enose waterfall fruit.enose --chips 25`, `enose waterfall fruit.enose --model last --firmware 8 --json`
    """
    from enose.boards import checked_board
    from enose.calibration.calibration import read_calibration
    from enose.chips.pictures import check_plot, write_pictures
    from enose.link.connect import SIM, named_chip
    from enose.recordings import open_recordings
    from enose.recordings.specimen import check_playable
    from enose.splits import make_splits, refuse_leak
    from enose.waterfall.chips import WaterfallError
    from enose.waterfall.kept import all_of, kept_calibration, kept_model, trained_folds
    from enose.waterfall.run import Extras
    from enose.waterfall.run import waterfall as walk

    name, number = named_chip(board.removeprefix(SIM))
    found, chip, _ = checked_board(name)
    if number and chip.kind == "memristor":
        raise WaterfallError(f"--board {board}: only chips of transistors (mlp) have numbers")
    check_plot(figure)
    known = None
    if calibration is not None:
        if chip.kind == "memristor":
            raise WaterfallError(f"{calibration}: {chip.name} is not calibrated, its weights are read back one by one")
        known = kept_calibration(source, chip) if str(calibration) == "last" else read_calibration(calibration, chip)
        if known is None:
            raise WaterfallError(f"{source}: --calibration last: it keeps none of {chip.name}")
    network = kept_model(source, model, chip)[0] if model is not None else None
    recordings = check_playable(str(source), open_recordings(source, _names(classes)))
    with progress() as show:
        if network is not None:
            fitted, tested_on = all_of(network, recordings), "all specimens, which the model may have been trained on"
        else:
            splits = make_splits(recordings, split, folds, seed)
            refuse_leak(splits, recordings, allow_leak)
            tested_on = splits.words(recordings)
            fitted = trained_folds(recordings, splits, chip, seed, show)
        extras = Extras(known, found, number, firmware)
        report = walk(recordings, fitted, chip, chips=chips, seed=seed, extras=extras, on_progress=show)
    report |= {"tested_on": tested_on, "held_out": network is None, "model": model}
    if figure is not None:
        from enose.waterfall.picture import pictures

        write_pictures(pictures(report), figure, "waterfall")
    if json:
        print_json(report)
    else:
        _show(report)


def _show(report: dict[str, Any]) -> None:
    from rich.table import Table

    kind = "simulated" if report["simulated_recordings"] else "real"
    stdout.print(f"recordings   {report['recordings']} ({kind}), {report['tested']} specimens", markup=False)
    stdout.print(f"tested on    {report['tested_on']}", markup=False)
    stdout.print(f"chip         {report['chip']} (simulated, {report['fidelity']}), seed {report['seed']}")
    table = Table("step", "accuracy", "change", "95 % interval", "", box=None)
    for row in report["steps"]:
        table.add_row(row["words"], f"{row['accuracy']:.1%}", *_change(row["change"]), _beside(row, report))
    stdout.print(table)
    stdout.print(f"\neach alone, on the nominal chip without any of them ({report['clean']:.1%})")
    table = Table("non-ideality", "accuracy", "change", "95 % interval", "measured effect", box=None)
    for row in report["alone"]:
        if row["accuracy"] is None:
            table.add_row(row["words"], "", "", "", row["verdict"])
        else:
            table.add_row(row["words"], f"{row['accuracy']:.1%}", *_change(row), row["verdict"])
    stdout.print(table)


def _change(change: dict[str, Any] | None) -> tuple[str, str]:
    if change is None:
        return "", ""
    return f"{100 * change['change']:+.1f}", f"{100 * change['low']:+.1f} to {100 * change['high']:+.1f}"


def _beside(row: dict[str, Any], report: dict[str, Any]) -> str:
    """What else there is to say of a step; the change of the mismatched chips is of their mean."""
    if row["step"] == "chips":
        return f"of {report['chips']['count']}, 5th percentile {row['p05']:.1%}; the change is their mean's"
    if row["step"] == "firmware":
        return f"{row['specimens']} specimens on {report['board']}; before: {row['from_accuracy']:.1%} of these"
    return ""
