"""Weights and weight voltages: a pair, each the other's inverse, and what a DAC makes of them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from enose.mapping import held_v, uv_from_volts, volts_from_weights, weights_from_volts
from enose_hwsim.chipfile import load_chip

CHIP = load_chip(Path(__file__).resolve().parents[2] / "boards/chips/mlp441.toml")
LOW_V, HIGH_V = CHIP.synapse.weight_min_v, CHIP.synapse.weight_max_v


@given(arrays(np.float64, (25,), elements=st.floats(-1.0, 1.0)))
def test_weights_come_back_from_their_voltages(weights: np.ndarray) -> None:
    volts = volts_from_weights(weights, CHIP)
    assert np.all((volts >= LOW_V - 1e-12) & (volts <= HIGH_V + 1e-12))
    assert weights_from_volts(volts, CHIP) == pytest.approx(weights, abs=1e-12)


@given(arrays(np.float64, (3, 25), elements=st.floats(LOW_V, HIGH_V)))
def test_voltages_come_back_from_their_weights(volts: np.ndarray) -> None:
    assert volts_from_weights(weights_from_volts(volts, CHIP), CHIP) == pytest.approx(volts, abs=1e-12)


def test_a_positive_weight_is_a_low_voltage() -> None:
    assert volts_from_weights([1.0, 0.0, -1.0], CHIP) == pytest.approx([LOW_V, CHIP.synapse.weight_zero_v, HIGH_V])


@pytest.mark.parametrize("value", [1.001, -1.001, math.nan, math.inf])
def test_a_weight_out_of_range_is_named(value: float) -> None:
    with pytest.raises(ValueError, match=rf"weight \[0, 3\]: {value}, expected -1.0..1.0"):
        volts_from_weights([[0.0, 0.0, 0.0, value]], CHIP)


@pytest.mark.parametrize("value", [0.699, 1.101, math.nan])
def test_a_weight_voltage_out_of_range_is_named(value: float) -> None:
    with pytest.raises(ValueError, match=rf"weight voltage \[1\]: {value} V, expected 0.7..1.1 V"):
        weights_from_volts([0.9, value], CHIP)


@given(arrays(np.float64, (4,), elements=st.floats(LOW_V, HIGH_V)))
def test_what_a_dac_holds_is_inside_and_within_a_step(volts: np.ndarray) -> None:
    held = held_v(volts, LOW_V, HIGH_V)
    assert np.all((held >= LOW_V) & (held <= HIGH_V))
    assert np.max(np.abs(held - volts)) <= 2.5 / 65536 + 1e-6


def test_microvolts_are_rounded_to_the_nearest() -> None:
    assert uv_from_volts([0.9000004, 0.9000006]).tolist() == [900_000, 900_001]
