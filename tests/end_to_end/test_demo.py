"""The main job, end to end: the command as a user runs it."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from enose.cli.main import run
from enose.demo.run import run_demo
from enose.training import Effort

REPOSITORY = Path(__file__).resolve().parents[2]
STEPS = {"float", "mapped", "quantised", "chip", "firmware"}


def demo(*arguments: str) -> dict[str, Any]:
    """The command in a process of its own, as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "enose", "demo", "--json", *arguments], capture_output=True, text=True, timeout=290
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def fruit(micropython: str) -> dict[str, Any]:
    return demo("--seed", "1")


def test_the_fruit_are_named_through_the_firmware(fruit: dict[str, Any]) -> None:
    assert fruit["specimens"]["tested"] == 12
    assert sum(fruit["confusion"][k][k] for k in range(3)) >= 11
    assert fruit["accuracy"]["chip"] == fruit["accuracy"]["firmware"]


def test_no_refresh_is_missed_and_nothing_leaves_the_chips_range(fruit: dict[str, Any]) -> None:
    assert fruit["refresh"]["missed"] == 0
    # a refresh is due every 29 ms at 25 C (10 mV/s, 5 C of margin, 40 ms before a droop of the tolerated 1 mV), or
    # two more or less: a step of the thermometer is 3 ms of the 69
    due = fruit["simulated_s"] / 0.029
    # and before and after each second's collection of garbage: these postpone the next one
    assert 0.93 * due <= fruit["refresh"]["done"] <= 1.07 * due + 2 * fruit["simulated_s"]
    assert fruit["range_violations"] == 0


def test_the_report_has_the_documented_keys_and_says_that_it_is_simulated(fruit: dict[str, Any]) -> None:
    keys = {"classes", "confusion", "accuracy", "specimens", "refresh", "board", "chip", "fidelity", "micropython"}
    assert keys | {"simulated_s", "wall_s"} <= set(fruit)
    assert set(fruit["accuracy"]) == STEPS
    assert fruit["simulated_recordings"] is True
    assert fruit["simulated_board"] is True
    assert fruit["micropython"].startswith("micropython 1.")


def test_the_same_seed_is_the_same_run_and_the_readme_shows_its_real_output(
    fruit: dict[str, Any], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    shown = re.search(r"\$ \.venv/bin/enose demo --seed 1\n(.*?)```", readme, re.DOTALL)
    assert shown is not None
    reports: list[dict[str, Any]] = []

    def ran(*arguments: Any, **options: Any) -> tuple[dict[str, Any], bytes]:
        report, image = run_demo(*arguments, **options)
        reports.append(report)
        return report, image

    monkeypatch.setattr("enose.demo.run.run_demo", ran)  # the text has not all that must be the same
    assert run(["demo", "--seed", "1"]) == 0
    assert _without_times(capsys.readouterr().out) == _without_times(shown.group(1))
    (again,) = json.loads(json.dumps(reports))
    assert {**again, "wall_s": 0} == {**fruit, "wall_s": 0}


def _without_times(text: str) -> list[str]:
    """Lines without wall time, interpreter's version and the heap it leaves: these may differ on another machine."""
    text = re.sub(r" in [\d.]+ s$", "", text, flags=re.MULTILINE)
    text = re.sub(r"under micropython .*", "", text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def test_ngspice_in_the_chips_place_gives_the_same_answers(fruit: dict[str, Any], libngspice: object) -> None:
    spice = demo("--seed", "1", "--fidelity", "spice")
    assert spice["fidelity"] == "spice"
    assert spice["confusion"] == fruit["confusion"]
    # the twin is certified to 0.05 mV on the nominal chip; the ADC's steps are 0.0625 mV, and its noise one of them
    both = zip(spice["answers"], fruit["answers"], strict=True)
    assert max(abs(a["outputs_v"][0] - b["outputs_v"][0]) for a, b in both) < 2e-4


def test_the_equations_in_the_chips_place_are_trained_through(micropython: str) -> None:
    ideal = demo("--seed", "1", "--fidelity", "ideal")
    assert ideal["fidelity"] == "ideal"
    assert ideal["accuracy"]["firmware"] >= 11 / 12


def test_the_memristor_board_does_the_same_job(micropython: str, libngspice: object, tmp_path: Path) -> None:
    picture = tmp_path / "plane.png"
    report = demo("--seed", "1", "--board", "sim:pico-memristor", "--plot", str(picture))
    assert report["chip"] == "memristor542"
    assert report["topology"] == [5, 4, 2]
    assert report["accuracy"]["firmware"] >= 11 / 12
    assert report["refresh"]["missed"] == 0
    assert report["range_violations"] == 0
    assert {len(answer["outputs_v"]) for answer in report["answers"]} == {2}
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.data
@pytest.mark.timeout(300)  # 650 exposures, each measured by the firmware
def test_gas_drift_is_named_through_the_firmware(data_path: Callable[[str], Path], micropython: str) -> None:
    report = demo("--recordings", str(data_path("uci_gas_drift")), "--classes", "ethylene,ethanol,acetaldehyde")
    assert report["simulated_recordings"] is False
    assert report["accuracy"]["firmware"] >= 0.97
    assert abs(report["accuracy"]["firmware"] - report["accuracy"]["float"]) <= 0.01
    assert set(report["by_batch"]["chip_accuracy"]) == {"batch2", "batch3", "batch4", "batch5"}
    assert "drift" in report["split"]


@pytest.mark.data
@pytest.mark.timeout(300)  # 267 windows in five folds
def test_home_activity_is_split_by_induction_and_its_peers_are_shown(
    data_path: Callable[[str], Path],
    micropython: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # one draw of the inner folds: whichever network is chosen, the firmware has to answer as it does
    monkeypatch.setattr("enose.training.search.Effort", partial(Effort, draws=1))
    path = data_path("uci_home_activity_8mox") / "recordings.csv"
    assert run(["demo", "--recordings", str(path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert abs(report["accuracy"]["firmware"] - report["accuracy"]["float"]) <= 0.02
    assert {"mlp443", "svm", "majority"} <= set(report["plain"])
    assert report["vote_groups"] == 67
    assert report["specimens"]["tested"] == len(report["answers"])
    assert report["refresh"]["missed"] == 0
