"""Normalisation: 0.85-0.95 V, the largest change at the top, no odour is no input."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enose_contract.normalise import (
    LEAST_CHANGE_PPM,
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
