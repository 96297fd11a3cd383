"""Images of several pages: their bytes, and the rule that puts the pages' answers together."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract import messages
from enose_contract.decision import ABSTAIN, CLASS, by_rule
from enose_contract.image import FORMAT, PAGED, UNIT_OHM, Image, ImageError, unpack
from enose_contract.normalise import INPUT_MIN_UV, INPUT_SPAN_UV, NORM_RANGE
from enose_contract.pages import (
    MAX_PAGES,
    NO_CLASS,
    SILENT_UV,
    combine,
    page_inputs,
    page_weights,
    read_pages,
    score_page,
)
from enose_hwsim.configuration import decision_rule
from rig import CHIP, image, paged_image

RULE = decision_rule(CHIP)
LOW_UV, HIGH_UV = RULE["edges_uv"]
GUARD_UV = RULE["guard_uv"]
SCORES = st.lists(st.integers(SILENT_UV, 200_000), min_size=2, max_size=8)


@given(st.integers(2, MAX_PAGES), st.integers(0, 1000))
def test_every_field_comes_back(count: int, seed: int) -> None:
    content = paged_image(count, seed)
    raw = content.pack()
    assert vars(unpack(raw)) == vars(content)
    assert raw[4] == PAGED
    assert [w for page in range(count) for w in page_weights(content, page)] == content.weights


def test_an_image_of_one_network_is_the_bytes_that_it_was() -> None:
    raw = image().pack()
    assert raw[4] == FORMAT
    assert len(raw) == 334  # 88 of the head, 13 an input, 16 a class, 4 a weight, 14, 32
    assert unpack(raw).pages == []


@given(st.integers(0, 10_000), st.integers(1, 255))
def test_every_changed_byte_is_seen(at: int, change: int) -> None:
    raw = bytearray(paged_image().pack())
    raw[at % len(raw)] ^= change
    with pytest.raises(ImageError):
        unpack(bytes(raw))


def code_of(content: Image) -> int:
    with pytest.raises(ImageError) as caught:
        content.check()
    return caught.value.code


def pages_of(*classes: tuple[int, ...], places: tuple[int, ...] = (0, 1, 2, 3)) -> dict[str, Any]:
    count = len(places)
    return {
        "pages": [(bytes(places), bytes(of_bands)) for of_bands in classes],
        "channels": list(range(count)),
        "low_ohm": [0] * count,
        "high_ohm": [0] * count,
    }


ONE, TWO, THREE = (0, 255, 255), (1, 255, 255), (255, 255, 2)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"pages": [(bytes(4), bytes(ONE))]}, messages.E_TOPOLOGY),  # one page is none
        ({"pages": [(bytes(4), bytes(ONE))] * (MAX_PAGES + 1)}, messages.E_TOPOLOGY),
        (pages_of(ONE, TWO, THREE, places=tuple(range(9))), messages.E_TOPOLOGY),  # a result has no room for nine
        ({"weights": [900_000] * 74}, messages.E_TOPOLOGY),
        ({"unit": UNIT_OHM}, messages.E_PAGED),
        ({"measurements": 2}, messages.E_FIELD),
        ({"hysteresis_uv": 5000}, messages.E_FIELD),
        (pages_of(ONE, TWO, (2, 255)), messages.E_TOPOLOGY),  # fewer bands
        ({"pages": [(b"", bytes(ONE)), (b"", bytes(TWO)), (b"", bytes(THREE))]}, messages.E_TOPOLOGY),
        (pages_of(ONE, TWO, ONE), messages.E_TOPOLOGY),  # a class twice, another not at all
        (pages_of(ONE, TWO, (3, 255, 255)), messages.E_TOPOLOGY),  # a class that there is not
        (pages_of(ONE, TWO, THREE, places=(0, 1, 2, 4)), messages.E_FIELD),  # a place that there is not
        (pages_of(ONE, TWO, THREE, places=(0, 1, 2, 2)), messages.E_FIELD),  # a sensor that no page looks at
        ({"classes": ["ethanol", "", "ammonia"]}, messages.E_TOPOLOGY),
    ],
)
def test_pages_that_no_device_could_work_with_are_refused(changes: dict[str, Any], code: int) -> None:
    assert code_of(paged_image(**changes)) == code


def test_two_classes_a_page_are_pages_too() -> None:
    content = paged_image(2, **pages_of((0, 255, 1), (255, 2, 255)))
    content.classes = ["ethanol", "ethylene", "ammonia"]
    assert vars(unpack(content.pack())) == vars(content)


@pytest.mark.parametrize("raw", [b"", b"\x02\x04", b"\x02\x04\x03" + bytes(13), b"\x02\x04\x03" + bytes(15)])
def test_pages_that_are_cut_or_too_long_are_refused(raw: bytes) -> None:
    with pytest.raises(ImageError) as caught:
        read_pages(raw)
    assert caught.value.code == messages.E_TOPOLOGY


@given(SCORES, st.integers(0, 20_000))
def test_the_largest_positive_score_wins_by_at_least_the_guard(scores_uv: list[int], guard_uv: int) -> None:
    answer, winner, margin_uv = combine(scores_uv, guard_uv)
    first, second = sorted(scores_uv)[:-3:-1]
    assert scores_uv[winner] == first
    assert margin_uv == min(first, first - second)
    assert (answer == CLASS) == (first > 0 and first > second and first >= guard_uv and first - second >= guard_uv)
    assert answer in (CLASS, ABSTAIN)


@given(SCORES, st.integers(0, 20_000), st.data())
def test_the_order_of_the_pages_does_not_matter(scores_uv: list[int], guard_uv: int, drawn: st.DataObject) -> None:
    order = drawn.draw(st.permutations(range(len(scores_uv))))
    answer, winner, margin_uv = combine(scores_uv, guard_uv)
    turned = combine([scores_uv[k] for k in order], guard_uv)
    assert (turned[0], turned[2]) == (answer, margin_uv)
    if answer == CLASS:
        assert order[turned[1]] == winner


@given(SCORES, st.data())
def test_an_answer_stands_until_an_output_has_moved_by_the_margin(scores_uv: list[int], drawn: st.DataObject) -> None:
    answer, winner, margin_uv = combine(scores_uv, 0)
    if answer != CLASS or margin_uv < 2:
        return
    by_uv = st.integers(-(margin_uv - 1) // 2, (margin_uv - 1) // 2)
    moved = [score + drawn.draw(by_uv) for score in scores_uv]
    assert combine(moved, 0)[:2] == (CLASS, winner)


@given(st.integers(RULE["valid_min_uv"], RULE["valid_max_uv"]))
def test_a_score_is_the_margin_in_its_band_and_negative_outside(output_uv: int) -> None:
    scores_uv = [SILENT_UV] * 3
    assert score_page(scores_uv, RULE, bytes((0, 1, 2)), [output_uv])
    _, band, margin_uv = by_rule(RULE, [output_uv], 0)
    assert scores_uv[band] == margin_uv
    assert scores_uv[0] == LOW_UV - output_uv
    assert scores_uv[1] == min(output_uv - LOW_UV, HIGH_UV - output_uv)
    assert scores_uv[2] == output_uv - HIGH_UV


def test_a_band_of_no_class_scores_nothing() -> None:
    scores_uv = [SILENT_UV] * 3
    assert score_page(scores_uv, RULE, bytes((NO_CLASS, 1, NO_CLASS)), [850_000])
    assert scores_uv == [SILENT_UV, -30_000, SILENT_UV]


@pytest.mark.parametrize("output_uv", [RULE["valid_min_uv"] - 1, RULE["valid_max_uv"] + 1])
def test_an_output_that_no_network_gives_is_no_score(output_uv: int) -> None:
    scores_uv = [SILENT_UV] * 3
    assert not score_page(scores_uv, RULE, bytes((0, 1, 2)), [output_uv])
    assert scores_uv == [SILENT_UV] * 3


@given(st.lists(st.integers(1000, 200_000), min_size=8, max_size=8), st.integers(0, 7))
def test_each_page_is_normalised_by_its_own_sensors(ohms: list[int], page: int) -> None:
    content = paged_image(8)
    found = page_inputs(content, page, ohms, [30_000] * 8)
    change = np.abs(np.array(ohms) - 30_000)[list(content.pages[page][0])] / 30_000
    if change.max() * 1e6 < content.least_change_ppm:
        assert found is None
    else:
        assert found is not None
        # whole ppm of whole changes at least 1000 of them: a thousandth of the span, and a microvolt
        wanted_uv = INPUT_MIN_UV + INPUT_SPAN_UV * change / change.max()
        assert found == pytest.approx(wanted_uv.tolist(), abs=INPUT_SPAN_UV * 1e-3 + 1)
        assert max(found) == INPUT_MIN_UV + INPUT_SPAN_UV


def test_a_range_is_the_sensors_own_on_every_page() -> None:
    low, high = [1000 * (k + 1) for k in range(8)], [1000 * (k + 1) + 10_000 for k in range(8)]
    content = paged_image(8, normalisation=NORM_RANGE, low_ohm=low, high_ohm=high)
    ohms = [lo + 1000 * k for k, lo in enumerate(low)]
    for page in range(8):
        wanted = [INPUT_MIN_UV + INPUT_SPAN_UV * place // 10 for place in content.pages[page][0]]
        assert page_inputs(content, page, ohms, []) == wanted
