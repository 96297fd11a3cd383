"""On-chip learning as the host asks for it: lessons, one session at a time, and what came of the last one.

A session goes on without its host. Until its weights are stored (learnt.py) a power cut leaves the image from before;
so does the safe state.
"""

import struct

from enose_contract import lesson, messages
from enose_contract.image import ImageError
from enose_device.learnt import learnt_image, note
from enose_device.session import Session

IDLE_MS = 50
STORE_ROOM = 6144  # bytes in one piece, kept free for the store: what a session allocates leaves none that is as long


class Learning:
    """Keeps what the last session came to until the next."""

    def __init__(self, device, teacher) -> None:
        """device: taught.Device."""
        self._device = device
        self._teacher = teacher
        self._room: bytearray | None = bytearray(STORE_ROOM)
        self._taught = 0  # the session that the lessons are for
        self._lessons = []
        self.number = 0  # of the last session
        self.state = lesson.NONE
        self.reason = self.generation = 0
        self._session: Session | None = None
        self.serve = {
            lesson.LESSON.kind: self._take,
            lesson.LEARN.kind: self._learn,
            lesson.LEARNT.kind: self._report,
        }

    def give_up(self) -> None:
        """The safe state: the weights are gone; clearing restarts the device, with the image from before."""
        if self.state == lesson.RUNS:
            self.state, self.reason = lesson.ENDED, messages.E_SAFE

    def run(self):
        """The task."""
        while True:
            if self.state == lesson.RUNS and self._session is not None:
                yield from self._run(self._session)
            yield IDLE_MS

    def _run(self, session):
        task = session.run()
        while True:
            try:
                wait_ms = next(task)
            except StopIteration:
                self._end(session, 0)
                return
            except ImageError as error:
                self._end(session, error.code)
                return
            yield wait_ms
            if self.state != lesson.RUNS or self._session is not session:
                return

    def _take(self, number: int, k: int, teacher_uv: int, *inputs_uv):
        self._device.heard()
        if self.state == lesson.RUNS:
            raise ImageError(lesson.E_LEARNING)
        if number != self._taught or k == 0:
            self._taught, self._lessons = number, []
        if k > len(self._lessons) or k >= lesson.MAX_LESSONS:
            raise ImageError(lesson.E_LESSONS, k, lesson.MAX_LESSONS)
        self._lessons[k:] = [(teacher_uv, inputs_uv[: self._device.configuration["chip"]["inputs"]])]
        return number, len(self._lessons)

    def _learn(self, number: int, *request):
        epochs = request[0]
        if number == self.number and self._session is not None:
            if not epochs:
                self._session.epochs = min(self._session.epochs, self._session.done + 1)
        elif epochs:
            if self.state == lesson.RUNS:
                raise ImageError(lesson.E_LEARNING)
            self._check(number, *request)
            self._begin(number, request)
        return number, self.state, self.reason

    def _check(self, number, epochs, seed, trim_epochs, first_ns, last_ns, target_uv) -> None:
        device, most_ns = self._device, self._teacher.pulse_max_ns
        if number != self._taught or not self._lessons:
            raise ImageError(lesson.E_LESSONS, 0, lesson.MAX_LESSONS)
        limits = ((epochs, lesson.MAX_EPOCHS), (trim_epochs, 255), (first_ns, most_ns), (last_ns, first_ns))
        for value, limit in limits:
            if not 0 < value <= limit:
                raise ImageError(lesson.E_PULSE, value, limit)
        if device.refresh.state != messages.WEIGHTS_HELD:
            raise ImageError(lesson.E_STALE)
        if device.refresh.limit_ms < self._teacher.needs_ms:
            raise ImageError(lesson.E_WARM, device.refresh.limit_ms, self._teacher.needs_ms)

    def _begin(self, number: int, request) -> None:
        self._session = None  # its errors and weights are in the way of the next
        self._room = self._room or bytearray(STORE_ROOM)
        self._session = Session(self._device, self._teacher, self._lessons, request, self._note)
        self.number, self.state, self.reason, self.generation = number, lesson.RUNS, 0, 0
        self._device.refresh.state = messages.WEIGHTS_PROGRAMMING  # the session writes them
        self._device.log.add(lesson.BEGUN, len(self._lessons), d=request[0], x=number & 0x7FFFFFFF)

    def _report(self, number: int, epoch: int):
        self._device.heard()
        session = self._session
        if session is None or number != self.number:
            return (number,) + (0,) * 11 + (b"", b"")
        first = min(epoch, session.looked)
        count = min(session.looked - first, lesson.ERRORS_A_REPLY)
        errors = struct.pack("<%dH" % (2 * count), *session.errors[2 * first : 2 * (first + count)])
        weights = struct.pack("<%di" % len(session.weights_uv), *session.weights_uv)
        return (
            number, self.state, self.reason, session.epochs, session.done, session.best, session.shown, session.late,
            session.refreshed, self.generation, first, count, errors, weights,
        )  # fmt: skip

    def _note(self, pulse_ns: int) -> None:
        note(self._device.log, self._session, pulse_ns)

    def _end(self, session, reason: int) -> None:
        """The best set into the store and into force; where no epoch was better, the image from before again."""
        device = self._device
        image = device.image
        device.chip.rest()
        device.refresh.forget()
        try:
            if session.best and not reason:
                learnt, raw = learnt_image(image, session, self.number)
                self._room = None
                device.collect()
                device.store.commit(raw, device.store.counter)
                image, session.weights_uv = learnt, session.best_uv
        except ImageError as error:
            reason = error.code
        self.reason, self.generation = reason, device.store.generation
        device.force(image)
        self.state = lesson.ENDED if reason else lesson.DONE
        worst_uv = session.error_uv(session.best)[1]
        device.log.add(lesson.OVER, reason, d=self.generation, x=session.best, y=worst_uv, z=session.late, urgent=True)
