"""The decision rule: bands on one output, a guard about each edge, and no answer beyond the valid range."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enose_contract.decision import ABSTAIN, CLASS, NONE, decide

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
