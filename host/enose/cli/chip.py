"""`enose chip`: the analog networks, their transistors, and how far their fast twins may be trusted."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from enose.cli.output import print_fields, print_json, progress, stderr, stdout
from enose.cli.parameters import Json, Seed

if TYPE_CHECKING:  # board and chip files are read when a command is run, not for its help
    from enose_hwsim.chipfile import AnyChip, MlpFile

ChipName = Annotated[str, Parameter(help="a chip's name, or the path of a .toml file")]
Count = Annotated[int, Parameter(help="at least 1", validator=Number(gte=1, lte=10**6))]
Chips = Annotated[int, Parameter(help="at least 2, their spread is wanted", validator=Number(gte=2, lte=10**4))]
Temperature = Annotated[float, Parameter(help="in degrees Celsius, 0 to 60", validator=Number(gte=0, lte=60))]
Temperatures = Annotated[
    tuple[float, ...],
    Parameter(name="--temperature", help="in degrees Celsius, 0 to 60, once or often", validator=Number(gte=0, lte=60)),
]
Plot = Annotated[
    Path | None, Parameter(help="draw the result: into a .png or .svg file, or as both kinds into a folder")
]


def show_chip(chip: ChipName, *, temperature: Temperature = 27.0, plot: Plot = None, json: Json = False) -> None:
    """Show a chip: its transistors, its supply power by parts and its output range, all from ngspice.

    Pictures: the power by parts, and how the weights droop over time at 0, 25, 40 and 60 C.

    Examples: `enose chip show mlp441`, `enose chip show mlp441 --temperature 60 --json`,
    `enose chip show mlp441 --plot mlp441.svg`
    """
    from enose.chips.cell_pictures import droop_picture, power_picture
    from enose.chips.pictures import check_plot
    from enose_hwsim.chips.inspect import inspect

    found = find_chip(chip)
    check_plot(plot)
    answer = inspect(found, temperature)
    if plot is not None:
        _draw(plot, found, power_picture(found, answer["power_mw"], temperature), droop_picture(found))
    if json:
        print_json(answer)
    else:
        print_fields(f"{found.name}: {found.title} (simulated)", answer)


def characterise_chip(chip: ChipName, *, plot: Plot = None, json: Json = False) -> None:
    """Measure a chip's cells in ngspice: transfer, offset, noise, supply current, at 0, 27 and 60 C and all corners.

    Pictures: transfer curves of synapse and neuron over their equations with the deviation below, noise referred to
    the input, droop of the weights.

    Examples: `enose chip characterise mlp441`, `enose chip characterise mlp441 --json`,
    `enose chip characterise mlp441 --plot cells.png`
    """
    from enose.chips.cell_pictures import droop_picture, noise_picture, transfer_picture
    from enose.chips.pictures import check_plot
    from enose_hwsim.chips.cells.characterise import cell_figures
    from enose_hwsim.chips.cells.curves import cell_curves
    from enose_hwsim.spice.cards import CORNERS

    found = find_chip(chip)
    check_plot(plot)
    typical, *others = CORNERS
    temperatures_c = (0.0, 27.0, 60.0)
    points = [*((typical, t) for t in temperatures_c), *((corner, 27.0) for corner in others)]
    steps = len(points) + (len(temperatures_c) if plot is not None else 0)
    rows, curves = [], []
    with progress() as moved:
        for k, (corner, temperature_c) in enumerate(points):
            moved(f"cells at {corner}, {temperature_c:g} C", k, steps)
            rows.append(cell_figures(found, temperature_c, corner).as_dict())
        for k, temperature_c in enumerate(temperatures_c if plot is not None else ()):
            moved(f"curves at {temperature_c:g} C", len(points) + k, steps)
            curves.append(cell_curves(found, temperature_c))
    if plot is not None:
        _draw(plot, found, transfer_picture(found, curves), noise_picture(found, curves), droop_picture(found))
    if json:
        print_json({"chip": found.name, "simulated": True, "cells": rows})
        return
    from rich.table import Table

    table = Table("simulated", *(f"{corner} {temperature_c:g} C" for corner, temperature_c in points), box=None)
    for name in rows[0]:
        if name not in ("corner", "temperature_c"):
            table.add_row(name, *(f"{row[name]:.4g}" for row in rows))
    stdout.print(table)


def certify_chip(
    chip: ChipName,
    *,
    chips: Chips = 200,
    samples: Count = 100,
    seed: Seed = 1,
    temperature: Temperatures = (0.0, 27.0, 60.0),
    corner: Annotated[Literal["tt", "ss", "ff"], Parameter(help="of the process: typical, slow or fast")] = "tt",
    plot: Plot = None,
    json: Json = False,
) -> int:
    """Compare the fast twin with ngspice on random chips, weights and inputs.

    Every figure is of simulations. The exit code is 1 if a limit is not kept; `missed` says which, with its figure: few
    chips do not reach all of the output range. Picture: histograms of the differences with their limits, and of the
    outputs.

    Examples: `enose chip certify mlp441 --chips 200 --samples 100 --seed 1 --json`,
    `enose chip certify mlp441 --chips 20 --plot certificate.png`,
    `enose chip certify mlp441 --temperature 13 --temperature 45`, `enose chip certify memristor542`
    """
    from enose.chips.pictures import check_plot
    from enose_hwsim.chipfile import MlpFile
    from enose_hwsim.chips.memristor.certify import certify as certify_network
    from enose_hwsim.chips.twin.certify import certify
    from enose_hwsim.tomlfile import BoardError

    found = any_chip(chip)
    run: Callable[..., Any]  # either certificate has `ok` and `as_dict`
    if isinstance(found, MlpFile):
        run = partial(certify, _within_region(find_chip(chip)), chips, samples, seed, temperature, corner)
    elif corner != "tt":
        raise BoardError(f"--corner {corner}: {found.name} is simulated at the typical corner, tt, only")
    else:
        run = partial(certify_network, found, chips, samples, seed, temperature)
    check_plot(plot)
    with progress() as moved:
        answer = run(on_progress=moved)
    if plot is not None:
        from enose.chips.spread_pictures import certificate_picture

        _draw(plot, found, certificate_picture(found, answer))
    if json:
        print_json(answer.as_dict())
    else:
        print_fields(f"{found.name}: fast twin against ngspice (simulated)", answer.as_dict())
    return 0 if answer.ok else 1


def yield_chip(
    chip: ChipName,
    *,
    image: Annotated[Path | None, Parameter(help="the weights of this image instead of random ones")] = None,
    chips: Count = 1000,
    samples: Count = 200,
    seed: Seed = 1,
    temperature: Temperature = 27.0,
    plot: Plot = None,
    json: Json = False,
) -> None:
    """Tell the share of mismatched chips whose outputs all stay in the valid range, by the fast twin.

    Each chip gets random weights of its own, or all get those of an image that `enose demo --save-image` wrote; inputs
    are random. The deviations are from the nominal chip with the same weights and inputs. Picture: histograms of the
    outputs and of the chips' deviations.

    Examples: `enose chip yield mlp441 --chips 1000 --samples 200 --seed 1 --json`,
    `enose chip yield mlp441 --image fruit.img --plot yield.png`
    """
    from enose.chips.pictures import check_plot
    from enose.chips.yields import chip_yield, weights_of_image

    found = _within_region(find_chip(chip))
    check_plot(plot)
    weights_v = None if image is None else weights_of_image(image, found)
    weights = "random weights" if image is None else f"weights of {image.name}"
    with progress() as moved:
        answer = chip_yield(found, chips, samples, seed, temperature, weights_v, weights, moved)
    if plot is not None:
        from enose.chips.spread_pictures import yield_picture

        _draw(plot, found, yield_picture(found, answer))
    if json:
        print_json(answer.as_dict())
    else:
        print_fields(f"{found.name}: mismatched chips by the fast twin (simulated)", answer.as_dict())


def any_chip(name_or_path: str) -> "AnyChip":
    """A chip by its name or its file. Raises BoardError."""
    from enose_hwsim.chipfile import load_chip

    return load_chip(_chip_path(name_or_path))


def find_chip(name_or_path: str) -> "MlpFile":
    """A chip of transistors by its name or its file. Raises BoardError, for another kind or more outputs, too."""
    from enose_hwsim.chipfile import MlpFile, load_chip
    from enose_hwsim.tomlfile import BoardError

    path = _chip_path(name_or_path)
    chip = load_chip(path)
    if not isinstance(chip, MlpFile):
        raise BoardError(
            f"{path}: only for transistor chips; for {chip.name} there is `enose chip certify {name_or_path}`"
        )
    if chip.topology.outputs != 1:
        raise BoardError(f"{path}: topology.outputs {chip.topology.outputs}, expected 1: its netlist has one")
    return chip


def _chip_path(name_or_path: str) -> Path:
    from enose.boards import boards_folder
    from enose_hwsim.tomlfile import BoardError

    path = Path(name_or_path)
    if path.suffix == ".toml":
        return path
    folder = boards_folder() / "chips"
    if not (folder / f"{name_or_path}.toml").is_file():
        known = ", ".join(sorted(other.stem for other in folder.glob("*.toml")))
        raise BoardError(f"'{name_or_path}' is no chip; known: {known}, or the path of a .toml file")
    return folder / f"{name_or_path}.toml"


def _within_region(chip: "MlpFile") -> "MlpFile":
    """The chip, if a fast twin of it may be trusted. Raises BoardError."""
    from enose_hwsim.chips.twin.region import NotCertified, check_region
    from enose_hwsim.tomlfile import BoardError

    try:
        check_region(chip)
    except NotCertified as refusal:
        raise BoardError(str(refusal)) from refusal
    return chip


def _draw(path: Path, chip: "AnyChip", *pictures: Any) -> None:
    from enose.chips.pictures import write_pictures

    for written in write_pictures(pictures, path, chip.name):
        stderr.print(f"wrote {written}", style="dim", markup=False)
