"""The BME688's driver against its model: integer formulas over their whole range, forced and parallel mode."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract.messages import FAULT_BUS, FAULT_RANGE
from enose_device.sensors import bme688_calibration as integers
from enose_device.sensors.bme688 import Bme688, shared_code, wait_code
from enose_device.sensors.sht4x import Sht4x
from enose_hwsim.board.parts import bme688_calibration as floats
from enose_hwsim.board.parts.bme688 import Bme688Part, wait_steps
from i2c_rig import BME688, SHT4X, Bench, fault_of, firmware_says

INT8, UINT8, INT16, UINT16 = (
    st.integers(-128, 127),
    st.integers(0, 255),
    st.integers(-32768, 32767),
    st.integers(0, 65535),
)
# every coefficient within what its register can hold
UINT12 = st.integers(0, 4095)
ANY_PART = st.builds(
    floats.Calibration, UINT16, INT16, INT8, UINT16, INT16, INT8, INT16, INT16, INT8, INT8, INT16, INT16, UINT8,
    UINT12, UINT12, INT8, INT8, INT8, UINT8, INT8, INT8, INT16, INT8, st.integers(0, 3), INT8,
)  # fmt: skip
# pressure divides by a sum of coefficients: those of parts, with room around them
NEARLY_AS_DELIVERED = st.builds(
    floats.Calibration,
    p1=st.integers(30_000, 42_000), p2=st.integers(-12_000, -9_000), p3=INT8, p4=INT16, p5=st.integers(-500, 500),
    p6=INT8, p7=INT8, p8=st.integers(-5_000, 5_000), p9=st.integers(-8_000, 8_000), p10=UINT8,
)  # fmt: skip
TWENTY_BITS = st.integers(0, (1 << 20) - 1)


def integer_side(calibration: floats.Calibration) -> integers.Calibration:
    """The driver's calibration, read from the registers of a part that has this one."""
    bench = Bench()
    bench.bme688 = bench.lines.parts[BME688] = Bme688Part(calibration)
    driver = Bme688(bench.bus, BME688)
    bench.run(driver.begin())
    return driver._calibration


@given(ANY_PART, TWENTY_BITS, TWENTY_BITS, UINT16)
def test_the_integer_formulas_are_the_data_sheets(
    calibration: floats.Calibration, temperature: int, pressure: int, humidity: int
) -> None:
    ours = integer_side(calibration)
    t_fine = ours.t_fine(temperature)
    assert 0 <= calibration.t_fine(temperature) - t_fine < 1.001  # the cut; a float knows 2**36 to 1e-5
    humidity_mrh = min(max(calibration.humidity_rh(humidity, t_fine), 0.0), 100.0) * 1e3
    assert ours.humidity_mrh(humidity, t_fine) == pytest.approx(humidity_mrh, abs=2, rel=1e-3)


@given(NEARLY_AS_DELIVERED, st.integers(-40_000, 85_000), TWENTY_BITS)
def test_the_pressure_formula_is_the_data_sheets(
    calibration: floats.Calibration, temperature_mc: int, count: int
) -> None:
    ours = integer_side(calibration)
    t_fine = temperature_mc * 5120 // 1000
    # the cut to a whole Pa
    assert ours.pressure_pa(count, t_fine) == pytest.approx(calibration.pressure_pa(count, t_fine), abs=1.01)


@given(st.integers(1, 400), st.integers(-40, 85), st.integers(-128, 127), INT16, INT8, st.integers(0, 3), INT8)
def test_the_heaters_code_is_the_data_sheets(
    target_c: int, ambient_c: int, g1: int, g2: int, g3: int, heat_range: int, heat_val: int
) -> None:
    calibration = floats.Calibration(g1=g1, g2=g2, g3=g3, heat_range=heat_range, heat_val=heat_val)
    exact = min(max(calibration.heat_code(target_c, ambient_c), 0.0), 255.0)
    assert integer_side(calibration).heat_code(target_c, ambient_c) in (int(exact + 1e-9), int(exact - 1e-9))


@given(st.integers(0, 1023), st.integers(0, 15))
def test_the_gas_resistance_is_the_data_sheets(count: int, gas_range: int) -> None:
    assert integers.gas_ohm(count, gas_range) == int(floats.gas_ohm(count, gas_range) + 1e-6)


def test_before_it_is_read_the_calibration_gives_no_pressure() -> None:
    assert Bme688(Bench().bus, BME688)._calibration.pressure_pa(400_000, 128_000) == 0


