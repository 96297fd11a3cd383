"""All the sensors of the board, also those that the image does not use, looked at while nothing is measured.

What is found is flagged and changes no answer: a sensor that is open, short or saturated, and one whose clean-air
resistance has come further from that of the training than the image allows.
"""

from time import ticks_add, ticks_diff, ticks_ms

from enose_contract.normalise import PPM

LOOK_MS = 60_000
SETTLED_MS = 120_000  # after an odour the sensors need that long to be back in clean air
NEAR = 5  # what is further off than a fifth is no drift but an odour, a cold sensor or a fault


class Watch:
    """Bit k of `bad` and `drifted` is for the sensor at position k."""

    def __init__(self, sensors, facts) -> None:
        """sensors: array.SensorArray; facts: of board.json, `positions` and perhaps `mounted` (bits, 0: not told)."""
        self._sensors = sensors
        self._positions = bytes(range(facts["positions"]))
        # where the board does not say what is mounted, that counts which has once been read
        self._mounted = facts.get("mounted", 0)
        self._ohms = [0] * facts["positions"]
        self._looked_ms = ticks_add(ticks_ms(), -LOOK_MS)
        self._measured_ms = ticks_ms()
        self.looking = False
        self.bad = 0
        self.drifted = 0

    def due(self) -> bool:
        """Whether a look is due; also where the clock has jumped back."""
        return not 0 <= ticks_diff(ticks_ms(), self._looked_ms) < LOOK_MS

    def put_off(self) -> None:
        """No look before another LOOK_MS: somebody else has the converter."""
        self._looked_ms = ticks_ms()

    def look(self, cycle):
        """A task: read every position, bring `bad` and `drifted` up to date; given up when a measurement begins."""
        begun, self.looking = cycle.begun, True
        for wait_ms in self._sensors.scan(self._positions, self._ohms):
            yield wait_ms
            if cycle.begun != begun:
                self.looking = False
                return
        self.looking = False
        self._looked_ms = ticks_ms()
        bad = 0
        for k in range(len(self._ohms)):
            if self._ohms[k] > 0:
                self._mounted |= 1 << k
            else:
                bad |= 1 << k
        if self._sensors.rail_good():  # otherwise it is the converter that is not fit
            self.bad = bad & self._mounted
        if cycle.image is not None:
            self.judge(cycle.image, cycle.health, measured=False)

    def judge(self, image, health, measured: bool) -> None:
        """How far is each input's clean-air resistance from that of the training? After each measurement and look.

        What a look has seen is followed only where it is clean air.
        """
        if measured:
            self._measured_ms = ticks_ms()
        settled = not 0 <= ticks_diff(ticks_ms(), self._measured_ms) < SETTLED_MS
        self.drifted = 0
        for k in range(len(image.channels)):
            ohm, known_ohm = self._ohms[image.channels[k]], health.tracked_ohm[k]
            if settled and ohm > 0 and abs(ohm - known_ohm) * NEAR <= known_ohm:
                health.follow(k, ohm)
            clean_ohm, limit_ppm = image.clean_ohm[k], image.drift_limit_ppm
            if known_ohm and clean_ohm and abs(health.tracked_ohm[k] - clean_ohm) > clean_ohm * limit_ppm // PPM > 0:
                self.drifted |= 1 << image.channels[k]
