"""Watchdog, reset loops and the button: a hanging firmware resets, says why, and is never out of reach."""

import shutil
from pathlib import Path

import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages
from enose_hwsim.board import process
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard
from rig import QUICK, SwitchOn, broken, host_of, image

PINS = (QUICK.switch.pin, QUICK.gas.heater_pin, QUICK.gas.valve_pin)


def starts(device: Device) -> list[tuple[str, str]]:
    return [(e.figures["cause"], e.figures["task"]) for e in device.log().entries if e.event == "start"]


def quick_starts(power_on: SwitchOn, flash_path: Path, count: int) -> None:
    for _ in range(count):
        board = power_on(flash_path=flash_path)
        board.run(1000)
        board.close()


def test_a_firmware_that_runs_is_never_reset(programmed: Device) -> None:
    programmed.measure()
    programmed.port.wait(60_000)
    assert programmed.port.board.resets == 0
    assert "lasted" in [entry.event for entry in programmed.log().entries]


@pytest.mark.parametrize(
    ("name", "old", "task"),
    [
        ("refresh.py", "            age_ms = ticks_diff(", "weights"),
        ("cycle.py", "        while True:\n", "measurement"),
        ("linked.py", "            self._look_at_button()\n", "seconds"),
        ("link.py", "        if not _any(self._in, wait_ms):\n", "link"),
    ],
)
def test_a_task_that_hangs_ends_in_a_reset_that_the_log_gives_the_task_of(
    power_on: SwitchOn, tmp_path: Path, firmware: Path, name: str, old: str, task: str
) -> None:
    flash_path = tmp_path / "flash"
    if task == "weights":
        device = host_of(power_on(flash_path=flash_path))
        device.program(image().pack())
        device.port.board.close()
    indent = old[: len(old) - len(old.lstrip())] + ("    " if task == "measurement" else "")
    hang = (
        f"{indent}from time import sleep_us\n{indent}while 20_000 < ticks_ms() < 29_500:\n{indent}    sleep_us(1000)\n"
    )
    broken(firmware, name, old, old + hang if task == "measurement" else hang + old)
    board = power_on(flash_path=flash_path)
    board.run(19_500)
    assert board.resets == 0
    board.run(9_500)  # the watchdog's eight seconds, and the second before
    assert board.resets == 1
    board.run(3000)  # the hang is over
    assert [board.wiring.pin_read(pin) for pin in PINS[:1]] == [0]
    board.close()
    shutil.copytree(Path(process.__file__).parents[3] / "firmware", firmware, dirs_exist_ok=True)
    assert ("watchdog", task) in starts(host_of(power_on(flash_path=flash_path)))


def test_three_quick_starts_lead_to_a_safe_mode_with_only_the_link(power_on: SwitchOn, tmp_path: Path) -> None:
    flash_path = tmp_path / "flash"
    device = host_of(power_on(flash_path=flash_path))
    device.program(image().pack())
    device.port.board.close()
    quick_starts(power_on, flash_path, 2)
    board = power_on(flash_path=flash_path)
    device = host_of(board)
    status = device.status()
    assert (status["state"], status["weights"]) == ("safe", "none")
    assert status["fault"].startswith("it was reset three times within a minute of its start")
    device.port.wait(5000)
    assert board.wiring.chip.weight_writes == 0
    assert [board.wiring.pin_read(pin) for pin in PINS] == [0, 0, 0]
    with pytest.raises(DeviceError, match="it was reset three times"):
        device.measure()
    assert device.info()["state"] == "safe"
    assert device._conversation.ask(messages.RESULT, 1)["reason"] == messages.REASON_SAFE
    assert device.clear()["state"] == "idle"  # and the device restarts within a second
    device.port.wait(2000)
    again = host_of(board, nonce=8)
    assert board.resets == 1
    assert again.status() == {
        "state": "idle",
        "fault": "none",
        "phase": "idle",
        "weights": "held",
        "sensors_bad": [],
        "sensors_drifted": [],
    }
    assert starts(again)[-1] == ("watchdog", "asked for")  # on an RP2040 every reset is the watchdog's


