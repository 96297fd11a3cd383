"""Polynomials: of third order in several threshold shifts, and Chebyshev's on the grid of the tables."""

from collections.abc import Iterator
from itertools import combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ORDER = 3  # in the trial first order missed the output by 15 mV, second by 1 mV


def terms(variables: int) -> Iterator[tuple[int, ...]]:
    """The monomials up to third order, each as the variables that it multiplies; the constant 1 first."""
    for order in range(ORDER + 1):
        yield from combinations_with_replacement(range(variables), order)


def monomials(z: NDArray[Any]) -> NDArray[Any]:
    """All monomials of z (..., V): (..., T), in the order of `terms`. The dtype is z's."""
    index = {term: k for k, term in enumerate(terms(z.shape[-1]))}
    values = np.empty((*z.shape[:-1], len(index)), z.dtype)
    values[..., 0] = 1
    for term, k in index.items():
        if term:
            np.multiply(values[..., index[term[:-1]]], z[..., term[-1]], out=values[..., k])
    return values


def fitted(z: Floats, nominal: Floats, drawn: Floats) -> Floats:
    """Coefficients (T, ...) of the polynomial nearest to `drawn` (D, ...) at the draws z (D, V), nominal at z = 0."""
    known = monomials(z)[:, 1:]
    misses = (drawn - nominal).reshape(len(z), -1)
    coefficients, *_ = np.linalg.lstsq(known, misses, rcond=None)
    return np.concatenate((nominal[None], coefficients.reshape(-1, *nominal.shape)))


def nodes(low: float, high: float, count: int) -> Floats:
    """Chebyshev's nodes of low..high, rising."""
    rising = -np.cos(np.pi * (np.arange(count) + 0.5) / count)
    return np.asarray((low + high) / 2 + (high - low) / 2 * rising, dtype=np.float64)


def basis(values: Floats, low: float, high: float, count: int) -> Floats:
    """Chebyshev's polynomials T_0 .. T_count-1 of values (...) in low..high: (..., count), count 2 or more.

    As numpy's chebvander, in half its time: a pulse of a chip that learns asks for these 270 times, of few values each.
    """
    x = np.atleast_1d((2 * values - low - high) / (high - low))
    powers = np.empty((count, *x.shape))
    powers[0], powers[1] = 1, x
    double = 2 * x
    for k in range(2, count):
        np.multiply(powers[k - 1], double, out=powers[k])
        powers[k] -= powers[k - 2]
    return powers.transpose(*range(1, powers.ndim), 0)


def from_nodes(count: int) -> Floats:
    """The matrix from values at the nodes to coefficients of the basis."""
    return np.asarray(np.linalg.inv(basis(nodes(-1, 1, count), -1, 1, count)), dtype=np.float64)
