"""Rows 30 to 32 of the fault matrix on the board: parts that do not acknowledge, lines that are held low."""

from collections.abc import Callable

import pytest

from enose_contract import messages
from enose_device.bus import CLOCKS, TRIES
from optional_rig import ALL_OF, Nose, nose
from rig import SwitchOn

BUS = "the I2C bus does not answer"
PHASES_S = {"warmup": 0.5, "baseline": 1.3, "exposure": 2.2}


def assert_safe(found: Nose) -> None:
    file = ALL_OF[found.device.board]
    assert found.device.status()["fault"] == BUS
    assert (found.world.heater_power, found.world.pumping) == (0, False)
    assert [found.wiring.pin_read(pin) for pin in (file.switch.pin, file.gas.valve_pin)] == [0, 0]
    assert found.device._conversation.ask(messages.RESULT, 5)["answer"] == 3  # NONE


def measuring(power_on: SwitchOn, name: str, phase_s: float) -> Nose:
    found = nose(power_on, ALL_OF[name])
    found.device._conversation.ask(messages.MEASURE, 5)
    found.wait(phase_s)
    return found


@pytest.mark.parametrize("name", ALL_OF)
@pytest.mark.parametrize("phase", PHASES_S)
@pytest.mark.parametrize(
    "hold",
    [
        lambda wiring: setattr(wiring.i2c, "sda_held_clocks", 10**6),
        lambda wiring: setattr(wiring.i2c, "scl_held", True),
    ],
    ids=["SDA", "SCL"],
)
def test_a_line_that_stays_low_is_the_safe_state(
    power_on: SwitchOn, name: str, phase: str, hold: Callable[[object], None]
) -> None:
    found = measuring(power_on, name, PHASES_S[phase])
    hold(found.wiring)
    found.wait(6)  # the climate sensor is asked every five seconds, whatever else goes on
    assert_safe(found)
    found.wait(5)
    assert_safe(found)
    found.wiring.i2c.sda_held_clocks, found.wiring.i2c.scl_held = 0, False
    assert found.device.clear()["fault"] == "none"
    assert found.device.measure().reason == ""


def test_sda_held_while_idle_is_found_by_the_next_reading_of_the_air(power_on: SwitchOn) -> None:
    found = nose(power_on, ALL_OF["pico-mlp"])
    found.wait(2)
    found.wiring.i2c.sda_held_clocks = 10**6
    found.wait(6)
    assert found.device.status()["fault"] == BUS


@pytest.mark.parametrize("clocks", [1, CLOCKS])
@pytest.mark.parametrize("phase", ["baseline", "exposure"])
def test_a_part_that_lets_go_within_nine_clocks_is_no_fault(power_on: SwitchOn, phase: str, clocks: int) -> None:
    found = measuring(power_on, "pico-mlp", PHASES_S[phase])
    stops = found.wiring.i2c.stops
    found.wiring.i2c.sda_held_clocks = clocks
    found.wait(6)
    raw = found.device._conversation.ask(messages.RESULT, 5)
    assert (raw["state"], raw["reason"]) == (messages.DONE, messages.REASON_OK)
    assert (found.wiring.i2c.sda_held_clocks, found.wiring.i2c.stops) == (0, stops + 1)
    assert found.device.status()["fault"] == "none"


@pytest.mark.parametrize("name", ALL_OF)
def test_the_converter_that_does_not_acknowledge_is_tried_twice_more_and_is_the_safe_state(
    power_on: SwitchOn, name: str
) -> None:
    found = measuring(power_on, name, PHASES_S["exposure"])
    address = ALL_OF[name].adc.address
    tried: list[float] = []
    write = found.wiring.adc.write

    def silent(data: bytes, t_s: float) -> None:
        tried.append(t_s)
        raise OSError(6, "no acknowledge")

    found.wiring.i2c.parts[address].write = silent
    found.wait(3)
    assert len(tried) == TRIES
    assert_safe(found)
    found.wiring.i2c.parts[address].write = write
    found.device.clear()
    assert found.device.measure().reason == ""


def test_two_failures_of_any_part_are_no_fault(power_on: SwitchOn) -> None:
    found = nose(power_on)
    for part in (found.wiring.adc, found.wiring.climate, found.wiring.display, found.wiring.gas_sensor):
        failing(part, TRIES - 1)
    found.wait(6)
    assert found.device.measure().reason == ""
    info = found.device.info()
    assert (info["silent_parts"], info["fault"]) == ([], "none")


def failing(part: object, times: int) -> None:
    """The next transfers to a part fail."""
    write = part.write  # type: ignore[attr-defined]
    left = [times]

    def once(data: bytes, t_s: float) -> None:
        if left[0]:
            left[0] -= 1
            raise OSError(6, "no acknowledge")
        write(data, t_s)

    part.write = once  # type: ignore[attr-defined]
