"""The SHT4x's model: commands, checksums, NACK while it is busy, repeatability, faults."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.board.parts.i2c_bus import I2cBus, Nack
from enose_hwsim.board.parts.sht4x import HEATED_S, MEASURE, POWER_UP_S, Sht4xPart, crc8

HIGH = 0xFD


def part(seed: int = 1) -> Sht4xPart:
    return Sht4xPart(np.random.default_rng(seed))


def measured(sensor: Sht4xPart, command: int = HIGH, t_s: float = 1.0) -> tuple[float, float]:
    sensor.write(bytes((command,)), t_s)
    six = sensor.read(6, t_s + 2.0)
    assert (crc8(six[:2]), crc8(six[3:5])) == (six[2], six[5])
    temperature, humidity = int.from_bytes(six[:2], "big"), int.from_bytes(six[3:5], "big")
    return -45 + 175 * temperature / 65535, -6 + 125 * humidity / 65535


def test_the_checksum_is_the_data_sheets() -> None:
    assert crc8(b"\xbe\xef") == 0x92


@given(st.binary(min_size=2, max_size=2), st.integers(0, 15))
def test_the_checksum_finds_every_flipped_bit(word: bytes, bit: int) -> None:
    flipped = (int.from_bytes(word, "big") ^ 1 << bit).to_bytes(2, "big")
    assert crc8(flipped) != crc8(word)


@given(st.floats(-40, 125), st.floats(0, 100))
def test_it_answers_with_the_airs_state(temperature_c: float, humidity_rh: float) -> None:
    sensor = part()
    sensor.temperature_c, sensor.humidity_rh = temperature_c, humidity_rh
    # 0.04 C and 0.08 %RH are three sigma: six sigma, and half a code of 2.7 mC and 1.9 m%
    assert measured(sensor) == (pytest.approx(temperature_c, abs=0.082), pytest.approx(humidity_rh, abs=0.162))


@pytest.mark.parametrize("command", MEASURE)
def test_until_the_measurement_is_done_nothing_is_acknowledged(command: int) -> None:
    sensor = part()
    duration_s = MEASURE[command][0]
    sensor.write(bytes((command,)), 1.0)
    for use in (lambda t_s: sensor.read(6, t_s), lambda t_s: sensor.write(b"\xfd", t_s)):
        with pytest.raises(Nack):
            use(1.0 + duration_s - 1e-6)
    assert len(sensor.read(6, 1.0 + duration_s + 1e-6)) == 6


def test_an_answer_is_read_once() -> None:
    sensor = part()
    measured(sensor)
    with pytest.raises(Nack):
        sensor.read(6, 10.0)


@pytest.mark.parametrize("command", [0x00, 0x2C, 0xFF])
def test_a_command_it_does_not_have_is_not_acknowledged(command: int) -> None:
    with pytest.raises(Nack, match=f"0x{command:02x}"):
        part().write(bytes((command,)), 1.0)


def test_it_takes_a_millisecond_to_power_up() -> None:
    with pytest.raises(Nack):
        part().write(b"\xfd", POWER_UP_S - 1e-6)
    part().write(b"\xfd", POWER_UP_S)


@pytest.mark.parametrize("reset", ["command", "general call"])
def test_a_reset_ends_a_measurement(reset: str) -> None:
    sensor = part()
    sensor.write(bytes((HIGH,)), 1.0)
    if reset == "command":
        sensor.write(b"\x94", 1.001)
    else:
        I2cBus({0x44: sensor}).write(0x00, b"\x06", 1.001)
    with pytest.raises(Nack):
        sensor.read(6, 1.5)
    measured(sensor, t_s=1.0021)


def test_a_general_call_that_nobody_knows_is_not_acknowledged() -> None:
    bus = I2cBus({0x44: part()})
    with pytest.raises(Nack):
        bus.write(0x00, b"\x09", 1.0)
    with pytest.raises(Nack):
        bus.write(0x00, b"", 1.0)


def test_the_serial_number_is_two_words() -> None:
    sensor = Sht4xPart(np.random.default_rng(1), serial=0x12345678)
    sensor.write(b"\x89", 1.0)
    six = sensor.read(6, 1.0)
    assert six == b"\x12\x34" + bytes((crc8(b"\x12\x34"),)) + b"\x56\x78" + bytes((crc8(b"\x56\x78"),))


@pytest.mark.parametrize("command", HEATED_S)
def test_a_heated_measurement_lasts_as_long_as_its_heating(command: int) -> None:
    sensor = part()
    sensor.write(bytes((command,)), 1.0)
    with pytest.raises(Nack):
        sensor.read(6, 1.0 + HEATED_S[command] - 1e-6)
    assert len(sensor.read(6, 1.0 + HEATED_S[command])) == 6
    assert sensor.heatings == 1


def test_the_faults() -> None:
    sensor = part()
    sensor.wrong_crcs = 1
    sensor.write(b"\xfd", 1.0)
    six = sensor.read(6, 2.0)
    assert crc8(six[:2]) != six[2]
    measured(sensor, t_s=3.0)
    sensor.absent = True
    for use in (lambda: sensor.write(b"\xfd", 5.0), lambda: sensor.read(6, 5.0)):
        with pytest.raises(Nack, match="no part"):
            use()


@pytest.mark.parametrize("command", MEASURE)
def test_the_noise_is_that_of_the_repeatability_and_the_same_for_the_same_seed(command: int) -> None:
    assert measured(part(3)) == measured(part(3))
    sensor = part(4)
    found = np.array([measured(sensor, command, 3.0 * k + 1) for k in range(400)])
    # rounding adds a twelfth of a code squared; 400 samples know a deviation to 3.5 %: four times that
    expected_c = np.hypot(MEASURE[command][1] / 3, 175 / 65535 / np.sqrt(12))
    assert found[:, 0].std() == pytest.approx(expected_c, rel=0.14)
    assert found[:, 1].std() == pytest.approx(MEASURE[command][2] / 3, rel=0.14)


def test_an_empty_write_does_no_harm() -> None:
    sensor = part()
    sensor.write(b"", 1.0)
    measured(sensor)
