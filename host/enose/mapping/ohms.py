"""Weights as signed memristances. 1 is R_f over the smallest memristance, 0 an open switch."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_contract.image import UNIT_OHM
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.mapping import ohms_from_weights, reachable, rescaled, weights_from_ohms
from enose_hwsim.chips.memristor.monitor import check_stages
from enose_hwsim.chips.memristor.network import ROUNDING

Floats = NDArray[np.float64]


class OhmMapping:
    """The mapping of a memristor network. No device gives a weight between 0 and min_ohm over max_ohm."""

    unit = UNIT_OHM

    def __init__(self, chip: MemristorFile) -> None:
        """Take the chip's devices."""
        self._chip = chip
        self._largest = reachable(chip)[1]  # what a weight of 1 is in the network's own equations
        self._least = chip.devices.min_ohm / chip.devices.max_ohm

    def held(self, weights: ArrayLike) -> Floats:
        """Signed ohms, same shape, 0 for open.

        Raises ValueError for a weight that no memristance makes, with the factor that brings the output layer into
        range, if one does: from training all are within it, from elsewhere they may not be. Nothing is clipped.
        """
        array = np.asarray(weights, dtype=np.float64)
        if array.ndim not in (1, 2) or array.shape[-1] != len(self._largest):
            raise ValueError(f"weights of shape {array.shape}, expected {len(self._largest)} in the last axis")
        size = np.abs(array)
        outside = ~(((size >= self._least * (1 - ROUNDING)) & (size <= 1 + ROUNDING)) | (array == 0))  # NaN, too
        if outside.any():
            at = tuple(int(k) for k in np.argwhere(outside)[0])
            raise ValueError(
                f"weight {list(at)}: {array[at]:g}, expected 0 or a size of {self._least:g}..1{self._mended(array)}"
            )
        return ohms_from_weights(array * self._largest, self._chip)

    def _mended(self, weights: Floats) -> str:
        """What rescaled() would do for one set of weights, in words, where it would do."""
        try:
            found = rescaled(weights * self._largest, self._chip)
            ohms_from_weights(found.weights, self._chip)
        except ValueError:
            return ""
        return f"; the output layer times {found.factor:.4g} would fit, and decide alike but for the margin"

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
