"""What goes wrong is said in words with what to do next, and the app goes on."""

from pathlib import Path

import pytest
from desk import Desk

from enose.app.trouble import NEXT, trouble_of
from enose.app.window import Pages
from enose.link.conversation import DeviceError, LinkError
from enose_contract import messages
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


def test_what_is_no_project_is_refused(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "other.enose").write_text("a shopping list")
    desk.window.record_page.open_project(tmp_path / "other.enose")
    assert "is no project file" in desk.troubles[0].what
    assert desk.bench.project is None


def test_a_label_that_no_simulated_board_can_smell(desk: Desk, tmp_path: Path) -> None:
    desk.connect("pico-mlp")
    page = desk.window.record_page
    page.open_project(tmp_path / "a.enose")
    desk.window.show_page(Pages.RECORD)
    page.label.setText("diesel")
    desk.finish(page.record())
    assert "'diesel' is no simulated odour" in desk.troubles[0].what
    assert page.start.isEnabled()


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


def test_without_a_device_a_job_says_so(desk: Desk) -> None:
    desk.finish(desk.bench.ask("nothing", lambda now, job: None))
    assert desk.troubles[0].what == "no device is connected"


def test_a_simulated_board_without_an_interpreter(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENOSE_MICROPYTHON", "/nowhere/micropython")
    desk.finish(desk.window.connect_page.simulate("pico-mlp"))
    assert "no MicroPython at /nowhere/micropython" in desk.troubles[0].what
    assert desk.bench.session.now is None


def test_a_port_that_is_not_there(desk: Desk) -> None:
    desk.finish(desk.bench.session.open_port("/dev/nothing", failed=desk.bench.trouble.emit))
    assert "/dev/nothing: cannot be opened" in desk.troubles[0].what


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
