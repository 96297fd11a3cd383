"""The commands put together, and how their errors end."""

import errno
import os
import sys
from importlib.metadata import version

from cyclopts import App
from cyclopts.exceptions import CycloptsError

from enose.cli import app as desktop
from enose.cli import board as board_commands
from enose.cli import calibration as calibration_commands
from enose.cli import chip as chip_commands
from enose.cli import data as data_commands
from enose.cli import demo, flash, record, reproduce, sim, train
from enose.cli import device as device_commands
from enose.cli import device_told as told_commands
from enose.cli import image as image_commands
from enose.cli import memristor as memristor_commands
from enose.cli import recalibration as recalibration_commands
from enose.cli import report as report_command
from enose.cli import waterfall as waterfall_command
from enose.cli.output import stderr

# Before NumPy loads: its many small products gain nothing from threads, and lose much where the cores are busy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BAD_INPUT = 2
FAILED = 1
DISK_TROUBLE = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
DATA_VERBS = ("import", "list", "show", "export", "audit", "split", "fetch")
CHIP_VERBS = ("show", "characterise", "certify", "yield")
DEVICE_VERBS = ("info", "air", "selftest", "program", "classify", "schedule", "safe", "log", "fit", "key", "learn")


def make_app() -> App:
    """The command line; what a command needs beyond its own module is imported when it is used."""
    app = App(
        name="enose",
        suppress_keyboard_interrupt=False,  # run() words it, with an exit code of ours
        help="An electronic nose whose classifier is an analog neural network: firmware, host and simulated hardware.",
        version=lambda: version("enose"),
        help_format="plaintext",  # of the whole list; Markdown takes a tenth of a second to load
        help_epilogue="Begin with `enose demo`. Exit codes: 0 done, 1 the work failed, 2 bad usage or bad input.",
    )
    app.command(demo.demo, name="demo")
    app.command(sim.sim, name="sim")
    app.command(desktop.app, name="app")
    board = App(name="board", help="Board files: microcontroller, parts and pins around one chip.")
    board.command(board_commands.list_boards, name="list")
    board.command(board_commands.check, name="check")
    board.command(board_commands.wiring, name="wiring")
    board.command(board_commands.power, name="power")
    app.command(board)
    device = App(name="device", help="One device: on USB, on a port, or simulated (sim:BOARD).")
    for verb in DEVICE_VERBS:
        device.command(getattr(device_commands, verb, None) or getattr(told_commands, verb), name=verb)
    device.command(flash.flash, name="flash")
    app.command(device)
    image = App(name="image", help="Weight images as files.")
    image.command(image_commands.show, name="show")
    image.command(image_commands.steady, name="steady")
    app.command(image)
    chip = App(name="chip", help="Analog networks: their transistors, the certificate of their fast twins, the yield.")
    for verb in CHIP_VERBS:
        chip.command(getattr(chip_commands, f"{verb}_chip"), name=verb)
    app.command(chip)
    calibration = App(name="calibration", help="One particular chip, measured and mapped for; sensors that moved.")
    for verb in ("measure", "show", "apply", "droop"):
        calibration.command(getattr(calibration_commands, verb), name=verb)
    for verb in ("drift", "references", "transfer"):
        calibration.command(getattr(recalibration_commands, verb), name=verb)
    app.command(calibration)
    memristor = App(name="memristor", help="Memristors: models of measured devices.")
    memristor.command(memristor_commands.fit, name="fit")
    app.command(memristor)
    reproduced = App(name="reproduce", help="The papers' figures, by simulation.")
    reproduced.command(reproduce.mlp, name="mlp")
    reproduced.command(reproduce.memristor, name="memristor")
    app.command(reproduced)
    data = App(name="data", help="Project files: what is in them, comes in and goes out, and whether to trust it.")
    for verb in DATA_VERBS:
        data.command(getattr(data_commands, f"{verb}_data"), name=verb)
    app.command(data)
    app.command(record.plan, name="plan")
    app.command(record.record, name="record")
    app.command(train.train, name="train")
    app.command(waterfall_command.waterfall, name="waterfall")
    app.command(report_command.report, name="report")
    for name in app:
        if not name.startswith("-"):
            app[name].help_format = "markdown"
    return app


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit code."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run one command; its exit code."""
    try:
        result = make_app()(arguments, exit_on_error=False, print_error=False, result_action="return_value")
    except CycloptsError as error:
        return _complain(str(error), BAD_INPUT)
    except KeyboardInterrupt:
        return _complain("stopped", FAILED)
    except Exception as error:
        code = _exit_code(error)
        if code is None:
            raise
        return _complain(_told(error), code)
    return result if isinstance(result, int) else 0


def _told(error: Exception) -> str:
    """What an error says; of one of the disk's, the file and the system's own words."""
    if not _of_the_disk(error) or not isinstance(error, OSError):
        return str(error)
    if error.filename is None:  # standard output: what is left of it cannot go there at the interpreter's end either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return f"standard output: {error.strerror}"
    return f"{error.filename}: {error.strerror}"


def _of_the_disk(error: Exception) -> bool:
    """Whether a disk was full or broken while the work was done: no defect, and no bad input either."""
    return type(error) is OSError and error.errno in DISK_TROUBLE


def _complain(text: str, code: int) -> int:
    stderr.print(f"[bold red]error:[/] {_escaped(text)}")
    return code


def _escaped(text: str) -> str:
    from rich.markup import escape

    return escape(" ".join(text.split()))


def _exit_code(error: Exception) -> int | None:
    """2 for input that the user can mend, 1 for work that failed, None for a defect of ours."""
    from enose.app import CheckFailed
    from enose.bundle import Unmatched
    from enose.calibration.calibration import CalibrationError
    from enose.chips.pictures import PlotError
    from enose.deploy.prompt import DeployError
    from enose.deploy.target import UnfitTarget
    from enose.deploy.uf2 import UnfitUf2
    from enose.image import ImageFileError
    from enose.importing.fetch import FetchError
    from enose.link.conversation import DeviceError, LinkError
    from enose.link.key import KeyFileError
    from enose.link.port import PortError
    from enose.power import PowerError
    from enose.recorder import NotMeasured
    from enose.recordings import RecordingsError
    from enose.training import TrainingError
    from enose.waterfall.chips import WaterfallError
    from enose_hwsim.board.parts.flash import FlashFileError
    from enose_hwsim.board.process import MicroPythonMissing
    from enose_hwsim.board.serving import FirmwareEnded
    from enose_hwsim.compiled import CompileError
    from enose_hwsim.spice.errors import SpiceError, SpiceMissing
    from enose_hwsim.tomlfile import BoardError

    bad_boards = (BoardError, PowerError)
    bad_files = (RecordingsError, ImageFileError, FlashFileError, PlotError, KeyFileError, CalibrationError)
    bad_bundles = (Unmatched, WaterfallError)
    bad_uploads = (UnfitUf2, UnfitTarget, CompileError)
    if isinstance(
        error,
        (
            *bad_boards,
            *bad_files,
            *bad_bundles,
            *bad_uploads,
            device_commands.BadOption,
            TrainingError,
            LinkError,
            PortError,
        ),
    ):
        return BAD_INPUT
    failures = (DeployError, DeviceError, FirmwareEnded, MicroPythonMissing, SpiceError, SpiceMissing)
    if isinstance(error, (*failures, FetchError, NotMeasured, CheckFailed)) or _of_the_disk(error):
        return FAILED
    return None
