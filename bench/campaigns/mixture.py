"""Frames that a hostile or broken host might send: noise, damaged frames, good frames with any body, whole stories.

COBS and CRC are the oracle's here (the `cobs` package, zlib), not the contract's own.
"""

import hashlib
import struct
import zlib
from collections import Counter
from collections.abc import Callable
from random import Random

from cobs import cobs

from enose_contract import frames, lesson, messages, probing, seal, updates, watching
from enose_contract.image import MAX_IMAGE, MAX_WEIGHT, Image, ImageError
from enose_contract.message import Message

NONCE = 0x00C0FFEE  # of the session that good frames are part of
SESSION = (NONCE ^ NONCE >> 16) & 0xFFFF
CHUNK = 400  # bytes of an image in a frame
LONG = 700
SENSOR_SET, CALIBRATION, UNTOLD = b"sensors1", b"none0000", bytes(8)
WEIGHT_RANGE_UV = 700_000, 1_100_000  # what mlp441 takes
ON_DEMAND = (
    *lesson.MESSAGES.values(), probing.LOAD, probing.PROBE, probing.HOLD, watching.WATCH, updates.FIRMWARE,
    updates.UPDATE,
)  # fmt: skip
MESSAGES = messages.MESSAGES | {message.kind: message for message in ON_DEMAND}
KINDS = tuple(MESSAGES)


def framed(session: int, sequence: int, kind: int, body: bytes) -> bytes:
    """A good frame, by the oracle."""
    plain = struct.pack(frames.HEADER, session, sequence, kind) + body
    return b"\0" + bytes(cobs.encode(plain + struct.pack("<I", zlib.crc32(plain)))) + b"\0"


def good_in(stream: bytes) -> int:
    """How many frames of a stream are good, by the oracle."""
    return sum(map(is_good, stream.split(b"\0")))


def is_good(piece: bytes) -> bool:
    """Whether what lies between two delimiters is a frame."""
    if not frames.HEADER_SIZE + frames.CRC_SIZE < len(piece) <= frames.MAX_FRAME:
        return False
    try:
        plain = cobs.decode(piece)
    except cobs.DecodeError:
        return False
    end = len(plain) - frames.CRC_SIZE
    return end >= frames.HEADER_SIZE and zlib.crc32(plain[:end]) == struct.unpack("<I", plain[end:])[0]


