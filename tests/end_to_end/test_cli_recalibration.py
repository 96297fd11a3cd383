"""`enose calibration drift|references|transfer` on a project: told, mended, kept, with where it is from."""

import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose.cli.main import BAD_INPUT, run
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.store import Project
from enose.recordings import Recordings, simulated_fruit
from enose_contract.image import unpack

SENSORS = 5  # of the simulated array: few, so that training is short
CLASSES = ("banana", "lychee")
PAGE = Path(__file__).resolve().parents[2] / "docs/calibration.md"
IDEAL = ["--fidelity", "ideal"]


def session(title: str, made: Recordings, change: dict[int, float], names: str = "") -> NewSession:
    """Simulated fruit; sensors of which the response's logarithm is so many times what it was."""
    specimens = []
    for s in made.specimens:
        baseline, exposure = s.baseline_ohm[:, :SENSORS], s.exposure_ohm[:, :SENSORS].copy()
        clean = baseline.mean(axis=0)
        for sensor, times in change.items():
            exposure[:, sensor] = clean[sensor] * (exposure[:, sensor] / clean[sensor]) ** times
        cycle = Cycle({"baseline": baseline, "exposure": exposure}, s.sample_s)
        specimens.append(NewSpecimen(names + s.group, s.label, (cycle,)))
    return NewSession(title, tuple(Sensor(n) for n in made.sensors[:SENSORS]), tuple(specimens))


def project(folder: Path, change: dict[int, float], names: str = "", title: str = "later") -> Path:
    """A project with a first session, a model of it, and a later session whose sensors answer differently."""
    path = folder / "fruit.enose"
    first, later = simulated_fruit(1, CLASSES), simulated_fruit(1, CLASSES)
    with Project.create(path) as opened:
        opened.add_sessions([session("first", first, {})], Provenance("simulate", "fruit, seed 1", True))
    assert run(["train", str(path), *IDEAL, "--folds", "2"]) == 0
    with Project.open(path) as opened:
        opened.add_sessions([session(title, later, change, names)], Provenance("simulate", "drift", True))
    return path


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    return " ".join(err.split())


