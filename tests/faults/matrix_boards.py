"""The boards that the fault matrix runs on, and what differs between them by nature."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import memristor_rig
import rig
from enose_contract.image import Image
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import BoardFile, MemristorBoard
from enose_hwsim.chipfile import ChipFile

TIMES_MS = {"baseline_ms": 1200, "exposure_ms": 1200, "recovery_ms": 1000}
NEW_MODEL = b"model002"


@dataclass(frozen=True)
class MatrixBoard:
    """A board with its chip; image(**changes) is one that it takes."""

    file: BoardFile
    chip: ChipFile
    image: Callable[..., Image]
    first: Image  # in force as a test begins
    second: Image
    leaks: bool  # whether its weights have to be refreshed
    late_s: float = 0.0  # how much later than on the first board things are under way

    @property
    def warm_ms(self) -> float:
        """How long to wait until the sensors are warm, and a little more."""
        return 1e3 * self.file.sensors.warmup_s + 500

    @property
    def pins(self) -> dict[str, int]:
        """Those that are low in the safe state."""
        file = self.file
        gate = {"gate": file.pulses.gate_pin} if isinstance(file, MemristorBoard) else {}
        return {"switch": file.switch.pin, "heater": file.gas.heater_pin, "valve": file.gas.valve_pin, **gate}

    @property
    def rest_v(self) -> dict[int, float]:
        """DAC channels that have a level of rest, and that level."""
        file = self.file
        found = dict.fromkeys(file.dac.input_channels, self.chip.input.no_field_v)
        if isinstance(file, MemristorBoard):
            found |= dict.fromkeys((file.dac.pulse_channel, file.dac.read_channel), memristor_rig.COMMON_V)
        return found


# Its memristors are programmed before anything can be measured: that takes two thirds of a second.
MEMRISTOR_FILE = rig.changed(memristor_rig.FULL, sensors=rig.changed(memristor_rig.FULL.sensors, warmup_s=2.0))
PICO_MLP = MatrixBoard(
    rig.QUICK, rig.CHIP, rig.image, rig.image(**TIMES_MS), rig.image(**TIMES_MS, model=NEW_MODEL), leaks=True
)
PICO_MEMRISTOR = MatrixBoard(
    MEMRISTOR_FILE,
    memristor_rig.CHIP,
    memristor_rig.memristor_image,
    memristor_rig.memristor_image(**TIMES_MS),
    memristor_rig.memristor_image(**TIMES_MS, model=NEW_MODEL, weights=memristor_rig.weights(4)),
    leaks=False,
    late_s=1.0,
)
BOARDS = {found.file.name: found for found in (PICO_MLP, PICO_MEMRISTOR)}
USUAL = PICO_MLP.file.name


def matrix_board(of: Any) -> MatrixBoard:
    """The one that a simulated board, or the board behind a host's device, is."""
    board: SimulatedBoard = of if isinstance(of, SimulatedBoard) else of.port.board
    return BOARDS[board.board_file.name]


def weight_writes(board: SimulatedBoard) -> int:
    """How often a weight was written: to a capacitor, or by a pulse."""
    part = board.wiring.chip
    return int(part.weight_writes if matrix_board(board).leaks else part.pulses)
