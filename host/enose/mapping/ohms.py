"""Weights as signed memristances. 1 is R_f over the smallest memristance, 0 an open switch."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_contract.image import UNIT_OHM
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.mapping import ohms_from_weights, reachable, weights_from_ohms
from enose_hwsim.chips.memristor.monitor import check_stages

Floats = NDArray[np.float64]


class OhmMapping:
    """The mapping of a memristor network. No device gives a weight between 0 and min_ohm over max_ohm."""

    unit = UNIT_OHM

    def __init__(self, chip: MemristorFile) -> None:
        """Take the chip's devices."""
        self._chip = chip
        self._largest = reachable(chip)[1]  # what a weight of 1 is in the network's own equations

    def held(self, weights: ArrayLike) -> Floats:
        """Signed ohms, same shape, 0 for open. Raises ValueError for a weight that no memristance makes."""
        return ohms_from_weights(np.asarray(weights, dtype=np.float64) * self._largest, self._chip)

    def weights(self, held: ArrayLike) -> Floats:
        """The inverse of `held`. Raises ValueError for a memristance outside the devices' range."""
        return weights_from_ohms(held, self._chip) / self._largest

    def carried(self, weights: ArrayLike) -> NDArray[np.int64]:
        """Whole ohms. Raises ThresholdReached, a ValueError, where some input would move a memristor in inference."""
        ohms = np.rint(self.held(weights)).astype(np.int64)
        check_stages(ohms, self._chip)
        return ohms

    def exact(self, carried: ArrayLike) -> Floats:
        """Signed ohms."""
        return np.asarray(carried, dtype=np.float64)

    def written(self, carried: ArrayLike) -> Floats:
        """The same ohms: how near a device gets to them is the chip's spread, not the mapping's."""
        return self.exact(carried)
