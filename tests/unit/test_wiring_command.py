"""`enose board wiring`, and the commands that refuse a board whose check finds problems."""

import json
from pathlib import Path

import pytest

from enose.boards import boards_folder
from enose.cli.main import BAD_INPUT, run

BOARD = (boards_folder() / "pico-mlp.toml").read_text(encoding="utf-8")


def test_the_table_names_pin_function_net_part_and_its_pin(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["board", "wiring", "pico2-mlp"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("pico2-mlp: Pico 2, chip mlp441\n")
    lines = [line.split() for line in out.splitlines()]
    assert ["17", "output", "dac_select", "DAC", "AD5676R", "SYNC"] in lines
    assert ["drive", "weight", "chip", "mlp441", "VW"] in lines


def test_the_json_has_the_same_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["board", "wiring", "esp32s3-mlp", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["board"], answer["mcu"], answer["chip"]) == ("esp32s3-mlp", "esp32s3", "mlp441")
    assert {"pin", "function", "net", "key", "part", "part_pin"} == set(answer["rows"][0])
    assert [row["function"] for row in answer["rows"] if row["pin"] == 12] == ["SPI1 SCK"]


def test_the_picture_is_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "wiring.svg"
    assert run(["board", "wiring", "pico-memristor", "--svg", str(path)]) == 0
    assert path.read_text(encoding="utf-8").startswith("<svg ")
    assert "read amplifier" in capsys.readouterr().out


def test_a_picture_of_another_kind_is_refused_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(["board", "wiring", "pico-mlp", "--svg", str(tmp_path / "wiring.png")]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("wiring.png: ends in '.png', expected .svg\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["board", "wiring"], ["sim"], ["demo", "--board"]], ids=" ".join)
def test_a_board_with_problems_is_neither_drawn_nor_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str]
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(BOARD.replace("pin = 20", "pin = 24"), encoding="utf-8")
    assert run([*command, str(path)]) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert f"{path}:" in err
    assert "switch.pin: GPIO 24 is taken by the Pico (VBUS sense), expected a free pin; the nearest: GPIO 27" in err
