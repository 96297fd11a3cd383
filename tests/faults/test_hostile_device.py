"""The fault matrix, malice: whatever a device answers, the host ends the session with its own error, or goes on."""

import struct
from collections.abc import Callable
from random import Random

import pytest

from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Device
from enose_contract import frames, messages
from enose_contract.message import Message
from enose_contract.messages import MESSAGES

SESSION = 77
IMAGE = bytes(range(256)) * 3


class HostileDevice:
    """A port behind which a device answers with whatever it likes; its clock moves with every read."""

    name = "hostile"

    def __init__(self, answer: Callable[[int, int, int], bytes | None]) -> None:
        self.answer = answer
        self.clock_ms = 0.0
        self.out = b""
        self.requests = 0
        self._reader = frames.FrameReader()

    def write(self, data: bytes) -> None:
        for byte in data:
            if (frame := self._reader.feed(byte)) is not None:
                self.requests += 1
                session, sequence, kind, body = frame
                greeting = good_hello(sequence, bytes(body)) if kind == messages.HELLO.kind else None
                self.out += greeting or self.answer(session, sequence, kind) or b""

    def read(self, wait_ms: float) -> bytes:
        data, self.out = self.out[:500], self.out[500:]
        self.clock_ms += 1 if data else wait_ms
        return data

    def wait(self, ms: float) -> None:
        self.clock_ms += ms

    def now_ms(self) -> float:
        return self.clock_ms

    def close(self) -> None:
        self.out = b""


def good_hello(sequence: int, body: bytes) -> bytes:
    _, nonce = struct.unpack(messages.HELLO.request, body)
    values = (SESSION, 512, 3000, b"pico-mlp", b"mlp441", b"\xff\xfe\x80bad", b"SIMBOARD", nonce)
    return framed(SESSION, sequence, messages.HELLO, struct.pack(messages.HELLO.reply, *values))


def framed(session: int, sequence: int, message: Message, body: bytes) -> bytes:
    return frames.FrameWriter().frame(session, sequence, message.kind | frames.REPLY, body)


def hostile(answer: Callable[[int, int, int], bytes | None]) -> Device:
    return Device(HostileDevice(answer), nonce=5)


def filled(byte: int) -> Callable[[int, int, int], bytes]:
    """Every reply of the right length, every byte the same."""

    def answer(session: int, sequence: int, kind: int) -> bytes:
        message = MESSAGES[kind]
        return framed(session, sequence, message, bytes((byte,)) * struct.calcsize(message.reply))

    return answer


def everything(device: Device) -> None:
    for command in (
        device.info,
        device.status,
        device.selftest,
        device.log,
        device.fit,
        lambda: device.set_key(bytes(32)),
        lambda: device.program(IMAGE),
        device.measure,
        device.safe,
        device.clear,
    ):
        try:
            command()
        except (LinkError, DeviceError) as error:
            assert "\n" not in str(error)  # noqa: PT017 - either is a clean end
    device.close()


@pytest.mark.parametrize("byte", [0, 1, 3, 4, 0x7F, 0x80, 0xFF])
def test_replies_full_of_one_byte_are_survived(byte: int) -> None:
    everything(hostile(filled(byte)))


@pytest.mark.parametrize("seed", range(20))
def test_random_replies_of_the_right_length_are_survived(seed: int) -> None:
    rng = Random(seed)

    def answer(session: int, sequence: int, kind: int) -> bytes:
        message = rng.choice((MESSAGES[kind], MESSAGES[kind], MESSAGES[kind], messages.ERROR))
        return framed(session, sequence, message, rng.randbytes(struct.calcsize(message.reply)))

    everything(hostile(answer))


@pytest.mark.parametrize("seed", range(5))
def test_random_replies_of_random_lengths_are_survived(seed: int) -> None:
    rng = Random(seed)
    everything(
        hostile(
            lambda session, sequence, kind: framed(session, sequence, MESSAGES[kind], rng.randbytes(rng.randrange(99)))
        )
    )


def test_a_reply_of_a_wrong_length_ends_with_a_link_error() -> None:
    device = hostile(lambda session, sequence, kind: framed(session, sequence, MESSAGES[kind], b"xyz"))
    with pytest.raises(LinkError, match="hostile: reply to status: 3 bytes, expected 12"):
        device.status()


def test_an_unknown_error_code_is_shown_with_its_numbers() -> None:
    body = struct.pack(messages.ERROR.reply, 200, 5, 6)
    device = hostile(lambda session, sequence, kind: framed(session, sequence, messages.ERROR, body))
    with pytest.raises(DeviceError, match=r"error 200 \(5, 6\)"):
        device.status()


