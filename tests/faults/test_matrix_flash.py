"""The fault matrix, flash and power: 14 to 22, in every phase of the controller."""

import pytest
from matrix_boards import matrix_board, weight_writes
from phases import (
    NEW,
    OLD,
    STALE_REASON,
    another_host,
    assert_nothing_driven,
    assert_safe,
    assert_works,
    ended,
    in_phases,
    numbered,
    reach,
    second,
)

from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Device
from enose_contract import messages
from rig import SwitchOn, host_of

STORE = r"the image store failed; the old image is kept"


def restarted(device: Device) -> Device:
    """The board's power was lost, and is back; another session."""
    device.port.wait(500)
    return another_host(device.port.board)


def model_of(device: Device) -> str:
    return str(device.info()["image"]["model"])


def stored(device: Device) -> None:
    """Upload and commit an image, but do not put it into force: that is refused while something is measured."""
    try:
        device.program(second(device))
    except DeviceError as refused:
        if refused.code != messages.E_MEASURING:
            raise


@in_phases()
@pytest.mark.parametrize("name", numbered("power-cut"))
def test_a_power_cut_in_a_flash_operation_leaves_the_old_image_or_the_new_one(
    ready: Device, name: str, phase: str
) -> None:
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    with pytest.raises((DeviceError, LinkError)):  # the session is gone with the power
        stored(ready)
    again = restarted(ready)
    assert board.resets == 1
    info = again.info()
    assert (info["state"], info["weights"]) == ("idle", "held")
    assert info["image"]["model"] in (OLD, NEW)
    assert_works(again)
    again.program(second(again))
    assert model_of(again) == NEW


@in_phases()
@pytest.mark.parametrize("name", numbered("torn-write", "will-not-erase"))
def test_what_does_not_read_back_is_refused_and_the_old_image_stays(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    with pytest.raises(DeviceError, match=STORE):
        stored(ready)
    found = ended(ready)
    assert found.fault == "none"
    assert model_of(ready) == OLD
    board.mend(name)
    board.inject("cold-start")
    again = restarted(ready)
    info = again.info()
    assert (info["state"], info["weights"], info["image"]["model"]) == ("idle", "held", OLD)
    assert_works(again)


@in_phases()
@pytest.mark.parametrize("name", numbered("bit-rot"))
def test_a_rotten_slot_is_noted_and_the_other_one_taken(ready: Device, name: str, phase: str) -> None:
    ready.program(second(ready))
    reach(ready, phase)
    ready.port.board.inject(name)
    again = restarted(ready)
    info = again.info()
    assert (info["state"], info["weights"], info["image"]["model"]) == ("idle", "held", OLD)
    assert "damaged image" in [entry.event for entry in again.log().entries]
    assert_works(again)


@in_phases()
@pytest.mark.parametrize("name", numbered("both-slots-bad"))
def test_without_a_whole_slot_it_is_safe(ready: Device, name: str, phase: str) -> None:
    ready.program(second(ready))
    reach(ready, phase)
    ready.port.board.inject(name)
    again = restarted(ready)
    assert_safe(again, messages.FAULT_IMAGES)
    assert again.clear()["weights"] == "none"
    with pytest.raises(DeviceError, match="no image is active"):
        again.measure()
    again.program(second(again))
    assert_works(again)


@in_phases()
@pytest.mark.parametrize("name", numbered("flash-full"))
def test_a_full_partition_is_refused_before_anything_is_erased(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    again = restarted(ready)
    assert model_of(again) == OLD
    erases, writes = board.flash.erases, board.flash.writes
    with pytest.raises(DeviceError, match=STORE):
        stored(again)
    assert (board.flash.erases, board.flash.writes) == (erases, writes)
    assert model_of(again) == OLD
    assert_works(again)


@in_phases()
@pytest.mark.parametrize("name", numbered("will-not-mount"))
def test_a_partition_that_does_not_mount_is_safe_and_never_formatted(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    flash = matrix_board(ready).file.flash
    start = flash.start_kib * 1024
    end = start + flash.length_kib * 1024
    again = restarted(ready)
    files = bytes(board.flash.cells[start : end - 5 * 4096])
    assert_safe(again, messages.FAULT_MOUNT)
    assert again.clear()["state"] == "safe"  # it is still so
    again.port.wait(2000)
    assert bytes(board.flash.cells[start : end - 5 * 4096]) == files


@in_phases()
@pytest.mark.parametrize("name", numbered("reset-loop"))
def test_three_quick_resets_end_in_the_safe_mode(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    board.run(8000)
    assert board.resets == 3
    again = another_host(board)
    assert_safe(again, messages.FAULT_RESETS)
    writes = weight_writes(board)
    board.run(3000)
    assert weight_writes(board) == writes
    assert_nothing_driven(board)
    again.clear()
    board.run(2000)
    whole = another_host(board)
    assert whole.status()["weights"] == "held"
    assert_works(whole)


@in_phases()
@pytest.mark.parametrize("name", numbered("erase-stalls-170ms", "erase-stalls-800ms"))
def test_a_stalled_erase_makes_no_wrong_answer(ready: Device, name: str, phase: str) -> None:
    """Weights that leak last 69 ms; longer than that they are stale, and the answer says so, until they are programmed.

    Memristors keep theirs.
    """
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    erases = board.flash.erases
    stored(ready)
    assert board.flash.erases > erases
    found = ended(ready)
    assert found.fault == "none"
    if not matrix_board(ready).leaks:
        assert (found.weights, found.reason) == ("held", "")
    elif phase in ("warmup", "baseline", "exposure"):
        assert (found.answer, found.reason, found.weights) == ("NONE", STALE_REASON, "stale")
    board.mend(name)
    ready.program(second(ready))
    assert ready.status()["weights"] == "held"
    assert_works(ready)


def test_a_start_with_a_stalling_flash_holds_its_weights(power_on: SwitchOn) -> None:
    """What is erased as a board is first formatted comes before there are weights to hold."""
    device = host_of(power_on(faults=("erase-stalls-800ms",)))
    device.program(second(device))
    device.port.wait(3000)
    assert device.status()["weights"] == "held"
    assert_works(device)
