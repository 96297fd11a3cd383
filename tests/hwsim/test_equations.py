"""The chip's equations against the same written out for one sample, and what they refuse."""

import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips.equations import EquationChip, thermal_v

CHIP = load_chip(Path(__file__).resolve().parents[2] / "boards/chips/mlp441.toml")
INPUTS = arrays(np.float64, (4,), elements=st.floats(0.85, 0.95))
WEIGHTS = arrays(np.float64, (25,), elements=st.floats(0.70, 1.10))


def written_out(
    chip: MlpFile, inputs_v: list[float], weights_v: list[float], kelvin: float
) -> tuple[list[float], float]:
    """Hidden voltages and the output, term by term from the paper's equations."""
    thermal = 1.380649e-23 * kelvin / 1.602176634e-19
    synapse, neuron = chip.synapse, chip.neuron

    def term(k: int, v: float) -> float:
        weight = (synapse.weight_zero_v - weights_v[k]) / 0.2
        return weight * math.tanh(synapse.kappa * (v - synapse.v_ref_v) / (2 * thermal))

    def squashed(current: float) -> float:
        return synapse.v_ref_v + neuron.swing_v * math.tanh(neuron.gain * current)

    nodes = [*inputs_v, chip.input.bias_v]
    hidden = [squashed(sum(term(5 * j + i, v) for i, v in enumerate(nodes))) for j in range(4)]
    return hidden, squashed(sum(term(20 + j, v) for j, v in enumerate([*hidden, chip.input.bias_v])))


@given(INPUTS, WEIGHTS, st.floats(-20.0, 60.0))
def test_network_is_the_papers_term_by_term(inputs: np.ndarray, weights: np.ndarray, temperature_c: float) -> None:
    chip = EquationChip(CHIP, temperature_c)
    hidden, output = written_out(CHIP, inputs.tolist(), weights.tolist(), temperature_c + 273.15)
    assert chip.hidden_v(inputs[None], weights)[0] == pytest.approx(hidden, abs=1e-9)
    assert chip.output_v(inputs[None], weights)[0] == pytest.approx(output, abs=1e-9)


@settings(max_examples=30)
@given(st.integers(1, 5), st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_many_chips_and_samples_are_each_alone(chips: int, samples: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs, weights = rng.uniform(0.85, 0.95, (samples, 4)), rng.uniform(0.7, 1.1, (chips, 25))
    chip = EquationChip(CHIP)
    together = chip.output_v(inputs, weights)
    hidden = chip.hidden_v(inputs, weights)
    assert together.shape == (chips, samples)
    assert hidden.shape == (chips, samples, 4)
    for c in range(chips):
        assert together[c] == pytest.approx(chip.output_v(inputs, weights[c]), abs=1e-12)
        assert hidden[c] == pytest.approx(chip.hidden_v(inputs, weights[c]), abs=1e-12)


@given(INPUTS, WEIGHTS)
def test_output_stays_within_the_chips_swing(inputs: np.ndarray, weights: np.ndarray) -> None:
    output = EquationChip(CHIP).output_v(inputs[None], weights)[0]
    assert CHIP.output.min_v <= output <= CHIP.output.max_v


def test_zero_weights_rest_at_the_reference_and_a_lower_voltage_raises_the_output() -> None:
    chip = EquationChip(CHIP)
    inputs = np.full((1, 4), 0.95)
    weights = np.full(25, CHIP.synapse.weight_zero_v)
    assert chip.output_v(inputs, weights)[0] == pytest.approx(CHIP.synapse.v_ref_v, abs=1e-12)
    weights[24] -= 0.1
    assert chip.output_v(inputs, weights)[0] > CHIP.synapse.v_ref_v


@pytest.mark.parametrize(
    ("index", "value"), [((0, 0), 0.8499), ((1, 2), 0.9501), ((1, 3), math.nan), ((0, 1), -math.inf)]
)
def test_an_input_out_of_range_is_named(index: tuple[int, int], value: float) -> None:
    inputs = np.full((2, 4), 0.9)
    inputs[index] = value
    with pytest.raises(ValueError, match=rf"input \[{index[0]}, {index[1]}\]: {value} V, expected 0.85..0.95 V"):
        EquationChip(CHIP).output_v(inputs, np.full(25, 0.9))


@pytest.mark.parametrize("value", [0.69, 1.11, math.nan])
def test_a_weight_out_of_range_is_named(value: float) -> None:
    weights = np.full(25, 0.9)
    weights[7] = value
    with pytest.raises(ValueError, match=rf"weight \[7\]: {value} V, expected 0.7..1.1 V"):
        EquationChip(CHIP).output_v(np.full((1, 4), 0.9), weights)


@pytest.mark.parametrize(("inputs", "weights"), [((4,), (25,)), ((1, 3), (25,)), ((1, 4), (24,)), ((1, 4), (1, 1, 25))])
def test_a_wrong_shape_is_refused(inputs: tuple[int, ...], weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="voltages of shape"):
        EquationChip(CHIP).hidden_v(np.full(inputs, 0.9), np.full(weights, 0.9))


def test_more_than_one_output_is_refused() -> None:
    two = msgspec.structs.replace(CHIP, topology=msgspec.structs.replace(CHIP.topology, outputs=2))
    with pytest.raises(ValueError, match=r"topology.outputs 2, expected 1"):
        EquationChip(two)


def test_thermal_voltage() -> None:
    assert thermal_v(27.0) == pytest.approx(0.025865, abs=1e-6)
    with pytest.raises(ValueError, match=r"temperature -273.15 C"):
        thermal_v(-273.15)
