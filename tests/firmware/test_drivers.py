"""The drivers against the parts' models, in this process: what they send is what the data sheets ask for."""

import time
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract import records
from enose_contract.messages import FAULT_BUS, FAULT_RANGE
from enose_device.bus import TRIES, Bus
from enose_device.converters.ad5676r import Ad5676r
from enose_device.converters.adg714 import Adg714Chain
from enose_device.converters.ads1115 import DIFFERENCE, RATES_SPS, READY_POLLS, Ads1115
from enose_device.safety import FaultError, Safety
from enose_hwsim.board.parts.ad5676r import Ad5676rPart
from enose_hwsim.board.parts.adg714 import Adg714ChainPart
from enose_hwsim.board.parts.ads1115 import Ads1115Part
from enose_hwsim.board.parts.i2c_bus import I2cBus
from i2c_rig import Line


class DacBench:
    """An AD5676R behind its driver; every frame that is sent is kept."""

    def __init__(self, gain: int = 1) -> None:
        self.part = Ad5676rPart(2.5, lambda channel, volts, t_s: None)
        self.sent: list[bytes] = []
        self.driver = Ad5676r(self, self, 2_500_000 * gain, gain)
        self.on()

    def on(self) -> None:
        self.part.select(1)

    def off(self) -> None:
        self.part.select(0)

    def write(self, data: bytearray) -> None:
        self.sent.append(bytes(data))
        self.part.transfer(bytes(data), 0.0)

    def write_readinto(self, data: bytearray, answer: bytearray) -> None:
        answer[:] = self.part.transfer(bytes(data), 0.0)


class AdcBench:
    """An ADS1115 behind its driver, with a clock, and a bus that can fail."""

    def __init__(self, volts: float = 1.0, rate_sps: int = 860) -> None:
        self.part = Ads1115Part(lambda channel, t_s: volts + 0.1 * channel, np.random.default_rng(1))
        self.t_s = 0.0
        self.failures = 0
        lines = I2cBus({})
        bus = Bus(
            lambda: self, lambda: (Line(lambda: lines.scl, lines.set_scl), Line(lambda: lines.sda, lines.set_sda)), int
        )
        self.driver = Ads1115(bus, 0x48, rate_sps)

    def _bus(self, address: int) -> None:
        assert address == 0x48
        if self.failures:
            self.failures -= 1
            raise OSError(5)

    def writeto_mem(self, address: int, register: int, data: bytearray) -> None:
        self._bus(address)
        self.part.write(bytes((register,)) + bytes(data), self.t_s)

    def readfrom_mem_into(self, address: int, register: int, buffer: bytearray) -> None:
        self._bus(address)
        self.part.write(bytes((register,)), self.t_s)
        buffer[:] = self.part.read(len(buffer), self.t_s)


@pytest.mark.parametrize("gain", [1, 2])
def test_the_dac_is_brought_into_a_known_state(gain: int) -> None:
    bench = DacBench(gain)
    bench.part.codes[3] = 5
    bench.driver.begin()
    assert (bench.part.gain, bench.part.codes) == (gain, [0] * 8)


@given(st.integers(0, 7), st.integers(-10, 70_000))
def test_no_code_outside_the_range_is_ever_sent(channel: int, code: int) -> None:
    bench = DacBench()
    bench.driver.allow(channel, 850_000, 950_000)
    low, high = 22_283, 24_903  # ceil(0.85 / 2.5 * 65536) and floor(0.95 / 2.5 * 65536)
    if low <= code <= high:
        bench.driver.write(channel, code)
        assert bench.part.codes[channel] == code
    else:
        with pytest.raises(FaultError) as refused:
            bench.driver.write(channel, code)
        assert refused.value.fault == FAULT_RANGE
        assert bench.sent == []


@pytest.mark.parametrize("channel", range(8))
def test_a_channel_that_nothing_was_allowed_takes_nothing(channel: int) -> None:
    bench = DacBench()
    bench.driver.allow((channel + 1) % 8, 0, 2_000_000)
    for code in (0, 1, 65535):
        with pytest.raises(FaultError):
            bench.driver.write(channel, code)
    assert bench.sent == []


