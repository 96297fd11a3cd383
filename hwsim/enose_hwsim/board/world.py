"""What the sensors see: resistances over time, keyed by the valve. Recordings are played, or a gas model feeds it."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
BASELINE, EXPOSURE, RECOVERY = range(3)


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

    def present(
        self, baseline_ohm: Array, exposure_ohm: Array, recovery_ohm: Array, sample_s: float, t_s: float
    ) -> None:
        """Put one specimen before the nose at t_s; an empty phase takes the nearest row of another."""
        if not len(exposure_ohm):
            raise ValueError("a specimen needs at least one row of exposure")
        baseline_ohm = baseline_ohm if len(baseline_ohm) else exposure_ohm[:1]
        recovery_ohm = recovery_ohm if len(recovery_ohm) else baseline_ohm[-1:]
        self._series = [np.asarray(s, float) for s in (baseline_ohm, exposure_ohm, recovery_ohm)]
        self._sample_s = sample_s
        self._enter(BASELINE, t_s)

    def set_valve(self, level: int, t_s: float) -> None:
        """High lets the odour in; low after that is recovery."""
        if level and self._phase != EXPOSURE:
            self._enter(EXPOSURE, t_s)
        elif not level and self._phase == EXPOSURE:
            self._enter(RECOVERY, t_s)

    def resistance_ohm(self, position: int, t_s: float) -> float:
        """The resistance at a sensor position; infinite where none is populated."""
        if self._row_at[0] != t_s:
            self._row_at = (t_s, self._row(t_s))
        row = self._row_at[1]
        return float(row[position]) if position < len(row) else float("inf")

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
