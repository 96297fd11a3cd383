"""Where there is no MicroPython, the same firmware files under CPython: the same answers, and it says so."""

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from enose.boards import board_names, checked_board
from enose.cli.main import BAD_INPUT, run
from enose.link.conversation import LinkError
from enose_hwsim.board.cpython import CPythonProcess
from enose_hwsim.board.interpreters import SWITCH, choose_interpreter
from enose_hwsim.board.process import DEVICE_SIDE, MicroPythonMissing, firmware_folder
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.tomlfile import BoardError
from memristor_rig import memristor_image
from rig import SwitchOn, host_of, image, present

ROOT = Path(__file__).resolve().parent.parent.parent
BOTH = ("micropython", "cpython")


def measured(board: SimulatedBoard, raw: bytes | None) -> dict[str, Any]:
    """Program an image where one is given, then everything that a device says of one specimen, and of itself."""
    device = host_of(board)
    if raw is not None:
        device.program(raw)
    present(board)
    answer = device.measure()
    facts = device.info()
    told = {name: facts[name] for name in ("board", "chip", "state", "weights", "refresh", "image", "uptime_s")}
    found = {"answer": asdict(answer), "selftest": device.selftest(), **told, "log": device.log().csv().splitlines()}
    device.close()
    return found


def test_a_device_answers_alike_under_both_interpreters_to_the_last_bit(power_on: SwitchOn) -> None:
    of_micropython, of_cpython = (measured(power_on(interpreter=name), image().pack()) for name in BOTH)
    assert of_cpython["answer"]["answer"] == "CLASS"
    assert of_cpython["selftest"]["passed"]
    assert of_cpython == of_micropython


@pytest.mark.parametrize(("first", "second"), [BOTH, BOTH[::-1]])
def test_each_reads_the_flash_that_the_other_has_written(
    power_on: SwitchOn, tmp_path: Path, first: str, second: str
) -> None:
    flash = tmp_path / "flash.bin"
    measured(power_on(interpreter=first, flash_path=flash), image().pack())
    again = measured(power_on(interpreter=second, flash_path=flash), None)
    assert again["answer"]["answer"] == "CLASS"
    assert again["image"]["generation"] == 1
    assert len(again["log"]) > 2


@pytest.mark.parametrize("name", board_names())
def test_every_board_comes_up_under_cpython(power_on: SwitchOn, name: str) -> None:
    board, chip, _ = checked_board(name)
    device = host_of(power_on(board, chip, interpreter="cpython"))
    assert device.selftest()["passed"]
    facts = device.info()
    assert facts["micropython"].startswith(f"cpython {sys.version_info[0]}.{sys.version_info[1]}.")
    assert "in place of MicroPython" in facts["micropython"]
    assert facts["memory_free_start"] is facts["memory_free_low"] is facts["memory_free_now"] is None
    device.close()


def test_memristors_are_written_alike(power_on: SwitchOn) -> None:
    board, chip, _ = checked_board("pico-memristor")
    outcomes = []
    for interpreter in BOTH:
        device = host_of(power_on(board, chip, interpreter=interpreter))
        device.program(memristor_image().pack())
        outcomes.append(device.port.board.wiring.chip.population.true_ohm.tolist())
        device.close()
    # pulses.py is the one part with floating point: single precision on a board, double under both of these
    assert outcomes[0] == outcomes[1]


def test_a_reset_and_a_loss_of_power_start_it_anew(power_on: SwitchOn) -> None:
    board = power_on(interpreter="cpython")
    device = host_of(board)
    device.program(image().pack())
    board.lose_power()
    board.run(5000)  # longer than the session that it does not know any more is kept
    assert board.resets == 1
    assert measured(board, None)["answer"]["answer"] == "CLASS"
    device.close()


