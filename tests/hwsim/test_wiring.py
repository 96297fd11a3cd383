"""The wiring: which part a pin, bus or address of the board file reaches."""

import numpy as np
import pytest

from enose.boards import find_board
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.wiring import Wiring, wire
from enose_hwsim.board.world import World
from enose_hwsim.chips import open_chip
from rig import BOARD, CHIP, changed

PULSED_BOARD, PULSED_CHIP, _ = find_board("pico-memristor")
FULL = find_board("pico2-mlp")[0]


@pytest.fixture
def pulsed() -> Wiring:
    chip = open_chip(PULSED_CHIP, "ideal")
    return wire(PULSED_BOARD, PULSED_CHIP, chip, World(), FlashPart(4096), np.random.default_rng(1))


@pytest.fixture
def wiring() -> Wiring:
    return wire(BOARD, CHIP, open_chip(CHIP, "fast"), World(), FlashPart(4096), np.random.default_rng(1))


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
    expected_v = float(wiring.chip.output_v(2.01))
    assert adc_v(wiring, BOARD.adc.output_channels[0], 2.0) == pytest.approx(expected_v, abs=320e-6)
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


def test_only_the_adcs_acknowledge_and_a_dead_bus_nobody(wiring: Wiring) -> None:
    for use in (lambda: wiring.i2c_write(0x4A, b"\x01", 0.0), lambda: wiring.i2c_read(0x3C, 2, b"", 0.0)):
        with pytest.raises(OSError, match="no acknowledge") as error:
            use()
        assert error.value.errno == 6
    wiring.bus_dead = True
    with pytest.raises(OSError, match="no acknowledge") as error:
        wiring.i2c_write(0x48, b"\x01", 0.0)
    assert error.value.errno == 5


@pytest.fixture
def full() -> Wiring:
    return wire(FULL, CHIP, open_chip(CHIP, "fast"), World(), FlashPart(4096), np.random.default_rng(1))


def test_the_optional_parts_are_on_the_bus_and_in_the_worlds_air(full: Wiring) -> None:
    full.world.air = (31.0, 44.0)
    full.i2c_write(FULL.climate.address, b"\xfd", 1.0)
    answer = full.i2c_read(FULL.climate.address, 6, b"", 1.01)
    # the part's noise, three sigma: 0.04 C and 0.08 %
    assert int.from_bytes(answer[:2], "big") / 65535 * 175 - 45 == pytest.approx(31.0, abs=0.06)
    assert int.from_bytes(answer[3:5], "big") / 65535 * 125 - 6 == pytest.approx(44.0, abs=0.12)
    assert full.i2c_read(FULL.gas_sensor.address, 1, b"\xd0", 1.0) == b"\x61"
    assert (full.gas_sensor.temperature_c, full.gas_sensor.humidity_rh) == (31.0, 44.0)
    full.i2c_write(FULL.display.address, b"\x00\x81\x42", 1.0)
    assert full.display.contrast == 0x42


def test_a_board_without_them_is_the_same_board_to_the_noise() -> None:
    plain = changed(FULL, display=None, gas_sensor=None, climate=None)
    both = [
        wire(board, CHIP, open_chip(CHIP, "fast"), World(), FlashPart(4096), np.random.default_rng(1))
        for board in (FULL, plain)
    ]
    assert (both[1].climate, both[1].gas_sensor, both[1].display) == (None, None, None)
    assert [adc_v(wiring, BOARD.adc.rail_channel, 1.0) for wiring in both] == [pytest.approx(3.3, abs=320e-6)] * 2
    assert len({adc_v(wiring, BOARD.adc.rail_channel, 2.0) for wiring in both}) == 1


