"""The fault matrix, sensors: 23 to 29, in every phase of the controller."""

import pytest
from matrix_boards import MatrixBoard, matrix_board
from phases import (
    PHASES,
    RATIOS,
    another_host,
    assert_works,
    in_phases,
    measuring,
    numbered,
    outcome,
    phase_of,
    reach,
)

from enose.link.device import Answer, Device
from enose_contract import messages
from enose_hwsim.board.simulated import SimulatedBoard
from rig import present

WORDS = messages.REASONS
OPEN, STUCK, MOVING = (WORDS[k] for k in (messages.REASON_SENSOR, messages.REASON_STUCK, messages.REASON_MOVING))
FAR, HEATERS = WORDS[messages.REASON_FAR], WORDS[messages.REASON_HEATERS]
REFERENCE, NOISY = WORDS[messages.REASON_REFERENCE], WORDS[messages.REASON_NOISE]
UNHEATED = {MOVING, STUCK, FAR}
# what the device may say of it: which, depends on what it had read before
REASONS = {
    "heater-open": UNHEATED,
    "heater-short": UNHEATED | {HEATERS},
    "saturated": {WORDS[messages.REASON_SATURATED]},
    "sensor-open": {OPEN},
    "sensor-short": {OPEN},
    "stuck": {STUCK},
    "noise": {NOISY, MOVING},
    "missing-codes": {NOISY},
    "reference-drift": {REFERENCE},
}
READ_AT_ONCE = ("saturated", "sensor-open", "sensor-short", "reference-drift")
UNTIL_ANSWERED = PHASES[:5]  # then the answer was read already, from sensors that were whole
# long enough that the recovery is judged, and that the converter's codes are counted
SLOW_MS = {"baseline_ms": 2000, "exposure_ms": 2000, "recovery_ms": 6000}


@pytest.fixture
def slow(blank: Device, on: MatrixBoard) -> Device:
    blank.program(on.image(**SLOW_MS).pack())
    return blank


def answered(device: Device, phase: str) -> tuple[str, str]:
    """Answer and reason of the measurement that the phase belongs to, or of the next one."""
    if phase in ("idle", "programming", "answer"):
        present(device.port.board, RATIOS)
        answer = device.measure()
        return answer.answer, answer.reason
    device.port.wait(13_000)
    found = outcome(device)
    return found.answer, found.reason


def next_answer(device: Device) -> Answer:
    device.port.wait(60_000)  # ten time constants of a sensor that cools
    present(device.port.board, RATIOS)
    return device.measure()


@in_phases()
@pytest.mark.parametrize("name", numbered(*READ_AT_ONCE))
def test_a_sensor_that_cannot_be_read_is_no_answer(slow: Device, name: str, phase: str) -> None:
    reach(slow, phase)
    slow.port.board.inject(name)
    answer, reason = answered(slow, phase)
    assert (answer, {reason}) == ("NONE", REASONS[name])
    assert slow.status()["fault"] == "none"
    if name == "reference-drift":
        assert slow.selftest()["checks"]["sensor rail"] is False
    slow.port.board.mend(name)
    assert_works(slow)


@in_phases()
@pytest.mark.parametrize("name", numbered("stuck", "heater-open", "heater-short"))
def test_a_sensor_that_does_not_answer_to_the_odour_is_no_answer(slow: Device, name: str, phase: str) -> None:
    reach(slow, phase)
    slow.port.board.inject(name)
    answer, reason = answered(slow, phase)
    # a sensor that had answered to the odour was read before it had cooled
    if phase not in ("exposure", "recovery") or answer == "NONE":
        assert answer == "NONE"
        assert reason in REASONS[name]
    following = next_answer(slow)
    assert following.answer == "NONE"
    if name == "heater-short" and phase in ("exposure", "recovery"):  # it knows what its sensors were like in clean air
        assert following.reason == HEATERS
        assert slow.port.board.wiring.pin_read(matrix_board(slow).file.gas.heater_pin) == 0
    slow.port.board.mend(name)
    slow.safe()
    slow.clear()
    assert_works(slow)


@in_phases()
@pytest.mark.parametrize("name", numbered("noise", "missing-codes"))
def test_a_reading_that_is_not_sure_is_an_abstention_that_says_so(slow: Device, name: str, phase: str) -> None:
    reach(slow, phase)
    slow.port.board.inject(name)
    answer, reason = answered(slow, phase)
    if phase in UNTIL_ANSWERED[:4] or phase == "answer":
        assert answer in ("ABSTAIN", "NONE")
        assert reason in REASONS[name]
    following = next_answer(slow)
    assert following.label == ""
    assert following.reason in REASONS[name]
    slow.port.board.mend(name)
    assert_works(slow)


@in_phases()
@pytest.mark.parametrize("name", numbered("cold-start"))
def test_before_the_sensors_are_warm_there_is_no_answer_but_the_time_left(ready: Device, name: str, phase: str) -> None:
    board: SimulatedBoard = ready.port.board
    reach(ready, phase)
    board.inject(name)
    board.run(200)
    again = another_host(board)
    assert board.resets == 1
    present(board, RATIOS)
    measuring(again)
    board.run(100)
    assert phase_of(again) == "warmup"
    found = outcome(again)
    assert (found.answer, found.reason) == ("NONE", WORDS[messages.REASON_COLD])
    raw = again._conversation.ask(messages.RESULT, 77)
    assert 0 < raw["remaining_ms"] <= 1000 * matrix_board(ready).file.sensors.warmup_s
    board.run(6000)
    assert outcome(again).reason == ""
