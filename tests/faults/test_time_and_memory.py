"""The fault matrix, time and memory: a tick counter that wraps, a heap that is too small, exceptions."""

import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard
from rig import QUICK, RawHost, SwitchOn, changed, host_of, image, present

WRAP_S = 2**30 / 1000  # of the millisecond counter: 12.4 days
HALF_S = WRAP_S / 2  # beyond which two readings cannot be told apart


@pytest.mark.parametrize("before_wrap_s", [0.5, 1.5, 2.5, 3.5])
def test_a_tick_counter_that_wraps_has_no_effect(power_on: SwitchOn, before_wrap_s: float) -> None:
    board = power_on(start_s=WRAP_S - before_wrap_s)
    device = host_of(board)
    device.program(image().pack())
    for _ in range(2):
        present(board)
        assert device.measure().reason == ""
    board.run(3000)
    info = device.info()
    assert info["refresh"]["missed"] == 0
    assert info["uptime_s"] < 20
    assert board.now_s > WRAP_S


def test_the_microsecond_counter_wraps_without_effect(power_on: SwitchOn) -> None:
    board = power_on(start_s=2**30 / 1e6 - 1)
    device = host_of(board)
    device.program(image().pack())
    present(board)
    assert device.measure().reason == ""


def one_cycle(power_on: SwitchOn, heap_kib: int) -> str:
    """How programming and one measurement end in a heap of that size."""
    board = power_on(changed(QUICK, heap_kib=heap_kib))
    try:
        device = host_of(board)
        device.program(image().pack())
        present(board)
        answer = device.measure()
    except FirmwareEnded as ended:
        return "did not load" if "MemoryError" in str(ended) else str(ended)
    except DeviceError as refused:
        return "safe" if device.status()["state"] == "safe" else str(refused)
    return "success" if answer.reason == "" else answer.reason


def test_memory_that_runs_out_is_the_safe_state_or_success(power_on: SwitchOn) -> None:
    """Never a wrong answer, and never a converter outside its limits (the fixture looks at that)."""
    outcomes = [one_cycle(power_on, heap_kib) for heap_kib in range(60, 172, 4)]
    stages = ["did not load", "safe", "success"]
    assert outcomes == sorted(outcomes, key=stages.index)  # more memory is never worse: the heap is not fragmented
    assert sorted(set(outcomes), key=stages.index) == stages


@pytest.fixture
def broken_adc(programmed: Device) -> Device:
    """An ADC whose answers are a byte short, which no driver expects: an IndexError in whoever reads it."""
    programmed.port.board.wiring.adc.read = lambda count, t_s: b"\x80"  # type: ignore[method-assign]
    return programmed


def test_an_exception_in_a_task_is_the_safe_state_and_the_device_goes_on(broken_adc: Device) -> None:
    broken_adc._conversation.ask(messages.MEASURE, 1)
    broken_adc.port.wait(5000)
    status = broken_adc.status()
    assert (status["state"], status["fault"]) == ("safe", "an exception in a task")
    assert broken_adc.clear()["state"] == "done"


def test_an_exception_in_a_command_is_the_safe_state_and_the_host_is_told(broken_adc: Device) -> None:
    with pytest.raises(DeviceError, match=r"the device is in its safe state \(an exception in a task\)"):
        broken_adc.selftest()
    assert broken_adc.status()["fault"] == "an exception in a task"


def test_the_lease_of_a_host_that_went_away_days_ago_has_run_out(power_on: SwitchOn) -> None:
    """Six days after the last frame the tick counter alone would say that it is still to come."""
    board = power_on(start_s=WRAP_S - 10)
    host_of(board)
    board.run(4000)
    assert skipped(board, HALF_S) > WRAP_S / 2
    raw = RawHost(board)
    assert raw.hello(nonce=99).fields(messages.HELLO)


def skipped(board: SimulatedBoard, seconds: float) -> float:
    """Let a long time pass without simulating it; returns the clock."""
    idle = board._requests._idle
    later_us = round((board.now_s + seconds) * 1e6)
    board._requests._idle = lambda now_us, until_us: idle(max(now_us, later_us), max(until_us, later_us))
    board.run(seconds * 1e3 + 500)
    board._requests._idle = idle
    return board.now_s


@pytest.mark.parametrize("jump_s", [5.0, 3600.0, -2.0, -3600.0])
def test_a_clock_that_jumps_makes_the_weights_stale(programmed: Device, jump_s: float) -> None:
    board = programmed.port.board
    idle, jumped = board._requests._idle, []

    def jumping(now_us: int, until_us: int) -> int:
        if jumped:
            return idle(now_us, until_us)
        jumped.append(jump_s)
        return max(now_us + round(jump_s * 1e6), 1)

    board.run(100)
    board._requests._idle = jumping
    board.run(3000 + max(jump_s, 0) * 1e3)
    assert jumped
    assert board.resets == 0
    assert programmed.status()["weights"] == "stale"
    assert programmed.measure().reason == "the weights are stale"
