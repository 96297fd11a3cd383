"""`machine`: pins, ADC, I2C, SPI and watchdog, each access a request to the simulated board.

Durations are those of the bus at its clock, and a few microseconds for MicroPython's call on an RP2040.
"""

import os
import struct

import board_wire
import operations

_CALL_US = 2


class Pin:
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1
    PULL_DOWN = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, alt=-1):
        self.id = id
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            board_wire.spend(_CALL_US)
            return board_wire.call(operations.PIN_READ, bytes((self.id,)))[0]
        board_wire.spend(_CALL_US)
        board_wire.post(operations.PIN_WRITE, self.id, 1 if level else 0)
        return None

    __call__ = value

    def on(self):
        board_wire.spend(_CALL_US)
        board_wire.post(operations.PIN_WRITE, self.id, 1)

    def off(self):
        board_wire.spend(_CALL_US)
        board_wire.post(operations.PIN_WRITE, self.id, 0)


class ADC:
    def __init__(self, pin):
        self._channel = pin.id if isinstance(pin, Pin) else pin

    def read_u16(self):
        board_wire.spend(_CALL_US + 2)
        return struct.unpack("<H", board_wire.call(operations.ADC_READ, bytes((self._channel,))))[0]


class I2C:
    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        self._id = id
        self._freq = freq

    def _spend(self, count):
        board_wire.spend(_CALL_US + count * 9000000 // self._freq)

    def writeto(self, address, data, stop=True):
        self._spend(1 + len(data))
        board_wire.call(operations.I2C_WRITE, bytes((self._id, address)) + bytes(data))
        return len(data)

    def readfrom_into(self, address, buffer, stop=True):
        self._read(address, b"", buffer)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self.writeto(address, bytes((register,)) + bytes(data))

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        self._read(address, bytes((register,)), buffer)

    def _read(self, address, written, buffer):
        self._spend(2 + len(written) + len(buffer))
        request = struct.pack("<BBH", self._id, address, len(buffer)) + written
        buffer[:] = board_wire.call(operations.I2C_READ, request)


class SPI:
    MSB = 1

    def __init__(
        self, id, baudrate=1000000, *, polarity=0, phase=0, bits=8, firstbit=1, sck=None, mosi=None, miso=None
    ):
        self._id = id
        self._baudrate = baudrate

    def write(self, data):
        board_wire.spend(_CALL_US + len(data) * 8000000 // self._baudrate)
        board_wire.post(operations.SPI_WRITE, self._id, 0, data)

    def write_readinto(self, data, answer):
        board_wire.spend(_CALL_US + len(data) * 8000000 // self._baudrate)
        answer[:] = board_wire.call(operations.SPI_TRANSFER, bytes((self._id,)) + bytes(data))


def unique_id():
    """`SIM` says that it is a simulated board; chip 0 is the nominal one."""
    number = int(os.getenv("ENOSE_BOARD_UNIT") or 0)
    return b"SIMBOARD" if not number else b"SIM" + struct.pack(">I", number) + b"\0"


PWRON_RESET = 1
WDT_RESET = 3


def reset_cause():
    return WDT_RESET if board_wire.was_reset else PWRON_RESET


def reset():
    board_wire.reset()


class WDT:
    def __init__(self, id=0, timeout=5000):
        if not 1 <= timeout <= 8388:
            raise ValueError("timeout exceeds 8388")
        self._timeout_us = timeout * 1000
        self.feed()

    def feed(self):
        board_wire.bite_after(self._timeout_us)


mem32 = board_wire.scratch  # only the watchdog's scratch registers; a KeyError for any other
