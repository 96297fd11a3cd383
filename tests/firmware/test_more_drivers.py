"""SHT4x, MCP4728 and the battery: the drivers against the parts' models, and all drivers on MicroPython's heap."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract.messages import FAULT_BUS, FAULT_RANGE
from enose_device.converters.mcp4728 import Mcp4728
from enose_device.sensors.battery import EMPTY, GOOD, LOW, Battery
from enose_device.sensors.sht4x import Sht4x, crc8
from enose_hwsim.board.parts import sht4x as sht4x_part
from enose_hwsim.board.parts.mcp4728 import Mcp4728Part, Setting
from i2c_rig import BME688, DAC, OLED, SHT4X, Bench, fault_of, firmware_says


@given(st.binary(max_size=8))
def test_both_sides_compute_the_same_checksum(data: bytes) -> None:
    assert crc8(b"\x00" + data, 1, len(data)) == sht4x_part.crc8(data)


@given(st.floats(-40, 125), st.floats(0, 100))
def test_the_airs_temperature_and_humidity(temperature_c: float, humidity_rh: float) -> None:
    bench = Bench()
    bench.sht4x.temperature_c, bench.sht4x.humidity_rh = temperature_c, humidity_rh
    temperature_mc, humidity_mrh = bench.run(Sht4x(bench.bus, SHT4X).measure())
    # six sigma of the repeatability, half a code, and a whole mC or m% of the cut
    assert temperature_mc == pytest.approx(temperature_c * 1e3, abs=83)
    assert humidity_mrh == pytest.approx(humidity_rh * 1e3, abs=163)
    assert 0 <= humidity_mrh <= 100_000


def test_a_wrong_checksum_is_measured_again_and_three_are_a_fault() -> None:
    bench = Bench()
    driver = Sht4x(bench.bus, SHT4X)
    bench.sht4x.wrong_crcs = 2
    assert bench.run(driver.measure())[0] == pytest.approx(25_000, abs=83)
    bench.sht4x.wrong_crcs = 3
    assert fault_of(lambda: bench.run(driver.measure())) == FAULT_BUS


def allowed(bench: Bench, gain: int = 1) -> Mcp4728:
    driver = Mcp4728(bench.bus, DAC, gain)
    for channel in range(4):
        driver.allow(channel, 850_000, 950_000)
    return driver


@given(st.integers(0, 3), st.integers(-10, 5000), st.sampled_from([1, 2]))
def test_no_code_outside_the_range_is_ever_sent(channel: int, code: int, gain: int) -> None:
    bench = Bench()
    driver = allowed(bench, gain)
    if 850_000 * 4096 <= code * 2_048_000 * gain <= 950_000 * 4096:
        driver.write(channel, code)
        assert driver.read_back(channel) == code
        assert bench.dac.voltage_v(channel) == pytest.approx(code / 4096 * 2.048 * gain)
    else:
        codes = [driver.code(0, 900_000)] * 4
        codes[channel] = code
        assert fault_of(lambda: driver.write(channel, code)) == FAULT_RANGE
        assert fault_of(lambda: bench.run(driver.keep(codes))) == FAULT_RANGE
        assert bench.transfers == 0


@given(st.integers(0, 3), st.integers(0, 3_000_000))
def test_the_code_for_a_voltage_is_the_nearest_within_the_range(channel: int, v_uv: int) -> None:
    bench = Bench()
    driver = allowed(bench)
    driver.write(channel, driver.code(channel, v_uv))
    # a code is 500 uV: half of it, or a whole one where the nearest lies outside
    assert bench.dac.voltage_v(channel) * 1e6 == pytest.approx(min(max(v_uv, 850_000), 950_000), abs=500.1)
    assert 850_000 <= round(bench.dac.voltage_v(channel) * 1e6) <= 950_000


def test_a_channel_that_nothing_was_allowed_takes_nothing() -> None:
    bench = Bench()
    driver = Mcp4728(bench.bus, DAC, 1)
    assert [fault_of(lambda k=k: driver.write(k, 0)) for k in range(4)] == [FAULT_RANGE] * 4


def test_what_is_kept_is_there_after_the_next_power_up() -> None:
    bench = Bench()
    driver = allowed(bench)
    codes = [1700 + 20 * k for k in range(4)]
    bench.run(driver.keep(codes))
    assert [driver.read_kept(k) for k in range(4)] == codes
    again = Mcp4728Part(3.3, lambda channel, volts, t_s: None, tuple(bench.dac.eeprom))
    assert [again.voltage_v(k) for k in range(4)] == [code / 2000 for code in codes]


def test_an_eeprom_that_stays_busy_is_a_bus_fault() -> None:
    bench = Bench()
    task = allowed(bench).keep([1800] * 4)
    next(task)  # the clock stands still
    next(task)
    next(task)
    assert fault_of(lambda: next(task)) == FAULT_BUS


def test_settings_that_are_not_ours_do_not_read_back() -> None:
    bench = Bench()
    driver = allowed(bench)
    driver.write(0, 1800)
    bench.dac.inputs[0] = Setting(1800, double=True)
    assert driver.read_back(0) == -1
    assert driver.read_kept(0) == 0


FACTS: dict[str, Any] = {
    "divider_ppm": 2_000_000,
    "low_uv": 3_500_000,
    "empty_uv": 3_200_000,
    "hysteresis_uv": 100_000,
    "curve_uv": [3_200_000 + 100_000 * k for k in range(11)],
}


class Cell:
    """A cell behind two equal resistors, as the microcontroller's ADC sees it."""

    volts = 4.0

    def read_u16(self) -> int:
        code = round(self.volts / 2 / 3.3 * 4095)
        return code << 4 | code >> 8


