"""Requests and replies: sessions, sequence numbers, a window of one, retransmission with back-off."""

import secrets
import struct

from enose.link.port import Port
from enose_contract import frames, messages
from enose_contract.message import Message

REPLY_MS = 400  # to the first retransmission; doubled at each
TRIES = 5
BUSY_ROUNDS = 12
INTERRUPT = b"\x03"  # what MicroPython takes for Ctrl-C until the firmware is there
LAST_SEQUENCE = 0xFF
NONCE_BYTES = bytes(range(4, 256))

Values = dict[str, int | bytes]


class LinkError(ConnectionError):
    """No conversation: nobody answers, or what answers is not our device."""


class DeviceError(RuntimeError):
    """The device refused: `code` is one of messages.ERRORS."""

    def __init__(self, code: int, value: int, limit: int) -> None:
        """Word the code with its numbers, and a fault with its words."""
        text = messages.ERRORS.get(code, f"error {code} ({value}, {limit})")
        said = messages.FAULTS.get(value, f"fault {value}") if code == messages.E_SAFE else value
        super().__init__(text.format(value=said, limit=limit))
        self.code = code
        self.value = value
        self.limit = limit


def _random_nonce() -> int:
    """Four bytes, none of which is 0 or would interrupt a device that is starting."""
    return int.from_bytes(secrets.choice(NONCE_BYTES) for _ in range(4))


class Conversation:
    """A session with one device over one port."""

    def __init__(self, port: Port, *, nonce: int | None = None) -> None:
        """Nothing is sent yet."""
        self._port = port
        self._writer = frames.FrameWriter()
        self._reader = frames.FrameReader()
        self._session = 0
        self._sequence = 0
        self._nonce = nonce if nonce is not None else _random_nonce()
        self.retransmissions = 0

    def hello(self) -> Values:
        """Begin the session; what the device says of itself.

        Waits for another host's session to run out. Raises LinkError where nobody answers, DeviceError where the device
        speaks another protocol.
        """
        for _ in range(BUSY_ROUNDS):
            try:
                reply = self._exchange(
                    0, messages.HELLO, struct.pack(messages.HELLO.request, messages.PROTOCOL, self._nonce)
                )
            except LinkError as error:
                raise LinkError(
                    f"{self._port.name}: no answer to hello; not one of our devices, or its firmware is not running"
                ) from error
            except DeviceError as error:
                if error.code != messages.E_BUSY_HOST:
                    raise
                self._port.wait(min(error.value, 5000) + 10)
                continue
            self._session = int(reply["session"])
            return reply
        raise LinkError(f"{self._port.name}: another host keeps the session")

    def ask(self, message: Message, *values: int | bytes, tail: bytes = b"") -> Values:
        """One command and its reply. Raises DeviceError where the device refuses, LinkError without an answer."""
        return self._exchange(self._session, message, struct.pack(message.request, *values) + tail)

    def _exchange(self, session: int, message: Message, body: bytes) -> Values:
        self._sequence = (self._sequence + 1) & 0xFF
        frame = self._writer.frame(session, self._sequence, message.kind, body)
        while message is messages.HELLO and INTERRUPT in frame and self._sequence < LAST_SEQUENCE:
            self._sequence += 1  # it may come to a device that is starting, which that byte interrupts for good
            frame = self._writer.frame(session, self._sequence, message.kind, body)
        wait_ms = float(REPLY_MS)
        for attempt in range(TRIES):
            self.retransmissions += attempt > 0
            self._port.write(frame)
            reply = self._await(session, message, wait_ms)
            if reply is not None:
                return reply
            wait_ms *= 2
        raise LinkError(f"{self._port.name}: no answer to {message.name} after {TRIES} tries")

    def _await(self, session: int, message: Message, wait_ms: float) -> Values | None:
        """The reply to the request just sent, or None after wait_ms; anything else that comes in is skipped."""
        until_ms = self._port.now_ms() + wait_ms
        left_ms = wait_ms
        while left_ms > 0:
            data = self._port.read(left_ms)
            if not data:
                return None
            for byte in data:
                frame = self._reader.feed(byte)
                reply = self._reply_in(frame, session, message) if frame is not None else None
                if reply is not None:
                    return reply
            left_ms = until_ms - self._port.now_ms()
        return None

    def _reply_in(self, frame: tuple[int, int, int, memoryview], session: int, message: Message) -> Values | None:
        """The reply in a frame, or None where it answers something else: another request, another host."""
        answered, sequence, kind, body = frame
        if sequence != self._sequence:
            return None
        try:
            if kind == messages.ERROR.kind | frames.REPLY and answered == session:
                fields = messages.ERROR.unpack_reply(body)
                raise DeviceError(int(fields["code"]), int(fields["value"]), int(fields["limit"]))
            if kind != message.kind | frames.REPLY or (answered != session and message is not messages.HELLO):
                return None
            reply = message.unpack_reply(body)
        except ValueError as error:
            raise LinkError(f"{self._port.name}: {error}") from error
        return reply if reply.get("nonce", self._nonce) == self._nonce else None
