"""docs/boards.md: its commands run, its table is that of the board files."""

import re
import shlex
from pathlib import Path

import pytest

from enose.boards import board_names, find_board
from enose.cli.main import run
from enose_hwsim import gas
from enose_hwsim.optional_sections import Led

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "boards.md").read_text(encoding="utf-8")
COMMANDS = [
    shlex.split(line)[1:]
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
    if line.startswith(".venv/bin/enose")
]


@pytest.mark.usefixtures("micropython")
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_its_commands_do_what_they_say(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(command) == 0
    assert capsys.readouterr().out


def test_its_table_is_that_of_the_board_files() -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in PAGE.splitlines() if line.startswith("| ")]
    head = next(row for row in rows if "`pico-mlp`" in row)
    names = [cell.strip("`") for cell in head[1:]]
    assert sorted(names) == board_names()
    boards = [find_board(name)[0] for name in names]
    sections = {
        "status light, climate sensor, pump, heater PWM": ("led", "climate", "pump", "heater_pwm"),
        "display, gas sensor, battery": ("display", "gas_sensor", "battery"),
    }
    for title, keys in sections.items():
        said = next(row for row in rows if row[0] == title)[1:]
        for board, cell in zip(boards, said, strict=True):
            assert {getattr(board, key) is not None for key in keys} == {cell == "yes"}
    assert isinstance(boards[0].led, Led)


def test_how_far_the_resistances_of_the_test_move_is_what_it_says() -> None:
    moved = abs(gas.air_factor(35.0, 30.0)[:4] - 1).max()
    assert f"up to {100 * moved:.0f} %" in PAGE
