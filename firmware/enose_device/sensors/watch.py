"""All the sensors of the board, also those that the image does not use, looked at while nothing is measured.

What is found is flagged and changes no answer: a sensor that is open, short or saturated, and one whose clean-air
resistance has come further from that of the training than the image allows.
"""

from time import ticks_add, ticks_diff, ticks_ms

from enose_contract.normalise import PPM

LOOK_MS = 60_000
SETTLED_MS = 120_000  # after an odour the sensors need that long to be back in clean air
MOST_PPM = 10 * PPM
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
        self.bad = 0
        self.drifted = 0
        self.drift_ppm = []  # of the image's inputs

    def due(self) -> bool:
        """Whether a look is due; also where the clock has jumped back."""
        return not 0 <= ticks_diff(ticks_ms(), self._looked_ms) < LOOK_MS

    def look(self):
        """A task: read every position; brings `bad` up to date once all have been read."""
        yield from self._sensors.scan(self._positions, self._ohms)
        self._looked_ms = ticks_ms()
        bad = 0
        for k in range(len(self._ohms)):
            if self._ohms[k] > 0:
                self._mounted |= 1 << k
            else:
                bad |= 1 << k
        if self._sensors.rail_good():  # otherwise it is the converter that is not fit
            self.bad = bad & self._mounted

    def follow(self, image, health) -> None:
        """Let the tracked clean-air resistances of the image's sensors follow what was seen, where it is clean air."""
        if not 0 <= ticks_diff(ticks_ms(), self._measured_ms) < SETTLED_MS:
            for k in range(len(image.channels)):
                ohm, known_ohm = self._ohms[image.channels[k]], health.tracked_ohm[k]
                if ohm > 0 and abs(ohm - known_ohm) * NEAR <= known_ohm:
                    health.follow(k, ohm)
            self._judge(image, health.tracked_ohm)

    def drift(self, image, tracked_ohm) -> None:
        """A measurement has ended: how far is each input's clean-air resistance from that of the training?"""
        self._measured_ms = ticks_ms()
        self._judge(image, tracked_ohm)

    def _judge(self, image, tracked_ohm) -> None:
        self.drifted = 0
        self.drift_ppm = []
        for k in range(len(tracked_ohm)):
            clean_ohm = image.clean_ohm[k]
            known = clean_ohm and tracked_ohm[k]
            self.drift_ppm.append(min((tracked_ohm[k] - clean_ohm) * PPM // clean_ohm, MOST_PPM) if known else 0)
            if image.drift_limit_ppm and abs(self.drift_ppm[k]) > image.drift_limit_ppm:
                self.drifted |= 1 << image.channels[k]
