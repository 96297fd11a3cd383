"""The board's end of its serial port: a PTY, and the socket in its place; pyserial is the other end of both."""

import socket
import sys
import time
from collections.abc import Callable, Generator

import pytest
import serial

from enose_hwsim.board.serial_line import Line, PtyLine, SocketLine, open_line

LIMIT_S = 5.0


@pytest.fixture(params=[PtyLine, SocketLine])
def line(request: pytest.FixtureRequest) -> Generator[Line, None, None]:
    made = request.param()
    yield made
    made.close()


def soon(ask: Callable[[], bytes], wanted: bytes) -> bytes:
    found, until_s = b"", time.monotonic() + LIMIT_S
    while found != wanted and time.monotonic() < until_s:
        found += ask()
    return found


def test_bytes_go_both_ways_whatever_they_are(line: Line) -> None:
    every = bytes(range(256))
    with serial.serial_for_url(line.port, timeout=LIMIT_S) as host:
        assert line.read() == b""
        host.write(every)
        assert soon(line.read, every) == every
        assert line.write(every) == 256
        assert host.read(256) == every


def test_nothing_waits_for_a_host_that_does_not_read(line: Line) -> None:
    with serial.serial_for_url(line.port, timeout=LIMIT_S) as host:
        host.write(b"x")
        assert soon(line.read, b"x") == b"x"
        room = 0
        while n := line.write(bytes(65536)):
            room += n
            assert room < 1 << 26  # no system holds 64 MiB back
        assert len(host.read(1000)) == 1000


def test_one_host_after_the_other(line: Line) -> None:
    for word in (b"first", b"second"):
        with serial.serial_for_url(line.port, timeout=LIMIT_S) as host:
            host.write(word)
            assert soon(line.read, word) == word
        if isinstance(line, SocketLine):
            until_s = time.monotonic() + LIMIT_S
            while line._host is not None and time.monotonic() < until_s:
                assert line.read() == b""
            assert line._host is None  # it has seen that the host has gone


def test_a_socket_that_nobody_has_opened_keeps_the_output_back() -> None:
    line = SocketLine()
    assert (line.read(), line.write(b"nobody")) == (b"", 0)
    line.close()


@pytest.mark.parametrize("use", ["read", "write"])
def test_a_host_that_breaks_off_is_let_go(use: str) -> None:
    line = SocketLine()
    host = socket.create_connection(("127.0.0.1", int(line.port.rpartition(":")[2])))
    host.send(b"x")
    assert soon(line.read, b"x") == b"x"
    host.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # a reset, and no farewell
    host.close()
    until_s = time.monotonic() + LIMIT_S
    while line._host is not None and time.monotonic() < until_s:
        assert not (line.read() if use == "read" else line.write(b""))
        if use == "write":
            line.write(b"y")
    assert line._host is None
    line.close()


def test_without_ptys_it_is_a_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    line = open_line()
    assert isinstance(line, PtyLine)
    line.close()
    monkeypatch.setitem(sys.modules, "pty", None)  # as where there is no such module
    line = open_line()
    assert isinstance(line, SocketLine)
    line.close()
