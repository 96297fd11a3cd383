"""Odours and metal-oxide sensors, simulated: from volatile compounds in a chamber to resistances over time.

Response: the power law of tin oxide in mixed reducing gases, R = R0 (1 + sum S_k c_k)^-beta, of P. K. Clifford and
D. T. Tuma, Sensors and Actuators 3 (1983) 233-254 (model) and 255-281 (dynamics); why it holds: N. Barsan and
U. Weimar, J. Electroceramics 7 (2001) 143-167. The sensors bear the names of Figaro's TGS26xx family and its
reference air (20 C, 65 % relative humidity). Compounds are typical aroma volatiles of the fruits. All numbers are ours,
of the order that such sensors show; nothing here was measured.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SENSORS = ("TGS2600", "TGS2602", "TGS2603", "TGS2610", "TGS2611", "TGS2612", "TGS2616", "TGS2620")
COMPOUNDS = ("isoamyl acetate", "isobutyl acetate", "limonene", "linalool", "citral", "ethanol")
PHASES = ("warmup", "baseline", "exposure", "recovery")

# Headspace over the fruit in ppm, in the order of COMPOUNDS.
ODOURS = MappingProxyType(
    {
        "banana": (20.0, 9.0, 0.5, 0.3, 0.2, 8.0),
        "lemon": (0.4, 0.2, 26.0, 1.5, 6.0, 2.0),
        "lychee": (2.5, 2.0, 4.0, 14.0, 2.5, 13.0),
    }
)

# One row a sensor: R0 in kohm in reference air, beta, then S in 1/ppm in the order of COMPOUNDS.
_TYPICAL = np.array(
    [
        [32.0, 0.48, 0.12, 0.14, 0.06, 0.16, 0.10, 0.40],
        [26.0, 0.62, 0.30, 0.26, 0.34, 0.44, 0.46, 0.34],
        [40.0, 0.55, 0.16, 0.18, 0.22, 0.40, 0.52, 0.18],
        [18.0, 0.36, 0.22, 0.26, 0.42, 0.12, 0.10, 0.12],
        [24.0, 0.34, 0.06, 0.09, 0.30, 0.06, 0.05, 0.10],
        [21.0, 0.32, 0.18, 0.20, 0.16, 0.05, 0.04, 0.05],
        [45.0, 0.42, 0.05, 0.06, 0.03, 0.12, 0.06, 0.24],
        [28.0, 0.58, 0.42, 0.40, 0.12, 0.34, 0.16, 0.60],
    ]
)

REFERENCE_C, REFERENCE_RH = 20.0, 65.0
STRENGTH_SPREAD = 0.3  # of ln ppm, all compounds of a fruit together
COMPOUND_SPREAD = 0.6  # and each by itself: no two fruits smell alike
MIXING_S = 1.5  # first-order exchange of the chamber's air
WARMUP_DEPTH, WARMUP_S = 0.85, 6.0  # a cold sensor starts this far below its resistance, and recovers so fast
# One row a sensor: change of ln R0 per C and per % rh about reference air. Ours, of the order of the curves
# "Temperature/humidity dependency" in the family's data sheets: warm and damp air lower it, each type differently.
_AIR = np.array(
    [
        [-0.012, -0.006],
        [-0.022, -0.005],
        [-0.018, -0.007],
        [-0.010, -0.004],
        [-0.009, -0.003],
        [-0.010, -0.003],
        [-0.012, -0.005],
        [-0.014, -0.006],
    ]
)
SITES_PER_RH = 0.004  # water holds adsorption sites: fall of the sensitivity
DRIFT_PER_DAY = 0.01  # standard deviation of ln R0 after one day, growing as a random walk
WANDER, WANDER_S = 0.0015, 8.0  # slow relative noise, and its correlation time
NOISE = 0.0006  # white relative noise of one sample


def air_factor(temperature_c: float, humidity_rh: float) -> Floats:
    """What this air makes of each sensor's resistance in reference air, (8,)."""
    return np.asarray(np.exp(_AIR @ (temperature_c - REFERENCE_C, humidity_rh - REFERENCE_RH)))


@dataclass(frozen=True)
class SensorArray:
    """Eight individual sensors: their own R0, exponent, sensitivities and time constants, spread about the typical."""

    r0_ohm: Floats  # (8,)
    beta: Floats  # (8,)
    sensitivity_per_ppm: Floats  # (8, compounds)
    adsorb_s: Floats  # (8,)
    desorb_s: Floats  # (8,)

    @classmethod
    def made(cls, seed: int) -> "SensorArray":
        """The array that a seed stands for; the same seed is the same array."""
        rng = np.random.default_rng([seed, 0x5E])
        sensors = len(SENSORS)
        return cls(
            r0_ohm=_TYPICAL[:, 0] * 1e3 * np.exp(0.15 * rng.standard_normal(sensors)),
            beta=_TYPICAL[:, 1] * np.exp(0.04 * rng.standard_normal(sensors)),
            sensitivity_per_ppm=_TYPICAL[:, 2:] * np.exp(0.15 * rng.standard_normal((sensors, len(COMPOUNDS)))),
            adsorb_s=rng.uniform(1.5, 3.5, sensors),
            desorb_s=rng.uniform(6.0, 14.0, sensors),
        )

    def still_ohm(self, ppm: Floats, temperature_c: float = REFERENCE_C, humidity_rh: float = REFERENCE_RH) -> Floats:
        """Resistances at rest, (..., 8), in ohm, where each sensor sees ppm (..., 8 or 1, compounds)."""
        wetter = humidity_rh - REFERENCE_RH
        in_air = self.r0_ohm * air_factor(temperature_c, humidity_rh)
        sensed = np.sum(self.sensitivity_per_ppm * ppm, axis=-1) * np.exp(-SITES_PER_RH * wetter)
        return np.asarray(in_air * (1.0 + sensed) ** -self.beta)


