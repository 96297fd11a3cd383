"""A BME688 that goes through its heater profile for as long as the device is not in its safe state."""

from enose_contract.messages import SILENT_GAS
from enose_device.safety import FaultError, NoAnswerError

IDLE_MS = 500


class GasSensor:
    """`ohms[k]` is the gas resistance at step k of the profile as it was measured last, 0 before."""

    bit = SILENT_GAS

    def __init__(self, part, facts, safety) -> None:
        """part: with begin, run_profile, stop and poll; facts: the board's `gas_sensor`."""
        self._part = part
        self._steps = facts["steps"]
        self._period_ms = facts["period_ms"]
        self._safety = safety
        self._resting = True
        self.known = self.silent = False
        self.pressure_pa = 0
        self.ohms = [0] * len(self._steps)

    def rest(self) -> None:
        """Heater off. Where the part does not answer there is no more to be done: the caller's safe state stands."""
        self.known = False
        self._resting = True
        try:
            self._part.stop()
        except FaultError:
            pass

    def run(self):
        """The task."""
        while True:
            if not self._safety.latched:
                try:
                    yield from self._go_through()
                except NoAnswerError:
                    self.known = False
                    self.silent = True
            yield IDLE_MS

    def _go_through(self):
        part = self._part
        self._resting = False
        yield from part.begin()
        if self._resting:  # the safe state has come meanwhile
            return
        for wait_ms in part.run_profile(self._steps, self._period_ms):
            yield wait_ms
            if self._resting:
                return
        self.silent = False
        while not self._resting:
            for k in range(part.poll()):
                self._take(part.samples[k])
            yield self._period_ms  # the part keeps three samples

    def _take(self, sample) -> None:
        self.known = True
        self.pressure_pa = sample.pressure_pa
        if sample.valid and sample.step < len(self.ohms):
            self.ohms[sample.step] = sample.gas_ohm
