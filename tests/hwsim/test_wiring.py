"""The wiring: which part a pin, bus or address of the board file reaches."""

import numpy as np
import pytest

from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.wiring import Wiring
from enose_hwsim.board.world import World
from enose_hwsim.chips import open_chip
from rig import BOARD, CHIP


@pytest.fixture
def wiring() -> Wiring:
    return Wiring(BOARD, CHIP, open_chip(CHIP, "fast"), World(), FlashPart(4096), np.random.default_rng(1))


def write_dac(wiring: Wiring, channel: int, code: int, t_s: float = 0.0) -> None:
    wiring.pin_write(BOARD.dac.select_pin, 0, t_s)
    wiring.spi(bytes((0x30 | channel, code >> 8, code & 0xFF)), t_s)
    wiring.pin_write(BOARD.dac.select_pin, 1, t_s)


def adc_v(wiring: Wiring, channel: int, t_s: float) -> float:
    """One conversion at +-4.096 V."""
    config = 0x8000 | 0x4000 | channel << 12 | 1 << 9 | 0x01E3
    wiring.i2c_write(0x48, bytes((1, config >> 8, config & 0xFF)), t_s)
    return int.from_bytes(wiring.i2c_read(0x48, 2, b"\x00", t_s + 0.01), "big") * 4.096 / 32768


def test_pins_read_as_written_and_low_before(wiring: Wiring) -> None:
    assert wiring.pin_read(20) == 0
    wiring.pin_write(20, 1, 0.0)
    assert wiring.pin_read(20) == 1


def test_a_weight_goes_through_dac_address_and_strobe(wiring: Wiring) -> None:
    write_dac(wiring, BOARD.dac.weight_channel, 26214)  # 1 V
    for bit, pin in enumerate(BOARD.weights.address_pins):
        wiring.pin_write(pin, 19 >> bit & 1, 0.0)
    wiring.pin_write(BOARD.weights.strobe_pin, 1, 0.0)
    wiring.pin_write(BOARD.weights.strobe_pin, 0, 20e-6)
    weights_v = wiring.chip.weights_v(20e-6)
    assert np.flatnonzero(weights_v).tolist() == [19]
    assert weights_v[19] == pytest.approx(1.0, abs=1e-4)  # half a DAC code, and exp(-10) of the step


def test_an_input_goes_through_dac_and_switch(wiring: Wiring) -> None:
    write_dac(wiring, 2, 0)
    assert wiring.chip.violations == []
    wiring.pin_write(BOARD.switch.pin, 1, 0.0)
    assert any("input 2" in text for text in wiring.chip.violations)


def test_other_dac_channels_are_not_wired(wiring: Wiring) -> None:
    write_dac(wiring, 7, 65535)
    assert wiring.dac.voltage_v(7) > 2.4
    assert wiring.chip.violations == []


@pytest.mark.parametrize("position", [0, 5, 15])
def test_the_multiplexer_puts_one_sensor_before_the_adc(wiring: Wiring, position: int) -> None:
    ohms = 1000.0 * np.arange(1, 17)[None, :]
    wiring.world.present(ohms, ohms, ohms, 1.0, 0.0)
    for bit, pin in enumerate(BOARD.mux.select_pins):
        wiring.pin_write(pin, position >> bit & 1, 0.0)
    load_ohm = BOARD.sensors.load_ohm
    expected_v = 3.3 * load_ohm / (ohms[0, position] + load_ohm)
    # the ADC: half a count of 125 uV, and five sigma of 0.4 counts
    assert adc_v(wiring, BOARD.adc.sensor_channel, 1.0) == pytest.approx(expected_v, abs=320e-6)


def test_the_adc_reads_rail_output_and_nothing(wiring: Wiring) -> None:
    assert adc_v(wiring, BOARD.adc.rail_channel, 1.0) == pytest.approx(3.3, abs=320e-6)
    expected_v = wiring.chip.output_v(2.01)
    assert adc_v(wiring, BOARD.adc.output_channel, 2.0) == pytest.approx(expected_v, abs=320e-6)
    assert adc_v(wiring, 3, 3.0) < 320e-6


@pytest.mark.parametrize(("ambient_c", "volts"), [(27.0, 0.706), (37.0, 0.68879), (-10.0, 0.769677)])
def test_the_microcontrollers_temperature_sensor_is_that_of_the_data_sheet(
    wiring: Wiring, ambient_c: float, volts: float
) -> None:
    wiring.ambient_c = ambient_c
    # one code of 12 bits over 3.3 V is 0.8 mV; noise of 0.7 codes, four sigma, and half a code of rounding
    assert wiring.mcu_adc(4) / 65535 * 3.3 == pytest.approx(volts, abs=3.3 * 0.8e-3)


def test_the_supply_is_divided_and_clips_at_full_scale(wiring: Wiring) -> None:
    assert wiring.mcu_adc(BOARD.supply_sense.pin) / 65535 * 3.3 == pytest.approx(0.9, abs=3.3 * 0.8e-3)
    wiring.chip_supply_v = 20.0
    assert wiring.mcu_adc(BOARD.supply_sense.pin) == 65535
    assert wiring.mcu_adc(27) / 65535 * 3.3 < 3 * 0.8e-3  # nothing is wired there


def test_only_the_adc_acknowledges_and_a_dead_bus_nobody(wiring: Wiring) -> None:
    for use in (lambda: wiring.i2c_write(0x49, b"\x01", 0.0), lambda: wiring.i2c_read(0x3C, 2, b"", 0.0)):
        with pytest.raises(OSError, match="no acknowledge") as error:
            use()
        assert error.value.errno == 6
    wiring.bus_dead = True
    with pytest.raises(OSError, match="no acknowledge") as error:
        wiring.i2c_write(0x48, b"\x01", 0.0)
    assert error.value.errno == 5
