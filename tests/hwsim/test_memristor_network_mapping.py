"""Weights and memristances: a pair, each the other's inverse, nothing clipped, and the output layer's factor."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from enose.boards import boards_folder
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.equations import EquationNetwork
from enose_hwsim.chips.memristor.mapping import ohms_from_weights, reachable, rescaled, weights_from_ohms
from enose_hwsim.chips.memristor.monitor import check_stages
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.chips.memristor.random_weights import draw_ohms
from enose_hwsim.tomlfile import load

CHIP = load(boards_folder() / "chips" / "memristor542.toml", MemristorFile)
WEIGHTS, OUTPUTS = 34, slice(24, 34)
SMALLEST, LARGEST = reachable(CHIP)

sizes = st.floats(CHIP.devices.min_ohm, CHIP.devices.max_ohm)
memristances = st.one_of(st.just(0.0), sizes, sizes.map(lambda ohm: -ohm))


@given(arrays(np.float64, (WEIGHTS,), elements=memristances))
def test_memristances_come_back_from_their_weights(ohms: np.ndarray) -> None:
    assert ohms_from_weights(weights_from_ohms(ohms, CHIP), CHIP) == pytest.approx(ohms, rel=1e-12)  # rounding


@given(arrays(np.float64, (3, WEIGHTS), elements=st.floats(-1, 1)), st.sampled_from([0.0, 1.0]))
def test_weights_come_back_from_their_memristances(share: np.ndarray, closed: float) -> None:
    weights = closed * np.sign(share) * (SMALLEST + np.abs(share) * (LARGEST - SMALLEST))
    assert weights_from_ohms(ohms_from_weights(weights, CHIP), CHIP) == pytest.approx(weights, rel=1e-12)


def test_the_papers_own_weights_are_its_memristances() -> None:
    """Tables 4 and 5 but for the 100 kohm, and Tables 6 and 7 with the bias that gives the paper's outputs."""
    weights = [-0.2, 1, -0.5, 0.5, 0.2, 0.2, 1, -2, -0.5, 1, -0.5, 0.5, 0.2, 0.5, -1, 1, -0.2, -0.2]
    weights += [0.5, -0.5, 1, 0.5, 0.2, -0.1, -0.1, 0.1, 0.2, -0.1, 0.1, -0.05, 0.05, 0.1, -0.1, -0.1]
    kohm = [-50, 10, -20, 20, 50, 5, 10, -5, -20, 10, -20, 2, 50, 20, -10, 10, -50, -5, 20, -20, 10, 20, 50, -10]
    kohm += [-10, 10, 5, -10, 10, -20, 20, 10, -10, -10]
    assert ohms_from_weights(weights, CHIP) == pytest.approx(1e3 * np.array(kohm))


