"""`enose device flash` on an emulated RP2040 under a stock MicroPython: real files, real prompt, real resets.

What waits for a minute runs in lockstep, where sleeping costs nothing; mpremote speaks to what runs by the wall clock.
"""

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from enose.cli.main import BAD_INPUT, run
from enose.deploy import flash as course
from enose.deploy.install import install_update
from enose.deploy.prompt import DeployError, SerialPrompt
from enose.deploy.target import SerialTarget
from enose.link.device import Device, Running
from enose.link.port import LockstepPort
from enose_hwsim.board.emulated.interpreter import EmulatorMissing, find_emulator, write_interpreter
from enose_hwsim.board.emulated.uf2 import flash_of
from enose_hwsim.board.process import firmware_folder
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.compiled import MANIFEST, Compiled, compile_firmware
from enose_hwsim.mcu import MICROCONTROLLERS
from pico_rig import FILES_AT, put
from rig import BOARD, CHIP, RawHost, host_of, image

# With its fixtures a test emulates up to a minute of a Pico that is busy, which takes two of a computer's.
pytestmark = [pytest.mark.uf2, pytest.mark.timeout(300)]
PARTITION = slice(
    FILES_AT + BOARD.flash.start_kib * 1024, FILES_AT + (BOARD.flash.start_kib + BOARD.flash.length_kib) * 1024
)
IN_FORCE, RETURNED = "in force", "in force, the last update failed its trial"
LINKED = "enose_device/linked.py"
# asleep, which costs the computer nothing
HANG = "from time import sleep_ms\nwhile True:\n    sleep_ms(100)\n\nFIRMWARE ="
FILL = """
import os
n, page = 0, b"\\xa5" * 4096
file = open("fill", "wb")
try:
    while True:
        file.write(page)
        n += 1
except OSError as error:
    print(n, error.args[0])
os.remove("fill")
"""
SwitchOn = Callable[..., SimulatedBoard]


@pytest.fixture(scope="session")
def emulator(uf2_path: Path) -> None:
    """Skips without a UF2, or without what `make emulator` installs."""
    try:
        find_emulator()
    except EmulatorMissing as missing:
        pytest.skip(str(missing))
    assert importlib.util.find_spec("mpremote") is not None


@pytest.fixture(scope="module")
def switch_on(emulator: None) -> Generator[SwitchOn, None, None]:
    """Switches an emulated Pico with this flash on, and off at the end of the module."""
    boards: list[SimulatedBoard] = []

    def switch_on(flash: Path, **options: bool) -> SimulatedBoard:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ENOSE_MICROPYTHON", str(write_interpreter(flash.with_suffix(".sh"), flash)))
            boards.append(SimulatedBoard(BOARD, CHIP, fidelity="ideal", **options))
        return boards[-1]

    yield switch_on
    for board in boards:
        board.close()
    assert [board.wiring.chip.violations for board in boards] == [[]] * len(boards)


