"""What the sensors see: resistances over time, keyed by the valve. Recordings are played, or a gas model feeds it.

The air's temperature and humidity move them as they move the sensors of `gas`, position k like sensor k, and again from
the ninth on. Recordings are of warm sensors: a heater at less than its power leaves them colder, at once.
Sensors can fail, by name: see FAULTS.
"""

import numpy as np
from numpy.typing import NDArray

from enose_hwsim import gas

Array = NDArray[np.float64]
BASELINE, EXPOSURE, RECOVERY = range(3)
REFERENCE_AIR = (gas.REFERENCE_C, gas.REFERENCE_RH)

FAULTS = {
    "open": "the sensor's circuit is open",
    "short": "the sensor is short",
    "saturated": "its resistance is far beyond what the divider resolves",
    "stuck": "it keeps the resistance that it has",
    "heater open": "its heater is open: it cools",
    "heater short": "its heater is short: the heaters' supply breaks down, and all sensors cool",
    "noise": "it is noisy",
    "reference drift": "the converter's reference has drifted, whatever the position",
}
SATURATED_OHM = 1e7  # a thousand times a divider's usual load
NOISE = 0.1  # relative, white, of one reading
REFERENCE_DRIFT = 0.08  # relative: a reference that has failed; what a rail's own tolerance hides is not to be seen


class World:
    """Sensor resistances: clean air while the valve is closed, the odour from the moment it opens, then recovery.

    Each series (n, positions) in ohm has its row k at time (k + 1) * sample_s from the start of its phase, held half a
    sample to either side; the last row is held on, but after recovery it is the baseline's. Positions beyond the series
    are not populated: infinite resistance.
    """

    def __init__(self) -> None:
        """No sensors yet: every position reads open."""
        self._series: list[Array] = [np.empty((0, 0))] * 3
        self._sample_s = 1.0
        self._phase = BASELINE
        self._began_s = 0.0
        self._row_at: tuple[float, Array] = (-1.0, np.empty(0))
        self._faults: dict[int, tuple[str, float, float]] = {}  # name, since when, and the resistance then
        self._cold_since_s: float | None = None
        self._rng = np.random.default_rng(0)
        self.air = REFERENCE_AIR  # temperature in C and humidity in % rh, free to change
        self._recorded_air = REFERENCE_AIR
        self.heater_power = 1.0  # of what the sensors need; until the firmware says otherwise they are warm
        self.pumping = False
        self.reference = 1.0  # of the sensors' converter, relative to what it should be

    def fail(self, fault: str, position: int, t_s: float, seed: int = 0) -> None:
        """One of FAULTS befalls the sensor at a position at t_s; the seed is the noise's. Raises ValueError."""
        if fault not in FAULTS:
            raise ValueError(f"fault '{fault}', expected one of {', '.join(FAULTS)}")
        if fault == "reference drift":
            self.reference = 1.0 + REFERENCE_DRIFT
        elif fault == "heater short":
            self._cold_since_s = t_s
        else:
            self._faults[position] = (fault, t_s, self._heated_ohm(position, t_s))
            self._rng = np.random.default_rng([seed, position])

    def mend(self) -> None:
        """Every sensor is whole again, and warm."""
        self._faults.clear()
        self._cold_since_s = None
        self.reference = 1.0

    def present(
        self,
        baseline_ohm: Array,
        exposure_ohm: Array,
        recovery_ohm: Array,
        sample_s: float,
        t_s: float,
        air: tuple[float, float] | None = None,
    ) -> None:
        """Put one specimen before the nose at t_s; an empty phase takes the nearest row of another.

        air: what it was recorded in, which is the air from now on; None: reference air, and the air stays as it is.
        """
        if not len(exposure_ohm):
            raise ValueError("a specimen needs at least one row of exposure")
        baseline_ohm = baseline_ohm if len(baseline_ohm) else exposure_ohm[:1]
        recovery_ohm = recovery_ohm if len(recovery_ohm) else baseline_ohm[-1:]
        self._series = [np.asarray(s, float) for s in (baseline_ohm, exposure_ohm, recovery_ohm)]
        self._sample_s = sample_s
        self._recorded_air = air or REFERENCE_AIR
        self.air = air or self.air
        self._enter(BASELINE, t_s)

    def set_valve(self, level: int, t_s: float) -> None:
        """High lets the odour in; low after that is recovery."""
        if level and self._phase != EXPOSURE:
            self._enter(EXPOSURE, t_s)
        elif not level and self._phase == EXPOSURE:
            self._enter(RECOVERY, t_s)

    def resistance_ohm(self, position: int, t_s: float) -> float:
        """The resistance at a sensor position; infinite where none is populated."""
        ohm = self._heated_ohm(position, t_s)
        fault, since_s, held_ohm = self._faults.get(position, ("", 0.0, 0.0))
        if fault == "open":
            return float("inf")
        if fault == "short":
            return 0.0
        if fault == "saturated":
            return SATURATED_OHM
        if fault == "stuck":
            return held_ohm
        if fault == "noise":
            return ohm * float(np.exp(NOISE * self._rng.standard_normal()))
        if fault == "heater open" or self._cold_since_s is not None:
            cold_s = since_s if fault == "heater open" else self._cold_since_s
            return self._cold_ohm(position, ohm, t_s - (cold_s or 0.0))
        return ohm

    def _heated_ohm(self, position: int, t_s: float) -> float:
        if self._row_at[0] != t_s:
            self._row_at = (t_s, self._row(t_s))
        row = self._row_at[1]
        if position >= len(row):
            return float("inf")
        ohm = float(row[position])
        if self.air != self._recorded_air:
            k = position % len(gas.SENSORS)
            ohm *= float(gas.air_factor(*self.air)[k] / gas.air_factor(*self._recorded_air)[k])
        return ohm * (1.0 - gas.WARMUP_DEPTH * (1.0 - min(self.heater_power, 1.0)))

    def gas_change(self, t_s: float) -> float:
        """What the odour makes of a metal oxide's clean-air resistance: the mean of the sensors' ratios, 1 for none."""
        row, clean = self._row(t_s), self._series[BASELINE]
        return float(np.exp(np.mean(np.log(row / clean[-1])))) if len(row) else 1.0

    def _cold_ohm(self, position: int, ohm: float, since_s: float) -> float:
        clean = self._series[BASELINE]
        return gas.cooling(ohm, float(clean[-1, position]), since_s) if len(clean) and np.isfinite(ohm) else ohm

    def _enter(self, phase: int, t_s: float) -> None:
        self._phase = phase
        self._began_s = t_s
        self._row_at = (-1.0, np.empty(0))

    def _row(self, t_s: float) -> Array:
        series = self._series[self._phase]
        if not len(series):
            return np.empty(0)
        k = round((t_s - self._began_s) / self._sample_s) - 1
        if self._phase == RECOVERY and k >= len(series):  # the sensors have come back to clean air
            series = self._series[BASELINE]
        row: Array = series[min(max(k, 0), len(series) - 1)]
        return row
