"""The commands of docs/paged.md, on a part of one batch and with short trainings."""

import json
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from enose import paged_training
from enose.cli.main import BAD_INPUT, run
from enose.training import Effort
from enose.training.paged import train_pages
from enose_contract.image import unpack

PAGE = Path(__file__).resolve().parents[2] / "docs" / "paged.md"
EACH = 16  # of each gas


@pytest.fixture
def batches(tmp_path: Path, data_path: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a batch of few specimens; training is the real one, but shorter."""
    lines = (data_path("uci_gas_drift") / "batch1.dat").read_text(encoding="utf-8").splitlines(keepends=True)
    taken: Counter[str] = Counter()
    kept = []
    for line in lines:
        taken[line[0]] += 1
        if taken[line[0]] <= EACH:
            kept.append(line)
    (tmp_path / "batches").mkdir()
    (tmp_path / "batches" / "batch1.dat").write_text("".join(kept), encoding="utf-8")
    short = partial(train_pages, alone=Effort(2, 20), together=Effort(2, 100))
    monkeypatch.setattr(paged_training, "train_pages", short)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "batches"


@pytest.mark.data
@pytest.mark.usefixtures("micropython", "libngspice")
def test_the_commands_shown_work(batches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = PAGE.read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    (_, *train), (_, *show) = [shlex.split(line) for line in shown.splitlines()]
    assert run([*train, "--folds", "2", "--through", "4", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert len(report["classes"]) == len(report["pages"]) == 6
    assert len(report["sensors"]) <= 8
    assert report["tested"] == 6 * EACH
    low, high = report["interval"]
    assert low <= report["accuracy"]["chip"] <= high
    assert report["firmware"] == {"specimens": 4, "equal_to_chip": 4, "simulated_board": True}
    assert report["decision"]["pages"] == 6
    assert 0 < report["decision"]["ms"] < 200
    assert report["decision"]["estimated_mj"] > 0
    image = unpack((batches.parent / "gases.img").read_bytes())
    assert image.classes == report["classes"]
    assert run(show) == 0
    out = capsys.readouterr().out
    assert "page 6" in out
    assert "toluene: positions" in out


@pytest.mark.data
@pytest.mark.usefixtures("micropython", "libngspice")
def test_it_says_in_words_what_a_decision_takes(batches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--split", "random", "--folds", "2", "--through", "3", "--classes", "ethanol,ethylene,ammonia,acetone"]
    assert run(["train", str(batches), "--paged", *few]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "page acetone: TGS26xx" in out
    assert "firmware 3 of 3 on the simulated board answer as the chip" in out
    assert "(simulated board) for 4 pages, sensing apart" in out
    assert "mJ, estimated (microcontroller " in out


@pytest.mark.data
def test_memristors_are_refused(batches: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["train", str(batches), "--paged", "--split", "random", "--board", "pico-memristor", "--through", "1"]
    assert run(asked) == BAD_INPUT
    assert "memristor542: no pages, expected weights on capacitors" in capsys.readouterr().err


@pytest.mark.data
@pytest.mark.parametrize(
    "option", ["--restarts 2", "--epochs 9", "--draws 1", "--mismatch 0.1", "--temperatures 27", "--error-rate 0.1"]
)
def test_what_is_of_one_network_is_refused(batches: Path, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", str(batches), "--paged", "--split", "random", *option.split()]) == BAD_INPUT
    assert f"{option.split()[0]}: not with --paged" in capsys.readouterr().err


@pytest.mark.data
def test_the_bench_of_mismatched_chips_matches_each_of_them(batches: Path) -> None:
    root = PAGE.parents[1]
    few = ["--chips", "1", "--folds", "2", "--jobs", "1", "--classes", "ethanol,ethylene,ammonia"]
    command = [sys.executable, str(root / "bench/paged.py"), str(batches), *few]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=110)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["simulated"] is True
    found = {row["item"]: row["here"] for row in answer["rows"]}
    assert found["specimens tested"] == 3 * EACH
    assert found["worst chip, nominal weights"] <= found["median chip, nominal weights"]
    # a chip with weights made for it answers as the nominal one: one specimen of 48 may lie on an edge
    assert found["median chip, matched weights"] >= found["nominal chip"] - 1.5 / found["specimens tested"]