def test_sensors_that_moved_are_told_and_recalibrated_by_references(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project(tmp_path, {k: 0.5 + 0.1 * k for k in range(SENSORS)})
    told = answered(capsys, "calibration", "drift", str(path))
    assert (told["before"], told["now"], told["simulated_recordings"]) == (16, 16, True)
    assert len(told["used"]) == 4
    for k, sensor in enumerate(told["sensors"]):
        assert sensor["response_share"] == pytest.approx(
            0.5 + 0.1 * k, rel=0.05
        )  # its samples' mean, not its logarithm
        assert sensor["r0_percent"] == pytest.approx(0, abs=1e-6)
    assert run(["calibration", "drift", str(path), "--reference", "banana", "--now", "later"]) == 0
    assert "16 specimens before, 16 now: " in capsys.readouterr().out

    written = tmp_path / "new.img"
    found = answered(
        capsys, "calibration", "references", str(path), *IDEAL, "--most", "4", "--save-image", str(written)
    )
    assert found["references"] == 8
    assert found["left_out"] >= found["before"]
    with Project.open(path) as opened:
        old, new = opened.kept("model")
        assert found["kept"]["model"] == new["identity"]
        assert found["of_model"] == old["identity"]
        kept = opened.kept("image")[-1]
        assert (kept["identity"], kept["content"]) == (found["kept"]["image"], written.read_bytes())
        made = opened.kept("provenance")[-1]
        facts = json.loads(made["facts"])
        assert (made["act"], bool(made["simulated"])) == ("recalibrate", True)
        assert facts["of_model"] == old["identity"]
        assert len(facts["references"]) == 8
        assert all(name.startswith("later, ") for name in facts["references"])
        before, after = json.loads(old["content"]), json.loads(new["content"])
        assert after["weights"] != before["weights"]
        assert after["class_order"] == before["class_order"]
    assert unpack(written.read_bytes()).channels == before["channels"]


def test_a_replaced_sensor_is_told_and_taken_in(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project(tmp_path, dict.fromkeys(range(SENSORS), 0.1))
    assert "replace " in answered(capsys, "calibration", "drift", str(path))["advice"]
    with Project.open(path) as opened:
        sensors = json.loads(opened.kept("model")[0]["content"])["sensors"]
    found = answered(capsys, "calibration", "transfer", str(path), sensors[0], *IDEAL)
    assert found["pairs"] == 16  # both sessions are of the same specimens
    assert [line["sensor"] for line in found["lines"]] == [sensors[0]]
    with Project.open(path) as opened:
        made = opened.kept("provenance")[-1]
        assert made["act"] == "transfer"
        assert json.loads(made["facts"])["swapped"] == found["lines"]
        assert len(opened.kept("model")) == 2


def test_a_swap_without_the_same_specimens_goes_by_their_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = project(tmp_path, {0: 1.4}, names="other ")
    with Project.open(path) as opened:
        sensors = json.loads(opened.kept("model")[0]["content"])["sensors"]
    assert run(["calibration", "transfer", str(path), sensors[1], *IDEAL, "--now", "later"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "in ln, by labels" in said
    assert "kept model" in said


def test_bad_input_is_one_line_and_nothing_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = project(tmp_path, {})
    for arguments, said in (
        (["drift", str(path), "--now", "x"], "there is no session 'x' with labelled specimens"),
        (["drift", str(path), "--model", "zz"], "0 models begin with 'zz' for mlp441, expected one"),
        (["drift", str(path), "--reference", "tea"], "reference 'tea' is no class"),
        (["drift", str(path), "--board", "pico-memristor"], "there is no model for memristor542, expected one"),
        (["references", str(path), "--now", "first,later"], "every specimen is of first, later"),
        (["references", str(path), "--save-image", str(tmp_path / "no" / "x.img")], "there is no folder"),
        (["references", str(tmp_path / "none.enose")], "there is no such project file"),
        (["transfer", str(path), "X1"], "sensor 'X1' is none that the model uses"),
    ):
        assert said in refused(capsys, "calibration", *arguments)
    with Project.open(path) as opened:
        assert len(opened.kept("model")) == 1
        opened.add_model("odd", "mlp441", {"pages": []}, Provenance("test", "odd", True))
    assert "is no network" in refused(capsys, "calibration", "references", str(path))


def test_recordings_without_a_project_are_judged_on_all_sensors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    for name, gain in (("batch1", 1.0), ("batch2", 3.0)):
        lines = []
        for k in range(12):
            change = 9000 * (1 + 0.1 * rng.standard_normal(16))
            change[3] *= gain
            features = [v for s in range(16) for v in (change[s], 1 + change[s] / 2e4, 0, 0, 0, 0, 0, 0)]
            text = " ".join(f"{i}:{v:.6f}" for i, v in enumerate(features, 1))
            lines.append(f"{1 + k % 6};10.0 {text}")
        (tmp_path / f"{name}.dat").write_text("\n".join(lines) + "\n")
    told = answered(capsys, "calibration", "drift", str(tmp_path))
    assert told["model"] is None
    assert len(told["used"]) == 16
    spreads = [abs(s["response_spreads"]) for s in told["sensors"]]
    assert int(np.argmax(spreads)) == 3
    assert told["sensors"][3]["verdict"] != "still"


def test_the_commands_of_the_page_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project(tmp_path, {4: 1.3})
    monkeypatch.chdir(tmp_path)
    shown = PAGE.read_text(encoding="utf-8").split("## The sensors\n", 1)[1].split("```sh\n", 1)[1].split("```", 1)[0]
    lines = [shlex.split(line) for line in shown.splitlines()]
    assert [words[2] for words in lines] == ["drift", "references", "transfer"]
    for words in lines:
        capsys.readouterr()
        assert run(words[1:]) == 0, words
        assert capsys.readouterr().out
