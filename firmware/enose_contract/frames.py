"""Wire frames: 0x00, COBS(header + body + CRC-32), 0x00; at most 512 bytes.

Header, little-endian: session (u16), sequence (u8), kind (u8). A reply carries its request's session and sequence, and
the request's kind with REPLY set. The CRC-32 (the one of zlib) covers header and body.
"""

import struct
from binascii import crc32

from enose_contract import cobs

MAX_FRAME = 512  # on the wire, both delimiters included
HEADER = "<HBB"
HEADER_SIZE = 4
CRC_SIZE = 4
MAX_BODY = MAX_FRAME - 2 - 3 - HEADER_SIZE - CRC_SIZE  # COBS adds at most 3 bytes to that many
REPLY = 0x80
RECOVER_MS = 250  # a frame that has not ended this long after its last byte is given up


class FrameWriter:
    """Builds one frame at a time in buffers of its own."""

    def __init__(self) -> None:
        """Allocate the two buffers that every later frame uses."""
        self._plain = bytearray(HEADER_SIZE + MAX_BODY + CRC_SIZE)
        self._wire = bytearray(MAX_FRAME)

    def frame(self, session: int, sequence: int, kind: int, body: bytes | bytearray | memoryview = b"") -> bytes:
        """The bytes of one frame for the wire. Raises ValueError for a body over MAX_BODY."""
        n = len(body)
        if n > MAX_BODY:
            raise ValueError("body of %d bytes, at most %d" % (n, MAX_BODY))
        plain = self._plain
        struct.pack_into(HEADER, plain, 0, session, sequence, kind)
        end = HEADER_SIZE + n
        plain[HEADER_SIZE:end] = body
        struct.pack_into("<I", plain, end, crc32(memoryview(plain)[:end]) & 0xFFFFFFFF)
        wire = memoryview(self._wire)
        length = cobs.encode_into(plain, end + CRC_SIZE, wire[1:])
        wire[0] = 0
        wire[1 + length] = 0
        return bytes(wire[: length + 2])


class FrameReader:
    """Finds frames in a stream of bytes; bounded memory, never raises on what it is fed, counts what it drops."""

    def __init__(self) -> None:
        """Allocate the buffer; the counters start at zero."""
        self._wire = bytearray(MAX_FRAME)
        self._length = 0
        self._skipping = False
        self.good = 0
        self.bad_crc = 0
        self.bad_cobs = 0
        self.too_long = 0
        self.cut_short = 0

    def dropped(self) -> int:
        """How many frames were dropped, for whatever reason."""
        return self.bad_crc + self.bad_cobs + self.too_long + self.cut_short

    def expire(self, idle_ms: int) -> None:
        """Give up an unfinished frame when idle_ms, the time since its last byte, has reached RECOVER_MS."""
        if idle_ms >= RECOVER_MS and (self._length or self._skipping):
            self.cut_short += 1
            self._length = 0
            self._skipping = False

    def feed(self, byte: int) -> tuple[int, int, int, memoryview] | None:
        """Take one byte; (session, sequence, kind, body) when it ends a good frame, the body until the next feed."""
        if byte:
            if self._length >= MAX_FRAME:
                if not self._skipping:
                    self.too_long += 1
                    self._skipping = True
            else:
                self._wire[self._length] = byte
                self._length += 1
            return None
        length = self._length
        skipped = self._skipping
        self._length = 0
        self._skipping = False
        if skipped or length == 0:
            return None
        n = cobs.decode_into(self._wire, length, self._wire)
        if n < HEADER_SIZE + CRC_SIZE:
            self.bad_cobs += 1
            return None
        end = n - CRC_SIZE
        view = memoryview(self._wire)
        if crc32(view[:end]) & 0xFFFFFFFF != struct.unpack_from("<I", self._wire, end)[0]:
            self.bad_crc += 1
            return None
        self.good += 1
        session, sequence, kind = struct.unpack_from(HEADER, self._wire, 0)
        return session, sequence, kind, view[HEADER_SIZE:end]