@given(st.integers(0, 7), st.integers(0, 3_000_000))
def test_the_code_for_a_voltage_is_the_nearest_within_the_range(channel: int, v_uv: int) -> None:
    bench = DacBench()
    bench.driver.allow(channel, 700_000, 1_100_000)
    bench.driver.write(channel, bench.driver.code(channel, v_uv))
    # a code is 38.1 uV: half of it, or a whole one where the nearest lies outside
    held_uv = min(max(v_uv, 700_000), 1_100_000)
    assert bench.part.voltage_v(channel) * 1e6 == pytest.approx(held_uv, abs=38.2)
    assert 0.7 <= bench.part.voltage_v(channel) <= 1.1


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 52_428)), min_size=1, max_size=8))
def test_every_channel_reads_back_what_was_written(writes: list[tuple[int, int]]) -> None:
    bench = DacBench()
    for channel in range(8):
        bench.driver.allow(channel, 0, 2_000_000)
    for channel, code in writes:
        bench.driver.write(channel, code)
        assert bench.driver.read_back(channel) == code


@pytest.mark.parametrize("rate_sps", RATES_SPS)
def test_a_conversion_is_ready_after_the_time_that_the_driver_says(rate_sps: int) -> None:
    bench = AdcBench(rate_sps=rate_sps)
    for channel in range(4):
        bench.driver.start(channel, 2_048_000)
        bench.t_s += bench.driver.conversion_ms * 1e-3
        # half a count of rounding and five sigma of 0.4
        assert bench.driver.read() == pytest.approx((1.0 + 0.1 * channel) / 2.048 * 32768, abs=2.5)


@pytest.mark.parametrize(("pair", "volts"), [(0, -0.1), (1, -0.3), (2, -0.2), (3, -0.1)])
def test_a_difference_of_two_inputs(pair: int, volts: float) -> None:
    bench = AdcBench(0.4)
    bench.driver.start(pair, 512_000, DIFFERENCE)
    bench.t_s += bench.driver.conversion_ms * 1e-3
    # half a count of rounding and five sigma of 0.4
    assert bench.driver.read() == pytest.approx(volts / 0.512 * 32768, abs=2.5)


@pytest.mark.parametrize("readings", [1, 4])
def test_means_are_of_each_channel(readings: int) -> None:
    bench = AdcBench(0.5)
    task = bench.driver.mean_uv([3, 1], 2_048_000, readings)
    waits = 0
    while True:
        try:
            bench.t_s += next(task) * 1e-3
            waits += 1
        except StopIteration as end:
            found = end.value
            break
    assert waits == 2 * readings
    # 62.5 uV a count: rounding and five sigma of the noise
    assert found == pytest.approx([800_000, 600_000], abs=2.5 * 62.5)


@pytest.mark.parametrize("range_uv", [6_144_000, 4_096_000, 2_048_000, 1_024_000, 512_000])
@pytest.mark.parametrize("volts", [-0.4, 0.0, 0.5])
def test_ranges_and_signs(range_uv: int, volts: float) -> None:
    bench = AdcBench(volts)
    bench.driver.start(0, range_uv)
    bench.t_s += 0.01
    assert bench.driver.read() == pytest.approx(volts * 1e6 / range_uv * 32768, abs=2.5)


def test_a_conversion_that_never_ends_is_a_bus_fault() -> None:
    bench = AdcBench()
    bench.driver.start(0, 2_048_000)
    with pytest.raises(FaultError) as fault:
        bench.driver.read()
    assert fault.value.fault == FAULT_BUS
    assert READY_POLLS > 1


@pytest.mark.parametrize("use", [lambda driver: driver.start(0, 2_048_000), lambda driver: driver.read()])
def test_two_failures_are_retried_and_the_third_is_a_bus_fault(use: Callable[[Ads1115], object]) -> None:
    bench = AdcBench()
    bench.driver.start(0, 2_048_000)
    bench.t_s += 0.01
    bench.failures = TRIES - 1
    use(bench.driver)
    bench.failures = TRIES
    with pytest.raises(FaultError) as fault:
        use(bench.driver)
    assert (fault.value.fault, bench.failures) == (FAULT_BUS, 0)


