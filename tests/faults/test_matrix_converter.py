"""The fault matrix, converters and buses: 30 to 36, in every phase of the controller."""

import pytest
from matrix_boards import matrix_board, weight_writes
from phases import (
    STALE_REASON,
    assert_inputs_rest,
    assert_safe,
    assert_works,
    ended,
    in_phases,
    injected,
    numbered,
    reach,
)

from enose.link.device import Device
from enose_contract import messages

BUS = messages.FAULT_BUS
READBACK = messages.FAULT_READBACK


@in_phases()
@pytest.mark.parametrize("name", numbered("i2c-nack", "sda-stuck", "scl-stuck"))
def test_a_bus_that_does_not_answer_is_safe(ready: Device, name: str, phase: str) -> None:
    injected(ready, phase, name)
    assert_safe(ready, BUS)
    assert_inputs_rest(ready.port.board)
    ready.port.board.mend(name)
    ready.clear()
    assert_works(ready)


@in_phases()
@pytest.mark.parametrize("name", numbered("dac-readback-differs", "dac-gain-wrong", "dac-reference-off", "spi-shifted"))
def test_a_dac_that_is_not_what_was_written_is_safe(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    ready.port.board.inject(name)
    ready.port.wait(1500)
    assert_safe(ready, READBACK)
    ready.port.board.mend(name)
    ready.clear()
    assert_works(ready)


@in_phases()
@pytest.mark.parametrize("name", numbered("dac-resets"))
def test_a_dac_that_resets_itself_is_set_up_anew(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    writes = weight_writes(board)
    board.inject(name)
    assert board.wiring.dac.voltage_v(0) == 0.0
    if matrix_board(ready).leaks:
        ready.port.wait(300)  # a refresh comes every 29 ms
        assert weight_writes(board) > writes
    else:
        ready.port.wait(1100)  # it looks once a second; memristors have kept their weights
        assert weight_writes(board) == writes
    assert_inputs_rest(board)
    found = ended(ready)
    assert (found.fault, found.weights) == ("none", "held")
    assert found.reason in ("", STALE_REASON)
    assert_works(ready)


@in_phases(("exposure",))
def test_a_dac_that_resets_itself_while_the_chip_is_read_is_no_answer(ready: Device, phase: str) -> None:
    board = ready.port.board
    reach(ready, phase)
    pin_write, done = board.wiring.pin_write, []

    def closing(pin: int, level: int, t_s: float) -> None:
        pin_write(pin, level, t_s)
        if level and pin == board.board_file.switch.pin and not done:
            done.append(t_s)
            board.monitor.excuse(t_s, 1.5)
            board.wiring.dac.reset(t_s)

    board.wiring.pin_write = closing  # type: ignore[method-assign]
    found = ended(ready)
    assert done
    assert (found.answer, found.reason, found.weights) == ("NONE", STALE_REASON, "held")
    assert_works(ready)
