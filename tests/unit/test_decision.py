"""The decision rules: bands on one output, the largest of several, a guard, and no answer beyond the valid range."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enose_contract.decision import ABSTAIN, CLASS, NONE, decide, decide_largest

EDGES = [880_000, 920_000]
RULE = (EDGES, 1_000, 780_000, 1_040_000)


@pytest.mark.parametrize(
    ("output_uv", "expected"),
    [
        (860_000, (CLASS, 0, 20_000)),
        (900_000, (CLASS, 1, 20_000)),
        (950_000, (CLASS, 2, 30_000)),
        (879_000, (CLASS, 0, 1_000)),
        (879_001, (ABSTAIN, 0, 999)),
        (880_000, (ABSTAIN, 0, 0)),
        (880_001, (ABSTAIN, 1, 1)),
        (920_999, (ABSTAIN, 2, 999)),
        (780_000, (CLASS, 0, 100_000)),
        (779_999, (NONE, 0, 0)),
        (1_040_000, (CLASS, 2, 120_000)),
        (1_040_001, (NONE, 0, 0)),
        (-5, (NONE, 0, 0)),
    ],
)
def test_bands_guard_and_valid_range(output_uv: int, expected: tuple[int, int, int]) -> None:
    assert decide(output_uv, *RULE) == expected


@given(st.integers(780_000, 1_040_000), st.lists(st.integers(800_000, 1_000_000), max_size=6, unique=True))
def test_the_band_is_the_number_of_edges_below_and_the_margin_the_nearest(output_uv: int, edges: list[int]) -> None:
    assume(edges)
    answer, band, margin_uv = decide(output_uv, sorted(edges), 1_000, 780_000, 1_040_000)
    assert band == sum(edge < output_uv for edge in edges)
    assert margin_uv == min(abs(output_uv - edge) for edge in edges)
    assert answer == (ABSTAIN if margin_uv < 1_000 else CLASS)


@pytest.mark.parametrize(
    ("outputs_uv", "expected"),
    [
        ([1_000_000, 950_000], (CLASS, 0, 50_000)),
        ([950_000, 1_000_000], (CLASS, 1, 50_000)),
        ([850_000, 880_000], (CLASS, 2, 20_000)),  # neither is above the resting level
        ([850_000, 910_000], (CLASS, 1, 10_000)),
        ([902_000, 500_000], (CLASS, 0, 2_000)),
        ([901_999, 500_000], (ABSTAIN, 0, 1_999)),
        ([1_000_000, 1_000_000], (ABSTAIN, 0, 0)),
        ([900_000, 900_000], (ABSTAIN, 0, 0)),
        ([450_000, 1_350_000], (CLASS, 1, 450_000)),
        ([449_999, 1_000_000], (NONE, 0, 0)),
        ([1_000_000, 1_350_001], (NONE, 0, 0)),
    ],
)
def test_the_largest_guard_and_valid_range(outputs_uv: list[int], expected: tuple[int, int, int]) -> None:
    assert decide_largest(outputs_uv, 900_000, 2_000, 450_000, 1_350_000) == expected


@given(st.lists(st.integers(450_000, 1_350_000), min_size=1, max_size=4), st.integers(600_000, 1_200_000))
def test_the_band_is_the_largest_level_and_the_margin_that_to_the_next(outputs_uv: list[int], rest_uv: int) -> None:
    answer, band, margin_uv = decide_largest(outputs_uv, rest_uv, 2_000, 450_000, 1_350_000)
    levels = [*outputs_uv, rest_uv]
    assert levels[band] == max(levels)
    assert margin_uv == max(levels) - sorted(levels)[-2]
    assert answer == (ABSTAIN if margin_uv < 2_000 else CLASS)
    assert outputs_uv == levels[:-1]  # the caller's list is left alone


@given(st.lists(st.integers(600_000, 1_200_000), min_size=2, max_size=2), st.integers(1, 3))
def test_scaling_both_outputs_about_the_resting_level_keeps_the_band(outputs_uv: list[int], factor: int) -> None:
    scaled = [900_000 + factor * (uv - 900_000) for uv in outputs_uv]
    limits = (900_000, 0, -10_000_000, 10_000_000)
    assert decide_largest(scaled, *limits)[1] == decide_largest(outputs_uv, *limits)[1]
