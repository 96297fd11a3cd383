"""The door of the faults: at once, at a time, mended, across a power cycle, and on a paced board."""

import time

import pytest
from phases import FIRST, another_host

from enose.link.connect import open_device
from enose.link.device import Device
from enose_contract import messages
from enose_hwsim.board.simulated import SimulatedBoard
from rig import SwitchOn, host_of

SUPPLY = messages.FAULTS[messages.FAULT_SUPPLY]


def test_it_happens_at_its_time(power_on: SwitchOn) -> None:
    board = power_on(faults=("supply-missing@4",))
    device = host_of(board)
    device.program(FIRST.pack())
    board.run(1e3 * (3.9 - board.now_s))
    assert device.status()["fault"] == "none"
    board.run(1300)
    assert device.status()["fault"] == SUPPLY


def test_it_can_be_asked_for_at_a_later_time(ready: Device) -> None:
    board = ready.port.board
    board.inject("supply-missing", at_s=board.now_s + 2)
    board.run(1500)
    assert ready.status()["fault"] == "none"
    board.run(2000)
    assert ready.status()["fault"] == SUPPLY


def test_its_time_counts_from_the_start_of_the_board(power_on: SwitchOn) -> None:
    board = power_on(start_s=1000.0, faults=("task-hangs@5",))
    board.run(4000)
    assert board.resets == 0
    board.run(12_000)
    assert board.resets == 1


def test_what_is_not_there_cannot_be_mended(ready: Device) -> None:
    board = ready.port.board
    for name in ("flood", "supply-missing"):
        with pytest.raises(ValueError, match=f"fault '{name}' was not injected"):
            board.mend(name)
    board.inject("supply-missing")
    board.mend("supply-missing")
    with pytest.raises(ValueError, match="was not injected"):
        board.mend("supply-missing")


@pytest.mark.parametrize("name", ["tick-wraps", "memory-runs-out"])
def test_some_can_only_be_there_from_the_start(ready: Device, name: str) -> None:
    for at_s in (None, 5.0):
        with pytest.raises(ValueError, match=f"fault '{name}' can only be there from the start"):
            ready.port.board.inject(name, at_s)


@pytest.mark.parametrize("name", ["gremlins", "host-killed"])
def test_what_is_no_fault_of_a_board_is_refused(ready: Device, name: str) -> None:
    with pytest.raises(ValueError, match=f"fault '{name}'"):
        ready.port.board.inject(name)


def test_a_fault_twice_is_one_fault(ready: Device) -> None:
    board = ready.port.board
    for _ in range(2):
        board.inject("supply-missing")
    board.mend("supply-missing")
    assert board.wiring.chip_supply_v == 1.8


def test_a_fault_of_a_part_is_there_after_a_power_cycle_and_can_be_mended(ready: Device) -> None:
    board: SimulatedBoard = ready.port.board
    board.inject("supply-missing")
    board.inject("dac-readback-differs")
    before = board.wiring.dac
    board.inject("cold-start")
    board.run(3000)
    assert board.wiring.dac is not before
    assert another_host(board).status()["state"] == "safe"
    board.mend("dac-readback-differs")
    board.mend("supply-missing")
    device = another_host(board)
    assert device.clear()["weights"] == "held"


def test_a_hang_or_a_reset_that_is_called_off_does_nothing(ready: Device) -> None:
    board = ready.port.board
    for name in ("task-hangs", "heap-fragmented", "power-cut", "clock-jumps-ahead"):
        board.inject(name)
        board.mend(name)
    board.run(12_000)
    assert board.resets == 0
    assert ready.status()["weights"] == "held"


def test_a_paced_board_has_faults_too(power_on: SwitchOn) -> None:
    board = power_on(paced=True, faults=("frame-lost",))
    device = open_device(board.port)
    device.program(FIRST.pack())
    for _ in range(4):
        device.status()
    assert board.wire.to_device.hits + board.wire.to_host.hits > 0
    assert device.retransmissions > 0
    board.mend("frame-lost")
    board.inject("supply-missing")
    until_s = time.monotonic() + 10
    while device.status()["fault"] != SUPPLY and time.monotonic() < until_s:
        time.sleep(0.1)
    assert device.status()["fault"] == SUPPLY
    device.close()