@given(st.floats(2.5, 4.4))
def test_the_cells_voltage(volts: float) -> None:
    cell = Cell()
    cell.volts = volts
    # half a code of 0.81 mV and the cut to a whole mV, both times the divider
    assert Battery(cell, FACTS).read_uv() == pytest.approx(volts * 1e6, abs=3000)


@given(st.integers(2_500_000, 4_500_000))
def test_what_is_left_is_the_straight_line_between_the_points(cell_uv: int) -> None:
    expected = np.interp(cell_uv, FACTS["curve_uv"], np.arange(0, 101, 10))
    assert Battery(Cell(), FACTS).left_percent(cell_uv) == pytest.approx(expected, abs=1)


def test_the_state_worsens_at_once_and_betters_beyond_the_hysteresis() -> None:
    cell = Cell()
    battery = Battery(cell, FACTS)
    seen = []
    for cell.volts in (3.6, 3.49, 3.55, 3.61, 3.1, 3.25, 3.31, 3.55, 3.1, 3.7):
        battery.read_uv()
        seen.append(battery.state)
    assert seen == [GOOD, LOW, LOW, GOOD, EMPTY, EMPTY, LOW, LOW, EMPTY, GOOD]


@pytest.mark.parametrize("curve_uv", [[], list(range(10)), [0, 1, 2, 3, 4, 4, 6, 7, 8, 9, 10]])
def test_a_curve_that_does_not_rise_in_ten_steps_is_refused(curve_uv: list[int]) -> None:
    with pytest.raises(ValueError, match="curve_uv: 11 voltages"):
        Battery(Cell(), {**FACTS, "curve_uv": curve_uv})


def test_under_micropython_the_dac_is_written_kept_and_guarded(micropython: str) -> None:
    script = f"""
from enose_device.converters.mcp4728 import Mcp4728
dac = Mcp4728(bus, {DAC}, 1)
for k in range(4):
    dac.allow(k, 850000, 950000)
dac.write(2, dac.code(2, 900000))
say(dac.read_back(2))
run(dac.keep([1700, 1720, 1740, 1760]))
say([dac.read_kept(k) for k in range(4)])
try:
    dac.write(2, 3000)
except FaultError as error:
    say(error.fault)
"""
    bench = Bench()
    assert firmware_says(micropython, bench, script) == [1800, [1700, 1720, 1740, 1760], FAULT_RANGE]
    assert [bench.dac.voltage_v(k) for k in range(4)] == [0.85, 0.86, 0.87, 0.88]


def test_under_micropython_all_drivers_leave_room_on_the_heap(micropython: str) -> None:
    script = f"""
gc.collect()
before = gc.mem_free()
from enose_device.converters.mcp4728 import Mcp4728
from enose_device.display.ssd1306 import Ssd1306
from enose_device.sensors.battery import Battery
from enose_device.sensors.bme688 import Bme688
from enose_device.sensors.sht4x import Sht4x
kept = [Mcp4728(bus, {DAC}, 1), Ssd1306(bus, {OLED}), Bme688(bus, {BME688}), Sht4x(bus, {SHT4X})]
gc.collect()
say(before - gc.mem_free())
"""
    (used,) = firmware_says(micropython, Bench(), script)
    assert used < 48 * 1024  # a quarter of the heap, on a 64-bit interpreter whose objects are twice as large