@given(st.integers(1, 4032))
def test_a_heating_time_is_at_least_what_was_asked_for(heat_ms: int) -> None:
    # rounding up at each of the three divisions by four adds less than a step, of at most 1/16
    assert heat_ms <= wait_steps(wait_code(heat_ms)) < heat_ms * (1 + 3 / 16) + 1


@given(st.integers(13, 1900))
def test_a_period_is_at_least_what_was_asked_for(period_ms: int) -> None:
    period_us = 4 * 1963 + 9 * 477 + wait_steps(shared_code(period_ms)) * 477
    assert period_ms * 1000 <= period_us < period_ms * 1000 * (1 + 3 / 16) + 1000


@pytest.mark.parametrize("code", [lambda: wait_code(0), lambda: wait_code(4033)])
def test_a_time_that_no_register_can_hold_is_refused(code: Callable[[], int]) -> None:
    assert fault_of(code) == FAULT_RANGE


@pytest.mark.parametrize("period_ms", [12, 2000])
def test_a_period_that_no_register_can_hold_is_refused(period_ms: int) -> None:
    assert fault_of(lambda: shared_code(period_ms)) == FAULT_RANGE


def started(bench: Bench) -> Bme688:
    driver = Bme688(bench.bus, BME688)
    bench.run(driver.begin())
    return driver


@given(st.floats(-40, 85), st.floats(30_000, 110_000), st.floats(0, 100), st.floats(2e3, 5e7), st.integers(200, 400))
def test_a_measurement_gives_back_the_airs_state(c: float, pa: float, rh: float, ohm: float, target_c: int) -> None:
    bench = Bench()
    part = bench.bme688
    part.temperature_c, part.pressure_pa, part.humidity_rh, part.gas_ohm = c, pa, rh, lambda heater_c: ohm
    driver = started(bench)
    driver.ambient_c = int(c)
    sample = bench.run(driver.measure(target_c, 100))
    assert sample.valid
    assert sample.temperature_mc == pytest.approx(c * 1e3, abs=2)  # half a count, and twice the cut
    assert sample.pressure_pa == pytest.approx(pa, abs=2)  # the same, and what the cut of t_fine moves
    assert sample.humidity_mrh == pytest.approx(rh * 1e3, abs=25)  # half of a count of up to 20 m%, and the cut
    assert sample.gas_ohm == pytest.approx(ohm, rel=1.2e-3)  # half a count of 0.12 %, and the cut
    assert driver.ambient_c == pytest.approx(c, abs=1.01)


@given(st.integers(200, 400), st.integers(-10, 50))
def test_the_heater_is_where_it_was_asked_to_be(target_c: int, ambient_c: int) -> None:
    bench = Bench()
    seen: list[float] = []
    bench.bme688.temperature_c = ambient_c
    bench.bme688.gas_ohm = lambda heater_c: seen.append(heater_c) or 1e5
    driver = started(bench)
    driver.ambient_c = ambient_c
    bench.run(driver.measure(target_c, 100))
    assert target_c - 6.0 < seen[0] <= target_c + 1e-6  # a code is about 4 C wide, and cut


def test_a_heater_that_is_open_makes_the_sample_invalid() -> None:
    bench = Bench()
    bench.bme688.heater_open = True
    assert not bench.run(started(bench).measure(320, 100)).valid


@pytest.mark.parametrize(("target_c", "heat_ms"), [(0, 100), (401, 100), (320, 0), (320, 4033)])
def test_a_heater_setting_beyond_the_limits_is_refused(target_c: int, heat_ms: int) -> None:
    bench = Bench()
    driver = started(bench)
    before = bench.transfers
    assert fault_of(lambda: next(driver.measure(target_c, heat_ms))) == FAULT_RANGE
    assert bench.transfers == before


@pytest.mark.parametrize(
    ("steps", "period_ms"),
    [([], 140), ([(320, 1)] * 11, 140), ([(401, 1)], 140), ([(320, 0)], 140), ([(320, 64)], 140), ([(320, 1)], 12)],
)
def test_a_profile_beyond_the_limits_is_refused(steps: list[tuple[int, int]], period_ms: int) -> None:
    bench = Bench()
    driver = started(bench)
    before = bench.transfers
    assert fault_of(lambda: bench.run(driver.run_profile(steps, period_ms))) == FAULT_RANGE
    assert bench.transfers == before


