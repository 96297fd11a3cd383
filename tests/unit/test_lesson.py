"""What device and host have in common about learning: pulses, orders, errors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.link.learning import Lesson, Request
from enose_contract import lesson
from enose_hwsim.chips.learning.training import Rules


@given(st.integers(1, 500), st.integers(1, 20), st.integers(100, 20_000), st.data())
def test_pulses_are_those_of_the_simulators_rules(epochs: int, trim: int, first_ns: int, data: st.DataObject) -> None:
    last_ns = data.draw(st.integers(100, first_ns))
    rules = Rules(first_pulse_s=first_ns * 1e-9, last_pulse_s=last_ns * 1e-9, trim_epochs=trim)
    for epoch in {0, epochs // 2, epochs - 1}:
        pulse_ns = lesson.pulse_ns(epoch, epochs, trim, first_ns, last_ns)
        assert pulse_ns == pytest.approx(rules.pulse_s(epoch, epochs) * 1e9, abs=0.51)  # rounded to the nearest ns


@given(st.integers(1, 32), st.integers(0, 0xFFFF))
def test_an_order_has_every_lesson_once_and_follows_from_the_seed(count: int, seed: int) -> None:
    first, again = list(range(count)), list(range(count))
    assert lesson.shuffle(first, seed) == lesson.shuffle(again, seed)
    assert first == again
    assert sorted(first) == list(range(count))


def test_every_lesson_comes_at_every_place() -> None:
    order, seed = list(range(12)), 1
    at = np.zeros((12, 12))
    for _ in range(3000):
        seed = lesson.shuffle(order, seed)
        at[order, np.arange(12)] += 1
    # 250 each; six standard deviations of a binomial with p = 1/12 are 91
    assert np.abs(at - 250).max() < 91


@given(st.lists(st.integers(0, 300_000), min_size=1, max_size=32))
def test_the_worst_error_is_the_mean_of_the_three_largest(errors_uv: list[int]) -> None:
    mean_uv, worst_uv = lesson.mean_and_worst(errors_uv)
    assert mean_uv == int(np.mean(errors_uv) + 1e-6)  # whole, and a third may lie just below its number
    assert worst_uv == int(np.mean(sorted(errors_uv)[-3:]) + 1e-6)


LESSONS = (Lesson((0.86, 0.9, 0.92, 0.95), 0.9),)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lessons": ()}, "lessons 0, expected 1..32"),
        ({"epochs": 501}, "epochs 501"),
        ({"seed": -1}, "seed -1"),
        ({"trim_epochs": 0}, "trim_epochs 0"),
        ({"last_pulse_s": 21e-6}, "last_pulse_s"),
        ({"target_v": -0.1}, "target_v"),
    ],
)
def test_a_request_that_no_device_could_take_is_not_sent(change: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Request(**{"lessons": LESSONS, "epochs": 2, "seed": 5, **change}).check()
