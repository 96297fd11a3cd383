"""The line between the host and the firmware, and what may happen to the frames on it.

Whole until a fault is put on it. Of the frames of one direction a fault hits SHARE, by the seed, and never two in a
row: then four tries of one exchange always suffice.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

DELIMITER = b"\0"
SHARE = 1 / 3
UNLIMITED = 4096  # bytes that the firmware may have taken from it at once

Hit = Callable[["Strand", bytes], bytes]


@dataclass
class Strand:
    """One direction: bytes in, the bytes that arrive at its other end out."""

    rng: Random
    hit: Hit | None = None  # what a frame meets
    cut: bool = False  # nothing passes
    frames: int = 0  # that passed while there was a fault on it, and how many of them it hit
    hits: int = 0
    late: bytes = b""  # a frame that another one may overtake
    _partial: bytes = b""
    _spare: bool = False

    def through(self, data: bytes) -> bytes:
        """What of `data`, and of what came before it, arrives now; a frame under a fault arrives whole or changed."""
        if self.cut:
            self._partial = self.late = b""
            return b""
        if self.hit is None:
            rest, self._partial, self.late = self.late + self._partial, b"", b""
            return rest + data
        *whole, self._partial = (self._partial + data).split(DELIMITER)
        return b"".join(self._one(DELIMITER + body + DELIMITER, self.hit) for body in whole if body)

    def _one(self, frame: bytes, hit: Hit) -> bytes:
        self.frames += 1
        late = b""
        if self.late != frame:  # what overtakes it is another frame, not the same one sent again
            late, self.late = self.late, b""
        self._spare = not self._spare and self.rng.random() < SHARE
        if self._spare:
            self.hits += 1
            frame = hit(self, frame)
        return frame + late


@dataclass
class Chatter:
    """Something else that sends to the device: `piece(k)` is its k-th, one every `every_ms`."""

    piece: Callable[[int], bytes]
    every_ms: int
    sent: int = 0
    next_us: int = 0


@dataclass
class Wire:
    """Both directions, what else talks on the line, and how fast the host reads."""

    to_device: Strand
    to_host: Strand
    chatter: list[Chatter] = field(default_factory=list)
    host_bytes_per_s: float | None = None  # None: a host that reads whatever there is
    _read_us: int = 0
    _allowed: float = 0.0

    def more(self, now_us: int) -> bytes:
        """What others have sent until now."""
        heard = b""
        for other in self.chatter:
            if now_us >= other.next_us:
                heard += other.piece(other.sent)
                other.sent += 1
                other.next_us = now_us + other.every_ms * 1000
        return heard

    def room(self, now_us: int) -> int:
        """How many bytes the host takes now."""
        elapsed_us, self._read_us = max(now_us - self._read_us, 0), now_us
        if self.host_bytes_per_s is None:
            return UNLIMITED
        self._allowed = min(self._allowed + self.host_bytes_per_s * elapsed_us * 1e-6, self.host_bytes_per_s * 0.1)
        whole = int(self._allowed)
        self._allowed -= whole
        return whole


def whole_wire(seed: int) -> Wire:
    """A line without a fault; the seed says which frames one would hit."""
    return Wire(Strand(Random(f"to device {seed}")), Strand(Random(f"to host {seed}")))
