"""What the firmware notices of its converters: a DAC that has reset, lies or is off, and codes that are missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract.messages import FAULT_READBACK
from enose_device.converters.ad5676r import Ad5676r
from enose_device.safety import FaultError
from enose_device.sensors.array import ENOUGH_CODES, SensorArray
from enose_hwsim.board.parts.ad5676r import Ad5676rPart
from enose_hwsim.board.parts.ads1115 import NOISE_COUNTS
from enose_hwsim.configuration import device_configuration
from rig import BOARD, CHIP

CHANNELS = range(8)
codes = st.lists(st.integers(1, 65533), min_size=8, max_size=8)


class Wires:
    """SPI and SYNC between the driver and its part; `flip` is what happens to each byte that comes back."""

    def __init__(self) -> None:
        self.part = Ad5676rPart(2.5, lambda channel, volts, t_s: None)
        self.flip = 0
        self.driver = Ad5676r(self, self, 2_500_000, 1)
        for channel in CHANNELS:
            self.driver.allow(channel, 0, 2_499_900)
        self.on()
        self.driver.begin()

    def on(self) -> None:
        self.part.select(1)

    def off(self) -> None:
        self.part.select(0)

    def write(self, data: bytearray) -> None:
        self.part.transfer(bytes(data), 0.0)

    def write_readinto(self, data: bytearray, answer: bytearray) -> None:
        answer[:] = bytes(byte ^ self.flip for byte in self.part.transfer(bytes(data), 0.0))

    def set_up(self, written: list[int]) -> None:
        self.driver.begin()
        for channel in CHANNELS:
            self.driver.write(channel, written[channel])


@given(codes)
def test_a_dac_that_holds_what_was_written_is_left_alone(written: list[int]) -> None:
    wires = Wires()
    wires.set_up(written)
    assert not wires.driver.renewed(lambda: pytest.fail("begun"))
    assert all(wires.driver.next_holds() for _ in CHANNELS)
    volts = wires.part.voltage_v(3)
    assert wires.driver.written_uv(3) == pytest.approx(1e6 * volts, abs=1)


@given(codes, st.sets(st.integers(0, 7), min_size=1))
def test_one_that_has_reset_itself_is_set_up_anew(written: list[int], since: set[int]) -> None:
    wires = Wires()
    wires.set_up(written)
    wires.part.reset(0.0)
    for channel in set(CHANNELS) - since:  # these were written again before anybody looked
        wires.driver.write(channel, written[channel])
    assert sum(wires.driver.next_holds() for _ in CHANNELS) == 8 - len(since)  # found within eight looks
    assert wires.driver.renewed(lambda: wires.set_up(written))
    assert wires.part.codes == written


@given(codes, st.integers(0, 7), st.integers(1, 65535))
def test_one_that_holds_anything_else_is_a_fault(written: list[int], channel: int, wrong: int) -> None:
    wires = Wires()
    wires.set_up(written)
    wires.part.codes[channel] ^= wrong
    if wires.part.codes[channel] == 0:
        return  # that is a reset
    with pytest.raises(FaultError) as fault:
        wires.driver.renewed(lambda: pytest.fail("begun"))
    assert fault.value.fault == FAULT_READBACK


def test_one_that_does_not_take_it_is_a_fault() -> None:
    wires = Wires()
    wires.set_up([100] * 8)
    wires.part.reset(0.0)
    wires.part.transfer = lambda frame, t_s: bytes(3)  # type: ignore[method-assign]  # it is gone
    begun: list[int] = []

    def begin() -> None:
        begun.append(1)
        wires.set_up([100] * 8)

    with pytest.raises(FaultError) as fault:
        wires.driver.renewed(begin)
    assert (fault.value.fault, begun) == (FAULT_READBACK, [1])


class Counts:
    """An ADC that gives these counts, the rail's among them."""

    conversion_ms = 3

    def __init__(self, counts: list[int]) -> None:
        self._counts = counts

    def take(self) -> None:
        pass

    def start(self, channel: int, range_uv: int) -> None:
        pass

    def read(self) -> int:
        return self._counts.pop(0)


class Line:
    def value(self, level: int) -> None:
        pass


def missing_after(counts: list[int]) -> bool:
    sensors = SensorArray(Counts([26400, *counts]), [Line()] * 4, device_configuration(BOARD, CHIP))
    for _ in sensors.scan(bytes(len(counts)), [0] * len(counts)):
        pass
    return sensors.codes_missing()


@given(st.lists(st.integers(100, 26000), min_size=ENOUGH_CODES, max_size=60), st.integers(1, 8))
def test_a_converter_whose_lowest_bits_never_change_is_seen(counts: list[int], bits: int) -> None:
    assert missing_after([count >> bits << bits for count in counts])


@given(st.lists(st.integers(100, 26000), max_size=ENOUGH_CODES - 1))
def test_few_readings_say_nothing_of_it(counts: list[int]) -> None:
    assert not missing_after(counts)


@pytest.mark.parametrize("seed", range(20))
def test_the_noise_of_a_whole_converter_is_enough_not_to_be_taken_for_that(seed: int) -> None:
    """Eight levels, three readings of each: at worst half of the levels never change their lowest bit."""
    rng = np.random.default_rng(seed)
    levels = rng.uniform(1000, 25000, 8).repeat(3)
    assert not missing_after([int(count) for count in np.round(levels + rng.normal(0, NOISE_COUNTS, 24))])
