"""AD5676R, octal 16-bit DAC with reference, SPI mode 1 (Analog Devices data sheet, "Serial interface", command table).

24-bit frames: command (4 bits), channel (4 bits), data (16 bits), MSB first, one per low period of SYNC.
"""

from enose_contract import limits
from enose_contract.messages import FAULT_RANGE, FAULT_READBACK
from enose_device.safety import FaultError

BITS = 16
WRITE_AND_UPDATE = 0x30
SOFTWARE_RESET = 0x60
REFERENCE_SETUP = 0x70
READBACK = 0x90
NO_OPERATION = 0x00
REFERENCE_ON_GAIN_1 = 0x0000
REFERENCE_ON_GAIN_2 = 0x0004


class Ad5676r:
    """Eight outputs, each writable only inside the range that `allow` gave it; no range, no output."""

    def __init__(self, spi, select, full_scale_uv: int, gain: int) -> None:
        """spi: a bus with write and write_readinto; select: the SYNC pin, high when idle."""
        self._spi = spi
        self._select = select
        self._gain = REFERENCE_ON_GAIN_2 if gain == 2 else REFERENCE_ON_GAIN_1
        self.full_scale_uv = full_scale_uv
        self._low = [0] * 8
        self._high = [-1] * 8
        self._codes = [0] * 8  # as they were written last
        self._looked = 0
        self._frame = bytearray(3)
        self._answer = bytearray(3)

    def allow(self, channel: int, min_uv: int, max_uv: int) -> None:
        """The only codes that the channel will ever be given are those within min_uv..max_uv."""
        self._low[channel], self._high[channel] = limits.code_range(min_uv, max_uv, self.full_scale_uv, BITS)

    def code(self, channel: int, v_uv: int) -> int:
        """The code nearest to v_uv inside the channel's range."""
        return limits.code_within(v_uv, self._low[channel], self._high[channel], self.full_scale_uv, BITS)

    def begin(self) -> None:
        """Bring the part into a known state: reset, internal reference on, gain as the board has it."""
        for channel in range(8):
            self._codes[channel] = 0
        self._send(SOFTWARE_RESET, 0x1234)
        self._send(REFERENCE_SETUP, self._gain)

    def write(self, channel: int, code: int) -> None:
        """Set one output. Raises FaultError(FAULT_RANGE) for a code outside the channel's range; nothing is sent."""
        if code < self._low[channel] or code > self._high[channel]:
            raise FaultError(FAULT_RANGE)
        self._send(WRITE_AND_UPDATE | channel, code)
        self._codes[channel] = code

    def written_uv(self, channel: int) -> int:
        """The voltage that was written last."""
        return limits.uv_from_code(self._codes[channel], self.full_scale_uv, BITS)

    def next_holds(self) -> bool:
        """Whether one channel reads back what was written; another one at each call."""
        self._looked = (self._looked + 1) & 7
        return self.read_back(self._looked) == self._codes[self._looked]

    def renewed(self, begin) -> bool:
        """Whether the part had reset itself: then it was set up anew, by begin().

        Raises FaultError(FAULT_READBACK) where it holds anything else than what was written, also after begin().
        """
        if not self._differing():
            return False
        if self._differing() == 1:
            begin()
            if not self._differing():
                return True
        raise FaultError(FAULT_READBACK)

    def _differing(self) -> int:
        """0 where all channels hold what was written, 1 where those that do not hold zero, 2 where one does not."""
        found = 0
        for channel in range(8):
            code = self.read_back(channel)
            if code != self._codes[channel]:
                found = max(found, 2 if code else 1)
        return found

    def read_back(self, channel: int) -> int:
        """The code in the channel's DAC register."""
        self._send(READBACK | channel, 0)
        frame = self._frame
        frame[0] = NO_OPERATION
        frame[1] = frame[2] = 0
        self._select.off()
        self._spi.write_readinto(frame, self._answer)
        self._select.on()
        return self._answer[1] << 8 | self._answer[2]

    def _send(self, command: int, data: int) -> None:
        frame = self._frame
        frame[0] = command
        frame[1] = data >> 8
        frame[2] = data & 0xFF
        self._select.off()
        self._spi.write(frame)
        self._select.on()
