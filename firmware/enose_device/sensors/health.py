"""What the readings of one measurement say about the sensors: are they fit to be believed?

A reading that is none is minus its reason. Metal oxide sensors all answer to whatever one of them answers to: one that
stands still while another moves is stuck. An unheated one leaves its clean-air resistance, which is tracked from each
measurement to the next, so that slow drift is followed.
"""

from enose_contract import messages
from enose_contract.normalise import PPM

MOST_OHM = 1 << 30  # above what any divider shows
STILL_COUNTS = 4  # highest less lowest of some ten readings of a converter with 0.4 counts rms
MOVED = 20  # a sensor has moved by more than a twentieth of its resistance
FAR = 3  # times: a year's drift, heat and damp together stay well within; an unheated sensor is beyond
SLOWNESS = 8  # the tracked resistance goes an eighth of the way to each new one
RETURNED = 5  # a change of more than a fifth must show in the recovery that it goes back
RECOVERY_MS = 5000  # the chamber's air and the sensors' surfaces need that long to show anything
NOISE = 3  # wander in clean air above 1/NOISE of the change: an input unsure by some 5 % of its span


class Health:
    """Watches each sensor's readings: the lowest and the highest, and its resistance in clean air."""

    def __init__(self, inputs: int) -> None:
        """Nothing read yet, no clean air known."""
        self.tracked_ohm = [0] * inputs
        self.begin()

    def begin(self) -> None:
        """A new measurement."""
        self.reason = messages.REASON_OK
        self.wander_ppm = 0
        inputs = len(self.tracked_ohm)
        self._low = [MOST_OHM] * inputs
        self._high = [0] * inputs

    def add(self, ohms) -> None:
        """One scan; the first reading that is none is kept as `reason`."""
        for k in range(len(ohms)):
            ohm = ohms[k]
            if ohm < 0 and not self.reason:
                self.reason = -ohm
            self._low[k] = min(self._low[k], ohm)
            self._high[k] = max(self._high[k], ohm)

    def judge_clean_air(self, early_ohm, late_ohm, least_ppm: int) -> int:
        """Why a baseline is none, or REASON_OK; the means of its first and of its last scans. A good one is tracked.

        Where least_ppm counts as a change, clean air alone may not make one, but for a change that goes under in noise.
        """
        if self.reason:
            return self.reason
        known = self.tracked_ohm
        far = moved_ppm = 0
        for k in range(len(known)):
            ohm = late_ohm[k]
            if known[k] and not known[k] <= FAR * ohm <= FAR * FAR * known[k]:
                far += 1
            self.wander_ppm = max((self._high[k] - self._low[k]) * PPM // ohm, self.wander_ppm)
            moved_ppm = max(abs(early_ohm[k] - ohm) * PPM // ohm, moved_ppm)
        if far:  # all of them have nothing in common but the heaters' supply
            return messages.REASON_HEATERS if far == len(known) else messages.REASON_FAR
        if moved_ppm > least_ppm and 4 * moved_ppm > self.wander_ppm:
            return messages.REASON_MOVING
        for k in range(len(known)):
            self.follow(k, late_ohm[k])
        return messages.REASON_OK

    def follow(self, k: int, ohm: int) -> None:
        """Let a tracked resistance go an eighth of the way; the first one is taken as it is."""
        known = self.tracked_ohm
        known[k] += (ohm - known[k]) // SLOWNESS if known[k] else ohm

    def judge_exposure(self, sensors) -> int:
        """Why the exposure is none, or REASON_OK; sensors: with step_ohm."""
        still = moved = False
        for k in range(len(self._low)):
            span_ohm = self._high[k] - self._low[k]
            still = still or span_ohm <= STILL_COUNTS * sensors.step_ohm(self._high[k])
            moved = moved or span_ohm * MOVED > self._high[k]
        return self.reason or (messages.REASON_STUCK if still and moved else messages.REASON_OK)

    def judge_recovery(self, clean_ohm, odour_ohm, last_ohm, least_ppm: int) -> int:
        """REASON_STUCK where a sensor that answered strongly does not go back by the least change."""
        for k in range(len(clean_ohm)):
            change_ohm = odour_ohm[k] - clean_ohm[k]
            back_ohm = odour_ohm[k] - last_ohm[k] if change_ohm > 0 else last_ohm[k] - odour_ohm[k]
            if abs(change_ohm) * RETURNED > clean_ohm[k] and back_ohm * PPM < least_ppm * clean_ohm[k]:
                return self.reason or messages.REASON_STUCK
        return self.reason

    def noisy(self, largest_ppm: int) -> bool:
        """Whether an odour that changes the sensors by so much goes under in what clean air does."""
        return self.wander_ppm * NOISE > largest_ppm
