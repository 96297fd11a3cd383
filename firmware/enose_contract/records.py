"""Records of the field log: 32 bytes each, numbered, dated, with a CRC-32 of their own.

Little-endian: sequence (u32, from 1), uptime in s (u32), number of the start (u16), event (u8), three small numbers
(u8), one of 16 bits, three of 32 bits, CRC-32. What the numbers mean is the event's; see EVENTS.
"""

import struct
from binascii import crc32

FORM = "<IIHBBBBHiii"
BODY_SIZE = struct.calcsize(FORM)
SIZE = BODY_SIZE + 4
BLANK = 0xFFFFFFFF  # where nothing was written yet
MOST = 15  # records in a reply

# Events, with the meaning of a, b, c (8 bits), d (16 bits), x, y, z (32 bits)
START = 1  # a: cause of the reset, b: earlier starts that did not last, c: task that ran when the watchdog bit
LASTED = 2  # a minute since the start
RESULT = 3  # a: answer, b: band, c: reason, d: generation, x: margin_uv, y: output_uv, z: cycle
FAULT = 4  # a: fault that latched the safe state
CLEARED = 5  # a: fault that was cleared
IMAGE = 6  # d: generation put into force
DAMAGED = 7  # a: slot whose image is not readable any more
STATE = 8  # a: battery state, b: percent left, x: supply_uv, y: temperature_mc, z: battery_uv
CONSOLE = 9  # the button asked for the interactive prompt
FITTED = 10  # the host named sensor set and calibration
SILENT = 11  # a: part that does not answer, as in messages' `silent`
HEATED = 16  # x: seconds that the sensors' heaters were on, in all the life of these sensors
SENSORS = 17  # d: bit k for a sensor that is not fit, x: for one that has drifted too far; k is its position
SCHEDULED = 18  # x: seconds between measurements from now on, 0 for none, -1 for the board's own
UPDATE = 20  # a host asked for the interactive prompt, to bring a firmware; x, y: its identity
CONFIRMED = 21  # a firmware has passed its trial; x, y: its identity
RETURNED = 22  # a firmware has failed its trial, this is the one before

# Causes of a reset, as MicroPython's `machine.reset_cause` numbers them on an RP2040
POWER_ON, WATCHDOG = 1, 3


def write(buffer: bytearray, at: int, values: tuple[int, ...]) -> None:
    """Put one record at an offset; values as in FORM."""
    struct.pack_into(FORM, buffer, at, *values)
    view = memoryview(buffer)
    struct.pack_into("<I", buffer, at + BODY_SIZE, crc32(view[at : at + BODY_SIZE]) & 0xFFFFFFFF)


def read(raw: bytes | bytearray | memoryview, at: int = 0) -> tuple[int, ...] | None:
    """The values at an offset, as in FORM; None where no whole record is."""
    if len(raw) < at + SIZE:
        return None
    body = memoryview(raw)[at : at + BODY_SIZE]
    sequence = struct.unpack_from("<I", raw, at)[0]
    if sequence in (0, BLANK) or struct.unpack_from("<I", raw, at + BODY_SIZE)[0] != crc32(body) & 0xFFFFFFFF:
        return None
    return struct.unpack(FORM, body)
