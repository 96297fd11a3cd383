"""The guard that keeps wrong answers rare."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from enose.recordings import simulated_fruit
from enose.recordings.split import grouped_folds
from enose.training import Effort, train
from enose.training.guarding import STEP_V, Held, held_out, set_guard
from enose_hwsim.chipfile import load_chip

CHIPS = Path(__file__).resolve().parents[2] / "boards/chips"
CHIP, MEMRISTOR = load_chip(CHIPS / "mlp441.toml"), load_chip(CHIPS / "memristor542.toml")


def held(margin_v: list[float], right: list[bool], sigma_v: float = 1e-5) -> Held:
    count = len(margin_v)
    groups = tuple(str(k) for k in range(count))
    return Held(np.array(margin_v), np.array(right), np.full(count, sigma_v), groups)


def test_the_guard_is_the_smallest_that_shuts_out_the_wrong_ones() -> None:
    # without noise: the one wrong answer of margin 5 mV is shut out just above 5 mV
    guard = set_guard([held([0.002, 0.005, 0.010, 0.012], [True, False, True, True])] * 2, CHIP, 0.01)
    assert guard.reached
    assert 0.005 < guard.guard_v <= 0.005 + 2 * STEP_V
    assert (guard.wrong, guard.answered) == (0.0, 0.5)


def test_a_rate_that_is_kept_anyway_leaves_the_chips_guard() -> None:
    guard = set_guard([held([0.002, 0.010], [True, True])], CHIP, 0.01)
    assert guard.guard_v == CHIP.decision.guard_v
    assert guard.answered == 1.0


@settings(max_examples=30)
@given(st.floats(0.0002, 0.002), st.floats(0.01, 0.2))
def test_noise_alone_widens_the_guard_by_the_normal_distribution(sigma_v: float, rate: float) -> None:
    # Every specimen lies on the edge but for a hair: answers come by noise alone, half of them wrong.
    hopeless = set_guard([held([1e-9] * 50, [True] * 50, sigma_v)], CHIP, 0.4)
    assert not hopeless.reached
    # At margin m the share of wrong ones among answers is P(-m - g) / (P(m - g) + P(-m - g)).
    margin_v = 2 * sigma_v
    guard = set_guard([held([margin_v] * 1000, [True] * 1000, sigma_v)], CHIP, rate)
    own, other = (norm.cdf((sign * margin_v - guard.guard_v) / sigma_v) for sign in (1, -1))
    assert guard.reached
    assert other / (own + other) <= rate


def test_what_no_guard_can_keep_is_said() -> None:
    guard = set_guard([held([0.05, 0.06], [True, False])] * 2, CHIP, 0.1)
    assert not guard.reached
    assert guard.guard_v == pytest.approx(0.02, abs=STEP_V)  # half of the 40 mV between the edges
    silent = set_guard([held([0.0, 0.0], [False, False])], CHIP, 0.1)
    assert (silent.reached, silent.wrong, silent.answered, silent.wrong_interval) == (False, 0.0, 0.0, (0.0, 1.0))


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, float("nan")])
def test_a_rate_is_a_share(rate: float) -> None:
    with pytest.raises(ValueError, match=r"error rate .* expected more than 0 and less than 1"):
        set_guard([held([0.01], [True])], CHIP, rate)


def test_each_fold_is_judged_by_a_guard_that_the_others_set() -> None:
    bad, good = held([0.004] * 4, [False] * 4), held([0.010] * 4, [True] * 4)
    guard = set_guard([bad, good], CHIP, 0.05)
    # the bad fold's guard is the chip's own, so it answers, and wrongly; the good fold's, set on the bad one, is wide
    assert (guard.answered, guard.wrong) == (0.5, 1.0)
    assert guard.guard_v > 0.004


def test_a_simulated_noses_outputs_and_their_noise() -> None:
    fruit = simulated_fruit(1)
    folds = grouped_folds(fruit, 2, 0)
    found = []
    for fold in folds:
        network = train(fruit, fold.train, CHIP, 1, effort=Effort(2, 100))
        found.append(held_out(network, fruit, fold.test, CHIP, "fast"))
    assert sum(len(one.margin_v) for one in found) == 24
    sigma_v = np.concatenate([one.sigma_v for one in found])
    # 17 uV at a neuron's input, by some tens at the output; above the step of the ADC, far below a band of 40 mV
    assert 18e-6 < sigma_v.min() <= sigma_v.max() < 1e-3
    assert np.mean(np.concatenate([one.right for one in found])) >= 0.75
    nothing = replace(fruit.specimens[0], exposure_ohm=np.repeat(fruit.specimens[0].baseline_ohm[-1:], 8, axis=0))
    blank = replace(fruit, specimens=(replace(nothing, baseline_ohm=nothing.exposure_ohm),))
    silent = held_out(network, blank, np.array([0]), CHIP, "fast")
    assert (silent.margin_v.tolist(), silent.right.tolist()) == ([0.0], [False])


def test_the_memristor_network_has_a_guard_too() -> None:
    fruit = simulated_fruit(2)
    network = train(fruit, np.arange(24), MEMRISTOR, 0, "ideal", effort=Effort(1, 50))
    found = held_out(network, fruit, np.arange(24), MEMRISTOR, "ideal")
    guard = set_guard([found], MEMRISTOR, 0.2)
    assert guard.guard_v >= MEMRISTOR.decision.guard_v
    assert found.sigma_v.max() < 20e-6  # the ADC's step alone: its chip has no noise model
