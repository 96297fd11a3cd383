"""`enose calibration ...` on a simulated board with a mismatched chip: measured, shown, applied, programmed."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from enose.cli.main import BAD_INPUT, FAILED, run
from enose.image import read_image
from rig import image, paged_image

pytestmark = pytest.mark.usefixtures("micropython")
PAGE = Path(__file__).resolve().parents[2] / "docs/calibration.md"
CHIP_7 = ["--device", "sim:pico-mlp@7"]
UNIT_7 = (b"SIM" + (7).to_bytes(4, "big") + b"\0").hex()


def shown(verb: str, **paths: Path) -> list[str]:
    """The page's command of a verb, its files at these paths."""
    line = next(x for x in PAGE.read_text().splitlines() if f" calibration {verb} " in x and x.startswith("."))
    files = {"chip.json": "chip", "fruit.img": "nominal", "fruit-here.img": "here"}
    return [str(paths[files[word]]) if word in files else word for word in shlex.split(line)[1:]]


@pytest.fixture(scope="module")
def chip_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("calibration")
    plot = folder / "chip.png"
    assert run([*shown("measure", chip=folder / "chip.json"), "--plot", str(plot)]) == 0
    assert plot.stat().st_size > 20_000  # a picture with something on it
    return folder / "chip.json"


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_was_measured_is_shown_with_its_mask(capsys: pytest.CaptureFixture[str], chip_file: Path) -> None:
    found = answered(capsys, "calibration", "show", str(chip_file))
    assert (found["chip"], found["unit"], found["readings"], found["simulated"]) == ("mlp441", UNIT_7, 576, True)
    assert all(found["synapses_known"])
    assert all(found["neurons_known"])
    assert found["residual_rms_v"] < 3e-4 < found["nominal_rms_v"]
    assert run(["calibration", "show", str(chip_file)]) == 0
    assert "synapse 24" in capsys.readouterr().out


def test_an_image_made_for_the_chip_is_taken_once_the_device_is_told(
    capsys: pytest.CaptureFixture[str], chip_file: Path, tmp_path: Path
) -> None:
    nominal, here = tmp_path / "nominal.img", tmp_path / "here.img"
    nominal.write_bytes(image(calibration=bytes(8)).pack())
    found = answered(capsys, *shown("apply", nominal=nominal, chip=chip_file, here=here))
    assert found["after_rms_v"] < found["before_rms_v"]
    made = read_image(here)[1]
    assert made.calibration.hex() == found["calibration"]
    assert made.weights != image().weights
    assert made.classes == image().classes
    assert run(["device", "program", str(here), *CHIP_7, "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["status"]["weights"] == "held"
    assert "weights for one particular chip, and this device was never told which it is" in " ".join(err.split())
    assert f"enose device fit --calibration {found['calibration']}" in " ".join(err.split())
    assert run(["calibration", "apply", str(here), str(chip_file), str(tmp_path / "again.img")]) == BAD_INPUT
    assert "expected a nominal image" in capsys.readouterr().err.replace("\n", " ")


def test_every_page_of_an_image_is_made_for_the_chip(
    capsys: pytest.CaptureFixture[str], chip_file: Path, tmp_path: Path
) -> None:
    nominal, here, single = tmp_path / "nominal.img", tmp_path / "here.img", tmp_path / "single.img"
    paged = paged_image(3, calibration=bytes(8))
    nominal.write_bytes(paged.pack())
    found = answered(capsys, "calibration", "apply", str(nominal), str(chip_file), str(here))
    assert found["pages"] == 3
    assert found["after_rms_v"] < found["before_rms_v"]
    made = read_image(here)[1]
    assert (made.pages, made.classes, len(made.weights)) == (paged.pages, paged.classes, 75)
    assert made.calibration.hex() == found["calibration"]
    # the second page is what it would be as an image of its own
    single.write_bytes(image(calibration=bytes(8), weights=paged.weights[25:50]).pack())
    answered(capsys, "calibration", "apply", str(single), str(chip_file), str(tmp_path / "one.img"))
    assert read_image(tmp_path / "one.img")[1].weights == made.weights[25:50]
    assert run(["chip", "yield", "mlp441", "--image", str(nominal), "--chips", "2"]) == BAD_INPUT
    assert "an image of 3 pages, expected one of a single network" in " ".join(capsys.readouterr().err.split())


def test_few_probes_end_with_exit_code_1_and_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "few.json"
    assert run(["calibration", "measure", str(path), *CHIP_7, "--images", "2"]) == FAILED
    assert not all(answered(capsys, "calibration", "show", str(path))["synapses_known"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["measure", "{folder}/no/chip.json", *CHIP_7], "there is no folder"),
        (["measure", "{folder}/chip.json", "--device", "sim:pico-memristor"], "only mlp chips are calibrated"),
        (["measure", "{folder}/chip.json", "--device", "sim:pico-mlp@x"], "behind the @ is no number"),
        (["measure", "{folder}/chip.json", "--device", "sim:pico-memristor@3"], "only chips of transistors"),
        (["measure", "{folder}/chip.json", *CHIP_7, "--temperature-c", "90"], "certified at 0..60 C"),
        (["show", "{folder}/missing.json"], "cannot be read"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str], said: str
) -> None:
    assert run(["calibration", *(a.format(folder=tmp_path) for a in arguments)]) == BAD_INPUT
    error = " ".join(capsys.readouterr().err.split())
    assert said in error
    assert not (tmp_path / "chip.json").exists()
