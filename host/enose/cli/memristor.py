"""`enose memristor`: models of measured devices."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

from enose.cli.chip import Plot
from enose.cli.output import print_json, progress, stderr, stdout
from enose.cli.parameters import Json

ONLY_FOR = "intervals hold only for it"

ModelName = Literal["all", "strukov", "joglekar", "biolek", "lehtonen", "a14mod"]


def fit(
    measured: Annotated[Path, Parameter(help="CSV file with the columns t_s, v_memristor_V and i_A: one period")],
    *,
    model: Annotated[ModelName, Parameter(help="one model, or all of them")] = "all",
    starts: Annotated[int, Parameter(help="refined guesses a model, 1 to 200", validator=Number(gte=1, lte=200))] = 12,
    seed: Annotated[int, Parameter(help="of the guesses", validator=Number(gte=0, lt=2**31))] = 1,
    plot: Plot = None,
    json: Json = False,
) -> None:
    """Fit memristor models to a measured current-voltage loop: parameters with 95 % intervals, and the RMS error.

    Least squares with bounds from several starts; the state at the beginning, a series resistance and the offsets of
    voltage and current are free as well. The RMS error is in percent of the measured current's RMS. A parameter that
    the loop says nothing about is called not identifiable. Where one of those besides the model's own ends at its
    bound, all intervals hold only for it. The models' currents are simulated. Picture: the loops over one another, and
    the differences.

    Examples: `enose memristor fit loop.csv`, `enose memristor fit loop.csv --model a14mod --json`,
    `enose memristor fit loop.csv --plot loop.png`
    """
    from enose.chips.pictures import check_plot, write_pictures
    from enose.memristor.fit import fit as fit_model
    from enose.memristor.measured import load_loop
    from enose_hwsim.memristors.models import MODELS

    loop = load_loop(measured)
    check_plot(plot)
    names = list(MODELS) if model == "all" else [model]
    found = []
    with progress() as moved:
        for k, name in enumerate(names):

            def tell(text: str, done: int, total: int, k: int = k) -> None:
                moved(text, done + k * total, total * len(names))

            found.append(fit_model(name, loop, starts, seed, tell))
    if plot is not None:
        from enose.memristor.pictures import fit_picture

        for written in write_pictures([fit_picture(loop, found)], plot, measured.stem):
            stderr.print(f"wrote {written}", style="dim", markup=False)
    if json:
        print_json(_as_dict(loop.name, seed, found))
    else:
        _print(loop.name, found)


def _as_dict(name: str, seed: int, found: list[Any]) -> dict[str, Any]:
    return {
        "measured": name,
        "simulated": True,
        "seed": seed,
        "models": [
            {
                "model": one.model,
                "title": one.title,
                "rms_error_percent": one.rms_error_percent,
                "rms_error_percent_of_span": one.span_error_percent,
                "fixed": one.fixed,
                "intervals_only_for": one.conditional_on,
                "starts_rms_error_percent": one.starts_percent,
                "parameters": [
                    {
                        "name": estimate.name,
                        "value": estimate.value,
                        "interval_95": [estimate.low, estimate.high],
                        "identifiable": estimate.identifiable,
                        "at_bound": estimate.at_bound,
                        "nuisance": estimate.nuisance,
                    }
                    for estimate in one.estimates
                ],
            }
            for one in found
        ],
    }


def _print(name: str, found: list[Any]) -> None:
    from rich.table import Table

    errors = Table("model", "RMS error, %", "% of peak to peak", "fixed", title=f"{name}: models, simulated", box=None)
    values = Table("model", "parameter", "value", "95 % from", "to", "", box=None)
    for one in found:
        fixed = ", ".join(f"{name} = {value:g}" for name, value in one.fixed.items())
        errors.add_row(one.title, f"{one.rms_error_percent:.3g}", f"{one.span_error_percent:.3g}", fixed)
        if one.conditional_on:
            values.add_row(one.model, "", "", "", "", f"{', '.join(one.conditional_on)} at a bound: {ONLY_FOR}")
        for estimate in one.estimates:
            remarks = [] if estimate.identifiable else ["not identifiable"]
            remarks += ["at its bound"] if estimate.at_bound else []
            numbers = (f"{value:.4g}" for value in (estimate.value, estimate.low, estimate.high))
            values.add_row(one.model, estimate.name, *numbers, ", ".join(remarks))
    stdout.print(errors)
    stdout.print()
    stdout.print(values)