def test_the_heaters_power_is_the_duty_as_a_part_of_the_boards(full: Wiring, wiring: Wiring) -> None:
    for duty in (0.0, 0.4, 0.8):
        full.set_duty(FULL.gas.heater_pin, duty)
        assert full.world.heater_power == pytest.approx(duty / 0.8)
        assert full.pin_read(FULL.gas.heater_pin) == (duty > 0)
    full.set_duty(FULL.led.pin, 0.5)
    assert full.world.heater_power == pytest.approx(1.0)


@pytest.mark.parametrize(("pin", "line"), [(FULL.i2c.sda_pin, "sda"), (FULL.i2c.scl_pin, "scl")])
def test_the_lines_of_the_bus_are_pulled_up_and_can_be_pulled_down(full: Wiring, pin: int, line: str) -> None:
    assert full.pin_read(pin) == 1
    full.pin_write(pin, 0, 0.0)
    assert (full.pin_read(pin), getattr(full.i2c, line)) == (0, 0)
    with pytest.raises(OSError, match="held low"):
        full.i2c_write(0x48, b"\x01", 0.0)
    full.let_go(0.0)
    assert full.pin_read(pin) == 1
    full.i2c_write(0x48, b"\x01", 0.0)


def test_the_battery_is_divided(full: Wiring, wiring: Wiring) -> None:
    full.battery_v = 3.7
    # one code of 12 bits over 3.3 V is 0.8 mV; noise of 0.7 codes, four sigma, and half a code of rounding
    assert full.mcu_adc(FULL.battery.pin) / 65535 * 3.3 == pytest.approx(1.85, abs=3.3 * 0.8e-3)
    assert wiring.mcu_adc(FULL.battery.pin) / 65535 * 3.3 < 3.3 * 0.8e-3


