"""What docs/training.md shows works as it is written; its two benches are run in tests/unit/test_imperfections.py."""

import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enose.cli.main import run

REPOSITORY = Path(__file__).resolve().parents[2]


def blocks(kind: str) -> list[str]:
    text = (REPOSITORY / "docs/training.md").read_text(encoding="utf-8")
    return [block.split("```", 1)[0] for block in text.split(f"```{kind}\n")[1:]]


def test_the_classifier_shown_learns_iris(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = blocks("python")
    exec(compile(example, "docs/training.md", "exec"), {})  # it is our own page
    shares = np.array([float(word) for word in capsys.readouterr().out.strip().strip("[]").split()])
    assert shares.mean() > 0.9


def test_the_benches_shown_are_those_that_are_tested() -> None:
    tested = (REPOSITORY / "tests/unit/test_imperfections.py").read_text(encoding="utf-8")
    shown = [shlex.split(line.removeprefix("$ "))[1] for block in blocks("console") for line in block.splitlines()]
    assert shown
    assert all(f'"{script}"' in tested for script in shown)


@pytest.mark.data
def test_the_commands_shown_work(
    data_path: Callable[[str], Path], capsys: pytest.CaptureFixture[str], brief_choice: None
) -> None:
    data = data_path("uci_home_activity_8mox").parent
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert lines
    for line in lines:
        words = [word.replace("PATH", str(data)) for word in shlex.split(line)]
        assert words[0] == "enose"
        quick = ["--fidelity", "ideal", "--folds", "2"]  # the same commands, in less time
        for option, value in (("--restarts", "4"), ("--epochs", "100"), ("--draws", "1")):
            quick += [] if option in words else [option, value]
        assert run([*words[1:], *quick]) == 0, line
        assert capsys.readouterr().out
