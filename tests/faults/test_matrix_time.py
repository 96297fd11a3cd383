"""The fault matrix, time and memory: 41 to 46, in every phase of the controller."""

import pytest
from matrix_boards import BOARDS, MatrixBoard, matrix_board
from phases import (
    FIRST,
    LEFT_MS,
    MEASURING,
    RATIOS,
    STALE_REASON,
    another_host,
    assert_safe,
    assert_works,
    ended,
    in_phases,
    in_phases_alone,
    injected,
    numbered,
    reach,
    second,
)

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages
from enose_hwsim.board.faults.time_memory import WRAP_S
from enose_hwsim.board.serving import FirmwareEnded
from rig import QUICK, SwitchOn, changed, host_of, present

# seconds after the start at which each phase is under way: programmed at once, warm after 1 s, measured from 1.5 s on
UNDER_WAY_S = {
    "idle": 0.8, "programming": 0.1, "warmup": 0.6, "baseline": 2.2, "exposure": 3.4, "recovery": 4.6, "answer": 6.5,
}  # fmt: skip


@in_phases()
@pytest.mark.parametrize("name", numbered("tick-wraps"))
def test_a_tick_counter_that_wraps_has_no_effect(power_on: SwitchOn, on: MatrixBoard, name: str, phase: str) -> None:
    board = power_on(on.file, on.chip, faults=(f"{name}@{UNDER_WAY_S[phase] + on.late_s}",))
    device = host_of(board)
    device.program(on.first.pack())
    reach(device, phase)
    found = ended(device)
    assert board.now_s > WRAP_S
    assert (found.fault, found.weights, found.reason) == ("none", "held", "")
    assert found.answer == ("CLASS" if phase in (*MEASURING, "answer") else "")
    info = device.info()
    assert info["refresh"]["missed"] == 0
    assert info["uptime_s"] < 20
    assert_works(device)


@in_phases()
@pytest.mark.parametrize("name", numbered("clock-jumps-ahead", "clock-jumps-back"))
def test_a_clock_that_jumps_makes_the_weights_stale(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    ready.port.board.inject(name)
    found = ended(ready, 2 * LEFT_MS)  # a jump ahead takes some of it
    assert ready.port.board.resets == 0
    if matrix_board(ready).leaks:
        assert (found.fault, found.weights) == ("none", "stale")
        assert ready.measure().reason == STALE_REASON
    else:
        assert (found.fault, found.weights, found.reason) == ("none", "held", "")
    ready.program(second(ready))
    assert_works(ready)


@in_phases()
@pytest.mark.parametrize("name", numbered("task-hangs"))
def test_a_task_that_hangs_ends_in_a_reset_with_its_reason_in_the_log(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    board.run(10_000)
    assert board.resets == 1
    again = another_host(board)
    assert again.status() == {
        "state": "idle",
        "fault": "none",
        "phase": "idle",
        "weights": "held",
        "sensors_bad": [],
        "sensors_drifted": [],
    }
    last = [entry for entry in again.log().entries if entry.event == "start"][-1]
    assert (last.figures["cause"], last.figures["task"]) == ("watchdog", "seconds")
    assert_works(again)


@pytest.mark.parametrize("on", BOARDS, indirect=True)
@pytest.mark.parametrize("name", numbered("memory-runs-out"))
def test_a_heap_too_small_is_safe_or_success(power_on: SwitchOn, on: MatrixBoard, name: str) -> None:
    """One size; the sweep through one whole cycle follows, that of memristors is in tests/firmware."""
    board = power_on(on.file, on.chip, faults=(name,))
    device = host_of(board)
    try:
        device.program(on.first.pack())
        present(board, RATIOS)
        assert device.measure().reason == ""
    except DeviceError:
        assert device.status()["state"] == "safe"


@in_phases_alone(("programming", "answer"))
def test_a_heap_swept_in_small_steps_is_safe_or_success(power_on: SwitchOn, phase: str) -> None:
    """44: a size between those that do not load and those that are enough stops it in every phase."""
    ends = []
    for heap_kib in range(48, 180, 4):
        board = power_on(changed(QUICK, heap_kib=heap_kib))
        try:
            device = host_of(board)
            device.program(FIRST.pack())
            if phase == "answer":
                present(board, RATIOS)
                answer = device.measure()
                ends.append(answer.reason or "success")
            else:
                ends.append("success")
        except FirmwareEnded as failed:
            ends.append("did not load" if "MemoryError" in str(failed) else str(failed))
        except DeviceError:
            ends.append(device.status()["state"])
    stages = ["did not load", "safe", "success"]
    assert set(ends) == set(stages)
    assert ends == sorted(ends, key=stages.index)


@in_phases()
@pytest.mark.parametrize("name", numbered("heap-fragmented"))
def test_a_fragmented_heap_has_no_effect(ready: Device, name: str, phase: str) -> None:
    found = injected(ready, phase, name)
    assert (found.fault, found.weights, found.reason) == ("none", "held", "")
    assert_works(ready)
    assert ready.info()["refresh"]["missed"] == 0


@in_phases()
@pytest.mark.parametrize("name", numbered("exception-in-a-task"))
def test_an_exception_is_safe_and_noted(ready: Device, name: str, phase: str) -> None:
    injected(ready, phase, name)
    assert_safe(ready, messages.FAULT_TASK)
    faults = [entry for entry in ready.log().entries if entry.event == "fault"]
    assert [entry.figures["fault"] for entry in faults] == [messages.FAULTS[messages.FAULT_TASK]]
    ready.port.board.mend(name)
    ready.clear()
    assert_works(ready)
