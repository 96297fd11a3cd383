"""`enose data` and `enose plan`: documented keys, exit codes, one line for bad input, and nothing half-imported."""

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose.cli.main import BAD_INPUT, FAILED, run
from enose.project.contents import HUMIDITY, Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.plan import CODE_LENGTH, LETTERS, randomised_blocks
from enose.project.schema import ProjectError
from enose.project.store import Project

TABLE = "id,fruit,day,R1 (kohm),R2 (kohm),rh\n"
SIMULATED = Provenance("simulate", "a test", True)
MAPPING = """
[columns]
sensors = ["R1", "R2"]
label = "fruit"
specimen = "id"
session = "day"
humidity_pct = "rh"
"""


def rows(follow_humidity: bool, count: int = 40, seed: int = 3) -> str:
    rng = np.random.default_rng(seed)
    lines = []
    for k in range(count):
        label = ("banana", "lemon")[int(rng.permutation(2)[0]) if k > 3 else k % 2]
        rh = 50 + rng.standard_normal() + (10 if follow_humidity and label == "lemon" else 0)
        for _ in range(3):
            r1, r2 = rng.uniform(5, 50, 2)
            lines.append(f"{k},{label},day {k % 4},{r1:.3f},{r2:.3f},{rh:.2f}")
    lines.sort(key=lambda line: line.split(",")[2])
    return TABLE + "\n".join(lines) + "\n"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.toml").write_text(MAPPING)
    (tmp_path / "t.csv").write_text(rows(False))
    return tmp_path


