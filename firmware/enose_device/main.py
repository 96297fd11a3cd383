"""Start of the firmware: the only file that touches `machine`; it makes buses and pins and hands them in."""

import gc
import json
import sys

import machine
import rp2

# Before the other imports, the chip's among them, which the device makes: what their compilation leaves behind is
# collected early, or it fragments the heap for good.
gc.threshold(8192)

from enose_contract import messages  # noqa: E402
from enose_device.linked import Linked  # noqa: E402
from enose_device.log import QUICK_STARTS, Log  # noqa: E402
from enose_device.partition import LOG_BLOCKS, Partition  # noqa: E402
from enose_device.watchdog import TIMEOUT_MS, Watchdog  # noqa: E402

# What only the making of a device needs: 2 KiB that it has for other things afterwards.
MAKING = ("board_parts", "_held_parts", "_pulsed_parts", "started_log", "made_device", "made_ready", "one_shot", "Gate")
SCRATCH = 0x4005800C  # WATCHDOG: SCRATCH0 (RP2040 data sheet, section 4.7.6), kept over a reset, lost with the power

TYPE_CHECKING = False  # a type checker takes this name for True; at run time the assembler brings these words itself
if TYPE_CHECKING:
    from rp2.asm_pio import jmp, label, mov, osr, pins, pull, set, x, x_dec


@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def one_shot():
    """High for as many cycles as were put, and two; then low until the next."""
    pull()
    mov(x, osr)
    set(pins, 1)
    label("on")
    jmp(x_dec, "on")
    set(pins, 0)


class Gate:
    """Pulses on one pin, timed by a state machine: exact to its clock, whatever the processor does meanwhile."""

    CYCLES_PER_US = 5  # 125 MHz over a whole 25

    def __init__(self, pin) -> None:
        """pin: low from now on but for the pulses."""
        self._machine = rp2.StateMachine(0, one_shot, freq=self.CYCLES_PER_US * 1000000, set_base=pin)
        self._machine.active(1)

    def fire(self, on_us: int) -> None:
        """Begin one pulse; returns at once."""
        self._machine.put(on_us * self.CYCLES_PER_US - 2)


def board_parts(configuration):
    """Buses, pins and streams as board.json names them."""
    output = machine.Pin.OUT
    i2c = configuration["i2c"]
    spi = configuration["spi"]
    pin = machine.Pin
    flash = configuration["flash"]
    switch = pin(configuration["switch_pin"], output, value=0)  # first: the chip is cut off before anything else
    parts = _held_parts(configuration) if configuration["chip"]["kind"] == "mlp" else _pulsed_parts(configuration)
    parts.update(
        {
            "switch": switch,
            "heater": pin(configuration["heater_pin"], output, value=0),
            "valve": pin(configuration["valve_pin"], output, value=0),
            "mux": [pin(number, output, value=0) for number in configuration["mux"]["select_pins"]],
            "dac_select": pin(configuration["dac"]["select_pin"], output, value=1),
            "i2c": machine.I2C(i2c["id"], sda=pin(i2c["sda_pin"]), scl=pin(i2c["scl_pin"]), freq=i2c["frequency_hz"]),
            "spi": machine.SPI(
                spi["id"],
                baudrate=spi["frequency_hz"],
                polarity=0,
                phase=1,
                sck=pin(spi["sck_pin"]),
                mosi=pin(spi["mosi_pin"]),
                miso=pin(spi["miso_pin"]),
            ),
            "supply": machine.ADC(configuration["supply"]["pin"]),
            "temperature": machine.ADC(configuration["temperature"]["adc_channel"]),
            # the stubs leave out the two keywords of ports/rp2/rp2_flash.c
            "flash": Partition(rp2.Flash(start=flash["start"], len=flash["length"])),  # pyright: ignore[reportCallIssue]
            "button": rp2.bootsel_button,
            "reset": machine.reset,
            "reader": sys.stdin.buffer,
            "writer": sys.stdout.buffer,
            "unit": machine.unique_id(),
        }
    )
    if "battery" in configuration:
        parts["battery"] = machine.ADC(configuration["battery"]["pin"])
    return parts


def _held_parts(configuration):
    pin, output = machine.Pin, machine.Pin.OUT
    weights = configuration["weights"]
    return {
        "strobe": pin(weights["strobe_pin"], output, value=0),
        "address": [pin(number, output, value=0) for number in weights["address_pins"]],
    }


def _pulsed_parts(configuration):
    pin, output = machine.Pin, machine.Pin.OUT
    return {
        "gate": Gate(pin(configuration["pulses"]["gate_pin"], output, value=0)),
        "matrix_select": pin(configuration["matrix"]["select_pin"], output, value=1),
    }


def note(number: int) -> None:
    """Keep a number below 256 over a reset."""
    machine.mem32[SCRATCH] = number


def started_log(flash):
    """The field log, with this start in it."""
    log = Log(flash, flash.log_block, LOG_BLOCKS)
    cause = machine.reset_cause()
    log.begin(cause, machine.mem32[SCRATCH] & 0xFF if cause == machine.WDT_RESET else 0)
    return log


def made_device(parts, configuration, log, watchdog):
    """The whole device; only its link after a reset loop, or where the whole one cannot be made."""
    fault = messages.FAULT_RESETS
    before = [name for name in sys.modules]
    if log.quick_starts < QUICK_STARTS:
        try:
            from enose_device.app import Device

            return Device(parts, configuration, log, watchdog)
        except Exception:  # noqa: BLE001 - whatever it was, somebody has to be told
            fault = messages.FAULT_START
        for name in [
            name for name in sys.modules if name not in before
        ]:  # what has come in is of no use any more, and there may be no room
            package, _, module = name.rpartition(".")
            del sys.modules[name]
            if package in sys.modules and hasattr(sys.modules[package], module):
                delattr(sys.modules[package], module)
        gc.collect()
    try:
        return Linked(parts, configuration, log, watchdog, fault)
    except MemoryError:
        if fault == messages.FAULT_START:  # what the whole one has left is in pieces: the third start in a row is whole
            machine.reset()
        raise


def made_ready(watchdog):
    """The device, with nothing begun yet; None where the button has asked for the interactive prompt.

    What only its making needs is gone when this returns.
    """
    with open("board.json") as file:
        configuration = json.load(file)
    parts = board_parts(configuration)
    log = started_log(parts["flash"])
    return None if log.console else made_device(parts, configuration, log, watchdog)


def _interrupt_at(byte: int) -> None:
    """Let this byte on the serial line interrupt the program, as Ctrl-C does; none for -1."""
    if sys.platform == "rp2":
        import micropython

        micropython.kbd_intr(byte)


def main() -> None:
    """Run the device for ever; after the button was held, give the interactive prompt instead."""
    _interrupt_at(-1)  # a 0x03 inside a frame is data, not an interrupt
    watchdog = Watchdog(note)
    device = made_ready(watchdog)
    for name in MAKING:
        del globals()[name]
    gc.collect()
    if device is None:
        _interrupt_at(3)
        return
    gc.threshold(-1)  # from here on at the device's own moments
    watchdog.begin(machine.WDT(timeout=TIMEOUT_MS).feed)
    device.start()
    while True:
        device.turn()


if __name__ == "__main__":
    main()
