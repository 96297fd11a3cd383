"""Nodes within a pulse: each follows the voltage it would have at rest, with a lag of its own.

For a node of time constant tau whose rest voltage goes in a straight line from r0 to r1 in a step, the step's end is
r1 - (r1 - r0) k tau/dt + (v - r0) exp(-dt/tau), with k = 1 - exp(-dt/tau): exact, for steps long or short against tau.
"""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chips.learning.charging import Lags

Floats = NDArray[np.float64]


class Follow(Protocol):
    """From the voltages that nodes would have at rest to those that they have."""

    def __call__(self, lag: str, rest: Floats) -> Floats:
        """`lag` names the nodes' time constant in Lags."""
        ...


def at_rest(lag: str, rest: Floats) -> Floats:
    """Nodes that had all the time they need."""
    return rest


class Settling:
    """Nodes that are at rest at first, and then followed step by step."""

    def __init__(self, lags: Lags) -> None:
        self._lags = lags
        self._seen: dict[str, Floats] = {}
        self._rest: dict[str, Floats] = {}
        self._weights: dict[str, tuple[float, float]] = {}  # of what is left of the past, and of a rest's movement

    def begin(self, lag: str, rest: Floats) -> Floats:
        """Nodes at rest."""
        self._seen[lag] = self._rest[lag] = rest
        return rest

    def step(self, step_s: float) -> Follow:
        """What follows them through a step of this length and any more of the same."""
        for lag in self._seen:
            part = step_s / float(getattr(self._lags, lag))
            self._weights[lag] = math.exp(-part), -math.expm1(-part) / part
        return self._follow

    def _follow(self, lag: str, rest: Floats) -> Floats:
        left, moved = self._weights[lag]
        before, seen = self._rest[lag], self._seen[lag]
        self._seen[lag] = rest - moved * (rest - before) + left * (seen - before)
        self._rest[lag] = rest
        return self._seen[lag]
