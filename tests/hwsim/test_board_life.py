"""A simulated board begins and ends cleanly, also when its firmware does not."""

import gc
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from enose_hwsim.board import process, simulated
from enose_hwsim.board.process import NAMES_BYTES, STAND_INS_KIB, MicroPythonMissing, find_micropython
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard
from rig import CHIP, QUICK, SwitchOn, host_of


def children() -> list[str]:
    """Process ids of this process's children, dead ones not yet waited for among them."""
    tasks = Path("/proc/self/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text().split()]


def left_behind() -> tuple[int, int, list[str]]:
    return len(os.listdir("/proc/self/fd")), threading.active_count(), children()  # noqa: PTH208 - Path.iterdir opens one


def firmware_pid() -> int:
    (pid,) = children()
    return int(pid)


def test_twenty_boards_leave_no_process_thread_or_descriptor_behind(power_on: SwitchOn) -> None:
    power_on().close()  # what the first one loads for good is not counted
    gc.collect()  # nor what the tests before this one have left to be collected
    before = left_behind()
    for k in range(20):
        board = power_on(paced=k % 4 == 3)
        if k % 4 < 3:
            host_of(board).close()
        board.close()
        assert left_behind() == before


def test_closing_twice_does_no_harm(power_on: SwitchOn) -> None:
    board = power_on()
    board.close()
    before = left_behind()
    board.close()
    assert left_behind() == before


def test_a_board_that_is_closed_in_the_middle_of_a_grant_tells_whoever_waits(power_on: SwitchOn) -> None:
    board = power_on()
    said: list[str] = []

    def wait() -> None:
        try:
            board.run(1e9)
        except FirmwareEnded as ended:
            said.append(str(ended))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.1)
    board.close()
    waiting.join(timeout=5)
    assert said == ["the board was closed"]
    with pytest.raises(FirmwareEnded, match="the board was closed"):
        board.run(1)


def test_the_firmwares_folder_is_removed(power_on: SwitchOn) -> None:
    board = power_on()
    folder = Path(f"/proc/{firmware_pid()}/cwd").readlink()
    assert (folder / "board.json").exists()
    board.close()
    assert not folder.exists()


def test_a_firmware_that_ends_is_reported_with_its_last_words(
    power_on: SwitchOn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "micropython"
    broken.write_text("#!/bin/sh\necho 'MemoryError: out of luck' >&2\n")
    broken.chmod(0o755)
    monkeypatch.setenv("ENOSE_MICROPYTHON", str(broken))
    board = power_on()
    with pytest.raises(FirmwareEnded, match="the firmware's process has ended; it said: MemoryError: out of luck"):
        board.run(100)
    with pytest.raises(FirmwareEnded):  # and it stays so
        board.run(100)


def test_a_firmware_that_is_killed_is_reported(power_on: SwitchOn) -> None:
    device = host_of(power_on())
    os.kill(firmware_pid(), signal.SIGKILL)
    with pytest.raises(FirmwareEnded, match="it said: nothing"):
        device.info()
    device.close()  # says no bye to a dead device


def test_a_firmware_that_hangs_is_given_up(power_on: SwitchOn, monkeypatch: pytest.MonkeyPatch) -> None:
    board = power_on()
    board.run(10)
    monkeypatch.setattr(simulated, "WALL_LIMIT_S", 0.3)  # its start may take longer
    os.kill(firmware_pid(), signal.SIGSTOP)
    with pytest.raises(FirmwareEnded, match=r"no answer from the firmware in 0 s"):
        board.run(1000)


def test_a_part_that_fails_is_reported_to_whoever_waits(power_on: SwitchOn, monkeypatch: pytest.MonkeyPatch) -> None:
    board = power_on()
    device = host_of(board)

    def broken(channel: int, t_s: float) -> float:
        raise ZeroDivisionError("a defect of the model")

    monkeypatch.setattr(board.wiring.adc, "_source", broken)
    with pytest.raises(ZeroDivisionError, match="a defect of the model"):
        device.selftest()
    assert isinstance(board.failure, ZeroDivisionError)


def test_only_a_lockstep_board_is_granted_time(power_on: SwitchOn) -> None:
    with pytest.raises(ValueError, match="only a lockstep board is granted time"):
        power_on(paced=True).run(10)


def test_the_firmware_runs_in_the_heap_of_the_board_file(power_on: SwitchOn) -> None:
    host_of(power_on())  # it has answered: it is past any wrapper that starts it
    command = Path(f"/proc/{firmware_pid()}/cmdline").read_text().split("\0")
    at = command.index("-X")
    assert command[at : at + 4] == [
        "-X",
        f"heapsize={(192 + STAND_INS_KIB) * 1024 + NAMES_BYTES}",
        "-m",
        "enose_device.main",
    ]


def test_the_interpreter_is_the_named_one_then_the_one_beside_python_then_that_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("named", "beside", "path"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "micropython").write_text("#!/bin/sh\n")
        (tmp_path / folder / "micropython").chmod(0o755)
    monkeypatch.setenv("ENOSE_MICROPYTHON", str(tmp_path / "named/micropython"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(process.sys, "executable", str(tmp_path / "beside/python"))
    assert find_micropython() == str(tmp_path / "named/micropython")
    monkeypatch.delenv("ENOSE_MICROPYTHON")
    assert find_micropython() == str(tmp_path / "beside/micropython")
    (tmp_path / "beside/micropython").unlink()
    assert find_micropython() == str(tmp_path / "path/micropython")
    (tmp_path / "path/micropython").unlink()
    with pytest.raises(MicroPythonMissing, match="no `micropython` found: `make setup` installs one"):
        find_micropython()


def test_a_named_interpreter_that_is_not_there_is_no_reason_to_take_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENOSE_MICROPYTHON", "/nonexistent")
    with pytest.raises(MicroPythonMissing, match="no MicroPython at /nonexistent"):
        SimulatedBoard(QUICK, CHIP)


def test_the_firmwares_own_process_is_a_real_micropython(micropython: str) -> None:
    said = subprocess.run(
        [micropython, "-c", "import sys; print(sys.implementation.name)"], capture_output=True, text=True, check=True
    )
    assert said.stdout == "micropython\n"
