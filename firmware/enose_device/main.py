"""Start of the firmware: the only file that touches `machine`; it makes buses and pins and hands them in."""

import gc
import json
import sys

import machine
import rp2

# Before the other imports: what their compilation leaves behind is collected early, or it fragments the heap for good.
gc.threshold(8192)

from enose_device.app import Device  # noqa: E402

gc.threshold(-1)  # from here on at the device's own moments


def board_parts(configuration):
    """Buses, pins and streams as board.json names them."""
    output = machine.Pin.OUT
    i2c = configuration["i2c"]
    spi = configuration["spi"]
    pin = machine.Pin
    weights = configuration["weights"]
    flash = configuration["flash"]
    return {
        "switch": pin(configuration["switch_pin"], output, value=0),  # first: the chip is cut off before anything else
        "heater": pin(configuration["heater_pin"], output, value=0),
        "valve": pin(configuration["valve_pin"], output, value=0),
        "strobe": pin(weights["strobe_pin"], output, value=0),
        "address": [pin(number, output, value=0) for number in weights["address_pins"]],
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


def main() -> None:
    """Run the device for ever."""
    with open("board.json") as file:
        configuration = json.load(file)
    if sys.platform == "rp2":
        import micropython

        micropython.kbd_intr(-1)  # a 0x03 inside a frame is data, not an interrupt
    device = Device(board_parts(configuration), configuration)
    device.start()
    while True:
        device.turn()


if __name__ == "__main__":
    main()
