"""`enose board`: the board files."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from enose.boards import board_names, boards_folder, find_board
from enose.cli.output import print_json, stdout
from enose.cli.parameters import Json


def list_boards(*, json: Json = False) -> None:
    """List the boards that come with the project, each also as `sim:NAME`.

    Examples: `enose board list`, `enose board list --json`
    """
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
    board: Annotated[str, Parameter(help="a board's name, or the path of a .toml file")],
    *,
    json: Json = False,
) -> int:
    """Check a board file: keys, types, ranges, and its pins against what the microcontroller can do.

    Examples: `enose board check pico-mlp`, `enose board check my-board.toml --json`
    """
    from enose_hwsim.mcu import pin_problems

    found, chip, path = find_board(board)
    problems = pin_problems(found, chip, Path(path))
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
