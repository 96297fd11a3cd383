"""Frames in and out of a byte stream, sessions, and replies that are never computed twice.

One host holds the session until it says bye or has been silent for LEASE_MS. A request with the last sequence number
again is answered from the cache; an older one is discarded. Nothing here waits for a host that does not read, but
LAST_MS before a reset.
"""

import select
import struct
from time import sleep_ms, ticks_diff, ticks_ms

from enose_contract import frames, messages

LEASE_MS = 3000
BYTES_PER_TURN = 64
LAST_MS = 50  # for the rest of a reply before a reset
USB_MS = 5  # until USB has fetched what was written: a packet each ms


class Link:
    """Serves one stream."""

    def __init__(self, reader, writer, handle, identity) -> None:
        """handle(kind, body) -> (kind, body) of the reply; identity() -> hello's fields after `lease_ms`."""
        self._reader = reader
        self._writer = writer
        self._handle = handle
        self._identity = identity
        self._in = select.poll()
        self._in.register(reader, select.POLLIN)
        self._out = select.poll()
        self._out.register(writer, select.POLLOUT)
        self.frames = frames.FrameReader()
        self._build = frames.FrameWriter()
        self._byte = bytearray(1)
        # On an RP2040 POLLOUT promises one byte; a longer write waits up to 500 ms for the host.
        self._piece = bytearray(1)
        self._pending = b""
        self._written = 0
        self._session = 0
        self._nonce = 0
        self._sequence = -1
        self._reply = b""
        self._heard_ms = ticks_ms()
        self._session_ms = ticks_ms()
        self._lapsed = True
        self.stale = 0
        self.unsent = 0
        self.taken = 0  # frames, since somebody has set it to zero

    def serve(self, wait_ms: int) -> None:
        """Wait at most wait_ms for a byte, take what is there to a frame's end, send what the other side has room for.

        Allocates nothing until a frame ends.
        """
        if self._flush():
            return  # a reply is sent whole before the next request is looked at
        if ticks_diff(ticks_ms(), self._session_ms) >= LEASE_MS:
            self._lapsed = True  # noted here, before the tick counter wraps
        if not _any(self._in, wait_ms):
            self.frames.expire(ticks_diff(ticks_ms(), self._heard_ms))
            return
        for _ in range(BYTES_PER_TURN):
            if not self._reader.readinto(self._byte):
                break
            self._heard_ms = ticks_ms()
            frame = self.frames.feed(self._byte[0])
            if frame is not None:
                self.taken += 1
                self._take(frame)
                break  # a reply takes an RP2040 10 ms: what keeps the weights has its turn first
            if not _any(self._in, 0):
                break

    def finish(self) -> None:
        """Before a reset: send the rest of a reply, as much of it as the other side takes in LAST_MS."""
        began_ms = ticks_ms()
        while self._pending and ticks_diff(ticks_ms(), began_ms) < LAST_MS:
            if _any(self._out, LAST_MS):
                self._flush()
        sleep_ms(USB_MS)

    def attended(self) -> bool:
        """Whether a host holds the session."""
        return bool(self._session) and ticks_diff(ticks_ms(), self._session_ms) < LEASE_MS and not self._lapsed

    def _take(self, frame) -> None:
        session, sequence, kind, body = frame
        if kind == messages.HELLO.kind:
            reply = self._hello(sequence, body)
            if reply:
                self._send(reply)
            return
        if session != self._session or session == 0:
            self._send(self._error(session, sequence, messages.E_SESSION))
            return
        self._heard_session()
        if sequence == self._sequence:
            self._send(self._reply)
            return
        if (sequence - self._sequence) & 0xFF > 127:
            self.stale += 1
            return
        reply_kind, reply_body = self._handle(kind, body)
        self._sequence = sequence
        self._reply = self._build.frame(session, sequence, reply_kind | frames.REPLY, reply_body)
        self._send(self._reply)
        if reply_kind == messages.BYE.kind:
            self._session = 0

    def _hello(self, sequence: int, body) -> bytes:
        try:
            values, _ = messages.HELLO.unpack_request(body)
        except ValueError:
            return self._error(0, sequence, messages.E_MALFORMED)
        protocol, nonce = int(values[0]), int(values[1])
        if protocol != messages.PROTOCOL:
            return self._error(0, sequence, messages.E_PROTOCOL, protocol, messages.PROTOCOL)
        if nonce != self._nonce or not self._session:
            if self._session and not self._lapsed:
                left_ms = max(LEASE_MS - ticks_diff(ticks_ms(), self._session_ms), 1)
                return self._error(0, sequence, messages.E_BUSY_HOST, left_ms)
            self._session = (nonce ^ nonce >> 16) & 0xFFFF or 1
            self._nonce = nonce
        elif sequence == self._sequence:
            return self._reply
        elif not self._lapsed and (sequence - self._sequence) & 0xFF > 127:  # a duplicate that was long on its way
            self.stale += 1
            return b""
        self._sequence = sequence
        self._heard_session()
        body = struct.pack(
            messages.HELLO.reply, self._session, frames.MAX_FRAME, LEASE_MS, *self._identity(), nonce
        )  # fmt: skip
        self._reply = self._build.frame(self._session, sequence, messages.HELLO.kind | frames.REPLY, body)
        return self._reply

    def _heard_session(self) -> None:
        self._session_ms = ticks_ms()
        self._lapsed = False

    def _error(self, session: int, sequence: int, code: int, value: int = 0, limit: int = 0) -> bytes:
        body = struct.pack(messages.ERROR.reply, code, value, limit)
        return self._build.frame(session, sequence, messages.ERROR.kind | frames.REPLY, body)

    def _send(self, frame: bytes) -> None:
        if self._pending:
            self.unsent += 1  # the host does not read: it will ask again
            return
        self._pending = frame
        self._written = 0
        self._flush()

    def _flush(self) -> bool:
        """Send what the other side has room for, a turn's share of it; whether there is more, and room.

        Allocates nothing: byte by byte a reply's garbage would be 10 KB.
        """
        pending, piece = self._pending, self._piece
        end = min(self._written + BYTES_PER_TURN, len(pending))
        while self._written < end and _any(self._out, 0):
            piece[0] = pending[self._written]
            self._writer.write(piece)
            self._written += 1
        if self._written >= len(pending):
            self._pending = b""
        return self._written == end < len(pending)


def _any(poller, wait_ms: int) -> bool:
    """Whether a stream is ready, waiting for it; `poll` would make a list each time."""
    ready = False
    for _ in poller.ipoll(wait_ms):
        ready = True
    return ready