def answered(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> dict[str, Any]:
    assert run([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = BAD_INPUT) -> str:
    assert run(list(arguments)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("error: ") == 1
    return " ".join(err[err.index("error: ") :].split())


def imported(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return answered(capsys, "data", "import", "a.enose", "t.csv", "--mapping", "t.toml")


def test_import_says_what_came_in(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = imported(capsys)
    assert set(result) == {
        *("project", "format", "sha256", "sessions", "specimens", "cycles", "labels", "notes"),
    }
    assert (result["sessions"], result["specimens"], result["labels"]) == (4, 40, ["banana", "lemon"])
    assert run(["data", "import", "b.enose", "t.csv", "--mapping", "t.toml"]) == 0
    assert "imported t.csv" in capsys.readouterr().out


def test_a_bad_file_leaves_no_project_behind(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "t.csv").write_text(rows(False).replace("day 3,", "day 3,nan,", 1))
    assert "t.csv:92: 7 fields, expected 6" in complaint(
        capsys, "data", "import", "a.enose", "t.csv", "--mapping", "t.toml"
    )
    assert not (here / "a.enose").exists()
    text = complaint(capsys, "data", "import", "a.enose", "t.csv", "--mapping", "none.toml")
    assert "none.toml: cannot be read" in text
    assert not (here / "a.enose").exists()


def test_a_bad_file_leaves_a_project_as_it_was(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys)
    before = answered(capsys, "data", "list", "a.enose")
    assert "is in it already" in complaint(capsys, "data", "import", "a.enose", "t.csv", "--mapping", "t.toml")
    (here / "t.csv").write_text(rows(False, seed=4).replace("lemon,day 3", ",day 3"))
    text = complaint(capsys, "data", "import", "a.enose", "t.csv", "--mapping", "t.toml")
    assert "column 'fruit' is empty, expected a label" in text
    assert answered(capsys, "data", "list", "a.enose") == before


def test_list_and_show_say_what_is_in_it(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys)
    listed = answered(capsys, "data", "list", "a.enose")
    assert listed["counts"]["specimen"] == 40
    assert [row["title"] for row in listed["sessions"]] == ["day 0", "day 1", "day 2", "day 3"]
    assert set(listed["sessions"][0]) == {
        *("id", "identity", "title", "started", "sensors", "specimens", "simulated"),
    }
    shown = answered(capsys, "data", "show", "a.enose", "day 1")
    assert shown["session"] == listed["sessions"][1]["identity"]
    assert shown["sensors"] == ["R1 [ohm]", "R2 [ohm]"]
    assert shown["provenance"]["source"] == "t.csv"
    assert shown["specimens"][0]["cycles"] == [{"exposure": [3, 2], "humidity_pct": [3]}]
    assert answered(capsys, "data", "show", "a.enose", shown["session"]) == shown
    for arguments, said in ((["list", "a.enose"], "day 1"), (["show", "a.enose", "day 1"], "R1 [ohm], R2 [ohm]")):
        assert run(["data", *arguments]) == 0
        assert said in capsys.readouterr().out
    assert "no session is called 'x'" in complaint(capsys, "data", "show", "a.enose", "x")
    assert "none.enose: there is no such project file" in complaint(capsys, "data", "list", "none.enose")


def test_two_sessions_of_one_title_are_told_apart_by_identity(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys)
    (here / "t.csv").write_text(rows(False, seed=5))
    imported(capsys)
    assert "several sessions are called 'day 1'" in complaint(capsys, "data", "show", "a.enose", "day 1")


def test_names_that_look_like_markup_are_shown_as_they_are(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "[bold]x[/nothing]"
    put = [NewSpecimen(f"{name} {k}", f"{name}{'ab'[k % 2]}", (_cycle(k),)) for k in range(8)]
    with Project.create(here / "m.enose") as project:
        project.add_sessions([NewSession(name, (Sensor(name),) * 1 + (Sensor("q"),), tuple(put))], SIMULATED)
    for command in (["list", "m.enose"], ["show", "m.enose", name], ["split", "m.enose"], ["audit", "m.enose"]):
        assert run(["data", *command]) in (0, FAILED)
        out = capsys.readouterr().out
        assert name in out or command[0] == "audit"


def test_export_writes_each_form(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys)
    for to, form, what, count in (
        ("out.csv", "csv", "rows", 120),
        ("out.parquet", "parquet", "rows", 120),
        ("out", "edge-impulse", "files", 40),
    ):
        result = answered(capsys, "data", "export", "a.enose", to)
        assert result == {"to": to, "format": form, what: count, "simulated": False}
        assert (here / to).exists()
    assert answered(capsys, "data", "export", "a.enose", "one", "--format", "csv", "--session", "day 1")["rows"] == 30
    assert "out: is there already" in complaint(capsys, "data", "export", "a.enose", "out")
    assert "no folder none" in complaint(capsys, "data", "export", "a.enose", "none/x.csv")
    assert run(["data", "export", "a.enose", "again.csv"]) == 0


def test_audit_ends_with_1_where_the_class_follows_humidity(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys)
    good = answered(capsys, "data", "audit", "a.enose", "--permutations", "200")
    assert good["ok"] is True
    assert [s["name"] for s in good["suspects"]] == ["baseline", "time", "order", "ambient"]
    (here / "t.csv").write_text(rows(True))
    answered(capsys, "data", "import", "wet.enose", "t.csv", "--mapping", "t.toml")
    bad = answered(capsys, "data", "audit", "wet.enose", "--permutations", "200", code=FAILED)
    assert [s["name"] for s in bad["suspects"] if s["predicts"]] == ["ambient"]
    assert run(["data", "audit", "wet.enose", "--permutations", "200"]) == FAILED
    out = capsys.readouterr().out
    assert "PREDICTS THE CLASS" in out
    assert "audit: temperature and humidity predicts the class" in out


def test_audit_names_what_is_there_twice(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    imported(capsys)
    text = (here / "t.csv").read_text()
    (here / "twice.csv").write_text(text + "".join(f"99,{line.split(',', 1)[1]}\n" for line in text.splitlines()[1:4]))
    answered(capsys, "data", "import", "b.enose", "twice.csv", "--mapping", "t.toml")
    assert run(["data", "audit", "b.enose", "--permutations", "100"]) == FAILED
    assert "the same recording: " in capsys.readouterr().out


def test_split_shows_folds_and_refuses_a_leak(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put = [NewSpecimen(f"thing {k}", "ab"[k % 2], tuple(_cycle(10 * k + w) for w in range(3))) for k in range(12)]
    with Project.create(here / "w.enose") as project:
        project.add_sessions([NewSession("one", (Sensor("p"), Sensor("q")), tuple(put))], Provenance("x", "y", True))
    result = answered(capsys, "data", "split", "w.enose", "--folds", "3")
    assert (result["leaks"], len(result["folds"])) == (False, 3)
    assert result["words"] == "3 folds by group: no thing is in training and test at once"
    assert sum(fold["test"] for fold in result["folds"]) == 36
    tested = [name for fold in result["folds"] for name in fold["test_groups"]]
    assert sorted(tested) == sorted(one.name for one in put)
    text = complaint(capsys, "data", "split", "w.enose", "--by", "random")
    assert "the split by random leaks: thing 0 and " in text
    assert "--allow-leak" in text
    allowed = answered(capsys, "data", "split", "w.enose", "--by", "random", "--allow-leak")
    assert allowed["leaks"] is True
    assert run(["data", "split", "w.enose", "--folds", "2"]) == 0
    assert "2 folds by group" in capsys.readouterr().out
    assert "no split by day" in complaint(capsys, "data", "split", "w.enose", "--by", "day")


def _cycle(seed: int) -> Cycle:
    rng = np.random.default_rng(seed)
    series = {phase: rng.uniform(1e4, 2e4, (4, 2)) for phase in ("baseline", "exposure")}
    return Cycle({**series, HUMIDITY: np.full(4, math.nan)}, 1.0)


def test_fetch_without_a_pin_is_bad_input_and_an_unreachable_place_a_failure(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "its SHA-256 is not pinned here" in complaint(capsys, "data", "fetch", "home-activity", "a.enose")
    text = complaint(capsys, "data", "fetch", "gas-drift", "a.enose", "--url", "http://127.0.0.1:1/x.zip", code=FAILED)
    assert "http://127.0.0.1:1/x.zip: cannot be fetched" in text
    assert not (here / "a.enose").exists()


# ------------------------------------------------------------------------------------------------------- plan


@pytest.mark.parametrize(("classes", "repeats", "days"), [("ab", 1, 1), ("abc", 8, 3), ("abcd", 7, 7)])
def test_a_plan_is_in_whole_blocks(classes: str, repeats: int, days: int) -> None:
    plan = randomised_blocks(list(classes), repeats, days, 5)
    assert plan == randomised_blocks(list(classes), repeats, days, 5)
    assert len(plan) == len(classes) * repeats
    for block in range(1, repeats + 1):
        inside = [(day, label) for day, b, _, label in plan if b == block]
        assert sorted(label for _, label in inside) == sorted(classes)
        assert len({day for day, _ in inside}) == 1
    per_day = [sum(day == d for day, *_ in plan) // len(classes) for d in range(1, days + 1)]
    assert max(per_day) - min(per_day) <= 1
    assert [day for day, *_ in plan] == sorted(day for day, *_ in plan)
    codes = [code for *_, code, _ in plan]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == CODE_LENGTH and set(code) <= set(LETTERS) for code in codes)


def test_plans_differ_with_the_seed_and_so_do_the_orders_of_their_blocks() -> None:
    plans = [[label for *_, label in randomised_blocks("abc", 6, 2, seed)] for seed in range(10)]
    assert len({tuple(plan) for plan in plans}) == 10
    assert len({tuple(plan[3 * k : 3 * k + 3]) for plan in plans for k in range(6)}) == 6  # every order comes up


@pytest.mark.parametrize(
    ("classes", "repeats", "days", "said"),
    [
        (["a"], 2, 1, "classes 'a', expected two or more different ones"),
        (["a", "a"], 2, 1, "classes 'a,a'"),
        (["a", " "], 2, 1, "classes 'a, '"),
        (["a", "b"], 2, 3, "3 days for 2 repeats, expected 1 to 2"),
        (["a", "b"], 600, 1, "600 repeats of 2 classes, expected up to 1000 specimens"),
    ],
)
def test_a_plan_that_cannot_be_is_named(classes: list[str], repeats: int, days: int, said: str) -> None:
    with pytest.raises(ProjectError, match=said):
        randomised_blocks(classes, repeats, days, 0)


def test_a_plan_is_kept_and_blind(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["plan", "p.enose", "--classes", "banana,lemon", "--repeats", "2", "--seed", "1"]
    made = answered(capsys, *arguments)
    assert (made["planned"], made["recorded"]) == (4, 0)
    assert set(made["entries"][0]) == {"day", "block", "code", "recorded"}
    assert answered(capsys, "plan", "p.enose") == made
    revealed = answered(capsys, "plan", "p.enose", "--reveal")
    assert sorted(entry["label"] for entry in revealed["entries"]) == ["banana", "banana", "lemon", "lemon"]
    assert "has a plan already" in complaint(capsys, *arguments)
    assert run(["plan", "p.enose"]) == 0
    out = capsys.readouterr().out
    assert "0 of 4 recorded" in out
    assert "banana" not in out


# ------------------------------------------------------------------------------------------------- what starts

HEAVY = (
    "numpy",
    "scipy",
    "sklearn",
    "joblib",
    "PySpice",
    "matplotlib",
    "pyarrow",
    "sqlite3",
    "serial",
    "urllib.request",
    "jinja2",
    "msgspec",
)


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_the_command_line_starts_without_what_only_commands_need(option: str) -> None:
    code = (
        "import sys\nfrom enose.cli.main import run\n"
        f"code = run([{option!r}])\n"
        f"sys.stderr.write(repr([m for m in {HEAVY!r} if m in sys.modules]))\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "[]")


@pytest.mark.parametrize("verb", ["import", "list", "show", "export", "audit", "split", "fetch"])
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", verb, "--help"]) == 0
    assert f"enose data {verb}" in capsys.readouterr().out
