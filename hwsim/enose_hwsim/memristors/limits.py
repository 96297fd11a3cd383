"""Ranges that a model is valid in, and the one error for what lies outside: place, value, and what is reachable."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ROUNDING = 1e-9  # of the largest value: one computed from a limit still counts as within it


def within(name: str, values: ArrayLike, low: float, high: float, unit: str, rounding: float = 0.0) -> Floats:
    """The values as an array, if all are numbers in low..high, limits included; clipped where they are off by rounding.

    Raises ValueError naming the first that is not: its index, its value and the limits.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.size and not (low - rounding <= array.min() and array.max() <= high + rounding):  # NaN fails both
        wrong = ~((array >= low - rounding) & (array <= high + rounding))
        raise ValueError(f"{first(name, array, wrong, unit)}, reachable are {low:g} to {high:g}{_after(unit)}")
    return np.clip(array, low, high)


def first(name: str, values: Floats, wrong: NDArray[np.bool_], unit: str) -> str:
    """The first wrong value in words, with its index if it has one: `voltage[3] is 2 V`."""
    index = tuple(np.argwhere(wrong)[0].tolist())
    place = f"[{', '.join(map(str, index))}]" if index else ""
    return f"{name}{place} is {values[index]:g}{_after(unit)}"


def _after(unit: str) -> str:
    return f" {unit}" if unit else ""
