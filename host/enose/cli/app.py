"""`enose app`: the desktop app."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from enose.cli.device import BadOption
from enose.cli.parameters import Seed


def app(
    project: Annotated[Path | None, Parameter(help="open this project file; it is made where there is none")] = None,
    *,
    board: Annotated[str | None, Parameter(help="switch this simulated board on, for example pico-mlp")] = None,
    check: Annotated[
        Path | None, Parameter(help="try the app by itself, write what came out into this file as JSON, and close")
    ] = None,
    seed: Seed = 1,
) -> int:
    """Open the desktop app: connect, record, look at data, train, program and calibrate, and classify live.

    Examples: `enose app`, `enose app fruit.enose --board pico-mlp`
    """
    if find_spec("PySide6") is None or find_spec("pyqtgraph") is None:
        raise BadOption("the desktop app needs Qt: pip install 'enose[app]'")
    from enose.app.run import run
    from enose.boards import board_names
    from enose.image import check_writable

    check_writable(check)
    if board is not None and board.removeprefix("sim:") not in board_names():
        raise BadOption(f"--board '{board}': expected one of {', '.join(board_names())}")
    return run(project, board.removeprefix("sim:") if board is not None else None, seed, check)
