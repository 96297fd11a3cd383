"""ADS1115, four-channel 16-bit ADC (Texas Instruments SBAS444): pointer, config, conversion, single shot."""

from collections.abc import Callable

import numpy as np

PAIRS = ((0, 1), (0, 3), (1, 3), (2, 3))  # of the differential inputs
RANGE_V = (6.144, 4.096, 2.048, 1.024, 0.512, 0.256, 0.256, 0.256)
RATE_SPS = (8, 16, 32, 64, 128, 250, 475, 860)
WAKE_UP_S = 25e-6
NOISE_COUNTS = 0.4  # rms, at 860 SPS and +-2.048 V the data sheet's table 1 gives less than one code
DEFAULT_CONFIG = 0x8583


class Ads1115Part:
    """`source(channel, t_s)` gives the voltage of an input pin against ground."""

    def __init__(self, source: Callable[[int, float], float], rng: np.random.Generator) -> None:
        """Powered up: no conversion running, pointer at the conversion register."""
        self._source = source
        self._rng = rng
        self._pointer = 0
        self.config = DEFAULT_CONFIG
        self._conversion = 0
        self._ready_s = 0.0
        self._pending = False
        self.conversions = 0

    def write(self, data: bytes, t_s: float) -> None:
        """A write transfer: the pointer, and the register's two bytes if they follow."""
        if not data:
            return
        self._pointer = data[0] & 0x3
        if len(data) >= 3 and self._pointer == 1:
            busy = self._pending and t_s < self._ready_s  # OS "has no effect when a conversion is ongoing"
            self.config = data[1] << 8 | data[2]
            if self.config & 0x8000 and not busy:
                self._ready_s = t_s + 1 / RATE_SPS[self.config >> 5 & 0x7] + WAKE_UP_S
                self._pending = True
                self.conversions += 1

    def clock_jumped(self, by_s: float) -> None:
        """The clock that it is asked by: a conversion takes as long as it does."""
        self._ready_s += by_s

    def read(self, count: int, t_s: float) -> bytes:
        """A read transfer from the register that the pointer names."""
        if self._pending and t_s >= self._ready_s:
            self._conversion = self.convert()
            self._pending = False
        if self._pointer == 0:
            word = self._conversion & 0xFFFF
        elif self._pointer == 1:
            word = self.config & 0x7FFF | (0 if self._pending else 0x8000)
        else:
            word = 0
        return word.to_bytes(2, "big")[:count]

    def convert(self) -> int:
        """The count of the conversion that is due, as the configuration has it."""
        channel = self.config >> 12 & 0x3
        if self.config & 0x4000:
            volts = self._source(channel, self._ready_s)
        else:
            plus, minus = PAIRS[channel]
            volts = self._source(plus, self._ready_s) - self._source(minus, self._ready_s)
        count = volts / RANGE_V[self.config >> 9 & 0x7] * 32768 + self._rng.normal(0.0, NOISE_COUNTS)
        return int(min(max(round(count), -32768), 32767))