class ChainBench:
    """A chain of switches behind its driver."""

    def __init__(self, parts: int) -> None:
        self.seen: list[frozenset[int]] = []
        self.part = Adg714ChainPart(parts, lambda closed, t_s: self.seen.append(closed))
        self.driver = Adg714Chain(self, self, parts)
        self.on()

    def on(self) -> None:
        self.part.select(1, 0.0)

    def off(self) -> None:
        self.part.select(0, 0.0)

    def write(self, data: bytearray) -> None:
        self.part.transfer(bytes(data))


@given(st.sets(st.integers(0, 103)), st.sets(st.integers(0, 103)))
def test_the_chain_closes_what_was_planned_all_at_one_moment(first: set[int], second: set[int]) -> None:
    bench = ChainBench(13)
    for plan in (first, second):
        bench.driver.forget()
        for switch in plan:
            bench.driver.plan(switch)
        bench.driver.send()
        assert bench.part.closed == plan
    bench.driver.open_all()
    assert bench.seen == [first, second, set()]


class PulseBench(DacBench):
    """A pulse generator on a DAC, and a gate that notes the level that it lets through."""

    def __init__(self) -> None:
        from enose_device.converters.pulse_generator import PulseGenerator

        super().__init__()
        self.given: list[tuple[float, int]] = []
        facts = {"common_uv": 900_000, "max_uv": 300_000, "min_on_us": 1, "max_on_us": 5000}
        self.generator = PulseGenerator(self.driver, 5, self, facts)
        self.generator.begin()

    def fire(self, on_us: int) -> None:
        self.given.append((self.part.voltage_v(5), on_us))


@pytest.fixture
def no_sleep(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The waits of the pulse generator, in microseconds, without waiting; CPython's `time` has no such function."""
    waits: list[int] = []
    monkeypatch.setattr(time, "sleep_us", waits.append, raising=False)
    from enose_device.converters import pulse_generator

    monkeypatch.setattr(pulse_generator, "sleep_us", waits.append)
    return waits


@pytest.mark.parametrize("pulse_uv", [-300_000, -200_001, 0, 200_000, 299_999])
def test_a_pulse_has_its_level_and_the_dac_is_at_rest_after_it(no_sleep: list[int], pulse_uv: int) -> None:
    bench = PulseBench()
    bench.generator.give(pulse_uv, 17)
    ((level_v, on_us),) = bench.given
    assert level_v * 1e6 == pytest.approx(900_000 + pulse_uv, abs=19.1)  # half a code
    assert on_us == 17
    assert no_sleep[-1] > 17  # it does not go on before the pulse is over
    assert bench.part.voltage_v(5) * 1e6 == pytest.approx(900_000, abs=19.1)


@pytest.mark.parametrize(
    ("pulse_uv", "on_us"),
    [(300_100, 10), (-300_100, 10), (1_000_000, 10), (250_000, 0), (250_000, -1), (250_000, 5001), (250_000, 1 << 40)],
)
def test_no_pulse_beyond_the_limits_leaves(no_sleep: list[int], pulse_uv: int, on_us: int) -> None:
    bench = PulseBench()
    with pytest.raises(FaultError) as refused:
        bench.generator.give(pulse_uv, on_us)
    assert refused.value.fault == FAULT_RANGE
    assert (bench.given, bench.sent) == ([], [])


def test_the_first_fault_is_kept_and_the_outputs_are_made_safe_each_time() -> None:
    made: list[int] = []
    noted: list[tuple[int, int]] = []

    class Noting:
        def add(self, event: int, fault: int, urgent: bool) -> None:
            noted.append((event, fault))

    safety = Safety(lambda: made.append(1), Noting())
    assert not safety.latched
    safety.trip(2)
    safety.trip(5)
    assert (safety.fault, safety.latched, len(made)) == (2, True, 2)
    safety.clear()
    assert noted == [(records.FAULT, 2), (records.CLEARED, 2)]
    assert not safety.latched
