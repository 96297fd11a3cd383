"""Where the fast twin is certified: chip files, temperatures, corners and threshold shifts. Beyond, it refuses.

Measured by `certify` with 60 chips and 50 samples at 0, 27 and 60 C: with the widest inputs, and at each corner,
outputs miss ngspice's by at most 0.06 mV.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import SHIFT_LIMIT
from enose_hwsim.chips.twin.characterise import DRIVE_PER_V, DRIVES, SUM_V
from enose_hwsim.spice.cards import Corner

TEMPERATURES_C = (0.0, 27.0, 60.0)  # of a certificate, unless it asks for others
TEMPERATURE_LIMITS_C = (0.0, 60.0)
V_REF_V = (SUM_V[0] + SUM_V[1]) / 2
INPUT_LIMITS_V = tuple(round(V_REF_V + float(np.arctanh(d)) / DRIVE_PER_V, 3) for d in DRIVES)  # 0.779 to 1.021
WEIGHT_LIMITS_V = (0.70, 1.10)
SUPPLY_V = 1.8  # at 1.89 V V_ref is so far from its middle that the nominal chip's outputs miss theirs by 0.08 mV
CORNERS: tuple[Corner, ...] = ("tt", "ss", "ff")  # with one kind slow and the other fast they do so by 0.1 mV
ROUNDING_V = 1e-9


class NotCertified(ValueError):
    """What the fast twin refuses, though ngspice may solve it: one line with value and limits."""


def check_region(chip: MlpFile, temperature_c: float = 27.0, corner: Corner = "tt") -> None:
    """Raise NotCertified for a chip file, a temperature or a corner beyond the limits above."""
    if corner not in CORNERS:
        raise NotCertified(f"corner {corner!r}, the fast twin is certified at {', '.join(CORNERS)}")
    low_c, high_c = TEMPERATURE_LIMITS_C
    if not low_c <= temperature_c <= high_c:
        raise NotCertified(f"temperature {temperature_c:g} C, the fast twin is certified at {low_c:g}..{high_c:g} C")
    synapse = chip.synapse
    for name, v, (low_v, high_v) in (
        ("synapse.v_ref_v", synapse.v_ref_v, (V_REF_V, V_REF_V)),
        ("input.min_v", chip.input.min_v, INPUT_LIMITS_V),
        ("input.max_v", chip.input.max_v, INPUT_LIMITS_V),
        ("input.bias_v", chip.input.bias_v, INPUT_LIMITS_V),
        ("synapse.weight_min_v", synapse.weight_min_v, WEIGHT_LIMITS_V),
        ("synapse.weight_max_v", synapse.weight_max_v, WEIGHT_LIMITS_V),
        ("supply.nominal_v", chip.supply.nominal_v, (SUPPLY_V, SUPPLY_V)),
    ):
        if not low_v - ROUNDING_V <= v <= high_v + ROUNDING_V:
            limits = f"{low_v:g} V" if low_v == high_v else f"{low_v:g}..{high_v:g} V"
            raise NotCertified(f"{chip.name}: {name} {v:g} V, the fast twin is certified at {limits}")


def in_sigmas(shifts_v: NDArray[np.float64], sigma_v: NDArray[np.float64], name: str) -> NDArray[Any]:
    """Shifts by their standard deviations. Raises NotCertified with index, value and limit beyond SHIFT_LIMIT."""
    z = shifts_v / sigma_v
    outside = ~(np.abs(z) <= SHIFT_LIMIT)  # so written that NaN is outside
    if outside.any():
        at = tuple(int(k) for k in np.argwhere(outside)[0])
        limit_v = SHIFT_LIMIT * sigma_v[at[-1]]
        raise NotCertified(
            f"shift {name}{list(at)}: {shifts_v[at]} V, the fast twin is certified up to {limit_v:.3g} V"
        )
    return np.asarray(z)
