"""One measurement: baseline, exposure, the chip's answer, recovery.

The device waits for warm sensors first. R0 and R are the means of the last `average` scans of baseline and exposure;
NORM_CHANGE needs both, NORM_RANGE the exposure alone. A baseline's first scans are read too: one that moves is none,
and the odour is not let in. Sensors that are not fit give no answer, each with its reason; see sensors/health.py.
"""

from time import ticks_add, ticks_diff, ticks_ms

from enose_contract import decision, messages, normalise
from enose_contract.image import Image
from enose_device.sensors.health import RECOVERY_MS, Health

OUTPUT_READINGS = 4
IDLE_MS = 50
PHASE_IDLE, PHASE_WARMUP, PHASE_BASELINE, PHASE_EXPOSURE, PHASE_RECOVERY = range(5)


class Cycle:
    """Runs measurements one after the other; the last one's result stays until the next begins."""

    def __init__(self, chip, sensors, refresh, safety, gas, configuration) -> None:
        """gas: dict of the pins `valve`, `heater` and, where there is one, `pump`; configuration: all of board.json."""
        self._chip = chip
        self._sensors = sensors
        self._refresh = refresh
        self._safety = safety
        self._valve = gas["valve"]
        self._heater = gas["heater"]
        self._pump = gas.get("pump")
        self._refusal = messages.REASON_OK  # why nothing is measured for now
        self._facts = configuration["chip"]
        self._warmup_ms = configuration["sensors"]["warmup_ms"]
        self._heated = None
        self._warm = False
        self.watch = None  # sensors.watch.Watch, where the device looks after itself
        self.burn_in_s = 0  # that the sensors still lack
        self._steady = None
        self._cut = False  # whether the heaters' power was cut for a short one
        self.begun = 0  # counts measurements, so that one, or a look, that was given up is not gone on with
        self.number = 0
        self.state = messages.IDLE
        self.phase = PHASE_IDLE
        self._ends_ms = 0
        self._noisy = False
        self.ohms: list[int] = []
        self.inputs_uv: list[int] = []
        self.use(None)
        self._answer(decision.NONE, messages.REASON_NO_IMAGE)

    def use(self, image: Image | None) -> None:
        """Measure with this image from now on; what was known of its sensors and answers is forgotten.

        What a rare image needs is imported here, before the weights: it stalls the processor.
        """
        self.image = image
        sensors = len(image.channels) if image else self._facts["inputs"]
        if len(self.ohms) != sensors:
            self._scan = [0] * sensors
            self._early = [0] * sensors  # a baseline's first means, and later those of the recovery
            self.ohms = [0] * sensors
            self._baseline = [0] * sensors
        self.health = Health(sensors)
        self._steady = self._pages = None
        if image is not None and (image.measurements > 1 or image.hysteresis_uv):
            from enose_contract.steady import Steady

            self._steady = Steady(self._facts, image)
        if image is not None and image.pages:
            from enose_device.pages import Pages

            self._pages = Pages(self._chip, self._refresh, self._facts, image)

    def start(self, number: int) -> None:
        """Begin measurement `number`; the same number again changes nothing."""
        if number != self.number or self.state == messages.IDLE:
            self.number = number
            self.state = messages.MEASURING
            self.begun += 1
            self._answer(decision.NONE, messages.REASON_OK)

    def heat(self) -> None:
        """Switch the sensors' heaters on; they are warm after the board's warm-up time."""
        if self._heated is None and not self._cut and not self._refusal:
            self._heater.on()
            self._heated = ticks_ms()

    def make_safe(self) -> None:
        """Heaters off, valve to clean air, a running measurement ends at once and without an answer."""
        self._cut = False
        self._end(messages.REASON_SAFE)

    def refuse(self, reason: int) -> None:
        """Measure nothing from now on, for this reason: heaters off, a running measurement ends; REASON_OK: go on."""
        if reason and not self._refusal:
            self._end(reason)
        self._refusal = reason

    def _end(self, reason: int) -> None:
        self.cool()
        self._valve.off()
        self._draw(False)
        self.phase = PHASE_IDLE
        if self.state == messages.MEASURING:
            self.state = messages.DONE
        self._answer(decision.NONE, reason)

    def _draw(self, air: bool) -> None:
        """Have the pump draw air past the sensors, or not."""
        if self._pump is not None:
            self._pump.value(air)

    @property
    def heated(self) -> bool:
        """Whether the heaters are on."""
        return self._heated is not None

    def cool(self) -> None:
        """Switch the sensors' heaters off; a measurement switches them on again."""
        self._heater.off()
        self._heated = None
        self._warm = False

    def look_with(self, watch) -> None:
        """Look at all sensors between measurements; watch: sensors.watch.Watch."""
        self.watch = watch

    def flags(self) -> tuple:
        """Bit k for the sensor at position k: those that are not fit, and those that have drifted too far."""
        return (self.watch.bad, self.watch.drifted) if self.watch else (0, 0)

    def remaining_ms(self) -> int:
        """How long the present phase still takes."""
        return max(ticks_diff(self._ends_ms, ticks_ms()), 0) if self.phase else 0

    def run(self):
        """The task."""
        while True:
            self._warmup_left_ms()
            if self.state == messages.MEASURING and not self._safety.latched:
                yield from self._while_wanted(self._one())
            elif self._warm and self.watch and self.watch.due() and not self._safety.latched:
                yield from self.watch.look(self)
            else:
                yield IDLE_MS

    def _while_wanted(self, measurement):
        """Run one measurement; it is dropped where it stands when the safe state has ended it."""
        begun = self.begun
        for wait_ms in measurement:
            until_ms = ticks_add(ticks_ms(), wait_ms)
            while wait_ms > 0:
                yield min(wait_ms, IDLE_MS)
                if self.state != messages.MEASURING or self.begun != begun:
                    return
                wait_ms = ticks_diff(until_ms, ticks_ms())

    def _one(self):
        if self.burn_in_s:
            self.heat()
        elif not self._refusal:
            yield from self._warm_up()
        if self._refusal:
            self._answer(decision.NONE, self._refusal)
        elif self._cut:
            self._answer(decision.NONE, messages.REASON_HEATERS)
        elif self.burn_in_s:
            self._answer(decision.NONE, messages.REASON_BURN_IN)
        elif self.image is None:
            self._answer(decision.NONE, messages.REASON_NO_IMAGE)
        else:
            self._draw(True)
            yield from self._measure(self.image)
            self._draw(False)
            if self.watch:
                self.watch.judge(self.image, self.health, measured=True)
        if self._steady and (self._noisy or self.answer == decision.NONE):
            self._steady.forget()
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
            self._answer(decision.NONE, messages.REASON_COLD if left_ms else messages.REASON_STALE)
            self._begin(PHASE_WARMUP, left_ms)
            yield left_ms or IDLE_MS
            left_ms = self._warmup_left_ms()
        self._answer(decision.NONE, messages.REASON_OK)

    def _measure(self, image):
        self.health.begin()
        self._sensors.begin()
        self._valve.off()
        reason = messages.REASON_OK
        if image.baseline_ms:
            yield from self._phase(PHASE_BASELINE, image.baseline_ms, image, self.ohms)
            self._baseline[:] = self.ohms
            reason = self.health.judge_clean_air(self._early, self.ohms, image.least_change_ppm)
            if reason == messages.REASON_HEATERS:
                self.cool()
                self._cut = True
        if not reason:
            self._valve.on()
            yield from self._phase(PHASE_EXPOSURE, image.exposure_ms, image, self.ohms)
            reason = self.health.judge_exposure(self._sensors)
        if reason:
            self._answer(decision.NONE, reason)
        else:
            yield from self._classify(image)
        self._valve.off()
        yield from self._recover(image)

    def _recover(self, image):
        """Clean air; a sensor that answered and then does not come back takes the answer back."""
        if image.recovery_ms:
            yield from self._phase(PHASE_RECOVERY, image.recovery_ms, image, self._early)
        if self.answer != decision.NONE and image.baseline_ms and image.recovery_ms >= RECOVERY_MS:
            reason = self.health.judge_recovery(self._baseline, self.ohms, self._early, image.least_change_ppm)
            if reason:
                self._answer(decision.NONE, reason)

    def _begin(self, phase: int, duration_ms: int) -> None:
        self.phase = phase
        self._ends_ms = ticks_add(ticks_ms(), duration_ms)

    def _phase(self, phase: int, duration_ms: int, image, means):
        """Last duration_ms; the means of the last scans go to `means`, of a baseline's first ones to self._early."""
        self._begin(phase, duration_ms)
        began_ms = ticks_ms()
        scans = max(duration_ms // image.scan_ms, 1)
        last = max(scans - image.average, 0)
        first = min(image.average, last) if phase == PHASE_BASELINE else 0
        yield from self._window(image, began_ms, 0, first, self._early)
        yield from self._window(image, began_ms, last, scans, means)
        if not first:  # too short to be told whether it moves
            self._early[:] = means

    def _window(self, image, began_ms: int, first: int, end: int, means):
        """Wait for the scans first..end of a phase that began then; their means, each in whole ohm, into `means`."""
        for k in range(len(means)):
            means[k] = 0
        for scan in range(first, end):
            left_ms = (scan + 1) * image.scan_ms - ticks_diff(ticks_ms(), began_ms)
            yield max(left_ms, 1)  # also a scan that is late leaves the converter free for once
            yield from self._sensors.scan(image.channels, self._scan)
            self.health.add(self._scan)
            for k in range(len(means)):
                means[k] += self._scan[k]
        for k in range(len(means)):
            means[k] //= max(end - first, 1)

    def _normalise(self, image):
        if image.normalisation == normalise.NORM_RANGE:
            self._noisy = self._sensors.codes_missing()
            return normalise.inputs_from_range(self.ohms, image.low_ohm, image.high_ohm)
        changes = [normalise.change_ppm(self.ohms[k], self._baseline[k]) for k in range(len(self.ohms))]
        self._noisy = self.health.noisy(max(changes)) or self._sensors.codes_missing()
        return normalise.inputs_from_changes(changes, image.least_change_ppm)

    def _classify(self, image):
        inputs_uv = self._normalise(image)
        if inputs_uv is None:
            self._answer(decision.NONE, messages.REASON_ALL_ZERO)
            return
        self.inputs_uv = inputs_uv
        if self._refresh.state != messages.WEIGHTS_HELD:
            self._answer(decision.NONE, messages.REASON_STALE)
            return
        self._refresh.keep()  # what follows takes milliseconds before the tasks have their turn
        if self._pages:
            found, outputs_uv = yield from self._pages.ask(self.ohms, self._baseline)
        else:
            self._chip.drive(inputs_uv)
            outputs_uv = yield from self._chip.read_output(OUTPUT_READINGS)
            self._chip.rest()
            found = self._decide(image, outputs_uv)
        answer, band, margin_uv, reason = found
        if self._refresh.state != messages.WEIGHTS_HELD or self._chip.disturbed:
            answer, reason = decision.NONE, messages.REASON_STALE
        if answer == decision.CLASS and not image.classes[band]:
            answer = decision.ABSTAIN  # a band that the image gives to no class
        if answer != decision.NONE and self._noisy:
            answer, reason = decision.ABSTAIN, messages.REASON_NOISE
        self._answer(answer, reason, outputs_uv, margin_uv, band)
        if answer == decision.CLASS:
            self.label = image.classes[band]

    def _decide(self, image, outputs_uv):
        """(answer, band, margin_uv, reason)."""
        if self._steady and not self._noisy:
            return self._steady.add(outputs_uv)
        found = decision.by_rule(self._facts, outputs_uv, image.guard_uv)
        return found + (messages.REASON_OUTPUT if found[0] == decision.NONE else messages.REASON_OK,)

    def _answer(self, answer: int, reason: int, outputs_uv=(), margin_uv: int = 0, band: int = 0) -> None:
        self.answer = answer
        self.label = ""
        self.reason = reason
        self.outputs_uv = outputs_uv
        self.margin_uv = margin_uv
        self.band = band
