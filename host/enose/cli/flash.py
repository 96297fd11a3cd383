"""`enose device flash`: the firmware of this project onto a device."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from enose.cli.device import BadOption
from enose.cli.output import print_fields, print_json, progress, stderr
from enose.cli.parameters import DeviceAddress, Json

SIM = "sim:"


def flash(
    *,
    device: DeviceAddress = "auto",
    board: Annotated[
        str | None, Parameter(help="the board's name or file; without it the device keeps its own")
    ] = None,
    first: Annotated[bool, Parameter(help="install the boot stub too, on a MicroPython without", negative="")] = False,
    format: Annotated[bool, Parameter(help="with --first: erase all files on the device before", negative="")] = False,
    uf2: Annotated[
        Path | None, Parameter(help="with --first: write this MicroPython to the boot loader before")
    ] = None,
    volume: Annotated[Path | None, Parameter(help="where the boot loader's drive is mounted, for --uf2")] = None,
    key: Annotated[Path | None, Parameter(help="seal the update with this key, for a device that has it")] = None,
    files: Annotated[Path | None, Parameter(help="a simulated board's file system: a folder that stays")] = None,
    json: Json = False,
) -> None:
    """Compile the firmware and deploy it; the device goes back to the one before if the new one fails its trial.

    The device keeps its configuration, its images and its log. It runs the new firmware from a second folder, on trial:
    unless that one tests itself good within a minute, the one before runs again. Cancelled or unplugged at any time,
    the one before runs; called again, only what is missing is sent.

    Examples: `enose device flash --device /dev/ttyACM0`,
    `enose device flash --first --board pico-mlp --uf2 RPI_PICO.uf2 --device auto`,
    `enose device flash --device sim:pico-mlp --files pico`
    """
    from enose.boards import checked_board
    from enose.deploy.flash import flash_first, flash_update
    from enose.deploy.target import SimulatedTarget, Target, appeared, serial_target
    from enose.link.key import read_key

    simulated = device.startswith(SIM)
    if files is not None and not simulated:
        raise BadOption(f"--files {files}: only a simulated board's file system is a folder; --device is {device}")
    if simulated and uf2 is not None:
        raise BadOption(f"--uf2 {uf2}: a simulated board has its MicroPython already")
    if simulated and board is None:
        board = device.removeprefix(SIM)
    first = first or (simulated and (files is None or not (files / "main.py").exists()))
    if first and board is None:
        raise BadOption("--first: name the board with --board NAME (`enose board list` has them)")
    if not first and (format or uf2 is not None):
        raise BadOption(f"{'--format' if format else '--uf2'} goes with --first")
    if volume is not None and uf2 is None:
        raise BadOption(f"--volume {volume}: goes with --uf2 FILE")
    found = checked_board(board) if board is not None else None
    secret = read_key(key) if key is not None else None
    with ExitStack() as stack:
        target: Target
        if simulated:
            folder = files or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="enose-files-")))
            target = SimulatedTarget(device, folder, folder / "flash.bin")
        elif uf2 is not None and found is not None:
            _write_micropython(uf2, volume, found[0].mcu)
            target = appeared(device)
        else:
            target = serial_target(device)
        stack.callback(target.close)
        with progress() as show:
            if first and found is not None:
                done = flash_first(target, *found[:2], secret, show, format_files=format)
            else:
                done = flash_update(
                    target,
                    lambda name: (found or checked_board(name))[:2],
                    board is not None and not simulated,
                    secret,
                    show,
                )
    result = {"device": device, "first": first, **done.fields()}
    if json:
        print_json(result)
    else:
        print_fields(f"flashed {device}" if done.written else f"{device} runs this firmware already", result)


def _write_micropython(uf2: Path, volume: Path | None, mcu_name: str) -> None:
    from enose.deploy.uf2 import checked_uf2, find_drive, write_uf2
    from enose_hwsim.mcu import MICROCONTROLLERS

    mcu = MICROCONTROLLERS[mcu_name]
    raw = checked_uf2(uf2, mcu)
    drive = find_drive(mcu, volume)
    stderr.print(f"writing {uf2} to {drive}")
    write_uf2(raw, drive)
