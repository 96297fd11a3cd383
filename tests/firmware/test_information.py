"""What a device says of itself: identity, memory, counters, self-test."""

import pytest

from enose.link.device import Device
from enose_contract import messages
from rig import QUICK, RawHost, SwitchOn, changed, host_of, image, present

HEAP = 192 * 1024
KEYS = {
    "board",
    "chip",
    "firmware",
    "unit",
    "micropython",
    "state",
    "fault",
    "weights",
    "uptime_s",
    "memory_free_start",
    "memory_free_low",
    "memory_free_now",
    "sensors_bad",
    "sensors_drifted",
    "frames_good",
    "frames_dropped",
    "refresh",
    "temperature_c",
    "supply_v",
    "image",
    "sensor_set",
    "calibration",
    "sealed_images_only",
    "highest_seal",
    "silent_parts",
    "leak_v_per_s",
}


def test_info_has_the_documented_keys_and_names_the_interpreter(device: Device) -> None:
    info = device.info()
    assert set(info) == KEYS
    assert info["micropython"].startswith("micropython 1.")
    assert (info["board"], info["chip"], info["unit"]) == ("pico-mlp", "mlp441", b"SIMBOARD".hex())
    assert info["supply_v"] == pytest.approx(1.8, abs=0.005)  # 12 bits over 3.3 V, and a divider of two: 1.6 mV a code


def test_the_firmware_leaves_memory_free_in_the_boards_heap_also_after_work(programmed: Device) -> None:
    for _ in range(3):
        present(programmed.port.board)
        programmed.measure()
    info = programmed.info()
    # a quarter of the heap at its lowest: room for the drivers of the other boards
    assert HEAP // 4 < info["memory_free_low"] <= info["memory_free_start"] < HEAP
    assert info["memory_free_now"] < HEAP


def test_memory_does_not_leak_over_many_measurements(programmed: Device) -> None:
    programmed.measure()
    first = programmed.info()["memory_free_low"]
    for _ in range(20):
        programmed.measure()
    # what is freed by the collector at one moment and not at the next: a few blocks of 32 bytes
    assert programmed.info()["memory_free_low"] >= first - 1024


def test_a_heap_too_small_for_the_firmware_is_reported_and_not_a_hang(power_on: SwitchOn) -> None:
    from enose_hwsim.board.serving import FirmwareEnded

    board = power_on(changed(QUICK, heap_kib=64))
    with pytest.raises(FirmwareEnded, match="MemoryError"):
        host_of(board)


def test_frames_are_counted(raw: RawHost) -> None:
    raw.send(b"\x05garbage\x00")
    fields = raw.ask(messages.INFO).fields(messages.INFO)
    assert (fields["frames_good"], fields["frames_dropped"]) == (2, 1)


def test_uptime_is_that_of_the_boards_clock(device: Device) -> None:
    device.port.wait(60_000)
    assert device.info()["uptime_s"] == pytest.approx(device.port.board.now_s, abs=1.1)  # noted once a second


def test_a_good_board_passes_every_check(device: Device) -> None:
    result = device.selftest()
    assert result["passed"] is True
    assert set(result["checks"]) == set(messages.CHECKS)
    assert result["supply_v"] == pytest.approx(1.8, abs=0.005)
    assert result["rail_count"] == pytest.approx(3.3 / 4.096 * 32768, abs=3)  # the ADC's noise and rounding


@pytest.mark.parametrize("supply_v", [0.0, 1.5, 2.2])
def test_a_wrong_supply_is_found(device: Device, supply_v: float) -> None:
    device.port.board.wiring.chip_supply_v = supply_v
    assert failed_checks(device) == {"chip supply"}


def test_a_wrong_rail_is_found(power_on: SwitchOn) -> None:
    # the board file says 3.3 V to the firmware; what is there is less
    board = power_on()
    rail_v = board.wiring._adc_input_v
    board.wiring.adc._source = lambda channel, t_s: 0.8 * rail_v(channel, t_s)
    assert failed_checks(host_of(board)) == {"sensor rail"}


def test_a_wrong_temperature_is_found(device: Device) -> None:
    device.port.board.wiring.ambient_c = 150.0
    assert failed_checks(device) == {"temperature"}


def test_an_adc_that_does_not_answer_is_found(device: Device) -> None:
    device.port.board.wiring.bus_dead = True
    assert failed_checks(device) == {"adc answers", "sensor rail"}
    assert device.status()["state"] == "safe"


def test_a_store_that_does_not_answer_is_found(device: Device) -> None:
    def dead(offset: int, count: int) -> bytes:
        raise OSError(5, "flash")

    device.port.board.wiring.flash.read = dead  # type: ignore[method-assign]
    assert failed_checks(device) == {"image store"}


def test_a_store_that_fails_while_it_is_written_keeps_the_old_image(programmed: Device) -> None:
    from enose.link.conversation import DeviceError

    def dead(offset: int, data: bytes) -> None:
        raise OSError(5, "flash")

    flash = programmed.port.board.wiring.flash
    write, flash.write = flash.write, dead  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match="the image store failed; the old image is kept"):
        programmed.program(image(model=b"model002").pack())
    flash.write = write  # type: ignore[method-assign]
    assert programmed.info()["image"] == {"generation": 1, "model": b"model001".hex()}
    assert programmed.program(image(model=b"model003").pack()) == 2


def failed_checks(device: Device) -> set[str]:
    result = device.selftest()
    assert result["passed"] is False
    return {name for name, good in result["checks"].items() if not good}
