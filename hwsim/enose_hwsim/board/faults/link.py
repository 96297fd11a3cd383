"""Faults of the line: what happens to frames, who else talks, how fast the host reads."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TYPE_CHECKING

from enose_contract import frames, messages
from enose_hwsim.board.faults.fault import Begin, Fault, Undo
from enose_hwsim.board.wire import DELIMITER, Chatter, Hit, Strand

if TYPE_CHECKING:
    from enose_hwsim.board.simulated import SimulatedBoard

SECOND_NONCE = 0x5EC0
FLOOD_BYTES, FLOOD_MS = 1000, 20  # 50 kB/s, five times what a serial line of 115200 baud carries
SLOW_BYTES_PER_S = 1000.0
TOO_LONG = 2 * frames.MAX_FRAME


def flipped(strand: Strand, frame: bytes) -> bytes:
    """One bit between the delimiters is another."""
    body = frame.strip(DELIMITER)
    at = strand.rng.randrange(8 * len(body))
    return DELIMITER + body[: at // 8] + bytes((body[at // 8] ^ 1 << at % 8,)) + body[at // 8 + 1 :] + DELIMITER


def lost(strand: Strand, frame: bytes) -> bytes:
    """Nothing arrives."""
    return b""


def doubled(strand: Strand, frame: bytes) -> bytes:
    """It arrives twice."""
    return frame + frame


def overtaken(strand: Strand, frame: bytes) -> bytes:
    """It arrives when another one has passed."""
    strand.late = frame
    return b""


def cut_short(strand: Strand, frame: bytes) -> bytes:
    """Its end is missing, the delimiter too."""
    return frame[: strand.rng.randrange(2, len(frame) - 1)]


def too_long(strand: Strand, frame: bytes) -> bytes:
    """There is far more of it than a frame may have."""
    return frame[:-1] + b"\x07" * TOO_LONG + DELIMITER


def on_frames(hit: Hit) -> Begin:
    """Frames of both directions meet `hit`."""

    def begin(board: SimulatedBoard, t_s: float) -> Undo:
        both = (board.wire.to_device, board.wire.to_host)
        for strand in both:
            strand.hit = hit

        def undo() -> None:
            for strand in both:
                strand.hit = None

        return undo

    return begin


def talking(piece: Callable[[SimulatedBoard], Callable[[int], bytes]], every_ms: int) -> Begin:
    """Something else sends piece(board)(k), one every every_ms."""

    def begin(board: SimulatedBoard, t_s: float) -> Undo:
        other = Chatter(piece(board), every_ms)
        board.wire.chatter.append(other)
        return partial(board.wire.chatter.remove, other)

    return begin


def reading_at(bytes_per_s: float) -> Begin:
    """The host takes no more than so much; the pipe behind it is as short as the system makes one."""

    def begin(board: SimulatedBoard, t_s: float) -> Undo:
        board.shorten_output()
        board.wire.host_bytes_per_s = bytes_per_s
        return partial(setattr, board.wire, "host_bytes_per_s", None)

    return begin


def unplugged(board: SimulatedBoard, t_s: float) -> Undo:
    """Whatever is sent, nothing arrives, not even a part of a frame."""
    both = (board.wire.to_device, board.wire.to_host)
    for strand in both:
        strand.cut = True

    def undo() -> None:
        for strand in both:
            strand.cut = False

    return undo


def _noise(board: SimulatedBoard) -> Callable[[int], bytes]:
    rng = Random(f"flood {board.seed}")
    return lambda k: rng.randbytes(FLOOD_BYTES)


def _hello(protocol: int, nonce: int) -> Callable[[SimulatedBoard], Callable[[int], bytes]]:
    body = struct.pack(messages.HELLO.request, protocol, nonce)
    return lambda board: lambda k: frames.FrameWriter().frame(0, k & 0xFF, messages.HELLO.kind, body)


NOTHING = "nothing: a retransmission, counted by `device info`"
FAULTS = (
    Fault(1, "bit-flip", "link", "a bit of every third frame or so flips, both ways",
          "drops the frame and counts it", NOTHING, on_frames(flipped)),
    Fault(2, "frame-lost", "link", "every third frame or so is lost, both ways",
          "answers a request that it has answered already from its cache", NOTHING, on_frames(lost)),
    Fault(3, "frame-duplicated", "link", "every third frame or so arrives twice",
          "answers the copy from its cache: no second effect", "nothing", on_frames(doubled)),
    Fault(4, "frames-reordered", "link", "every third frame or so is overtaken by the next one",
          "discards the stale one", NOTHING, on_frames(overtaken)),
    Fault(5, "frame-cut-short", "link", "every third frame or so ends too early",
          "recovers at the next delimiter, at the latest after 250 ms", NOTHING, on_frames(cut_short)),
    Fault(6, "frame-too-long", "link", f"every third frame or so has {TOO_LONG} bytes too many",
          "skips it to its delimiter, in a buffer of one frame", NOTHING, on_frames(too_long)),
    Fault(7, "flood", "link", "50 kB/s of noise beside what the host sends",
          "drops it; every refresh is in time", "nothing; answers may come a retransmission later",
          talking(_noise, FLOOD_MS)),
    Fault(8, "host-does-not-read", "link", "the host takes nothing of what the device writes",
          "drops replies that there is no room for; measures and refreshes on",
          "nothing, once the host reads again", reading_at(0.0)),
    Fault(9, "host-reads-a-trickle", "link", "the host takes 1000 bytes a second",
          "the same", "slower answers", reading_at(SLOW_BYTES_PER_S)),
    Fault(10, "unplugged", "link", "nothing arrives any more, either way",
          "goes on; the image in force stays, an upload is gone on with where it was",
          "no answer, with the command and the number of tries", unplugged),
    Fault(11, "second-host", "link", "another host says hello once a second",
          "refuses it with the time for which the first one holds the session",
          "nothing at the first; at the second, who holds the session and for how long",
          talking(_hello(messages.PROTOCOL, SECOND_NONCE), 1000)),
    Fault(12, "ctrl-c", "link", "a 0x03 between the frames, once in 100 ms",
          "takes it for data, not for an interrupt", "nothing",
          talking(lambda board: lambda k: b"\x03", 100)),
    Fault(13, "unknown-protocol", "link", "a host of another protocol version says hello once a second",
          "answers with both versions, and serves nothing", "at that host, both versions",
          talking(_hello(messages.PROTOCOL + 9, SECOND_NONCE), 1000)),
)  # fmt: skip
