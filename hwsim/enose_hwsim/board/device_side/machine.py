"""`machine`: pins, ADC, I2C, SPI and watchdog, each access a request to the simulated board.

Durations are those of the bus at its clock, and a few microseconds for MicroPython's call on an RP2040.
"""

import os
import struct

import board_wire
import operations

_CALL_US = board_wire.CALL_US


class Pin:
    IN = 0
    OUT = 1
    OPEN_DRAIN = 2
    PULL_UP = 1

    def __init__(self, id, mode=-1, pull=-1, *, value=None):
        self.id = id
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            board_wire.spend(_CALL_US)
            return board_wire.call(operations.PIN_READ, bytes((self.id,)))[0]
        board_wire.write_pin(self.id, 1 if level else 0)
        return None

    __call__ = value

    def on(self):
        board_wire.write_pin(self.id, 1)

    def off(self):
        board_wire.write_pin(self.id, 0)


class PWM:
    def __init__(self, pin, *, freq=0, duty_u16=0):
        if not 8 <= freq <= 62500000:
            raise ValueError("freq too small" if freq < 8 else "freq too large")
        self._pin = pin.id
        self.duty_u16(duty_u16)

    def duty_u16(self, value):
        board_wire.spend(_CALL_US)
        board_wire.post(operations.PWM_WRITE, self._pin, 0, struct.pack("<H", value))


class ADC:
    def __init__(self, pin):
        self._pin = pin.id if isinstance(pin, Pin) else pin

    def read_u16(self):
        board_wire.spend(_CALL_US + 2)
        return struct.unpack("<H", board_wire.call(operations.ADC_READ, bytes((self._pin,))))[0]


class I2C:
    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        self.id = id
        self._freq = freq

    def _spend(self, count):
        board_wire.spend(_CALL_US + count * 9000000 // self._freq)

    def writeto(self, address, data, stop=True):
        self._spend(1 + len(data))
        board_wire.call(operations.I2C_WRITE, bytes((self.id, address)) + bytes(data))
        return len(data)

    def readfrom_into(self, address, buffer, stop=True):
        self._read(address, b"", buffer)

    def writeto_mem(self, address, register, data, *, addrsize=8):
        self.writeto(address, bytes((register,)) + bytes(data))

    def readfrom_mem_into(self, address, register, buffer, *, addrsize=8):
        self._read(address, bytes((register,)), buffer)

    def _read(self, address, written, buffer):
        self._spend(2 + len(written) + len(buffer))
        request = struct.pack("<BBH", self.id, address, len(buffer)) + written
        buffer[:] = board_wire.call(operations.I2C_READ, request)


class SPI:
    def __init__(self, id, baudrate=1000000, *, polarity=0, phase=0, bits=8, sck=None, mosi=None, miso=None):
        self.id = id
        self._freq = baudrate

    def write(self, data):
        board_wire.spend(_CALL_US + len(data) * 8000000 // self._freq)
        board_wire.post(operations.SPI_WRITE, self.id, 0, data)

    def write_readinto(self, data, answer):
        board_wire.spend(_CALL_US + len(data) * 8000000 // self._freq)
        answer[:] = board_wire.call(operations.SPI_TRANSFER, bytes((self.id,)) + bytes(data))


def unique_id():
    """`SIM` says that it is a simulated board; chip 0 is the nominal one."""
    number = int(os.getenv("ENOSE_BOARD_UNIT") or 0)
    return b"SIMBOARD" if not number else b"SIM" + struct.pack(">I", number) + b"\0"


def lightsleep(wait_ms):
    """The clocks stop; on the simulated board it only takes its time."""
    board_wire.idle(wait_ms * 1000)


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


def __getattr__(name):  # only a firmware that asks for timers has the memory for them taken
    if name == "Timer":
        from board_timer import Timer

        return Timer
    raise AttributeError(name)


mem32 = board_wire.scratch  # only the watchdog's scratch registers; a KeyError for any other
