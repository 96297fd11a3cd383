"""One measurement: baseline, exposure, the chip's answer, recovery.

The device waits for warm sensors first. R0 and R are the means of the last `average` scans of baseline and exposure;
NORM_CHANGE needs both, NORM_RANGE the exposure alone.
"""

from time import ticks_add, ticks_diff, ticks_ms

from enose_contract import decision, messages, normalise
from enose_contract.image import Image

OUTPUT_READINGS = 4
IDLE_MS = 50
PHASE_IDLE, PHASE_WARMUP, PHASE_BASELINE, PHASE_EXPOSURE, PHASE_RECOVERY = range(5)


class Cycle:
    """Runs measurements one after the other; the last one's result stays until the next begins."""

    def __init__(self, chip, sensors, refresh, safety, gas, configuration) -> None:
        """gas: dict of the pins `valve` and `heater`; configuration: the whole of board.json."""
        self._chip = chip
        self._sensors = sensors
        self._refresh = refresh
        self._safety = safety
        self._valve = gas["valve"]
        self._heater = gas["heater"]
        self._facts = configuration["chip"]
        self._warmup_ms = configuration["sensors"]["warmup_ms"]
        self._heated = None
        self._warm = False
        self._begun = 0  # counts measurements, so that one that was given up is not gone on with
        self.image: Image | None = None
        self.number = 0
        self.state = messages.IDLE
        self.phase = PHASE_IDLE
        self._ends_ms = 0
        inputs = self._facts["inputs"]
        self._scan = [0] * inputs
        self._sums = [0] * inputs
        self.ohms = [0] * inputs
        self._baseline = [0] * inputs
        self.inputs_uv = [0] * inputs
        self._answer(decision.NONE, messages.REASON_NO_IMAGE)

    def start(self, number: int) -> None:
        """Begin measurement `number`; the same number again changes nothing."""
        if number != self.number or self.state == messages.IDLE:
            self.number = number
            self.state = messages.MEASURING
            self._begun += 1
            self._answer(decision.NONE, messages.REASON_OK)

    def heat(self) -> None:
        """Switch the sensors' heaters on; they are warm after the board's warm-up time."""
        if self._heated is None:
            self._heater.on()
            self._heated = ticks_ms()

    def make_safe(self) -> None:
        """Heaters off, valve to clean air, a running measurement ends at once and without an answer."""
        self._heater.off()
        self._valve.off()
        self._heated = None
        self._warm = False
        self.phase = PHASE_IDLE
        if self.state == messages.MEASURING:
            self.state = messages.DONE
        self._answer(decision.NONE, messages.REASON_SAFE)

    def remaining_ms(self) -> int:
        """How long the present phase still takes."""
        return max(ticks_diff(self._ends_ms, ticks_ms()), 0) if self.phase else 0

    def run(self):
        """The task."""
        while True:
            self._warmup_left_ms()
            if self.state != messages.MEASURING or self._safety.latched:
                yield IDLE_MS
                continue
            yield from self._while_wanted(self._one())

    def _while_wanted(self, measurement):
        """Run one measurement; it is dropped where it stands when the safe state has ended it."""
        begun = self._begun
        for wait_ms in measurement:
            until_ms = ticks_add(ticks_ms(), wait_ms)
            while wait_ms > 0:
                yield min(wait_ms, IDLE_MS)
                if self.state != messages.MEASURING or self._begun != begun:
                    return
                wait_ms = ticks_diff(until_ms, ticks_ms())

    def _one(self):
        yield from self._warm_up()
        if self.image is None:
            self._answer(decision.NONE, messages.REASON_NO_IMAGE)
        else:
            yield from self._measure(self.image)
        self.phase = PHASE_IDLE
        self.state = messages.DONE

    def _warmup_left_ms(self) -> int:
        """How long the sensors still need; looked at often enough that the tick counter does not wrap in between."""
        if self._warm or self._heated is None:
            return 0
        left_ms = self._warmup_ms - ticks_diff(ticks_ms(), self._heated)
        self._warm = left_ms <= 0
        return max(left_ms, 0)

    def _warm_up(self):
        self.heat()
        left_ms = self._warmup_left_ms()
        while left_ms or self._refresh.state == messages.WEIGHTS_PROGRAMMING:  # then the chip is not to be had
            self._begin(PHASE_WARMUP, left_ms)
            yield left_ms or IDLE_MS
            left_ms = self._warmup_left_ms()

    def _measure(self, image):
        self._valve.off()
        clean = True
        if image.baseline_ms:
            clean = yield from self._phase(PHASE_BASELINE, image.baseline_ms, image)
            self._baseline, self.ohms = self.ohms, self._baseline
        self._valve.on()
        good = yield from self._phase(PHASE_EXPOSURE, image.exposure_ms, image)
        if not (clean and good):
            self._answer(decision.NONE, messages.REASON_SENSOR)
        else:
            yield from self._classify(image)
        self._valve.off()
        self._begin(PHASE_RECOVERY, image.recovery_ms)
        if image.recovery_ms:
            yield image.recovery_ms

    def _begin(self, phase: int, duration_ms: int) -> None:
        self.phase = phase
        self._ends_ms = ticks_add(ticks_ms(), duration_ms)

    def _phase(self, phase: int, duration_ms: int, image):
        """Scan for duration_ms; self.ohms gets the means of the last scans; returns whether every reading was valid."""
        self._begin(phase, duration_ms)
        began_ms = ticks_ms()
        scans = max(duration_ms // image.scan_ms, 1)
        first = max(scans - image.average, 0)
        valid = True
        sums = self._sums
        for k in range(len(sums)):
            sums[k] = 0
        for scan in range(scans):
            left_ms = (scan + 1) * image.scan_ms - ticks_diff(ticks_ms(), began_ms)
            if left_ms > 0:
                yield left_ms
            if scan < first:
                continue
            yield from self._sensors.scan(image.channels, self._scan)
            for k in range(len(sums)):
                if self._scan[k] <= 0:
                    valid = False
                sums[k] += self._scan[k]
        for k in range(len(sums)):
            self.ohms[k] = sums[k] // (scans - first)
        return valid

    def _normalise(self, image):
        if image.normalisation == normalise.NORM_RANGE:
            return normalise.inputs_from_range(self.ohms, image.low_ohm, image.high_ohm)
        changes = [normalise.change_ppm(self.ohms[k], self._baseline[k]) for k in range(len(self.ohms))]
        return normalise.inputs_from_changes(changes)

    def _classify(self, image):
        inputs_uv = self._normalise(image)
        if inputs_uv is None:
            self._answer(decision.NONE, messages.REASON_ALL_ZERO)
            return
        self.inputs_uv = inputs_uv
        if self._refresh.state != messages.WEIGHTS_HELD:
            self._answer(decision.NONE, messages.REASON_STALE)
            return
        self._chip.drive(inputs_uv)
        outputs_uv = yield from self._chip.read_output(OUTPUT_READINGS)
        self._chip.rest()
        answer, band, margin_uv = self._decide(outputs_uv)
        reason = messages.REASON_OUTPUT if answer == decision.NONE else messages.REASON_OK
        if self._refresh.state != messages.WEIGHTS_HELD:
            answer, reason = decision.NONE, messages.REASON_STALE
        if answer == decision.CLASS and not image.classes[band]:
            answer = decision.ABSTAIN  # a band that the image gives to no class
        self._answer(answer, reason, outputs_uv, margin_uv, band)
        if answer == decision.CLASS:
            self.label = image.classes[band]

    def _decide(self, outputs_uv):
        facts = self._facts
        limits = facts["guard_uv"], facts["valid_min_uv"], facts["valid_max_uv"]
        if facts["rule"] == "largest":
            return decision.decide_largest(outputs_uv, facts["rest_uv"], *limits)
        return decision.decide(outputs_uv[0], facts["edges_uv"], *limits)

    def _answer(self, answer: int, reason: int, outputs_uv=(), margin_uv: int = 0, band: int = 0) -> None:
        self.answer = answer
        self.label = ""
        self.reason = reason
        self.outputs_uv = outputs_uv
        self.margin_uv = margin_uv
        self.band = band
