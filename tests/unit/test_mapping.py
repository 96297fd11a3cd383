"""Weights and weight voltages: a pair, each the other's inverse, and what a DAC makes of them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from enose.mapping import held_v, mapping_of, uv_from_volts
from enose.training.memristor_circuit import MemristorCircuit
from enose_contract.image import UNIT_OHM, UNIT_UV
from enose_hwsim.chipfile import load_chip

CHIP = load_chip(Path(__file__).resolve().parents[2] / "boards/chips/mlp441.toml")
MAPPING = mapping_of(CHIP)
MEMRISTORS = load_chip(Path(__file__).resolve().parents[2] / "boards/chips/memristor542.toml")
OHMS = mapping_of(MEMRISTORS)
LOW_V, HIGH_V = CHIP.synapse.weight_min_v, CHIP.synapse.weight_max_v


@given(arrays(np.float64, (25,), elements=st.floats(-1.0, 1.0)))
def test_weights_come_back_from_their_voltages(weights: np.ndarray) -> None:
    volts = MAPPING.held(weights)
    assert np.all((volts >= LOW_V - 1e-12) & (volts <= HIGH_V + 1e-12))
    assert MAPPING.weights(volts) == pytest.approx(weights, abs=1e-12)


@given(arrays(np.float64, (3, 25), elements=st.floats(LOW_V, HIGH_V)))
def test_voltages_come_back_from_their_weights(volts: np.ndarray) -> None:
    assert MAPPING.held(MAPPING.weights(volts)) == pytest.approx(volts, abs=1e-12)


def test_a_positive_weight_is_a_low_voltage() -> None:
    assert MAPPING.held([1.0, 0.0, -1.0]) == pytest.approx([LOW_V, CHIP.synapse.weight_zero_v, HIGH_V])


@pytest.mark.parametrize("value", [1.001, -1.001, math.nan, math.inf])
def test_a_weight_out_of_range_is_named(value: float) -> None:
    with pytest.raises(ValueError, match=rf"weight \[0, 3\]: {value}, expected -1.0..1.0"):
        MAPPING.held([[0.0, 0.0, 0.0, value]])


@pytest.mark.parametrize("value", [0.699, 1.101, math.nan])
def test_a_weight_voltage_out_of_range_is_named(value: float) -> None:
    with pytest.raises(ValueError, match=rf"weight voltage \[1\]: {value} V, expected 0.7..1.1 V"):
        MAPPING.weights([0.9, value])


@given(arrays(np.float64, (4,), elements=st.floats(LOW_V, HIGH_V)))
def test_what_a_dac_holds_is_inside_and_within_a_step(volts: np.ndarray) -> None:
    held = held_v(volts, LOW_V, HIGH_V)
    assert np.all((held >= LOW_V) & (held <= HIGH_V))
    assert np.max(np.abs(held - volts)) <= 2.5 / 65536 + 1e-6


def test_microvolts_are_rounded_to_the_nearest() -> None:
    assert uv_from_volts([0.9000004, 0.9000006]).tolist() == [900_000, 900_001]


def test_an_image_carries_microvolts_and_the_dac_makes_the_nearest_code() -> None:
    weights = np.linspace(-1, 1, 25)
    carried = MAPPING.carried(weights)
    assert MAPPING.unit == UNIT_UV
    assert MAPPING.exact(carried) == pytest.approx(MAPPING.held(weights), abs=0.6e-6)
    assert MAPPING.written(carried) == pytest.approx(MAPPING.held(weights), abs=2.5 / 65536)


@given(arrays(np.float64, (34,), elements=st.floats(-1.0, 1.0)))
def test_weights_come_back_from_their_memristances(weights: np.ndarray) -> None:
    least = MEMRISTORS.devices.min_ohm / MEMRISTORS.devices.max_ohm
    held = np.where(np.abs(weights) < least, 0.0, weights)
    ohms = OHMS.held(held)
    assert OHMS.weights(ohms) == pytest.approx(held, abs=1e-12)
    assert np.array_equal(np.sign(ohms), np.sign(held))


@given(arrays(np.float32, (34,), elements=st.floats(-1.0, 1.0, width=32)))
def test_an_image_carries_ohms(weights: np.ndarray) -> None:
    circuit = MemristorCircuit.of(MEMRISTORS, "ideal")
    held = circuit.reachable(circuit.within(weights[None]))[0].astype(float)
    assert OHMS.unit == UNIT_OHM
    # whole ohms of 2000 at least: a quarter of a per mille of the weight
    assert OHMS.weights(OHMS.written(OHMS.carried(held))) == pytest.approx(held, rel=2.6e-4)
    assert np.array_equal(OHMS.written(OHMS.carried(held)), OHMS.exact(OHMS.carried(held)))


def test_weights_with_which_an_input_would_move_a_memristor_are_not_carried() -> None:
    with pytest.raises(ValueError, match=r"N1: its plus stage reaches .* V from the common node, expected at most"):
        OHMS.carried(np.r_[np.ones(6), np.zeros(28)])


def test_a_weight_of_one_is_the_smallest_memristance() -> None:
    full = np.where(np.arange(34) % 2, 1.0, -1.0)
    assert np.array_equal(OHMS.held(full), full * MEMRISTORS.devices.min_ohm)


@pytest.mark.parametrize("value", [1.001, 0.039, math.nan])
def test_a_weight_that_no_memristance_makes_is_named(value: float) -> None:
    weights = np.full(34, 0.5)
    weights[7] = value
    with pytest.raises(ValueError, match=r"weight \[7\]: .*, expected 0 or a size of"):
        OHMS.held(weights)


def output_layer(*weights: float) -> np.ndarray:
    return np.r_[np.full(24, 0.1), weights, np.zeros(10 - len(weights))]


@pytest.mark.parametrize(
    ("weights", "factor"),
    [
        (output_layer(2.0, -0.1), 0.5),  # to the smallest memristance
        (output_layer(0.02, -0.1), 2.0),  # to the largest
        (output_layer(1.0, 1.0, 2.0), 0.2749),  # 2 V with all sigmoids up, and 0.55 V is what the adder is built for
    ],
)
def test_an_output_layer_out_of_range_is_refused_with_the_factor_that_fits(weights: np.ndarray, factor: float) -> None:
    with pytest.raises(
        ValueError,
        match=rf"weight \[\d+\]: .*, expected 0 or a size of 0\.04\.\.1; the output layer times {factor:g} would",
    ):
        OHMS.held(weights)
    assert np.abs(OHMS.carried(np.r_[weights[:24], factor * weights[24:]])).max() <= MEMRISTORS.devices.max_ohm


@pytest.mark.parametrize(
    "weights",
    [
        output_layer(2.0, -0.05),  # farther apart than the devices reach
        np.r_[2.0, np.full(33, 0.1)],  # a hidden weight
        output_layer(math.nan),
        np.stack([output_layer(2.0)] * 2),  # each set has its own factor
    ],
)
def test_where_no_factor_fits_none_is_told(weights: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected 0 or a size of 0\.04\.\.1$"):
        OHMS.held(weights)


def test_another_number_of_weights_is_refused() -> None:
    with pytest.raises(ValueError, match=r"weights of shape \(33,\), expected 34 in the last axis"):
        OHMS.held(np.zeros(33))
