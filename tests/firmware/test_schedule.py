"""The device measures by itself: it sleeps in between, wakes for a host, resumes after the power, loses no time."""

import itertools
from pathlib import Path

import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages
from enose_contract.image import UNIT_OHM
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import BoardFile, Upkeep
from memristor_rig import BOARD as MEMRISTOR_BOARD
from memristor_rig import CHIP as MEMRISTOR_CHIP
from memristor_rig import FIRST, RATIOS
from rig import BOARD, QUICK, SwitchOn, changed, host_of, image, present

WATCHED: BoardFile = changed(QUICK, upkeep=Upkeep(always=True, usb_sense_gpio=24))
CYCLE_S = 2.0  # of the image: 0.6, 1.0 and 0.4 s


@pytest.fixture
def scheduled(power_on: SwitchOn) -> Device:
    """A device that measures once a minute; its sensors warm up in a second."""
    return measuring_every(60, power_on(WATCHED))


def measuring_every(interval_s: int, board: SimulatedBoard, **changes: int) -> Device:
    """The project's host at a board that has taken up a schedule, which takes a restart, with a specimen before it."""
    device = host_of(board)
    device.program(image(**changes).pack())
    assert device.schedule(interval_s) == {"interval_s": interval_s, "next_s": 0, "restarting": True}
    board.run(1000)
    present(board)
    return host_of(board, nonce=8)


def wait(device: Device, seconds: float) -> None:
    device.port.wait(seconds * 1e3)


def results(device: Device) -> list[int]:
    """When each measurement ended, in whole seconds of the device's uptime."""
    return [entry.uptime_s for entry in device.log().entries if entry.event == "result"]


def heater(device: Device) -> int:
    board: SimulatedBoard = device.port.board
    return board.wiring.pin_read(BOARD.gas.heater_pin)


def test_the_restart_that_takes_a_schedule_up_is_not_one_of_a_reset_loop(scheduled: Device) -> None:
    starts = [entry.figures for entry in scheduled.log().entries if entry.event == "start"]
    assert [(start["cause"], start["quick_starts"]) for start in starts] == [("power on", 0), ("watchdog", 0)]


def test_it_measures_every_interval_and_logs_each_result(scheduled: Device) -> None:
    wait(scheduled, 310)
    ended_s = results(scheduled)
    assert len(ended_s) == 6
    gaps = [b - a for a, b in itertools.pairwise(ended_s[1:])]  # the first one follows the warm-up at once
    assert gaps == pytest.approx([60] * len(gaps), abs=1)  # the clock is counted in whole seconds
    answers = {entry.figures["answer"] for entry in scheduled.log().entries if entry.event == "result"}
    assert answers == {"CLASS"}
    life = scheduled.life()
    assert life.measurements == 6
    assert life.interval_s == 60


def test_asleep_heaters_are_off_weights_given_up_and_the_chip_at_rest(scheduled: Device) -> None:
    wait(scheduled, 30)
    board = scheduled.port.board
    done = scheduled.info()["refresh"]["done"]
    told = {name: scheduled.info()["refresh"][name] for name in ("period_s", "hold_s", "oldest_s")}
    assert scheduled.life().asleep
    assert scheduled.status()["weights"] == "none"
    assert (heater(scheduled), board.wiring.pin_read(BOARD.switch.pin)) == (0, 0)
    wait(scheduled, 20)
    assert scheduled.info()["refresh"] == {"done": done, "missed": 0, **told}


def test_after_a_sleep_the_weights_are_programmed_anew_and_none_was_refreshed_late(scheduled: Device) -> None:
    wait(scheduled, 200)
    info = scheduled.info()
    assert info["refresh"]["missed"] == 0
    assert info["refresh"]["done"] > 0
    held_s, life = scheduled.life().held_s, scheduled.life()
    # a warm-up of one second and a cycle for each, counted once a second
    assert held_s == pytest.approx(life.measurements * (1 + CYCLE_S), abs=2 * life.measurements)
    assert life.asleep_s + held_s == pytest.approx(life.uptime_s, abs=life.measurements + 2)


def test_heaters_stay_on_where_the_pause_is_shorter_than_the_warm_up(power_on: SwitchOn) -> None:
    slow = changed(WATCHED, sensors=changed(BOARD.sensors, warmup_s=30.0))
    device = measuring_every(20, power_on(slow))
    wait(device, 110)
    life = device.life()
    assert life.asleep
    assert heater(device) == 1
    assert life.heated_s == pytest.approx(life.uptime_s, abs=2)
    gaps = [b - a for a, b in itertools.pairwise(results(device)[-4:])]
    assert gaps == pytest.approx([20] * 3, abs=1)