def test_between_its_clearing_and_its_restart_the_link_alone_refuses_what_needs_more(
    power_on: SwitchOn, tmp_path: Path
) -> None:
    quick_starts(power_on, tmp_path / "flash", 3)
    board = power_on(flash_path=tmp_path / "flash")
    device = host_of(board)
    for _ in range(2):  # once is as good as twice
        assert device.clear() == device.status()
        assert (device.status()["state"], device.status()["fault"]) == ("idle", "none")
    for asked in (device.selftest, device.measure, lambda: device.fit(b"sensors1"), lambda: device.set_key(bytes(32))):
        with pytest.raises(DeviceError, match="it was reset three times"):
            asked()
    assert board.resets == 0
    entries = device.log().entries
    assert [entry.event for entry in entries] == ["start"] * 4 + ["fault", "cleared"]
    device.port.wait(2000)
    assert board.resets == 1
    assert host_of(board, nonce=8).status()["state"] == "idle"


def test_a_minute_of_good_running_is_no_quick_start(power_on: SwitchOn, tmp_path: Path) -> None:
    flash_path = tmp_path / "flash"
    quick_starts(power_on, flash_path, 2)
    board = power_on(flash_path=flash_path)
    board.run(63_000)
    board.close()
    quick_starts(power_on, flash_path, 2)
    assert host_of(power_on(flash_path=flash_path)).status()["state"] == "idle"


def test_a_firmware_that_does_not_start_leaves_the_link(power_on: SwitchOn, firmware: Path) -> None:
    broken(firmware, "app.py", "        self.images = Images(self)\n", "        raise RuntimeError\n")
    device = host_of(power_on())
    assert device.status()["fault"].startswith("the firmware did not start: only the link runs")
    assert [entry.event for entry in device.log().entries] == ["start", "fault"]


def test_a_hang_while_it_starts_is_a_reset_loop_that_ends_in_the_safe_mode(power_on: SwitchOn, firmware: Path) -> None:
    broken(
        firmware,
        "app.py",
        "        self.chip.begin()\n",
        "        from time import sleep_us\n        while True:\n            sleep_us(1000)\n",
    )
    board = power_on()
    board.run(26_000)  # three times the watchdog's eight seconds
    assert board.resets == 3
    device = host_of(board)
    assert device.status()["fault"].startswith("it was reset three times")
    assert starts(device) == [("power on", "")] + [("watchdog", "starting")] * 3


def press(board: SimulatedBoard, seconds: float) -> None:
    board.hold_button(True)
    board.run(seconds * 1e3)
    board.hold_button(False)
    board.run(2000)


def test_the_button_held_gives_the_interactive_prompt_and_the_next_start_is_a_whole_one(
    power_on: SwitchOn, tmp_path: Path
) -> None:
    flash_path = tmp_path / "flash"
    board = power_on(flash_path=flash_path)
    device = host_of(board)
    device.program(image().pack())
    with pytest.raises(FirmwareEnded, match="the firmware's process has ended; it said: nothing"):
        press(board, 6)  # here the interpreter ends where it would prompt
    assert board.resets == 1
    assert [board.wiring.pin_read(pin) for pin in PINS] == [0, 0, 0]
    board.close()
    again = host_of(power_on(flash_path=flash_path))
    assert again.status()["state"] == "idle"
    assert [entry.event for entry in again.log().entries][-4:-2] == ["console", "start"]


def test_a_button_that_is_touched_or_stuck_from_the_start_does_nothing(power_on: SwitchOn) -> None:
    touched = power_on()
    touched.run(2000)
    press(touched, 2)
    stuck = power_on()
    stuck.hold_button(True)
    stuck.run(10)
    for board in (touched, stuck):
        board.run(10_000)
        assert board.resets == 0
