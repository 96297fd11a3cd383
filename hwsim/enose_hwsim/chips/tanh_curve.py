"""A saturating transfer curve as a tanh of a polynomial: smooth, and with a slope at every point."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def tanh_of_polynomial(x: Floats, y: Floats, terms: int) -> tuple[Floats, float, float]:
    """(p, middle, swing) so that middle + swing tanh(p(x)) is nearest to y; p has so many terms, the constant first."""
    from scipy.optimize import least_squares  # takes a quarter of a second: only where a curve is fitted

    def missed(parameters: Floats) -> Floats:
        middle, swing, *rising = parameters
        return np.asarray(middle + swing * np.tanh(np.polyval(rising[::-1], x)) - y)

    swing = float(np.ptp(y)) / 2
    slope = float(np.gradient(y, x)[len(x) // 2]) / swing
    first = np.array([(y[0] + y[-1]) / 2, swing, 0.0, slope, *[0.0] * (terms - 2)])
    found = least_squares(missed, first, x_scale="jac", xtol=1e-12, ftol=1e-12).x
    return np.asarray(found[2:]), float(found[0]), float(found[1])
