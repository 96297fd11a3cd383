"""What the ports of MicroPython differ in: each board's firmware asks for what its own has, and for no other's."""

import json
import os
import struct
import subprocess
from pathlib import Path

import pytest

from enose.boards import find_board
from enose_hwsim.board.device_side import operations as op
from enose_hwsim.board.process import firmware_folder, stand_ins
from enose_hwsim.board.simulated import SimulatedBoard
from optional_rig import ALL_OF, nose
from rig import SwitchOn, changed, host_of, image, present

ESP32 = ALL_OF["esp32s3-mlp"]


def said(micropython: str, folder: Path, mcu: str, script: str, answers: bytes = b"", **environment: str) -> object:
    """What a script prints as one line of JSON, among the modules that a microcontroller's port brings."""
    (heard, requests), (answer, give) = os.pipe(), os.pipe()
    os.write(give, answers)
    os.close(give)
    modules = [stand_ins(folder / "m", mcu), firmware_folder()]
    try:
        done = subprocess.run(
            [micropython, "-c", "import json\n" + script],
            env={
                "ENOSE_BOARD_FDS": f"{answer},{requests}",
                "ENOSE_BOARD_START_US": "0",
                "ENOSE_BOARD_MCU": mcu,
                "MICROPYPATH": os.pathsep.join([*map(str, modules), ".frozen"]),
                "PATH": os.environ["PATH"],
                **environment,
            },
            pass_fds=(answer, requests),
            capture_output=True,
            text=True,
            timeout=30,
        )
    finally:
        for fd in (heard, requests, answer):
            os.close(fd)
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("mcu", "own", "other"), [("rp2040", "rp2", "esp32"), ("rp2350", "rp2", "esp32"), ("esp32s3", "esp32", "rp2")]
)
def test_a_board_has_the_modules_of_its_own_port_only(
    micropython: str, tmp_path: Path, mcu: str, own: str, other: str
) -> None:
    script = f"""
import machine, {own}
try:
    import {other}
    print(json.dumps("there"))
except ImportError as error:
    print(json.dumps(str(error)))
"""
    assert said(micropython, tmp_path, mcu, script) == f"no module named '{other}'"


def test_an_esp32_classifies_an_odour_and_keeps_its_weights(power_on: SwitchOn) -> None:
    board = power_on(ESP32)
    device = host_of(board)
    device.program(image(board=ESP32.name).pack())
    present(board)
    answer = device.measure()
    pico = power_on()
    of_pico = host_of(pico)
    of_pico.program(image().pack())
    present(pico)
    assert (answer.answer, answer.label) == ("CLASS", of_pico.measure().label)
    info = device.info()
    assert info["refresh"]["missed"] == 0
    assert info["refresh"]["done"] > 3 / 0.032  # one every 32 ms at least, over the phases, the warm-up and more
    # its sensor gives whole degrees, its ADC whole millivolts before the divider of two
    assert info["temperature_c"] == 25.0 + ESP32.temperature.margin_c
    assert info["supply_v"] == pytest.approx(1.8, abs=0.005)
    assert device.selftest()["passed"] is True


def test_an_esp32_keeps_its_image_and_the_bound_of_its_partition(power_on: SwitchOn) -> None:
    first = nose(power_on, ESP32)
    flash, partition = first.board.flash, ESP32.flash
    begin, end = partition.start_kib * 1024, (partition.start_kib + partition.length_kib) * 1024
    first.board.lose_power()
    first.wait(5)
    assert host_of(first.board, nonce=9).info()["image"]["generation"] == 1
    assert set(flash.cells[:begin] + flash.cells[end:]) == {0xFF}
    assert set(flash.cells[begin:end]) != {0xFF}


@pytest.mark.parametrize("name", ["pico-mlp", "pico2-mlp", "esp32s3-mlp"])
def test_what_hung_is_known_after_the_reset(power_on: SwitchOn, name: str) -> None:
    """The note is kept in a register whose address is each microcontroller's own, or in the RTC's memory."""
    board, chip, _ = find_board(name)
    hung: SimulatedBoard = power_on(board, chip)
    host_of(hung)
    hung.inject("task-hangs")  # the next conversion of the ADC: the supply's, each second, wherever the temperature is
    hung.run(10_000)
    assert hung.resets == 1
    last = [entry for entry in host_of(hung, nonce=9).log().entries if entry.event == "start"][-1]
    assert (last.figures["cause"], last.figures["task"]) == ("watchdog", "seconds")


def test_after_the_power_was_off_an_esp32_knows_of_no_task(power_on: SwitchOn) -> None:
    board = power_on(ESP32)
    host_of(board)
    board.lose_power()
    board.run(5000)
    last = [entry for entry in host_of(board, nonce=9).log().entries if entry.event == "start"][-1]
    assert (last.figures["cause"], last.figures["task"]) == ("power on", "")


@pytest.mark.parametrize(("length", "found"), [(128 * 1024, 27), (256 * 1024, -1)])
def test_an_esp32_without_the_partition_does_not_start(
    micropython: str, tmp_path: Path, length: int, found: int
) -> None:
    script = f"""
from enose_device import on_esp32
from enose_device.partition import Partition
try:
    print(json.dumps(Partition(on_esp32.flash({{"length": {length}}})).log_block))
except OSError as error:
    print(json.dumps(-1 if error.args == (19, "no partition enose") else str(error)))
"""
    assert said(micropython, tmp_path, "esp32s3", script, ENOSE_BOARD_PARTITION="1310720,131072") == found


@pytest.mark.parametrize(("celsius", "expected"), [(-11, -11_000), (48, 48_000)])
def test_an_esp32_tells_its_temperature_in_millidegrees(
    micropython: str, tmp_path: Path, celsius: int, expected: int
) -> None:
    answer = struct.pack(op.ANSWER, 2, 0) + struct.pack("<h", celsius)
    script = "from enose_device import on_esp32\nprint(json.dumps(on_esp32.temperature({})()))"
    assert said(micropython, tmp_path, "esp32s3", script, answer) == expected


@pytest.mark.parametrize("pin_v", [0.0, 0.9, 2.1, 3.2])
def test_an_esp32s_adc_reads_as_the_rp2s_does_up_to_its_end(micropython: str, tmp_path: Path, pin_v: float) -> None:
    answer = struct.pack(op.ANSWER, 2, 0) + struct.pack("<H", round(pin_v / 3.3 * 65535))
    script = "from enose_device import on_esp32\nprint(json.dumps(on_esp32.adc(1).read_u16()))"
    code = said(micropython, tmp_path, "esp32s3", script, answer)
    assert isinstance(code, int)
    # whole millivolts, rounded down twice; beyond 2.9 V it gives no more
    assert code / 65535 * 3.3 == pytest.approx(min(pin_v, 2.9), abs=2.1e-3)


@pytest.mark.parametrize("mcu", ["rp2040", "esp32s3"])
def test_a_trial_ends_by_a_timer_that_the_port_has(micropython: str, tmp_path: Path, mcu: str) -> None:
    script = """
import machine, time
from enose_boot.start import Firmware
machine.reset = lambda: print(json.dumps(time.ticks_ms()))
Firmware("a", True, False, "-").reset_after(2)
for _ in range(30):
    time.sleep_us(100_000)
"""
    assert said(micropython, tmp_path, mcu, script) == 2000


def test_an_esp32_without_a_button_of_its_own_has_none(power_on: SwitchOn) -> None:
    board = power_on(changed(ESP32, button=None))
    board.hold_button(True)
    host_of(board)
    board.run(8000)
    assert (board.resets, board.failure) == (0, None)
