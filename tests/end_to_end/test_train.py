"""`enose train` and `enose demo` on project files: honest splits, the audit's verdict beside the accuracy, all kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose.cli.main import BAD_INPUT, run
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.store import Project
from enose.recordings import open_recordings, simulated_fruit
from enose_contract.image import unpack

IDEAL = ["--fidelity", "ideal", "--folds", "2", "--classes", "banana,lychee"]


def fruit(path: Path, windows: int = 1, unit: str = "ohm", sensors: int = 5) -> Path:
    """Simulated fruit in a project, the exposure of each cut into windows."""
    made = simulated_fruit(1, ("banana", "lychee"))
    specimens = []
    for s in made.specimens:
        cycles = [
            Cycle({"baseline": s.baseline_ohm[:, :sensors], "exposure": part[:, :sensors]}, s.sample_s)
            for part in np.array_split(s.exposure_ohm, windows)
        ]
        specimens.append(NewSpecimen(s.group, s.label, tuple(cycles)))
    session = NewSession("fruit", tuple(Sensor(n, unit) for n in made.sensors[:sensors]), tuple(specimens))
    with Project.create(path) as project:
        project.add_sessions([session], Provenance("simulate", "fruit, seed 1", True))
    return path


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(list(arguments)) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    return " ".join(err.split())


def test_train_tests_honestly_audits_and_keeps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, image = fruit(tmp_path / "a.enose"), tmp_path / "x.img"
    report = answered(capsys, "train", str(path), *IDEAL, "--save-image", str(image))
    assert report["split"] == "2 folds by group: no specimen is in training and test at once"
    assert (report["leaks"], report["tested"], report["simulated_recordings"]) == (False, 16, True)
    assert set(report["accuracy"]) == {"float", "mapped", "quantised", "chip"}
    assert set(report["peers"]) == {"mlp443", "svm", "lda", "majority"}
    assert sum(sum(row) for row in report["confusion"]) == 16
    assert report["accuracy"]["chip"] == sum(row[k] for k, row in enumerate(report["confusion"])) / 16
    assert report["audit"]["ok"] is True
    assert [s["name"] for s in report["audit"]["suspects"]] == ["baseline", "time", "order", "ambient"]
    assert unpack(image.read_bytes()).classes[:2] == report["class_order"]
    with Project.open(path) as project:
        (model,), (kept,) = project.kept("model"), project.kept("image")
        assert report["kept"] == {"model": model["identity"], "image": kept["identity"]}
        assert kept["content"] == image.read_bytes()
        assert kept["model_id"] == model["id"]
        assert json.loads(model["content"])["sensors"] == report["sensors"]
        facts = json.loads(project.kept("provenance")[-1]["facts"])
        assert (facts["split"], facts["audit"]) == (report["split"], report["audit"]["verdict"])


def test_a_leaking_split_is_refused_unless_allowed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = fruit(tmp_path / "a.enose", windows=2)
    text = refused(capsys, "train", str(path), *IDEAL, "--split", "random")
    assert "the split by random leaks: specimen" in text
    assert "--allow-leak" in text
    assert run(["train", str(path), *IDEAL, "--split", "random", "--allow-leak"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "split 2 folds by random: at random, whatever belongs together; it leaks: " in out
    assert "audit nothing that must not predict the class does" in out
    assert "kept model" in out


def test_counts_are_no_resistances(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = fruit(tmp_path / "a.enose", unit="count")
    said = "its sensors are read in count, expected resistances in ohm"
    assert said in refused(capsys, "train", str(path))
    assert said in refused(capsys, "demo", "--recordings", str(path))


@pytest.mark.usefixtures("micropython")
def test_the_demo_takes_a_project_that_was_recorded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "a.enose")
    assert run(["plan", path, "--classes", "banana,lychee", "--repeats", "4", "--seed", "1"]) == 0
    assert run(["record", path, "--device", "sim:pico-mlp", "--seed", "1"]) == 0
    capsys.readouterr()
    recordings = open_recordings(Path(path))
    assert recordings.specimens[0].exposure_ohm.shape == (40, 4)  # 20 s, a scan every half second
    assert np.ptp(recordings.specimens[0].exposure_ohm, axis=0).max() == 0
    report = answered(capsys, "demo", "--recordings", path, "--fidelity", "ideal", "--seed", "1")
    assert report["simulated_recordings"] is True
    assert report["specimens"]["tested"] == 4
    assert report["range_violations"] == 0


def test_pages_are_not_trained_with_the_options_of_one_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refused(capsys, "train", str(fruit(tmp_path / "a.enose")), "--paged", "--restarts", "3")
    assert "--restarts: not with --paged" in said
