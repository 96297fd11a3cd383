"""Ports: where the bytes go. A real serial port, or a simulated board's (a PTY or a socket) with its virtual time."""

import time
from typing import Protocol

import serial

from enose_hwsim.board.simulated import SimulatedBoard

READ_STEP_S = 0.05
REOPEN_S = 10.0  # a device that restarts is back on USB within two seconds


class PortError(OSError):
    """A port that cannot be opened, or that has gone."""


class Port(Protocol):
    """A stream of bytes with a clock of its own: waiting is in the device's time."""

    name: str

    def write(self, data: bytes) -> None:
        """Send data. Raises PortError."""
        ...

    def read(self, wait_ms: float) -> bytes:
        """What has come in, waiting at most wait_ms for the first of it; empty after that. Raises PortError."""
        ...

    def wait(self, ms: float) -> None:
        """Let ms of the device's time pass."""
        ...

    def now_ms(self) -> float:
        """The device's time, from whenever."""
        ...

    def reopen(self) -> None:
        """Open it again where the device has restarted, and its USB with it. Raises PortError."""
        ...

    def close(self) -> None:
        """Give the port back."""
        ...


class SerialPort:
    """A serial port of this computer, or the port of a simulated board that runs paced in another process."""

    def __init__(self, name: str) -> None:
        """Open it. Raises PortError naming the port and the reason."""
        self.name = name
        self._serial = self._opened()

    def _opened(self) -> serial.Serial:
        try:
            return serial.serial_for_url(self.name, timeout=READ_STEP_S, write_timeout=2.0, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            raise PortError(f"{self.name}: cannot be opened ({_reason(error)})") from error

    def write(self, data: bytes) -> None:
        """See Port."""
        try:
            self._serial.write(data)
        except (serial.SerialException, OSError) as error:
            raise PortError(f"{self.name}: writing failed ({_reason(error)})") from error

    def read(self, wait_ms: float) -> bytes:
        """See Port."""
        until_s = time.monotonic() + wait_ms * 1e-3
        try:
            while True:
                self._serial.timeout = min(READ_STEP_S, max(until_s - time.monotonic(), 0.0))
                data = bytes(self._serial.read(max(self._serial.in_waiting, 1)))
                if data or time.monotonic() >= until_s:
                    return data
        except (serial.SerialException, OSError) as error:
            raise PortError(f"{self.name}: reading failed ({_reason(error)})") from error

    def wait(self, ms: float) -> None:
        """See Port."""
        time.sleep(ms * 1e-3)

    def now_ms(self) -> float:
        """See Port."""
        return time.monotonic() * 1e3

    def reopen(self) -> None:
        """See Port."""
        self._serial.close()
        until_s = time.monotonic() + REOPEN_S
        while True:
            try:
                self._serial = self._opened()
                return
            except PortError:
                if time.monotonic() >= until_s:
                    raise
                time.sleep(READ_STEP_S)

    def close(self) -> None:
        """See Port."""
        self._serial.close()


class LockstepPort:
    """The port of a simulated board in this process; reading and waiting grant it virtual time."""

    def __init__(self, board: SimulatedBoard, name: str) -> None:
        """Open the board's port through pyserial, as any."""
        self.name = name
        self.board = board
        self._serial = serial.serial_for_url(board.port, timeout=10.0)
        self._written, self._read = board.traffic  # with what other ports have had before

    def write(self, data: bytes) -> None:
        """See Port."""
        self._serial.write(data)
        self._written += len(data)

    def read(self, wait_ms: float) -> bytes:
        """See Port."""
        sent = self.board.run(wait_ms, until_output=True, received=self._written)
        data = bytes(self._serial.read(sent - self._read))
        self._read += len(data)
        return data

    def wait(self, ms: float) -> None:
        """See Port."""
        self.board.run(ms, received=self._written)

    def now_ms(self) -> float:
        """See Port."""
        return self.board.now_s * 1e3

    def reopen(self) -> None:
        """See Port: it stays."""

    def close(self) -> None:
        """See Port; the board is switched off with it."""
        self._serial.close()
        self.board.close()


def _reason(error: Exception) -> str:
    """The system's own words, without the port's name that pyserial repeats."""
    number = getattr(error, "errno", None)
    if number:
        import os

        return os.strerror(number)
    return str(error)
