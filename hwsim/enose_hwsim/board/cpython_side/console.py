"""Standard input and output of the firmware, and the `uselect` that waits for them, through the board's requests."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

from enose_hwsim.board.cpython_side import operations as op

POLLIN, POLLOUT, POLLERR, POLLHUP = 1, 4, 8, 16  # as MicroPython has them
READ_AT_ONCE = 64

Call = Callable[[int, bytes], Any]
Post = Callable[..., None]


class Input:
    """Bytes from the host; `buffer` of standard input."""

    def __init__(self, call: Call) -> None:
        """call: `board_wire.call`."""
        self._call = call
        self._held = bytearray()

    def readable(self) -> bool:
        """Whether there is a byte."""
        if not self._held:
            self._held += self._call(op.CONSOLE_READ, struct.pack("<H", READ_AT_ONCE))
        return bool(self._held)

    def readinto(self, buffer: bytearray) -> int:
        """What there is, as much as the buffer takes."""
        n = min(len(buffer), len(self._held)) if self.readable() else 0
        buffer[:n] = self._held[:n]
        del self._held[:n]
        return n


class Output:
    """Bytes for the host; `buffer` of standard output."""

    def __init__(self, call: Call, post: Post) -> None:
        """The two of `board_wire`."""
        self._call, self._post = call, post
        self._room = 0

    def writable(self) -> bool:
        """Whether there is room for a byte."""
        if not self._room:
            self._room = struct.unpack("<H", self._call(op.CONSOLE_ROOM, b""))[0]
        return self._room > 0

    def write(self, data: bytes) -> int:
        """Write it, whatever room there is."""
        self._post(op.CONSOLE_WRITE, 0, 0, bytes(data))
        self._room = max(self._room - len(data), 0)
        return len(data)


class Poll:
    """MicroPython's `select.poll` for these two. It never waits; virtual time does, in `device_side.select`."""

    def __init__(self) -> None:
        self._streams: list[tuple[Input | Output, int]] = []

    def register(self, stream: Input | Output, flags: int) -> None:
        """Ask about it from now on."""
        self._streams.append((stream, flags))

    def unregister(self, stream: Input | Output) -> None:
        """Ask no more."""
        self._streams = [(one, flags) for one, flags in self._streams if one is not stream]

    def poll(self, wait_ms: int = 0) -> list[tuple[Input | Output, int]]:
        """The streams that are ready; wait_ms is always 0."""
        return list(self._ready())

    def _ready(self) -> Iterator[tuple[Input | Output, int]]:
        for stream, flags in self._streams:
            if isinstance(stream, Input):
                ready = POLLIN if flags & POLLIN and stream.readable() else 0
            else:
                ready = POLLOUT if flags & POLLOUT and stream.writable() else 0
            if ready:
                yield stream, ready
