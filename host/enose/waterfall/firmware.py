"""Held-out specimens played to the firmware on a simulated board."""

import numpy as np
from numpy.typing import NDArray

from enose.calibration.calibration import Calibration
from enose.calibration.remap import remapped_image
from enose.demo.run import named_answer, present
from enose.image import build_image
from enose.link.device import Device
from enose.link.port import LockstepPort
from enose.recordings import Recordings, Specimen
from enose.training import Network
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip


class FirmwareBoard:
    """One simulated board under the real firmware, in lockstep."""

    def __init__(self, board: BoardFile, chip: AnyChip, number: int, seed: int) -> None:
        """Switch it on, with the nominal chip (0) or mismatched chip `number`."""
        self.name = f"sim:{board.name}" + (f"@{number}" if number else "")
        self._files = board, chip
        self._board = SimulatedBoard(board, chip, fidelity="fast", seed=seed, chip_number=number)
        self._device = Device(LockstepPort(self._board, self.name), nonce=seed + 1)

    def program(
        self,
        network: Network,
        recordings: Recordings,
        training: NDArray[np.int64],
        carried: NDArray[np.int64],
        known: Calibration | None,
    ) -> None:
        """Put a network's image in force; with a calibration, the one whose weights were made for its chip."""
        image = build_image(network, recordings, *self._files, training.tolist())
        self._device.program((image if known is None else remapped_image(image, carried, known)).pack())

    def answer(self, specimen: Specimen) -> str:
        """What the firmware says to a specimen: a class, ABSTAINED or NO_ANSWER."""
        present(self._board, specimen)
        return named_answer(self._device.measure())

    def close(self) -> None:
        """Switch it off."""
        self._device.close()
