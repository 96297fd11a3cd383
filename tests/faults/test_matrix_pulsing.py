"""The fault matrix, in the phase that only memristors have: while they are pulsed and read."""

import numpy as np
import pytest
from matrix_boards import PICO_MEMRISTOR, weight_writes
from phases import another_host, assert_nothing_driven, assert_safe, assert_works, numbered

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages
from memristor_rig import errors, start_programming
from rig import SwitchOn, host_of

TOLERANCE = PICO_MEMRISTOR.chip.devices.tolerance
FAULTS = {
    "supply-missing": messages.FAULT_SUPPLY,
    "i2c-nack": messages.FAULT_BUS,
    "sda-stuck": messages.FAULT_BUS,
    "scl-stuck": messages.FAULT_BUS,
    "dac-readback-differs": messages.FAULT_READBACK,
    "dac-gain-wrong": messages.FAULT_READBACK,
    "dac-reference-off": messages.FAULT_READBACK,
    "spi-shifted": messages.FAULT_READBACK,
    "exception-in-a-task": messages.FAULT_TASK,
}
LEVELS_OFF = ("dac-gain-wrong", "dac-reference-off")  # the DAC itself drives what is on the bus
ENDURED = (
    "bit-flip", "flood", "host-does-not-read", "unplugged", "ctrl-c", "sensor-open", "reference-drift",
    "refresh-late", "clock-jumps-ahead", "clock-jumps-back", "heap-fragmented",
)  # fmt: skip
OVER_AT_ONCE = ("clock-jumps-ahead", "clock-jumps-back", "heap-fragmented")


@pytest.fixture
def pulsing(power_on: SwitchOn) -> Device:
    """A device in the middle of programming its first image; its last weights are still as they were drawn."""
    device = host_of(power_on(PICO_MEMRISTOR.file, PICO_MEMRISTOR.chip))
    start_programming(device, PICO_MEMRISTOR.first)
    assert errors(device.port.board, PICO_MEMRISTOR.first).max() > 10 * TOLERANCE
    return device


def assert_programmed(device: Device) -> None:
    """Every memristor has its weight, and the image is in force."""
    assert (device.status()["weights"], device.status()["fault"]) == ("held", "none")
    assert errors(device.port.board, PICO_MEMRISTOR.first).max() <= TOLERANCE
    assert device.info()["image"] == {"generation": 1, "model": PICO_MEMRISTOR.first.model.hex()}
    assert_works(device)


def assert_programmed_but_for_one(device: Device) -> None:
    """The one that was on the bus had up to a volt: where that was too much it is named, and nothing is answered."""
    status, wanted = device.status(), np.array(PICO_MEMRISTOR.first.weights)
    assert status["fault"] == "none"
    if status["weights"] == "held":
        assert_programmed(device)
        return
    with pytest.raises(DeviceError, match=r"the device of weight \d+ cannot be programmed") as refused:
        device.program(PICO_MEMRISTOR.first.pack())
    before = np.arange(len(wanted)) < refused.value.value
    ohm = device.port.board.wiring.chip.population.true_ohm
    assert ohm[before & (wanted != 0)] == pytest.approx(np.abs(wanted[before & (wanted != 0)]), rel=TOLERANCE)
    assert device.status()["weights"] != "held"


@pytest.mark.parametrize("name", numbered(*FAULTS))
def test_what_could_drive_a_memristor_wrongly_is_safe(pulsing: Device, name: str) -> None:
    board = pulsing.port.board
    board.inject(name)
    pulsing.port.wait(1500)
    used = weight_writes(board)
    assert_safe(pulsing, FAULTS[name])
    assert weight_writes(board) == used
    board.mend(name)
    assert pulsing.clear()["weights"] == "programming"
    pulsing.port.wait(3000)
    if name in LEVELS_OFF:
        assert_programmed_but_for_one(pulsing)
    else:
        assert_programmed(pulsing)


@pytest.mark.parametrize("name", numbered(*LEVELS_OFF))
def test_a_level_that_is_off_still_is_seen_before_a_memristor_is_connected(pulsing: Device, name: str) -> None:
    board = pulsing.port.board
    board.inject(name)
    pulsing.port.wait(1500)
    ohm, seen = board.wiring.chip.population.true_ohm, len(board.wiring.chip.violations)
    board.monitor.excuse(board.now_s, 1.5)  # the DAC's outputs are not its codes, also at rest
    pulsing.clear()
    pulsing.port.wait(1500)
    assert_safe(pulsing, messages.FAULT_READBACK)
    assert len(board.wiring.chip.violations) == seen
    assert board.wiring.chip.population.true_ohm == pytest.approx(ohm, rel=1e-9)


@pytest.mark.parametrize("on", ["pico-memristor"], indirect=True)
@pytest.mark.parametrize("name", numbered(*LEVELS_OFF))
def test_it_is_seen_after_a_reset_of_the_dac_too(ready: Device, name: str) -> None:
    ready.port.board.inject("dac-resets")
    ready.port.wait(1500)
    assert ready.status()["fault"] == "none"
    ready.port.board.inject(name)
    ready.port.wait(1500)
    assert_safe(ready, messages.FAULT_READBACK)


def test_a_dac_that_resets_itself_again_and_again_is_safe(pulsing: Device) -> None:
    board = pulsing.port.board
    board.monitor.excuse(board.now_s, 1.5)
    for k in range(300):
        board.at(round(board.now_s * 1e6) + 5000 * k, lambda now_us: board.wiring.dac.reset(now_us * 1e-6))
    pulsing.port.wait(1600)
    assert_safe(pulsing, messages.FAULT_READBACK)


@pytest.mark.parametrize("name", numbered("dac-resets"))
def test_a_dac_that_resets_itself_is_set_up_anew(pulsing: Device, name: str) -> None:
    pulsing.port.board.inject(name)
    pulsing.port.wait(4000)
    assert_programmed_but_for_one(pulsing)


@pytest.mark.parametrize("name", numbered(*ENDURED))
def test_what_could_not_changes_nothing(pulsing: Device, name: str) -> None:
    board = pulsing.port.board
    board.inject(name)
    board.run(6000)  # a clock that jumps back takes two seconds of it
    if name not in OVER_AT_ONCE:
        board.mend(name)
    while pulsing.port.read(200):
        pass
    assert_programmed(pulsing)


@pytest.mark.parametrize("name", numbered("task-hangs", "cold-start"))
def test_after_a_restart_they_are_programmed_from_the_first_on(pulsing: Device, name: str) -> None:
    board = pulsing.port.board
    board.inject(name)
    board.run(10_000)  # the watchdog takes eight seconds
    assert board.resets == 1
    again = another_host(board)
    board.run(2000)
    assert_programmed(again)


@pytest.mark.parametrize("name", numbered("reset-loop"))
def test_resets_in_a_row_end_in_the_safe_mode_and_no_pulse(pulsing: Device, name: str) -> None:
    board = pulsing.port.board
    board.inject(name)
    board.run(8000)
    again = another_host(board)
    used = weight_writes(board)
    assert_safe(again, messages.FAULT_RESETS)
    board.run(3000)
    assert weight_writes(board) == used
    assert_nothing_driven(board)
