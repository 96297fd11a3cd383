"""`enose device learn`: lessons from recordings, a session on the simulated chip, accuracy before and after."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enose.boards import find_board
from enose.cli.main import BAD_INPUT, FAILED, run
from enose.lessons.figure import draw
from enose.lessons.prepare import CHOOSING, prepare, teachers_v
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.store import Project
from enose.recordings import open_recordings, simulated_fruit
from enose.training import TrainingError
from enose_contract import lesson
from enose_hwsim.board.parts.analog_chip import HeldWeightChipPart
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.chipfile import MlpFile

pytestmark = [pytest.mark.usefixtures("micropython", "libngspice"), pytest.mark.timeout(300)]
SIM = ["device", "learn", "--device", "sim:pico-mlp"]
REPOSITORY = Path(__file__).resolve().parents[2]


def mlp() -> tuple[object, MlpFile]:
    board, chip, _ = find_board("pico-mlp")
    assert isinstance(chip, MlpFile)
    return board, chip


@pytest.fixture
def chosen_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """One draw of the inner folds: for what is the same whichever sensors are chosen."""
    monkeypatch.setattr("enose.lessons.prepare.CHOOSING", replace(CHOOSING, draws=1))


@pytest.fixture
def short(tmp_path: Path, chosen_briefly: None) -> Path:
    """Four fruit of each kind, of which the board measures a few seconds: for what does not depend on the lessons."""
    fruit = simulated_fruit(1)
    specimens = [
        NewSpecimen(
            s.group,
            s.label,
            (
                Cycle(
                    {"baseline": s.baseline_ohm[-4:], "exposure": s.exposure_ohm[-8:], "recovery": s.recovery_ohm[:4]},
                    s.sample_s,
                ),
            ),
        )
        for label in fruit.classes
        for s in [s for s in fruit.specimens if s.label == label][:4]
    ]
    session = NewSession("fruit", tuple(Sensor(name) for name in fruit.sensors), tuple(specimens))
    with Project.create(tmp_path / "short.enose") as project:
        project.add_sessions([session], Provenance("simulate", "fruit, seed 1", True))
    return tmp_path / "short.enose"


def test_a_session_says_what_it_came_to(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "session.svg"
    assert run([*SIM, "--epochs", "18", "--seed", "1", "--json", "--plot", str(picture)]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["state"], result["epochs_done"], result["lessons"], result["tested"]) == ("done", 18, 12, 12)
    assert len(result["errors_v"]) == 19
    assert result["errors_v"][result["best_epoch"]]["worst"] < result["errors_v"][0]["worst"] / 2
    assert {len(weights) for weights in result["weights_v"].values()} == {25}
    assert (result["samples_late"], result["refreshes_missed"], result["image"]["generation"]) == (0, 0, 2)
    share = result["accuracy"]
    # random weights are right by chance; after eighteen epochs most are, on the board as in the simulator
    assert share["before"] <= 0.5
    assert share["after"] >= 0.75
    # they begin alike: specimens of twelve that lie near an edge are all that may tell them apart
    assert share["simulator_before"] == pytest.approx(share["before"], abs=0.17)
    assert "kept: epoch" in picture.read_text(encoding="utf-8")
    with pytest.raises(OSError, match="none"):
        draw(result, tmp_path / "none" / "session.png")


def test_the_text_says_the_same(short: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*SIM, str(short), "--epochs", "1", "--seed", "1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("done (simulated board): the best weights are stored and in force\n6 lessons, 1 epochs of ")
    assert re.search(r"\n6 held-out specimens: \d+\.\d% right before, \d+\.\d% after\n", said)


def test_a_session_that_the_device_ends_is_exit_code_1(
    short: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = HeldWeightChipPart._learn

    def learning(part: HeldWeightChipPart, t_s: float) -> None:
        monkeypatch.setattr(FlashPart, "write", _full)
        learn(part, t_s)

    monkeypatch.setattr(HeldWeightChipPart, "_learn", learning)
    assert run([*SIM, str(short), "--epochs", "1", "--seed", "1"]) == FAILED
    assert capsys.readouterr().out.startswith("ended (simulated board): the image store failed\n")


def _full(part: object, offset: int, content: bytes) -> None:
    raise OSError(5, "flash")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--epochs", "0"], "--epochs 0: expected 1..500"),
        (["--epochs", "501"], "--epochs 501: expected 1..500"),
        (["--plot", "a.pdf"], "a.pdf: ends in '.pdf'"),
        (["nowhere"], "nowhere: there is no such file"),
    ],
)
def test_bad_options_are_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    assert run([*SIM, *arguments]) == BAD_INPUT
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_board_that_cannot_learn_is_bad_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "learn", "--device", "sim:pico-memristor"]) == BAD_INPUT
    assert "board pico-memristor has no section [teacher]" in " ".join(capsys.readouterr().err.split())


def test_teachers_lie_in_the_middles_of_the_bands() -> None:
    _, chip = mlp()
    assert teachers_v(chip) == pytest.approx([0.86, 0.90, 0.94])


def test_lessons_are_what_the_device_would_measure_of_the_training_split(chosen_briefly: None) -> None:
    board, chip = mlp()
    prepared = prepare(simulated_fruit(1), board, chip, 1)
    assert len(prepared.lessons) == len(prepared.split.train) == 12
    volts = np.array([one.inputs_v for one in prepared.lessons])
    assert volts.min() >= 0.85
    assert volts.max(axis=1) == pytest.approx(0.95)  # each is scaled by its own largest change
    assert {round(one.teacher_v, 6) for one in prepared.lessons} == {0.86, 0.90, 0.94}
    first = np.array(prepared.image.weights) * 1e-6
    assert np.abs(first - chip.synapse.weight_zero_v).max() <= 0.12
    assert prepare(simulated_fruit(1), board, chip, 1).image.pack() == prepared.image.pack()


def test_specimens_without_an_odour_are_no_lessons(chosen_briefly: None, monkeypatch: pytest.MonkeyPatch) -> None:
    board, chip = mlp()
    monkeypatch.setattr("enose.lessons.prepare.inputs_v", lambda *_: np.full((12, 4), np.nan))
    with pytest.raises(TrainingError, match="no specimen of the training split changes any of the chosen sensors"):
        prepare(simulated_fruit(1), board, chip, 1)


@pytest.mark.data
def test_of_many_recordings_as_many_of_each_class_are_lessons(data_path) -> None:
    board, chip = mlp()
    classes = ("ethylene", "ethanol", "acetaldehyde")
    prepared = prepare(open_recordings(data_path("uci_gas_drift"), classes), board, chip, 1)
    assert len(prepared.lessons) == lesson.MAX_LESSONS
    levels = [round(one.teacher_v, 6) for one in prepared.lessons]
    assert sorted(levels.count(level) for level in set(levels)) == [10, 11, 11]