@pytest.mark.parametrize("usb", [True, False], ids=["USB there", "no USB"])
def test_the_clock_and_the_schedule_go_on_with_and_without_usb(scheduled: Device, usb: bool) -> None:
    """Without it the processor's clocks stop, a second at a time."""
    board = scheduled.port.board
    board.wiring.usb = usb
    started_s = board.now_s - scheduled.life().uptime_s
    wait(scheduled, 250)
    assert len(results(scheduled)) == 5
    # both are told in whole seconds, and asleep the device counts them when it wakes, which is once a second: a task
    # that is due just after that is a second late
    assert scheduled.life().uptime_s == pytest.approx(board.now_s - started_s, abs=2.5)


def test_a_host_wakes_it_measures_and_it_sleeps_again(scheduled: Device) -> None:
    wait(scheduled, 20)
    assert scheduled.life().asleep
    answer = scheduled.measure()
    assert (answer.answer, answer.weights) == ("CLASS", "held")
    wait(scheduled, 5)
    assert scheduled.life().asleep
    wait(scheduled, 60)
    assert len(results(scheduled)) == 3


def test_an_image_that_is_programmed_while_it_sleeps_is_held(scheduled: Device) -> None:
    wait(scheduled, 20)
    assert scheduled.program(image(model=b"model002").pack()) == 2
    assert scheduled.status()["weights"] == "held"
    wait(scheduled, 0.9)
    assert scheduled.info()["refresh"]["missed"] == 0
    wait(scheduled, 60)
    assert len(results(scheduled)) == 2


def test_the_safe_state_ends_it_and_clearing_resumes(scheduled: Device) -> None:
    wait(scheduled, 20)
    scheduled.safe()
    wait(scheduled, 130)
    assert len(results(scheduled)) == 1
    assert scheduled.life().asleep is False
    scheduled.clear()
    wait(scheduled, 65)
    assert len(results(scheduled)) >= 2


def test_after_power_up_it_resumes_by_itself(power_on: SwitchOn, tmp_path: Path) -> None:
    path = tmp_path / "flash"
    device = host_of(power_on(WATCHED, flash_path=path))
    device.program(image().pack())
    device.schedule(120)
    device.port.board.close()
    again = power_on(WATCHED, flash_path=path)
    present(again)
    again.run(130_000)
    host = host_of(again)
    assert host.life().interval_s == 120
    assert [entry.start for entry in host.log().entries if entry.event == "result"] == [2, 2]
    assert host.log().entries[-1].uptime_s > 100


def test_the_boards_interval_holds_until_another_is_set_and_again_after_it_is_taken_back(
    power_on: SwitchOn, tmp_path: Path
) -> None:
    own = changed(QUICK, upkeep=Upkeep(interval_s=300))
    path = tmp_path / "flash"
    device = host_of(power_on(own, flash_path=path))
    assert device.life().interval_s == 300
    assert device.schedule(0) == {"interval_s": 0, "next_s": 0, "restarting": False}
    device.port.board.close()
    again = host_of(power_on(own, flash_path=path))
    assert again.life().interval_s == 0
    assert again.schedule(None) == {"interval_s": 300, "next_s": 0, "restarting": True}
    scheduled = [entry.figures for entry in again.log().entries if entry.event == "scheduled"]
    assert scheduled == [{"interval_s": "the board's"}]  # that of the 0 went with the power
    again.port.board.close()
    assert host_of(power_on(own, flash_path=path)).life().interval_s == 300


def test_the_same_schedule_again_writes_nothing_and_moves_nothing(scheduled: Device) -> None:
    wait(scheduled, 20)
    writes = scheduled.port.board.wiring.flash.writes
    next_s = scheduled.life().next_s
    assert scheduled.schedule(60)["next_s"] == pytest.approx(next_s, abs=1)
    assert scheduled.port.board.wiring.flash.writes == writes


@pytest.mark.parametrize("interval_s", [1, 9, 604_801, 0xFFFFFFFE])
def test_an_interval_out_of_its_limits_is_refused(scheduled: Device, interval_s: int) -> None:
    wait(scheduled, 20)
    with pytest.raises(DeviceError, match=f"an interval of {interval_s} s; 0, or 10 to 604800 s"):
        scheduled.schedule(interval_s)
    assert scheduled.life().interval_s == 60


def test_a_first_schedule_is_refused_while_it_measures_for_it_restarts_the_device(power_on: SwitchOn) -> None:
    device = host_of(power_on(WATCHED))
    device.program(image().pack())
    device._conversation.ask(messages.MEASURE, 99)
    with pytest.raises(DeviceError, match=r"a measurement is running \(cycle 99\)"):
        device.schedule(60)


