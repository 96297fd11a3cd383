"""Sessions on the wire: one host at a time, no effect twice, and every request answered or discarded."""

import pytest

from enose.link.conversation import LinkError
from enose.link.device import Device
from enose_contract import frames, messages
from enose_contract.message import Message
from enose_hwsim.board.simulated import SimulatedBoard
from rig import NONCE, RawHost, SwitchOn, host_of, image

OTHER = NONCE + 1
LEASE_MS = 3000


def test_hello_names_board_chip_and_limits(board: SimulatedBoard) -> None:
    fields = RawHost(board).hello().fields(messages.HELLO)
    assert fields["board"].rstrip(b"\0") == b"pico-mlp"
    assert fields["chip"].rstrip(b"\0") == b"mlp441"
    assert (fields["max_frame"], fields["lease_ms"], fields["nonce"]) == (frames.MAX_FRAME, LEASE_MS, NONCE)
    assert (fields["unit"], fields["firmware"].rstrip(b"\0")) == (b"SIMBOARD", b"0.1.0")


def test_before_hello_only_hello_is_answered(board: SimulatedBoard) -> None:
    host = RawHost(board)
    for session in (0, 5):
        host.session = session
        assert host.ask(messages.INFO).error()[0] == messages.E_SESSION


def test_a_reply_bears_its_requests_session_and_sequence(raw: RawHost) -> None:
    for _ in range(300):  # past the wrap of the sequence number
        reply = raw.ask(messages.STATUS)
        assert (reply.session, reply.sequence) == (raw.session, raw.sequence)


def test_an_unknown_protocol_version_is_refused_with_both(board: SimulatedBoard) -> None:
    host = RawHost(board)
    assert host.hello(protocol=9).error() == (messages.E_PROTOCOL, 9, messages.PROTOCOL)
    assert host.ask(messages.INFO).error()[0] == messages.E_SESSION


def test_a_malformed_hello_is_refused(board: SimulatedBoard) -> None:
    assert RawHost(board).ask(messages.HELLO, body=b"\x01").error()[0] == messages.E_MALFORMED


@pytest.mark.parametrize("kind", [0, 23, 126, 127])
def test_an_unknown_command_is_refused_with_its_number(raw: RawHost, kind: int) -> None:
    assert raw.ask(kind, body=b"").error() == (messages.E_COMMAND, kind, 0)


@pytest.mark.parametrize(
    "message", [m for m in messages.MESSAGES.values() if m.name not in ("hello", "error")], ids=lambda m: m.name
)
def test_a_malformed_body_is_refused_for_every_command(raw: RawHost, message: Message) -> None:
    short = bytes(3) if message.request_fields else b"x"
    assert raw.ask(message, body=short).error()[0] == messages.E_MALFORMED
    assert raw.ask(messages.STATUS).fields(messages.STATUS)["state"] == messages.IDLE


def test_a_duplicate_gets_the_cached_reply_and_has_no_second_effect(raw: RawHost) -> None:
    uptime = raw.frame(messages.INFO)
    replies = []
    for _ in range(3):
        raw.send(uptime)
        replies += raw.receive(wait_ms=1500)
    assert len(replies) == 3
    assert replies[0] == replies[1] == replies[2]  # uptime and counters of one moment


def test_a_duplicate_of_a_measurement_starts_none(programmed) -> None:
    """The same command twice, each time as a request of its own: absolute commands do no more than once."""
    device = programmed
    first = device.measure()
    ask = device._conversation.ask
    assert ask(messages.MEASURE, 1) == {"cycle": 1, "state": messages.DONE}
    assert ask(messages.RESULT, 1)["output1_uv"] == round(first.output_v * 1e6)


def test_a_stale_sequence_number_is_discarded(raw: RawHost) -> None:
    old = raw.frame(messages.SAFE)
    assert raw.ask(messages.STATUS).fields(messages.STATUS)["state"] == messages.IDLE
    raw.send(old)  # overtaken by the later request
    assert raw.receive() == []
    assert raw.ask(messages.STATUS).fields(messages.STATUS)["state"] == messages.IDLE


