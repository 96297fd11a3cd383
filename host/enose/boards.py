"""The board and chip files that come with the project, by name."""

from pathlib import Path

from enose_hwsim.board_check import board_problems
from enose_hwsim.boardfile import BoardFile, load_board
from enose_hwsim.chipfile import AnyChip, load_chip
from enose_hwsim.tomlfile import BoardError


def boards_folder() -> Path:
    """Where the files lie: beside this module in an installed package, at the root of a checkout otherwise."""
    here = Path(__file__).resolve()
    installed = here.parent / "boards"
    return installed if installed.is_dir() else here.parents[2] / "boards"


def board_names() -> list[str]:
    """Every board that comes with the project."""
    return sorted(path.stem for path in boards_folder().glob("*.toml"))


def find_board(name_or_path: str) -> tuple[BoardFile, AnyChip, Path]:
    """A board by its name or its file, with its chip. Raises BoardError."""
    path = Path(name_or_path)
    if path.suffix != ".toml":
        path = boards_folder() / f"{name_or_path}.toml"
        if not path.is_file():
            raise BoardError(
                f"'{name_or_path}' is no board; known: {', '.join(board_names())}, or the path of a .toml file"
            )
    board = load_board(path)
    return board, find_chip(board.chip, path), path


def checked_board(name_or_path: str) -> tuple[BoardFile, AnyChip, Path]:
    """A board that can be built, as `find_board` finds it. Raises BoardError, which names the first problem too."""
    board, chip, path = find_board(name_or_path)
    problems = board_problems(board, chip, path)
    if problems:
        others = f" (and {len(problems) - 1} more: `enose board check {name_or_path}`)" if len(problems) > 1 else ""
        raise BoardError(problems[0] + others)
    return board, chip, path


def find_chip(name: str, asked_by: Path) -> AnyChip:
    """A chip by its name: beside the board's file, or of those that come with the project. Raises BoardError."""
    for folder in (asked_by.parent / "chips", boards_folder() / "chips"):
        path = folder / f"{name}.toml"
        if path.is_file():
            return load_chip(path)
    known = sorted(path.stem for path in (boards_folder() / "chips").glob("*.toml"))
    raise BoardError(f"{asked_by}: chip: '{name}' is no chip; known: {', '.join(known)}")