def chain(wiring: Wiring, *closed: int, t_s: float = 0.0) -> None:
    frame = bytearray(PULSED_BOARD.matrix.parts)
    for switch in closed:
        frame[-1 - switch // 8] |= 1 << switch % 8
    wiring.pin_write(PULSED_BOARD.matrix.select_pin, 0, t_s)
    wiring.spi(bytes(frame), t_s)
    wiring.pin_write(PULSED_BOARD.matrix.select_pin, 1, t_s)


def at_rest(wiring: Wiring) -> None:
    """Every DAC channel at the common node."""
    for channel in range(8):
        write_dac(wiring, channel, round(0.9 / 2.5 * 65536))


def test_a_pulse_goes_through_dac_chain_and_gate(pulsed: Wiring) -> None:
    at_rest(pulsed)
    devices = pulsed.chip.population
    before, x = devices.true_ohm, devices._x.copy()
    chain(pulsed, 3 * 20 + 2)
    write_dac(pulsed, PULSED_BOARD.dac.pulse_channel, round(1.2 / 2.5 * 65536))
    pulsed.pin_write(PULSED_BOARD.pulses.gate_pin, 1, 0.0)
    pulsed.pin_write(PULSED_BOARD.pulses.gate_pin, 0, 10e-6)
    changed = np.flatnonzero(devices.true_ohm != before)
    assert changed.tolist() == [20]
    after = devices.model.after_pulse(x[20], 0.3, 10e-6 * devices._speed[20])
    # a DAC code of 38 uV, five times over in 0.3 V to the fifth
    assert devices._x[20] - x[20] == pytest.approx(float(after - x[20]), rel=1e-3)
    assert pulsed.chip.violations == []


def test_a_read_goes_through_dac_chain_amplifier_and_the_second_adc(pulsed: Wiring) -> None:
    at_rest(pulsed)
    chain(pulsed, 3 * 33 + 2)
    write_dac(pulsed, PULSED_BOARD.dac.read_channel, round(0.95 / 2.5 * 65536))
    config = 0x8000 | 4 << 9 | 0x01E3  # inputs 0 and 1, +-512 mV
    pulsed.i2c_write(0x49, bytes((1, config >> 8, config & 0xFF)), 1.0)
    count = int.from_bytes(pulsed.i2c_read(0x49, 2, b"\x00", 1.01), "big", signed=True)
    expected_v = 0.05 / pulsed.chip.population.true_ohm[33] * PULSED_BOARD.read.sense_ohm
    # the device's own noise of 0.2 %, five sigma, and that of the ADC
    assert count * 0.512 / 32768 == pytest.approx(expected_v, rel=0.01, abs=2.5 * 0.512 / 32768)
    assert pulsed.chip.violations == []


def test_the_devices_read_with_the_boards_noise() -> None:
    board = changed(PULSED_BOARD, read=changed(PULSED_BOARD.read, noise=0.05))
    noisy = wire(
        board, PULSED_CHIP, open_chip(PULSED_CHIP, "ideal"), World(), FlashPart(4096), np.random.default_rng(1)
    )
    chain(noisy, 3 * 33 + 2)
    write_dac(noisy, PULSED_BOARD.dac.read_channel, round(0.95 / 2.5 * 65536))
    falls = np.array([0.9 - noisy.chip.amplifier_v() for _ in range(400)])
    # 400 samples know a standard deviation to 1/sqrt(800): four times that
    assert falls.std() / falls.mean() == pytest.approx(0.05, rel=0.14)


def test_the_chain_and_the_dac_share_the_bus_and_each_takes_its_own(pulsed: Wiring) -> None:
    at_rest(pulsed)
    codes = list(pulsed.dac.codes)
    chain(pulsed, 0, 4)
    assert pulsed.dac.codes == codes
    write_dac(pulsed, 0, 23_000)
    assert pulsed.chain.closed == {0, 4}
    assert pulsed.chip.signed_ohm()[0] > 0 > pulsed.chip.signed_ohm()[1]


def test_each_output_has_its_channel_of_the_first_adc(pulsed: Wiring) -> None:
    at_rest(pulsed)
    chain(pulsed, *(3 * k for k in range(34)))
    pulsed.pin_write(PULSED_BOARD.switch.pin, 1, 0.0)
    expected_v = pulsed.chip.output_v(2.0)
    for channel, volts in zip(PULSED_BOARD.adc.output_channels, expected_v, strict=True):
        # the ADC: half a count of 125 uV, and five sigma of 0.4 counts
        assert adc_v(pulsed, channel, 2.0 + channel) == pytest.approx(float(volts), abs=320e-6)


def test_what_a_memristor_board_does_not_wire_does_nothing(pulsed: Wiring) -> None:
    at_rest(pulsed)
    pulsed.pin_write(0, 1, 0.0)
    write_dac(pulsed, 7, 65535)
    assert abs(read_adc_v(pulsed, 3)) < 4 * 62.5e-6
    assert pulsed.chip.violations == []


def test_the_read_adc_sees_the_first_inputs_dac(pulsed: Wiring) -> None:
    at_rest(pulsed)
    for code in (22282, 24903):  # 0.85 V and 0.95 V of 2.5 V
        write_dac(pulsed, 0, code)
        # the ADC: half a count of 62.5 uV, and five sigma of 0.4 counts
        assert read_adc_v(pulsed, 2) == pytest.approx(code * 2.5 / 65536, abs=160e-6)


def read_adc_v(wiring: Wiring, channel: int) -> float:
    """An input of the read ADC against ground, within 2.048 V."""
    config = 0x8000 | 0x4000 | channel << 12 | 2 << 9 | 0x01E3
    wiring.i2c_write(0x49, bytes((1, config >> 8, config & 0xFF)), 1.0)
    return int.from_bytes(wiring.i2c_read(0x49, 2, b"\x00", 1.01), "big", signed=True) * 2.048 / 32768


def test_a_board_and_a_chip_of_two_kinds_cannot_be_wired() -> None:
    with pytest.raises(ValueError, match="board pico-mlp is for a chip of kind 'mlp', memristor542 is 'memristor'"):
        wire(BOARD, PULSED_CHIP, None, World(), FlashPart(4096), np.random.default_rng(1))
