"""How long the sensors' heaters were on in all their life, kept over power cycles.

New metal oxide sensors drift: their makers heat them for two days and more before they are measured (Figaro's data
sheets of the TGS series, "conditioning period before test": 48 hours to 7 days). Until then an answer means nothing.

The seconds are a record of the field log: once for each hour of heating, as the burn-in ends, and before the ring comes
round to the last one. A power cut costs an hour at most. Where the log is lost the sensors count as new.
"""

from enose_contract import records

NOTE_EVERY_S = 3600
FORGET_RECORDS = 128  # a block of the ring


class BurnIn:
    """Counts; `left_s` is how long the sensors still have to be heated."""

    def __init__(self, log, wanted_s: int) -> None:
        """log: log.Log, which knows how long the sensors were heated before."""
        self._log = log
        self._wanted_s = wanted_s
        self._rest_ms = 0
        self.fit(log.heated_s, note=False)

    def fit(self, heated_s: int, note: bool = True) -> None:
        """The sensors were heated for so long before."""
        self.heated_s = heated_s
        self._noted_s = heated_s
        self._noted_at = self._log.next
        self.left_s = max(self._wanted_s - heated_s, 0)
        if note:
            self._note(urgent=True)

    def count(self, ms: int) -> None:
        """The heaters were on for so many ms more; called about once a second."""
        self._rest_ms += ms
        self.heated_s += self._rest_ms // 1000
        self._rest_ms %= 1000
        left_s, self.left_s = self.left_s, max(self._wanted_s - self.heated_s, 0)
        over = left_s and not self.left_s
        if over or self.heated_s - self._noted_s >= NOTE_EVERY_S or self._log.next - self._noted_at > FORGET_RECORDS:
            self._note(urgent=False)

    def _note(self, urgent: bool) -> None:
        self._noted_s = self.heated_s
        self._noted_at = self._log.next
        self._log.add(records.HEATED, x=min(self.heated_s, 0x7FFFFFFF), urgent=urgent)
