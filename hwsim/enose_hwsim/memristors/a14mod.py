"""A14mod, the memristor of paper 002 (Mladenov et al., doi:10.20944/preprints202401.1245.v1), its equation (6):

    i = v / (R_on x + R_off (1 - x)),    dx/dt = k v^m sin^2(pi x) stp(|v| - v_thr),    m odd.

The smooth step is the paper's, stp(u) = (1 + u / sqrt(u^2 + mm)) / 2. A positive voltage raises x and lowers the
resistance. At a constant voltage the equation separates, so a pulse has a closed form. The window sin^2(pi x) goes to
zero at both ends: cot(pi x) moves evenly in time, so that the last percent before x = 0 or 1 takes as long as all
the rest, and the ends themselves are never reached.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from enose_hwsim.memristors.limits import Floats, first, within
from enose_hwsim.memristors.model import Resistive, V, X, check_whole, number, product


@dataclass(frozen=True)
class A14Mod(Resistive):
    """The model's parameters; the defaults are the paper's fit to Knowm self-directed-channel devices."""

    title: ClassVar[str] = "A14mod"
    k_per_s: float = 3.12e6  # at 1 V
    r_on_ohm: float = 3.37
    r_off_ohm: float = 57_033.0
    m: int = 5
    threshold_v: float = 0.1583
    step_v2: float = 1e-24  # mm, the square of the step's width, as in the paper's listing
    limit_v: float = 1.1  # the largest voltage that the paper drives it with

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that are no memristor."""
        self.check_range()
        check_whole("m", self.m, odd=True)
        within("k_per_s", self.k_per_s, 0.0, np.inf, "/s")
        within("threshold_v", self.threshold_v, 0.0, self.limit_v, "V")
        within("step_v2", self.step_v2, 1e-30, 1.0, "V^2")  # without a width the threshold itself would be 0 / 0

    def flow(self, v_v: Floats, x: Floats) -> Floats:
        """dx/dt in 1/s."""
        return np.asarray(self.k_per_s * v_v**self.m * self.step(v_v) * np.sin(np.pi * x) ** 2)

    @property
    def spice_flow(self) -> str:
        """dx/dt in 1/s."""
        above = f"(abs({V})-{number(self.threshold_v)})"
        step = f"0.5*(1+{above}/sqrt({above}*{above}+{number(self.step_v2)}))"
        return f"{number(self.k_per_s)}*{product(V, self.m)}*sin(pi*{X})*sin(pi*{X})*{step}"

    def step(self, v_v: ArrayLike) -> Floats:
        """stp(|v| - v_thr): about 0 below the threshold, 1/2 at it, about 1 above it."""
        above_v = np.abs(np.asarray(v_v, dtype=np.float64)) - self.threshold_v
        return np.asarray(0.5 * (1 + above_v / np.sqrt(above_v**2 + self.step_v2)))

    def drive_per_s(self, v_v: ArrayLike, stepped: bool = True) -> Floats:
        """k v^m stp(|v| - v_thr): what moves the state, without its window; `stepped=False` takes the step as 1.

        Raises ValueError beyond limit_v, for which the paper shows nothing.
        """
        driving_v = self.driving(v_v)
        whole = self.k_per_s * driving_v**self.m
        return whole * self.step(driving_v) if stepped else whole

    def pulse_s(self, from_ohm: ArrayLike, to_ohm: ArrayLike, v_v: ArrayLike, exact: bool = False) -> Floats:
        """The on-time that takes a memristance to another, equation (12): |cot(pi x1) - cot(pi x2)| / (pi k |v|^m).

        The step is taken as 1 above the threshold, as in the paper, unless `exact`. Shapes broadcast. Raises
        ValueError for a memristance outside the range or at its very ends, where the window is zero, for a voltage
        that is not above the threshold or beyond limit_v, and for one of the wrong sign.
        """
        ohm1, ohm2, driving_v = np.broadcast_arrays(
            np.asarray(from_ohm, dtype=np.float64), np.asarray(to_ohm, dtype=np.float64), self.driving(v_v)
        )
        for ohm in (ohm1, ohm2):
            x = self.x_from_ohm(ohm)
            if ((x <= 0) | (x >= 1)).any():
                raise ValueError(
                    f"{first('memristance', ohm, (x <= 0) | (x >= 1), 'ohm')}, an end of the range, where nothing "
                    f"moves: reachable is what lies between {self.r_on_ohm:g} and {self.r_off_ohm:g} ohm"
                )
        if (low := np.abs(driving_v) <= self.threshold_v).any():
            raise ValueError(
                f"{first('voltage', driving_v, low, 'V')}, expected more than the threshold of {self.threshold_v:g} V"
            )
        turned = _cot(self.x_from_ohm(ohm1)) - _cot(self.x_from_ohm(ohm2))
        duration_s = turned / (np.pi * self.drive_per_s(driving_v, stepped=exact))
        if (wrong := duration_s < 0).any():
            raise ValueError(
                f"{first('voltage', driving_v, wrong, 'V')}: a positive one lowers the memristance, a negative one "
                "raises it"
            )
        return np.asarray(duration_s)

    def after_pulse(self, x: ArrayLike, v_v: ArrayLike, duration_s: ArrayLike) -> Floats:
        """The state after a voltage that was on for a time, exact: cot(pi x) falls by pi k v^m stp T.

        Shapes broadcast. Raises ValueError for a state outside 0..1, a voltage beyond limit_v, a negative time.
        """
        state = self.state(x)
        on_s = within("duration", duration_s, 0.0, np.inf, "s")
        return moved(state, self.drive_per_s(v_v) * on_s)


def moved(x: Floats, drive: Floats) -> Floats:
    """The states after a drive, the integral of k v^m stp over time; without the infinities of the cotangent."""
    sine, cosine = np.sin(np.pi * x), np.cos(np.pi * x)
    return np.asarray(np.arctan2(sine, cosine - np.pi * drive * sine) / np.pi)


def _cot(x: Floats) -> Floats:
    return np.asarray(np.cos(np.pi * x) / np.sin(np.pi * x))
