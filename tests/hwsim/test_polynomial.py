"""Chebyshev's polynomials as the twins take them: NumPy's own are the oracle, and cos(k arccos x) the closed form."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.polynomial import chebyshev

from enose_hwsim.chips.twin.polynomial import basis, from_nodes, nodes

values = arrays.arrays(np.float64, arrays.array_shapes(max_dims=3, max_side=5), elements=st.floats(0.5, 1.3))


@given(values, st.integers(2, 12))
def test_the_basis_is_numpys_to_the_last_bit(v: np.ndarray, count: int) -> None:
    found = basis(v, 0.5, 1.3, count)
    assert found.shape == (*v.shape, count)
    assert np.array_equal(found, chebyshev.chebvander((2 * v - 0.5 - 1.3) / (1.3 - 0.5), count - 1))


@given(values)
def test_the_basis_is_a_cosine_of_a_multiple(v: np.ndarray) -> None:
    angle = np.arccos(np.clip((v - 0.9) / 0.4, -1, 1))
    # the recurrence carries rounding on, the arc's slope is steep at the ends: 1e-16 grows to 1e-8 times k there
    assert basis(v, 0.5, 1.3, 7) == pytest.approx(np.cos(angle[..., None] * np.arange(7)), abs=1e-6)


def test_what_is_taken_at_the_nodes_is_met_there() -> None:
    at = nodes(0.5, 1.3, 6)
    wanted = np.exp(at)
    assert basis(at, 0.5, 1.3, 6) @ (from_nodes(6) @ wanted) == pytest.approx(wanted, rel=1e-12)
