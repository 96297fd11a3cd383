"""What a page does beside the tour: plans, firmware, the simulated world, files."""

import json
from pathlib import Path

import pytest
from desk import Desk

from enose.app.flash_dialog import FlashDialog
from enose.app.plan_dialog import PlanDialog
from enose.app.simulation import injectable
from enose.app.window import Pages
from enose.calibration.calibration import CalibrationError
from enose.project.store import Project
from rig import image


def test_a_plan_is_made_and_followed_blind(desk: Desk, quick_board: str, tmp_path: Path) -> None:
    page = desk.window.record_page
    desk.connect(quick_board)
    page.open_project(tmp_path / "plan.enose")
    dialog = PlanDialog(desk.bench, page)
    dialog.classes.setText("lemon, banana")
    dialog.repeats.setValue(1)
    dialog.make()
    desk.wait(lambda: page.by_plan.isEnabled())
    desk.choose(image())  # its phases are short
    desk.finish(desk.window.chip_page.weights.program())
    page.by_plan.setChecked(True)
    page.count.setValue(1)
    desk.finish(page.record())
    assert not desk.troubles
    with Project.open(tmp_path / "plan.enose") as project:
        (specimen,) = project.specimens()
        assert specimen.name == next(entry["code"] for entry in project.plan() if entry["specimen"])
    assert page.specimens.item(0, 1).text() == "(blind)"
    desk.finish(page.record())
    assert {page.specimens.item(r, 1).text() for r in range(2)} == {"lemon", "banana"}  # it is done: now it may be told
    assert not page.by_plan.isEnabled()
    dialog.make()
    desk.wait(lambda: bool(desk.troubles))
    assert "has a plan already" in desk.troubles[0].what


def test_the_firmware_of_a_simulated_board_is_flashed(desk: Desk) -> None:
    desk.connect("pico-mlp")
    job = FlashDialog(desk.bench, desk.window.connect_page).start()
    desk.finish(job)
    assert not desk.troubles
    assert "pico-mlp runs firmware" in desk.news[-1]
    assert desk.bench.session.now is None


def test_the_knobs_turn_the_simulated_world(desk: Desk) -> None:
    panel = desk.window.connect_page.panel
    desk.connect("pico-mlp")
    board = desk.bench.session.now.simulation.board  # type: ignore[union-attr]
    panel.temperature.set_value(40)
    panel.humidity.set_value(30)
    panel.leak.set_value(5)
    panel.odour.setCurrentText("banana")
    panel.present()
    desk.wait(lambda: board.world.air == (40.0, 30.0))
    assert board.wiring.ambient_c == 40.0
    panel.fail("bit-flip")
    assert panel._failing.text() == "broken: bit-flip"
    panel.mend()
    assert not panel._failing.text()


def test_every_fault_of_the_menu_can_befall_its_board() -> None:
    mlp, memristor = injectable("pico-mlp"), injectable("pico-memristor")
    assert len(mlp) > 25
    assert "memristor-stuck" in {name for _, name, _ in memristor} - {name for _, name, _ in mlp}


def test_the_log_of_the_device_and_images_are_written(desk: Desk, tmp_path: Path) -> None:
    desk.connect("pico-mlp")
    desk.choose(image())
    desk.finish(desk.window.chip_page.weights.program())
    desk.finish(desk.window.live_page.save_log(tmp_path / "log.csv"))
    assert "image" in (tmp_path / "log.csv").read_text()
    desk.window.live_page.save_csv(tmp_path / "nowhere" / "answers.csv")
    assert "answers.csv" in desk.troubles[0].what
    desk.window.show_page(Pages.LIVE)


def test_an_image_of_a_calibration_is_not_calibrated_again(desk: Desk) -> None:
    page = desk.window.chip_page.calibration
    desk.connect("pico-mlp")
    desk.choose(image(calibration=b"calib001"))
    assert not page.apply.isEnabled()  # nothing is known of this chip yet
    with pytest.raises(CalibrationError, match="expected a nominal image"):
        page.nominal_only(desk.bench.image)


def test_recordings_of_others_come_in(desk: Desk, tmp_path: Path) -> None:
    page = desk.window.data_page
    assert page.example() is None  # there is no project yet
    assert page.import_path(tmp_path) is None
    desk.window.record_page.open_project(tmp_path / "a.enose")
    (tmp_path / "bad.csv").write_text("nothing")
    desk.finish(page.import_path(tmp_path / "bad.csv"))
    assert "bad.csv" in desk.troubles[0].what
    rows = [[1.0 + k, 1000.0 + k] for k in range(10)]
    payload = {
        "interval_ms": 1000,
        "sensors": [{"name": "x", "units": "ohm"}, {"name": "y", "units": "ohm"}],
        "values": rows,
    }
    document = {
        "protected": {"ver": "v1", "alg": "none"},
        "signature": "0",
        "payload": {"device_type": "nose", **payload},
    }
    (tmp_path / "lemon.1.json").write_text(json.dumps(document))
    desk.finish(page.import_path(tmp_path / "lemon.1.json"))
    assert desk.news, desk.troubles
    assert "1 specimens came in" in desk.news[-1]
