"""The gas and sensor model: what a metal-oxide sensor has to show, whatever its numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from enose_hwsim import gas

ARRAY = gas.SensorArray.made(1)


def test_the_same_seed_is_the_same_exposure() -> None:
    one, two, other = (gas.simulate("lemon", seed, ARRAY) for seed in (3, 3, 4))
    for phase in gas.PHASES:
        assert np.array_equal(getattr(one, f"{phase}_ohm"), getattr(two, f"{phase}_ohm"))
    assert not np.array_equal(one.exposure_ohm, other.exposure_ohm)
    assert np.array_equal(gas.SensorArray.made(1).r0_ohm, ARRAY.r0_ohm)
    assert not np.array_equal(gas.SensorArray.made(2).r0_ohm, ARRAY.r0_ohm)


def test_phases_last_as_long_as_asked() -> None:
    smelt = gas.simulate("banana", 0, ARRAY, sample_s=0.25, warmup_s=4, baseline_s=2, exposure_s=3, recovery_s=1)
    lengths = [len(getattr(smelt, f"{phase}_ohm")) for phase in gas.PHASES]
    assert lengths == [16, 8, 12, 4]
    assert smelt.exposure_ohm.shape == (12, len(gas.SENSORS))


@given(st.floats(0.01, 500.0), st.integers(0, len(gas.COMPOUNDS) - 1))
def test_at_rest_one_gas_follows_the_power_law(ppm: float, compound: int) -> None:
    mixture = np.zeros(len(gas.COMPOUNDS))
    mixture[compound] = ppm
    expected = ARRAY.r0_ohm * (1 + ARRAY.sensitivity_per_ppm[:, compound] * ppm) ** -ARRAY.beta
    assert ARRAY.still_ohm(mixture) == pytest.approx(expected, rel=1e-12)


@given(st.lists(st.floats(0.0, 100.0), min_size=6, max_size=6), st.floats(1.1, 10.0))
def test_more_gas_never_raises_a_resistance(mixture: list[float], factor: float) -> None:
    assert np.all(ARRAY.still_ohm(factor * np.array(mixture)) <= ARRAY.still_ohm(np.array(mixture)) + 1e-9)


def test_warm_and_wet_air_lowers_resistances() -> None:
    air = np.zeros(len(gas.COMPOUNDS))
    assert np.all(ARRAY.still_ohm(air, 30.0, 65.0) < ARRAY.still_ohm(air))
    assert np.all(ARRAY.still_ohm(air, 20.0, 85.0) < ARRAY.still_ohm(air))
    assert ARRAY.still_ohm(air) == pytest.approx(ARRAY.r0_ohm)


@given(st.floats(-20, 60), st.floats(5, 95), st.floats(-20, 60), st.floats(5, 95))
def test_the_airs_factors_multiply_and_are_one_in_reference_air(t1: float, h1: float, t2: float, h2: float) -> None:
    assert gas.air_factor(gas.REFERENCE_C, gas.REFERENCE_RH) == pytest.approx(1.0)
    both = gas.air_factor(t1, h1) * gas.air_factor(t2, h2)
    assert gas.air_factor(t1 + t2 - gas.REFERENCE_C, h1 + h2 - gas.REFERENCE_RH) == pytest.approx(both)


def test_an_exposure_knows_the_air_that_it_was_made_in() -> None:
    smelt = gas.simulate("lemon", 3, ARRAY)
    assert (smelt.temperature_c, smelt.humidity_rh) != (gas.REFERENCE_C, gas.REFERENCE_RH)
    still = ARRAY.still_ohm(np.zeros(len(gas.COMPOUNDS)), smelt.temperature_c, smelt.humidity_rh)
    # what is left of the warm-up, a fifth of a day's drift in wander and noise
    assert smelt.baseline_ohm[-1] == pytest.approx(still, rel=0.01)


def test_a_cold_array_starts_low_and_has_settled_by_the_baseline() -> None:
    smelt = gas.simulate("lychee", 5, ARRAY)
    settled = smelt.baseline_ohm.mean(axis=0)
    assert np.all(smelt.warmup_ohm[0] < 0.5 * settled)
    assert np.all(np.ptp(smelt.baseline_ohm, axis=0) < 0.02 * settled)


def test_the_odour_lowers_resistances_and_leaves_more_slowly_than_it_came() -> None:
    smelt = gas.simulate("banana", 6, ARRAY)
    before, during = smelt.baseline_ohm[-1], smelt.exposure_ohm[-1]
    assert np.all(during < 0.9 * before)
    came = (before - smelt.exposure_ohm[9]) / (before - during)  # five seconds in
    left = (smelt.recovery_ohm[9] - during) / (before - during)
    assert np.all(came > left)
    assert np.all(smelt.recovery_ohm[-1] > during)


def test_odours_can_be_told_apart_but_not_by_every_sensor_choice() -> None:
    rates = []
    for seed in range(5):
        array = gas.SensorArray.made(seed)
        labels = np.arange(30) % 3
        names = list(gas.ODOURS)
        smelt = [gas.simulate(names[k], 100 * seed + n, array) for n, k in enumerate(labels.tolist())]
        changes = np.array([np.abs(s.exposure_ohm[-4:].mean(0) / s.baseline_ohm[-4:].mean(0) - 1) for s in smelt])
        for channels in ([0, 1, 2, 7], [1, 3, 5, 7], [0, 2, 4, 6]):
            four = changes[:, channels] / changes[:, channels].max(axis=1, keepdims=True)
            model = LinearDiscriminantAnalysis().fit(four[:15], labels[:15])
            rates.append(model.score(four[15:], labels[15:]))
    assert 0.9 < np.mean(rates) < 1.0


@pytest.mark.parametrize("times", [{"sample_s": 0.0}, {"exposure_s": -1.0}, {"day": -1.0}, {"warmup_s": float("nan")}])
def test_times_that_are_none_are_refused(times: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected positive ones"):
        gas.simulate("banana", 0, ARRAY, **times)


def test_an_unknown_odour_is_refused() -> None:
    with pytest.raises(ValueError, match="odour 'durian', expected one of banana, lemon, lychee"):
        gas.simulate("durian", 0, ARRAY)
