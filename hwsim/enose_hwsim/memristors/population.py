"""Many real devices of one model: each a little different, noisy, drifting, wearing out or stuck."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.memristors.a14mod import A14Mod, moved
from enose_hwsim.memristors.limits import Floats, within

Mask = NDArray[np.bool_]
Indices = NDArray[np.intp]

READ_S = 1e-4  # a conversion of a fast converter with its settling
DRIFT_BEGINS_S = 1.0  # the drift's clock: nothing much happens before, a decade is a decade after
LONGEST_S = 1e10  # 300 years


@dataclass(frozen=True)
class Spread:
    """Every imperfection of a population, each zero by default. A sigma of a lognormal is that of the logarithm."""

    speed_sigma: float = 0.0  # device to device, of k: lognormal
    range_sigma: float = 0.0  # device to device, of R_on and R_off together: lognormal
    cycle_sigma: float = 0.0  # cycle to cycle, of what each pulse does: lognormal
    read_noise: float = 0.0  # of each conversion, relative to the memristance: normal
    read_disturb: float = 0.0  # the share of the switching law that acts below the threshold, in reads too
    drift_per_decade: float = 0.0  # ln of the memristance, for each decade of time after 1 s without a pulse
    drift_sigma_per_decade: float = 0.0  # device to device, of that: normal
    stuck_on_share: float = 0.0  # of the devices, at R_on for good
    stuck_off_share: float = 0.0  # of the devices, at R_off for good
    endurance_pulses: float = 0.0  # median of the pulses above the threshold until a device stays as it is; 0: no end
    endurance_sigma: float = 0.0  # device to device, of that: lognormal

    def __post_init__(self) -> None:
        """Raise ValueError, naming the field, for what cannot be."""
        for field in fields(self):
            share = field.name == "read_disturb" or field.name.endswith("_share")
            low = -np.inf if field.name == "drift_per_decade" else 0.0
            value = float(within(field.name, getattr(self, field.name), low, 1.0 if share else np.inf, ""))
            if not np.isfinite(value):
                raise ValueError(f"{field.name} is {value:g}, expected a finite number")
        if self.stuck_on_share + self.stuck_off_share > 1:
            raise ValueError(
                f"stuck_on_share and stuck_off_share sum to {self.stuck_on_share + self.stuck_off_share:g}, "
                "expected at most 1"
            )


class Population:
    """N devices. All methods work on all of them at once, or on those that `which` (indices or a mask) selects."""

    def __init__(self, model: A14Mod, spread: Spread, x: Floats, rng: np.random.Generator) -> None:
        count = len(x)
        self.model = model
        self.spread = spread
        self._rng = rng
        self._x = x.copy()
        self._speed = np.exp(spread.speed_sigma * rng.standard_normal(count))
        self._scale = np.exp(spread.range_sigma * rng.standard_normal(count))
        self._drift = spread.drift_per_decade + spread.drift_sigma_per_decade * rng.standard_normal(count)
        fate = rng.random(count)
        stuck_on = fate < spread.stuck_on_share
        stuck_off = fate >= 1 - spread.stuck_off_share
        self._born_stuck: Mask = stuck_on | stuck_off
        self._x[stuck_on] = 1.0
        self._x[stuck_off] = 0.0
        life = np.exp(spread.endurance_sigma * rng.standard_normal(count)) * spread.endurance_pulses
        self._life_pulses = life if spread.endurance_pulses else np.full(count, np.inf)
        self._pulses = np.zeros(count, dtype=np.int64)
        self._age_s = np.zeros(count)

    @classmethod
    def draw(cls, model: A14Mod, spread: Spread, start_ohm: ArrayLike, rng: np.random.Generator) -> "Population":
        """Devices that begin at start_ohm (N,), the memristance of a nominal device in their state.

        With a range_sigma each device's own memristance differs from that. Raises ValueError for a memristance outside
        the model's range, with its index, and for another shape.
        """
        x = model.x_from_ohm(start_ohm)
        if x.ndim != 1:
            raise ValueError(f"start_ohm has the shape {x.shape}, expected (N,)")
        return cls(model, spread, x, rng)

    def __len__(self) -> int:
        return len(self._x)

    @property
    def true_ohm(self) -> Floats:
        """The memristances (N,), without the noise of reading."""
        return self._scale * self.model.ohm_from_x(self._x)

    @property
    def stuck(self) -> Mask:
        """Which devices (N,) no pulse moves: stuck from the start, or worn out."""
        return self._born_stuck | (self._pulses >= self._life_pulses)

    @property
    def pulses(self) -> NDArray[np.int64]:
        """How many pulses above the threshold each device (N,) has had."""
        return self._pulses.copy()

    def pulse(self, v_v: ArrayLike, on_s: ArrayLike, which: ArrayLike | None = None) -> None:
        """Apply one pulse each: a voltage and an on-time for each selected device, or one for all.

        An on-time of zero is no pulse. Raises ValueError for a voltage beyond the model's limit, a negative time, an
        index that there is none of, and for shapes that do not fit.
        """
        at = self._indices(which)
        driving_v = _each(v_v, len(at), "v_v")
        duration_s = within("on_s", _each(on_s, len(at), "on_s"), 0.0, np.inf, "s")
        works = ~self.stuck[at] & (duration_s > 0)
        switching = works & (np.abs(driving_v) >= self.model.threshold_v)
        drive = self._drive_per_s(driving_v) * duration_s * self._speed[at]
        if self.spread.cycle_sigma:
            drive = drive * np.exp(self.spread.cycle_sigma * self._rng.standard_normal(len(at)))
        self._x[at] = np.where(works, moved(self._x[at], drive), self._x[at])
        self._pulses[at] += switching
        self._age_s[at] = np.where(switching, 0.0, self._age_s[at])

    def read_ohm(
        self, v_v: float = 0.05, average: int = 1, which: ArrayLike | None = None, read_s: float = READ_S
    ) -> Floats:
        """Read memristances, each the mean of `average` conversions that put v_v on the device for read_s each.

        Raises ValueError for a voltage of zero, one at or above the threshold, which would write, and for an average
        below 1.
        """
        if not 0 < abs(v_v) < self.model.threshold_v:
            raise ValueError(
                f"a read at {v_v:g} V: expected less than the threshold of {self.model.threshold_v:g} V, and not zero"
            )
        if average < 1:
            raise ValueError(f"average is {average}, expected at least 1")
        at = self._indices(which)
        noise = self._rng.standard_normal(len(at)) * self.spread.read_noise / np.sqrt(average)
        ohm = self._scale[at] * self.model.ohm_from_x(self._x[at])
        if self.spread.read_disturb:
            self.pulse(v_v, average * read_s, at)
        return np.asarray(ohm * np.maximum(1 + noise, np.finfo(float).tiny))

    def after_s(self, seconds: float) -> None:
        """Let time pass without pulses: the logarithm of each memristance drifts with that of time, within the range.

        Raises ValueError for a negative or infinite time.
        """
        passed_s = float(within("seconds", seconds, 0.0, LONGEST_S, "s"))
        before, self._age_s = self._age_s, self._age_s + passed_s
        decades = np.log10((self._age_s + DRIFT_BEGINS_S) / (before + DRIFT_BEGINS_S))
        ohm = self.model.ohm_from_x(self._x) * np.exp(self._drift * decades)
        drifted = self.model.x_from_ohm(np.clip(ohm, self.model.r_on_ohm, self.model.r_off_ohm))
        self._x = np.where(self._born_stuck, self._x, drifted)

    def _drive_per_s(self, v_v: Floats) -> Floats:
        """What moves the state: the model's law above the threshold, the disturbed share of it below."""
        drive = self.model.drive_per_s(v_v)
        if not self.spread.read_disturb:
            return drive
        below = np.abs(v_v) < self.model.threshold_v
        whole = self.model.drive_per_s(v_v, stepped=False)
        return np.where(below, np.maximum(self.spread.read_disturb, self.model.step(v_v)) * whole, drive)

    def _indices(self, which: ArrayLike | None) -> Indices:
        count = len(self)
        if which is None:
            return np.arange(count)
        chosen = np.asarray(which)
        if chosen.dtype == np.bool_:
            if chosen.shape != (count,):
                raise ValueError(f"which is a mask of shape {chosen.shape}, expected ({count},)")
            return np.flatnonzero(chosen)
        if chosen.size and (chosen.ndim != 1 or chosen.min() < 0 or chosen.max() >= count):
            raise ValueError(f"which names a device outside 0 to {count - 1}")
        if len(np.unique(chosen)) != chosen.size:
            raise ValueError("which names a device twice: one pulse each")
        return chosen.astype(np.intp)


def _each(values: ArrayLike, count: int, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.shape not in ((), (count,)):
        raise ValueError(f"{name} has the shape {array.shape}, expected one value or ({count},)")
    return np.broadcast_to(array, (count,))
