"""The vectorised features against the contract's, bit for bit, and the exact ones against both."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from enose.features import (
    NO_SAMPLE_UV,
    RAIL_COUNT,
    Constants,
    device_ohm,
    exact_ohm,
    input_uv,
    input_v,
    no_constants,
    range_constants,
)
from enose.recordings import Specimen, simulated_fruit
from enose_contract import normalise
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE

OHM = st.integers(1, 2_000_000)
SENSORS = 6
SUBSETS = np.array(list(combinations(range(SENSORS), 4)))


def specimen(exposure: list[list[float]], baseline: list[list[float]] | None = None) -> Specimen:
    sensors = len(exposure[0])
    clean = np.array(baseline) if baseline else np.empty((0, sensors))
    return Specimen("a", "one", "day", 0.5, clean, np.array(exposure), np.empty((0, sensors)))


@given(arrays(np.int64, (3, SENSORS), elements=OHM), arrays(np.int64, (3, SENSORS), elements=OHM), st.booleans())
def test_changes_are_the_contracts_for_every_choice_of_sensors(r: np.ndarray, r0: np.ndarray, nothing: bool) -> None:
    if nothing:
        r = r0
    every = input_uv(r, r0, SUBSETS, NORM_CHANGE, no_constants(SENSORS))
    assert every.shape == (len(SUBSETS), 3, 4)
    for m, channels in enumerate(SUBSETS):
        for n in range(3):
            changes = [normalise.change_ppm(int(r[n, c]), int(r0[n, c])) for c in channels]
            expected = normalise.inputs_from_changes(changes) or [NO_SAMPLE_UV] * 4
            assert every[m, n].tolist() == expected
            assert input_uv(r, r0, channels, NORM_CHANGE, no_constants(SENSORS))[n].tolist() == expected


@given(
    arrays(np.int64, (2, SENSORS), elements=OHM),
    st.lists(st.tuples(OHM, st.integers(1, 1_000_000)), min_size=SENSORS, max_size=SENSORS),
)
def test_ranges_are_the_contracts_for_every_choice_of_sensors(r: np.ndarray, ends: list[tuple[int, int]]) -> None:
    constants = Constants(tuple(lo for lo, _ in ends), tuple(lo + span for lo, span in ends))
    every = input_uv(r, None, SUBSETS, NORM_RANGE, constants)
    for m, channels in enumerate(SUBSETS.tolist()):
        own = constants.of(channels)
        for n in range(2):
            ohms = [int(r[n, c]) for c in channels]
            assert every[m, n].tolist() == normalise.inputs_from_range(ohms, list(own.low_ohm), list(own.high_ohm))


@given(arrays(np.float64, (5, 3), elements=st.floats(10.0, 1_900_000.0)), st.integers(1, 5))
def test_the_device_finds_the_contracts_resistances(ohm: np.ndarray, average: int) -> None:
    found, baseline = device_ohm([specimen(ohm.tolist())], average, 10_000)
    assert baseline is None
    for sensor in range(3):
        counts = [round(RAIL_COUNT * 10_000 / (r + 10_000)) for r in ohm[-average:, sensor].tolist()]
        scans = [normalise.resistance_ohm(count, RAIL_COUNT, 10_000) for count in counts]
        assert found[0, sensor] == sum(scans) // average


@given(st.integers(0, 2**32 - 1))
def test_the_exact_inputs_lie_within_the_devices_steps(seed: int) -> None:
    rng = np.random.default_rng(seed)
    r0, r = (rng.integers(5_000, 100_000, (4, SENSORS)) for _ in range(2))
    exact = input_v(r.astype(float), r0.astype(float), SUBSETS, NORM_CHANGE, no_constants(SENSORS))
    counted = input_uv(r, r0, SUBSETS, NORM_CHANGE, no_constants(SENSORS))
    assert np.nanmax(np.abs(exact * 1e6 - counted)) < 50  # changes are rounded to ppm, of which the largest may be few
    constants = range_constants(r.astype(float))
    exact = input_v(r.astype(float), None, SUBSETS, NORM_RANGE, constants)
    assert np.max(np.abs(exact * 1e6 - input_uv(r, None, SUBSETS, NORM_RANGE, constants))) < 1.001


def test_means_are_of_the_last_samples_and_an_all_zero_sample_has_no_inputs() -> None:
    still = specimen([[9.0, 1.0], [10.0, 20.0], [30.0, 40.0]], [[1.0, 1.0], [20.0, 30.0]])
    exposure, baseline = exact_ohm([still], 2)
    assert baseline is not None
    assert exposure.tolist() == [[20.0, 30.0]]
    assert exact_ohm([still], 1)[1].tolist() == [[20.0, 30.0]]
    volts = input_v(exposure, exposure, [0, 1], NORM_CHANGE, no_constants(2))
    assert np.isnan(volts).all()


def test_fruit_reaches_the_device_as_it_was_recorded() -> None:
    fruit = simulated_fruit(0)
    exact, _ = exact_ohm(fruit.specimens, fruit.average)
    counted, baseline = device_ohm(fruit.specimens, fruit.average, fruit.load_ohm)
    assert baseline is not None
    assert counted == pytest.approx(exact, rel=2e-3)


def test_constants_leave_the_ends_of_a_split_out_and_never_meet() -> None:
    ohm = np.column_stack([np.arange(1001.0), np.full(1001, 5.0)])
    constants = range_constants(ohm, 10.0)
    assert (constants.low_ohm[0], constants.high_ohm[0]) == (100, 900)
    assert constants.high_ohm[1] == constants.low_ohm[1] + 1


def test_errors_name_what_is_wrong() -> None:
    ohm = np.full((1, 4), 5)
    with pytest.raises(ValueError, match="no clean-air baseline"):
        input_uv(ohm, None, [0, 1, 2, 3], NORM_CHANGE, no_constants(4))
    with pytest.raises(ValueError, match="normalisation 9, expected 1 or 2"):
        input_v(ohm.astype(float), None, [0, 1, 2, 3], 9, no_constants(4))
    with pytest.raises(ValueError, match="one: exposure of 1 samples, expected at least the 2 to average"):
        exact_ohm([specimen([[1.0]])], 2)
    with pytest.raises(ValueError, match="one: no baseline, though other specimens have one"):
        exact_ohm([specimen([[1.0]], [[1.0]]), specimen([[1.0]])], 1)
    for end in (1e-3, 1e12):
        with pytest.raises(
            ValueError, match=r"one: sensor 1 reads .* ohm, expected within reach of its 10000 ohm divider"
        ):
            device_ohm([specimen([[100.0, end]])], 1, 10_000)
