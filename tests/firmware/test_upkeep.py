"""What nobody watches: sensors that the image does not use, drift of the clean air, the burn-in, all over the power."""

from pathlib import Path

import numpy as np
import pytest

from enose.link.device import Device
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import Upkeep
from rig import BOARD, CLEAN_OHM, QUICK, SwitchOn, changed, host_of, image, present

WATCHED = changed(QUICK, upkeep=Upkeep(always=True))
LOOK_S = 65.0  # one a minute
RATIOS = (0.9, 0.7, 0.5, 0.3, 0.6)  # five sensors, of which the image uses four
BURNING = changed(QUICK, sensors=changed(QUICK.sensors, burn_in_h=2.0))


def wait(device: Device, seconds: float) -> None:
    device.port.wait(seconds * 1e3)


@pytest.fixture
def watching(power_on: SwitchOn) -> Device:
    device = host_of(power_on(WATCHED))
    device.program(image(clean_ohm=[round(CLEAN_OHM)] * 4).pack())
    present(device.port.board, RATIOS)
    device.measure()
    wait(device, LOOK_S)
    return device


def test_a_sensor_that_the_image_does_not_use_is_flagged_and_changes_no_answer(watching: Device) -> None:
    board = watching.port.board
    assert watching.status()["sensors_bad"] == []
    board.world.fail("open", 4, board.now_s)
    wait(watching, LOOK_S)
    assert watching.status()["sensors_bad"] == [4]
    answer = watching.measure()
    assert (answer.reason, answer.sensors_bad) == ("", (4,))
    assert watching.info()["sensors_bad"] == [4]
    noted = [entry.figures for entry in watching.log().entries if entry.event == "sensors"]
    assert noted == [{"sensors_bad": "4", "sensors_drifted": "none"}]
    board.world.mend()
    wait(watching, LOOK_S)
    assert watching.status()["sensors_bad"] == []


def test_what_the_board_says_is_mounted_is_missed_from_the_start(power_on: SwitchOn) -> None:
    told = changed(WATCHED, sensors=changed(QUICK.sensors, mounted=(0, 1, 2, 3, 4, 9)))
    device = host_of(power_on(told))
    device.program(image().pack())
    present(device.port.board, RATIOS)
    wait(device, 5)
    assert device.status()["sensors_bad"] == [9]


def test_a_look_is_given_up_for_a_measurement(watching: Device) -> None:
    """Begun at every ms of a look, the measurement is as good as without one."""
    before = watching.measure()
    for k in range(6):
        wait(watching, 60.0 + 0.011 * k)
        answer = watching.measure()
        assert (answer.answer, answer.reason) == (before.answer, "")
        assert answer.inputs_v == pytest.approx(before.inputs_v, abs=5e-4)


@pytest.mark.parametrize(("ratio", "flagged"), [(1.15, ()), (1.25, (0, 1, 2, 3)), (0.75, (0, 1, 2, 3))])
def test_the_clean_air_of_the_training_is_what_drift_is_told_from(
    power_on: SwitchOn, ratio: float, flagged: tuple[int, ...]
) -> None:
    device = host_of(power_on(WATCHED))
    device.program(image(clean_ohm=[round(CLEAN_OHM / ratio)] * 4, drift_limit_ppm=200_000).pack())
    present(device.port.board, RATIOS)
    answer = device.measure()
    assert answer.sensors_drifted == flagged
    life = device.life()
    assert life.drift == {k: pytest.approx(ratio - 1, abs=1e-3) for k in range(4)}
    assert answer.reason == ""  # it is flagged only


def test_between_measurements_the_clean_air_is_followed_slowly_and_an_odour_is_not(watching: Device) -> None:
    board = watching.port.board
    ohm = watching.life().r0_ohm[0]
    wait(watching, 130)  # the sensors are back, then
    air = np.full((4, 5), CLEAN_OHM * 1.08)
    board.present(air, air, air, 0.1)
    wait(watching, 61)
    followed = watching.life().r0_ohm[0]
    assert followed == pytest.approx(ohm * (1 + 0.08 / 8), rel=2e-3)  # an eighth of the way at a look
    air = np.full((4, 5), CLEAN_OHM * 0.7)
    board.present(air, air, air, 0.1)
    wait(watching, 185)
    assert watching.life().r0_ohm[0] == followed


def test_until_the_sensors_are_burnt_in_there_is_no_answer_but_the_time_left(power_on: SwitchOn) -> None:
    device = host_of(power_on(BURNING))
    device.program(image().pack())
    present(device.port.board)
    answer = device.measure()
    assert (answer.answer, answer.reason) == ("NONE", "the sensors are burning in")
    assert answer.burn_in_s == pytest.approx(7200, abs=5)
    device.fit(heated_s=2 * 3600)
    assert device.measure().reason == ""
    assert device.life().burn_in_s == 0


def test_other_sensors_burn_in_anew_and_the_same_ones_do_not(power_on: SwitchOn) -> None:
    device = host_of(power_on(BURNING))
    told = device.fit(b"sensors1", heated_s=5000)
    assert told["sensors_heated_s"] == pytest.approx(5000, abs=2)
    assert device.fit(b"sensors1")["sensors_heated_s"] == pytest.approx(5000, abs=3)
    assert device.fit(b"sensors2")["sensors_heated_s"] == pytest.approx(0, abs=1)


def test_the_heated_hours_outlive_the_power_and_cost_one_record_an_hour(power_on: SwitchOn, tmp_path: Path) -> None:
    path = tmp_path / "flash"
    device = host_of(power_on(BURNING, flash_path=path))
    device.fit(heated_s=3000)  # elsewhere
    wait(device, 5)
    left_s = device.life().burn_in_s
    device.port.board.close()
    again = host_of(power_on(BURNING, flash_path=path))
    assert again.life().burn_in_s == pytest.approx(left_s, abs=10)
    assert heater(again.port.board) == 1  # whether there is an image or not


def heater(board: SimulatedBoard) -> int:
    return board.wiring.pin_read(BOARD.gas.heater_pin)
