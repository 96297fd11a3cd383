"""Populations of devices: each imperfection has its effect, alone, and without any the devices are the model."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.memristors.a14mod import A14Mod
from enose_hwsim.memristors.population import Population, Spread

MODEL = A14Mod()
START_OHM = 10e3
MANY = 4000  # a sigma is then known to 1.1 %, four of which are the tolerance of 5 % below


def population(count: int = MANY, seed: int = 1, **spread: float) -> Population:
    return Population.draw(MODEL, Spread(**spread), np.full(count, START_OHM), np.random.default_rng(seed))


def log_turn(devices: Population) -> np.ndarray:
    """The logarithm of how far a pulse has turned cot(pi x), which is proportional to its drive."""
    begin = 1 / np.tan(np.pi * MODEL.x_from_ohm(START_OHM))
    return np.log(begin - 1 / np.tan(np.pi * MODEL.x_from_ohm(devices.true_ohm)))


def test_without_spread_it_is_the_model() -> None:
    devices = population(3)
    np.testing.assert_allclose(devices.true_ohm, START_OHM)
    devices.pulse(1.1, MODEL.pulse_s(START_OHM, 9e3, 1.1))
    np.testing.assert_allclose(devices.true_ohm, 9e3)
    np.testing.assert_allclose(devices.read_ohm(), 9e3)
    devices.after_s(1e8)
    np.testing.assert_allclose(devices.true_ohm, 9e3)
    assert not devices.stuck.any()
    assert len(devices) == 3


@given(ohm=st.floats(1e3, 56e3), v_v=st.floats(-1.1, 1.1), on_s=st.floats(0, 1e-6))
def test_a_pulse_is_the_closed_form(ohm: float, v_v: float, on_s: float) -> None:
    devices = Population.draw(MODEL, Spread(), [ohm], np.random.default_rng(0))
    devices.pulse([v_v], [on_s])
    expected = MODEL.ohm_from_x(MODEL.after_pulse(MODEL.x_from_ohm(ohm), v_v, on_s))
    np.testing.assert_allclose(devices.true_ohm, expected, rtol=1e-9, atol=1e-6)


def test_speeds_differ_from_device_to_device() -> None:
    devices = population(speed_sigma=0.2)
    devices.pulse(0.3, 5e-6)
    first = log_turn(devices)
    assert first.std() == pytest.approx(0.2, rel=0.05)
    devices.pulse(0.3, 5e-6)
    np.testing.assert_allclose(log_turn(devices) - first, np.log(2))  # the same device is as fast the next time


def test_cycles_differ_from_each_other() -> None:
    devices = population(cycle_sigma=0.3)
    devices.pulse(0.3, 5e-6)
    first = log_turn(devices)
    assert first.std() == pytest.approx(0.3, rel=0.05)
    devices.pulse(0.3, 5e-6)
    second = np.log(np.exp(log_turn(devices)) - np.exp(first))
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(MANY)


def test_ranges_differ_from_device_to_device() -> None:
    devices = population(range_sigma=0.1)
    assert np.log(devices.true_ohm / START_OHM).std() == pytest.approx(0.1, rel=0.05)
    np.testing.assert_array_equal(devices.read_ohm(), devices.true_ohm)


def test_reads_are_noisy_and_averages_less_so() -> None:
    devices = population(read_noise=0.02)
    for average in (1, 16):
        assert (devices.read_ohm(average=average) / START_OHM).std() == pytest.approx(0.02 / average**0.5, rel=0.05)
    np.testing.assert_allclose(devices.true_ohm, START_OHM)  # it is the reading that is noisy
    assert (population(read_noise=5.0).read_ohm() > 0).all()


def test_reads_disturb() -> None:
    devices = population(2, read_disturb=0.1)
    before = devices.true_ohm
    devices.read_ohm(average=100)
    expected = MODEL.after_pulse(MODEL.x_from_ohm(START_OHM), 0.3, 0.1 * 100e-4 * (0.05 / 0.3) ** 5)
    np.testing.assert_allclose(devices.true_ohm, MODEL.ohm_from_x(expected))
    assert (devices.true_ohm < before).all()
    low = devices.true_ohm
    devices.read_ohm(-0.1, which=[1])
    assert devices.true_ohm[0] == low[0]
    assert devices.true_ohm[1] > low[1]
    assert devices.pulses.tolist() == [0, 0]  # a read does not wear
    undisturbed = population(2)
    undisturbed.read_ohm(average=100)
    undisturbed.pulse(0.15, 1.0)
    np.testing.assert_allclose(undisturbed.true_ohm, START_OHM)


def test_devices_drift_with_the_logarithm_of_time() -> None:
    devices = population(drift_per_decade=0.01, drift_sigma_per_decade=0.002)
    devices.after_s(999.0)
    drift = np.log(devices.true_ohm / START_OHM) / 3  # decades, from 1 s on
    assert drift.mean() == pytest.approx(0.01, rel=0.05)
    assert drift.std() == pytest.approx(0.002, rel=0.05)


@given(first_s=st.floats(0, 1e8), second_s=st.floats(0, 1e8))
def test_two_waits_are_one(first_s: float, second_s: float) -> None:
    once, twice = population(2, drift_per_decade=-0.02), population(2, drift_per_decade=-0.02)
    once.after_s(first_s + second_s)
    twice.after_s(first_s)
    twice.after_s(second_s)
    np.testing.assert_allclose(twice.true_ohm, once.true_ohm)


def test_a_pulse_sets_the_drifts_clock_back_and_the_range_ends_it() -> None:
    devices = population(2, drift_per_decade=0.01)
    devices.after_s(1e6)
    settled = devices.true_ohm
    devices.pulse(0.2, 1e-12, [0])
    devices.after_s(1e3)
    gained = np.log(devices.true_ohm / settled)
    assert gained[0] == pytest.approx(0.03, rel=0.01)
    assert gained[1] < 1e-4
    strong = population(2, drift_per_decade=5.0)
    strong.after_s(1e6)
    np.testing.assert_allclose(strong.true_ohm, 57_033.0)


def test_some_are_stuck_from_the_start() -> None:
    devices = population(stuck_on_share=0.1, stuck_off_share=0.05, drift_per_decade=0.1)
    # Four sigma of a share of 4000.
    assert devices.stuck.mean() == pytest.approx(0.15, abs=4 * np.sqrt(0.15 * 0.85 / MANY))
    on, off = devices.true_ohm == 3.37, devices.true_ohm == 57_033.0
    assert on.mean() == pytest.approx(0.1, abs=4 * np.sqrt(0.1 * 0.9 / MANY))
    np.testing.assert_array_equal(on | off, devices.stuck)
    devices.pulse(-1.1, 1e-6)
    devices.after_s(1e6)
    assert (devices.true_ohm[on] == 3.37).all()
    assert (devices.true_ohm[off] == 57_033.0).all()


def test_pulses_wear_devices_out() -> None:
    devices = population(endurance_pulses=10, endurance_sigma=0.5)
    for _ in range(10):
        devices.pulse(0.3, 1e-7)
        devices.pulse(0.1, 1.0)  # below the threshold: no wear
    assert devices.stuck.mean() == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(MANY))  # the median life
    worn, before = devices.stuck, devices.true_ohm
    assert (devices.pulses[~worn] == 10).all()
    devices.pulse(0.3, 1e-7)
    np.testing.assert_array_equal(devices.true_ohm[worn], before[worn])
    assert (devices.true_ohm[~worn] < before[~worn]).all()


def test_which_devices() -> None:
    devices = population(4)
    devices.pulse([0.3, -0.3], 1e-6, [3, 1])
    low, high = devices.true_ohm < START_OHM * 0.999, devices.true_ohm > START_OHM * 1.001
    assert low.tolist() == [False, False, False, True]
    assert high.tolist() == [False, True, False, False]
    before = devices.true_ohm
    devices.pulse(0.3, [1e-6, 0.0], np.array([True, False, True, False]))
    assert (devices.true_ohm < before * 0.999).tolist() == [True, False, False, False]
    devices.pulse(0.3, 1e-6, [])
    assert devices.read_ohm(which=[2, 0]).tolist() == devices.true_ohm[[2, 0]].tolist()


def test_the_seed_decides() -> None:
    spread = {"speed_sigma": 0.1, "read_noise": 0.1, "stuck_on_share": 0.1}
    one, same, other = population(50, 5, **spread), population(50, 5, **spread), population(50, 6, **spread)
    for devices in (one, same, other):
        devices.pulse(0.3, 1e-6)
    np.testing.assert_array_equal(one.read_ohm(), same.read_ohm())
    assert (one.true_ohm != other.true_ohm).any()


def test_ten_thousand_devices_in_less_than_5_ms() -> None:
    devices = population(10_000, speed_sigma=0.1, cycle_sigma=0.1, read_noise=0.01)
    v_v, on_s = np.full(10_000, 0.3), np.full(10_000, 1e-7)
    costs_s = []
    for _ in range(9):
        begun_s = time.process_time()
        devices.pulse(v_v, on_s)
        devices.read_ohm()
        costs_s.append(time.process_time() - begun_s)
    assert np.median(costs_s) < 5e-3


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            lambda d: Population.draw(MODEL, Spread(), [1e4, 1e5], np.random.default_rng(0)),
            r"memristance\[1\] is 100000",
        ),
        (lambda d: Population.draw(MODEL, Spread(), 1e4, np.random.default_rng(0)), r"shape \(\), expected \(N,\)"),
        (lambda d: d.pulse(1.2, 1e-9), r"voltage\[0\] is 1.2 V"),
        (lambda d: d.pulse(1.0, -1e-9), r"on_s\[0\] is -1e-09 s"),
        (lambda d: d.pulse([0.3, 0.3], 1e-9), r"v_v has the shape \(2,\), expected one value or \(4,\)"),
        (lambda d: d.pulse(0.3, 1e-9, [4]), r"device outside 0 to 3"),
        (lambda d: d.pulse(0.3, 1e-9, [1, 1]), r"a device twice"),
        (lambda d: d.pulse(0.3, 1e-9, [True]), r"mask of shape \(1,\), expected \(4,\)"),
        (lambda d: d.read_ohm(0.1583), r"a read at 0.1583 V: expected less than the threshold of 0.1583 V"),
        (lambda d: d.read_ohm(-0.2), r"a read at -0.2 V"),
        (lambda d: d.read_ohm(0.0), r"and not zero"),
        (lambda d: d.read_ohm(average=0), r"average is 0, expected at least 1"),
        (lambda d: d.after_s(-1.0), r"seconds is -1 s"),
        (lambda d: d.after_s(np.inf), r"seconds is inf s"),
        (lambda d: Spread(read_noise=-0.1), r"read_noise is -0.1"),
        (lambda d: Spread(speed_sigma=np.inf), r"speed_sigma is inf, expected a finite number"),
        (lambda d: Spread(read_disturb=1.1), r"read_disturb is 1.1, reachable are 0 to 1"),
        (lambda d: Spread(stuck_on_share=0.6, stuck_off_share=0.6), r"sum to 1.2, expected at most 1"),
    ],
)
def test_bad_input(wrong, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong(population(4))
