"""MCP4728, quad 12-bit DAC with EEPROM, I2C (Microchip DS22187E, section 5.6; commands: figures 5-7 to 5-15).

The internal reference of 2.048 V, gain 1 or 2. What the part drives at power-up is in its EEPROM: `keep` puts it there.
"""

from enose_contract import limits
from enose_contract.messages import FAULT_BUS, FAULT_RANGE
from enose_device.safety import FaultError

BITS = 12
CHANNELS = 4
REFERENCE_UV = 2048000
MULTI_WRITE = 0x40  # one channel and its settings; bit 0, UDAC, low: its output follows at once
SEQUENTIAL_WRITE = 0x50  # from a channel up to the last one, and into the EEPROM
INTERNAL_REFERENCE = 0x80
GAIN_2 = 0x10
READY = 0x80
EEPROM_MS = 51  # 50 ms at most (section 1), and the granularity of a millisecond
POLLS = 3
SET = 6  # bytes that a read gives for a channel: three of its register, three of its EEPROM


class Mcp4728:
    """Four outputs, each writable only inside the range that `allow` gave it; no range, no output."""

    def __init__(self, bus, address: int, gain: int) -> None:
        """bus: see enose_device.bus."""
        self._bus = bus
        self._address = address
        self._settings = INTERNAL_REFERENCE | (GAIN_2 if gain == 2 else 0)
        self.full_scale_uv = REFERENCE_UV * gain
        self._low = [0] * CHANNELS
        self._high = [-1] * CHANNELS
        self._frame = bytearray(3)
        self._answer = bytearray(SET * CHANNELS)

    def allow(self, channel: int, min_uv: int, max_uv: int) -> None:
        """The only codes that the channel will ever be given are those within min_uv..max_uv."""
        self._low[channel], self._high[channel] = limits.code_range(min_uv, max_uv, self.full_scale_uv, BITS)

    def code(self, channel: int, v_uv: int) -> int:
        """The code nearest to v_uv inside the channel's range."""
        return limits.code_within(v_uv, self._low[channel], self._high[channel], self.full_scale_uv, BITS)

    def write(self, channel: int, code: int) -> None:
        """Set one output. Raises FaultError(FAULT_RANGE) for a code outside the channel's range; nothing is sent."""
        self._check(channel, code)
        frame = self._frame
        frame[0] = MULTI_WRITE | channel << 1
        frame[1] = self._settings | code >> 8
        frame[2] = code & 0xFF
        self._bus.writeto(self._address, frame)

    def read_back(self, channel: int) -> int:
        """The code in the channel's register; -1 where its reference, gain or power-down bits are not ours."""
        self._read()
        return self._code_at(channel * SET + 1)

    def read_kept(self, channel: int) -> int:
        """The code that the channel has at power-up; -1 where its reference, gain or power-down bits are not ours."""
        self._read()
        return self._code_at(channel * SET + 4)

    def keep(self, codes):
        """A task yielding the ms to wait: drive all four codes, now and at every power-up from now on.

        Raises FaultError: FAULT_RANGE, nothing is sent; FAULT_BUS where the EEPROM does not become ready.
        """
        frame = bytearray(1 + 2 * CHANNELS)
        frame[0] = SEQUENTIAL_WRITE
        for channel in range(CHANNELS):
            self._check(channel, codes[channel])
            frame[1 + 2 * channel] = self._settings | codes[channel] >> 8
            frame[2 + 2 * channel] = codes[channel] & 0xFF
        self._bus.writeto(self._address, frame)
        for _ in range(POLLS):  # until then the part ignores what is written to it
            yield EEPROM_MS
            self._read()
            if self._answer[0] & READY:
                return
        raise FaultError(FAULT_BUS)

    def _check(self, channel: int, code: int) -> None:
        if code < self._low[channel] or code > self._high[channel]:
            raise FaultError(FAULT_RANGE)

    def _read(self) -> None:
        self._bus.readfrom_into(self._address, self._answer)

    def _code_at(self, at: int) -> int:
        high = self._answer[at]
        return (high & 0x0F) << 8 | self._answer[at + 1] if high & 0xF0 == self._settings else -1
