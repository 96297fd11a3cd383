"""Training for memristor542: its circuit, its gradient, and weights that devices and adders can hold."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from enose import accuracy
from enose.mapping import mapping_of
from enose.recordings import simulated_fruit
from enose.recordings.split import stratified
from enose.training import train
from enose.training.candidates import class_orders
from enose.training.circuit import open_circuit
from enose.training.memristor_circuit import Held, MemristorCircuit
from enose.training.readings import reading_of
from enose_hwsim.chipfile import load_chip
from enose_hwsim.chips import open_chip
from enose_hwsim.chips.memristor.equations import EquationNetwork
from enose_hwsim.chips.memristor.network import Network

MEMRISTORS = load_chip(Path(__file__).resolve().parents[2] / "boards/chips/memristor542.toml")


def memristor_circuit(fidelity: str = "fast") -> MemristorCircuit:
    return MemristorCircuit.of(MEMRISTORS, fidelity)


def test_memristor_training_goes_through_the_network() -> None:
    rng = np.random.default_rng(3)
    inputs_v = rng.uniform(0.85, 0.95, (40, 5))
    for fidelity, rms_v, most_v in (("ideal", 0.3e-3, 1.5e-3), ("fast", 0.8e-3, 4e-3)):
        circuit = memristor_circuit(fidelity)
        weights = circuit.reachable(circuit.within(rng.uniform(-1, 1, (100, 34)).astype(np.float32)))
        trained_v = 0.9 + circuit.output_v(circuit.drives(np.broadcast_to(inputs_v, (100, 40, 5))), weights)
        chip = open_chip(MEMRISTORS, fidelity)
        missed_v = trained_v - chip.output_v(inputs_v, mapping_of(MEMRISTORS).held(weights.astype(float)))
        # what the tanh of a polynomial leaves of the sigmoid, times an output weight of 5; outputs are within +-0.45 V
        assert np.sqrt(np.mean(missed_v**2)) < rms_v
        assert np.abs(missed_v).max() < most_v


def test_the_gradient_of_the_memristor_network() -> None:
    circuit, reading = memristor_circuit(), reading_of(MEMRISTORS, 10)
    rng = np.random.default_rng(4)
    drives = circuit.drives(rng.uniform(0.85, 0.95, (6, 8, 5)))
    wanted = rng.integers(0, 3, (6, 8))
    weights = circuit.within(rng.uniform(-1, 1, (6, 34)).astype(np.float32))
    found = circuit.gradient(drives, weights, partial(reading.slope, wanted=wanted))
    step = np.float32(2e-3)
    for k in range(34):
        clear = np.abs(weights[:, k]) > circuit.least + 2 * step  # below, the forward pass is a staircase
        ends = []
        for sign in (-1, 1):
            moved = weights.copy()
            moved[:, k] += sign * step
            ends.append(reading.loss(circuit.output_v(drives, moved), wanted).sum(axis=1))
        slopes = (ends[1] - ends[0]) / (2 * step)
        assert found[clear, k] == pytest.approx(slopes[clear], rel=0.02, abs=0.02)
    assert np.abs(found[:, 0]).max() > 0


@settings(max_examples=30)
@given(arrays(np.float32, (2, 34), elements=st.floats(-3, 3, width=32)))
def test_memristor_weights_stay_where_devices_and_adders_can_follow(weights: np.ndarray) -> None:
    circuit = memristor_circuit("ideal")
    held = circuit.reachable(circuit.within(weights))
    assert np.array_equal(circuit.reachable(held), held)
    ohms = mapping_of(MEMRISTORS).held(held.astype(float))
    corners_v = np.random.default_rng(0).choice([0.85, 0.95], (64, 5))
    signals = EquationNetwork(Network.of(MEMRISTORS)).signals(corners_v, ohms)
    assert np.abs(signals.sum_v).max() <= MEMRISTORS.adder.hidden_max_v
    assert np.abs(signals.output_v).max() <= MEMRISTORS.adder.output_max_v


def test_the_largest_output_or_rest_decides() -> None:
    reading = reading_of(MEMRISTORS, 10)
    output_v = np.array([[[0.1, -0.1], [-0.1, 0.1], [-0.1, -0.2], [0.1, 0.2]]], dtype=np.float32)
    assert reading.of(output_v).tolist() == [[0, 1, 2, 1]]
    right, wrong = np.array([[0, 1, 2, 1]]), np.array([[1, 2, 0, 2]])
    assert np.all(reading.loss(output_v, right) < reading.loss(output_v, wrong))
    assert reading.slope(output_v, right)[0, 0, 0] < 0 < reading.slope(output_v, right)[0, 0, 1]


def test_of_outputs_that_are_alike_one_order_is_tried() -> None:
    assert class_orders(MEMRISTORS, 2) == [(0, 1)]
    assert sorted(class_orders(MEMRISTORS, 3)) == [(0, 1, 2), (0, 2, 1), (2, 0, 1)]


def test_fruit_is_learnt_for_the_memristor_network() -> None:
    fruit = simulated_fruit(1)
    split = stratified(fruit, 0.5, 1)
    network = train(fruit, split.train, MEMRISTORS, 1)
    assert len(network.channels) == 5
    held = memristor_circuit("ideal").held(network.weights)
    assert (held.weights, held.adders) == (34, 6)
    assert held.open == network.weights.count(0.0)
    chip = open_chip(MEMRISTORS, "fast")
    labels = [fruit.specimens[i].label for i in split.test]
    for stage, answered in accuracy.stages(network, fruit, split.test, MEMRISTORS, chip, chip).items():
        assert accuracy.share_right(answered, labels) >= 11 / 12, stage


def test_a_memristor_network_is_trained_through_its_own_circuit() -> None:
    assert isinstance(open_circuit(MEMRISTORS, "ideal"), MemristorCircuit)
    assert isinstance(open_circuit(MEMRISTORS, "fast"), MemristorCircuit)


def test_weights_at_the_devices_limits_and_open_switches_are_counted() -> None:
    weights = np.full(34, 0.1)
    weights[:4] = [1.0, -1.0, 0.0, 0.04]
    # N1: inputs of 0.05 V at 5 times 1, 1, 0, 0.04, 0.1 and a bias of 0.1 V at 5 times 0.1: 0.585 V of 0.95 * 0.70 V.
    assert memristor_circuit("ideal").held(weights.tolist()) == Held(
        34, at_limits=3, open=1, adders=6, adders_at_limits=0
    )
    weights[2] = 0.33  # 0.0825 V more, which is all
    weights[24:29] = 1.0  # Y1: 2.5 V of 0.95 * 0.55 V, more than training would leave
    found = memristor_circuit("ideal").held(weights.tolist())
    assert found == Held(34, at_limits=8, open=0, adders=6, adders_at_limits=2)


@settings(max_examples=30)
@given(arrays(np.float32, (1, 34), elements=st.floats(-3, 3, width=32)))
def test_what_training_draws_in_is_told(weights: np.ndarray) -> None:
    circuit = memristor_circuit("ideal")
    drawn = circuit.within(weights)
    held = circuit.held(circuit.reachable(drawn)[0].tolist())
    least = MEMRISTORS.devices.min_ohm / MEMRISTORS.devices.max_ohm
    size = np.abs(drawn[0])
    assert held.open == int((2 * size < least).sum())
    assert held.at_limits >= int((size >= 1).sum() + ((2 * size > least * 1.001) & (size < least)).sum())
