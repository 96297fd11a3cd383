"""Write-verify: a device's next pulse from its last reading, for one device on a board or an array of them on a host.

The device is A14mod of paper 002 (Mladenov et al., doi:10.20944/preprints202401.1245.v1), its equation (6). With
u = cot(pi x) its closed form (12), T = abs(u1 - u2) / (pi k v^m), says that a pulse lowers u by pi k v^m T wherever the
device stands. A real device is faster or slower by a factor, its speed: each read shows how far u moved, and a least
squares fit of all moves, each weighed by what the noise of its two readings leaves of it, gives the speed.

The only floats of the contract: tested in single precision, as a microcontroller has it.
"""

import math

TYPE_CHECKING = False  # MicroPython has no `typing`; a type checker takes this name for True
if TYPE_CHECKING:
    from typing import Any  # a float, or an array of them

WORKING = 0
DONE = 1  # a reading lies so near to the target that the device does, three standard deviations of reading aside
GAVE_UP = 2  # it does not move, or not to where it should

AIM = 5  # a reading is averaged until its noise is a fifth of the tolerance
GUARD_SIGMAS = 3
PRIOR_SPEED_SIGMA = 0.3  # before anything is known of a device
CYCLE_SIGMA = 0.02  # from pulse to pulse; no fit is taken for better
SLOWEST = 1 / 16  # of the nominal speed: a device slower than that does not move
FEWEST_PULSES = 3  # before it is given up as one that does not move
MOST_PULSES = 24
END = 0.003  # x is held this far from 0 and 1, where cot(pi x) has no end
EVEN_US = 20  # a short move takes a lower voltage rather than fewer microseconds


class Scalars:
    """The functions that the step needs, for one device; for an array of devices NumPy itself serves."""

    tan = math.tan
    floor = math.floor
    minimum = min
    maximum = max

    @staticmethod
    def where(condition: "Any", yes: "Any", no: "Any") -> "Any":
        """yes or no."""
        return yes if condition else no


def check_read(read_v: float, threshold_v: float) -> None:
    """Raise ValueError for a read voltage that could write."""
    if not 0 < abs(read_v) < threshold_v:
        raise ValueError("a read at %g V, expected below the threshold of %g V and not zero" % (read_v, threshold_v))


def reads_needed(noise: float, tolerance: float) -> int:
    """How many conversions of this relative noise a reading is the mean of, for devices to be within `tolerance`."""
    return max(1, math.ceil((AIM * noise / tolerance) ** 2 - 1e-6))


class Law:
    """How devices move: A14mod's parameters, and the pulses that the board can make."""

    def __init__(
        self,
        k_per_s: float,
        r_on_ohm: float,
        r_off_ohm: float,
        m: int,
        threshold_v: float,
        min_v: float,
        max_v: float,
        min_on_us: int,
        max_on_us: int,
    ) -> None:
        """Raises ValueError for pulses that would not switch, and for ranges that are none."""
        if not threshold_v < min_v <= max_v:
            raise ValueError("pulses of %g to %g V, expected above the threshold of %g V" % (min_v, max_v, threshold_v))
        if not 1 <= min_on_us <= max_on_us:
            raise ValueError("on-times of %d to %d us, expected 1 or more" % (min_on_us, max_on_us))
        self.r_on_ohm = r_on_ohm
        self.r_off_ohm = r_off_ohm
        self.m = m
        self.min_v = min_v
        self.max_v = max_v
        self.min_on_us = min_on_us
        self.max_on_us = max_on_us
        self.per_us = math.pi * k_per_s * 1e-6  # of u, at 1 V

    def u(self, ohm: "Any", maths: "Any") -> "Any":
        """cot(pi x) of a memristance, x held away from its ends."""
        x = (self.r_off_ohm - ohm) / (self.r_off_ohm - self.r_on_ohm)
        return 1 / maths.tan(math.pi * maths.minimum(maths.maximum(x, END), 1 - END))

    def u_noise(self, ohm: "Any", u: "Any", noise: float) -> "Any":
        """The noise of u, where a reading's relative noise is `noise`: |du/dx| is pi (1 + u^2)."""
        return math.pi * (1 + u * u) * ohm * noise / (self.r_off_ohm - self.r_on_ohm)

    def pulse(self, drive: "Any", maths: "Any") -> "tuple[Any, Any]":
        """(v, on_us) of the pulse that lowers a nominal device's u by `drive`, as nearly as the board can."""
        size = abs(drive)
        at_most_us = size / (self.per_us * self.min_v**self.m)
        at_least_us = size / (self.per_us * self.max_v**self.m)
        wanted_us = maths.maximum(at_least_us, maths.minimum(at_most_us, EVEN_US))
        on_us = -maths.floor(-maths.minimum(maths.maximum(wanted_us, self.min_on_us), self.max_on_us))
        v = (size / (self.per_us * on_us)) ** (1 / self.m)
        v = maths.minimum(maths.maximum(v, self.min_v), self.max_v)
        return maths.where(drive < 0, -v, v), on_us

    def drive(self, v: "Any", on_us: "Any") -> "Any":
        """How far a pulse lowers a nominal device's u; negative for a negative voltage."""
        return self.per_us * v * abs(v) ** (self.m - 1) * on_us


