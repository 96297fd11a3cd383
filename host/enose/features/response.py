"""The shape of a sensor's response: R0, dR/R0, area, slopes and half-time, one number a sensor.

The usual set for metal-oxide sensors (R. Gutierrez-Osuna, IEEE Sensors J. 2 (2002) 189-202, section III). A response is
x(t) = R(t) / R0 - 1, with R0 the mean of the baseline's last samples; it is negative for a reducing gas.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.recordings import Specimen

Floats = NDArray[np.float64]

UNITS = {
    "r0_ohm": "mean resistance in clean air, at the end of the baseline",
    "dr_per_r0": "R / R0 - 1 at the end of the exposure",
    "auc_s": "integral of R / R0 - 1 over the exposure, by trapezoids",
    "rise_slope_per_s": "steepest slope of R / R0 - 1 in the direction of the response, during the exposure",
    "decay_slope_per_s": "steepest slope back, during the recovery",
    "t50_s": "from the exposure's first sample until half of its last mean change is reached",
}
NAMES = tuple(UNITS)


@dataclass(frozen=True)
class Response:
    """Each feature of one specimen, (sensors,); NaN where it is not defined: no recovery, or no change to be halved."""

    r0_ohm: Floats
    dr_per_r0: Floats
    auc_s: Floats
    rise_slope_per_s: Floats
    decay_slope_per_s: Floats
    t50_s: Floats


def response(specimen: Specimen, average: int) -> Response:
    """The features of a specimen; `average` samples make up the means at the ends of baseline and exposure.

    Raises ValueError for a specimen without a baseline or with fewer samples than that in a phase.
    """
    for phase, ohm in (("baseline", specimen.baseline_ohm), ("exposure", specimen.exposure_ohm)):
        if not 0 < average <= len(ohm):
            raise ValueError(f"{specimen.group}: {phase} of {len(ohm)} samples, expected at least {average}")
    r0_ohm = specimen.baseline_ohm[-average:].mean(axis=0)
    exposed = specimen.exposure_ohm / r0_ohm - 1.0
    recovering = specimen.recovery_ohm / r0_ohm - 1.0
    last = exposed[-average:].mean(axis=0)
    sign = np.where(last < 0, -1.0, 1.0)
    return Response(
        r0_ohm=r0_ohm,
        dr_per_r0=last,
        auc_s=np.trapezoid(exposed, dx=specimen.sample_s, axis=0),
        rise_slope_per_s=sign * _steepest(sign * exposed, specimen.sample_s),
        decay_slope_per_s=-sign * _steepest(-sign * recovering, specimen.sample_s),
        t50_s=_half_time_s(sign * exposed, np.abs(last) / 2, specimen.sample_s),
    )


def _steepest(rising: Floats, sample_s: float) -> Floats:
    """The largest step upwards from one sample to the next, per second."""
    if len(rising) < 2:
        return np.full(rising.shape[1], np.nan)
    return np.asarray(np.diff(rising, axis=0).max(axis=0) / sample_s)


def _half_time_s(rising: Floats, half: Floats, sample_s: float) -> Floats:
    """When each sensor is at its half first, between two samples by a straight line; NaN without a change."""
    reached = rising >= half
    first = reached.argmax(axis=0)
    sensors = np.arange(rising.shape[1])
    after, before = rising[first, sensors], rising[np.maximum(first - 1, 0), sensors]
    step = np.where(after > before, after - before, 1.0)
    between = np.where(first > 0, (half - before) / step, 0.0)
    seconds = (first - 1 + between) * sample_s
    return np.where(half > 0, np.maximum(seconds, 0.0), np.nan)
