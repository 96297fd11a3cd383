"""`enose train`: what its options change, and that what it cannot finish leaves nothing behind."""

import json
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from enose.cli.main import BAD_INPUT, FAILED, run
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.store import Project
from enose.recordings import simulated_fruit
from enose_contract.image import unpack

QUICK = ["--fidelity", "ideal", "--folds", "2", "--restarts", "2", "--epochs", "100", "--draws", "1"]


def fruit(path: Path, shuffled: bool = False) -> Path:
    """Simulated fruit of two classes in a project; its labels shuffled where nothing is to be learnt."""
    made = simulated_fruit(1, ("banana", "lychee"))
    labels = [s.label for s in made.specimens]
    if shuffled:
        labels = np.random.default_rng(4).permutation(labels).tolist()
    specimens = tuple(
        NewSpecimen(s.group, label, (Cycle({"baseline": s.baseline_ohm, "exposure": s.exposure_ohm}, s.sample_s),))
        for s, label in zip(made.specimens, labels, strict=True)
    )
    session = NewSession("fruit", tuple(Sensor(n, "ohm") for n in made.sensors), specimens)
    with Project.create(path) as project:
        project.add_sessions([session], Provenance("simulate", "fruit, seed 1", True))
    return path


def kept(path: Path) -> int:
    with Project.open(path) as project:
        return len(project.kept("model")) + len(project.kept("image"))


@pytest.fixture
def alarm() -> Iterator[None]:
    """After two seconds what Ctrl-C does, wherever the program is."""
    assert threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 2.0)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_an_error_rate_puts_its_guard_into_the_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = tmp_path / "x.img"
    command = ["train", str(fruit(tmp_path / "a.enose")), *QUICK, "--error-rate", "0.05", "--save-image", str(image)]
    assert run([*command, "--json"]) == 0
    guard = json.loads(capsys.readouterr().out)["guard"]
    assert guard["reached"]
    assert guard["guard_v"] >= 0.001  # the chip file's
    assert unpack(image.read_bytes()).guard_uv == round(1e6 * guard["guard_v"])
    assert 0 <= guard["answered_interval"][0] <= guard["answered"] <= guard["answered_interval"][1] <= 1
    assert run(command) == 0
    assert "for at most 5.0% of the answers wrong" in capsys.readouterr().out


def test_without_an_error_rate_the_chips_guard_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = tmp_path / "x.img"
    assert run(["train", str(fruit(tmp_path / "a.enose")), *QUICK, "--save-image", str(image), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["guard"] is None
    assert unpack(image.read_bytes()).guard_uv == 0
    assert report["training"] == {
        "restarts": 2,
        "epochs": 100,
        "draws": 1,
        "mismatch_sigmas": 0.5,
        "temperatures_c": [27.0],
    }


def test_a_rate_that_no_guard_keeps_fails_and_keeps_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, image = fruit(tmp_path / "a.enose", shuffled=True), tmp_path / "x.img"
    command = ["train", str(path), *QUICK, "--error-rate", "0.01", "--save-image", str(image)]
    assert run(command) == FAILED
    assert "no guard keeps 1.0% wrong; nothing is kept" in " ".join(capsys.readouterr().out.split())
    assert kept(path) == 0
    assert not image.exists()


@pytest.mark.usefixtures("alarm")
def test_stopped_it_leaves_nothing_half_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = fruit(tmp_path / "a.enose")
    image = tmp_path / "x.img"
    long = ["--fidelity", "ideal", "--folds", "2", "--epochs", "1000000"]
    assert run(["train", str(path), *long, "--save-image", str(image)]) == FAILED
    assert "error: stopped" in capsys.readouterr().err
    assert kept(path) == 0
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith("x.img")] == []


@pytest.mark.parametrize("text", ["warm", "0,99", "-1", "27,,60"])
def test_temperatures_out_of_range_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = fruit(tmp_path / "a.enose")
    assert run(["train", str(path), *QUICK, f"--temperatures={text}"]) == BAD_INPUT
    assert f"--temperatures '{text}', expected numbers of 0..60, as 0,27,60" in " ".join(
        capsys.readouterr().err.split()
    )


@pytest.mark.parametrize(
    "option", ["--restarts=0", "--epochs=0", "--draws=0", "--mismatch=2", "--error-rate=0", "--error-rate=1"]
)
def test_options_have_limits(tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str) -> None:
    assert run(["train", str(fruit(tmp_path / "a.enose")), option]) == BAD_INPUT
    assert option.split("=")[0] in capsys.readouterr().err


def test_restarts_epochs_mismatch_and_temperatures_change_the_network(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], brief_choice: None
) -> None:
    usual = {"--restarts": "2", "--epochs": "100", "--mismatch": "0", "--temperatures": "27", "--draws": "1"}
    changes = (
        ("", "2"),
        ("--restarts", "3"),
        ("--epochs", "110"),
        ("--mismatch", "0.5"),
        ("--temperatures", "0,27"),
        ("--draws", "2"),
    )
    made = []
    for k, (name, value) in enumerate(changes):
        options = [word for pair in (usual | ({name: value} if name else {})).items() for word in pair]
        image, path = tmp_path / f"{k}.img", fruit(tmp_path / f"{k}.enose")
        assert run(["train", str(path), "--folds", "2", *options, "--save-image", str(image), "--json"]) == 0
        capsys.readouterr()
        made.append(tuple(unpack(image.read_bytes()).weights))
    assert len(set(made)) == len(changes)
