"""The request channel to the simulated board, and the virtual clock of the firmware's process."""

import os
import struct
from binascii import unhexlify

import operations
from operations import HEADER, HEADER_SIZE, PIN_HEADER, PIN_SIZE, PIN_WRITE

pack_into = struct.pack_into
# With the names of the stand-ins the firmware's come near the edge where the interpreter's table of names doubles. What
# it loads later would need 14 KB for that, in one piece of a heap in use: they are taken as it starts, while memory is
# whole. process.NAMES_BYTES stands for them.
for _in in range(60):
    hasattr(operations, "n%d" % _in)

_in, _out = [int(part) for part in os.getenv("ENOSE_BOARD_FDS").split(",")]
_in = open(_in, "rb")
_out = open(_out, "wb")
_buffer = memoryview(bytearray(1024))
_length = len(_buffer)
_answer = memoryview(bytearray(1024))  # longer than any; it is the firmware's memory too, and a board has none such
_used = 0
_now_us = int(os.getenv("ENOSE_BOARD_START_US"))
NEVER_US = 1 << 62
CALL_US = 2  # of MicroPython, to set a pin
_bites_us = NEVER_US  # when the watchdog resets; never, until one is made
rings_us = NEVER_US  # when the timer goes off, and what is called then; see board_timer
ring = None
_kept = os.getenv("ENOSE_BOARD_SCRATCH")
was_reset = bool(_kept)
# the watchdog's scratch register 0, at its address (RP2040: section 4.7.6, RP2350: 12.9.7); resets keep it
_at = operations.SCRATCH_RP2350 if os.getenv("ENOSE_BOARD_MCU") == "rp2350" else operations.SCRATCH
scratch = {_at: struct.unpack("<I", unhexlify(_kept))[0] if _kept else 0}


def now_us():
    """Virtual time; asking costs a microsecond, so that a loop that polls the clock comes to an end."""
    spend(1)
    return _now_us


def spend(us):
    """Let virtual time pass for something that takes the processor or a bus this long."""
    global _now_us, rings_us
    _now_us += us
    if _now_us >= _bites_us:
        reset()
    if _now_us >= rings_us:
        rings_us = NEVER_US
        ring()


def bite_after(us):
    """The watchdog resets when so much time has passed."""
    global _bites_us
    _bites_us = _now_us + us


def reset():
    """Everything anew but the scratch registers: the board ends this process and starts another."""
    global _bites_us
    _bites_us = NEVER_US
    call(operations.RESET, struct.pack("<I", scratch[_at]))


def flush():
    """Hand the posted requests over."""
    global _used
    if _used:
        _out.write(_buffer[:_used])
        _used = 0


def write_pin(pin, level):
    """Let the time of a call pass, and post what it does to a pin: what a firmware does most, by far."""
    global _now_us, _used
    _now_us = now_us = _now_us + CALL_US
    if now_us >= _bites_us or now_us >= rings_us:
        spend(0)
        now_us = _now_us
    if _used + PIN_SIZE > _length:
        flush()
    pack_into(PIN_HEADER, _buffer, _used, 2, PIN_WRITE, now_us, pin, level)
    _used += PIN_SIZE


def post(operation, first, second, data=None, at_us=None):
    """A request that nobody waits for: two bytes, or one byte and data; at_us where hardware does it by itself."""
    global _used
    n = 2 if data is None else 1 + len(data)
    if _used + HEADER_SIZE + n > _length:
        flush()
    pack_into(HEADER, _buffer, _used, n, operation, _now_us if at_us is None else at_us)
    at = _used + HEADER_SIZE
    _buffer[at] = first
    if data is None:
        _buffer[at + 1] = second
    else:
        _buffer[at + 1 : at + n] = data
    _used = at + n


def call(operation, data):
    """A request whose answer is waited for; it is valid until the next call. Raises OSError with the board's errno.

    The answer is read before anything is allocated: a heap that is full leaves nothing of it in the pipe.
    """
    global _used
    n = HEADER_SIZE + len(data)
    if _used + n > _length:
        flush()
    if n > _length:
        _out.write(struct.pack(HEADER, len(data), operation, _now_us) + data)
    else:  # with all that was posted before it
        pack_into(HEADER, _buffer, _used, len(data), operation, _now_us)
        _buffer[_used + HEADER_SIZE : _used + n] = data
        _used += n
        flush()
    _in.readinto(_answer, operations.ANSWER_SIZE)
    n = _answer[0] | _answer[1] << 8
    status = _answer[2]
    _in.readinto(_answer, n)
    if status > 127:
        raise OSError(256 - status)
    if status:
        import afflictions

        afflictions.befall(status)
    return _answer[:n]


def idle(us):
    """Sleep until us have passed, a byte has come in on standard input, or the watchdog bites."""
    global _now_us, _bites_us, rings_us
    end = min(_now_us + us, _bites_us, rings_us)
    start = _now_us
    _now_us = struct.unpack("<Q", call(operations.IDLE, struct.pack("<Q", end)))[0]
    if not start <= _now_us <= end:  # the clock was made to jump; the watchdog counts for itself
        _bites_us += _now_us - end
        rings_us += _now_us - end
    spend(0)
