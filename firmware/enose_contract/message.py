"""One command of the wire: its number, and the fields of its request and of its reply."""

import struct
import sys

ON_A_HOST = sys.implementation.name == "cpython"  # a device has no memory for names that it never asks for


class Message:
    """One command: kind, name, and the fields of request and reply, each a format letter beside its name."""

    def __init__(self, kind: int, name: str, request: str, reply: str, tail: bool = False) -> None:
        """Fields as "H session, 16s board": a `struct` format and a name each."""
        self.kind = kind
        if ON_A_HOST:
            self.name = name
            self._texts = (request, reply)
        self.request = _format(request)
        self.reply = _format(reply)
        self.tail = tail

    @property
    def request_fields(self) -> list[str]:
        """The names of the request's fields, on a host."""
        return _names(self._texts[0])

    @property
    def reply_fields(self) -> list[str]:
        """The names of the reply's fields, on a host."""
        return _names(self._texts[1])

    def unpack_request(self, body: bytes | bytearray | memoryview) -> tuple[tuple[int | bytes, ...], memoryview]:
        """(values, tail). Raises ValueError where the length does not fit."""
        size = struct.calcsize(self.request)
        if len(body) < size or (len(body) > size and not self.tail):
            raise ValueError("request %d: %d bytes, expected %d" % (self.kind, len(body), size))
        return struct.unpack(self.request, body[:size]), memoryview(body)[size:]

    def unpack_reply(self, body: bytes | bytearray | memoryview) -> dict[str, int | bytes]:
        """The reply's fields by name. Raises ValueError where the length does not fit."""
        size = struct.calcsize(self.reply)
        if len(body) != size:
            raise ValueError("reply to %s: %d bytes, expected %d" % (self.name, len(body), size))
        return dict(zip(self.reply_fields, struct.unpack(self.reply, body)))


def numbered(letter: str, name: str, count: int) -> str:
    """The same field `count` times, numbered from 1 in place of the % in its name."""
    return ",".join([letter + " " + name % (k + 1) for k in range(count)])


def _format(text: str) -> str:
    """The `struct` format of all fields."""
    return "<" + "".join([field.split()[0] for field in text.split(",") if field])


def _names(text: str) -> list[str]:
    return [field.split()[1] for field in text.split(",") if field]
