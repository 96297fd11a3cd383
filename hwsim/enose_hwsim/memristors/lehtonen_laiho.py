"""Lehtonen and Laiho's model (CNNA 2010), with Biolek's window as in equation (5) of paper 002:

    i = x^n beta sinh(alpha v) + chi (exp(gamma v) - 1),    dx/dt = a f_B(x, v) v^m,    m odd.

A tunnel current that the state opens, beside a rectifier that it does not touch. The defaults are
ours: a memristance at 50 mV of 5 kohm to 2.3 Mohm, so that the pulses of paper 002 make sense for it too.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from enose_hwsim.memristors.limits import ROUNDING, Floats, within
from enose_hwsim.memristors.linear_drift import biolek_spice_window, biolek_window
from enose_hwsim.memristors.model import Memristor, V, X, check_whole, number, product

READ_V = 0.05  # this model is no resistor: its memristance is v / i at a small voltage


@dataclass(frozen=True)
class LehtonenLaiho(Memristor):
    """The model's parameters."""

    title: ClassVar[str] = "Lehtonen-Laiho"
    a_per_s: float = 10.0  # at 1 V
    alpha_per_v: float = 2.0
    beta_a: float = 1e-4
    gamma_per_v: float = 4.0
    chi_a: float = 1e-7
    m: int = 5
    n: int = 2
    p: int = 2
    limit_v: float = 1.5  # ours, as for linear drift: beyond it the exponentials run away

    def __post_init__(self) -> None:
        """Raise ValueError for parameters that are no memristor."""
        check_whole("m", self.m, odd=True)
        check_whole("n", self.n)
        check_whole("p", self.p)
        within("a_per_s", self.a_per_s, 0.0, np.inf, "/s")
        within("alpha_per_v", self.alpha_per_v, 1e-6, 50.0, "/V")
        within("beta_a", self.beta_a, 1e-30, 1.0, "A")
        within("gamma_per_v", self.gamma_per_v, 0.0, 50.0, "/V")
        within("chi_a", self.chi_a, 0.0, 1.0, "A")

    def conduct(self, v_v: Floats, x: Floats) -> Floats:
        """The current in A."""
        tunnel_a = self.beta_a * np.sinh(self.alpha_per_v * v_v)
        return np.asarray(x**self.n * tunnel_a + self.chi_a * np.expm1(self.gamma_per_v * v_v))

    @property
    def spice_conduct(self) -> str:
        """The current in A."""
        tunnel = f"{number(self.beta_a)}*sinh({number(self.alpha_per_v)}*{V})"
        return f"{product(X, self.n)}*{tunnel}+{number(self.chi_a)}*(exp({number(self.gamma_per_v)}*{V})-1)"

    def flow(self, v_v: Floats, x: Floats) -> Floats:
        """dx/dt in 1/s."""
        return self.a_per_s * biolek_window(x, v_v, self.p) * v_v**self.m

    @property
    def spice_flow(self) -> str:
        """dx/dt in 1/s."""
        return f"{number(self.a_per_s)}*({biolek_spice_window(self.p)})*{product(V, self.m)}"

    def ohm_from_x(self, x: ArrayLike) -> Floats:
        """v / i at 50 mV, of any shape; infinite at x = 0 without rectifier. Raises ValueError outside 0..1."""
        with np.errstate(divide="ignore"):
            return np.asarray(READ_V / self.conduct(np.asarray(READ_V), self.state(x)))

    def x_from_ohm(self, ohm: ArrayLike) -> Floats:
        """The state at a memristance at 50 mV. Raises ValueError outside what x = 1 and x = 0 give."""
        least_ohm, most_ohm = float(self.ohm_from_x(1.0)), float(self.ohm_from_x(0.0))
        reachable_ohm = within("memristance", ohm, least_ohm, most_ohm, "ohm", ROUNDING * least_ohm)
        tunnel_a = READ_V / reachable_ohm - self.chi_a * np.expm1(self.gamma_per_v * READ_V)
        share = tunnel_a / (self.beta_a * np.sinh(self.alpha_per_v * READ_V))
        return np.asarray(np.clip(share, 0.0, 1.0) ** (1 / self.n))
