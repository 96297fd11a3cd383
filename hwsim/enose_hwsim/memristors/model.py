"""What every memristor model answers: a current and the speed of its state, in NumPy and as ngspice expressions.

The NumPy equations and the ngspice ones are made from the same parameters and stand side by side in each model.
A parameter may be an array that broadcasts with the state: many devices, or many guesses of a fit, at once.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from enose_hwsim.memristors.limits import ROUNDING, Floats, within

V, X = "v(te,be)", "v(x)"  # in ngspice expressions: the voltage over the device and its state


class Memristor(ABC):
    """A device with one state x in 0..1; a higher state conducts better, and a positive voltage raises it."""

    title: ClassVar[str]  # as paper 002 calls it
    limit_v: float  # the largest voltage, either way, that the model stands for

    @abstractmethod
    def conduct(self, v_v: Floats, x: Floats) -> Floats:
        """The current in A. Unchecked: for what calls it thousands of times."""

    @abstractmethod
    def flow(self, v_v: Floats, x: Floats) -> Floats:
        """The state's speed dx/dt in 1/s. Unchecked."""

    @property
    @abstractmethod
    def spice_conduct(self) -> str:
        """The current as an ngspice expression of `v(te,be)` and `v(x)`."""

    @property
    @abstractmethod
    def spice_flow(self) -> str:
        """The state's speed as an ngspice expression of `v(te,be)` and `v(x)`."""

    @abstractmethod
    def ohm_from_x(self, x: ArrayLike) -> Floats:
        """The memristance at a state, of any shape. Raises ValueError outside 0..1."""

    @abstractmethod
    def x_from_ohm(self, ohm: ArrayLike) -> Floats:
        """The state at a memristance, of any shape. Raises ValueError, naming what is reachable, outside the range."""

    def current_a(self, v_v: ArrayLike, x: ArrayLike) -> Floats:
        """The current. Raises ValueError for a voltage beyond limit_v or a state outside 0..1."""
        return self.conduct(self.driving(v_v), self.state(x))

    def rate_per_s(self, v_v: ArrayLike, x: ArrayLike) -> Floats:
        """dx/dt. Raises ValueError for a voltage beyond limit_v or a state outside 0..1."""
        return self.flow(self.driving(v_v), self.state(x))

    def driving(self, v_v: ArrayLike) -> Floats:
        """The voltages as an array. Raises ValueError beyond limit_v, naming the first."""
        return within("voltage", v_v, -self.limit_v, self.limit_v, "V", ROUNDING)

    def state(self, x: ArrayLike) -> Floats:
        """The states as an array. Raises ValueError outside 0..1, naming the first."""
        return within("state x", x, 0.0, 1.0, "", ROUNDING)


class Resistive(Memristor):
    """A memristor that is a resistor at each moment: i = v / (R_on x + R_off (1 - x))."""

    r_on_ohm: float
    r_off_ohm: float

    def conduct(self, v_v: Floats, x: Floats) -> Floats:
        """The current in A."""
        return v_v / (self.r_on_ohm * x + self.r_off_ohm * (1 - x))

    @property
    def spice_conduct(self) -> str:
        """The current."""
        return f"{V}/({number(self.r_on_ohm)}*{X}+{number(self.r_off_ohm)}*(1-{X}))"

    def ohm_from_x(self, x: ArrayLike) -> Floats:
        """The memristance at a state, of any shape. Raises ValueError outside 0..1."""
        state = self.state(x)
        return self.r_on_ohm * state + self.r_off_ohm * (1 - state)

    def x_from_ohm(self, ohm: ArrayLike) -> Floats:
        """The state at a memristance, 002 (10), of any shape. Raises ValueError outside R_on..R_off."""
        reachable_ohm = within("memristance", ohm, self.r_on_ohm, self.r_off_ohm, "ohm", ROUNDING * self.r_off_ohm)
        return (self.r_off_ohm - reachable_ohm) / (self.r_off_ohm - self.r_on_ohm)

    def check_range(self) -> None:
        """Raise ValueError unless 0 < R_on < R_off."""
        on_ohm, off_ohm = np.broadcast_arrays(self.r_on_ohm, self.r_off_ohm)
        if not bool(np.all((on_ohm > 0) & (on_ohm < off_ohm) & np.isfinite(off_ohm))):
            raise ValueError(f"r_on_ohm {self.r_on_ohm} and r_off_ohm {self.r_off_ohm}: expected 0 < on < off")


def check_whole(name: str, value: int, odd: bool = False) -> None:
    """Raise ValueError for an exponent below 1, or an even one where the sign has to survive it."""
    if value < 1 or (odd and value % 2 == 0):
        expected = "an odd number: an even one would lose the voltage's sign" if odd else "at least 1"
        raise ValueError(f"{name} is {value}, expected {expected}")


def product(factor: str, times: int) -> str:
    """A power as an ngspice product: `^`, `**` and `pow` lose the sign of a negative base."""
    return "*".join([f"({factor})"] * times)


def number(value: ArrayLike) -> str:
    """One value for a netlist. Raises TypeError for several: a netlist is of one device."""
    return repr(float(value))  # type: ignore[arg-type]
