"""What the sensors see: clean air, the odour once the valve opens, recovery; a row is held half a sample around it."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim import gas
from enose_hwsim.board.world import REFERENCE_AIR, World

BASELINE = np.array([[100.0, 10.0], [101.0, 11.0]])
EXPOSURE = np.array([[50.0, 5.0], [40.0, 4.0], [30.0, 3.0]])
RECOVERY = np.array([[80.0, 8.0]])
EMPTY = np.empty((0, 2))


def world(baseline=BASELINE, exposure=EXPOSURE, recovery=RECOVERY, sample_s: float = 2.0, t_s: float = 10.0) -> World:
    made = World()
    made.present(baseline, exposure, recovery, sample_s, t_s)
    return made


def test_before_any_specimen_every_position_reads_open() -> None:
    assert World().resistance_ohm(0, 0.0) == math.inf


@pytest.mark.parametrize(("after_s", "ohm"), [(0.0, 100), (2.0, 100), (2.9, 100), (3.1, 101), (4.0, 101), (100.0, 101)])
def test_a_row_is_held_half_a_sample_to_either_side_and_the_last_one_on(after_s: float, ohm: float) -> None:
    assert world().resistance_ohm(0, 10.0 + after_s) == ohm


def test_the_valve_lets_the_odour_in_and_shuts_it_out() -> None:
    made = world()
    made.set_valve(0, 10.5)  # low already
    assert made.resistance_ohm(1, 10.5) == 10.0
    made.set_valve(1, 11.0)
    assert made.resistance_ohm(1, 13.0) == 5.0
    made.set_valve(1, 14.0)  # high already: the exposure does not begin anew
    assert made.resistance_ohm(1, 17.0) == 3.0
    made.set_valve(0, 18.0)
    assert made.resistance_ohm(1, 18.0) == 8.0
    made.set_valve(1, 20.0)
    assert made.resistance_ohm(1, 22.0) == 5.0


def test_positions_beyond_the_recording_are_not_populated() -> None:
    assert world().resistance_ohm(2, 11.0) == math.inf


def test_without_a_baseline_the_first_row_of_the_exposure_stands_for_it() -> None:
    made = world(baseline=EMPTY, recovery=EMPTY)
    assert made.resistance_ohm(0, 11.0) == 50.0
    made.set_valve(1, 11.0)
    made.set_valve(0, 12.0)
    assert made.resistance_ohm(0, 13.0) == 50.0


def test_without_a_recovery_the_last_clean_air_stands_for_it() -> None:
    made = world(recovery=EMPTY)
    made.set_valve(1, 11.0)
    made.set_valve(0, 12.0)
    assert made.resistance_ohm(0, 13.0) == 101.0


def test_a_new_specimen_begins_in_clean_air() -> None:
    made = world()
    made.set_valve(1, 11.0)
    made.present(2 * BASELINE, 2 * EXPOSURE, 2 * RECOVERY, 2.0, 20.0)
    assert made.resistance_ohm(0, 21.0) == 200.0


def test_a_specimen_without_exposure_is_refused() -> None:
    with pytest.raises(ValueError, match="a specimen needs at least one row of exposure"):
        world(exposure=EMPTY)


def test_after_recovery_the_air_is_clean_again() -> None:
    world = World()
    world.present(np.full((2, 1), 9.0), np.full((2, 1), 3.0), np.full((2, 1), 5.0), 1.0, 0.0)
    world.set_valve(1, 10.0)
    world.set_valve(0, 20.0)
    assert [world.resistance_ohm(0, t_s) for t_s in (21.0, 22.0, 24.0, 100.0)] == [5.0, 5.0, 9.0, 9.0]


def rows(*ohm: float) -> np.ndarray:
    return np.array([ohm])


@given(st.floats(-10, 50), st.floats(10, 90))
def test_the_air_moves_each_position_as_it_moves_its_sensor(temperature_c: float, humidity_rh: float) -> None:
    made = World()
    ohm = rows(*np.linspace(1e4, 4e4, 10))
    made.present(ohm, ohm, ohm, 1.0, 0.0)
    made.air = (temperature_c, humidity_rh)
    factor = gas.air_factor(temperature_c, humidity_rh)
    for position in range(10):
        expected = ohm[0, position] * factor[position % 8]
        assert made.resistance_ohm(position, 0.5) == pytest.approx(expected)


def test_what_was_recorded_in_some_air_is_played_as_it_is_in_that_air() -> None:
    made = World()
    ohm = rows(1e4, 2e4)
    made.present(ohm, ohm, ohm, 1.0, 0.0, air=(30.0, 40.0))
    assert made.air == (30.0, 40.0)
    assert made.resistance_ohm(1, 0.5) == 2e4
    made.air = REFERENCE_AIR
    assert made.resistance_ohm(1, 0.5) == pytest.approx(2e4 / gas.air_factor(30.0, 40.0)[1])
    made.present(ohm, ohm, ohm, 1.0, 1.0)
    assert made.air == REFERENCE_AIR
    assert made.resistance_ohm(1, 1.5) == 2e4


@pytest.mark.parametrize(("power", "factor"), [(1.0, 1.0), (1.3, 1.0), (0.5, 0.575), (0.0, 0.15)])
def test_less_power_leaves_the_sensors_colder(power: float, factor: float) -> None:
    made = World()
    ohm = rows(1e4)
    made.present(ohm, ohm, ohm, 1.0, 0.0)
    made.heater_power = power
    assert made.resistance_ohm(0, 0.5) == pytest.approx(1e4 * factor)


def test_the_odour_changes_the_gas_sensor_as_it_changes_the_others_in_the_mean() -> None:
    made = World()
    assert made.gas_change(0.0) == 1.0
    made.present(rows(1e4, 4e4), rows(0.5e4, 0.8e4), rows(1e4, 4e4), 1.0, 0.0)
    assert made.gas_change(0.5) == 1.0
    made.set_valve(1, 1.0)
    assert made.gas_change(2.0) == pytest.approx((0.5 * 0.2) ** 0.5)
