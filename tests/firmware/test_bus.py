"""The I2C bus: retries, the nine clocks, and the fault that the safe state takes; here and under MicroPython."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from enose_contract.messages import FAULT_BUS
from enose_device.bus import CLOCKS, TRIES, Bus
from enose_device.converters.ads1115 import Ads1115
from enose_hwsim.board.parts.ads1115 import Ads1115Part
from i2c_rig import BME688, DAC, OLED, Bench, fault_of, firmware_says

USES = [
    lambda bus: bus.writeto(OLED, b"\x00\xe3"),
    lambda bus: bus.readfrom_into(DAC, bytearray(24)),
    lambda bus: bus.writeto_mem(BME688, 0x5A, b"\x07"),
    lambda bus: bus.readfrom_mem_into(BME688, 0xD0, bytearray(1)),
]


@pytest.mark.parametrize("use", USES)
def test_two_failures_are_retried_and_the_third_is_a_bus_fault(use: Callable[[Bus], None]) -> None:
    bench = Bench()
    bench.failures = TRIES - 1
    use(bench.bus)
    assert (bench.transfers, bench.bus.retries, bench.bus.unlocks) == (TRIES, TRIES - 1, 0)
    bench.failures = 100
    assert fault_of(lambda: use(bench.bus)) == FAULT_BUS
    assert bench.transfers == 2 * TRIES


@pytest.mark.parametrize("use", USES)
def test_a_part_that_is_gone_is_a_bus_fault(use: Callable[[Bus], None]) -> None:
    bench = Bench()
    for part in bench.lines.parts.values():
        part.absent = True
    assert fault_of(lambda: use(bench.bus)) == FAULT_BUS
    assert bench.transfers == TRIES


def test_an_address_where_no_part_is_is_a_bus_fault() -> None:
    assert fault_of(lambda: Bench().bus.writeto(0x10, b"\x00")) == FAULT_BUS


@pytest.mark.parametrize("clocks", range(1, CLOCKS + 1))
def test_a_part_that_holds_sda_is_clocked_free_and_told_to_stop(clocks: int) -> None:
    bench = Bench()
    bench.lines.sda_held_clocks = clocks
    identity = bytearray(1)
    bench.bus.readfrom_mem_into(BME688, 0xD0, identity)
    assert identity == b"\x61"
    assert (bench.bus.retries, bench.bus.unlocks, bench.lines.stops) == (1, 1, 1)


@pytest.mark.parametrize("clocks", [CLOCKS + 1, 1000])
def test_after_nine_clocks_a_held_bus_is_a_fault(clocks: int) -> None:
    bench = Bench()
    bench.lines.sda_held_clocks = clocks
    assert fault_of(lambda: bench.bus.writeto(OLED, b"\x00\xe3")) == FAULT_BUS
    assert bench.lines.sda_held_clocks == clocks - CLOCKS


def test_the_adc_that_is_on_the_board_already_sits_on_this_bus_too() -> None:
    bench = Bench()
    bench.lines.parts[0x48] = Ads1115Part(lambda channel, t_s: 0.5, np.random.default_rng(1))
    bench.lines.sda_held_clocks = 5
    adc = Ads1115(bench.bus, 0x48, 860)
    assert bench.run(adc.mean_uv([0], 2_048_000, 4))[0] == pytest.approx(500_000, abs=160)  # 2.5 counts of 62.5 uV
    assert bench.bus.unlocks == 1


def test_a_clock_that_is_held_is_a_fault_and_nothing_is_clocked() -> None:
    bench = Bench()
    bench.lines.scl_held = True
    assert fault_of(lambda: bench.bus.writeto(OLED, b"\x00\xe3")) == FAULT_BUS
    assert bench.lines.stops == 0


@pytest.mark.parametrize(
    ("held", "failures", "said"),
    [(9, 0, [0x61, 1, 1]), (10, 0, ["fault", FAULT_BUS]), (0, 2, [0x61, 2, 0]), (0, 3, ["fault", FAULT_BUS])],
)
def test_under_micropython_the_bus_is_freed_or_is_a_fault(
    micropython: str, held: int, failures: int, said: list[Any]
) -> None:
    script = f"""
identity = bytearray(1)
try:
    bus.readfrom_mem_into({BME688}, 0xD0, identity)
    say([identity[0], bus.retries, bus.unlocks])
except FaultError as error:
    say(["fault", error.fault])
"""
    bench = Bench()
    bench.lines.sda_held_clocks, bench.failures = held, failures
    assert firmware_says(micropython, bench, script) == [said]