def test_numbers_without_a_word_are_shown_as_numbers_and_bytes_that_are_no_text_replaced() -> None:
    device = hostile(filled(0x7F))
    assert device.status() == {
        "state": "state 127",
        "fault": "fault 127",
        "phase": "phase 127",
        "weights": "weights 127",
        "sensors_bad": [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14],
        "sensors_drifted": [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14],
    }
    assert device.firmware == "\ufffd\ufffd\ufffdbad"


def test_an_upload_that_never_advances_is_given_up() -> None:
    device = hostile(filled(0))
    with pytest.raises(LinkError, match="hostile: has 0 bytes of the image after being sent up to 768"):
        device.program(IMAGE)


def test_a_measurement_that_the_device_forgot_is_an_error() -> None:
    def answer(session: int, sequence: int, kind: int) -> bytes:
        size = struct.calcsize(MESSAGES[kind].reply)
        body = bytearray(size)
        if kind == messages.RESULT.kind:
            body[4] = messages.UNKNOWN_CYCLE
        return framed(session, sequence, MESSAGES[kind], bytes(body))

    with pytest.raises(LinkError, match="hostile: measurement 1 is not known to the device any more"):
        hostile(answer).measure()


@pytest.mark.parametrize(
    "foreign",
    [
        lambda session, sequence, kind: framed(session + 1, sequence, MESSAGES[kind], bytes(8)),
        lambda session, sequence, kind: framed(session, sequence + 1 & 0xFF, MESSAGES[kind], bytes(8)),
        lambda session, sequence, kind: framed(session + 1, sequence, messages.ERROR, bytes(9)),
        lambda session, sequence, kind: framed(session, sequence, messages.BYE, b""),
        lambda session, sequence, kind: frames.FrameWriter().frame(session, sequence, kind, b""),
    ],
    ids=["session", "sequence", "another's error", "another command", "a request"],
)
def test_a_reply_to_something_else_is_not_taken_for_ours(foreign: Callable[[int, int, int], bytes]) -> None:
    device = hostile(foreign)
    with pytest.raises(LinkError, match="no answer to status after 5 tries"):
        device.status()


def test_anothers_hello_is_not_taken_for_ours() -> None:
    class Late(HostileDevice):
        def write(self, data: bytes) -> None:
            before = self.requests
            super().write(data)
            if self.requests > before:
                values = (9, 512, 3000, b"other", b"x", b"x", b"OTHERONE", 4)
                stale = framed(9, 1, messages.HELLO, struct.pack(messages.HELLO.reply, *values))
                self.out = stale + self.out

    assert Device(Late(filled(0)), nonce=5).board == "pico-mlp"


def test_a_device_that_never_stops_talking_is_given_up_after_the_same_time() -> None:
    class Chatty(HostileDevice):
        def read(self, wait_ms: float) -> bytes:
            self.clock_ms += 1
            return b"[  123.456] usb 1-1: new device\r\n"

    port = Chatty(filled(0))
    with pytest.raises(LinkError, match="no answer to hello; not one of our devices"):
        Device(port, nonce=5)
    assert port.clock_ms == pytest.approx(400 * 31, abs=5)  # 0.4 s, doubled four times


@pytest.mark.parametrize("code", [messages.E_SESSION, messages.E_STORE])
def test_a_device_that_restarts_as_it_is_cleared_is_greeted_again(code: int) -> None:
    good, asked = filled(0), []

    def answer(session: int, sequence: int, kind: int) -> bytes:
        asked.append(kind)
        if asked[-2:] == [messages.CLEAR.kind, messages.STATUS.kind]:
            return framed(session, sequence, messages.ERROR, struct.pack(messages.ERROR.reply, code, 0, 0))
        return good(session, sequence, kind)

    device = hostile(answer)
    if code == messages.E_SESSION:
        assert device.clear()["state"] == "idle"
        assert asked == [messages.CLEAR.kind, messages.STATUS.kind, messages.STATUS.kind]
    else:
        with pytest.raises(DeviceError, match="the image store failed"):
            device.clear()


def test_a_device_that_speaks_another_protocol_is_named_with_both_versions() -> None:
    class Old(HostileDevice):
        def write(self, data: bytes) -> None:
            body = struct.pack(messages.ERROR.reply, messages.E_PROTOCOL, messages.PROTOCOL, 9)
            self.out = framed(0, 1, messages.ERROR, body)

    with pytest.raises(DeviceError, match=f"protocol version {messages.PROTOCOL}, this device speaks 9"):
        Device(Old(filled(0)), nonce=5)
