"""The ADC's model: registers, the ready bit, ranges, clipping and noise."""

import numpy as np
import pytest

from enose_hwsim.board.parts.ads1115 import NOISE_COUNTS, RANGE_V, RATE_SPS, WAKE_UP_S, Ads1115Part

START = 0x8000
SINGLE_ENDED = 0x4000


class Bench:
    """An ADC on four sources, and a clock."""

    def __init__(self, *volts: float, seed: int = 1) -> None:
        self.volts = [*volts, 0.0, 0.0, 0.0, 0.0][:4]
        self.asked: list[tuple[int, float]] = []
        self.adc = Ads1115Part(self._source, np.random.default_rng(seed))
        self.t_s = 0.0

    def _source(self, channel: int, t_s: float) -> float:
        self.asked.append((channel, t_s))
        return self.volts[channel]

    def start(self, channel: int = 0, gain: int = 1, rate: int = 7) -> None:
        config = START | SINGLE_ENDED | channel << 12 | gain << 9 | 0x0100 | rate << 5 | 0x3
        self.adc.write(bytes((1, config >> 8, config & 0xFF)), self.t_s)

    def register(self, pointer: int) -> int:
        self.adc.write(bytes((pointer,)), self.t_s)
        return int.from_bytes(self.adc.read(2, self.t_s), "big")

    def count(self) -> int:
        word = self.register(0)
        return word - 65536 if word & 0x8000 else word

    def convert(self, channel: int = 0, gain: int = 1) -> int:
        self.start(channel, gain)
        self.t_s += 0.01
        return self.count()


def test_powered_up_it_has_the_data_sheets_defaults() -> None:
    bench = Bench()
    assert bench.register(1) == 0x8583
    assert bench.register(0) == 0
    assert bench.register(2) == 0  # thresholds are not modelled


@pytest.mark.parametrize("rate", range(8))
def test_the_ready_bit_comes_with_the_conversion_time_of_its_rate(rate: int) -> None:
    bench = Bench(1.0)
    bench.start(rate=rate)
    bench.t_s = 1 / RATE_SPS[rate] + WAKE_UP_S - 1e-6
    assert bench.register(1) & START == 0
    assert bench.count() == 0  # the old conversion
    bench.t_s += 2e-6
    assert bench.register(1) & START
    assert bench.count() > 0


def test_the_config_register_reads_as_written() -> None:
    bench = Bench()
    bench.start(channel=2, gain=3, rate=5)
    assert bench.register(1) == SINGLE_ENDED | 2 << 12 | 3 << 9 | 0x0100 | 5 << 5 | 0x3


@pytest.mark.parametrize("gain", range(4))
def test_a_count_is_a_32768th_of_its_range(gain: int) -> None:
    bench = Bench(0.7)
    # five sigma of the model's noise and the rounding to a whole count
    assert bench.convert(gain=gain) == pytest.approx(0.7 / RANGE_V[gain] * 32768, abs=5 * NOISE_COUNTS + 0.5)


@pytest.mark.parametrize(("volts", "count"), [(5.0, 32767), (-5.0, -32768)])
def test_beyond_its_range_it_clips(volts: float, count: int) -> None:
    assert Bench(volts).convert(gain=2) == count


@pytest.mark.parametrize("channel", range(4))
def test_each_channel_reads_its_own_input_at_the_end_of_the_conversion(channel: int) -> None:
    bench = Bench(0.1, 0.2, 0.3, 0.4)
    bench.start(channel)
    bench.t_s = 1.0
    bench.count()
    assert bench.asked == [(channel, 1 / 860 + WAKE_UP_S)]


def test_the_noise_is_that_of_the_data_sheet_and_the_same_for_the_same_seed() -> None:
    counts = [Bench(1.0, seed=4).convert() for _ in range(2)]
    assert counts[0] == counts[1]
    bench = Bench(1.0, seed=5)
    found = np.array([bench.convert() for _ in range(400)])
    # rounding adds 1/12 count squared; 400 samples know a standard deviation to 1/sqrt(800), four times that is 14 %
    assert found.std() == pytest.approx(np.sqrt(NOISE_COUNTS**2 + 1 / 12), rel=0.14)


def test_a_start_while_a_conversion_runs_has_no_effect() -> None:
    bench = Bench(1.0)
    bench.start(rate=0)
    bench.t_s = 0.1
    bench.start(rate=0)
    bench.t_s = 1 / 8 + WAKE_UP_S
    assert bench.register(1) & START
    assert bench.adc.conversions == 1


@pytest.mark.parametrize("pair", range(4))
def test_a_differential_conversion_is_of_the_data_sheets_pairs(pair: int) -> None:
    volts = (0.1, 0.35, 0.2, 0.05)
    plus, minus = ((0, 1), (0, 3), (1, 3), (2, 3))[pair]
    bench = Bench(*volts)
    config = START | pair << 12 | 4 << 9 | 0x01E3
    bench.adc.write(bytes((1, config >> 8, config & 0xFF)), 0.0)
    bench.t_s = 0.01
    # five sigma of the model's noise and the rounding to a whole count
    expected = (volts[plus] - volts[minus]) / RANGE_V[4] * 32768
    assert bench.count() == pytest.approx(expected, abs=5 * NOISE_COUNTS + 0.5)


def test_an_empty_write_and_a_short_read_do_no_harm() -> None:
    bench = Bench()
    bench.adc.write(b"", 0.0)
    bench.adc.write(b"\x01", 0.0)
    assert bench.adc.read(1, 0.0) == b"\x85"
    bench.adc.write(b"\x01\xff", 0.0)  # a register's two bytes or none
    assert bench.register(1) == 0x8583