@pytest.fixture(scope="module")
def installed(uf2_path: Path, switch_on: SwitchOn, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A Pico's flash after `enose device flash --first`, an image, and a file system that was once filled up."""
    flash = tmp_path_factory.mktemp("installed") / "flash.bin"
    flash.write_bytes(flash_of(uf2_path))
    board = switch_on(flash, paced=True)
    assert run(["device", "flash", "--first", "--board", "pico-mlp", "--device", board.port, "--json"]) == 0
    with flashed_device(board) as device:
        device.program(image().pack())
    board.close()
    return flash.read_bytes()


@pytest.fixture
def flash(installed: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "flash.bin"
    path.write_bytes(installed)
    return path


class flashed_device:  # noqa: N801 - a `with` word
    """The device at a paced board's port."""

    def __init__(self, board: SimulatedBoard) -> None:
        self._target = SerialTarget(board.port)

    def __enter__(self) -> Device:
        return self._target.greet_again()

    def __exit__(self, *_: object) -> None:
        self._target.close()


def changed(tmp_path: Path, name: str = LINKED, old: str = '"0.1.0"', new: str = '"0.2.0"') -> Path:
    """The firmware's source with another text in one place."""
    source = tmp_path / "source"
    shutil.copytree(firmware_folder(), source, ignore=shutil.ignore_patterns("__pycache__"))
    text = (source / name).read_text()
    assert text.count(old) == 1
    (source / name).write_text(text.replace(old, new))
    return source


def compiled(source: Path) -> Compiled:
    return compile_firmware(MICROCONTROLLERS["rp2040"], source)


def passes(board: SimulatedBoard, ms: int) -> None:
    """Let time pass, in pieces that a busy computer emulates in time."""
    for _ in range(0, ms, 1000):
        board.run(1000)


def runs(switch_on: SwitchOn, flash: Path) -> tuple[Running, SimulatedBoard, Device]:
    """What the Pico runs after the power was switched on."""
    board = switch_on(flash)
    passes(board, 2000)  # the imports
    device = host_of(board)
    return device.running(), board, device


def test_the_first_installation_runs_and_keeps_files_out_of_the_partition(
    installed: bytes, flash: Path, switch_on: SwitchOn
) -> None:
    board = switch_on(flash, paced=True)
    with flashed_device(board) as device:
        running = device.running()
        assert (running.identity, running.trial) == (compiled(firmware_folder()).identity, IN_FORCE)
        assert device.info()["image"]["generation"] == 1
        device.begin_update(bytes(32), None)
    prompt = SerialPrompt(board.port)
    prompt.wait()
    written, error = prompt.run(FILL).split()
    assert int(written) > 200
    assert error == "28"  # the file system is full, and not a byte of it lies in the partition
    prompt.reset()
    with flashed_device(board) as device:
        assert device.info()["image"]["generation"] == 1
        assert device.status()["weights"] == "held"
    board.close()
    log_at = PARTITION.stop - 5 * 4096  # behind the images lie four blocks of the log, and the key's
    after = flash.read_bytes()
    assert after[PARTITION.start : log_at] == installed[PARTITION.start : log_at]
    assert b"\xa5" * 4096 not in after[PARTITION]


def test_an_update_sends_what_is_missing_and_confirms_itself(
    flash: Path,
    switch_on: SwitchOn,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    micropython: str,
) -> None:
    source = changed(tmp_path)
    monkeypatch.setattr(course, "firmware_folder", lambda: source)
    files = compiled(source).files
    torn = {path: raw if "/sensors/" not in path else raw[:-1] for path, raw in files.items()}
    put(flash, torn, micropython, offer=None)  # as an update leaves it that was cut off
    board = switch_on(flash, paced=True)
    capsys.readouterr()
    assert run(["device", "flash", "--device", board.port, "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    sent = sum(torn[path] != raw for path, raw in files.items())
    assert (result["folder"], result["files_sent"], result["files_kept"]) == ("b", sent, len(files) - sent)
    board.close()
    running, _, device = runs(switch_on, flash)
    assert (running.identity, running.trial) == (compiled(source).identity, IN_FORCE)
    assert device.info()["image"]["generation"] == 1
    events = [entry.event for entry in device.log().entries]
    assert events.count("update") == events.count("firmware confirmed") == 1


@pytest.mark.parametrize(
    ("name", "old", "new", "within_ms"),
    [
        (LINKED, "FIRMWARE = ", "raise RuntimeError\nFIRMWARE = ", 2_000),
        (LINKED, "FIRMWARE =", HANG, 2_000 + 8_000),
        ("enose_device/selftest.py", "            passed |= 8\n", "            pass\n", 2_000 + 60_000),
    ],
    ids=["raises", "hangs", "never-confirms"],
)
def test_a_firmware_that_fails_its_trial_is_left_for_the_one_before(
    flash: Path,
    switch_on: SwitchOn,
    tmp_path: Path,
    micropython: str,
    name: str,
    old: str,
    new: str,
    within_ms: int,
) -> None:
    firmware = compiled(changed(tmp_path, name, old, new))
    put(flash, {**firmware.files, MANIFEST: firmware.manifest}, micropython, offer=firmware_folder())
    board = switch_on(flash)
    passes(board, within_ms + 2_000)  # and the start of the one before
    device = host_of(board)
    running = device.running()
    assert (running.identity, running.trial) == (compiled(firmware_folder()).identity, RETURNED)
    assert device.status()["weights"] == "held"
    entries = device.log().entries
    assert [entry.event for entry in entries].count("firmware returned") == 1
    assert entries[-1].figures.get("cause", "watchdog") == "watchdog"  # on an RP2040 every reset is
    passes(board, 10_000)
    assert device.running().trial == RETURNED


@pytest.mark.parametrize("at", [0, 2])
def test_a_power_cut_in_an_update_leaves_the_firmware_before(
    flash: Path, switch_on: SwitchOn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    board = switch_on(flash, paced=True)
    firmware = compiled(changed(tmp_path))
    run_program, count = SerialPrompt.run, 0

    def cut(self: SerialPrompt, program: str) -> str:
        nonlocal count
        if "a2b_base64" in program:
            count += 1
            if count > at:
                words = [sys.executable, "-m", "mpremote", "connect", self.name, "resume", "exec", "--no-follow"]
                write = "file.write(a2b_base64(piece))"  # the first piece, and then nothing more
                half = program.replace(write, f"{write}\n            while True: pass")
                subprocess.run([*words, half], check=True, capture_output=True, timeout=60)
                board.close()
                raise DeployError("the power is cut")
        return run_program(self, program)

    with monkeypatch.context() as patch:
        patch.setattr(SerialPrompt, "run", cut)
        target = SerialTarget(board.port)
        target.greet_again().begin_update(firmware.sha256, None)
        with pytest.raises(DeployError, match="the power is cut"):
            install_update(target.prompt(), firmware, None, lambda text, done, total: None)
    running, _, device = runs(switch_on, flash)
    assert (running.identity, running.trial) == (compiled(firmware_folder()).identity, IN_FORCE)
    assert device.status()["weights"] == "held"


def test_a_prompt_that_the_host_forgets_ends_by_itself(flash: Path, switch_on: SwitchOn) -> None:
    running, board, device = runs(switch_on, flash)
    device.begin_update(bytes(32), None)
    passes(board, 5_000)
    port = LockstepPort(board, "prompt")
    port.write(b"print(6 * 7)\r")
    assert b"42" in port.read(1000) + port.read(1000)
    passes(board, 600_000)
    assert host_of(board, nonce=9).running().identity == running.identity


def test_a_ctrl_c_on_the_wire_does_not_end_a_start(flash: Path, switch_on: SwitchOn) -> None:
    for at_ms in (300, 500):  # USB is there, the imports go on
        board = switch_on(flash)
        board.run(at_ms)
        RawHost(board).send(b"\0\x03\0")
        board.run(2000)
        assert host_of(board).running().trial == IN_FORCE
        board.close()


def test_a_port_where_nothing_of_ours_runs_says_so(
    uf2_path: Path, switch_on: SwitchOn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flash = tmp_path / "flash.bin"
    flash.write_bytes(flash_of(uf2_path))
    board = switch_on(flash, paced=True)
    assert run(["device", "flash", "--device", board.port]) == BAD_INPUT
    assert "no answer to hello" in capsys.readouterr().err
