"""The serial port of a simulated board: a real PTY, or a socket of this computer where there are none.

A socket's name is as pyserial has it, `socket://127.0.0.1:PORT`, so that it is opened like any port.
"""

import os
import socket
from contextlib import suppress
from typing import Protocol

READ_SIZE = 4096
THIS_COMPUTER = "127.0.0.1"


class Line(Protocol):
    """The board's end of it. Nothing here waits."""

    port: str  # what a host opens

    def fileno(self) -> int:
        """For `select`: readable when something has come in."""
        ...

    def read(self) -> bytes:
        """What has come in; empty where nothing has."""
        ...

    def write(self, data: bytes) -> int:
        """How much of it found room."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


class PtyLine:
    """A PTY in raw mode."""

    def __init__(self) -> None:
        """Raises ImportError on a system without."""
        import pty
        import tty

        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)

    def fileno(self) -> int:
        """See Line."""
        return self._master

    def read(self) -> bytes:
        """See Line."""
        try:
            return os.read(self._master, READ_SIZE)
        except BlockingIOError:
            return b""

    def write(self, data: bytes) -> int:
        """See Line."""
        try:
            return os.write(self._master, data)
        except BlockingIOError:
            return 0

    def close(self) -> None:
        """See Line."""
        os.close(self._master)
        os.close(self._slave)


class SocketLine:
    """One host at a time; another one may come when it has gone. What nobody is there for is kept back."""

    def __init__(self) -> None:
        self._listening = socket.create_server((THIS_COMPUTER, 0))
        self._listening.setblocking(False)
        self._host: socket.socket | None = None
        self.port = f"socket://{THIS_COMPUTER}:{self._listening.getsockname()[1]}"

    def fileno(self) -> int:
        """See Line."""
        return (self._host or self._listening).fileno()

    def read(self) -> bytes:
        """See Line."""
        if self._host is None:
            with suppress(BlockingIOError):
                self._host, _ = self._listening.accept()
                self._host.setblocking(False)
                self._host.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._host is None:
            return b""
        try:
            data = self._host.recv(READ_SIZE)
        except BlockingIOError:
            return b""
        except ConnectionError:
            data = b""
        if not data:
            self._let_go()
        return data

    def write(self, data: bytes) -> int:
        """See Line."""
        if self._host is None:
            return 0
        try:
            return self._host.send(data)
        except BlockingIOError:
            return 0
        except ConnectionError:
            self._let_go()
            return 0

    def close(self) -> None:
        """See Line."""
        self._let_go()
        self._listening.close()

    def _let_go(self) -> None:
        if self._host is not None:
            self._host.close()
            self._host = None


def open_line() -> Line:
    """A PTY where this system has them, else a socket."""
    try:
        return PtyLine()
    except ImportError:
        return SocketLine()
