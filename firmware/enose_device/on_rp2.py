"""What only MicroPython's RP2 port has, as main asks for it: the flash, BOOTSEL, the watchdog's scratch register.

`on_esp32` answers to the same names; `gate` is this port's, too. See
docs.micropython.org, "rp2 - functionality specific to the RP2".
"""

import machine
import rp2

adc = machine.ADC
button = rp2.bootsel_button


def flash(facts):
    """The partition of images and log, where board.json says."""
    # the stubs leave out the two keywords of ports/rp2/rp2_flash.c
    return rp2.Flash(start=facts["start"], len=facts["length"])  # pyright: ignore[reportCallIssue]


def temperature(facts):
    """The microcontroller's temperature in mC, asked for by a call (RP2040 data sheet, section 4.9.5)."""
    read = machine.ADC(facts["adc_channel"]).read_u16
    return lambda: 27_000 - (read() * 3_300 // 65535 * 1000 - 706_000) * 1000 // 1721


def start(mcu: str):
    """(note, cause, noted): note(number) keeps a number below 256 over a reset; of this start, and what was kept."""
    mem32 = machine.mem32
    # WATCHDOG: SCRATCH0, lost with the power (RP2350 data sheet, section 12.9.7; RP2040's, 4.7.6)
    at = 0x400D800C if mcu == "rp2350" else 0x4005800C

    def note(number: int) -> None:
        mem32[at] = number

    cause = machine.reset_cause()
    return note, cause, mem32[at] & 0xFF if cause == machine.WDT_RESET else 0
