"""Jobs beside the window: progress, cancel, their ends, and lanes that do one after the other."""

import threading
import time
from collections.abc import Generator

import pytest
from PySide6.QtCore import QObject, QThread, Signal
from pytestqt.qtbot import QtBot

from enose.app.work import Job, Lane


@pytest.fixture
def lane(qtbot: QtBot) -> Generator[Lane, None, None]:
    made = Lane("test")
    yield made
    assert made.stop()


def ended(qtbot: QtBot, lane: Lane, job: Job) -> None:
    with qtbot.waitSignal(job.ended, timeout=20_000):
        lane.do(job)


def test_a_job_runs_beside_the_window_and_answers_in_it(qtbot: QtBot, lane: Lane) -> None:
    here, seen = QThread.currentThread(), []

    def work(job: Job) -> str:
        job.tell(QThread.currentThread())
        return "result"

    def said(thread: QThread) -> None:
        seen.append((thread is lane, QThread.currentThread() is here))

    def done(value: str) -> None:
        seen.append((value, QThread.currentThread() is here))

    job = Job("one", work, said=said, done=done, over=lambda: seen.append("over"))
    ended(qtbot, lane, job)
    assert seen == [(True, True), ("result", True), "over"]
    assert not lane.busy


def test_progress_is_told_now_and_then_and_the_last_step_always(qtbot: QtBot, lane: Lane) -> None:
    steps: list[tuple[str, int, int]] = []
    job = Job("many", lambda job: [job.step("step", k + 1, 10_000) for k in range(10_000)])
    job.progressed.connect(lambda text, done, total: steps.append((text, done, total)))
    ended(qtbot, lane, job)
    qtbot.waitUntil(lambda: bool(steps) and steps[-1] == ("step", 10_000, 10_000), timeout=5000)
    assert len(steps) < 1000


def test_a_cancelled_job_stops_at_its_next_step_and_is_no_failure(qtbot: QtBot, lane: Lane) -> None:
    seen: list[object] = []

    def work(job: Job) -> None:
        while True:
            time.sleep(0.001)
            job.step("on and on")

    job = Job("endless", work, done=seen.append, failed=seen.append, over=lambda: seen.append("over"))
    job.progressed.connect(lambda text, done, total: lane.cancel())
    ended(qtbot, lane, job)
    assert seen == ["over"]


def test_a_failure_is_told_in_words_and_the_lane_goes_on(qtbot: QtBot, lane: Lane) -> None:
    troubles, errors = [], []
    lane.after = errors.append

    def work(job: Job) -> None:
        raise ValueError("file.csv: line 3")

    ended(qtbot, lane, Job("bad", work, failed=troubles.append))
    assert troubles[0].what == "file.csv: line 3"
    results: list[object] = []
    ended(qtbot, lane, Job("good", lambda job: 7, done=results.append))
    assert results == [7]
    assert [str(error) for error in errors] == ["file.csv: line 3"]


def test_a_defect_is_logged_with_its_trace(qtbot: QtBot, lane: Lane, caplog: pytest.LogCaptureFixture) -> None:
    troubles = []
    ended(qtbot, lane, Job("defect", lambda job: 1 // 0, failed=troubles.append))
    assert troubles[0].defect
    assert "ZeroDivisionError" in caplog.text


def test_jobs_of_a_lane_are_done_in_their_order(qtbot: QtBot, lane: Lane) -> None:
    order: list[int] = []
    jobs = [Job(str(k), lambda job, k=k: order.append(k)) for k in range(20)]
    with qtbot.waitSignals([job.ended for job in jobs], timeout=20_000):
        for job in jobs:
            lane.do(job)
    assert order == list(range(20))


def test_between_jobs_a_lane_looks_after_its_affairs(qtbot: QtBot) -> None:
    looked = threading.Event()
    lane = Lane("idle", looked.set, 0.01)
    assert looked.wait(10)
    assert lane.stop()


def test_signals_lose_no_references(qtbot: QtBot) -> None:
    """PySide6 6.12.0 loses one of False with each under Python 3.11, until the interpreter ends itself."""
    import sys

    class Source(QObject):
        fired = Signal(object)

    source = Source()
    source.fired.connect(lambda value: None)
    before = [sys.getrefcount(value) for value in (None, False, True)]
    for _ in range(1000):
        source.fired.emit(None)
    after = [sys.getrefcount(value) for value in (None, False, True)]
    assert all(abs(a - b) < 100 for a, b in zip(after, before, strict=True)), (before, after)