def test_a_reply_that_was_lost_is_asked_for_again_without_a_second_effect(board: SimulatedBoard) -> None:
    device = host_of(board)
    lost: list[bytes] = []
    read = device.port.read

    def losing(wait_ms: float) -> bytes:
        data = read(wait_ms)
        if len(lost) < 3 and data:
            lost.append(data)
            return b""
        return data

    device.port.read = losing  # type: ignore[method-assign]
    assert device.program(image().pack()) == 1  # generation 1: stored once
    assert (len(lost), device.retransmissions) == (3, 3)


def test_a_second_host_is_refused_while_the_lease_lasts_and_the_first_goes_on(raw: RawHost) -> None:
    other = RawHost(raw.port.board)
    other.port, raw_port = raw.port, raw.port  # one wire
    code, left_ms, _ = other.hello(OTHER).error()
    assert code == messages.E_BUSY_HOST
    assert 0 < left_ms <= LEASE_MS
    assert raw.ask(messages.STATUS).session == raw.session
    raw_port.wait(LEASE_MS - 500)
    assert other.hello(OTHER).error()[0] == messages.E_BUSY_HOST


def test_a_second_host_is_accepted_once_the_first_is_silent_and_the_first_is_told(raw: RawHost) -> None:
    other = RawHost(raw.port.board)
    other.port = raw.port
    raw.port.wait(LEASE_MS + 200)  # the device looks at least every 100 ms
    other.hello(OTHER).fields(messages.HELLO)
    assert other.session != raw.session
    assert raw.ask(messages.STATUS).error()[0] == messages.E_SESSION
    assert other.ask(messages.STATUS).session == other.session


def test_a_second_host_is_accepted_at_once_after_bye(raw: RawHost) -> None:
    raw.ask(messages.BYE).fields(messages.BYE)
    other = RawHost(raw.port.board)
    other.port = raw.port
    other.hello(OTHER).fields(messages.HELLO)


def test_the_projects_host_waits_for_another_ones_lease_to_run_out(raw: RawHost) -> None:
    before_s = raw.port.board.now_s
    second = host_of(raw.port.board, OTHER)
    assert raw.port.board.now_s - before_s == pytest.approx(LEASE_MS * 1e-3, abs=1.0)  # and a poll or two
    assert second.board == "pico-mlp"


def test_the_projects_host_gives_up_on_a_host_that_keeps_the_session(
    raw: RawHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    wait = raw.port.wait
    monkeypatch.setattr(raw.port, "wait", lambda ms: (raw.ask(messages.STATUS), wait(1)))
    with pytest.raises(LinkError, match="test: another host keeps the session"):
        Device(raw.port, nonce=OTHER)


def test_hello_again_from_the_same_host_keeps_the_session(raw: RawHost) -> None:
    session = raw.session
    raw.ask(messages.STATUS)
    raw.hello()
    assert raw.session == session
    assert raw.ask(messages.STATUS).session == session


def test_a_hello_that_comes_twice_and_late_does_not_arm_an_old_request_again(board: SimulatedBoard) -> None:
    host = RawHost(board)
    hello = host.frame(messages.HELLO, messages.PROTOCOL, NONCE)
    host.send(hello)
    (reply,) = host.receive()
    host.session = reply.session
    old = host.frame(messages.SAFE)
    host.send(hello)  # at once: the cached reply
    assert [frame.session for frame in host.receive()] == [host.session]
    assert host.ask(messages.STATUS).fields(messages.STATUS)["state"] == messages.IDLE
    host.send(hello)  # late: discarded
    host.send(old)
    assert host.receive() == []
    assert host.ask(messages.STATUS).fields(messages.STATUS)["state"] == messages.IDLE


def test_the_session_of_a_device_that_was_switched_off_is_gone(power_on: SwitchOn, raw: RawHost) -> None:
    again = RawHost(power_on())
    again.session = raw.session
    assert again.ask(messages.STATUS).error()[0] == messages.E_SESSION
