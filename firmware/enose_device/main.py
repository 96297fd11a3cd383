"""Start of the firmware: the only file that touches `machine`; it makes buses and pins and hands them in."""

import gc
import json
import sys

import machine
import rp2

# Before the other imports, the chip's among them, which the device makes: what their compilation leaves behind is
# collected early, or it fragments the heap for good.
gc.threshold(8192)

from enose_device.app import Device  # noqa: E402

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
            "flash": rp2.Flash(start=flash["start"], len=flash["length"]),  # pyright: ignore[reportCallIssue]
            "reader": sys.stdin.buffer,
            "writer": sys.stdout.buffer,
            "unit": machine.unique_id(),
        }
    )
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


def main() -> None:
    """Run the device for ever."""
    with open("board.json") as file:
        configuration = json.load(file)
    if sys.platform == "rp2":
        import micropython

        micropython.kbd_intr(-1)  # a 0x03 inside a frame is data, not an interrupt
    device = Device(board_parts(configuration), configuration)
    gc.threshold(-1)  # from here on at the device's own moments
    device.start()
    while True:
        device.turn()


if __name__ == "__main__":
    main()
