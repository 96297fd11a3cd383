"""`enose sim`: a simulated board for any program, on a PTY."""

import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

from cyclopts import Parameter

from enose.cli.device import BadOption
from enose.cli.output import print_json, stderr, stdout
from enose.cli.parameters import Fidelity, Json, Odour, Seed

LOOK_S = 0.2


def sim(
    board: Annotated[
        str | None, Parameter(help="a board's name (`enose board list`), or the path of a .toml file")
    ] = None,
    *,
    fidelity: Fidelity = "fast",
    odour: Odour = "lemon",
    flash: Annotated[Path | None, Parameter(help="keep the board's flash in this file")] = None,
    files: Annotated[
        Path | None, Parameter(help="run what `enose device flash` has put into this folder, not the source")
    ] = None,
    seed: Seed = 0,
    fault: Annotated[
        tuple[str, ...],
        Parameter(help="NAME or NAME@SECONDS: let this fault befall it; may be given again", negative=""),
    ] = (),
    list_faults: Annotated[bool, Parameter(help="list the faults and what the device does", negative="")] = False,
    json: Json = False,
) -> int:
    """Run a simulated board until stopped (Ctrl-C); prints the path of its serial port.

    The firmware is the one that is flashed, under a real MicroPython; time is the wall clock's. Any program that speaks
    to the device speaks to this port.

    Examples: `enose sim pico-mlp --odour banana`, then `enose device info --device PORT` in another terminal;
    `enose sim pico-mlp --fault frame-lost --fault supply-missing@20`, `enose sim --list-faults`
    """
    if list_faults:
        return _list_faults(json)
    if board is None:
        raise BadOption("a board is missing; `enose board list` lists them")
    from enose.boards import checked_board
    from enose_hwsim.board.faults.injection import from_the_start
    from enose_hwsim.board.simulated import SimulatedBoard

    found, chip, _ = checked_board(board)
    try:
        from_the_start(fault, 0.0, found)
    except ValueError as error:
        raise BadOption(f"--fault: {error}") from error
    running = SimulatedBoard(
        found, chip, fidelity=fidelity, seed=seed, paced=True, flash_path=flash, files=files, faults=fault
    )
    stop = threading.Event()

    def stopped(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stopped)
    try:
        running.present_odour(odour, seed)
        if json:
            facts = {"board": found.name, "port": running.port, "fidelity": fidelity, "simulated": True}
            print_json({**facts, "odour": odour, "faults": list(fault)})
        else:
            stdout.print(running.port)
            stderr.print(f"simulated board {found.name}, chip {chip.name} ({fidelity}), odour {odour}; Ctrl-C stops it")
            if fault:
                stderr.print(f"faults: {', '.join(fault)}")
        sys.stdout.flush()
        while not stop.wait(LOOK_S):
            if running.failure is not None:
                raise running.failure
    finally:
        running.close()
    return 0


def _list_faults(json: bool) -> int:
    """The table of faults."""
    from rich.table import Table

    from enose_hwsim.board.faults.table import FAULTS

    if json:
        print_json({"faults": [fault.row for fault in FAULTS]})
        return 0
    table = Table("no.", "fault", "side", "what is injected", "what the device does", box=None)
    for fault in FAULTS:
        name = fault.name if fault.row["injectable"] else f"({fault.name})"
        table.add_row(str(fault.number), name, fault.side, fault.what, fault.does)
    stdout.print(table)
    stdout.print("in brackets: nothing of a board's, tested at the host")
    return 0
