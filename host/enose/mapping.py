"""Weights (-1..1, as trained) to weight voltages (as held on the chip's capacitors) and back, and to DAC codes."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_contract import limits
from enose_hwsim.chipfile import MlpFile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAC_FULL_SCALE_UV = 2_500_000  # AD5676R on its internal reference, gain 1
DAC_BITS = 16
ROUNDING = 1e-9


def volts_from_weights(weights: ArrayLike, chip: MlpFile) -> Floats:
    """The weight voltages of weights in -1..1, same shape; 1 is the lowest voltage, 0 is weight_zero_v.

    Raises ValueError naming index, value and limit for a weight outside, or one that is not a number.
    """
    array = np.asarray(weights, dtype=np.float64)
    _check(array, "weight", -1.0, 1.0, "")
    return chip.synapse.weight_zero_v - _half_range_v(chip) * np.clip(array, -1.0, 1.0)


def weights_from_volts(volts: ArrayLike, chip: MlpFile) -> Floats:
    """The weights that voltages stand for, same shape: the inverse of volts_from_weights.

    Raises ValueError naming index, value and limit for a voltage outside the chip's weight range.
    """
    array = np.asarray(volts, dtype=np.float64)
    _check(array, "weight voltage", chip.synapse.weight_min_v, chip.synapse.weight_max_v, " V")
    return np.clip((chip.synapse.weight_zero_v - array) / _half_range_v(chip), -1.0, 1.0)


def uv_from_volts(volts: ArrayLike) -> Ints:
    """Whole microvolts, rounded to the nearest: how a weight image carries them."""
    return np.rint(np.asarray(volts, dtype=np.float64) * 1e6).astype(np.int64)


def held_v(volts: ArrayLike, min_v: float, max_v: float) -> Floats:
    """What a 16-bit DAC makes of voltages that a chip takes within min_v..max_v: the nearest code's inside."""
    code_min, code_max = limits.code_range(round(min_v * 1e6), round(max_v * 1e6), DAC_FULL_SCALE_UV, DAC_BITS)
    wanted_uv = uv_from_volts(volts)
    codes = [
        limits.code_within(uv, code_min, code_max, DAC_FULL_SCALE_UV, DAC_BITS) for uv in wanted_uv.ravel().tolist()
    ]
    return np.reshape(np.array(codes) * (DAC_FULL_SCALE_UV * 1e-6 / (1 << DAC_BITS)), wanted_uv.shape)


def _half_range_v(chip: MlpFile) -> float:
    return (chip.synapse.weight_max_v - chip.synapse.weight_min_v) / 2


def _check(array: Floats, what: str, low: float, high: float, unit: str) -> None:
    outside = ~((array >= low - ROUNDING) & (array <= high + ROUNDING))
    if outside.any():
        at = tuple(int(k) for k in np.argwhere(outside)[0])
        raise ValueError(f"{what} {list(at)}: {array[at]}{unit}, expected {low}..{high}{unit}")
