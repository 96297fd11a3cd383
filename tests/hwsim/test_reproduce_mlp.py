"""`enose reproduce mlp`, small: its rows, its figure, its errors."""

import json
from pathlib import Path

import numpy as np
import pytest

from enose.boards import boards_folder
from enose.cli.main import BAD_INPUT, run
from enose.recordings import simulated_fruit
from enose.reproduce import mlp
from enose.reproduce.odours import odour_sets
from enose.reproduce.rows import Row, as_dict
from enose_hwsim import gas
from enose_hwsim.chipfile import load_chip

pytestmark = [pytest.mark.usefixtures("libngspice"), pytest.mark.timeout(300)]


def test_a_few_seeds(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mlp, "EPOCHS", 60)  # enough to learn most, not for the limits
    monkeypatch.setattr(mlp, "PLAIN_EPOCHS", 4)
    picture = tmp_path / "mlp.svg"
    code = run(["reproduce", "mlp", "--seeds", "2", "--seed", "3", "--plot", str(picture), "--json"])
    given = json.loads(capsys.readouterr().out)
    rows = {row["item"]: row for row in given["rows"]}
    assert given["name"] == "mlp"
    assert code == (0 if given["ok"] else 1)
    assert rows["right of 12, median"]["here"] >= 8  # by chance 4
    for what in ("weights", "outputs"):
        assert rows[f"twin against ngspice's transient, 12 samples of training, {what}, largest"]["ok"]
    assert rows["twin against ngspice, outputs of one test, largest"]["ok"]
    assert rows["power, ngspice, learning cells at work"]["here"] < 0.2
    assert rows["thresholds"]["here"] == "0.88, 0.92"
    assert picture.read_text().startswith("<?xml")


def test_answers_follow_the_bands() -> None:
    chip = load_chip(boards_folder() / "chips" / "mlp441.toml")
    assert mlp.answers(chip, np.array([0.95, 0.9, 0.85])).tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="0 seeds, expected at least 1"):
        mlp.reproduce(chip, 0, 1)


def test_odour_sets_are_reproducible_and_halves_of_24() -> None:
    first, again = odour_sets(1, 5), odour_sets(1, 5)
    np.testing.assert_array_equal(first.train_v, again.train_v)
    assert np.bincount(first.train[0]).tolist() == np.bincount(first.test[0]).tolist() == [4, 4, 4]
    assert first.train_v.max() <= 0.95 + 1e-9
    assert first.train_v.min() > 0.85


def test_spread_of_the_odours() -> None:
    narrow, wide = (simulated_fruit(1, compound_spread=spread).specimens[0].exposure_ohm for spread in (0.1, 0.6))
    assert not np.array_equal(narrow, wide)
    np.testing.assert_array_equal(wide, simulated_fruit(1).specimens[0].exposure_ohm)  # what it was
    with pytest.raises(ValueError, match=r"compound_spread -1\.0, expected 0 or more"):
        gas.simulate("lemon", 1, gas.SensorArray.made(1), compound_spread=-1.0)


def test_rows_are_ok_together() -> None:
    rows = [Row("a", "V", None, 1.0), Row("b", "V", 1.0, 2.0, "<= 1", False)]
    assert as_dict("x", rows[:1])["ok"] is True
    assert as_dict("x", rows)["ok"] is False


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [(["--seeds", "0"], "--seeds 0: expected at least 1"), (["--plot", "x.pdf"], "expected a .png or .svg file")],
)
def test_bad_input(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["reproduce", "mlp", *arguments]) == BAD_INPUT
    assert expected in " ".join(capsys.readouterr().err.split())
