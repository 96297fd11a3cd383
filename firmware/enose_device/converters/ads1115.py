"""ADS1115, four-channel 16-bit ADC, I2C (Texas Instruments SBAS444, section 9.6 "Register map").

Single-shot conversions against ground or between two inputs: start one, wait `conversion_ms`, read it.
"""

from enose_contract.messages import FAULT_BUS
from enose_device.safety import FaultError

CONVERSION = 0x00
CONFIG = 0x01
START = 0x8000  # OS: begin a conversion; reads 1 when none is running
SINGLE_ENDED = 0x4000  # MUX = 100 + channel
DIFFERENCE = 0x0000  # MUX = 000 + channel: of inputs 0 and 1, 0 and 3, 1 and 3, 2 and 3
SINGLE_SHOT = 0x0100
NO_COMPARATOR = 0x0003
GAIN_OF_RANGE_UV = {6144000: 0, 4096000: 1, 2048000: 2, 1024000: 3, 512000: 4, 256000: 5}
RATES_SPS = (8, 16, 32, 64, 128, 250, 475, 860)
FULL_COUNT = 32768
READY_POLLS = 20


class Ads1115:
    """Conversions by channel and range; one that never ends raises FaultError(FAULT_BUS)."""

    def __init__(self, i2c, address: int, rate_sps: int) -> None:
        """i2c: see enose_device.bus, whose faults pass through."""
        self._i2c = i2c
        self._address = address
        self._rate = RATES_SPS.index(rate_sps) << 5
        self._two = bytearray(2)
        self.busy = False  # from a start, or from when it is taken, to its read
        self.taken = 0  # times
        # the internal oscillator may be 10 % slow, and the part wakes up in 30 us (SBAS444, section 7.5); the rest is
        # the bus transfer and the granularity of a millisecond
        self.conversion_ms = 11 * 1000 // (10 * rate_sps) + 1

    def take(self) -> None:
        """Be busy from now on, until the next conversion is read."""
        self.busy = True
        self.taken += 1

    def start(self, channel: int, range_uv: int, mode: int = SINGLE_ENDED) -> None:
        """Begin one conversion of channel against ground, or of the pair of that number with DIFFERENCE."""
        config = (
            START | mode | channel << 12 | GAIN_OF_RANGE_UV[range_uv] << 9 | SINGLE_SHOT | self._rate | NO_COMPARATOR
        )
        self.take()
        self._two[0] = config >> 8
        self._two[1] = config & 0xFF
        self._i2c.writeto_mem(self._address, CONFIG, self._two)

    def read(self) -> int:
        """The count of the conversion that was started, -32768..32767; waits a bounded while if it is not ready."""
        for _ in range(READY_POLLS):
            self._i2c.readfrom_mem_into(self._address, CONFIG, self._two)
            if self._two[0] & 0x80:
                break
        else:
            raise FaultError(FAULT_BUS)
        self._i2c.readfrom_mem_into(self._address, CONVERSION, self._two)
        self.busy = False
        count = self._two[0] << 8 | self._two[1]
        return count - 65536 if count & 0x8000 else count

    def mean_uv(self, channels, range_uv: int, readings: int):
        """A task yielding the ms to wait: the means of `readings` conversions of each channel, a list of uV."""
        means_uv = [0] * len(channels)
        for k in range(len(channels)):
            total = 0
            for _ in range(readings):
                self.start(channels[k], range_uv)
                yield self.conversion_ms
                total += self.read()
            means_uv[k] = total * (range_uv // 1000) * 1000 // (FULL_COUNT * readings)
        return means_uv
