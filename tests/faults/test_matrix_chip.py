"""The fault matrix, chip: 37 to 40, in every phase of the controller."""

import numpy as np
import pytest
from matrix_boards import matrix_board
from phases import (
    FIRST,
    OLD,
    PHASES,
    RATIOS,
    STALE_REASON,
    assert_safe,
    assert_works,
    in_phases,
    in_phases_alone,
    injected,
    numbered,
    second,
)

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages, pulses
from memristor_rig import BOARD as MEMRISTOR_BOARD
from memristor_rig import CHIP as MEMRISTOR_CHIP
from memristor_rig import RATIOS as MEMRISTOR_RATIOS
from memristor_rig import memristor_image, start_programming
from memristor_rig import weights as memristances
from rig import SwitchOn, host_of, present

BEFORE_ANSWER = PHASES[:5]
STUCK = 17


@in_phases()
@pytest.mark.parametrize("name", numbered("refresh-late"))
def test_a_late_refresh_is_stale_until_reprogrammed(ready: Device, name: str, phase: str) -> None:
    found = injected(ready, phase, name)
    if not matrix_board(ready).leaks:
        assert (found.fault, found.weights, found.reason) == ("none", "held", "")
        assert_works(ready)
        return
    assert (found.fault, found.weights) == ("none", "stale")
    if phase in ("warmup", "baseline"):
        assert (found.answer, found.reason) == ("NONE", STALE_REASON)
    assert ready.measure().reason == STALE_REASON
    ready.port.board.mend(name)
    ready.port.wait(1500)
    ready.program(second(ready))
    assert ready.status()["weights"] == "held"
    assert_works(ready)


@in_phases()
@pytest.mark.parametrize("name", numbered("output-between-bands"))
def test_an_output_between_bands_abstains(ready: Device, name: str, phase: str) -> None:
    found = injected(ready, phase, name)
    assert found.fault == "none"
    if phase in ("warmup", "baseline", "exposure"):
        assert (found.answer, found.label) == ("ABSTAIN", "")
    present(ready.port.board, RATIOS)
    answer = ready.measure()
    assert (answer.answer, answer.label, answer.reason) == ("ABSTAIN", "", "")
    assert answer.margin_v <= matrix_board(ready).chip.decision.guard_v
    ready.port.board.mend(name)


@in_phases()
@pytest.mark.parametrize("name", numbered("supply-missing"))
def test_a_missing_supply_is_safe(ready: Device, name: str, phase: str) -> None:
    injected(ready, phase, name)
    assert_safe(ready, messages.FAULT_SUPPLY)
    assert ready.clear()["state"] == "safe"  # it is still so
    ready.port.board.mend(name)
    ready.clear()
    assert_works(ready)


@pytest.fixture
def memristors(power_on: SwitchOn) -> Device:
    return host_of(power_on(MEMRISTOR_BOARD, MEMRISTOR_CHIP))


# another target for the memristor that is stuck, so that it has to be pulsed
NEW_WEIGHTS = [
    (12_000 if abs(ohm) < 10_000 else 8_000) * int(np.sign(ohm)) if k == STUCK else ohm
    for k, ohm in enumerate(memristances())
]


@in_phases_alone()
@pytest.mark.parametrize("name", numbered("memristor-stuck"))
def test_a_memristor_that_will_not_program_is_reported_and_pulsing_stops(
    memristors: Device, name: str, phase: str
) -> None:
    device, board = memristors, memristors.port.board
    times = {"baseline_ms": 600, "exposure_ms": 600, "recovery_ms": 600}
    if phase == "programming":
        start_programming(device, memristor_image(**times))
    else:
        device.program(memristor_image(**times).pack())
        if phase != "idle":
            device.port.wait(1500 if phase != "warmup" else 0)
            present(board, MEMRISTOR_RATIOS)
            device._conversation.ask(messages.MEASURE, 5)
            wait_ms = {"warmup": 100, "baseline": 200, "exposure": 800, "recovery": 1400, "answer": 3500}[phase]
            device.port.wait(wait_ms)
    board.inject(name)
    device.port.wait(4000)
    used = board.wiring.chip.pulses
    moved = int(board.wiring.chip.population.pulses.sum())
    with pytest.raises(DeviceError, match=f"the device of weight {STUCK} cannot be programmed"):
        device.program(memristor_image(model=b"model002", weights=NEW_WEIGHTS).pack())
    in_vain = board.wiring.chip.pulses - used - (int(board.wiring.chip.population.pulses.sum()) - moved)
    assert pulses.FEWEST_PULSES <= in_vain <= pulses.MOST_PULSES
    device.port.wait(4000)
    stopped = board.wiring.chip.pulses
    device.port.wait(5000)
    assert board.wiring.chip.pulses == stopped
    assert device.status()["fault"] == "none"
    board.mend(name)
    device.program(memristor_image(model=b"model003", weights=NEW_WEIGHTS).pack())
    present(board, MEMRISTOR_RATIOS)
    assert device.measure().reason == ""


def test_a_memristor_fault_is_refused_where_there_are_none(ready: Device) -> None:
    with pytest.raises(ValueError, match=r"fault 'memristor-stuck' is one of a board with a memristor chip; pico-mlp"):
        ready.port.board.inject("memristor-stuck")
    assert ready.info()["image"]["model"] == OLD == FIRST.model.hex()


def test_a_failure_that_nobody_asked_for_is_not_told_of_the_next_image(memristors: Device) -> None:
    """The image that failed is discarded, and the next one has its generation."""
    device, board = memristors, memristors.port.board
    start_programming(device, memristor_image())
    board.inject("memristor-stuck")
    device.port.wait(4000)
    board.mend("memristor-stuck")
    assert device.program(memristor_image(model=b"model002").pack()) == 1
