"""Decisions, confusion, intervals, votes, and the four stages between training and a chip."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.accuracy import (
    ABSTAINED,
    NO_ANSWER,
    STAGES,
    Vote,
    answers,
    confusion,
    decide_all,
    share_right,
    stages,
    votes,
    wilson_interval,
)
from enose.recordings import Recordings, Specimen, simulated_fruit
from enose.training import Network
from enose_contract.decision import decide
from enose_contract.normalise import NORM_CHANGE
from enose_hwsim.chipfile import load_chip
from enose_hwsim.chips.equations import EquationChip

CHIP = load_chip(Path(__file__).resolve().parents[2] / "boards/chips/mlp441.toml")
IDEAL = EquationChip(CHIP)
ORDER = ("lychee", "lemon", "banana")


def network(weights: np.ndarray, order: tuple[str, ...] = ORDER) -> Network:
    zeros = (0, 0, 0, 0)
    sensors = ("TGS2600", "TGS2602", "TGS2611", "TGS2620")
    return Network(sensors, (0, 1, 4, 7), order, tuple(weights.tolist()), NORM_CHANGE, zeros, zeros, 1.0, 0.0, 1.0)


@given(st.lists(st.integers(700_000, 1_100_000), min_size=1))
def test_decisions_are_the_contracts(outputs_uv: list[int]) -> None:
    answer, band, margin = decide_all(np.array(outputs_uv), CHIP)
    rule = CHIP.decision
    edges_uv = [round(edge * 1e6) for edge in rule.edges_v]
    valid_uv = round(CHIP.output.valid_min_v * 1e6), round(CHIP.output.valid_max_v * 1e6)
    for k, uv in enumerate(outputs_uv):
        assert (answer[k], band[k], margin[k]) == decide(uv, edges_uv, round(rule.guard_v * 1e6), *valid_uv)


def test_answers_name_classes_abstain_near_an_edge_and_know_when_there_is_none() -> None:
    output_v = np.array([0.86, 0.90, 0.94, 0.8805, 0.9195, 0.77, 1.05, np.nan])
    expected = ["lychee", "lemon", "banana", ABSTAINED, ABSTAINED, NO_ANSWER, NO_ANSWER, NO_ANSWER]
    assert answers(output_v, ORDER, CHIP) == expected
    assert answers(output_v[:3], ORDER[:2], CHIP) == ["lychee", "lemon", NO_ANSWER]


def test_confusion_has_a_row_for_each_class_and_two_more_columns() -> None:
    labels = ["a", "a", "a", "b", "b"]
    answered = ["a", "b", ABSTAINED, "b", NO_ANSWER]
    assert confusion(answered, labels, ("a", "b")) == [[1, 1, 1, 0], [0, 1, 0, 1]]
    assert share_right(answered, labels) == 2 / 5
    with pytest.raises(ValueError, match="no specimens to be right about"):
        share_right([], [])


def test_wilson_interval_at_a_known_point_and_at_the_ends() -> None:
    assert wilson_interval(11, 12) == pytest.approx((0.6461, 0.9851), abs=1e-4)
    assert wilson_interval(0, 5)[0] == 0.0
    assert wilson_interval(5, 5)[1] == 1.0


@given(st.integers(1, 500).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count))))
def test_wilson_interval_holds_the_share(share: tuple[int, int]) -> None:
    low, high = wilson_interval(*share)
    assert 0.0 <= low <= share[0] / share[1] + 1e-12
    assert share[0] / share[1] - 1e-12 <= high <= 1.0


@pytest.mark.parametrize(("right", "count"), [(1, 0), (0, 0), (3, 2), (-1, 2)])
def test_what_is_no_share_has_no_interval(right: int, count: int) -> None:
    with pytest.raises(ValueError, match=rf"{right} right of {count}"):
        wilson_interval(right, count)


def test_votes_are_by_group_and_abstentions_do_not_vote() -> None:
    nothing = np.empty((0, 1))

    def window(label: str, group: str) -> Specimen:
        return Specimen(label, group, "day", 1.0, nothing, nothing, nothing)

    specimens = [window("a", "one")] * 4 + [window("b", "two")] * 2 + [window("b", "three")] * 2
    answered = [ABSTAINED, NO_ANSWER, "b", "b", ABSTAINED, NO_ANSWER, "b", "a"]
    expected = [Vote("one", "a", "b"), Vote("two", "b", NO_ANSWER), Vote("three", "b", "b")]
    assert votes(answered, specimens) == expected


def test_stages_agree_where_no_output_is_near_an_edge() -> None:
    fruit = simulated_fruit(0)
    some = np.arange(24)
    found = stages(network(np.r_[np.zeros(24), -0.9]), fruit, some, CHIP, IDEAL, IDEAL)
    assert list(found) == list(STAGES)
    assert all(answered == ["lychee"] * 24 for answered in found.values())


def test_the_chip_stage_is_the_chip_that_was_given() -> None:
    class Stuck:
        def output_v(self, inputs_v: np.ndarray, weights_v: np.ndarray) -> np.ndarray:
            assert inputs_v.shape == (24, 4)
            assert inputs_v.min() >= CHIP.input.min_v
            assert inputs_v.max() <= CHIP.input.max_v
            return np.full(len(inputs_v), 0.94)

    found = stages(network(np.zeros(25)), simulated_fruit(0), np.arange(24), CHIP, Stuck(), IDEAL)
    assert found["chip"] == ["banana"] * 24
    assert found["quantised"] == ["lemon"] * 24


def test_an_all_zero_sample_answers_none_at_every_stage() -> None:
    still = np.full((2, 8), 20_000.0)
    one = Specimen("lemon", "one", "day", 0.5, still, still, still)
    clean = Recordings("clean air", True, ("s",) * 8, ("lemon",), NORM_CHANGE, (one,), 2)
    found = stages(network(np.zeros(25)), clean, np.array([0]), CHIP, IDEAL, IDEAL)
    assert all(answered == [NO_ANSWER] for answered in found.values())
