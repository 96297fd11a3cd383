"""SHT4x, temperature and humidity sensor, I2C (Sensirion "Datasheet SHT4x", version 6, sections 4.2 to 4.6).

One measurement of high repeatability at a time; the heater is not used.
"""

from enose_device.safety import NoAnswerError

MEASURE = 0xFD
MEASURE_MS = 10  # 8.3 ms at most (table 4), and the granularity of a millisecond
TRIES = 3  # one and two retries


def crc8(data, start: int, count: int) -> int:
    """The checksum of `count` bytes: polynomial 0x31, beginning with 0xFF."""
    crc = 0xFF
    for k in range(start, start + count):
        crc ^= data[k]
        for _ in range(8):
            crc = (crc << 1 ^ 0x31 if crc & 0x80 else crc << 1) & 0xFF
    return crc


class Sht4x:
    """The air's temperature and relative humidity."""

    def __init__(self, bus, address: int) -> None:
        """bus: see enose_device.bus."""
        self._bus = bus
        self._address = address
        self._command = bytes((MEASURE,))
        self._six = bytearray(6)

    def measure(self):
        """A task yielding the ms to wait: (temperature in mC, relative humidity in 0.001 %).

        Raises NoAnswerError where the part stays silent or its checksums stay wrong.
        """
        six = self._six
        for _ in range(TRIES):
            self._bus.writeto(self._address, self._command)
            yield MEASURE_MS
            self._bus.readfrom_into(self._address, six)
            if crc8(six, 0, 2) == six[2] and crc8(six, 3, 2) == six[5]:
                temperature_mc = (six[0] << 8 | six[1]) * 175000 // 65535 - 45000
                humidity_mrh = (six[3] << 8 | six[4]) * 125000 // 65535 - 6000
                return temperature_mc, min(max(humidity_mrh, 0), 100000)
        raise NoAnswerError()
