"""`enose record` on simulated boards: what is said to be recorded is in the file, whatever comes after."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose.cli.main import BAD_INPUT, FAILED, run
from enose.link.connect import open_device
from enose.project.contents import NewSession, Provenance, Sensor
from enose.project.schema import ProjectError
from enose.project.store import Project
from enose.recorder import (
    MOVING,
    Looking,
    NotMeasured,
    Wanted,
    neutral_image,
    new_session,
    next_planned,
    present,
    record,
)
from enose_contract.image import unpack
from rig import BOARD, CHIP, image

pytestmark = pytest.mark.usefixtures("micropython")
SIM = ["--device", "sim:pico-mlp"]
SOURCE = Provenance("record", "a test", True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.enose"


def answered(capsys: pytest.CaptureFixture[str], path: Path, *arguments: str) -> dict[str, Any]:
    assert run(["record", str(path), *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_specimens_are_recorded_with_their_provenance(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = answered(capsys, path, *SIM, "--label", "lemon", "--specimens", "2", "--seed", "1")
    assert set(result) == {"project", "device", "simulated", "session", "specimens"}
    assert result["simulated"] is True
    assert [one["name"] for one in result["specimens"]] == ["lemon 1", "lemon 2"]
    with Project.open(path) as project:
        (session,) = project.sessions()
        assert session.simulated
        assert [sensor.name for sensor in session.sensors] == ["TGS2600", "TGS2602", "TGS2603", "TGS2610"]
        for one, told in zip(project.specimens(), result["specimens"], strict=True):
            (stored,) = project.cycles(one.id)
            assert (one.label, one.simulated) == ("lemon", True)
            assert stored.cycle.series["exposure"].tolist() == [told["resistances_ohm"]]
            assert max(stored.cycle.facts["inputs_v"]) == 0.95
            assert (stored.cycle.facts["reason"], stored.cycle.facts["exposure_s"]) == ("", 20.0)
        first = project.kept("provenance")[0]
        assert (first["act"], json.loads(first["facts"])["chip"]) == ("record", "mlp441")
        two = [tuple(one["resistances_ohm"]) for one in result["specimens"]]
    assert two[0] != two[1]  # fresh specimens of one odour
    again = answered(capsys, path, *SIM, "--label", "lemon", "--seed", "1")
    assert [one["name"] for one in again["specimens"]] == ["lemon 3"]


def test_the_plan_is_followed_blindly_to_its_end(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", str(path), "--classes", "banana,lemon", "--repeats", "2", "--days", "2", "--seed", "3"]) == 0
    capsys.readouterr()
    with Project.open(path) as project:
        plan = project.plan()
    result = answered(capsys, path, *SIM)
    assert [one["name"] for one in result["specimens"]] == [entry["code"] for entry in plan if entry["day"] == 1]
    assert all(one["label"] is None for one in result["specimens"])  # whoever records does not know
    assert run(["record", str(path), *SIM, "--specimens", "1"]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith(f"recorded {plan[2]['code']} ")
    assert last == f"{path}: 3 of 4 recorded; `enose record {path}` goes on with day 2"
    assert run(["record", str(path), *SIM]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == f"{path}: 4 of 4 recorded"
    assert out.startswith(f"recorded {plan[3]['code']} (simulated)   ")
    assert "banana" not in out
    with Project.open(path) as project:
        labels = {specimen.name: specimen.label for specimen in project.specimens()}
        assert labels == {entry["code"]: entry["label"] for entry in plan}
        with pytest.raises(ProjectError, match="its plan is recorded to the end"):
            next_planned(project, None)
    assert run(["record", str(path), *SIM]) == BAD_INPUT


def test_an_image_says_which_sensors(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.img").write_bytes(
        image(channels=[5, 0, 7, 2], baseline_ms=2000, exposure_ms=4000, recovery_ms=1000, scan_ms=500).pack()
    )
    answered(capsys, path, *SIM, "--label", "x", "--odour", "banana", "--image", str(tmp_path / "x.img"))
    with Project.open(path) as project:
        (session,) = project.sessions()
        assert [sensor.name for sensor in session.sensors] == ["TGS2612", "TGS2600", "TGS2620", "TGS2603"]
        assert project.specimens()[0].label == "x"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "is not there, so it has no plan: say which --label"),
        (["--label", "durian"], "'durian' is no simulated odour, say which one with --odour"),
    ],
)
def test_what_cannot_be_recorded_is_bad_input(
    path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(["record", str(path), *SIM, *arguments]) == BAD_INPUT
    assert said in " ".join(capsys.readouterr().err.split())


def test_without_a_plan_the_label_is_asked_for(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Project.create(path).close()
    assert run(["record", str(path), *SIM]) == BAD_INPUT
    assert "has no plan, say which --label" in capsys.readouterr().err


def test_a_device_that_has_an_image_keeps_it(path: Path) -> None:
    device = open_device("sim:pico-mlp")
    try:
        raw = image(baseline_ms=2000, exposure_ms=4000, recovery_ms=1000, scan_ms=500).pack()
        device.program(raw)
        from enose.cli.record import _program

        assert _program(device, None) == Looking(4)
        assert device.info()["image"]["model"] == b"model001".hex()
        with Project.create(path) as project:
            new_session(project, device, Looking(4), {})
            (session,) = project.sessions()
            assert [sensor.name for sensor in session.sensors] == ["input 0", "input 1", "input 2", "input 3"]
    finally:
        device.close()


def test_a_measurement_that_did_not_smell_is_no_recording(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    device = open_device("sim:pico-mlp", seed=1)
    try:
        device.program(neutral_image(BOARD, CHIP).pack())
        with Project.create(path) as project:
            begun = project.begin_session(NewSession("s", tuple(Sensor(f"{k}") for k in range(4)), ()), SOURCE)

            def open_sensor(one: Wanted) -> None:
                present(device, "lemon", 1, 2)
                board = device.port.board
                board.world.fail("open", 0, board.now_s)

            wanted = [Wanted("a", "lemon")]
            with pytest.raises(NotMeasured, match="a: not measured, "):
                list(record(project, begun, device, Looking(4), wanted, open_sensor))
            assert project.counts()["specimen"] == 0
    finally:
        device.close()


def test_a_baseline_that_still_moves_is_measured_again(path: Path) -> None:
    device = open_device("sim:pico-mlp", seed=1)
    try:
        device.program(
            image(
                baseline_ms=5000, exposure_ms=4000, recovery_ms=1000, scan_ms=500, average=4, least_change_ppm=20_000
            ).pack()
        )
        attempts: list[str] = []
        present(device, "lemon", 1, 0)
        device.measure()  # warm from here on: a cold device lets the baseline pass

        def smell(one: Wanted) -> None:
            attempts.append(one.name)
            present(device, "lemon", 1, len(attempts))
            if len(attempts) < 3:  # clean air that is none: the resistance falls by a third during the baseline
                board = device.port.board
                falling = 3e4 * (1 - 0.03 * np.arange(10))[:, None] * np.ones(8)
                board.present(falling, falling / 2, falling, 0.5)

        with Project.create(path) as project:
            begun = project.begin_session(NewSession("s", tuple(Sensor(f"{k}") for k in range(4)), ()), SOURCE)
            (one,) = record(project, begun, device, Looking(4), [Wanted("a", "lemon")], smell)
            assert one.reason != MOVING
        assert attempts == ["a"] * 3
    finally:
        device.close()


def test_the_neutral_image_is_one_that_every_board_takes() -> None:
    from enose.boards import board_names, find_board

    for name in board_names():
        board, chip, _ = find_board(name)
        found = unpack(neutral_image(board, chip).pack())
        assert found.channels == list(range(chip.topology.inputs))


def test_a_host_killed_in_mid_recording_has_what_it_showed(path: Path) -> None:
    """FAULTS.md 54: everything that was shown as recorded is in the project file."""
    command = [sys.executable, "-m", "enose", "record", str(path), *SIM, "--label", "lemon", "--specimens", "50"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        shown = [process.stdout.readline().split("   ")[0] for _ in range(3)]
        process.send_signal(signal.SIGKILL)
        shown += [line.split("   ")[0] for line in process.stdout]  # what it had still said
        process.wait(timeout=30)
    names = [
        line.removeprefix("recorded ").removesuffix(" (simulated)") for line in shown if line.endswith("(simulated)")
    ]
    assert names[:3] == ["lemon 1", "lemon 2", "lemon 3"]
    with Project.open(path) as project:
        assert project.damage() == []
        specimens = {one.name: one.id for one in project.specimens()}
        assert set(names) <= set(specimens)
        assert len(specimens) < 50
        for one in specimens.values():
            (stored,) = project.cycles(one)
            assert stored.cycle.series["exposure"].shape == (1, 4)


def test_a_device_that_is_gone_is_a_failure_and_keeps_what_was_recorded(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("enose.recorder.SMELT", set())
    assert run(["record", str(path), *SIM, "--label", "lemon"]) == FAILED
    assert "error: lemon 1: not measured, it gave no resistances" in capsys.readouterr().err
    with Project.open(path) as project:
        assert project.counts()["specimen"] == 0