def test_a_host_that_does_not_read_holds_the_output_back_and_nothing_else(power_on: SwitchOn) -> None:
    board = power_on(interpreter="cpython")
    device = host_of(board)
    device.program(image().pack())
    before = device.status()["weights"]
    board.inject("host-does-not-read")
    with pytest.raises(LinkError):
        device.status()
    board.mend("host-does-not-read")
    board.run(5000)
    again = host_of(board, nonce=8)
    assert again.status()["weights"] == before
    again.close()
    device.close()


def test_a_firmware_that_ends_says_why(power_on: SwitchOn, tmp_path: Path) -> None:
    process = CPythonProcess({"mcu": "rp2040", "flash": {"start": 0, "length": 0}})
    process._process.wait(timeout=60)
    assert "KeyError" in process.last_words()
    process.stop()


@pytest.mark.parametrize("close", ["answers", "requests"])
def test_where_the_board_has_gone_the_process_ends(close: str) -> None:
    board, chip, _ = checked_board("pico-mlp")
    from enose_hwsim.configuration import device_configuration

    process = CPythonProcess(device_configuration(board, chip))
    stream = process._answers if close == "answers" else process._requests
    stream.close()
    if close == "requests":
        process._answers.write(bytes(3))  # an empty answer: it goes on, and asks again
        process._answers.flush()
    assert process._process.wait(timeout=60) == 0
    process.stop()


# ------------------------------------------------------------------------------------- which interpreter it is


def test_the_switch_names_the_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in BOTH:
        monkeypatch.setenv(SWITCH, name)
        assert choose_interpreter() == name
    monkeypatch.setenv(SWITCH, "jython")
    with pytest.raises(BoardError, match="ENOSE_INTERPRETER is 'jython', expected micropython or cpython"):
        choose_interpreter()


def test_without_micropython_it_is_cpython_but_never_in_ci_and_never_in_place_of_a_named_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    for name in (SWITCH, "CI", "ENOSE_MICROPYTHON"):
        monkeypatch.delenv(name, raising=False)
    assert choose_interpreter() == "cpython"
    monkeypatch.setenv("CI", "true")
    with pytest.raises(MicroPythonMissing):
        choose_interpreter()
    monkeypatch.delenv("CI")
    monkeypatch.setenv("ENOSE_MICROPYTHON", "/nowhere")
    with pytest.raises(MicroPythonMissing, match="/nowhere"):
        choose_interpreter()


def test_what_only_micropython_can_show_is_refused(power_on: SwitchOn, tmp_path: Path) -> None:
    for name in ("memory-runs-out", "heap-fragmented@3"):
        with pytest.raises(ValueError, match="one of MicroPython's heap, and this board runs under CPython"):
            power_on(interpreter="cpython", faults=(name,))
    with pytest.raises(MicroPythonMissing, match="files are compiled for MicroPython"):
        power_on(interpreter="cpython", files=tmp_path)
    board = power_on(interpreter="cpython")
    with pytest.raises(ValueError, match="heap-fragmented"):
        board.inject("heap-fragmented")


def test_the_command_line_says_it(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv(SWITCH, "cpython")
    assert run(["device", "info", "--device", "sim:pico-mlp"]) == 0
    assert "in place of MicroPython" in capsys.readouterr().out
    monkeypatch.setenv(SWITCH, "jython")
    assert run(["device", "info", "--device", "sim:pico-mlp"]) == BAD_INPUT
    assert "ENOSE_INTERPRETER is 'jython'" in capsys.readouterr().err


def test_an_installed_program_is_its_own_interpreter(
    power_on: SwitchOn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyInstaller's `enose-app` has no Python beside it, and on Windows no standard input: `enose` runs it."""
    program = tmp_path / "enose"
    launch = ROOT / "packaging" / "launch.py"
    program.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(launch)])} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "enose-app"))
    board = power_on(interpreter="cpython")
    assert host_of(board).selftest()["passed"]
    process = board._process
    assert isinstance(process, CPythonProcess)
    assert process._process.args == [str(program), "--firmware", str(firmware_folder()), str(DEVICE_SIDE)]
