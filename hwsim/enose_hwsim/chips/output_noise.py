"""Over which frequencies the noise of a chip's output counts.

From 0.1 Hz on, for slower noise is drift, that a calibration takes along; and through the pole at the output, of the
chip file's time constant: mlp441's 0.2 ms put it at 796 Hz. The summing nodes have theirs at some 100 kHz (ngspice), so
in this band the chip follows at once, and every source of noise comes through at its slope at rest.
"""

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile

Floats = NDArray[np.float64]

FROM_HZ = 0.1
TO_HZ = 1e6  # where a spectrum is added up: what is above is a thousandth of the white noise


def pole_hz(chip: MlpFile) -> float:
    """The pole at the output."""
    return 1 / (2 * np.pi * chip.output.time_constant_s)


def power_of_parts(chip: MlpFile, white: Floats, flicker: Floats) -> Floats:
    """The mean square in the band of the power densities white + flicker / f, of any shape, f in Hz."""
    pole = pole_hz(chip)
    return np.asarray(
        white * pole * (np.pi / 2 - np.arctan(FROM_HZ / pole)) + flicker * 0.5 * np.log1p((pole / FROM_HZ) ** 2)
    )


def power_of_spectrum(chip: MlpFile, frequency_hz: Floats, density: Floats) -> float:
    """The mean square in the band of a spectrum, the density as a root, (F,), from FROM_HZ to TO_HZ."""
    passed = density**2 / (1 + (frequency_hz / pole_hz(chip)) ** 2)
    return float(np.trapezoid(passed * frequency_hz, np.log(frequency_hz)))  # 1/f is then a constant
