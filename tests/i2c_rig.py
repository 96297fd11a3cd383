"""What the tests of the I2C drivers share: all parts on one bus, a clock, and a real MicroPython at the same bus."""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import pytest

from enose_device.bus import Bus
from enose_device.safety import FaultError
from enose_hwsim.board.parts.bme688 import Bme688Part
from enose_hwsim.board.parts.i2c_bus import I2cBus
from enose_hwsim.board.parts.mcp4728 import Mcp4728Part
from enose_hwsim.board.parts.sht4x import Sht4xPart
from enose_hwsim.board.parts.ssd1306 import Ssd1306Part
from enose_hwsim.board.process import DEVICE_SIDE, firmware_folder
from enose_hwsim.board.serving import FirmwareEnded, Requests

SHT4X, DAC, BME688, OLED = 0x44, 0x60, 0x76, 0x3C
SDA_PIN, SCL_PIN = 4, 5
HEAP_KIB = 192
WALL_LIMIT_S = 60.0  # of one MicroPython run; each takes well under a second

PRELUDE = f"""
import gc, json, machine, sys, time
from enose_device.bus import Bus
from enose_device.safety import FaultError

def lines():
    pin = machine.Pin
    return pin({SCL_PIN}, pin.OPEN_DRAIN, value=1), pin({SDA_PIN}, pin.OPEN_DRAIN, value=1)

bus = Bus(lambda: machine.I2C(0, freq=400000), lines, time.sleep_us)

def run(task):
    while True:
        try:
            time.sleep_ms(next(task))
        except StopIteration as end:
            return end.value

def say(what):
    print(json.dumps(what))
"""


class Line:
    """A pin of the bus, as `machine.Pin` in open-drain mode."""

    def __init__(self, level: Callable[[], int], drive: Callable[[int], None]) -> None:
        self._level, self._drive = level, drive
        self.value(1)

    def value(self, level: int | None = None) -> int | None:
        if level is None:
            return self._level()
        return self._drive(level)


class Bench:
    """All parts on one bus, a clock; the bus as `machine.I2C` and as what the stand-in for it asks of a board."""

    def __init__(self, seed: int = 1) -> None:
        rng = np.random.default_rng(seed)
        self.t_s = 1.0
        self.told: list[tuple[int, float]] = []
        self.sht4x = Sht4xPart(rng)
        self.dac = Mcp4728Part(3.3, lambda channel, volts, t_s: self.told.append((channel, volts)))
        self.bme688 = Bme688Part()
        self.oled = Ssd1306Part(rng)
        self.lines = I2cBus({SHT4X: self.sht4x, DAC: self.dac, BME688: self.bme688, OLED: self.oled})
        self.failures = 0
        self.transfers = 0
        self.bus = Bus(lambda: self, self._open_lines, self._wait_us)

    def _open_lines(self) -> tuple[Line, Line]:
        lines = self.lines
        return Line(lambda: lines.scl, lines.set_scl), Line(lambda: lines.sda, lines.set_sda)

    def _wait_us(self, us: int) -> None:
        self.t_s += us * 1e-6

    def run(self, task: Generator[int, None, Any]) -> Any:
        """What a task returns; its waits pass in virtual time."""
        while True:
            try:
                self.t_s += next(task) * 1e-3
            except StopIteration as end:
                return end.value

    def _transfer(self) -> None:
        self.transfers += 1
        if self.failures:
            self.failures -= 1
            raise OSError(5, "a fault that was asked for")

    def writeto(self, address: int, data: bytes) -> None:
        self._transfer()
        self.lines.write(address, bytes(data), self.t_s)

    def readfrom_into(self, address: int, buffer: bytearray) -> None:
        self._transfer()
        buffer[:] = self.lines.read(address, len(buffer), b"", self.t_s)

    def writeto_mem(self, address: int, register: int, data: bytes) -> None:
        self.writeto(address, bytes((register,)) + bytes(data))

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        self._transfer()
        buffer[:] = self.lines.read(address, len(buffer), bytes((register,)), self.t_s)

    # what hwsim's Requests asks of a board's wiring
    def i2c_write(self, address: int, data: bytes, t_s: float) -> None:
        self._transfer()
        self.lines.write(address, data, t_s)

    def i2c_read(self, address: int, count: int, written: bytes, t_s: float) -> bytes:
        self._transfer()
        return self.lines.read(address, count, written, t_s)

    def pin_write(self, pin: int, level: int, t_s: float) -> None:
        (self.lines.set_sda if pin == SDA_PIN else self.lines.set_scl)(level)

    def pin_read(self, pin: int) -> int:
        return self.lines.sda if pin == SDA_PIN else self.lines.scl


def fault_of(use: Callable[[], object]) -> int:
    with pytest.raises(FaultError) as caught:
        use()
    return int(caught.value.fault)


def serve_until_it_ends(requests: Requests) -> None:
    """Do what the firmware asks for until its end of the pipe is closed."""
    while True:
        try:
            requests.serve_one()
        except FirmwareEnded:
            return


def firmware_says(micropython: str, bench: Bench, script: str) -> list[Any]:
    """What a script prints as JSON lines under MicroPython, its bus that of the bench, time virtual."""
    requests_out, requests_in = os.pipe()
    answers_out, answers_in = os.pipe()
    process = subprocess.Popen(
        [micropython, "-X", f"heapsize={HEAP_KIB}k", "-c", PRELUDE + script],
        env={
            "ENOSE_BOARD_FDS": f"{answers_out},{requests_in}",
            "ENOSE_BOARD_START_US": str(round(bench.t_s * 1e6)),
            "MICROPYPATH": os.pathsep.join([str(DEVICE_SIDE), str(firmware_folder()), ".frozen"]),
            "PATH": os.environ["PATH"],
        },
        pass_fds=(answers_out, requests_in),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(requests_in)
    os.close(answers_out)
    limit = threading.Timer(WALL_LIMIT_S, process.kill)
    limit.start()
    requests = Requests(requests_out, answers_in, bench, lambda now_us, until_us: until_us)
    try:
        serve_until_it_ends(requests)
        said, errors = process.communicate(timeout=WALL_LIMIT_S)
    finally:
        limit.cancel()
        process.kill()
        os.close(requests_out)
        os.close(answers_in)
    assert errors == ""
    return [json.loads(line) for line in said.splitlines()]
