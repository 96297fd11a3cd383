"""Voltages as converters make them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_contract import limits

DAC_FULL_SCALE_UV = 2_500_000  # AD5676R on its internal reference, gain 1
DAC_BITS = 16


def uv_from_volts(volts: ArrayLike) -> NDArray[np.int64]:
    """Whole microvolts, rounded to the nearest: how a weight image carries them."""
    return np.rint(np.asarray(volts, dtype=np.float64) * 1e6).astype(np.int64)


def held_v(volts: ArrayLike, min_v: float, max_v: float) -> NDArray[np.float64]:
    """What a 16-bit DAC makes of voltages that a chip takes within min_v..max_v: the nearest code's inside."""
    code_min, code_max = limits.code_range(round(min_v * 1e6), round(max_v * 1e6), DAC_FULL_SCALE_UV, DAC_BITS)
    wanted_uv = uv_from_volts(volts)
    codes = [
        limits.code_within(uv, code_min, code_max, DAC_FULL_SCALE_UV, DAC_BITS) for uv in wanted_uv.ravel().tolist()
    ]
    return np.reshape(np.array(codes) * (DAC_FULL_SCALE_UV * 1e-6 / (1 << DAC_BITS)), wanted_uv.shape)
