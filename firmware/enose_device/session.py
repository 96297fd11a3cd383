"""One session of on-chip learning: lessons shown with their teacher, Vc's pulses, weights read back and written again.

After K.-T. Tang et al., Sensors 13 (2013) 193-207, section 3.2.1: a sample lasts 40 ms, Vc is high for up to 20 us of
it, the lessons come in random order. The chip forgets: so its weights are known here at any time, are written before
every sample, and a sample that lasted longer than they hold is not learnt from but shown again.

As in the simulator's chips/learning, every so many epochs each lesson is shown with the output itself as its teacher.
What its weights do then, by offsets of the multipliers, by the leak, by the pulse's edges, and the read-out's own
offset, is taken away from what they do under the real teacher.
"""

from array import array
from time import ticks_diff, ticks_ms

from enose_contract import lesson
from enose_contract.image import ImageError

TRIES = 10  # samples in a row that come late, until the session ends


class Session:
    """Its state is free to be read at any time."""

    def __init__(self, device, teacher, lessons, request, note) -> None:
        """lessons: (teacher_uv, inputs_uv) each; request: LEARN's fields after `session`; note(pulse_ns) at epochs."""
        self._chip = device.chip
        self._refresh = device.refresh
        self._teacher = teacher
        self._lessons = lessons
        self._request = request
        self._note = note
        facts = device.configuration["chip"]
        self._low_uv, self._high_uv = facts["weight_min_uv"], facts["weight_max_uv"]
        self.epochs = request[0]
        self.weights_uv = list(device.image.weights)
        self.best_uv = list(self.weights_uv)  # the weights with the least worst error
        self.done = self.best = self.shown = self.late = self.refreshed = 0
        self.errors = array("H", [0] * (2 * self.epochs + 2))  # mean and worst before and after each epoch
        self.looked = 0  # how many of them there are

    def error_uv(self, epoch: int):
        """Mean and worst error after an epoch, 0 for before any."""
        return tuple([error * lesson.ERROR_UNIT_UV for error in self.errors[2 * epoch : 2 * epoch + 2]])

    def run(self):
        """A task: epochs until the last, or until the worst error is small enough. Raises ImageError(E_LATE)."""
        epochs, seed, trim_epochs, first_ns, last_ns, target_uv = self._request
        least_uv = yield from self._look()
        order = list(range(len(self._lessons)))
        trims = []
        while self.done < self.epochs and least_uv > target_uv:
            pulse_ns = lesson.pulse_ns(self.done, epochs, trim_epochs, first_ns, last_ns)
            if self.done % trim_epochs == 0:
                trims = yield from self._trims(pulse_ns)
            seed = lesson.shuffle(order, seed)
            for k in order:
                yield from self._sample(k, True, pulse_ns)
                self._move(trims[k])
            worst_uv = yield from self._look()
            self.done += 1
            if worst_uv < least_uv:
                least_uv, self.best_uv, self.best = worst_uv, list(self.weights_uv), self.done
            self._note(pulse_ns)

    def _look(self):
        """A task: every lesson without a pulse; its errors into the record, the worst is returned."""
        errors_uv = []
        for teacher_uv, inputs_uv in self._lessons:
            outputs_uv = yield from self._answer(inputs_uv)
            errors_uv.append(abs(outputs_uv[0] - teacher_uv))
        mean_uv, worst_uv = lesson.mean_and_worst(errors_uv)
        self.errors[2 * self.looked] = min(mean_uv // lesson.ERROR_UNIT_UV, 0xFFFF)
        self.errors[2 * self.looked + 1] = min(worst_uv // lesson.ERROR_UNIT_UV, 0xFFFF)
        self.looked += 1
        return worst_uv

    def _answer(self, inputs_uv):
        """A task: the outputs, read again where the DAC has reset itself meanwhile. Raises ImageError(E_LATE)."""
        for _ in range(TRIES):
            self._write()
            self._chip.drive(inputs_uv)
            outputs_uv = yield from self._chip.read_output(1)
            self._chip.rest()
            if not self._chip.disturbed:
                return outputs_uv
        raise ImageError(lesson.E_LATE, TRIES, self._refresh.limit_ms)

    def _trims(self, pulse_ns: int):
        """A task: how far every lesson's pulse alone moves each weight, a list of arrays in uV."""
        trims = []
        for k in range(len(self._lessons)):
            yield from self._sample(k, False, pulse_ns)
            trims.append(array("i", [self._teacher.weight_uv(w) - v for w, v in enumerate(self.weights_uv)]))
        return trims

    def _move(self, trim) -> None:
        """The weights where the last sample has brought them, less what its pulse alone would have done."""
        for k in range(len(trim)):
            self.weights_uv[k] = min(max(self._teacher.weight_uv(k) - trim[k], self._low_uv), self._high_uv)

    def _sample(self, k: int, taught: bool, pulse_ns: int):
        """A task: one sample, its weights read. Raises ImageError(E_LATE) where it comes late again and again."""
        teacher_uv, inputs_uv = self._lessons[k]
        for _ in range(TRIES):
            began_ms = self._write()
            self._chip.drive(inputs_uv)
            outputs_uv = yield from self._chip.read_output(1)
            self._teacher.level(teacher_uv if taught else outputs_uv[0])
            self._teacher.pulse(pulse_ns)
            yield from self._teacher.read()
            age_ms = ticks_diff(ticks_ms(), began_ms)
            self.shown += 1
            if age_ms < self._teacher.sample_ms:
                yield self._teacher.sample_ms - age_ms
            self._chip.look_at_dac()  # the teacher's channel too: one that has reset itself taught something else
            self._chip.rest()
            late = not 0 <= age_ms <= self._refresh.limit_ms
            if not late and not self._chip.disturbed:
                return
            self.late += late
        raise ImageError(lesson.E_LATE, TRIES, self._refresh.limit_ms)

    def _write(self) -> int:
        """The weights anew; when that was."""
        self._chip.load(self.weights_uv)
        self._chip.write_weights()
        self.refreshed += 1
        return ticks_ms()
