"""The matched bundle: what does not belong together is refused by name, with its command, before anything is sent."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from enose.bundle import Attached, Unmatched, check_bundle, data_identity, keep_calibration
from enose.calibration.remap import remapped_image
from enose.cli.main import BAD_INPUT, run
from enose.image import read_image
from enose.link.device import Device
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.schema import ProjectError
from enose.project.store import Project
from enose.recordings import simulated_fruit
from enose.training import Network
from enose_contract.image import Image
from enose_contract.normalise import NORM_CHANGE
from known_chip import UNIT, known_chip
from rig import BOARD, board, device, image, power_on

__all__ = ["board", "device", "power_on"]  # fixtures
FRUIT = simulated_fruit(1, ("banana", "lemon"))
SENSORS = tuple(Sensor(name) for name in FRUIT.sensors)
MADE = Provenance("train", "here", True)
PATH = Path("fruit.img")


def fruit_image(**changes: object) -> Image:
    return image(**{"sensor_set": FRUIT.sensor_set_id(), "calibration": bytes(8), **changes})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with recordings, a model that was trained on them, and its image."""
    path = tmp_path / "fruit.enose"
    specimens = tuple(
        NewSpecimen(s.group, s.label, (Cycle({"baseline": s.baseline_ohm, "exposure": s.exposure_ohm}, s.sample_s),))
        for s in FRUIT.specimens
    )
    zeros = (0,) * 4
    network = Network(
        FRUIT.sensors[:4], (0, 1, 2, 3), ("banana", "lemon"), (0.1,) * 25, NORM_CHANGE, zeros, zeros, 1.0, 0.0, 1.0
    )
    with Project.create(path) as opened:
        opened.add_sessions([NewSession("fruit", SENSORS, specimens)], MADE)
        made = Provenance("train", "here", True, facts={"data": data_identity(opened)})
        model = opened.add_model("one", "mlp441", asdict(network), made)
        opened.add_image("one", fruit_image().pack(), made, model)
    return path


def attached(**changes: str | None) -> Attached:
    facts = {"address": "usb", "chip": "mlp441", "board": "pico-mlp", "unit": UNIT, "sensor_set": None}
    return Attached(**{**facts, "calibration": None, **changes})


def refusal(given: Image, to: Attached, project: Path | None = None) -> str:
    with pytest.raises(Unmatched) as refused:
        check_bundle(given, PATH, to, project)
    return str(refused.value)


def test_what_belongs_together_passes(project: Path) -> None:
    check_bundle(fruit_image(), PATH, attached(sensor_set=FRUIT.sensor_set_id().hex()), project)
    check_bundle(fruit_image(), PATH, attached(calibration=bytes(8).hex()), project)


@pytest.mark.parametrize(
    ("changes", "to", "said"),
    [
        ({"chip": "msn"}, {}, ("chip: the image wants msn, there is mlp441", "enose train PROJECT --board pico-mlp")),
        ({"board": "pico2-mlp"}, {}, ("board: the image wants pico2-mlp, there is pico-mlp", "enose train PROJECT")),
        (
            {"sensor_set": b"sensors1"},
            {"sensor_set": "00" * 8},
            (
                "sensor set: the image wants 73656e736f727331",
                "enose device fit --sensor-set 73656e736f727331 --device usb",
            ),
        ),
        (
            {"calibration": b"calib001"},
            {"calibration": "11" * 8},
            ("calibration: the image wants 63616c6962303031, there is 11", "fit --calibration 63616c6962303031"),
        ),
        ({}, {"calibration": "11" * 8}, ("calibration: the image wants none", "enose calibration apply fruit.img")),
    ],
)
def test_each_part_is_named_with_its_command(
    changes: dict[str, object], to: dict[str, str], said: tuple[str, str]
) -> None:
    text = refusal(fruit_image(**changes), attached(**to))
    assert text.startswith("fruit.img is not for usb, nothing was sent")
    for part in said:
        assert part in text


def test_the_device_itself_has_taken_nothing(device: Device) -> None:
    told = device.fit(b"sensors2", bytes.fromhex("11" * 8))
    assert told["calibration"] == "11" * 8
    text = refusal(image(), Attached.of(device, "sim:pico-mlp"))
    assert "sensor set:" in text
    assert "calibration:" in text
    info = device.info()
    assert (info["image"]["generation"], info["weights"]) == (0, "none")


def test_a_model_that_the_project_does_not_keep_is_refused(project: Path) -> None:
    text = refusal(fruit_image(model=b"other001"), attached(), project)
    assert "model: the image wants 6f74686572303031, there is 1 other models in fruit.enose" in text
    assert f"enose train {project} --board pico-mlp" in text
    assert "recorded sensors: the image wants" in refusal(fruit_image(sensor_set=b"sensors1"), attached(), project)


def test_data_that_were_relabelled_since_are_refused_and_new_ones_are_not(project: Path) -> None:
    first = FRUIT.specimens[0]
    cycle = Cycle({"baseline": first.baseline_ohm, "exposure": first.exposure_ohm + 1}, first.sample_s)
    with Project.open(project) as opened:
        opened.add_sessions([NewSession("more", SENSORS, (NewSpecimen("new", "lemon", (cycle,)),))], MADE)
    check_bundle(fruit_image(), PATH, attached(), project)
    with Project.open(project) as opened:
        opened.relabel(opened.specimens()[0].id, "lychee", MADE)
    text = refusal(fruit_image(), attached(), project)
    assert "data: the image wants data " in text
    assert "relabelled since" in text


def test_a_model_that_does_not_say_its_data_and_an_image_of_another_format_are_let_be(project: Path) -> None:
    with Project.open(project) as opened:
        other = opened.add_model("old", "mlp441", {"weights": []}, MADE)
        opened.add_image("damaged", b"ENOSE of another format", MADE, other)
        opened.add_image("old", fruit_image(model=b"old00001").pack(), MADE, other)
        opened.relabel(opened.specimens()[0].id, "lychee", MADE)
    check_bundle(fruit_image(model=b"old00001"), PATH, attached(), project)


def test_a_calibration_has_to_be_kept_and_of_this_unit(project: Path) -> None:
    own = remapped_image(fruit_image(), np.full(25, 900_000), known_chip(1.0))
    text = refusal(own, attached(), project)
    assert f"calibration: the image wants {known_chip(1.0).identity.hex()}, there is 0 others" in text
    assert f"enose calibration measure chip.json --device usb --project {project}" in text
    keep_calibration(project, known_chip(1.0))
    check_bundle(own, PATH, attached(), project)
    assert f"chip's unit: the image wants {UNIT}, there is ffff" in refusal(own, attached(unit="ffff"), project)


def test_the_command_refuses_with_exit_code_2(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], micropython: str
) -> None:
    path = tmp_path / "x.img"
    path.write_bytes(fruit_image(model=b"other001").pack())
    assert run(["device", "program", str(path), "--device", "sim:pico-mlp", "--project", str(project)]) == BAD_INPUT
    assert "model: the image wants" in " ".join(capsys.readouterr().err.split())
    path.write_bytes(fruit_image().pack())
    assert read_image(path)[1].board == BOARD.name
    assert run(["device", "program", str(path), "--device", "sim:pico-mlp", "--project", str(project)]) == 0
    with pytest.raises(ProjectError, match="no such project file"):
        check_bundle(fruit_image(), path, attached(), tmp_path / "none.enose")
