"""How long the device was awake, heated, measuring; and how long its sensors' heaters were on in all their life.

New metal oxide sensors drift: their makers heat them for two days and more before they are measured (Figaro's data
sheets of the TGS series, "conditioning period before test": 48 hours to 7 days). Until then an answer means nothing.

The sensors' seconds are a record of the field log, once for each hour of heating and before the ring forgets the one
before; a power cut costs an hour at most. Where the log is lost the sensors count as new.
"""

from enose_contract import records

NOTE_EVERY_S = 3600
FORGET_RECORDS = 128  # a block of the ring


class Life:
    """Times since the start in ms, and of the sensors in s."""

    def __init__(self, log, burn_in_s: int) -> None:
        """log: log.Log, which knows how long the sensors were heated before; burn_in_s: how long they have to be."""
        self._log = log
        self._wanted_s = burn_in_s
        self._heated_s = log.heated_s
        self._noted_s = log.heated_s
        self._noted_at = log.next
        self.asleep_ms = 0
        self.heated_ms = 0
        self._before_ms = 0  # of heated_ms, what is in _heated_s already
        self.measuring_ms = 0
        self.held_ms = 0
        self.measurements = 0

    @property
    def sensors_heated_s(self) -> int:
        """How long these sensors were heated in all."""
        return self._heated_s + (self.heated_ms - self._before_ms) // 1000

    @property
    def burn_in_s(self) -> int:
        """How long they still have to be heated."""
        return max(self._wanted_s - self.sensors_heated_s, 0)

    def count(self, ms: int, asleep: bool, heated: bool, measuring: bool, held: bool) -> None:
        """So many ms have passed in this state; called about once a second."""
        self.asleep_ms += ms * asleep
        self.measuring_ms += ms * measuring
        self.held_ms += ms * held
        if heated:
            burning_in = self.burn_in_s > 0
            self.heated_ms += ms
            due = self.sensors_heated_s - self._noted_s >= NOTE_EVERY_S or burning_in and not self.burn_in_s
            if due or self._noted_s and self._log.next - self._noted_at > FORGET_RECORDS:
                self._note(urgent=False)

    def fit(self, heated_s: int) -> None:
        """The sensors are others, heated for so long before."""
        self._heated_s = heated_s
        self._before_ms = self.heated_ms
        self._note(urgent=True)

    def _note(self, urgent: bool) -> None:
        self._noted_s = self.sensors_heated_s
        self._noted_at = self._log.next
        self._log.add(records.HEATED, x=min(self._noted_s, 0x7FFFFFFF), urgent=urgent)
