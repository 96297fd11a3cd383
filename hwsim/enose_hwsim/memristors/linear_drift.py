"""The models of linear ionic drift, dx/dt = k i f(x), that differ in their window f.

Strukov, Snider, Stewart and Williams, Nature 453 (2008) 80; Joglekar and Wolf, Eur. J. Phys. 30 (2009) 661; Biolek,
Biolek and Biolkova, Radioengineering 18 (2009) 210; equations (2) to (4) of paper 002, whose window for the first is
not printed: it is Strukov's own x (1 - x). k = mu R_on / D^2; the defaults are a film of D = 10 nm with a mobility of
1e-14 m^2/(V s). Beyond about 1 MV/cm ions no longer drift in proportion to the field, so that these models stand for
no more than 1.5 V.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from enose_hwsim.memristors.limits import Floats, within
from enose_hwsim.memristors.model import Resistive, V, X, check_whole, number, product


@dataclass(frozen=True)
class LinearDrift(Resistive):
    """What they share. The charge that moves the state through the whole film is about 1 / k."""

    k_per_c: float = 1e4
    r_on_ohm: float = 100.0
    r_off_ohm: float = 16_000.0
    limit_v: float = 1.5

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that are no memristor."""
        self.check_range()
        within("k_per_c", self.k_per_c, 0.0, np.inf, "/C")

    @abstractmethod
    def window(self, x: Floats, v_v: Floats) -> Floats:
        """f(x), which keeps the state within 0..1."""

    @property
    @abstractmethod
    def spice_window(self) -> str:
        """f(x) as an ngspice expression."""

    def flow(self, v_v: Floats, x: Floats) -> Floats:
        """dx/dt in 1/s."""
        return self.k_per_c * self.conduct(v_v, x) * self.window(x, v_v)

    @property
    def spice_flow(self) -> str:
        """dx/dt in 1/s."""
        return f"{number(self.k_per_c)}*({self.spice_conduct})*({self.spice_window})"


@dataclass(frozen=True)
class StrukovWilliams(LinearDrift):
    """f(x) = x (1 - x). A device at an end of its range stays there."""

    title: ClassVar[str] = "Strukov-Williams"

    def window(self, x: Floats, v_v: Floats) -> Floats:
        """f(x)."""
        return x * (1 - x)

    @property
    def spice_window(self) -> str:
        """f(x)."""
        return f"{X}*(1-{X})"


@dataclass(frozen=True)
class Joglekar(LinearDrift):
    """f(x) = 1 - (2 x - 1)^(2 p). A device at an end of its range stays there: the terminal state problem."""

    title: ClassVar[str] = "Joglekar"
    p: int = 2

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that are no memristor."""
        super().__post_init__()
        check_whole("p", self.p)

    def window(self, x: Floats, v_v: Floats) -> Floats:
        """f(x)."""
        return 1 - (2 * x - 1) ** (2 * self.p)

    @property
    def spice_window(self) -> str:
        """f(x)."""
        return f"1-{product(f'2*{X}-1', 2 * self.p)}"


@dataclass(frozen=True)
class Biolek(LinearDrift):
    """f(x, i) = 1 - (x - stp(-i))^(2 p): it slows the state only towards the end it moves to. Nothing sticks."""

    title: ClassVar[str] = "Biolek"
    p: int = 2

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that are no memristor."""
        super().__post_init__()
        check_whole("p", self.p)

    def window(self, x: Floats, v_v: Floats) -> Floats:
        """f(x, i); the current has the voltage's sign."""
        return biolek_window(x, v_v, self.p)

    @property
    def spice_window(self) -> str:
        """f(x, i)."""
        return biolek_spice_window(self.p)


def biolek_window(x: Floats, v_v: Floats, p: int) -> Floats:
    """1 - (x - stp(-v))^(2 p), the step being 0 for a voltage of zero."""
    return np.asarray(1 - (x - (np.asarray(v_v) < 0)) ** (2 * p))


def biolek_spice_window(p: int) -> str:
    """The same in ngspice, whose u() is the step."""
    return f"1-{product(f'{X}-u(-{V})', 2 * p)}"
