"""The other parts on the board: light, pump, heaters' power, climate sensor, gas sensor, button; each also silent."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from enose_contract import messages
from enose_hwsim import gas
from enose_hwsim.board.parts.bme688 import PARALLEL, SLEEP, Bme688Part
from enose_hwsim.board.parts.sht4x import Sht4xPart
from enose_hwsim.board.parts.ssd1306 import Ssd1306Part
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard
from optional_rig import ALL_OF, FULL, Nose, nose
from rig import SwitchOn, changed, host_of, image, present

MODE = 0x74  # the BME688's ctrl_meas: the mode is in the lowest two bits


@pytest.fixture
def full(power_on: SwitchOn) -> Nose:
    return nose(power_on)


def lit(board: SimulatedBoard, s: float, pin: int = FULL.led.pin) -> tuple[float, int]:
    """The part of the time that the light is on, and how often it is switched on."""
    levels = []
    for _ in range(round(s / 0.02)):
        board.run(20)
        levels.append(board.wiring.pin_read(pin))
    return float(np.mean(levels)), sum(b > a for a, b in pairwise(levels))


def test_the_light_blinks_idle_measuring_answer_and_fault_differently(full: Nose) -> None:
    # looked at every 20 ms over whole periods of 2, 1, 2 and 0.2 s: one look of some 100 a period
    assert lit(full.board, 8) == (pytest.approx(0.05, abs=0.03), pytest.approx(4, abs=1))
    full.device.program(image(board=FULL.name, model=b"slow0000", baseline_ms=9000).pack())
    full.device._conversation.ask(messages.MEASURE, 9)
    full.wait(1)
    assert lit(full.board, 6) == (pytest.approx(0.5, abs=0.05), pytest.approx(6, abs=1))
    full.wait(8)
    assert lit(full.board, 8) == (pytest.approx(0.95, abs=0.03), pytest.approx(4, abs=1))
    full.device.safe()
    assert lit(full.board, 4) == (pytest.approx(0.5, abs=0.06), pytest.approx(20, abs=2))


def test_the_light_shows_a_fault_also_where_only_the_link_runs(power_on: SwitchOn, tmp_path: Path) -> None:
    for _ in range(3):
        board = power_on(FULL, flash_path=tmp_path / "flash")
        host_of(board)
        board.close()
    board = power_on(FULL, flash_path=tmp_path / "flash")
    assert host_of(board).status()["fault"].startswith("it was reset three times")
    assert lit(board, 4)[1] == pytest.approx(20, abs=2)


@pytest.mark.parametrize("name", ALL_OF)
def test_the_pump_draws_air_while_it_measures_and_only_then(power_on: SwitchOn, name: str) -> None:
    found = nose(power_on, ALL_OF[name])
    drawn: dict[str, set[bool]] = {}
    found.device.measure(lambda phase, left_s: drawn.setdefault(phase, set()).add(found.world.pumping))
    assert drawn.pop("warmup", {False}) == {False}
    drawn.pop("idle", None)
    assert set(drawn) == {"baseline", "exposure", "recovery"}
    assert set.union(*drawn.values()) == {True}
    assert not found.world.pumping
    found.device._conversation.ask(messages.MEASURE, 77)
    found.wait(0.5)
    assert found.world.pumping
    found.device.safe()
    assert not found.world.pumping


@pytest.mark.parametrize("name", ALL_OF)
def test_the_heaters_have_their_power_from_the_duty_and_none_in_the_safe_state(power_on: SwitchOn, name: str) -> None:
    file = ALL_OF[name]
    blank = power_on(file)
    host_of(blank)
    assert blank.world.heater_power == 0
    found = nose(power_on, file)
    # the duty is a whole number of 65535ths
    assert found.world.heater_power == pytest.approx(1.0, abs=2 / 65535)
    found.device.safe()
    assert found.world.heater_power == 0
    found.device.clear()
    assert found.world.heater_power == pytest.approx(1.0, abs=2 / 65535)


def test_a_reset_switches_heaters_pump_and_light_off(full: Nose) -> None:
    full.device._conversation.ask(messages.MEASURE, 5)
    full.wait(1.5)
    assert full.world.heater_power > 0
    assert full.world.pumping
    full.wiring.let_go(full.board.now_s)
    assert (full.world.heater_power, full.world.pumping) == (0, False)
    assert not any(full.wiring.pin_read(pin) for pin in (FULL.led.pin, FULL.gas.valve_pin, FULL.switch.pin))
    assert [full.wiring.pin_read(pin) for pin in (FULL.i2c.sda_pin, FULL.i2c.scl_pin)] == [1, 1]


def test_without_the_section_the_heaters_are_switched_by_the_pin_alone(power_on: SwitchOn) -> None:
    found = nose(power_on, changed(ALL_OF["pico-mlp"], heater_pwm=None))
    assert found.world.heater_power == 1.0


def test_sensors_at_a_tenth_of_their_power_are_seen_to_be_colder(full: Nose) -> None:
    warm_ohm = full.device.measure().ohms
    full.wiring.set_duty(FULL.gas.heater_pin, 0.1 * FULL.heater_pwm.duty_percent / 100)
    present(full.board)
    cold = full.device.measure()
    assert cold.reason == messages.REASONS[messages.REASON_HEATERS]
    full.device.safe()
    full.device.clear()
    present(full.board)
    assert full.device.measure().ohms == pytest.approx(warm_ohm, rel=0.01)  # the ADC and the air's noise


# --- climate


def test_the_air_is_read_and_told(full: Nose) -> None:
    full.world.air = (31.5, 42.0)
    full.wait(7)  # it is asked every five seconds
    air = full.device.air()
    # the part's own noise is 0.04 C and 0.08 %, three sigma; two hundredths of a step
    assert air["temperature_c"] == pytest.approx(31.5, abs=0.07)
    assert air["humidity_rh"] == pytest.approx(42.0, abs=0.14)


@pytest.mark.parametrize(("ambient_c", "air_c", "chip_c"), [(25.0, 45.0, 50.0), (40.0, 20.0, 45.0)])
def test_the_weights_are_refreshed_for_the_warmer_of_microcontroller_and_air(
    full: Nose, ambient_c: float, air_c: float, chip_c: float
) -> None:
    full.wiring.ambient_c = ambient_c
    full.world.air = (air_c, 50.0)
    full.wait(7)
    assert full.device.info()["temperature_c"] == pytest.approx(chip_c, abs=1.0)  # half a degree a code, and its noise


@pytest.mark.parametrize("name", ALL_OF)
@pytest.mark.parametrize("air_c", [10.0, 25.0, 40.0])
def test_a_cold_start_in_warmer_air_keeps_the_weights(
    power_on: SwitchOn, tmp_path: Path, name: str, air_c: float
) -> None:
    """At 0 C a refresh is due every 320 ms; once the air is known the next one is due much sooner than was thought."""
    flash = tmp_path / "flash"
    first = power_on(ALL_OF[name], flash_path=flash)
    host_of(first).program(image(board=name).pack())
    first.close()
    board = power_on(ALL_OF[name], flash_path=flash)
    board.wiring.ambient_c, board.world.air = 0.0, (air_c, 50.0)
    board.run(8_000)
    device = host_of(board)
    assert device.status()["weights"] == "held"
    assert device.info()["refresh"]["missed"] == 0
    assert device.info()["temperature_c"] == pytest.approx(air_c + 5.0, abs=1.0)


def test_a_climate_sensor_that_falls_silent_is_flagged_noted_and_taken_back(power_on: SwitchOn) -> None:
    full = nose(power_on, air=(40.0, 65.0))
    full.wait(2)
    assert full.device.measure().compensation == "on"
    full.wiring.climate.absent = True
    full.wait(7)
    info = full.device.info()
    assert (info["silent_parts"], info["fault"]) == (["climate sensor"], "none")
    assert info["temperature_c"] == pytest.approx(30.0, abs=1.0)  # the microcontroller's alone
    assert full.device.air() == {**full.device.air(), "temperature_c": None, "humidity_rh": None}
    answer = full.device.measure()
    assert (answer.answer, answer.compensation) == ("CLASS", "off: the climate sensor does not answer")
    full.wiring.climate.absent = False
    full.wait(7)
    assert full.device.info()["silent_parts"] == []
    assert full.device.measure().compensation == "on"
    assert [entry.event for entry in full.device.log().entries].count("silent part") == 1


def test_wrong_checksums_are_as_good_as_silence(full: Nose) -> None:
    full.wiring.climate.wrong_crcs = 10**6
    full.wait(7)
    assert full.device.info()["silent_parts"] == ["climate sensor"]


def test_a_measurement_stays_what_it_was_at_its_beginning(full: Nose) -> None:
    """The baseline was compensated: without a climate sensor the exposure is compensated too."""
    full.world.air = (23.0, 30.0)
    full.wait(7)
    whole = full.device.measure()
    present(full.board)
    torn = full.device.measure(lambda phase, left_s: silence(full) if phase == "exposure" else None)
    assert torn.compensation == "on"
    assert torn.ohms == pytest.approx(whole.ohms, rel=0.005)  # the ADC's noise and the air's


def silence(found: Nose) -> None:
    found.wiring.climate.absent = True


def test_a_board_without_coefficients_does_not_compensate(power_on: SwitchOn) -> None:
    sensors = changed(FULL.sensors, ppm_per_c=None, ppm_per_rh=None)
    found = nose(power_on, changed(FULL, sensors=sensors))
    found.world.air = (35.0, 30.0)
    found.wait(7)
    assert found.device.measure().compensation == "none"


# --- gas sensor


def mode(found: Nose) -> int:
    return int(found.wiring.gas_sensor._memory[MODE] & 0x3)


def test_the_gas_sensor_goes_through_its_profile(full: Nose) -> None:
    full.wait(6)
    air = full.device.air()
    assert air["pressure_pa"] == pytest.approx(101_325, abs=5)  # whole counts
    # 50 kohm in clean air; a code of ten bits over a range, and the last step, whose turn comes again in 4 s
    assert air["gas_ohm"] == pytest.approx([50_000] * len(FULL.gas_sensor.steps), rel=0.005)
    assert mode(full) == PARALLEL


def test_it_smells_what_the_other_sensors_smell(full: Nose) -> None:
    clean = full.world.gas_change(full.board.now_s)
    full.wiring.pin_write(FULL.gas.valve_pin, 1, full.board.now_s)
    full.wait(1.5)
    change = full.world.gas_change(full.board.now_s)
    assert clean == 1
    assert change == pytest.approx((0.9 * 0.7 * 0.5 * 0.3) ** 0.25)
    full.wait(7)
    assert full.device.air()["gas_ohm"] == pytest.approx([50_000 * change] * len(FULL.gas_sensor.steps), rel=0.005)


def test_its_heater_is_off_in_the_safe_state_and_runs_again_after_it(full: Nose) -> None:
    full.wait(2)
    assert mode(full) == PARALLEL
    full.device.safe()
    full.wait(1)
    full.device.air()
    assert settled(full) == SLEEP
    full.wait(5)
    assert settled(full) == SLEEP
    full.device.clear()
    full.wait(2)
    assert mode(full) == PARALLEL


def settled(found: Nose) -> int:
    """Its mode once it has done what runs: the part sees the time pass when it is spoken to."""
    found.wiring.gas_sensor.read(1, found.board.now_s)
    return mode(found)


@pytest.mark.parametrize("moment_s", [0.001, 0.004, 0.5, 0.9])
def test_a_fault_at_any_moment_of_its_beginning_leaves_it_asleep(power_on: SwitchOn, moment_s: float) -> None:
    found = nose(power_on)
    found.device.safe()
    found.device.clear()
    found.wait(moment_s)
    found.device.safe()
    found.wait(3)
    assert settled(found) == SLEEP


def test_a_reset_ends_its_heating_also_where_only_the_link_runs_afterwards(power_on: SwitchOn, tmp_path: Path) -> None:
    for _ in range(3):
        board = power_on(FULL, flash_path=tmp_path / "flash")
        host_of(board)
        board.close()
    heated = power_on(FULL)
    heated.run(2000)
    board = power_on(FULL, flash_path=tmp_path / "flash")
    # what the reset of a microcontroller leaves: a part that runs on
    part = board.wiring.gas_sensor
    host_of(board)
    assert part._memory[MODE] & 0x3 == SLEEP


def test_a_gas_sensor_that_is_silent_is_flagged_and_found_again(full: Nose) -> None:
    full.wait(2)
    full.wiring.gas_sensor.absent = True
    full.wait(2)
    info = full.device.info()
    assert (info["silent_parts"], info["fault"]) == (["gas sensor"], "none")
    assert full.device.air()["gas_ohm"] is None
    assert full.device.measure().reason == ""
    full.wiring.gas_sensor.absent = False
    full.wait(3)
    assert full.device.info()["silent_parts"] == []
    assert full.device.air()["gas_ohm"] is not None


def test_another_part_at_its_address_is_as_good_as_none(full: Nose) -> None:
    full.device.safe()
    full.wiring.gas_sensor._memory[0xF0] = 0
    original = full.wiring.gas_sensor._start

    def as_bme680(t_s: float) -> None:
        original(t_s)
        full.wiring.gas_sensor._memory[0xF0] = 0

    full.wiring.gas_sensor._start = as_bme680
    full.device.clear()
    full.wait(3)
    assert full.device.info()["silent_parts"] == ["gas sensor"]
    assert full.device.status()["fault"] == "none"


def test_a_board_whose_optional_parts_are_all_missing_measures_all_the_same(
    power_on: SwitchOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in (Bme688Part, Sht4xPart, Ssd1306Part):
        monkeypatch.setattr(part, "absent", True)
    found = nose(power_on)
    found.wait(2)
    info = found.device.info()
    assert (info["silent_parts"], info["fault"]) == (list(messages.PARTS), "none")
    answer = found.device.measure()
    assert (answer.answer, answer.compensation) == ("CLASS", "off: the climate sensor does not answer")
    parts = {entry.figures["part"] for entry in found.device.log().entries if entry.event == "silent part"}
    assert parts == set(messages.PARTS)


def test_a_simulated_odour_brings_the_air_that_it_was_made_in(full: Nose) -> None:
    full.board.present_odour("lemon", 3)
    smelt = gas.simulate("lemon", 3, gas.SensorArray.made(3))
    assert full.world.air == (smelt.temperature_c, smelt.humidity_rh)
    full.wait(7)
    air = full.device.air()
    assert air["temperature_c"] == pytest.approx(smelt.temperature_c, abs=0.07)  # the part's own noise, three sigma
    assert air["humidity_rh"] == pytest.approx(smelt.humidity_rh, abs=0.14)


# --- button


def test_a_button_of_its_own_asks_for_the_prompt(power_on: SwitchOn) -> None:
    file = ALL_OF["esp32s3-mlp"]
    found = nose(power_on, file)
    assert found.wiring.pin_read(file.button.pin) == 1
    found.board._requests.button_held = True  # BOOTSEL means nothing here
    found.wait(6)
    assert found.device.status()["state"] == "idle"
    found.board.hold_button(True)
    assert found.wiring.pin_read(file.button.pin) == 0
    with pytest.raises(FirmwareEnded):  # at the prompt
        found.board.run(6000)
    assert found.board.resets == 1
    assert found.world.heater_power == 0
