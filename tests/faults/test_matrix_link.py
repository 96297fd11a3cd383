"""The fault matrix, link: 1 to 13, in every phase of the controller, on the wire of the board itself."""

import pytest
from matrix_boards import matrix_board, weight_writes
from phases import (
    CYCLE,
    FIRST,
    LEFT_MS,
    MEASURING,
    NEW,
    OLD,
    assert_works,
    ended,
    in_phases,
    numbered,
    reach,
    second,
)

from enose.link.conversation import LinkError
from enose.link.device import Device
from enose_contract import messages
from enose_hwsim.board.simulated import SimulatedBoard
from rig import RawHost

ON_FRAMES = ("bit-flip", "frame-lost", "frame-duplicated", "frames-reordered", "frame-cut-short", "frame-too-long")
COUNTED = ("bit-flip", "frame-cut-short", "frame-too-long")


def asked_often(device: Device) -> None:
    """Enough requests that some of them meet the fault, whatever the phase."""
    for _ in range(12):
        device.status()


def generation(device: Device) -> int:
    return int(device.info()["image"]["generation"])


@in_phases()
@pytest.mark.parametrize("name", numbered(*ON_FRAMES))
def test_whatever_happens_to_frames_every_command_takes_effect_once(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board, before = ready.port.board, ready.info()["frames_dropped"]
    board.inject(name)
    asked_often(ready)
    found = ended(ready)
    assert found.fault == "none"
    assert found.weights == "held"
    assert (found.answer, found.reason) == (("CLASS", "") if phase in (*MEASURING, "answer") else ("", ""))
    assert ready.program(second(ready)) == 2  # stored once
    assert_works(ready)
    strands = board.wire.to_device, board.wire.to_host
    assert all(0 < strand.hits < strand.frames for strand in strands)
    board.mend(name)
    info = ready.info()
    assert (info["image"]["generation"], info["refresh"]["missed"]) == (2, 0)
    if name in COUNTED:
        assert info["frames_dropped"] > before
    if name not in ("frame-duplicated", "frames-reordered"):
        assert ready.retransmissions > 0


@in_phases()
@pytest.mark.parametrize("name", numbered("flood"))
def test_a_flood_leaves_the_refresh_alone(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board, dropped = ready.port.board, ready.info()["frames_dropped"]
    board.inject(name)
    board.run(LEFT_MS)
    board.mend(name)
    board.run(500)
    info = ready.info()
    assert info["frames_dropped"] > dropped + 100
    assert (info["refresh"]["missed"], info["weights"], info["fault"]) == (0, "held", "none")
    assert ended(ready).reason == ""
    assert_works(ready)


@in_phases()
@pytest.mark.parametrize("name", numbered("host-does-not-read"))
def test_a_host_that_does_not_read_blocks_nothing(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    done = ready.info()["refresh"]["done"]
    board.inject(name)
    for _ in range(3):  # each is sent five times: more than the pipe takes
        with pytest.raises(LinkError, match="no answer to info after 5 tries"):
            ready._conversation.ask(messages.INFO)
    for k in range(80):
        ready.port.write(RawHost.frame(unread(ready, k), messages.INFO))
        board.run(20)
    board.mend(name)
    board.run(1000)
    while ready.port.read(200):
        pass
    info = ready.info()
    assert (info["refresh"]["missed"], info["weights"], info["fault"]) == (0, "held", "none")
    if matrix_board(ready).leaks:
        assert info["refresh"]["done"] - done > 500  # some forty seconds of them
    assert ended(ready).reason == ""
    assert_works(ready)


def unread(device: Device, k: int) -> RawHost:
    """A host of the same session that only sends."""
    raw = RawHost.__new__(RawHost)
    raw.session, raw.sequence = device._conversation._session, device._conversation._sequence + k & 0xFF
    if k == 79:
        device._conversation._sequence = raw.sequence + 1 & 0xFF
    return raw


@in_phases()
@pytest.mark.parametrize("name", numbered("host-reads-a-trickle"))
def test_a_host_that_reads_a_trickle_gets_its_answers(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    ready.port.board.inject(name)
    asked_often(ready)
    assert ended(ready).fault == "none"
    info = ready.info()
    assert (info["refresh"]["missed"], info["weights"]) == (0, "held")
    assert_works(ready)


@in_phases()
@pytest.mark.parametrize("name", numbered("unplugged"))
def test_unplugged_the_image_in_force_stays_and_the_upload_goes_on(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    with pytest.raises(LinkError, match="no answer to upload begin after 5 tries"):
        ready.program(second(ready))
    if matrix_board(ready).leaks:
        assert weight_writes(board) > 25  # it refreshes on
    board.mend(name)
    again = Device(ready.port, nonce=4711)
    assert again.info()["image"]["model"] == OLD
    pieces: list[int] = []
    assert again.program(second(again), lambda done, total: pieces.append(done)) == 2
    if phase == "programming":
        assert pieces == [len(second(again))]  # the first piece was there already
    assert again.info()["image"]["model"] == NEW
    assert_works(again)


@in_phases()
@pytest.mark.parametrize("name", numbered("second-host", "unknown-protocol", "ctrl-c"))
def test_others_on_the_line_change_nothing(ready: Device, name: str, phase: str) -> None:
    reach(ready, phase)
    board = ready.port.board
    board.inject(name)
    asked_often(ready)
    for _ in range(6):  # the session is kept by who talks
        board.run(1000)
        assert ready.status()["fault"] == "none"
    assert board.wire.chatter[0].sent >= 6
    found = ended(ready, 100)
    assert (found.fault, found.weights, found.reason) == ("none", "held", "")
    assert generation(ready) == 1
    assert ready.program(second(ready)) == 2
    assert_works(ready)
    board.mend(name)


def answers_to(board: SimulatedBoard, name: str, raw: RawHost) -> list[tuple[int, int, int]]:
    """What the device tells the other host; both hear it on this line."""
    board.inject(name)
    raw.port.wait(1100)
    found = [frame.error() for frame in raw.receive() if frame.kind == messages.ERROR.kind | 0x80]
    board.mend(name)
    return found


def test_11_a_second_host_is_told_how_long_the_first_holds_the_session(raw: RawHost) -> None:
    (code, left_ms, _), *_ = answers_to(raw.port.board, "second-host", raw)
    assert code == messages.E_BUSY_HOST
    assert 0 < left_ms <= 3000


def test_13_an_unknown_protocol_is_answered_with_both_versions(raw: RawHost) -> None:
    found = answers_to(raw.port.board, "unknown-protocol", raw)
    assert set(found) == {(messages.E_PROTOCOL, messages.PROTOCOL + 9, messages.PROTOCOL)}


def test_12_a_frame_full_of_ctrl_c_is_data(raw: RawHost) -> None:
    reply = raw.ask(messages.UPLOAD_BEGIN, 0x03030303, 0x0303, b"\x03" * 32)
    assert reply.fields(messages.UPLOAD_BEGIN)["upload"] == 0x03030303


@pytest.mark.parametrize("name", ["bit-flip", "frames-reordered", "flood"])
def test_the_same_seed_is_the_same_run(power_on, name: str) -> None:
    from rig import host_of

    seen = []
    for seed in (5, 5, 6):
        board = power_on(seed=seed)
        device = host_of(board)
        device.program(FIRST.pack())
        board.inject(name)
        device._conversation.ask(messages.MEASURE, CYCLE)
        asked_often(device)
        board.run(1000)
        info = device.info()
        seen.append((info["frames_good"], info["frames_dropped"], board.traffic, board.now_s))
    assert seen[0] == seen[1] != seen[2]
