"""What goes wrong is said in words with what to do next, and the app goes on."""

import time
from pathlib import Path

import pytest
from desk import LIMIT_MS, Desk

from enose.app.session import POLL_S
from enose.app.trouble import NEXT, trouble_of
from enose.app.window import Pages
from enose.link.conversation import DeviceError, LinkError
from enose_contract import messages
from known_chip import known_chip
from rig import image


def test_the_board_unplugged_while_it_is_programmed_gives_a_message_and_a_working_app(desk: Desk) -> None:
    bench, window = desk.bench, desk.window
    desk.connect("pico-mlp")
    desk.choose(image())
    simulation = bench.session.now.simulation  # type: ignore[union-attr]
    assert simulation is not None
    job = window.chip_page.weights.program()
    job.progressed.connect(lambda text, done, total: simulation.fail("unplugged") if not simulation.failing else None)
    desk.finish(job)
    desk.wait(lambda: bench.session.now is None)
    assert "no answer" in desk.troubles[0].what
    assert "Check cable and power" in desk.troubles[0].next
    assert not any(one.defect for one in desk.troubles)
    assert window.message.isVisibleTo(window)
    assert window.message.words.text().startswith(desk.troubles[-1].what)
    assert bench.programmed is None
    desk.connect("pico-mlp")
    desk.finish(window.chip_page.weights.program())
    assert bench.programmed is bench.image


def test_a_fault_is_shown_and_cleared(desk: Desk) -> None:
    window, page = desk.window, desk.window.connect_page
    desk.connect("pico-mlp")
    desk.choose(image())
    desk.finish(window.chip_page.weights.program())
    page.panel.fail("supply-missing")
    desk.wait(lambda: desk.bench.session.now.facts["state"] == "safe")  # type: ignore[union-attr]
    assert page._values["fault"].text() == messages.FAULTS[messages.FAULT_SUPPLY]
    desk.finish(window.chip_page.weights.program())
    assert "safe state" in desk.troubles[-1].what
    assert "Clear" in desk.troubles[-1].next
    page.panel.mend()
    page.clear_fault()
    desk.wait(lambda: desk.bench.session.now.facts["state"] != "safe")  # type: ignore[union-attr]


def test_what_is_no_project_is_refused(still_desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "other.enose").write_text("a shopping list")
    still_desk.window.record_page.open_project(tmp_path / "other.enose")
    assert "is no project file" in still_desk.troubles[0].what
    assert still_desk.bench.project is None


def test_a_label_that_no_simulated_board_can_smell(desk: Desk, tmp_path: Path) -> None:
    desk.connect("pico-mlp")
    page = desk.window.record_page
    page.open_project(tmp_path / "a.enose")
    desk.window.show_page(Pages.RECORD)
    page.label.setText("diesel")
    desk.finish(page.record())
    assert "'diesel' is no simulated odour" in desk.troubles[0].what
    assert page.start.isEnabled()


def test_the_line_below_follows_the_moment_something_ends(desk: Desk) -> None:
    desk.connect("pico-mlp")
    desk.choose(image())
    polls: list[str] = []
    desk.bench.session.polled.connect(lambda facts: polls.append(facts["weights"]))
    done_s: list[float] = []
    job = desk.window.chip_page.weights.program()
    assert job is not None
    job.ended.connect(lambda: done_s.append(time.monotonic()))
    desk.qtbot.waitUntil(lambda: bool(done_s) and "weights held" in desk.window._device.text(), timeout=LIMIT_MS)
    # the next look at the device, not the one a second later; a loaded machine may take half of it
    assert time.monotonic() - done_s[0] < 0.5 * POLL_S
    assert polls[-1] == "held"


def test_stopping_a_training_keeps_nothing(desk: Desk, tmp_path: Path) -> None:
    page = desk.window.train_page
    desk.window.record_page.open_project(tmp_path / "a.enose")
    desk.finish(desk.window.data_page.example())
    job = page.train()
    assert not page.start.isEnabled()
    desk.qtbot.waitUntil(lambda: page.progress.steps.rowCount() > 0, timeout=LIMIT_MS)
    page.stop.click()
    desk.finish(job)
    assert page.progress.steps.item(page.progress.steps.rowCount() - 1, 1).text() == "stopped: nothing of it is kept"
    assert page.images.rowCount() == 0
    assert page.start.isEnabled()
    assert not page.stop.isEnabled()
    assert not desk.troubles


def test_a_droop_cannot_be_measured_with_another_chips_calibration(desk: Desk) -> None:
    tab = desk.window.chip_page.droop
    desk.connect("pico-mlp")
    assert not tab.start.isEnabled()
    desk.bench.set_calibration(known_chip(unit="another"))
    assert tab.start.isEnabled()
    desk.finish(tab.measure())
    assert "the device is unit" in desk.troubles[0].what
    assert tab.measured is None
    assert not tab.tell.isEnabled()


def test_stopping_a_measurement_stops_it(desk: Desk) -> None:
    desk.connect("pico-mlp")
    desk.choose(image())
    desk.finish(desk.window.chip_page.weights.program())
    job = desk.window.live_page.measure(True)
    desk.wait(lambda: len(desk.window.live_page.smelt) >= 2)
    desk.window.stop_work()
    desk.finish(job)
    assert not desk.troubles
    assert desk.window.live_page.once.isEnabled()


def test_without_a_device_a_job_says_so(still_desk: Desk) -> None:
    still_desk.finish(still_desk.bench.ask("nothing", lambda now, job: None))
    assert still_desk.troubles[0].what == "no device is connected"


def test_a_simulated_board_without_an_interpreter(still_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENOSE_MICROPYTHON", "/nowhere/micropython")
    still_desk.finish(still_desk.window.connect_page.simulate("pico-mlp"))
    assert "no MicroPython at /nowhere/micropython" in still_desk.troubles[0].what
    assert still_desk.bench.session.now is None


def test_a_port_that_is_not_there(still_desk: Desk) -> None:
    still_desk.finish(still_desk.bench.session.open_port("/dev/nothing", failed=still_desk.bench.trouble.emit))
    assert "/dev/nothing: cannot be opened" in still_desk.troubles[0].what


@pytest.mark.parametrize("kind", [kind for kind, _ in NEXT])
def test_every_known_error_has_words_and_what_to_do(kind: type[Exception]) -> None:
    found = trouble_of(kind("file.img: line 3, expected 7"))
    assert found.what == "file.img: line 3, expected 7"
    assert found.next
    assert not found.defect


def test_a_refusal_says_where_to_go() -> None:
    found = trouble_of(DeviceError(messages.E_NO_IMAGE, 0, 0))
    assert found.what.startswith("The device refuses: no image is active")
    assert "page Chip" in found.next


def test_an_unexpected_error_is_a_defect_and_says_so() -> None:
    found = trouble_of(ZeroDivisionError("division by zero"))
    assert found.defect
    assert found.what == "ZeroDivisionError: division by zero"
    assert trouble_of(LinkError("")).what == "LinkError"
