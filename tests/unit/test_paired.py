"""Two ways of answering on the same specimens: the change, its interval, and Fisher's and McNemar's exact figures."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.waterfall.paired import paired_change

ROUNDING = 1e-12

pairs = st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 4)), min_size=1, max_size=30)


def mcnemar_p(lost: int, gained: int) -> float:
    """Exact and two-sided, from the binomial distribution of a half (Q. McNemar 1947)."""
    count = lost + gained
    tail = sum(comb(count, k) for k in range(min(lost, gained) + 1)) / 2**count
    return min(1.0, 2 * tail)


@pytest.mark.parametrize(("lost", "gained"), [(5, 0), (6, 1), (3, 3), (0, 8), (1, 0)])
def test_where_each_specimen_is_a_group_p_is_mcnemars(lost: int, gained: int) -> None:
    before = np.array([True] * lost + [False] * gained + [True] * 20)
    after = np.array([False] * lost + [True] * gained + [True] * 20)
    found = paired_change(before, after, [str(k) for k in range(len(before))])
    assert found.p == pytest.approx(mcnemar_p(lost, gained), abs=ROUNDING)
    assert found.change == pytest.approx((gained - lost) / len(before), abs=ROUNDING)
    assert found.changed == pytest.approx((gained + lost) / len(before), abs=ROUNDING)


def test_many_changes_are_flipped_at_random_and_come_near_the_exact_p() -> None:
    lost, gained = 20, 6
    before = np.array([True] * lost + [False] * gained + [True] * 10)
    after = np.array([False] * lost + [True] * gained + [True] * 10)
    found = paired_change(before, after, [str(k) for k in range(len(before))])
    exact = mcnemar_p(lost, gained)
    assert found.p == pytest.approx(exact, abs=4 * np.sqrt(exact / 9999))  # four standard errors of 9999 draws
    assert found.shown


def test_what_hangs_together_counts_once() -> None:
    """Eight windows of one induction that are lost together are one finding, not eight."""
    before, after = np.ones(16, dtype=bool), np.array([False] * 8 + [True] * 8)
    alone = paired_change(before, after, [str(k) for k in range(16)])
    together = paired_change(before, after, ["a"] * 8 + ["b"] * 8)
    assert alone.shown
    assert not together.shown
    assert together.p == 1.0  # one group changed: either sign is as likely
    assert together.low < alone.low


def test_several_draws_count_with_their_mean_and_widen_the_interval() -> None:
    before = np.ones(40, dtype=bool)
    draws = np.ones((4, 40), dtype=bool)
    draws[0] = False  # one chip of four is good for nothing
    found = paired_change(before, draws, [str(k) for k in range(40)])
    assert found.change == pytest.approx(-0.25, abs=ROUNDING)
    assert found.low < -0.5
    assert found.high == 0.0  # a world without that chip
    assert not found.shown


@given(pairs)
def test_the_change_lies_in_its_interval_and_nothing_is_nothing(some: list[tuple[bool, bool, int]]) -> None:
    before, after = np.array([b for b, _, _ in some]), np.array([a for _, a, _ in some])
    groups = [str(g) for _, _, g in some]
    found = paired_change(before, after, groups)
    assert found.change == pytest.approx(float(after.mean()) - float(before.mean()), abs=ROUNDING)
    assert -1 <= found.low <= found.high <= 1
    assert 0 < found.p <= 1
    same = paired_change(before, before, groups)
    assert (same.change, same.low, same.high, same.p, same.changed) == (0, 0, 0, 1, 0)


@pytest.mark.parametrize(("before", "after", "groups"), [(3, 4, 3), (3, 3, 2), (0, 0, 0)])
def test_shapes_that_do_not_go_together_are_refused(before: int, after: int, groups: int) -> None:
    with pytest.raises(ValueError, match=f"in {groups} groups"):
        paired_change(np.ones(before, dtype=bool), np.ones(after, dtype=bool), ["g"] * groups)
