"""Training: the circuit it goes through, its gradient, and that a network comes out that the chip can hold."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from enose import accuracy
from enose.mapping import volts_from_weights
from enose.recordings import Recordings, RecordingsError, open_recordings, simulated_fruit
from enose.recordings.split import grouped_folds, stratified
from enose.training import Network, TrainingError, train
from enose.training.candidates import all_candidates
from enose.training.circuit import Circuit
from enose.training.fit import Bands, Jobs, fit, start
from enose_hwsim.chipfile import load_chip
from enose_hwsim.chips.equations import EquationChip

CHIP = load_chip(Path(__file__).resolve().parents[2] / "boards/chips/mlp441.toml")
V_REF = CHIP.synapse.v_ref_v


def only(recordings: Recordings, classes: tuple[str, ...]) -> Recordings:
    kept = tuple(s for s in recordings.specimens if s.label in classes)
    return replace(recordings, classes=classes, specimens=kept)


def right(network: Network, recordings: Recordings, test: np.ndarray) -> dict[str, float]:
    labels = [recordings.specimens[i].label for i in test]
    answered = accuracy.stages(network, recordings, test, CHIP, EquationChip(CHIP))
    return {name: accuracy.share_right(a, labels) for name, a in answered.items()}


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_training_goes_through_the_chips_own_equations(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inputs, weights = rng.uniform(0.85, 0.95, (6, 4)), rng.uniform(-1, 1, (3, 25))
    circuit = Circuit(CHIP)
    drives = np.broadcast_to(circuit.drives(inputs), (3, 6, 5))
    trained_v = V_REF + circuit.forward(drives, weights.astype(np.float32)).output_v
    assert trained_v == pytest.approx(EquationChip(CHIP).output_v(inputs, volts_from_weights(weights, CHIP)), abs=1e-6)


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_the_gradient_is_the_losss_finite_difference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit, bands = Circuit(CHIP), Bands(CHIP, 10)
    drives = circuit.drives(rng.uniform(0.85, 0.95, (1, 8, 4)))
    wanted = rng.integers(0, 3, (1, 8))
    weights = rng.uniform(-0.6, 0.6, (1, 25)).astype(np.float32)
    activity = circuit.forward(drives, weights)
    found = circuit.gradient(drives, weights, activity, bands.slope(activity.output_v, wanted))[0]
    step = np.float32(2e-3)
    for k in range(25):
        ends = []
        for sign in (-1, 1):
            moved = weights.copy()
            moved[0, k] += sign * step
            ends.append(bands.loss(circuit.forward(drives, moved).output_v, wanted).sum())
        assert found[k] == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=0.03, abs=0.05)


def test_bands_are_those_of_the_chip_file() -> None:
    bands = Bands(CHIP, 10)
    output_v = np.array([-0.07, -0.0201, -0.0199, 0.0, 0.0199, 0.0201], dtype=np.float32)
    assert bands.of(output_v).tolist() == [0, 0, 1, 1, 1, 2]
    middle = np.ones(6, dtype=np.int64)
    assert np.argmin(bands.loss(output_v, middle)) == 3
    assert bands.slope(output_v, middle)[0] < 0 < bands.slope(output_v, middle)[-1]


def test_fitting_learns_nothing_from_specimens_that_are_not_used() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.uniform(0.85, 0.95, (2, 10, 4))
    wanted = rng.integers(0, 3, (2, 10))
    used = np.arange(10) < np.array([[5], [6]])
    weights = start(Circuit(CHIP), 2, rng)

    def fitted(bands: np.ndarray) -> np.ndarray:
        return fit(CHIP, Jobs(inputs, bands, used, np.zeros(2), 10), weights, 30, np.random.default_rng(1))

    once = fitted(wanted)
    assert np.array_equal(fitted(np.where(used, wanted, (wanted + 1) % 3)), once)
    assert not np.array_equal(fitted(np.where(used, (wanted + 1) % 3, wanted)), once)
    assert np.max(np.abs(once)) <= 1.0


def test_candidates_are_every_choice_once_up_to_a_mirror() -> None:
    three = all_candidates(8, 4, 3)
    assert len(three) == 70 * 3
    seen = {(tuple(c), tuple(o)) for c, o in zip(three.channels.tolist(), three.band_of_class.tolist(), strict=True)}
    assert len(seen) == len(three)
    assert {o[0] < o[-1] for _, o in seen} == {True}
    assert len(all_candidates(8, 4, 2)) == 70 * 2
    assert np.unique(three.shrunk((0.0, 0.1)).shrink).tolist() == [0.0, 0.1]


def test_fruit_is_learnt_and_the_chip_can_hold_it() -> None:
    fruit = simulated_fruit(1)
    split = stratified(fruit, 0.5, 1)
    said: list[tuple[int, int, str]] = []
    network = train(fruit, split.train, CHIP, 1, lambda *step: said.append(step))
    assert len(network.channels) == 4 == len(network.sensors)
    assert network.sensors == tuple(fruit.sensors[c] for c in network.channels)
    assert sorted(network.class_order) == sorted(fruit.classes)
    assert len(network.weights) == 25
    assert max(map(abs, network.weights)) <= 1.0
    assert [done for done, _, _ in said] == [0, 1, 2, 3, 4]
    assert {total for _, total, _ in said} == {4}
    for stage, share in right(network, fruit, split.test).items():
        assert share >= 11 / 12, stage


def test_the_same_seed_is_the_same_network_whatever_the_test_half_holds() -> None:
    fruit = simulated_fruit(2)
    split = stratified(fruit, 0.5, 2)
    network = train(fruit, split.train, CHIP, 7)
    spoilt = list(fruit.specimens)
    for i in split.test.tolist():
        spoilt[i] = replace(spoilt[i], exposure_ohm=spoilt[i].exposure_ohm * 3.0, label="lemon")
    assert train(replace(fruit, specimens=tuple(spoilt)), split.train, CHIP, 7) == network


def test_fruit_is_learnt_from_most_seeds() -> None:
    shares = []
    for seed in range(6):
        fruit = simulated_fruit(seed)
        split = stratified(fruit, 0.5, seed)
        shares.append(right(train(fruit, split.train, CHIP, seed), fruit, split.test)["chip"])
    assert np.mean(shares) >= 0.93
    assert min(shares) >= 9 / 12


def test_two_classes_take_the_two_lowest_bands() -> None:
    fruit = only(simulated_fruit(4), ("banana", "lemon"))
    split = stratified(fruit, 0.5, 4)
    network = train(fruit, split.train, CHIP, 4)
    assert sorted(network.class_order) == ["banana", "lemon"]
    assert right(network, fruit, split.test)["chip"] == 1.0


def test_a_class_that_the_split_lacks_is_not_among_the_networks() -> None:
    fruit = simulated_fruit(5)
    train_indices = np.array([i for i, s in enumerate(fruit.specimens) if s.label != "lemon"][:12])
    assert sorted(train(fruit, train_indices, CHIP, 0).class_order) == ["banana", "lychee"]


def test_what_cannot_be_trained_is_named() -> None:
    fruit = simulated_fruit(0)
    everything = np.arange(24)
    bananas = np.array([i for i, s in enumerate(fruit.specimens) if s.label == "banana"])
    with pytest.raises(TrainingError, match=r"1 classes in the training split \(banana\), expected 2..3 for mlp441"):
        train(fruit, bananas, CHIP, 0)
    with pytest.raises(TrainingError, match=r"0 classes in the training split \(none\)"):
        train(fruit, bananas[:0], CHIP, 0)
    relabelled = tuple(replace(s, label=f"{s.label}{n % 2}") for n, s in enumerate(fruit.specimens))
    six = replace(fruit, specimens=relabelled, classes=tuple(sorted({s.label for s in relabelled})))
    with pytest.raises(TrainingError, match=r"classes in the training split .* expected 2\.\.3"):
        train(six, everything, CHIP, 0)
    one_lemon = [i for i in everything.tolist() if fruit.specimens[i].label != "lemon"]
    lemon = next(i for i in everything.tolist() if fruit.specimens[i].label == "lemon")
    with pytest.raises(TrainingError, match="class 'lemon' has one specimen or group in the training split"):
        train(fruit, np.array([*one_lemon, lemon]), CHIP, 0)
    with pytest.raises(TrainingError, match="3 sensors, expected at least the 4 inputs of mlp441"):
        train(replace(fruit, sensors=fruit.sensors[:3]), everything, CHIP, 0)
    assert issubclass(TrainingError, ValueError)
    assert not issubclass(TrainingError, RecordingsError)


@pytest.mark.data
def test_the_drift_sets_three_gases_reach_their_target(data_path: Callable[[str], Path]) -> None:
    drift = open_recordings(data_path("uci_gas_drift"), ("ethylene", "ethanol", "acetaldehyde"))
    split = stratified(drift, 0.3, 0)
    shares = right(train(drift, split.train, CHIP, 0), drift, split.test)
    assert min(shares.values()) >= 0.97
    assert abs(shares["chip"] - shares["float"]) <= 0.01


@pytest.mark.data
def test_home_activity_is_learnt_better_than_its_largest_class(data_path: Callable[[str], Path]) -> None:
    home = open_recordings(data_path("uci_home_activity_8mox/recordings.csv"))
    split = grouped_folds(home, 5, 0)[0]
    network = train(home, split.train, CHIP, 0)
    shares = right(network, home, split.test)
    assert all(0 < lo < hi for lo, hi in zip(network.low_ohm, network.high_ohm, strict=True))
    assert shares["float"] > 118 / 267
    assert abs(shares["chip"] - shares["float"]) <= 0.02
