"""Answers from several measurements in a row: taken up by the guard, given up by the hysteresis, agreed on or not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract.decision import ABSTAIN, CLASS, NONE, by_rule
from enose_contract.image import COMBINE_MEAN, COMBINE_VOTES
from enose_contract.messages import REASON_DIVIDED, REASON_FEW, REASON_OK, REASON_OUTPUT
from enose_contract.steady import Steady, lead_uv
from rig import image

BANDS = {
    "rule": "bands",
    "edges_uv": [880_000, 920_000],
    "guard_uv": 1_000,
    "valid_min_uv": 780_000,
    "valid_max_uv": 1_040_000,
}
LARGEST = {
    "rule": "largest",
    "rest_uv": 900_000,
    "guard_uv": 2_000,
    "valid_min_uv": 450_000,
    "valid_max_uv": 1_350_000,
}
outputs = st.integers(780_000, 1_040_000)


def steady(rule: dict[str, Any] = BANDS, **changes: Any) -> Steady:
    return Steady(rule, image(**changes))


def answers(made: Steady, *outputs_uv: int) -> list[tuple[int, int]]:
    """(answer, band) after each of the outputs."""
    return [made.add([output_uv])[:2] for output_uv in outputs_uv]


@given(st.lists(outputs, min_size=1, max_size=8), st.integers(0, 30_000))
def test_one_measurement_without_hysteresis_is_decided_as_ever(row: list[int], guard_uv: int) -> None:
    made = steady(guard_uv=guard_uv)
    for output_uv in row:
        assert made.add([output_uv]) == (*by_rule(BANDS, [output_uv], guard_uv), REASON_OK)


@given(st.lists(outputs, min_size=2, max_size=2), outputs, st.integers(0, 30_000))
def test_a_wider_guard_of_the_image_counts_and_a_narrower_one_does_not(pair: list[int], output_uv: int, mine: int):
    answer, _, margin_uv = by_rule(BANDS, [output_uv], mine)
    assert answer == (ABSTAIN if margin_uv < max(mine, 1_000) else CLASS)


def test_an_answer_stands_until_another_is_ahead_by_the_hysteresis() -> None:
    made = steady(hysteresis_uv=5_000)
    assert answers(made, 870_000, 880_500, 884_999) == [(CLASS, 0)] * 3  # beyond the edge at 880000 by less
    assert made.add([884_000]) == (CLASS, 0, -4_000, REASON_OK)  # another is ahead by so much
    assert answers(made, 885_000, 879_000, 875_001, 875_000) == [(CLASS, 1), (CLASS, 1), (CLASS, 1), (CLASS, 0)]


def test_an_answer_is_taken_up_with_the_guards_margin_only() -> None:
    made = steady(hysteresis_uv=5_000, guard_uv=8_000)
    assert answers(made, 875_000, 871_000, 886_000, 875_000) == [(ABSTAIN, 0), (CLASS, 0), (ABSTAIN, 1), (ABSTAIN, 0)]


@given(st.lists(st.integers(-4_999, 4_999), min_size=1, max_size=20), st.sampled_from(BANDS["edges_uv"]))
def test_noise_below_the_hysteresis_never_changes_an_answer(noise_uv: list[int], edge_uv: int) -> None:
    made = steady(hysteresis_uv=5_000)
    first = made.add([edge_uv - 10_000])[:2]
    assert answers(made, *[edge_uv + uv for uv in noise_uv]) == [first] * len(noise_uv)


def test_what_is_no_measurement_begins_the_row_anew() -> None:
    made = steady(hysteresis_uv=5_000)
    assert answers(made, 870_000, 883_000) == [(CLASS, 0)] * 2
    made.forget()
    assert answers(made, 883_000) == [(CLASS, 1)]
    assert made.add([700_000]) == (NONE, 0, 0, REASON_OUTPUT)
    assert answers(made, 878_000) == [(CLASS, 0)]


def test_a_band_without_a_class_never_stands() -> None:
    made = steady(hysteresis_uv=5_000, classes=["", "lemon", "lychee"])
    assert answers(made, 870_000, 882_000) == [(CLASS, 0), (CLASS, 1)]  # the cycle makes an abstention of the first


@given(st.lists(outputs, min_size=1, max_size=10), st.integers(2, 6))
def test_the_mean_is_of_the_last_measurements_and_there_is_none_before_they_are_enough(row: list[int], count: int):
    made = steady(measurements=count, combine=COMBINE_MEAN)
    for k, output_uv in enumerate(row, start=1):
        found = made.add([output_uv])
        if k < count:
            assert (found[0], found[3]) == (ABSTAIN, REASON_FEW)
        else:
            assert found == (*by_rule(BANDS, [sum(row[k - count : k]) // count], 0), REASON_OK)


@given(st.lists(outputs, min_size=3, max_size=12), st.integers(2, 6))
def test_votes_are_counted_and_half_of_them_is_not_enough(row: list[int], count: int) -> None:
    made = steady(measurements=count, combine=COMBINE_VOTES)
    for k, output_uv in enumerate(row, start=1):
        answer, band, margin_uv, reason = made.add([output_uv])
        if k < count:
            continue
        cast = [by_rule(BANDS, [uv], 0) for uv in row[k - count : k]]
        voted = [b for kind, b, _ in cast if kind == CLASS]
        most = max(range(3), key=voted.count)
        if 2 * voted.count(most) > count:
            margins_uv = [m for kind, b, m in cast if kind == CLASS and b == most]
            assert (answer, band, margin_uv) == (CLASS, most, sum(margins_uv) // len(margins_uv))
        else:
            assert (answer, reason) == (ABSTAIN, REASON_DIVIDED)


@given(st.lists(st.integers(450_000, 1_350_000), min_size=2, max_size=2), st.sampled_from([BANDS, LARGEST]))
def test_the_lead_over_the_answer_itself_is_minus_its_margin(outputs_uv: list[int], rule: dict[str, Any]) -> None:
    answer, band, margin_uv = by_rule(rule, outputs_uv, 0)
    if answer != NONE:
        assert lead_uv(rule, outputs_uv, band) == -margin_uv


@pytest.mark.parametrize(("second_uv", "band"), [(1_003_999, 0), (1_004_000, 1)])
def test_the_largest_output_has_to_be_ahead_too(second_uv: int, band: int) -> None:
    made = steady(LARGEST, hysteresis_uv=4_000)
    made.add([1_000_000, 950_000])
    assert made.add([1_000_000, second_uv])[:2] == (CLASS, band)
