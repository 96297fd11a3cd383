"""What went wrong, in words, and what to do next. The same errors that the command line knows."""

from dataclasses import dataclass

from enose.calibration.calibration import CalibrationError
from enose.deploy.prompt import DeployError
from enose.image import ImageFileError
from enose.link.conversation import DeviceError, LinkError
from enose.link.port import PortError
from enose.recorder import NotMeasured
from enose.recordings import RecordingsError
from enose.training import TrainingError
from enose_contract import messages
from enose_hwsim.board.process import MicroPythonMissing
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.spice.errors import SpiceError, SpiceMissing
from enose_hwsim.tomlfile import BoardError

RECONNECT = "Check cable and power, then connect again on the page Connect."


@dataclass(frozen=True)
class Trouble:
    """One line of what happened, and one of what helps; `defect` where it is a mistake of ours."""

    what: str
    next: str
    defect: bool = False


REFUSALS = {
    messages.E_SAFE: "Read the fault on the page Connect, mend it, then press Clear there.",
    messages.E_NO_IMAGE: "Program a weight image on the page Chip.",
    messages.E_CALIBRATION: "Calibrate this chip on the page Chip, and apply the calibration to the image.",
    messages.E_SENSOR_SET: "Train with recordings of the sensors that are mounted.",
    messages.E_MEASURING: "Wait for the measurement to end, or stop it.",
    messages.E_UNSEALED: "This device has a key: program it with the command line, `enose device program --key`.",
}
NEXT: tuple[tuple[type[Exception], str], ...] = (
    (LinkError, RECONNECT),
    (PortError, RECONNECT),
    (FirmwareEnded, "The simulated board has stopped: open it again on the page Connect."),
    (NotMeasured, "Mend what the reason names, then record on: what was recorded before is in the file."),
    (MicroPythonMissing, "Install it, then open the simulated board again."),
    (SpiceMissing, "Install ngspice, or choose the fidelity `ideal`."),
    (SpiceError, "Choose the fidelity `fast` or `ideal`."),
    (DeployError, "The firmware from before runs. Plug the board in again and repeat the update."),
    (TrainingError, "Record more specimens, or choose other classes, sensors or another board."),
    (CalibrationError, "See that board and temperature are right, then measure again."),
    (RecordingsError, "Choose another file, or mend this one as the line says."),
    (ImageFileError, "Choose another file or place."),
    (BoardError, "Choose another board."),
    (OSError, "Choose another place, or free some room."),
    (ValueError, "Change what the line names, then try again."),
)


def trouble_of(error: BaseException) -> Trouble:
    """The words for an error; an unexpected one is a defect, and says so."""
    text = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, DeviceError):
        return Trouble(f"The device refuses: {text}", REFUSALS.get(error.code, "Do as the line says, then try again."))
    for kind, words in NEXT:
        if isinstance(error, kind):
            return Trouble(text, words)
    return Trouble(
        f"{type(error).__name__}: {text}", "This is a defect of the program. Please report it with its log.", True
    )
