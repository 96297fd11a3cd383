"""`machine` as the ESP32 port has it: what differs from the RP2's, which is here under the name of board_machine.

docs.micropython.org, quick reference for the ESP32 and "class RTC".
"""

import board_machine
import board_wire
from board_machine import I2C, PWM, PWRON_RESET, SPI, WDT_RESET, Pin, lightsleep, reset, unique_id

__all__ = (
    "ADC", "HARD_RESET", "I2C", "PWM", "PWRON_RESET", "RTC", "SPI", "WDT", "WDT_RESET", "Pin", "lightsleep",
    "reset", "reset_cause", "unique_id",
)  # fmt: skip


HARD_RESET = 2


def reset_cause():
    """What machine.reset() gives on this port, and here a watchdog, too: the board keeps no more of it."""
    return HARD_RESET if board_wire.was_reset else PWRON_RESET


class ADC:
    ATTN_11DB = 3
    _HIGHEST_UV = 2900000  # ESP32-S3 series data sheet, "ADC Characteristics": with 12 dB, as ESP-IDF calls it now

    def __init__(self, pin, *, atten=0):
        if not isinstance(pin, Pin):
            raise ValueError("expecting a pin")
        if atten != self.ATTN_11DB:
            raise ValueError("the simulated board's voltages are above what a lesser attenuation can take")
        self._adc = board_machine.ADC(pin)

    def read_uv(self):
        return min(self._adc.read_u16() * 3300 // 65535 * 1000, self._HIGHEST_UV)


class RTC:
    """Its memory is kept over every reset, and empty after the power was off."""

    def memory(self, data=None):
        (at,) = board_wire.scratch
        if data is not None:
            board_wire.spend(2)
            board_wire.scratch[at] = len(data) << 8 | data[0]
            return None
        return bytes((board_wire.scratch[at] & 0xFF,)) if board_wire.scratch[at] else b""


class WDT:
    def __init__(self, id=0, timeout=5000):
        if timeout < 1000:
            raise ValueError("WDT timeout too short")
        self._timeout_us = timeout * 1000
        self.feed()

    def feed(self):
        board_wire.bite_after(self._timeout_us)


def __getattr__(name):  # as board_machine's
    if name != "Timer":
        raise AttributeError(name)
    from board_timer import Timer

    class HardwareTimer(Timer):
        def __init__(self, id):
            if not 0 <= id <= 3:
                raise ValueError("invalid Timer number")

    return HardwareTimer
