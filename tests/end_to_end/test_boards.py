"""The boards on other microcontrollers: their simulated twins do the main job under the same firmware."""

import json

import pytest

from enose.boards import find_board
from enose.cli.main import run


@pytest.mark.parametrize("name", ["pico2-mlp", "esp32s3-mlp"])
def test_the_fruit_are_named_on_every_microcontroller(
    micropython: str, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["demo", "--board", f"sim:{name}", "--seed", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["board"] == f"sim:{name}"
    assert report["simulated_board"] is True
    assert report["specimens"]["tested"] == 12
    # one of twelve may be wrong or abstained from, as on pico-mlp
    assert sum(report["confusion"][k][k] for k in range(3)) >= 11
    assert report["accuracy"]["chip"] == report["accuracy"]["firmware"]
    assert report["refresh"]["missed"] == 0
    assert report["range_violations"] == 0


@pytest.mark.parametrize("name", ["pico-mlp", "pico2-mlp", "esp32s3-mlp", "pico-memristor"])
def test_the_firmware_says_on_which_board_it_runs(
    micropython: str, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert run(["device", "info", "--device", f"sim:{name}", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    board, chip, _ = find_board(name)
    assert (answer["board"], answer["chip"]) == (board.name, chip.name)
