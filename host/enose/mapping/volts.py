"""Weights as voltages on a chip's capacitors. 1 is the lowest voltage, 0 is weight_zero_v."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose.mapping.codes import held_v, uv_from_volts
from enose_contract.image import UNIT_UV
from enose_hwsim.chipfile import MlpFile

Floats = NDArray[np.float64]

ROUNDING = 1e-9


class VoltMapping:
    """The mapping of a multilayer perceptron with capacitor weights."""

    unit = UNIT_UV

    def __init__(self, chip: MlpFile) -> None:
        """Take the chip's weight range."""
        self._synapse = chip.synapse
        self._half_range_v = (chip.synapse.weight_max_v - chip.synapse.weight_min_v) / 2

    def held(self, weights: ArrayLike) -> Floats:
        """The weight voltages, same shape. Raises ValueError for a weight that is not within -1..1."""
        array = np.asarray(weights, dtype=np.float64)
        _check(array, "weight", -1.0, 1.0, "")
        return self._synapse.weight_zero_v - self._half_range_v * np.clip(array, -1.0, 1.0)

    def weights(self, held: ArrayLike) -> Floats:
        """The inverse of `held`. Raises ValueError for a voltage outside the chip's weight range."""
        array = np.asarray(held, dtype=np.float64)
        _check(array, "weight voltage", self._synapse.weight_min_v, self._synapse.weight_max_v, " V")
        return np.clip((self._synapse.weight_zero_v - array) / self._half_range_v, -1.0, 1.0)

    def carried(self, weights: ArrayLike) -> NDArray[np.int64]:
        """Whole microvolts."""
        return uv_from_volts(self.held(weights))

    def exact(self, carried: ArrayLike) -> Floats:
        """Volts."""
        return np.asarray(carried, dtype=np.float64) * 1e-6

    def written(self, carried: ArrayLike) -> Floats:
        """The voltages of the DAC's nearest codes inside the range."""
        return held_v(self.exact(carried), self._synapse.weight_min_v, self._synapse.weight_max_v)


def _check(array: Floats, what: str, low: float, high: float, unit: str) -> None:
    outside = ~((array >= low - ROUNDING) & (array <= high + ROUNDING))
    if outside.any():
        at = tuple(int(k) for k in np.argwhere(outside)[0])
        raise ValueError(f"{what} {list(at)}: {array[at]}{unit}, expected {low}..{high}{unit}")