@given(st.integers(0, 2**32 - 1))
def test_a_weight_is_what_the_network_multiplies_with(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ohms = draw_ohms(CHIP, 1, rng)[0]
    weights = weights_from_ohms(ohms, CHIP)
    inputs_v = rng.uniform(CHIP.input.min_v, CHIP.input.max_v, (3, 5))
    signals = EquationNetwork(Network.of(CHIP)).signals(inputs_v, ohms)
    hidden, output = weights[:24].reshape(4, 6), weights[24:].reshape(2, 5)
    sums_v = (inputs_v - CHIP.input.common_v) @ hidden[:, :-1].T + hidden[:, -1]
    assert signals.sum_v[0] == pytest.approx(sums_v, abs=1e-12)  # rounding
    assert signals.output_v[0] == pytest.approx(signals.tf_v[0] @ output[:, :-1].T + output[:, -1], abs=1e-12)


@pytest.mark.parametrize(
    ("index", "value", "expected"),
    [
        (0, 5.01, r"weight \[0\]: 5.01, expected 0 or a size of 0.2..5"),
        (1, -0.19, r"weight \[1\]: -0.19, expected 0 or a size of 0.2..5"),
        (5, 0.51, r"weight \[5\]: 0.51, expected 0 or a size of 0.02..0.5"),
        (24, -0.51, r"weight \[24\]: -0.51, expected 0 or a size of 0.02..0.5"),
        (33, 0.019, r"weight \[33\]: 0.019, expected 0 or a size of 0.02..0.5"),
        (7, np.nan, r"weight \[7\]: nan, expected 0 or"),
        (7, np.inf, r"weight \[7\]: inf, expected 0 or"),
    ],
)
def test_a_weight_out_of_reach_is_named(index: int, value: float, expected: str) -> None:
    weights = np.zeros(WEIGHTS)
    weights[index] = value
    with pytest.raises(ValueError, match=expected):
        ohms_from_weights(weights, CHIP)


def test_a_memristance_out_of_range_is_named() -> None:
    with pytest.raises(ValueError, match=r"memristance \[1, 2\]: 1000 ohm, expected 2000..50000 ohm"):
        weights_from_ohms(np.where(np.arange(2 * WEIGHTS).reshape(2, -1) == WEIGHTS + 2, 1e3, 0.0), CHIP)


@pytest.mark.parametrize("map_weights", [ohms_from_weights, rescaled])
def test_a_wrong_number_of_weights_is_refused(map_weights) -> None:
    with pytest.raises(ValueError, match=r"weights of shape \(33,\), expected 34 in the last axis"):
        map_weights(np.zeros(33), CHIP)


# The output layer's factor.


def output_layer(*weights: float) -> np.ndarray:
    return np.concatenate((np.zeros(24), weights, np.zeros(10 - len(weights))))


@given(st.floats(1e-3, 1e3), st.integers(0, 2**32 - 1))
def test_rescaled_outputs_are_reachable_and_the_same_but_for_the_factor(stretch: float, seed: int) -> None:
    weights = weights_from_ohms(draw_ohms(CHIP, 1, np.random.default_rng(seed))[0], CHIP)
    assume(weights[OUTPUTS].any())
    stretched = weights.copy()
    stretched[OUTPUTS] *= stretch
    found = rescaled(stretched, CHIP)  # 1 / stretch is one factor that will do
    assert found.weights[:24] == pytest.approx(weights[:24], rel=0)
    assert found.weights[OUTPUTS] == pytest.approx(found.factor * stretched[OUTPUTS], rel=1e-12)  # rounding
    check_stages(np.concatenate((np.zeros(24), ohms_from_weights(found.weights, CHIP)[OUTPUTS])), CHIP)


def test_what_fits_is_left_alone() -> None:
    weights = output_layer(0.1, -0.2, 0.02)
    found = rescaled(weights, CHIP)
    assert found.factor == 1.0
    assert found.weights.tolist() == weights.tolist()


def test_too_large_outputs_are_scaled_down_to_the_largest_device() -> None:
    found = rescaled(output_layer(5.0, -1.0), CHIP)
    assert found.factor == pytest.approx(0.1)
    assert found.weights[24:26] == pytest.approx([0.5, -0.1])


def test_too_small_outputs_are_scaled_up_to_the_smallest_device() -> None:
    found = rescaled(output_layer(0.01, -0.1), CHIP)
    assert found.factor == pytest.approx(2.0)
    assert found.weights[24:26] == pytest.approx([0.02, -0.2])


def test_outputs_beyond_their_adders_are_scaled_down_further() -> None:
    found = rescaled(output_layer(0.5, 0.5), CHIP)  # 1.0 V with both sigmoids up; 0.55 V is what the adder is built for
    assert found.factor == pytest.approx(0.55, rel=3e-4)  # half an ohm of 2 kohm is left for whole ones
    assert found.weights[24:26] == pytest.approx([0.275, 0.275], rel=3e-4)
    check_stages(np.rint(ohms_from_weights(found.weights, CHIP)), CHIP)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        (output_layer(0.5, -0.01), r"weight 24: 0.5 and weight 25: -0.01 are too far apart: the devices .* of 25"),
        (output_layer(0.5, 0.5, 0.02), r"outputs reach 1.0200 V from the common node, expected at most 0.55 V"),
        (output_layer(0.0), r"output weights .* expected finite numbers, one at least not 0"),
        (output_layer(np.nan), r"output weights .* expected finite numbers"),
        (np.zeros((2, WEIGHTS)), r"weights of shape \(2, 34\), expected one set"),
    ],
)  # fmt: skip
def test_outputs_that_no_factor_brings_into_range_are_refused(weights: np.ndarray, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        rescaled(weights, CHIP)
