"""Runs the firmware's loops with the heap locked, under MicroPython; one JSON line: what each of them came to.

The ends of the wires are the only thing that is not the firmware's: C functions on a device, empty functions here. With
`machine` at hand (on an emulated Pico) the board's own buses and pins are taken.
"""

import json
import sys
from time import sleep_ms

import micropython

from enose_contract import frames
from enose_device.chips import chip_and_keeper
from enose_device.converters.ad5676r import Ad5676r
from enose_device.converters.ads1115 import Ads1115
from enose_device.link import Link
from enose_device.pages import Pages
from enose_device.scheduler import Scheduler
from enose_device.watchdog import Watchdog

REFRESHES = 5
TURNS = 2
COOL_MC = -10_000  # the weights hold for over a second: also a busy machine is in time
BYTES = 200
LEVEL_COUNT = 13_600  # the first input's level in ADC counts of 62.5 uV
INPUTS_UV = (850_000, 912_345, 950_000, 900_000)


class Wire:
    """A pin, an SPI bus with a DAC that holds what it is sent, an I2C bus with a converter that is always ready."""

    def __init__(self):
        self._held = bytearray(16)
        self._asked = 0

    def on(self):
        pass

    def off(self):
        pass

    def value(self, level):
        pass

    def write(self, frame):
        at = (frame[0] & 7) * 2
        if frame[0] & 0xF0 == 0x90:  # AD5676R data sheet, table 9: read back
            self._asked = at
        elif frame[0] & 0xF0 == 0x30:  # write and update
            self._held[at] = frame[1]
            self._held[at + 1] = frame[2]

    def write_readinto(self, frame, answer):
        answer[1] = self._held[self._asked]
        answer[2] = self._held[self._asked + 1]

    def writeto_mem(self, address, register, frame):
        pass

    def readfrom_mem_into(self, address, register, frame):
        frame[0] = 0xFF if register else LEVEL_COUNT >> 8  # ready, or what was converted
        frame[1] = 0x7F if register else LEVEL_COUNT & 0xFF


class Paged:
    """What Pages takes of an image."""

    def __init__(self, count):
        self.pages = [(bytes(4), b"\x00\xff\xff"), (bytes(4), b"\x01\xff\xff")]
        self.classes = ["one", "two"]
        self.weights = [800_000 + 3_000 * k for k in range(TURNS * count)]


def parts_of(configuration):
    if sys.platform == "rp2":
        from enose_device import on_rp2
        from enose_device.main import board_parts

        return board_parts(on_rp2, configuration, None)
    lines = configuration["weights"]["address_pins"]
    parts = {name: Wire() for name in ("spi", "dac_select", "i2c", "strobe", "switch")}
    parts["address"] = [Wire() for _ in lines]
    return parts


def locked(work):
    """Whether it came to its end without asking for memory."""
    micropython.heap_lock()
    try:
        work()
        return True
    except MemoryError:
        return False
    finally:
        micropython.heap_unlock()


def loops(configuration):
    """Name and work of each."""
    parts = parts_of(configuration)
    facts = configuration["dac"]
    dac = Ad5676r(parts["spi"], parts["dac_select"], facts["full_scale_uv"], facts["gain"])
    adc = Ads1115(parts["i2c"], configuration["adc"]["address"], configuration["adc"]["rate_sps"])
    chip, refresh = chip_and_keeper(dac, adc, parts, configuration, None, None)
    chip.begin()
    chip.load([700_000 + 16_000 * k for k in range(chip.weight_count)])
    pages = Pages(chip, refresh, configuration["chip"], Paged(chip.weight_count))
    refresh.set_temperature(COOL_MC)
    refresh.program()
    scheduler = Scheduler(sys.print_exception, Watchdog(int))
    scheduler.add(refresh.run)
    output_range_uv = configuration["adc"]["output_range_uv"]
    link = Link(sys.stdin.buffer, sys.stdout.buffer, None, None)
    link.serve(0)  # the first makes the one tuple that `ipoll` hands out
    reader = frames.FrameReader()
    whole = frames.FrameWriter().frame(7, 1, 3, bytes(range(BYTES)))

    def refreshing():
        while refresh.done < REFRESHES and not refresh.missed:
            sleep_ms(scheduler.turn())

    def driving():
        chip.drive(INPUTS_UV)
        chip.rest()

    def turning():
        for page in range(TURNS):
            pages.turn(page)

    def reading():
        adc.start(1, output_range_uv)
        sleep_ms(adc.conversion_ms)
        adc.read()

    def parsing():
        for k in range(len(whole) - 1):
            reader.feed(whole[k])

    def parsing_too_much():
        for _ in range(2 * frames.MAX_FRAME):
            reader.feed(0x55)
        reader.expire(frames.RECOVER_MS)

    def listening():
        link.serve(1)

    def ending():  # the delimiter that ends the frame makes views for CRC-32 and the body
        parsing()
        reader.feed(0)

    found = {"refresh": refreshing, "turn": turning, "drive": driving, "adc": reading, "frame": parsing}
    found.update({"long frame": parsing_too_much, "listen": listening})
    return found, {"frame end": ending, "anything": lambda: bytearray(1)}, refresh


def main():
    with open("board.json") as file:  # noqa: PTH123 - there is no pathlib
        configuration = json.load(file)
    silent, loud, refresh = loops(configuration)
    answer = {name: locked(work) for name, work in silent.items()}
    answer["loud"] = [name for name, work in loud.items() if not locked(work)]
    answer["refreshes"] = [refresh.done, refresh.missed]
    print(json.dumps(answer))


main()
