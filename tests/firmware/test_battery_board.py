"""The battery on the board: low measures nothing, empty is the safe state with heaters off, and back again."""

import pytest

from enose_contract import messages
from enose_contract.messages import REASON_BATTERY, REASONS
from optional_rig import ALL_OF, FULL, Nose, nose
from rig import SwitchOn, changed, host_of, image, present

LOW = REASONS[REASON_BATTERY]
EMPTY = messages.FAULTS[messages.FAULT_BATTERY]
GOOD_V, LOW_V, EMPTY_V = 4.0, 3.4, 3.1  # on either side of the board's 3.45 and 3.2 V


@pytest.fixture(params=[name for name in ALL_OF if ALL_OF[name].battery is not None])
def full(request: pytest.FixtureRequest, power_on: SwitchOn) -> Nose:
    return nose(power_on, ALL_OF[request.param])


def cell(found: Nose, volts: float) -> None:
    found.wiring.battery_v = volts
    found.wait(1.5)  # it is looked at every second


def test_a_low_battery_measures_nothing_with_a_reason_of_its_own_and_heats_nothing(full: Nose) -> None:
    assert full.device.measure().reason == ""
    cell(full, LOW_V)
    assert full.world.heater_power == 0
    answer = full.device.measure()
    assert (answer.answer, answer.reason) == ("NONE", LOW)
    assert (full.world.heater_power, full.world.pumping) == (0, False)
    assert full.device.status() == {
        "state": "done",
        "fault": "none",
        "phase": "idle",
        "weights": "held",
        "sensors_bad": [],
        "sensors_drifted": [],
    }


def test_one_that_becomes_low_ends_the_measurement_that_runs(full: Nose) -> None:
    full.device.program(image(board=full.device.board, model=b"slow0000", exposure_ms=9000).pack())
    full.device._conversation.ask(messages.MEASURE, 9)
    full.wait(3)
    assert full.device.status()["phase"] == "exposure"
    cell(full, LOW_V)
    raw = full.device._conversation.ask(messages.RESULT, 9)
    assert (raw["state"], raw["reason"]) == (messages.DONE, REASON_BATTERY)
    assert full.wiring.pin_read(ALL_OF[full.device.board].gas.valve_pin) == 0
    assert not full.world.pumping


def test_charged_it_warms_up_and_measures_again_beyond_the_hysteresis(full: Nose) -> None:
    before = full.device.measure()
    cell(full, LOW_V)
    cell(full, 3.5)  # better than 3.45 V, not by the hysteresis of 0.1 V
    assert full.device.measure().reason == LOW
    cell(full, GOOD_V)
    present(full.board)
    phases: list[str] = []
    after = full.device.measure(lambda phase, left_s: phases.append(phase))
    assert "warmup" in phases
    assert (after.answer, after.label) == (before.answer, before.label)


def test_an_empty_one_is_the_safe_state_with_heaters_off(full: Nose) -> None:
    cell(full, EMPTY_V)
    assert full.device.status()["fault"] == EMPTY
    assert full.world.heater_power == 0
    assert full.device.clear()["fault"] == EMPTY  # it is empty still
    assert full.world.heater_power == 0
    cell(full, GOOD_V)
    assert full.device.status()["fault"] == EMPTY  # latched
    assert full.device.clear()["fault"] == "none"
    present(full.board)
    assert full.device.measure().reason == ""


def test_the_first_fault_is_the_one_that_is_kept(full: Nose) -> None:
    full.device.safe()
    cell(full, EMPTY_V)
    assert full.device.status()["fault"] == "asked for by the host"


def test_it_is_looked_at_before_anything_is_heated(power_on: SwitchOn, tmp_path) -> None:
    first = nose(power_on, flash_path=tmp_path / "flash")
    first.board.close()
    board = power_on(changed(FULL, battery=changed(FULL.battery, divider=4.0)), flash_path=tmp_path / "flash")
    # to the firmware the cell has twice its voltage; to this board's divider half of it
    board.wiring._board = FULL
    board.wiring.battery_v = 1.5
    device = host_of(board)
    board.run(1500)
    assert device.status()["fault"] == EMPTY
    assert board.world.heater_power == 0


def test_the_log_says_how_the_battery_was(full: Nose) -> None:
    full.wait(61)
    cell(full, LOW_V)
    full.wait(61)
    states = [entry.figures for entry in full.device.log().entries if entry.event == "state"]
    assert [figures["battery"] for figures in states] == ["good", "low"]
    assert states[-1]["battery_v"] == pytest.approx(LOW_V, abs=3e-3)  # 12 bits over 3.3 V, a divider of two, and noise
