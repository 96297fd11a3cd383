"""`enose sim`: a simulated board in a process of its own, for any program that speaks to its PTY."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from enose.cli.main import BAD_INPUT, run
from enose.link.connect import open_device
from rig import BOARD_PATH, image

Started = tuple[subprocess.Popen[str], dict[str, Any]]
pytestmark = pytest.mark.usefixtures("micropython")


@pytest.fixture
def quick_board(tmp_path: Path) -> Path:
    """A board file with a short warm-up: this one runs by the wall clock."""
    path = tmp_path / "quick.toml"
    path.write_text(BOARD_PATH.read_text().replace("warmup_s = 30.0", "warmup_s = 0.5"))
    return path


@pytest.fixture
def sim() -> Generator[Callable[..., Started], None, None]:
    processes: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> Started:
        command = [sys.executable, "-m", "enose", "sim", *arguments, "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        lines = []
        while (line := process.stdout.readline()) and line != "}\n":
            lines.append(line)
        return process, json.loads("".join(lines) + "}")

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=10)


def test_any_program_may_speak_to_its_port(sim, quick_board: Path) -> None:
    _, said = sim(str(quick_board), "--odour", "banana", "--seed", "2")
    assert set(said) == {"board", "port", "fidelity", "simulated", "odour", "faults"}
    assert (said["board"], said["simulated"], said["odour"]) == ("pico-mlp", True, "banana")
    device = open_device(said["port"])
    device.program(image(baseline_ms=200, exposure_ms=300, recovery_ms=0).pack())
    assert device.measure().ohms[0] > 1000
    device.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_when_told_and_leaves_no_port_behind(sim, quick_board: Path, number: int) -> None:
    process, said = sim(str(quick_board))
    open_device(said["port"]).close()
    process.send_signal(number)
    assert process.wait(timeout=10) == 0
    assert process.stderr is not None
    assert process.stderr.read() == ""


def test_it_is_given_faults(sim, quick_board: Path) -> None:
    _, said = sim(str(quick_board), "--fault", "frame-lost", "--fault", "i2c-nack@4")
    assert said["faults"] == ["frame-lost", "i2c-nack@4"]
    device = open_device(said["port"])
    until_s = time.monotonic() + 30  # the device looks at its ADC every second, of the wall clock here
    while device.status()["fault"] == "none" and time.monotonic() < until_s:
        time.sleep(0.2)
    assert device.status()["fault"] == "the I2C bus does not answer"
    assert device.retransmissions > 0
    device.close()


def test_its_flash_is_kept_in_a_file(sim, quick_board: Path, tmp_path: Path) -> None:
    flash = str(tmp_path / "flash.bin")
    process, said = sim(str(quick_board), "--flash", flash)
    device = open_device(said["port"])
    device.program(image().pack())
    device.close()
    process.terminate()
    process.wait(timeout=10)
    _, said = sim(str(quick_board), "--flash", flash)
    device = open_device(said["port"])
    assert device.info()["image"] == {"generation": 1, "model": b"model001".hex()}
    device.close()


@pytest.mark.parametrize("words", [(), ("--first", "--board", "pico-mlp")])
def test_it_is_not_flashed_and_runs_on(
    sim, quick_board: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    _, said = sim(str(quick_board))
    assert run(["device", "flash", "--device", said["port"], *words]) == BAD_INPUT
    assert "--device sim:pico-mlp --files FOLDER" in capsys.readouterr().err.replace("\n", " ")
    time.sleep(1.5)  # by then it would have restarted
    device = open_device(said["port"])
    assert device.info()["uptime_s"] > 1
    device.close()


def test_without_json_the_port_alone_is_on_stdout(quick_board: Path) -> None:
    command = [sys.executable, "-m", "enose", "sim", str(quick_board)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        port = process.stdout.readline().strip()
        assert Path(port).is_char_device()
        process.terminate()
        assert process.wait(timeout=10) == 0
        assert process.stdout.read() == ""
        assert "Ctrl-C stops it" in process.stderr.read()


def test_a_firmware_that_ends_ends_it_with_exit_code_1(sim, quick_board: Path) -> None:
    process, _ = sim(str(quick_board))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in children:
        signal.pidfd_send_signal(_pidfd(int(pid)), signal.SIGKILL)
    assert process.wait(timeout=10) == 1
    assert process.stderr is not None
    assert process.stderr.read() == "error: the firmware's process has ended; it said: nothing\n"


def _pidfd(pid: int) -> int:
    import os

    return os.pidfd_open(pid)
