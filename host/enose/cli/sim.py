"""`enose sim`: a simulated board for any program, on a PTY."""

import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

from cyclopts import Parameter

from enose.boards import checked_board
from enose.cli.output import print_json, stderr, stdout
from enose.cli.parameters import Fidelity, Json, Odour, Seed

LOOK_S = 0.2


def sim(
    board: Annotated[str, Parameter(help="a board's name (`enose board list`), or the path of a .toml file")],
    *,
    fidelity: Fidelity = "fast",
    odour: Odour = "lemon",
    flash: Annotated[Path | None, Parameter(help="keep the board's flash in this file")] = None,
    files: Annotated[
        Path | None, Parameter(help="run what `enose device flash` has put into this folder, not the source")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> int:
    """Run a simulated board until stopped (Ctrl-C); prints the path of its serial port.

    The firmware is the one that is flashed, under a real MicroPython; time is the wall clock's. Any program that speaks
    to the device speaks to this port.

    Example: `enose sim pico-mlp --odour banana`, then `enose device info --device PORT` in another terminal
    """
    from enose_hwsim.board.simulated import SimulatedBoard

    found, chip, _ = checked_board(board)
    running = SimulatedBoard(found, chip, fidelity=fidelity, seed=seed, paced=True, flash_path=flash, files=files)
    stop = threading.Event()

    def stopped(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stopped)
    try:
        running.present_odour(odour, seed)
        if json:
            print_json(
                {"board": found.name, "port": running.port, "fidelity": fidelity, "simulated": True, "odour": odour}
            )
        else:
            stdout.print(running.port)
            stderr.print(f"simulated board {found.name}, chip {chip.name} ({fidelity}), odour {odour}; Ctrl-C stops it")
        sys.stdout.flush()
        while not stop.wait(LOOK_S):
            if running.failure is not None:
                raise running.failure
    finally:
        running.close()
    return 0