@pytest.mark.parametrize(("register", "value"), [(0xD0, 0x60), (0xF0, 0x00)])
def test_another_part_at_its_address_is_a_bus_fault(register: int, value: int) -> None:
    bench = Bench()
    driver = Bme688(bench.bus, BME688)
    task = driver.begin()
    bench.t_s += next(task) * 1e-3
    bench.bme688._memory[register] = value
    assert fault_of(lambda: next(task)) == FAULT_BUS


def test_a_result_that_does_not_come_is_a_bus_fault() -> None:
    bench = Bench()
    task = started(bench).measure(320, 100)
    for _ in range(4):  # the clock stands still
        next(task)
    assert fault_of(lambda: next(task)) == FAULT_BUS


def profile(driver: Bme688, wait: Callable[[int], None], reads: int, every_ms: int) -> list[list[int]]:
    """Every sample of a profile of three steps: index, step, valid."""
    list(driver.run_profile([(320, 3), (200, 1), (100, 2)], 140))
    seen = []
    for _ in range(reads):
        wait(every_ms)
        for k in range(driver.poll()):
            sample = driver.samples[k]
            seen.append([sample.index, sample.step, int(sample.valid)])
    driver.stop()
    return seen


@pytest.mark.parametrize("every_ms", [100, 150, 300, 410])
def test_a_profile_gives_every_sample_once_and_in_order(every_ms: int) -> None:
    bench = Bench()
    driver = started(bench)

    def wait(ms: int) -> None:
        bench.t_s += ms * 1e-3

    seen = profile(driver, wait, 90_000 // every_ms, every_ms)
    steps = [[0, 0], [0, 0], [0, 1], [1, 1], [2, 0], [2, 1]]
    assert len(seen) > 256  # the index has wrapped
    assert seen == [[n & 0xFF, *steps[n % 6]] for n in range(len(seen))]
    wait(300)
    driver.poll()
    wait(1000)
    assert driver.poll() == 0  # asleep
    bench.run(driver.measure(320, 100))


def test_under_micropython_the_air_is_measured_as_here(micropython: str) -> None:
    script = f"""
from enose_device.sensors.sht4x import Sht4x
from enose_device.sensors.bme688 import Bme688
sht4x = Sht4x(bus, {SHT4X})
bme688 = Bme688(bus, {BME688})
say(run(sht4x.measure()))
run(bme688.begin())
s = run(bme688.measure(320, 100))
say([s.temperature_mc, s.pressure_pa, s.humidity_mrh, s.gas_ohm, s.valid])
c = bme688._calibration
say([[c.t_fine(k), c.pressure_pa(k, c.t_fine(k)), c.humidity_mrh(k >> 4, c.t_fine(k)), c.heat_code(k % 400, 25)]
    for k in range(0, 1 << 20, 34567)])
"""
    there, here = Bench(), Bench()
    for bench in (there, here):
        bench.sht4x.temperature_c, bench.sht4x.humidity_rh = -12.3, 87.0
        bench.bme688.temperature_c, bench.bme688.pressure_pa, bench.bme688.humidity_rh = -12.3, 87_654.0, 87.0
        bench.bme688.gas_ohm = lambda heater_c: 1e6 / heater_c
    air, smelt, formulas = firmware_says(micropython, there, script)
    driver = started(here)
    assert air == list(here.run(Sht4x(here.bus, SHT4X).measure()))
    s = here.run(driver.measure(320, 100))
    assert smelt == [s.temperature_mc, s.pressure_pa, s.humidity_mrh, s.gas_ohm, s.valid]
    c = driver._calibration
    assert formulas == [
        [c.t_fine(k), c.pressure_pa(k, c.t_fine(k)), c.humidity_mrh(k >> 4, c.t_fine(k)), c.heat_code(k % 400, 25)]
        for k in range(0, 1 << 20, 34567)
    ]


def test_under_micropython_a_profile_gives_every_sample_once(micropython: str) -> None:
    script = f"""
from enose_device.sensors.bme688 import Bme688
driver = Bme688(bus, {BME688})
run(driver.begin())
run(driver.run_profile([(320, 3), (200, 1), (100, 2)], 140))
seen = []
for _ in range(12):
    time.sleep_ms(250)
    for k in range(driver.poll()):
        s = driver.samples[k]
        seen.append([s.index, s.step, int(s.valid)])
say(seen)
"""
    (seen,) = firmware_says(micropython, Bench(), script)
    steps = [[0, 0], [0, 0], [0, 1], [1, 1], [2, 0], [2, 1]]
    assert len(seen) > 18
    assert seen == [[n, *steps[n % 6]] for n in range(len(seen))]
