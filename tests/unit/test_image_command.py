"""`enose image steady`: other rules for the answers of an image, and bad ones refused."""

import json
from pathlib import Path

import pytest

from enose.cli.main import run
from enose_contract.image import COMBINE_VOTES, unpack
from rig import image, paged_image


@pytest.fixture
def fruit(tmp_path: Path) -> Path:
    path = tmp_path / "fruit.img"
    path.write_bytes(image(guard_uv=700).pack())
    return path


def test_what_is_named_changes_and_the_rest_stays(fruit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calm = fruit.with_name("calm.img")
    asked = ["--hysteresis-mv", "5", "--measurements", "3", "--combine", "votes", "--drift-percent", "10"]
    assert run(["image", "steady", str(fruit), str(calm), *asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["hysteresis_mv"] == pytest.approx(5.0)
    changed = {"hysteresis_uv": 5000, "measurements": 3, "combine": COMBINE_VOTES, "drift_limit_ppm": 100_000}
    assert vars(unpack(calm.read_bytes())) == {**vars(image(guard_uv=700)), **changed}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--measurements", "17"], "fruit.img: a field of the image is 17; its limit is 16"),
        (["--guard-mv", "-1"], "fruit.img: a field of the image is -1000; its limit is 0"),
        (["--drift-percent", "nan"], "drift_limit_ppm of nan, expected a number within its limits"),
    ],
)
def test_bad_rules_are_one_line_and_nothing_is_written(
    fruit: Path, asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    calm = fruit.with_name("calm.img")
    assert run(["image", "steady", str(fruit), str(calm), *asked]) == 2
    assert said in " ".join(capsys.readouterr().err.split()).replace(str(fruit.parent) + "/", "")
    assert not calm.exists()


def test_it_shows_the_pages_of_an_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gases.img"
    path.write_bytes(paged_image(3).pack())
    assert run(["image", "show", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["weights"], found["positions"]) == (5, 75, list(range(8)))
    assert found["pages"][1] == {"classes": ["ethylene"], "positions": [1, 3, 5, 0]}
    assert run(["image", "show", str(path)]) == 0
    assert "ethylene: positions 1, 3, 5, 0" in capsys.readouterr().out


def test_it_shows_an_image_of_one_network(fruit: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["image", "show", str(fruit), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["format"], found["classes"], found["pages"]) == (4, ["banana", "lemon", "lychee"], [])


def test_rows_of_measurements_are_for_one_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "gases.img"
    path.write_bytes(paged_image(3).pack())
    assert run(["image", "steady", str(path), str(tmp_path / "calm.img"), "--measurements", "3"]) == 2
    assert "a field of the image is 3; its limit is 1" in capsys.readouterr().err
