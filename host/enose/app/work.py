"""Work beside the window: jobs on threads of their own, with progress, cancel, and an end that is told in words."""

import logging
import queue
import time
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, QThread, Signal

from enose.app.trouble import Trouble, trouble_of

TOLD_EVERY_S = 0.03  # more progress than that nobody sees
STOPS_MS = 15_000  # a job looks whether it is cancelled more often than that
log = logging.getLogger("enose.app")

Done = Callable[[Any], None]


def nothing(_: Any) -> None:
    """For whoever does not want to know."""


class Cancelled(Exception):  # the user's wish is no error
    """The job was asked to stop."""


class Job(QObject):
    """One piece of work; lives in the window's thread, where its callbacks are called.

    done(result) or failed(trouble) say how it ended, neither where it was stopped; over() comes after, in any case.
    said(value) is what it told before.
    """

    progressed = Signal(str, int, int)  # text, done, total; total 0: nobody knows
    ended = Signal()
    _sent = Signal(str, object)

    def __init__(
        self,
        title: str,
        work: Callable[["Job"], Any],
        *,
        done: Done = nothing,
        said: Done = nothing,
        failed: Callable[[Trouble], None] = nothing,
        over: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self.title = title
        self._work = work
        self._callbacks = {"done": done, "said": said, "failed": failed, "stopped": nothing}
        self._over = over
        self._cancelled = False
        self._told_s = 0.0
        self._sent.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    def cancel(self) -> None:
        """Ask it to stop; it does at its next step."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to stop."""
        return self._cancelled

    # ------------------------------------------------------------------------------- on the worker's thread

    def check(self) -> None:
        """Raise Cancelled where it is to stop."""
        if self._cancelled:
            raise Cancelled

    def step(self, text: str, done: int = 0, total: int | None = 0) -> None:
        """How far it is; the `on_progress` of all long functions. Raises Cancelled."""
        self.check()
        now_s = time.monotonic()
        if now_s - self._told_s >= TOLD_EVERY_S or (total and done >= total):
            self._told_s = now_s
            self.progressed.emit(text, done, total or 0)

    def tell(self, value: object) -> None:
        """Something for the window before the end. Raises Cancelled."""
        self.check()
        self._sent.emit("said", value)

    def run(self) -> BaseException | None:
        """Do it; the error that it ended with."""
        try:
            self.check()
            result = self._work(self)
        except Cancelled:
            self._sent.emit("stopped", None)
            return None
        except Exception as error:
            trouble = trouble_of(error)
            if trouble.defect:
                log.exception("%s", self.title)
            self._sent.emit("failed", trouble)
            return error
        self._sent.emit("done", result)
        return None

    # ------------------------------------------------------------------------------- on the window's thread

    def _deliver(self, what: str, value: object) -> None:
        try:
            self._callbacks[what](value)
        finally:
            if what != "said":
                self._over()
                self.ended.emit()


class Lane(QThread):
    """One thread that does one job after the other; after the last one, and then every idle_s, it calls `idle()`."""

    began = Signal(object)  # the job

    def __init__(self, name: str, idle: Callable[[], None] | None = None, idle_s: float = 1.0) -> None:
        super().__init__()
        self.setObjectName(name)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._idle, self.idle_s = idle, idle_s
        self._now: Job | None = None
        self.after: Callable[[BaseException], None] = nothing  # a job's error, on this thread
        self.start()

    def do(self, job: Job) -> Job:
        """Have it done after what is waiting."""
        self._jobs.put(job)
        return job

    @property
    def busy(self) -> bool:
        """Whether a job is running or waiting."""
        return self._now is not None or not self._jobs.empty()

    def cancel(self) -> None:
        """Ask the running job to stop."""
        if self._now is not None:
            self._now.cancel()

    def run(self) -> None:
        """The thread."""
        wait_s = self.idle_s
        while True:
            try:
                job = self._jobs.get(timeout=wait_s)
            except queue.Empty:
                wait_s = self.idle_s
                if self._idle is not None:
                    self._idle()
                continue
            if job is None:
                return
            self._now = job
            self.began.emit(job)
            error = job.run()
            self._now = None
            if error is not None:
                self.after(error)
            wait_s = 0.0

    def stop(self) -> bool:
        """End the thread after the running job, which is asked to stop; whether it has ended in time."""
        self.cancel()
        self._jobs.put(None)
        return self.wait(STOPS_MS)
