"""docs/report.md: every command that it shows works as it is written, and bad input is one line and exit code 2."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from enose.cli.main import BAD_INPUT, FAILED, run
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.store import Project
from enose.recordings import simulated_fruit
from known_chip import known_chip
from rig import CHIP, image

pytestmark = pytest.mark.usefixtures("micropython", "libngspice")
PAGE = Path(__file__).resolve().parents[2] / "docs/report.md"
UNIT_7 = (b"SIM" + (7).to_bytes(4, "big") + b"\0").hex()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With fruit.enose: simulated fruit, four sensors so that training is short."""
    path = tmp_path_factory.mktemp("report")
    made = simulated_fruit(1)
    specimens = tuple(
        NewSpecimen(
            s.group,
            s.label,
            (Cycle({"baseline": s.baseline_ohm[:, ::2], "exposure": s.exposure_ohm[:, ::2]}, s.sample_s),),
        )
        for s in made.specimens
    )
    session = NewSession("fruit", tuple(Sensor(name) for name in made.sensors[::2]), specimens)
    with Project.create(path / "fruit.enose") as project:
        project.add_sessions([session], Provenance("simulate", "fruit, seed 1", True))
    return path


def shown(section: str, page: Path = PAGE) -> list[list[str]]:
    """The arguments of every command in a section of the page."""
    text = page.read_text(encoding="utf-8").split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    lines = text.split("```sh\n", 1)[1].split("```", 1)[0].splitlines()
    found = [shlex.split(line, comments=True) for line in lines]
    assert all(Path(words[0]).name == "enose" for words in found)
    return [words[1:] for words in found]


def ran(capsys: pytest.CaptureFixture[str], words: list[str], code: int = 0) -> dict[str, Any]:
    """The command as it is shown, and its answer as JSON."""
    capsys.readouterr()
    assert run([*words, "--json"]) == code, words
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert run(list(words)) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    return " ".join(err.split())