class Mixture:
    """An endless stream of frames; `sent` counts them by what they are, `generation` is the last that was told."""

    def __init__(self, rng: Random) -> None:
        """The same rng state gives the same stream."""
        self._rng = rng
        self._sequence = 0
        self._measured = 0
        self.generation = 0
        self.another_device(keyed=False)
        self.sent: Counter[str] = Counter()
        self._makers: tuple[tuple[Callable[[], bytes], int], ...] = (
            (self._noise, 28),
            (self._short, 2),
            (self._mutated, 32),
            (self._truncated, 15),
            (self._oversize, 1),
            (self._any_session, 12),
            (self._any_body, 7),
            (self._right_length, 6),
            (self._greeting, 1),
            (self.story, 1),
        )

    def another_device(self, *, keyed: bool) -> None:
        """From now on the frames are for a blank one; keyed: the stories set a key, and seal their images with it."""
        self.generation = 0
        self._key = self._rng.randbytes(seal.KEY_SIZE) if keyed else b""
        self._key_told = False
        self._counter = 0

    def stream(self, count: int) -> bytes:
        """At least so many frames, the last of them ended."""
        makers, weights = zip(*self._makers, strict=True)
        before = self.sent.total()
        pieces = []
        while (left := count + before - self.sent.total()) > 0:
            for make in self._rng.choices(makers, weights, k=min(left, 64)):
                pieces.append(make())
                if make != self.story:  # which counts its own
                    self.sent[make.__name__.strip("_")] += 1
        return b"".join(pieces) + b"\0"

    def hello(self) -> bytes:
        """The frame that begins the session."""
        return framed(0, self._next(), messages.HELLO.kind, struct.pack("<HI", messages.PROTOCOL, NONCE))

    def _next(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFF
        return self._sequence

    def _some_bytes(self, most: int) -> bytes:
        return self._rng.randbytes(self._rng.randrange(most))

    def _some_frame(self) -> bytes:
        rng = self._rng
        return framed(SESSION, rng.randrange(256), rng.choice(KINDS), self._some_bytes(24))

    def _noise(self) -> bytes:
        return b"\0" + self._some_bytes(LONG if self._rng.random() < 0.005 else 30)

    def _short(self) -> bytes:
        """Good COBS around less than a frame has."""
        return b"\0" + bytes(cobs.encode(self._some_bytes(frames.HEADER_SIZE + frames.CRC_SIZE)))

    def _mutated(self) -> bytes:
        rng = self._rng
        frame = bytearray(self._some_frame())
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(1, len(frame))
            change = rng.randrange(4)
            if change == 0:
                frame[at] ^= 1 << rng.randrange(8)
            elif change == 1:
                frame[at] = rng.randrange(256)
            elif change == 2:
                frame.insert(at, rng.randrange(256))
            else:
                del frame[at : at + rng.randrange(1, 3)]
                if len(frame) < 2:
                    break
        return bytes(frame)

    def _truncated(self) -> bytes:
        frame = self._some_frame()
        return frame[: self._rng.randrange(1, len(frame) - 1)]

    def _oversize(self) -> bytes:
        length = frames.MAX_FRAME + self._rng.randrange(1, 3 * frames.MAX_FRAME)
        return b"\0" + self._rng.randbytes(length).replace(b"\0", b"\1")

    def _in_session(self, kind: int, body: bytes) -> bytes:
        """A good frame of the session; one that may end it is followed by a greeting."""
        if kind == messages.KEY.kind and len(body) == seal.KEY_SIZE and not self._key_told:
            body = body[1:]  # whole, it would set a key that no story knows: the device took no image any more
        frame = framed(SESSION, self._next(), kind, body)
        return frame + self.hello() if kind in (messages.BYE.kind, messages.HELLO.kind) else frame

    def _any_session(self) -> bytes:
        rng = self._rng
        return framed(rng.randrange(1 << 16), rng.randrange(256), rng.randrange(256), self._some_bytes(24))

    def _any_body(self) -> bytes:
        rng = self._rng
        kind = rng.choice(KINDS) if rng.random() < 0.9 else rng.randrange(256)
        return self._in_session(kind, self._some_bytes(frames.MAX_BODY if rng.random() < 0.02 else 45))

    def _right_length(self) -> bytes:
        """A command with fields of the right size, small numbers among them."""
        rng = self._rng
        message = MESSAGES[rng.choice(KINDS)]
        size = struct.calcsize(message.request)
        body = rng.randbytes(size) if rng.random() < 0.5 else bytes(rng.choice((0, 1, 2, 255)) for _ in range(size))
        return self._in_session(message.kind, body + (self._some_bytes(40) if message.tail else b""))

    def _greeting(self) -> bytes:
        return self.hello()

    def _asked(self, message: Message, *values: int | bytes, tail: bytes = b"") -> bytes:
        return framed(SESSION, self._next(), message.kind, struct.pack(message.request, *values) + tail)

    def story(self) -> bytes:
        """A host that uploads an image with any fields and its true hash, and measures with it."""
        rng = self._rng
        raw = self._some_sealing(self._some_image())
        digest = hashlib.sha256(raw).digest()
        upload = rng.getrandbits(32)
        said = [self._asked(messages.CLEAR), self._asked(messages.FIT, *self._some_fit())]
        if self._key:
            said.append(self._asked(messages.KEY, self._key))
            self._key_told = True
        said.append(self._asked(messages.UPLOAD_BEGIN, upload, len(raw), digest))
        for at in range(0, len(raw), CHUNK):
            said.append(self._asked(messages.UPLOAD_DATA, upload, at, tail=raw[at : at + CHUNK]))
        said.append(self._asked(messages.UPLOAD_COMMIT, upload))
        generation = self.generation + rng.randrange(3)
        said += [self._asked(messages.ACTIVATE, generation), self._asked(messages.SAFE)][: rng.randrange(3)]
        said += [self._asked(messages.CLEAR), self._asked(messages.INFO), self._asked(messages.SELFTEST)]
        self._measured += 1
        said.append(self._asked(messages.MEASURE, self._measured))
        self.sent["story"] += len(said)
        return b"".join(said)

    def _some_fit(self) -> tuple[bytes, bytes, int, int]:
        """Mostly what lets the stories' images in."""
        rng = self._rng
        sets = (UNTOLD, SENSOR_SET, SENSOR_SET, rng.randbytes(8))
        calibrations = (UNTOLD, CALIBRATION, CALIBRATION, rng.randbytes(8))
        heated_s = messages.UNTOLD if rng.random() < 0.9 else rng.randrange(100_000)
        if rng.random() < 0.5:
            return UNTOLD, UNTOLD, heated_s, messages.UNTOLD
        leak_uv_per_s = rng.choice((messages.UNTOLD, rng.randrange(200_000)))  # a tenth to ten times 10 mV/s, and more
        return rng.choice(sets), rng.choice(calibrations), heated_s, leak_uv_per_s

    def _some_sealing(self, raw: bytes) -> bytes:
        """For a device with a key mostly sealed as it should be, for one without mostly not at all."""
        rng = self._rng
        if rng.random() < 0.9:
            self._counter += 1
            return seal.sealed(raw, self._key, self._counter) if self._key else raw
        if rng.random() < 0.3:
            return raw
        key = self._key if self._key and rng.random() < 0.7 else rng.randbytes(seal.KEY_SIZE)
        whole = bytearray(seal.sealed(raw, key, rng.randrange(self._counter + 1)))  # not above the last number
        if rng.random() < 0.3:
            whole[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        return bytes(whole)

    def _some_image(self) -> bytes:
        """An image: good, with one field out of bounds, or with a true hash over anything at all."""
        rng = self._rng
        if rng.random() < 0.2:
            body = rng.randbytes(rng.randrange(MAX_IMAGE - 32))
            return body + hashlib.sha256(body).digest()
        low_uv, high_uv = WEIGHT_RANGE_UV if rng.random() < 0.6 else (0, MAX_WEIGHT)
        inputs = 4 if rng.random() < 0.9 else rng.randrange(1, 17)
        image = Image(
            "mlp441", "pico-mlp", SENSOR_SET, rng.randbytes(8), CALIBRATION, rng.choice((1, 2)),
            [rng.randrange(20) if rng.random() < 0.1 else k for k in range(inputs)],
            [rng.randrange(20_000) for _ in range(inputs)], [rng.randrange(20_000, 60_000) for _ in range(inputs)],
            ["a"] * (3 if rng.random() < 0.9 else rng.randrange(1, 9)),
            [rng.randint(low_uv, high_uv) for _ in range(25)],
            rng.randrange(300), rng.randrange(1, 300), rng.randrange(300), rng.randrange(1, 100), rng.randrange(1, 5),
        )  # fmt: skip
        try:
            raw = bytearray(image.pack())
        except ImageError:
            return self._some_image()
        if rng.random() < 0.3:
            raw[rng.randrange(len(raw) - 32)] ^= 1 << rng.randrange(8)
            raw[-32:] = hashlib.sha256(raw[:-32]).digest()
        return bytes(raw)
