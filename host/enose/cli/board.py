"""`enose board`: the board files."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from enose.cli.output import print_json, stdout
from enose.cli.parameters import Json

MOST = 1e6  # seconds, or mAh
Name = Annotated[str, Parameter(help="a board's name, or the path of a .toml file")]


def list_boards(*, json: Json = False) -> None:
    """List the boards that come with the project, each also as `sim:NAME`.

    Examples: `enose board list`, `enose board list --json`
    """
    from enose.boards import board_names, boards_folder, find_board

    rows = []
    for name in board_names():
        board, chip, path = find_board(name)
        rows.append(
            {
                "name": board.name,
                "title": board.title,
                "mcu": board.mcu,
                "chip": chip.name,
                "file": path.name,
                "simulated": f"sim:{name}",
            }
        )
    if json:
        print_json({"boards": rows})
        return
    from rich.table import Table

    table = Table("board", "microcontroller", "chip", "simulated twin", "what it is", box=None)
    for row in rows:
        table.add_row(row["name"], row["mcu"], row["chip"], row["simulated"], row["title"])
    stdout.print(table)
    stdout.print(f"files: {boards_folder()}")


def check(
    board: Name,
    *,
    json: Json = False,
) -> int:
    """Check a board file: keys, types, ranges, its pins against the microcontroller's, its parts against their limits.

    Examples: `enose board check pico-mlp`, `enose board check my-board.toml --json`
    """
    from enose.boards import find_board
    from enose_hwsim.board_check import board_problems

    found, chip, path = find_board(board)
    problems = board_problems(found, chip, path)
    if json:
        print_json(
            {"board": found.name, "chip": chip.name, "file": str(path), "problems": problems, "ok": not problems}
        )
    else:
        for problem in problems:
            stdout.print(problem)
        stdout.print(
            f"{found.name}: {len(problems)} problems" if problems else f"{found.name}: good, with chip {chip.name}"
        )
    return 2 if problems else 0


def wiring(
    board: Name,
    *,
    svg: Annotated[Path | None, Parameter(help="draw the wiring into this .svg file")] = None,
    json: Json = False,
) -> None:
    """Say which pin of the microcontroller goes to which pin of which part, and what joins the parts.

    And what is tied for good: address and gain pins, what rests low. Bare supplies and grounds are left out. A board
    that fails its check is refused.

    Examples: `enose board wiring pico-mlp`, `enose board wiring pico2-mlp --svg pico2-mlp.svg`
    """
    from enose.boards import checked_board
    from enose.image import check_writable, write_whole
    from enose.wiring.drawing import drawing
    from enose.wiring.svg import svg_of
    from enose.wiring.table import strap_rows, strap_table, wiring_rows, wiring_table
    from enose_hwsim.mcu import MICROCONTROLLERS

    found, chip, _ = checked_board(board)
    check_writable(svg, (".svg",))
    rows, tied = wiring_rows(found), strap_rows(found)
    if svg is not None:
        write_whole(svg, svg_of(drawing(found)).encode())
    if json:
        print_json({"board": found.name, "mcu": found.mcu, "chip": chip.name, "rows": rows, "straps": tied})
        return
    stdout.print(f"{found.name}: {MICROCONTROLLERS[found.mcu].module}, chip {chip.name}", style="bold")
    stdout.print(wiring_table(rows))
    stdout.print(strap_table(tied))


def power(
    board: Name,
    *,
    interval: Annotated[float, Parameter(help="seconds between measurements of its own; 0: one after the other")] = 900,
    battery: Annotated[float | None, Parameter(help="the battery's capacity in mAh")] = None,
    plot: Annotated[Path | None, Parameter(help="draw the parts' shares into this .png or .svg file")] = None,
    json: Json = False,
) -> None:
    """Estimate what a board takes: by part, each measurement, a day, and how long a battery lasts.

    The figures are the board file's, of data sheets; nothing of it was measured. USB is taken to be unplugged.

    Examples: `enose board power pico-mlp`, `enose board power pico-mlp --interval 3600 --battery 5000 --json`
    """
    from enose.boards import find_board
    from enose.chips.pictures import check_plot, write_pictures
    from enose.power import PowerError, estimate, figures, planned_seconds
    from enose.power_picture import picture

    found, _, _ = find_board(board)
    for option, value in (("--interval", interval), ("--battery", battery)):
        if value is not None and not 0 <= value <= MOST:
            raise PowerError(f"{option} {value:g}: expected 0 to {MOST:g}")
    check_plot(plot)
    seconds = planned_seconds(found, interval)
    made = estimate(figures(found), seconds, 1.0)
    fields = {"board": found.name, "interval_s": interval, "seconds": seconds, **made.fields(battery)}
    if plot is not None:
        write_pictures([picture(found.name, interval, made)], plot, f"{found.name}-power")
    if json:
        print_json(fields)
        return
    from rich.table import Table

    table = Table("part", "mean mW", "share", "figure of", box=None)
    total_mw = sum(fields["parts_mw"].values())
    sources = {load.part: load.source for load in figures(found).loads}
    for part, mw in fields["parts_mw"].items():
        table.add_row(part, f"{mw:.3f}", f"{mw / total_mw:.2%}", sources[part])
    stdout.print(f"{found.name}, a measurement every {interval:g} s: estimated, nothing was measured", style="bold")
    stdout.print(table)
    stdout.print(f"from the battery {fields['mean_mw']:.1f} mW, {fields['energy_per_day_j']:.0f} J a day")
    stdout.print(
        f"each measurement {fields['energy_per_measurement_j']:.1f} J; heaters {fields['share_of_heaters']:.1%}"
    )
    if battery is not None:
        stdout.print(f"{battery:g} mAh last {fields['battery_h']:.1f} h")
