"""The BME688's model: memory, forced and parallel mode in virtual time, status bits, and its own formulas."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.board.parts.bme688 import START_UP_S, Bme688Part, wait_steps
from enose_hwsim.board.parts.bme688_calibration import Calibration, count_of, gas_code, gas_ohm
from enose_hwsim.board.parts.i2c_bus import I2cBus, Nack

SAMPLE_S = 4 * 1963e-6 + 4 * 477e-6  # temperature twice, pressure and humidity once, switching
GAS_S = 5 * 477e-6
MEASURE = 0x44


class Bench:
    """A part and a clock."""

    def __init__(self) -> None:
        self.part = Bme688Part()
        self.bus = I2cBus({0x76: self.part})
        self.t_s = START_UP_S

    def put(self, *pairs: int) -> None:
        self.bus.write(0x76, bytes(pairs), self.t_s)

    def get(self, register: int, count: int = 1) -> bytes:
        return self.bus.read(0x76, count, bytes((register,)), self.t_s)

    def field(self, k: int = 0) -> bytes:
        return self.get(0x1D + 17 * k, 17)

    def forced(self, target_c: float = 320.0, wait: int = 50, gas: bool = True) -> float:
        """Start a single measurement; how long it lasts."""
        code = int(self.part.calibration.heat_code(target_c, self.part.temperature_c))
        self.put(0x72, 0x01, 0x5A, code, 0x64, wait, 0x71, 0x20 if gas else 0x00)
        self.put(0x74, MEASURE | 1)
        return 1e-3 + SAMPLE_S + (wait_steps(wait) * 1e-3 + GAS_S if gas else 0.0)

    def parallel(self, *lasts: int, shared: int = 10) -> float:
        """Start a profile of steps; the time from one sub-measurement to the next."""
        for k, periods in enumerate(lasts):
            self.put(0x5A + k, 100 + k, 0x64 + k, periods)
        self.put(0x72, 0x01, 0x6E, shared, 0x71, 0x20 | len(lasts))
        self.put(0x74, MEASURE | 2)
        return SAMPLE_S + shared * 477e-6 + GAS_S


def test_it_says_what_it_is_once_it_has_started_up() -> None:
    bench = Bench()
    bench.t_s = START_UP_S - 1e-6
    with pytest.raises(Nack):
        bench.get(0xD0)
    bench.t_s = START_UP_S
    assert (bench.get(0xD0), bench.get(0xF0)) == (b"\x61", b"\x01")


def test_reads_go_on_and_writes_come_in_pairs() -> None:
    bench = Bench()
    bench.put(0x5A, 11, 0x5C, 13)
    bench.put(0xD0, 0)  # read-only
    assert bench.get(0x5A, 3) == bytes((11, 0, 13))
    assert bench.get(0xD0) == b"\x61"


def test_a_reset_forgets_the_settings_and_takes_its_time() -> None:
    bench = Bench()
    bench.put(0x5A, 11)
    bench.put(0xE0, 0x00)  # not the word
    assert bench.get(0x5A) == b"\x0b"
    bench.put(0xE0, 0xB6)
    with pytest.raises(Nack):
        bench.get(0x5A)
    bench.t_s += START_UP_S
    assert bench.get(0x5A) == b"\x00"


@given(st.integers(0, 255))
def test_a_wait_is_six_bits_times_a_power_of_four(register: int) -> None:
    assert wait_steps(register) == (register % 64) * 4 ** (register // 64)
    assert wait_steps(0xFF) == 4032


@given(st.floats(-40, 85), st.floats(30_000, 110_000), st.floats(0, 100))
def test_the_counts_of_a_measurement_stand_for_the_airs_state(c: float, pa: float, rh: float) -> None:
    bench = Bench()
    bench.part.temperature_c, bench.part.pressure_pa, bench.part.humidity_rh = c, pa, rh
    bench.t_s += bench.forced()
    field, calibration = bench.field(), bench.part.calibration
    temperature = int.from_bytes(field[5:8], "big") >> 4
    t_fine = calibration.t_fine(temperature)
    # half a count: 0.16 mC ... 0.2 mC, 0.09 Pa ... 0.2 Pa, 5 ... 10 m%RH
    assert calibration.temperature_c(temperature) == pytest.approx(c, abs=3e-4)
    assert calibration.pressure_pa(int.from_bytes(field[2:5], "big") >> 4, t_fine) == pytest.approx(pa, abs=0.3)
    assert calibration.humidity_rh(int.from_bytes(field[8:10], "big"), t_fine) == pytest.approx(rh, abs=0.02)


@given(st.floats(np.log(1500), np.log(1e8)))
def test_a_gas_resistance_and_its_code_are_a_pair(log_ohm: float) -> None:
    ohm = float(np.exp(log_ohm))
    count, gas_range = gas_code(ohm)
    assert 0 <= count <= 1023
    # a count is 3 of at least 2560: 0.12 %, half of it either way
    assert gas_ohm(count, gas_range) == pytest.approx(ohm, rel=6e-4)


@pytest.mark.parametrize(("ohm", "code"), [(1e12, (0, 0)), (0.0, (1023, 15)), (-5.0, (1023, 15))])
def test_beyond_all_ranges_the_code_stays_at_its_end(ohm: float, code: tuple[int, int]) -> None:
    assert gas_code(ohm) == code


@given(st.floats(200, 400), st.floats(-20, 60))
def test_a_heater_code_and_its_temperature_are_a_pair(target_c: float, ambient_c: float) -> None:
    calibration = Calibration()
    assert calibration.heater_c(calibration.heat_code(target_c, ambient_c), ambient_c) == pytest.approx(target_c)


@pytest.mark.parametrize(("formula", "value"), [(lambda k: 2.0 * k, 100.2), (lambda k: -3.0 * k, -100.2)])
def test_the_nearest_count_of_a_rising_and_of_a_falling_formula(formula: object, value: float) -> None:
    nearest = min(range(256), key=lambda k: abs(formula(k) - value))
    assert count_of(value, formula, 8) == nearest


@pytest.mark.parametrize("gas", [True, False])
def test_a_forced_measurement_ends_when_it_should_and_the_part_sleeps(gas: bool) -> None:
    bench = Bench()
    lasts_s = bench.forced(gas=gas)
    began_s = bench.t_s
    bench.t_s = began_s + 1e-3
    assert bench.get(0x1D)[0] == 0x20  # measuring, and no new data
    bench.t_s = began_s + lasts_s - 1e-5
    assert bench.get(0x1D)[0] == (0x60 if gas else 0x20)
    assert bench.get(0x74)[0] & 0x3 == 1
    bench.t_s = began_s + lasts_s + 1e-5
    assert bench.get(0x1D)[0] == 0x80
    assert bench.get(0x74)[0] & 0x3 == 0
    assert bench.field()[16] & 0x30 == (0x30 if gas else 0x00)
    assert bench.field()[0] & 0x80 == 0  # it has been read
    bench.t_s += 100.0
    assert bench.part.measurements == 1


@pytest.mark.parametrize(
    ("target_c", "wait", "heater_open", "stable"),
    [(320, 50, False, True), (320, 10, False, False), (450, 50, False, False), (320, 50, True, False)],
)
def test_the_heater_is_stable_only_if_it_could_reach_its_target(
    target_c: float, wait: int, heater_open: bool, stable: bool
) -> None:
    bench = Bench()
    bench.part.heater_open = heater_open
    bench.t_s += bench.forced(target_c, wait)
    assert bench.field()[16] & 0x30 == (0x30 if stable else 0x20)


def test_the_gas_sees_the_heaters_temperature_and_without_heat_the_airs() -> None:
    seen: list[float] = []

    def resistance_ohm(heater_c: float) -> float:
        seen.append(heater_c)
        return 10_000.0

    bench = Bench()
    bench.part.gas_ohm = resistance_ohm
    bench.t_s += bench.forced(300.0)
    bench.field()
    bench.put(0x70, 0x08)  # heat_off
    bench.t_s += bench.forced(300.0)
    bench.field()
    assert seen == [pytest.approx(300.0, abs=5.0), 25.0]  # a code is about 4 C wide, and cut


def test_quantities_that_are_not_sampled_read_their_middle() -> None:
    bench = Bench()
    bench.put(0x72, 0x00, 0x74, 0x01)
    bench.t_s += 1.0
    assert bench.field()[2:10] == bytes((0x80, 0, 0, 0x80, 0, 0, 0x80, 0))


def test_while_it_measures_settings_are_ignored_and_a_mode_waits() -> None:
    bench = Bench()
    lasts_s = bench.forced()
    bench.put(0x5A, 1)
    bench.put(0x74, MEASURE | 1)
    bench.put(0x64, 1)
    bench.t_s += lasts_s + 1e-3  # the second one runs
    assert bench.get(0x5A) != b"\x01"
    assert bench.get(0x74)[0] & 0x3 == 1
    bench.t_s += lasts_s
    assert bench.get(0x74)[0] & 0x3 == 0
    assert bench.part.measurements == 2


def test_a_mode_that_it_does_not_have_is_sleep() -> None:
    bench = Bench()
    bench.put(0x74, MEASURE | 3)
    assert bench.get(0x74)[0] & 0x3 == 0


def test_in_parallel_mode_a_step_lasts_its_periods_and_ends_with_the_real_conversion() -> None:
    bench = Bench()
    period_s = bench.parallel(3, 1, 2)
    bench.t_s += period_s * 1.01
    seen = []
    for n in range(14):
        field = bench.field(n % 3)
        assert field[0] & 0x80
        seen.append((field[1], field[0] & 0x0F, field[16] >> 5 & 1))
        bench.t_s += period_s
    steps = [(0, 0), (0, 0), (0, 1), (1, 1), (2, 0), (2, 1)]
    assert seen == [(n, *steps[n % 6]) for n in range(14)]


def test_after_a_long_time_the_three_fields_hold_the_last_three() -> None:
    bench = Bench()
    period_s = bench.parallel(3, 1, 2)
    bench.t_s += period_s * 1000.5
    assert sorted(bench.field(k)[1] for k in range(3)) == [(n - 1) & 0xFF for n in (998, 999, 1000)]
    assert bench.part.measurements == 3


def test_parallel_mode_ends_with_the_running_sub_measurement() -> None:
    bench = Bench()
    period_s = bench.parallel(1)
    bench.t_s += period_s * 1.5
    bench.put(0x74, MEASURE)
    bench.t_s += period_s * 0.4
    assert bench.get(0x74)[0] & 0x3 == 2
    bench.t_s += period_s * 0.2
    assert bench.get(0x74)[0] & 0x3 == 0
    bench.t_s += 10.0
    assert [bench.field(k)[0] & 0x80 for k in range(3)] == [0x80, 0x80, 0]


def test_an_absent_part_is_not_acknowledged() -> None:
    bench = Bench()
    bench.part.absent = True
    with pytest.raises(Nack):
        bench.get(0xD0)
