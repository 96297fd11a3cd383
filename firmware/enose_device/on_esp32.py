"""What only MicroPython's ESP32 port has, as main asks for it, under the names of `on_rp2`. It has no state machines.

docs.micropython.org, "esp32 - functionality specific to the ESP32", "class RTC", quick reference for the ESP32 (ADC).
"""

import esp32
import machine

LABEL = "enose"  # of the partition for images and log, in the table that the module was flashed with


class Adc:
    """A pin's voltage as a part of 3.3 V in 65535ths, as the RP2 port gives it, after the chip's own calibration."""

    def __init__(self, pin) -> None:
        """pin: by its number; 12 dB of attenuation, which MicroPython calls 11: up to 2.9 V on an ESP32-S3."""
        # the stubs leave out what the quick reference has
        self._adc = machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB)  # pyright: ignore[reportCallIssue]

    def read_u16(self) -> int:
        """The voltage now, in steps of a millivolt."""
        return min(self._adc.read_uv() // 1000 * 65535 // 3300, 65535)


adc = Adc


def button() -> int:
    """There is no BOOTSEL; a button is what board.json has."""
    return 0


def flash(facts):
    """The partition of images and log, by its label. Raises OSError where the table has none so long."""
    for found in esp32.Partition.find(esp32.Partition.TYPE_DATA, label=LABEL):
        if found.info()[3] >= facts["length"]:
            return found
    raise OSError(19, "no partition " + LABEL)  # ENODEV


def temperature(facts):
    """The microcontroller's temperature in mC, asked for by a call; whole degrees."""
    # the stubs are of an ESP32, which has no such sensor: the S2, S3 and C3 have
    return lambda: esp32.mcu_temperature() * 1000  # pyright: ignore[reportAttributeAccessIssue]


def start(mcu: str):
    """(note, cause, noted), as on_rp2's; the RTC's memory is kept over every reset. Its resets have more causes: all
    but the power count as the watchdog's, as on an RP2, whose every reset is."""
    memory = machine.RTC().memory
    kept = bytearray(1)

    def note(number: int) -> None:
        kept[0] = number
        memory(kept)

    if machine.reset_cause() == machine.PWRON_RESET:
        return note, machine.PWRON_RESET, 0
    noted = memory()
    return note, machine.WDT_RESET, noted[0] if noted else 0
