"""Normalisation: 0.85-0.95 V, the largest change at the top, no odour is no input."""

import math
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enose_contract.normalise import (
    LEAST_CHANGE_PPM,
    at_reference_ohm,
    change_ppm,
    inputs_from_changes,
    inputs_from_range,
    resistance_ohm,
)

ohms = st.integers(1, 10_000_000)
changes = st.lists(st.integers(0, 5_000_000), min_size=1, max_size=16)


@given(changes)
def test_the_largest_change_is_at_the_top_and_all_lie_within(changes_ppm: list[int]) -> None:
    assume(max(changes_ppm) >= LEAST_CHANGE_PPM)
    inputs_uv = inputs_from_changes(changes_ppm)
    assert inputs_uv is not None
    assert max(inputs_uv) == 950_000
    for uv, ppm in zip(inputs_uv, changes_ppm, strict=True):
        exact_uv = 850_000 + Fraction(100_000 * ppm, max(changes_ppm))
        assert 0 <= exact_uv - uv < 1  # rounded down to a whole microvolt


@given(changes, st.integers(2, 50))
def test_the_strength_of_an_odour_does_not_matter(changes_ppm: list[int], times: int) -> None:
    assume(max(changes_ppm) >= LEAST_CHANGE_PPM)
    assert inputs_from_changes([times * ppm for ppm in changes_ppm]) == inputs_from_changes(changes_ppm)


@given(st.integers(1, 16))
def test_an_all_zero_sample_is_no_odour(count: int) -> None:
    assert inputs_from_changes([0] * count) is None


@given(st.lists(st.integers(0, LEAST_CHANGE_PPM - 1), min_size=1, max_size=16))
def test_changes_that_no_converter_resolves_are_no_odour(changes_ppm: list[int]) -> None:
    assert inputs_from_changes(changes_ppm) is None


@given(changes, st.integers(1, 1_000_000))
def test_the_image_says_what_counts_as_a_change(changes_ppm: list[int], least_ppm: int) -> None:
    assert (inputs_from_changes(changes_ppm, least_ppm) is None) == (max(changes_ppm) < least_ppm)


@given(ohms, ohms)
def test_a_change_is_relative_absolute_and_in_millionths(ohm: int, baseline_ohm: int) -> None:
    exact = abs(Fraction(ohm, baseline_ohm) - 1) * 1_000_000
    assert 0 <= exact - change_ppm(ohm, baseline_ohm) < 1


airs = st.tuples(st.integers(-40_000, 85_000), st.integers(0, 100_000))
coefficients = st.tuples(st.integers(-50_000, 50_000), st.integers(-50_000, 50_000))


def exponent(air: tuple[int, int], coefficient: tuple[int, int]) -> float:
    """What the coefficients make of ln R in this air; held at +-1."""
    x = ((air[0] - 20_000) * coefficient[0] + (air[1] - 65_000) * coefficient[1]) * 1e-9
    return min(max(x, -1.0), 1.0)


@given(ohms, coefficients)
def test_in_reference_air_nothing_is_compensated(ohm: int, coefficient: tuple[int, int]) -> None:
    assert at_reference_ohm(ohm, 20_000, 65_000, *coefficient) == ohm


@given(ohms, airs)
def test_without_coefficients_nothing_is_compensated(ohm: int, air: tuple[int, int]) -> None:
    assert at_reference_ohm(ohm, *air, 0, 0) == ohm


@given(st.integers(1000, 10_000_000), airs, coefficients)
def test_what_the_air_does_to_a_sensor_is_taken_back(
    ohm: int, air: tuple[int, int], coefficient: tuple[int, int]
) -> None:
    x = exponent(air, coefficient)
    found = at_reference_ohm(round(ohm * math.exp(x)), *air, *coefficient)
    # the quotient for exp(x) is off by x**3 / 12 and less than twice that up to 1; a thousandth: whole ohm and ppm
    assert found == pytest.approx(ohm, rel=abs(x) ** 3 / 6 + 2.1e-3, abs=2)


@given(ohms, airs, coefficients)
def test_a_factor_is_never_beyond_three_and_a_resistance_never_zero(
    ohm: int, air: tuple[int, int], coefficient: tuple[int, int]
) -> None:
    found = at_reference_ohm(ohm, *air, *coefficient)
    assert found >= 1
    assert (ohm - 3) / 3 <= found <= max(3 * ohm, 1)


@given(ohms, ohms, airs, coefficients)
def test_more_resistance_is_never_less_after_it(
    one: int, other: int, air: tuple[int, int], coefficient: tuple[int, int]
) -> None:
    low, high = (at_reference_ohm(ohm, *air, *coefficient) for ohm in sorted((one, other)))
    assert low <= high


@given(st.lists(st.tuples(ohms, ohms, ohms), min_size=1, max_size=16))
def test_a_range_is_scaled_and_held_at_its_ends(rows: list[tuple[int, int, int]]) -> None:
    rows = [(r, min(a, b), max(a, b) + 1) for r, a, b in rows]
    inputs_uv = inputs_from_range(*[list(column) for column in zip(*rows, strict=True)])
    for uv, (r, low, high) in zip(inputs_uv, rows, strict=True):
        exact_uv = 850_000 + 100_000 * min(max(Fraction(r - low, high - low), Fraction(0)), Fraction(1))
        assert 0 <= exact_uv - uv < 1


@given(st.integers(1, 32_766), st.data())
def test_a_divider_is_read_as_a_ratio(count: int, data: st.DataObject) -> None:
    rail = data.draw(st.integers(count + 1, 32_767))
    exact_ohm = Fraction(10_000 * (rail - count), count)
    assert 0 <= exact_ohm - resistance_ohm(count, rail, 10_000) < 1


@pytest.mark.parametrize(("count", "rail"), [(0, 26_000), (-3, 26_000), (26_000, 26_000), (26_001, 26_000), (0, 0)])
def test_a_divider_at_its_end_has_no_resistance(count: int, rail: int) -> None:
    with pytest.raises(ValueError, match=f"divider at its end: {count} of {rail}"):
        resistance_ohm(count, rail, 10_000)