@dataclass(frozen=True)
class Exposure:
    """One simulated measurement: resistances in ohm, (n, 8), of each phase, a sample every sample_s seconds.

    temperature_c, humidity_rh: the air that it was made in.
    """

    odour: str
    sample_s: float
    warmup_ohm: Floats
    baseline_ohm: Floats
    exposure_ohm: Floats
    recovery_ohm: Floats
    temperature_c: float = REFERENCE_C
    humidity_rh: float = REFERENCE_RH


def simulate(
    odour: str,
    seed: int,
    array: SensorArray,
    *,
    day: float = 0.0,
    sample_s: float = 0.5,
    warmup_s: float = 30.0,
    baseline_s: float = 10.0,
    exposure_s: float = 20.0,
    recovery_s: float = 15.0,
    compound_spread: float = COMPOUND_SPREAD,
) -> Exposure:
    """Warm the array up in clean air, then let it smell one fresh specimen of an odour and recover.

    The seed draws the specimen's strength and ripeness, the room's temperature and humidity, drift and noise; `day`
    counts from the array's making and sets how far it has drifted; `compound_spread` is how little two specimens of an
    odour smell alike, of ln ppm. Raises ValueError for an odour that is not one of ODOURS, a time that is not positive
    or a spread that is negative.
    """
    if odour not in ODOURS:
        raise ValueError(f"odour '{odour}', expected one of {', '.join(ODOURS)}")
    durations_s = (warmup_s, baseline_s, exposure_s, recovery_s)
    if not (sample_s > 0 and day >= 0 and all(duration_s > 0 for duration_s in durations_s)):
        raise ValueError(f"times {sample_s}, {day}, {durations_s}, expected positive ones")
    if not 0 <= compound_spread < np.inf:
        raise ValueError(f"compound_spread {compound_spread}, expected 0 or more")
    rng = np.random.default_rng([seed, 0x0D])
    ppm = _specimen_ppm(odour, rng, compound_spread)
    temperature_c, humidity_rh = float(rng.normal(23.0, 2.0)), float(rng.normal(55.0, 7.0))
    counts = [max(1, round(duration_s / sample_s)) for duration_s in durations_s]
    ends = np.cumsum(counts)
    inlet = np.zeros((ends[-1], len(COMPOUNDS)))
    inlet[ends[1] : ends[2]] = ppm
    seen = _seen_ppm(array, inlet, sample_s)
    ohm = array.still_ohm(seen, temperature_c, humidity_rh)
    ohm *= _disturbance(rng, len(ohm), sample_s, day)
    warmup, baseline, exposure, recovery = np.split(ohm, ends[:-1])
    return Exposure(odour, sample_s, warmup, baseline, exposure, recovery, temperature_c, humidity_rh)


def cooling(ohm: float, clean_ohm: float, since_s: float) -> float:
    """The resistance of a sensor whose heater failed so long ago; heated it would show ohm, and clean_ohm in clean air.

    The warm-up backwards: as the sensor cools its answer to the odour dies out, and it ends WARMUP_DEPTH below.
    """
    heat = np.exp(-max(since_s, 0.0) / WARMUP_S)
    return float(clean_ohm * (ohm / clean_ohm) ** heat * (1.0 - WARMUP_DEPTH * (1.0 - heat)))


def _specimen_ppm(odour: str, rng: np.random.Generator, compound_spread: float) -> Floats:
    """Headspace of one fruit: its amount scales all compounds, its ripeness and sort each of them."""
    strength = STRENGTH_SPREAD * rng.standard_normal()
    return np.array(ODOURS[odour]) * np.exp(strength + compound_spread * rng.standard_normal(len(COMPOUNDS)))


def _seen_ppm(array: SensorArray, inlet_ppm: Floats, sample_s: float) -> Floats:
    """What each sensor's surface has taken up, (n, 8, compounds): the chamber mixes, then the surface follows, slower
    on the way out than on the way in."""
    mixed = 1.0 - np.exp(-sample_s / MIXING_S)
    adsorbed = 1.0 - np.exp(-sample_s / array.adsorb_s)[:, None]
    desorbed = 1.0 - np.exp(-sample_s / array.desorb_s)[:, None]
    chamber = np.zeros(len(COMPOUNDS))
    surface = np.zeros((len(SENSORS), len(COMPOUNDS)))
    seen = np.empty((len(inlet_ppm), *surface.shape))
    for k, ppm in enumerate(inlet_ppm):
        chamber += (ppm - chamber) * mixed
        surface += (chamber - surface) * np.where(chamber > surface, adsorbed, desorbed)
        seen[k] = surface
    return seen


def _disturbance(rng: np.random.Generator, samples: int, sample_s: float, day: float) -> Floats:
    """Factor on every resistance, (n, 8): drift since the making, warm-up, slow wander and white noise."""
    sensors = len(SENSORS)
    drift = DRIFT_PER_DAY * np.sqrt(day) * rng.standard_normal(sensors)
    time_s = sample_s * np.arange(1, samples + 1)
    cold = 1.0 - WARMUP_DEPTH * np.exp(-time_s / WARMUP_S)
    keep = np.exp(-sample_s / WANDER_S)
    steps = rng.standard_normal((samples, sensors)) * WANDER * np.sqrt(1.0 - keep**2)
    wander = np.empty((samples, sensors))
    level = WANDER * rng.standard_normal(sensors)
    for k in range(samples):
        level = keep * level + steps[k]
        wander[k] = level
    noise = NOISE * rng.standard_normal((samples, sensors))
    return np.asarray(cold[:, None] * np.exp(drift + wander + noise))
