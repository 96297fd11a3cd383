"""What the memristor board refuses or does not trust: a tampered board.json, parts that fail the self-test."""

from typing import Any

import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.configuration import device_configuration
from memristor_rig import (
    BOARD,
    CHIP,
    FIRST,
    assert_at_rest_after_reading,
    assert_nothing_is_driven,
    errors,
    start_programming,
)
from rig import SwitchOn, host_of


@pytest.fixture
def board(power_on: SwitchOn) -> SimulatedBoard:
    return power_on(BOARD, CHIP)


@pytest.fixture
def device(board: SimulatedBoard) -> Device:
    return host_of(board)


def tampered(monkeypatch: pytest.MonkeyPatch, section: str, key: str, value: int) -> None:
    """No board or chip file may say so; a board.json that was tampered with can."""

    def tampering(*files: Any) -> dict[str, Any]:
        facts = device_configuration(*files)
        return {**facts, section: {**facts[section], key: value}}

    monkeypatch.setattr("enose_hwsim.board.simulated.device_configuration", tampering)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("read", "read_uv", round(CHIP.devices.threshold_v * 1e6)),  # a read that writes
        ("read", "read_uv", 0),
        ("read", "range_uv", 0),
        ("chip", "tolerance_ppm", 0),  # no number of conversions is enough
        ("pulses", "min_on_us", 0),
        ("pulses", "min_uv", 100_000),  # below the threshold
        ("pulses", "max_uv", 1_200_000),  # below ground
        ("chip", "input_max_uv", 3_000_000),  # beyond the DAC
    ],
)
def test_a_configuration_that_cannot_be_followed_is_the_safe_state_and_nothing_is_driven(
    power_on: SwitchOn, monkeypatch: pytest.MonkeyPatch, section: str, key: str, value: int
) -> None:
    tampered(monkeypatch, section, key, value)
    board = power_on(BOARD, CHIP)
    device = host_of(board)
    assert device.status()["fault"] == "a code outside the chip's range was about to reach a converter"
    assert device.clear()["state"] == "safe"
    assert (board.wiring.read_adc.conversions, board.wiring.chip.pulses) == (0, 0)
    assert_nothing_is_driven(board)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("dac", "full_scale_uv", 0),
        ("dac", "full_scale_uv", 500_000),
        ("pulses", "common_uv", 2_600_000),
        ("chip", "no_field_uv", 700_000),
    ],
)
def test_a_level_of_rest_that_there_is_none_of_is_the_safe_state_with_every_switch_open(
    power_on: SwitchOn, monkeypatch: pytest.MonkeyPatch, section: str, key: str, value: int
) -> None:
    tampered(monkeypatch, section, key, value)
    board = power_on(BOARD, CHIP)
    device = host_of(board)
    assert device.status()["fault"] == "a code outside the chip's range was about to reach a converter"
    assert device.clear()["state"] == "safe"
    assert (board.wiring.read_adc.conversions, board.wiring.chip.pulses) == (0, 0)
    assert_at_rest_after_reading(board)


def test_a_read_adc_that_is_missing_fails_the_self_test_and_is_the_safe_state(device: Device) -> None:
    board = device.port.board
    del board.wiring.i2c.parts[BOARD.read.address]
    result = device.selftest()
    assert {name for name, good in result["checks"].items() if not good} == {"adc answers"}
    assert device.status()["fault"] == "the I2C bus does not answer"
    assert_nothing_is_driven(board)


@pytest.mark.parametrize("ohm", [CHIP.devices.min_ohm, CHIP.devices.max_ohm])
def test_a_switch_of_the_chain_that_is_stuck_fails_the_self_test(device: Device, ohm: float) -> None:
    board = device.port.board
    devices, chip = board.wiring.chip.population, board.wiring.chip
    devices._x[9] = devices.model.x_from_ohm(ohm)
    set_switches = board.wiring.chain._on_change
    board.wiring.chain._on_change = lambda closed, t_s: set_switches(closed | {3 * 9 + 2}, t_s)
    result = device.selftest()
    assert {name for name, good in result["checks"].items() if not good} == {"adc answers"}
    assert device.status()["fault"] == "none"
    assert chip.pulses == 0


@pytest.mark.parametrize("channel", [BOARD.dac.pulse_channel, BOARD.dac.read_channel])
def test_a_level_that_does_not_read_back_is_the_safe_state(device: Device, channel: int) -> None:
    dac = device.port.board.wiring.dac
    transfer = dac.transfer

    def faulty(frame: bytes, t_s: float) -> bytes:
        wrong = dac._readback == channel
        answer = transfer(frame, t_s)
        return bytes((answer[0], answer[1], answer[2] ^ 1)) if wrong else answer

    dac.transfer = faulty  # type: ignore[method-assign]
    assert device.selftest()["checks"]["dac readback"] is False
    assert device.status()["fault"] == "the DAC does not hold, or does not put out, what was written"


def test_while_it_programs_the_converters_are_left_alone_by_the_self_test(device: Device) -> None:
    start_programming(device, FIRST)
    assert set(device.selftest()["checks"]) == {"chip supply", "image store", "temperature"}
    device.port.wait(3000)
    assert device.status()["weights"] == "held"
    assert errors(device.port.board, FIRST).max() <= CHIP.devices.tolerance


def test_memristors_have_no_leak_to_be_told(device: Device) -> None:
    with pytest.raises(DeviceError, match="10000"):
        device.fit(leak_v_per_s=0.01)
    assert device.info()["leak_v_per_s"] is None
