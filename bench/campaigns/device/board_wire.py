"""The request channel of the simulated board's stand-in modules, answered inside the interpreter.

In the place of hwsim's file of that name: `machine`, `time` and `rp2` are hwsim's own, but the parts behind them are in
this process (inner_board.py), so that thousands of power-ups and millions of frames take minutes.
"""

import struct

import operations

_now_us = 0
_board = None
_granted_us = 0
NEVER_US = 1 << 62
CALL_US = 2  # as in hwsim's file
_bites_us = NEVER_US
scratch = {operations.SCRATCH: 0}  # as in hwsim's file
was_reset = False


class Reset(BaseException):
    """The microcontroller has been reset. No Exception: nothing in the firmware may go on after it."""


def plug(board, after_reset):
    """Every later access goes to this board; its watchdog waits to be made. Only a reset keeps the scratch register."""
    global _board, _bites_us, was_reset
    _board = board
    _bites_us = NEVER_US
    was_reset = after_reset
    if not after_reset:
        scratch[operations.SCRATCH] = 0


def unplug():
    """The power is off: no watchdog counts."""
    global _bites_us
    _bites_us = NEVER_US


def grant(until_us):
    """How far waiting for a byte may move the clock."""
    global _granted_us
    _granted_us = until_us


def now_us():
    """Virtual time; asking costs a microsecond, so that a loop that polls the clock comes to an end."""
    spend(1)
    return _now_us


def spend(us):
    """Let virtual time pass."""
    global _now_us
    _now_us += us
    if _now_us >= _bites_us:
        reset()


def bite_after(us):
    """The watchdog resets when so much time has passed."""
    global _bites_us
    _bites_us = _now_us + us


def reset():
    """Everything anew but the scratch register. Raises Reset."""
    unplug()
    raise Reset


idle = spend  # who sleeps is not woken


def wait(us):
    """Wait for a byte that does not come: as long as was granted."""
    spend(max(min(us, _granted_us - _now_us), 0))


def flush():
    """Nothing is posted for later here."""


def write_pin(pin, level):
    """Let the time of a call pass, and set a pin."""
    spend(CALL_US)
    _board.pin_write(pin, level)


def post(operation, first, second, data=None, at_us=None):
    """A request that nobody waits for."""
    if operation == operations.PIN_WRITE:
        _board.pin_write(first, second)
    elif operation == operations.SPI_WRITE:
        _board.spi(data)


def call(operation, payload):
    """A request whose answer is waited for. Raises OSError for one that this board does not have."""
    t_s = _now_us * 1e-6
    if operation == operations.BUTTON:
        return b"\0"  # nobody is there to hold it
    if operation == operations.PIN_READ:
        return bytes((_board.pin_read(payload[0]),))
    if operation == operations.SPI_TRANSFER:
        return _board.spi(payload[1:])
    if operation == operations.ADC_READ:
        return struct.pack("<H", _board.mcu_adc(payload[0]))
    if operation in (operations.I2C_WRITE, operations.I2C_READ) and payload[1] != _board.adc_address:
        raise OSError(6)  # the optional parts are not on this board
    if operation == operations.I2C_WRITE:
        _board.adc.write(payload[2:], t_s)
        return b""
    if operation == operations.I2C_READ:
        _, _, count = struct.unpack("<BBH", payload[:4])
        _board.adc.write(payload[4:], t_s)
        return _board.adc.read(count, t_s)
    raise OSError(38)
