"""Watching live for long: nothing is lost, and memory does not grow."""

import os
from pathlib import Path

import numpy as np
import pytest
from desk import Desk

from enose.app.traces import Traces
from enose.app.window import Pages
from enose.link.watch import Scans

MINUTES = 10
RATE_HZ = 10  # of a board whose time runs as fast as it computes; 50 Hz over the wire is in tests/firmware


def resident_bytes() -> int:
    """Of this process, as Linux counts them (proc(5), statm)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_ten_minutes_of_the_live_page_lose_nothing(desk: Desk) -> None:
    page = desk.window.live_page
    desk.connect("pico-mlp")
    desk.window.show_page(Pages.LIVE)
    page.watch.setChecked(True)
    desk.wait(lambda: page.traces.seen >= 200)
    desk.wait(lambda: page.traces.seen >= 1200)
    first = resident_bytes()
    desk.wait(lambda: page.traces.seen >= MINUTES * 60 * RATE_HZ)
    last = resident_bytes()
    assert page.traces.lost == 0
    time_s = page.traces.shown[:, 0]
    assert np.diff(time_s) == pytest.approx(1 / RATE_HZ, abs=0.03)
    # 480 pictures were drawn in between; the allocator's own wander is about 1 MB, a leak of one picture's arrays
    # (9 x 900 rows of 8 bytes) would be 30 MB
    assert last - first < 8e6
    page.watch.setChecked(False)
    desk.wait(lambda: not desk.bench.session._idles)
    assert not desk.troubles


def test_eight_channels_at_50_hz_are_drawn_without_dropping_any(desk: Desk) -> None:
    traces = Traces("")
    desk.qtbot.addWidget(traces)
    traces.show()
    traces.begin(tuple("abcdefgh"))
    for second in range(600):
        time_s = second + np.arange(50) / 50
        traces.add(Scans(time_s, np.tile(1e4 + time_s[:, None], (1, 8)), 0))
        if second % 100 == 0:
            desk.qtbot.wait(120)
    assert (traces.seen, traces.lost) == (30_000, 0)
    assert traces.shown[-1, 0] == pytest.approx(599.98)
    traces.draw()
    assert np.array_equal(traces.plot.curves[3].getOriginalDataset()[0], traces.shown[:, 0])
    traces.add(Scans(np.empty(0), np.empty((0, 8)), 7))
    assert traces.lost == 7
