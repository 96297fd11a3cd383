"""`enose app`: what it refuses, the app's check of itself, and that what it needs is not loaded by anybody else."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from desk import ROOT

from enose.cli.main import BAD_INPUT, run

WINDOW_CPU_S = 5.0  # to the first window: 1.2 s of computing alone, and other tests run beside it


def shown(page: str) -> list[str]:
    """The lines of a page's `sh` blocks that call enose."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith(".venv/bin/enose app")]


@pytest.mark.usefixtures("micropython", "libngspice")
def test_the_app_goes_through_itself(tmp_path: Path) -> None:
    command = shown("docs/app.md")[-1].split()
    assert command[1:] == ["app", "fruit.enose", "--board", "pico-mlp"]
    into = tmp_path / "check.json"
    done = subprocess.run(
        [sys.executable, "-m", "enose", *command[1:], "--check", str(into)],
        cwd=tmp_path, timeout=110, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(into.read_text())
    assert (found["board"], found["answer"], found["class"], found["simulated"]) == (
        "sim:pico-mlp",
        "CLASS",
        "lemon",
        True,
    )
    assert (tmp_path / "fruit.enose").exists()


def test_a_check_that_fails_is_exit_code_1_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENOSE_MICROPYTHON", "/nowhere/micropython")
    done = subprocess.run(
        [sys.executable, "-m", "enose", "app", "--check", str(tmp_path / "check.json")],
        timeout=60, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert "switching sim:pico-mlp on: no MicroPython at /nowhere/micropython" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--board", "pico-nothing"], "--board 'pico-nothing': expected one of"),
        (["--check", "/nowhere/check.json"], "there is no folder /nowhere to write into"),
        ([str(ROOT / "README.md")], "is no project file"),
    ],
)
def test_bad_options_are_refused(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    assert run(["app", *arguments]) == BAD_INPUT
    assert words in " ".join(capsys.readouterr().err.split())


def test_without_qt_the_command_says_what_to_install(tmp_path: Path) -> None:
    code = (
        "import sys, importlib.util as u; found = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'PySide6' else found(name, *rest)\n"
        "from enose.cli.main import run; sys.exit(run(['app']))"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=60, capture_output=True, text=True)
    assert done.returncode == BAD_INPUT
    assert "pip install 'enose[app]'" in done.stderr


def test_the_window_is_there_soon_and_the_command_line_loads_no_qt() -> None:
    code = (
        "import resource, sys\n"
        "from enose.cli.main import make_app; make_app(); assert 'PySide6' not in sys.modules\n"
        "from enose.app.run import application; app = application()\n"
        "from enose.app.bench import Bench; from enose.app.window import Window\n"
        "window = Window(Bench()); window.show(); app.processEvents()\n"
        "used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_utime + used.ru_stime)\n"
        "assert 'sklearn' not in sys.modules\n"
        "window.close()"
    )
    done = subprocess.run([sys.executable, "-c", code], timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < WINDOW_CPU_S