@pytest.fixture
def trained(
    folder: Path, brief_choice: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Path:
    """In the folder, with a network in the project and its image beside it."""
    monkeypatch.chdir(folder)
    # one draw of inner folds, a third of the time: what is asserted here is true of any network
    monkeypatch.setattr("enose.training.choosing.FEW_GROUPS", 0)
    if not (folder / "fruit.img").exists():
        words = shown("Where accuracy is lost")[0]
        assert words[0] == "train"
        assert ran(capsys, words)["kept"] is not None
    return folder


def test_the_waterfall_s_commands(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folds, kept = shown("Where accuracy is lost")[1:]
    found = ran(capsys, folds)
    assert found["held_out"]
    assert found["simulated_chip"]
    assert found["chips"]["count"] == 25
    assert [row["step"] for row in found["steps"]][-1] == "chips"
    found = ran(capsys, kept)
    assert (found["held_out"], found["board"]) == (False, "sim:pico-mlp")
    firmware = found["steps"][-1]
    assert (firmware["step"], firmware["specimens"]) == ("firmware", 2)
    assert firmware["accuracy"] == firmware["from_accuracy"]  # on the nominal chip the firmware is the nominal chip's
    assert (trained / "waterfall.png").stat().st_size > 20_000
    assert run(kept) == 0
    text = capsys.readouterr().out
    for part in ("mismatched chips, median", "through the firmware", "no effect", "(simulated, fast)"):
        assert part in text


@pytest.mark.data
def test_the_waterfall_of_real_recordings(
    data_path: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("enose.training.choosing.FEW_GROUPS", 0)  # one draw of inner folds: a third of the time
    (tmp_path / "chip.json").write_text(json.dumps(known_chip(1.0, UNIT_7).as_dict()))
    (shown_command,) = PAGE.read_text(encoding="utf-8").split("```console\n$ ")[1:]
    words = shlex.split(shown_command.split("```", 1)[0].replace("\\\n", " "))
    first = str(data_path("uci_gas_drift") / "batch1.dat")  # the same command, on a fifth of them
    found = ran(capsys, [first if word.startswith("PATH/") else word for word in words[1:]] + ["--chips", "2"])
    assert not found["simulated_recordings"]
    assert [row["step"] for row in found["steps"]][-3:] == ["this_chip", "this_chip_remapped", "firmware"]
    assert found["steps"][-1]["specimens"] == 10
    assert found["tested"] > 100


def test_program_with_the_project_that_it_is_from(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (words,) = shown("What belongs together")
    assert ran(capsys, words)["status"]["weights"] == "held"


def test_the_report_is_written(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (words,) = shown("One page")
    told = ran(capsys, words)
    page = (trained / "fruit.html").read_text()
    assert told["bytes"] == len(page.encode())
    assert f"{100 * told['accuracy']:.1f} %" in page


def test_the_readme_shows_the_same_commands(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in shown("How good, and why", PAGE.parent.parent / "README.md"):
        assert run([*words, "--chips", "2"]) == 0, words
        said = capsys.readouterr().out
        assert said
    assert words[0] == "report"
    assert "wrote fruit.html" in said


def test_a_chip_s_droop_is_measured_kept_and_planned_for(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    measure, droop = shown("How fast the weights leak")
    assert measure[:3] == ["calibration", "measure", droop[2]]
    ran(capsys, measure)
    with Project.open(trained / "fruit.enose") as project:
        assert [row["part"] for row in project.kept("calibration")] == [UNIT_7]
    found = ran(capsys, droop)
    assert all(found["known"])
    assert found["plan"]["held"]
    assert found["forecast"]["margin_gone_s"] > 0
    assert found["simulated"]
    assert json.loads((trained / "chip.json").read_text())["droop"]["unit"] == UNIT_7
    own = ran(capsys, ["waterfall", "fruit.enose", "--model", "last", "--chips", "2", "--calibration", "last"])
    assert [row["step"] for row in own["steps"]][-2:] == ["this_chip", "this_chip_remapped"]
    assert own["calibration"]["unit"] == UNIT_7


def test_a_weight_that_leaks_four_times_as_fast_is_found_on_the_board(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the firmware, the DAC, the sample and hold and the ADC of the simulated board."""
    from enose_hwsim.chips.retention import leak_shares

    share = leak_shares(CHIP, 0)
    share[17] = 4.0  # three times as fast, the board's refresh would still be in time
    monkeypatch.setattr("enose_hwsim.board.simulated.leak_shares", lambda chip, number: share)
    path = tmp_path / "chip.json"
    known_chip().write(path)
    found = ran(capsys, ["calibration", "droop", str(path), "--device", "sim:pico-mlp"], FAILED)
    plan, leak = found["plan"], found["leak_v_per_s"]
    assert (plan["worst"], plan["held"]) == (17, False)
    assert leak[17] / leak[0] == pytest.approx(4.0, rel=0.1)  # the plan has to be right, not exact
    assert leak[0] == pytest.approx(CHIP.leak_v_per_s(25.0), rel=0.1)  # the simulated board's air
    assert f"`enose device fit --leak {1e3 * plan['leak_v_per_s']:.1f}`" in plan["words"]
    # the device takes its chip, in air of 25 C, for warmer than that, and goes by what it is told at that temperature
    told = 4 * CHIP.leak_v_per_s(25.0) / 2 ** ((found["temperature_c"] - CHIP.retention.leak_at_c) / 10)
    assert plan["leak_v_per_s"] == pytest.approx(told, rel=0.1)
    assert plan["droop_v"] > CHIP.retention.droop_max_v
    assert run(["calibration", "droop", str(path), "--device", "sim:pico-mlp", "--images", "4"]) == FAILED
    assert "17 worst" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["waterfall", "{}/none.enose"], "there is no such file"),
        (["waterfall", "fruit.enose", "--model", "zz"], "--model zz: 0 models of that name"),
        (["waterfall", "fruit.enose", "--calibration", "{}/none.json"], "none.json: cannot be read"),
        (["waterfall", "fruit.enose", "--figure", "{}/w.gif"], "ending in .png or .svg"),
        (
            ["waterfall", "fruit.enose", "--board", "sim:pico-memristor@3"],
            "only chips of transistors (mlp) have numbers",
        ),
        (["waterfall", "fruit.enose", "--board", "pico-memristor", "--calibration", "last"], "is not calibrated"),
        (["waterfall", "fruit.enose", "--split", "random", "--classes", "banana,x"], "class 'x' is unknown"),
        (["report", "{}/none.enose", "-o", "{}/r.html"], "there is no such project file"),
        (["report", "fruit.enose", "-o", "{}/r.pdf"], "ends in '.pdf', expected .html or .htm"),
        (
            ["calibration", "measure", "{}/c.json", "--device", "sim:pico-mlp", "--project", "{}/none.enose"],
            "there is no such project file",
        ),
        (["calibration", "droop", "{}/none.json", "--device", "sim:pico-mlp"], "none.json: cannot be read"),
        (["calibration", "droop", "{}/7.json", "--device", "sim:pico-mlp"], "is unit 53494d424f415244"),
        (["calibration", "droop", "{}/7.json", "--device", "sim:pico-memristor"], "which do not droop"),
        (["calibration", "droop", "{}/7.json", "--image", "{}/x.img", "--device", "sim:pico-mlp"], "needs both"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str],
    said: str,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(folder)
    known_chip(unit=UNIT_7).write(tmp_path / "7.json")
    (tmp_path / "x.img").write_bytes(image().pack())
    assert said in refused(capsys, *(word.format(tmp_path) for word in words))


def test_a_project_without_a_calibration_has_no_last(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.enose"
    made = simulated_fruit(1, ("banana", "lemon"))
    with Project.create(copy) as project:
        cycle = Cycle({"exposure": made.specimens[0].exposure_ohm}, 1.0)
        session = NewSession("s", tuple(Sensor(n) for n in made.sensors), (NewSpecimen("a", "x", (cycle,)),))
        project.add_sessions([session], Provenance("simulate", "fruit", True))
    said = refused(capsys, "waterfall", str(copy), "--calibration", "last")
    assert "--calibration last: it keeps none of mlp441" in said
