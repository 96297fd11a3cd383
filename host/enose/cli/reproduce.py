"""`enose reproduce`: the papers' figures, by simulation."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from enose.cli.chip import find_chip
from enose.cli.output import print_json, progress, stderr, stdout
from enose.cli.parameters import Json, Seed

if TYPE_CHECKING:
    from enose.reproduce.rows import Row


def mlp(
    *,
    seeds: Annotated[int, Parameter(help="chips with odour sets of their own, at least 1")] = 100,
    seed: Seed = 1,
    plot: Annotated[Path | None, Parameter(help="draw the first seed's training, as .png or .svg")] = None,
    json: Json = False,
) -> int:
    """Learn three fruit odours on the chip's own circuits, then test the same chip: paper 003, section 3.

    Every figure is of simulations. The exit code is 1 if a limit is not kept.

    Example: `enose reproduce mlp --seeds 20 --plot mlp.png`
    """
    from enose.reproduce.mlp import reproduce
    from enose.reproduce.mlp_rows import rows
    from enose_hwsim.tomlfile import BoardError

    if seeds < 1:
        raise BoardError(f"--seeds {seeds}: expected at least 1")
    if plot is not None and plot.suffix not in (".png", ".svg"):
        raise BoardError(f"--plot {plot}: expected a .png or .svg file")
    chip = find_chip("mlp441")
    with progress() as moved:
        result = reproduce(chip, seeds, seed, on_progress=moved)
    found = rows(chip, result)
    if plot is not None:
        from enose.reproduce.figure import draw

        draw(chip, result.checked.history, plot)
    return _answered("mlp", found, json)


def memristor(
    *,
    measured: Annotated[Path | None, Parameter(help="fit the models to this loop, as `enose memristor fit`")] = None,
    seed: Seed = 1,
    json: Json = False,
) -> int:
    """Infer with the memristor network of paper 002, by equations and in ngspice, and move single memristors.

    Every figure but a measured loop's is of simulations. The exit code is 1 if a limit is not kept.

    Examples: `enose reproduce memristor`, `enose reproduce memristor --measured loop.csv --json`
    """
    from enose.memristor.measured import load_loop
    from enose.reproduce.memristor import reproduce

    if measured is None:
        stderr.print(
            "without a measured loop the models' RMS errors are left out: give one with --measured FILE, a CSV file as "
            "`enose memristor fit` reads it",
            markup=False,
        )
    loop = None if measured is None else load_loop(measured)
    with progress() as moved:
        found = reproduce(loop, seed, moved)
    return _answered("memristor", found, json)


def _answered(name: str, rows: list["Row"], json: bool) -> int:
    """Print a reproduction's rows; its exit code."""
    from enose.reproduce.rows import as_dict

    answer = as_dict(name, rows)
    if json:
        print_json(answer)
    else:
        from rich.table import Table

        table = Table("simulated", "unit", "paper", "here", "limit", "", box=None)
        for row in rows:
            paper = "" if row.paper is None else str(row.paper)
            table.add_row(row.item, row.unit, paper, str(row.here), row.limit or "", "" if row.ok else "missed")
        stdout.print(table)
    return 0 if answer["ok"] else 1
