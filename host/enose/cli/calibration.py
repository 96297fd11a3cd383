"""`enose calibration`: find out which chip a device has, and make its weights for that chip."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter
from cyclopts.validators import Number

from enose.cli.device import _opened
from enose.cli.output import print_json, progress, stdout
from enose.cli.parameters import DeviceAddress, Fidelity, Json, Seed

if TYPE_CHECKING:  # NumPy and the twin load only when something is calibrated
    from enose.calibration import Calibration

Plot = Annotated[Path | None, Parameter(help="draw it into this .png or .svg")]


def measure(
    save: Annotated[Path, Parameter(help="write the calibration into this file, as JSON")],
    *,
    device: DeviceAddress = "auto",
    images: Annotated[
        int, Parameter(help="sets of weights to probe with, of 24 samples each", validator=Number(gte=2, lte=80))
    ] = 24,
    temperature_c: Annotated[float, Parameter(help="of the chip, 0..60")] = 27.0,
    fidelity: Fidelity = "fast",
    seed: Seed = 1,
    project: Annotated[Path | None, Parameter(help="keep the calibration in this project, too")] = None,
    plot: Plot = None,
    json: Json = False,
) -> int:
    """Probe a device's chip through its one output, and find out every synapse's gain and offset, every neuron's slope.

    The device's image is out of force for the ten seconds that it takes, and comes back by itself. Exit code 1 where
    parts of the chip stay unknown.

    Examples: `enose calibration measure chip.json --device /dev/ttyACM0`,
    `enose calibration measure chip.json --device sim:pico-mlp@7 --plot chip.png`
    """
    from enose.boards import find_board
    from enose.calibration import CalibrationError, make_probes
    from enose.calibration.identify import Identifier
    from enose.calibration.reading import read_probes
    from enose.chips.pictures import check_plot, write_pictures
    from enose.image import check_writable
    from enose.project.store import Project
    from enose_hwsim.chipfile import MlpFile
    from enose_hwsim.chips.twin.region import NotCertified, check_region

    check_writable(save)
    check_plot(plot)
    if project is not None:
        Project.open(project).close()  # before the work
    with _opened(device, fidelity, seed) as opened, progress() as show:
        _, chip, _ = find_board(opened.board)
        if not isinstance(chip, MlpFile):
            raise CalibrationError(f"{chip.name}: its weights are read back one by one; only mlp chips are calibrated")
        try:
            check_region(chip, temperature_c)
        except NotCertified as refusal:
            raise CalibrationError(f"--temperature-c: {refusal}") from refusal
        probes = make_probes(chip, seed, images)
        outputs_v = read_probes(opened, chip, probes, show)
        unit, simulated = opened.unit, opened.simulated
        found = Identifier(chip, probes, temperature_c, show).identify(outputs_v, unit)
    found.write(save)
    if project is not None:
        from enose.bundle import keep_calibration

        keep_calibration(project, found)
    if plot is not None:
        from enose.calibration.picture import picture

        write_pictures([picture(found)], plot, chip.name)
    _show(found, {"device": device, "simulated": simulated, "file": str(save)}, json)
    return 0 if found.synapses_known.all() and found.neurons_known.all() else 1


def show(
    calibration: Annotated[Path, Parameter(help="a calibration, as `enose calibration measure` writes it")],
    *,
    chip: Annotated[str, Parameter(help="the chip's name")] = "mlp441",
    plot: Plot = None,
    json: Json = False,
) -> None:
    """Show what is known of a chip: gains, offsets, slopes, each with its uncertainty, and the success mask.

    Example: `enose calibration show chip.json`
    """
    from enose.calibration.calibration import read_calibration
    from enose.chips.pictures import check_plot, write_pictures
    from enose.cli.chip import find_chip

    check_plot(plot)
    found = read_calibration(calibration, find_chip(chip))
    if plot is not None:
        from enose.calibration.picture import picture

        write_pictures([picture(found)], plot, found.chip)
    _show(found, {"file": str(calibration)}, json)


def apply(
    image: Annotated[Path, Parameter(help="a weight image for the nominal chip")],
    calibration: Annotated[Path, Parameter(help="of the chip that it is to be programmed into")],
    save: Annotated[Path, Parameter(help="write the image for that chip into this file")],
    *,
    seed: Seed = 1,
    json: Json = False,
) -> None:
    """Make an image's weights anew for one particular chip, so that it answers as the nominal chip would.

    Of an image with pages every page is made anew. A device that was told which calibration holds takes no other image:
    `enose device fit --image FILE` tells it.

    Example: `enose calibration apply fruit.img chip.json fruit-here.img`
    """
    import numpy as np

    from enose.calibration import CalibrationError
    from enose.calibration.calibration import read_calibration
    from enose.calibration.remap import matched_pages, remapped_image
    from enose.chips.yields import pages_of_image
    from enose.cli.chip import find_chip
    from enose.image import check_writable, read_image, write_whole
    from enose.mapping.volts import VoltMapping

    check_writable(save)
    _, content = read_image(image)
    chip = find_chip(content.chip)
    known = read_calibration(calibration, chip)
    if any(content.calibration):
        raise CalibrationError(f"{image}: made for calibration {content.calibration.hex()}, expected a nominal image")
    found = matched_pages(VoltMapping(chip).weights(pages_of_image(image, chip)), known, chip, seed)
    write_whole(save, remapped_image(content, VoltMapping(chip).carried(found.weights.ravel()), known).pack())
    result: dict[str, Any] = {
        "file": str(save),
        "calibration": known.identity.hex(),
        "unit": known.unit,
        "pages": len(found.weights),
        "before_rms_v": found.before_rms_v,
        "after_rms_v": found.after_rms_v,
        "weights_at_limits": int(np.sum(np.abs(found.weights) > 1 - 1e-3)),
    }
    if json:
        print_json(result)
        return
    stdout.print(
        f"{save}: on chip {known.unit} outputs miss the nominal chip's by {found.after_rms_v * 1e3:.2f} mV RMS"
        f" ({found.before_rms_v * 1e3:.1f} mV with the nominal weights) by its twin;"
        f" {result['weights_at_limits']} of {found.weights.size} weights at a limit"
    )


def droop(
    calibration: Annotated[Path, Parameter(help="of this chip; what is measured is kept in it")],
    *,
    device: DeviceAddress = "auto",
    images: Annotated[int, Parameter(help="sets of weights to hold", validator=Number(gte=4, lte=80))] = 12,
    image: Annotated[Path | None, Parameter(help="forecast how long this image would last without refresh")] = None,
    recordings: Annotated[Path | None, Parameter(help="... by the margins of these specimens")] = None,
    fidelity: Fidelity = "fast",
    seed: Seed = 1,
    json: Json = False,
) -> int:
    """Measure how fast each weight leaks: what the refresh has to be, and how long decisions last without it.

    Weights are held for about a second without refresh, and the chip's own twin says whose leak moved the output.
    Exit code 1 where the board's refresh lets a weight droop beyond the chip file's limit.

    Example: `enose calibration droop chip.json --device sim:pico-mlp@7 --image fruit.img --recordings fruit.enose`
    """
    from enose.calibration.droop_report import measure_droop
    from enose.calibration.retention_plan import add_droop
    from enose.image import check_writable

    check_writable(calibration)
    with _opened(device, fidelity, seed) as opened, progress() as show:
        result = measure_droop(opened, calibration, images, seed, (image, recordings), show)
        result = {"device": device, "simulated": opened.simulated, "file": str(calibration), **result}
    add_droop(calibration, result)
    if json:
        print_json(result)
    else:
        _show_droop(result)
    return 0 if result["plan"]["held"] else 1


def _show_droop(result: dict[str, Any]) -> None:
    from rich.table import Table

    kind = " (simulated)" if result["simulated"] else ""
    table = Table(
        "weight", "leak", "+-", "times the chip file's", title=f"leak at {result['temperature_c']:.1f} C{kind}"
    )
    plan, nominal = result["plan"], result["nominal_v_per_s"]
    for k, (leak, sd) in enumerate(zip(result["leak_v_per_s"], result["sd_v_per_s"], strict=True)):
        known = f"{leak / nominal:.2f}" if result["known"][k] else "NOT KNOWN"
        worst = " worst" if k == plan["worst"] else ""
        table.add_row(f"{k}{worst}", f"{leak * 1e3:.2f} mV/s", f"{sd * 1e3:.2f}", known)
    stdout.print(table)
    stdout.print(
        f"within {plan['droop_max_v'] * 1e3:g} mV for {plan['limit_s'] * 1e3:.0f} ms at the shortest: {plan['words']}"
    )
    periods = ", ".join(f"{1e3 * s:.0f} ms at {c} C" for c, s in plan["by_temperature_s"].items())
    stdout.print(f"refresh plan, with the reserve of the board's file: {periods}")
    if (found := result["forecast"]) is not None:
        gone = (
            "no margin is gone" if found["margin_gone_s"] is None else f"margin gone in {found['margin_gone_s']:.2f} s"
        )
        of = f"{found['right_at_first']} of {found['specimens']} specimens"
        stdout.print(f"without refresh: {gone} (smallest of {of}: {found['smallest_margin_v'] * 1e3:.1f} mV)")


def _show(found: "Calibration", facts: dict[str, Any], json: bool) -> None:
    from rich.table import Table

    if json:
        print_json({**facts, **found.as_dict()})
        return
    table = Table(
        title=f"chip {found.unit or '?'}, {found.chip}, by {found.readings} readings at {found.temperature_c:g} C"
    )
    for name in ("part", "gain or slope", "zero or offset", "known"):
        table.add_column(name, justify="left" if name == "part" else "right")
    for k, known in enumerate(found.synapses_known.tolist()):
        table.add_row(
            f"synapse {k}", f"{found.gain[k]:.3f} +- {found.gain_sd[k]:.3f}",
            f"{found.zero_v[k] * 1e3:+.1f} +- {found.zero_sd_v[k] * 1e3:.1f} mV", "yes" if known else "NO",
        )  # fmt: skip
    for k, known in enumerate(found.neurons_known.tolist()):
        name = f"neuron {k}" if k + 1 < len(found.slope) else "output neuron"
        table.add_row(
            name, f"{found.slope[k]:.3f} +- {found.slope_sd[k]:.3f}", f"{found.offset_v[k] * 1e3:+.1f} mV",
            "yes" if known else "NO",
        )  # fmt: skip
    stdout.print(table)
    stdout.print(
        f"outputs miss the nominal chip's by {found.nominal_rms_v * 1e3:.1f} mV RMS, this twin's by"
        f" {found.residual_rms_v * 1e3:.2f} mV; calibration {found.identity.hex()}"
    )
