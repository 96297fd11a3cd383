"""The board's side of the firmware's requests: each is decoded, done to the parts at its virtual time, and answered."""

import errno
import os
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from enose_hwsim.board.cpython_side import operations as beside
from enose_hwsim.board.device_side import operations as op
from enose_hwsim.board.wiring import Wiring

if TYPE_CHECKING:
    from enose_hwsim.board.cpython import Console

READ_SIZE = 1 << 16
HEADER = struct.Struct(op.HEADER)
PIN_WRITE = struct.Struct(op.HEADER + "BB")


class FirmwareEnded(RuntimeError):
    """The firmware's process has ended or does not answer."""


class FirmwareReset(Exception):  # an end that is no error: another process follows
    """The firmware has reset itself, or its watchdog has; `scratch` is what the watchdog's register keeps."""

    def __init__(self, now_us: int, scratch: bytes) -> None:
        """When, in virtual time."""
        super().__init__(f"reset at {now_us} us")
        self.now_us = now_us
        self.scratch = scratch


class PowerLost(Exception):  # an end that is no error either: everything on the board starts anew
    """The board's power has gone at `now_us`, in virtual time."""

    def __init__(self, now_us: int) -> None:
        """When."""
        super().__init__(f"no power at {now_us} us")
        self.now_us = now_us


class Stalled(Exception):  # not an error of the board: its answer to this one request
    """A transfer that is answered with a status of its own; see statuses."""

    def __init__(self, status: int, data: bytes = b"") -> None:
        """One of the statuses above 0, and the answer that goes with it."""
        super().__init__(status)
        self.status = status
        self.data = data


class Requests:
    """Serves one firmware process; `idle(now_us, until_us) -> now_us` decides how long the firmware sleeps."""

    def __init__(
        self,
        requests_fd: int,
        answers_fd: int,
        wiring: Wiring,
        idle: Callable[[int, int], int],
        before: Callable[[int], None] = lambda now_us: None,
        console: "Console | None" = None,
    ) -> None:
        """The two pipes of the process, and the parts; before(now_us) is called ahead of each request.

        console: of a process whose standard input and output go through its requests.
        """
        self._console = console
        self._requests_fd = requests_fd
        self._answers_fd = answers_fd
        self._wiring = wiring
        self._idle = idle
        self._before = before
        self._buffer = b""
        self._at = 0
        self.served = 0
        self.button_held = False

    def serve(self) -> None:
        """Do all pin writes that have come, four of five requests, and the next request; wait for it if need be.

        Raises as serve_one.
        """
        self._write_pins()
        self.serve_one()

    def _write_pins(self) -> None:
        """Those in a row that are here in whole, up to anything else: nothing is done for them that need not be."""
        buffer, at, last = self._buffer, self._at, len(self._buffer) - PIN_WRITE.size
        before, wiring, unpack_from = self._before, self._wiring, PIN_WRITE.unpack_from
        while at <= last:
            length, operation, now_us, pin, level = unpack_from(buffer, at)
            if operation != op.PIN_WRITE or length != 2:
                return
            at += PIN_WRITE.size
            self._at = at
            self.served += 1
            before(now_us)
            wiring.pin_write(pin, level, now_us * 1e-6)

    def serve_one(self) -> None:
        """Wait for one request and do it.

        Raises FirmwareEnded at the end of the stream, FirmwareReset at a reset, PowerLost where the power goes.
        """
        left = len(self._buffer) - self._at
        if left < op.HEADER_SIZE:
            left = self._await(op.HEADER_SIZE)
        length, operation, now_us = HEADER.unpack_from(self._buffer, self._at)
        if left < op.HEADER_SIZE + length:
            self._await(op.HEADER_SIZE + length)
        buffer, at = self._buffer, self._at + op.HEADER_SIZE
        self._at = at + length
        self.served += 1
        self._before(now_us)
        wiring = self._wiring
        t_s = now_us * 1e-6
        if operation == op.PIN_WRITE:  # four of five requests: nothing is done for them that need not be
            if length > 2:
                t_s += int.from_bytes(buffer[at + 2 : at + 4], "little") * 1e-9
            wiring.pin_write(buffer[at], buffer[at + 1], t_s)
            return
        payload = buffer[at : at + length]
        if operation == op.PWM_WRITE:
            wiring.set_duty(payload[0], struct.unpack_from("<H", payload, 1)[0] / 65535)
        elif operation == op.SPI_WRITE:
            wiring.spi(payload[1:], t_s)
        elif operation == beside.CONSOLE_WRITE and self._console is not None:
            self._console.said += payload[1:]
        elif operation == op.RESET:
            raise FirmwareReset(now_us, payload)
        else:
            try:
                self._answer(0, self._waiting(operation, payload, now_us, t_s))
            except OSError as error:
                self._answer(-(error.errno or errno.EIO), b"")
            except Stalled as stalled:
                self._answer(stalled.status, stalled.data)

    def _waiting(self, operation: int, payload: bytes, now_us: int, t_s: float) -> bytes:
        wiring = self._wiring
        if self._console is not None and operation == beside.CONSOLE_READ:
            return self._console.read(payload)
        if self._console is not None and operation == beside.CONSOLE_ROOM:
            return self._console.room()
        if operation == op.IDLE:
            return struct.pack("<Q", self._idle(now_us, struct.unpack("<Q", payload)[0]))
        if operation == op.BUTTON:
            return bytes((self.button_held,))
        if operation == op.TEMPERATURE:
            return struct.pack("<h", round(wiring.ambient_c))
        if operation == op.PIN_READ:
            return bytes((wiring.pin_read(payload[0]),))
        if operation == op.SPI_TRANSFER:
            return wiring.spi(payload[1:], t_s)
        if operation == op.ADC_READ:
            return struct.pack("<H", wiring.mcu_adc(payload[0]))
        if operation == op.I2C_WRITE:
            wiring.i2c_write(payload[1], payload[2:], t_s)
            return b""
        if operation == op.I2C_READ:
            _, address, count = struct.unpack_from("<BBH", payload)
            return wiring.i2c_read(address, count, payload[4:], t_s)
        if operation == op.FLASH_READ:
            return wiring.flash.read(*struct.unpack("<II", payload))
        if operation == op.FLASH_WRITE:
            wiring.flash.write(struct.unpack_from("<I", payload)[0], payload[4:])
            return b""
        if operation == op.FLASH_ERASE:
            wiring.flash.erase(struct.unpack("<I", payload)[0])
            return struct.pack("<I", wiring.flash.erase_us)
        raise OSError(errno.ENOSYS, f"operation {operation}")

    def _answer(self, status: int, data: bytes) -> None:
        try:
            os.write(self._answers_fd, struct.pack(op.ANSWER, len(data), status) + data)
        except BrokenPipeError as error:
            raise FirmwareEnded("the firmware's process has ended") from error

    def _await(self, count: int) -> int:
        """Have so many bytes or more in the buffer, from its start; how many there are."""
        self._buffer, self._at = self._buffer[self._at :], 0
        while len(self._buffer) < count:
            piece = os.read(self._requests_fd, READ_SIZE)
            if not piece:
                raise FirmwareEnded("the firmware's process has ended")
            self._buffer += piece
        return len(self._buffer)
