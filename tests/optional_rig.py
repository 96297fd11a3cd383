"""What the tests of the optional parts share: boards that have them, and an eye that reads the display."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose.boards import find_board
from enose.link.device import Device
from enose.link.port import LockstepPort
from enose_device.display.font import CHARACTERS, GLYPHS, WIDTH
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.board.world import REFERENCE_AIR
from enose_hwsim.boardfile import BoardFile
from rig import SwitchOn, changed, image, present

CELL, HEIGHT = 6, 8


def warm(name: str) -> BoardFile:
    """A board of the project, its sensors warm after a second."""
    board = find_board(name)[0]
    return changed(board, sensors=changed(board.sensors, warmup_s=1.0))


FULL = warm("pico2-mlp")  # everything is on it
ALL_OF = {name: warm(name) for name in ("pico-mlp", "pico2-mlp", "esp32s3-mlp")}


@dataclass
class Nose:
    """A device with an image in force and a specimen before it."""

    board: SimulatedBoard
    device: Device

    def wait(self, s: float) -> None:
        """Let virtual time pass."""
        self.board.run(s * 1e3)

    @property
    def world(self) -> Any:
        return self.board.world

    @property
    def wiring(self) -> Any:
        return self.board.wiring

    def lines(self) -> list[str]:
        """What the display says, line by line; a large line fills two."""
        return read(self.wiring.display.picture)


def nose(
    power_on: SwitchOn,
    file: BoardFile = FULL,
    *,
    chip_c: float = 25.0,
    air: tuple[float, float] = REFERENCE_AIR,
    **options: Any,
) -> Nose:
    """A board switched on, programmed, with a specimen."""
    board = power_on(file, **options)
    board.wiring.ambient_c, board.world.air = chip_c, air
    device = Device(LockstepPort(board, f"sim:{file.name}"), nonce=7)
    device.program(image(board=file.name).pack())
    present(board)
    return Nose(board, device)


def read(picture: NDArray[np.bool_]) -> list[str]:
    """The text of a picture of 64 x 128 dots, eight lines; what is no letter is a '#'."""
    return [_read_line(picture[HEIGHT * k : HEIGHT * (k + 1)]) for k in range(picture.shape[0] // HEIGHT)]


def read_large(picture: NDArray[np.bool_]) -> str:
    """The text of twice the size in the first two lines."""
    return _read_line(picture[: 2 * HEIGHT : 2, ::2])


def _read_line(dots: NDArray[np.bool_]) -> str:
    glyphs = {GLYPHS[WIDTH * k : WIDTH * k + WIDTH]: character for k, character in enumerate(CHARACTERS)}
    columns = np.packbits(dots, axis=0, bitorder="little")[0]
    cells = [columns[at : at + WIDTH].tobytes() for at in range(0, len(columns) - WIDTH, CELL)]
    return "".join(glyphs.get(cell, "#") for cell in cells).rstrip()