class WriteVerify:
    """Programs one device (Scalars), or many at once (NumPy): read, `step`, pulse, until the state is not WORKING."""

    def __init__(self, law: Law, target_ohm: "Any", tolerance: float, read_noise: float, maths: "Any") -> None:
        """read_noise: relative, of the readings that `step` is given.

        Raises ValueError where that noise leaves no reading that would show a device within `tolerance` (relative).
        """
        self.law = law
        self.maths = maths
        self.target_ohm = target_ohm
        self.noise = read_noise
        self.accept = tolerance - GUARD_SIGMAS * read_noise
        if self.accept <= 0:
            raise ValueError("readings of noise %g cannot show a tolerance of %g: average" % (read_noise, tolerance))
        self.aim = law.u(target_ohm, maths)
        nothing = 0 * self.aim
        self.state = nothing  # WORKING, DONE or GAVE_UP
        self.pulses = nothing
        self.speed = nothing + 1  # relative to the law's
        self.sureness = nothing + 1 / PRIOR_SPEED_SIGMA**2
        self._given = nothing  # the drive of the last pulse
        self._u = nothing
        self._u_noise = nothing

    def step(self, ohm: "Any") -> "tuple[Any, Any]":
        """Take the newest reading; (v, on_us) of the next pulse, an on_us of 0 where there is none to give."""
        law, where = self.law, self.maths.where
        u = law.u(ohm, self.maths)
        noise = law.u_noise(ohm, u, self.noise)
        self._learn(u, noise)
        near = abs(ohm - self.target_ohm) <= self.accept * self.target_ohm
        still = (self.speed < SLOWEST) & (self.pulses >= FEWEST_PULSES)
        spent = self.pulses >= MOST_PULSES
        verdict = where(near, DONE, where(still | spent, GAVE_UP, WORKING))
        self.state = where(self.state == WORKING, verdict, self.state)
        working = self.state == WORKING
        v, on_us = law.pulse((u - self.aim) / self.maths.maximum(self.speed, SLOWEST), self.maths)
        on_us = where(working, on_us, 0)
        self.pulses = self.pulses + where(working, 1, 0)
        self._given = law.drive(v, on_us)
        self._u = u
        self._u_noise = noise
        return v, on_us

    def _learn(self, u: "Any", noise: "Any") -> None:
        """The speed from what the last pulse moved: a move that is small beside its noise weighs little."""
        given = self._given
        variance = self._u_noise**2 + noise**2 + (CYCLE_SIGMA * given) ** 2
        weight = given * given / variance
        moved = self._u - u
        self.speed = (self.speed * self.sureness + given * moved / variance) / (self.sureness + weight)
        self.sureness = self.sureness + weight
