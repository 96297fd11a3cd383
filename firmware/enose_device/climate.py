"""The air around the sensors: an SHT4x that is asked every few seconds."""

from enose_contract.messages import SILENT_CLIMATE
from enose_device.safety import NoAnswerError

SECOND_MS = 1000


class Climate:
    """Temperature and humidity as they were read last; `known`: whether there is such a reading, of the last try."""

    bit = SILENT_CLIMATE

    def __init__(self, part, every_s: int) -> None:
        """part: with measure()."""
        self._part = part
        self._every_s = every_s
        self.known = self.silent = False
        self.temperature_mc = 0
        self.humidity_mrh = 0

    def run(self):
        """The task. A part that does not answer is asked again the next time."""
        yield 2  # its power-up takes 1 ms at most (SHT4x, table 4), and the granularity of a millisecond
        while True:
            try:
                self.temperature_mc, self.humidity_mrh = yield from self._part.measure()
                self.known = True
            except NoAnswerError:
                self.known = False
            self.silent = not self.known
            for _ in range(self._every_s):
                yield SECOND_MS

    def rest(self) -> None:
        """It has no heater in use."""