def test_a_schedule_whose_measurements_leave_no_pause_can_be_ended(power_on: SwitchOn) -> None:
    """A cycle of 30 s, every 10 s. The one that runs goes on to its answer, and none follows."""
    device = measuring_every(10, power_on(WATCHED), baseline_ms=10_000, exposure_ms=10_000, recovery_ms=10_000)
    wait(device, 45)
    assert device.status()["state"] == "measuring"
    assert device.schedule(0) == {"interval_s": 0, "next_s": 0, "restarting": False}
    assert device.status()["state"] == "measuring"
    wait(device, 90)
    ended = [entry.figures for entry in device.log().entries if entry.event == "result"]
    assert [figures["answer"] for figures in ended] == ["CLASS", "CLASS"]
    assert device.info()["refresh"]["missed"] == 0


def test_a_store_that_fails_keeps_the_schedule_as_it_was(scheduled: Device) -> None:
    wait(scheduled, 20)

    def dead(offset: int, data: bytes) -> None:
        raise OSError(5, "flash")

    flash = scheduled.port.board.wiring.flash
    write, flash.write = flash.write, dead  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match="the image store failed"):
        scheduled.schedule(600)
    flash.write = write  # type: ignore[method-assign]
    assert scheduled.life().interval_s == 60


def test_a_stored_schedule_that_cannot_be_read_is_the_boards(power_on: SwitchOn, tmp_path: Path) -> None:
    path = tmp_path / "flash"
    device = host_of(power_on(WATCHED, flash_path=path))
    device.schedule(6_789)
    device.port.board.close()
    cells = path.read_bytes()
    kept = (6_789).to_bytes(4, "little")
    assert kept in cells
    path.write_bytes(cells.replace(kept, (6_788).to_bytes(4, "little")))
    again = host_of(power_on(WATCHED, flash_path=path))
    assert again.life().interval_s == 0
    assert again.status()["fault"] == "none" or "does not mount" in again.status()["fault"]


def test_without_an_image_nothing_is_measured(power_on: SwitchOn) -> None:
    board = power_on(WATCHED)
    host_of(board).schedule(10)
    board.run(60_000)
    device = host_of(board, nonce=8)
    assert (results(device), device.life().asleep, device.life().interval_s) == ([], False, 10)


def test_measurements_that_have_passed_are_left_out(power_on: SwitchOn) -> None:
    """A cycle of 30 s, every 10 s: one follows the other, and none is owed."""
    device = measuring_every(10, power_on(WATCHED), baseline_ms=10_000, exposure_ms=10_000, recovery_ms=10_000)
    wait(device, 170)
    assert len(results(device)) in (4, 5)
    assert device.life().next_s <= 10


def test_the_schedule_holds_where_the_tick_counter_wraps(power_on: SwitchOn) -> None:
    """MicroPython's wraps at 2^30 ms, in twelve days; the board is switched on two minutes before that."""
    device = measuring_every(60, power_on(WATCHED, start_s=2**30 * 1e-3 - 120))
    wait(device, 310)
    assert len(results(device)) == 6
    life = device.life()
    assert life.uptime_s == pytest.approx(310, abs=3)
    assert life.asleep_s + life.held_s == pytest.approx(310, abs=10)


def test_a_board_without_upkeep_brings_it_in_with_a_schedule(power_on: SwitchOn) -> None:
    board = power_on()
    before = host_of(board)
    assert (before.life().measurements, before.life().heated_s, before.life().interval_s) == (0, 0, 0)
    device = measuring_every(60, board)
    wait(device, 70)
    assert device.life().measurements == 2
    info = device.info()
    assert info["refresh"]["missed"] == 0
    # a fifth of a heap whose objects are twice as large here as on the board
    assert info["memory_free_low"] > BOARD.heap_kib * 1024 // 5
    started = [entry.figures["task"] for entry in device.log().entries if entry.event == "start"]
    assert started == ["", "asked for"]


def test_where_there_is_no_memory_for_a_schedule_it_is_refused(power_on: SwitchOn) -> None:
    """The memristor board's code leaves some 35 KiB of 178 free on a 64-bit interpreter."""
    assert FIRST.unit == UNIT_OHM
    device = host_of(power_on(changed(MEMRISTOR_BOARD, heap_kib=178), MEMRISTOR_CHIP))
    device.program(FIRST.pack())
    with pytest.raises(DeviceError, match=r"a schedule takes 40960 bytes of memory, this board has \d+"):
        device.schedule(60)
    assert (device.life().interval_s, device.schedule(0)["restarting"]) == (0, False)
    present(device.port.board, RATIOS)
    assert device.measure().answer == "CLASS"
