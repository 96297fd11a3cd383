"""`enose device flash` on a simulated board, whose file system is a folder: updates, trials, cuts, keys, refusals."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from enose.cli.main import BAD_INPUT, FAILED, run
from enose.deploy import flash as course
from enose.deploy import programs, prompt
from enose.deploy.prompt import DeployError, FolderPrompt, SerialPrompt
from enose.deploy.target import SerialTarget, SimulatedTarget, appeared, serial_target
from enose.link.conversation import LinkError
from enose_contract.image import unpack
from enose_hwsim.board.process import firmware_folder
from enose_hwsim.compiled import CompileError, compile_firmware
from enose_hwsim.mcu import MICROCONTROLLERS
from rig import image

SIM = "sim:pico-mlp"
LINKED = "enose_device/linked.py"
FIRMWARE = compile_firmware(MICROCONTROLLERS["rp2040"], firmware_folder())
FILES = len(FIRMWARE.files)
PROGRAMS = len(list(programs.writing(FIRMWARE.files)))
pytestmark = pytest.mark.usefixtures("micropython")
Change = Callable[..., None]


@pytest.fixture
def change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Change:
    """Changes a copy of the firmware's source, which is deployed from then on."""
    source = tmp_path / "source"
    shutil.copytree(firmware_folder(), source, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(course, "firmware_folder", lambda: source)

    def changed(name: str = LINKED, old: str = '"0.1.0"', new: str = '"0.2.0"') -> None:
        text = (source / name).read_text()
        assert text.count(old) == 1
        (source / name).write_text(text.replace(old, new))

    return changed


@pytest.fixture
def pico(tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change) -> Path:
    """A simulated board's file system after its first installation."""
    files = tmp_path / "pico"
    flashed(capsys, files)
    return files


def flashed(capsys: pytest.CaptureFixture[str], files: Path, *words: str) -> dict[str, Any]:
    assert run(["device", "flash", "--device", SIM, "--files", str(files), *words, "--json"]) == 0
    result: dict[str, Any] = json.loads(capsys.readouterr().out)
    return result


def refused(capsys: pytest.CaptureFixture[str], code: int, *words: str) -> str:
    """The one line that a command ends with."""
    capsys.readouterr()
    assert run(["device", "flash", *words]) == code
    out, err = capsys.readouterr()
    assert out == ""
    return err.strip().splitlines()[-1]


def runs(files: Path) -> str | None:
    """The identity of the firmware that a board with these files runs."""
    target = SimulatedTarget(SIM, files, files / "flash.bin")
    try:
        return target.greet().running().identity
    finally:
        target.close()


def test_a_board_without_files_is_installed_for_the_first_time(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    result = flashed(capsys, tmp_path / "pico")
    assert (result["first"], result["simulated"], result["board"]) == (True, True, "pico-mlp")
    assert (result["firmware_before"], result["folder"]) == (None, "a")
    assert (result["files_sent"], result["files_kept"], result["files_removed"]) == (FILES, 0, 0)
    assert result["firmware_identity"] == runs(tmp_path / "pico")


def test_the_same_firmware_is_not_sent_again(capsys: pytest.CaptureFixture[str], pico: Path) -> None:
    result = flashed(capsys, pico)
    assert (result["first"], result["changed"], result["files_sent"]) == (False, False, 0)
    assert result["firmware_before"] == result["firmware_identity"]


def test_an_update_keeps_images_configuration_and_log(
    capsys: pytest.CaptureFixture[str], pico: Path, change: Change
) -> None:
    target = SimulatedTarget(SIM, pico, pico / "flash.bin")
    before = target.greet().running().identity
    target.greet().program(image().pack())
    target.close()
    configuration = (pico / "board.json").read_bytes()
    change()
    result = flashed(capsys, pico)
    assert (result["folder"], result["firmware_before"]) == ("b", before)
    assert result["firmware_identity"] == runs(pico) != before
    device = target.greet()
    assert device.firmware == "0.2.0"
    assert device.info()["image"] == {"generation": 1, "model": unpack(image().pack()).model.hex()}
    said = [entry.event for entry in device.log().entries]
    target.close()
    assert said.count("update") == said.count("firmware confirmed") == 1
    assert (pico / "board.json").read_bytes() == configuration
    change(LINKED, '"0.2.0"', '"0.3.0"')
    (pico / "a" / "foreign.mpy").touch()
    again = flashed(capsys, pico)
    assert (again["folder"], again["files_sent"], again["files_kept"]) == ("a", 1, FILES - 1)
    assert again["files_removed"] == 1


@pytest.mark.parametrize(
    ("name", "old", "new", "why"),
    [
        (LINKED, "FIRMWARE = ", "raise RuntimeError\nFIRMWARE = ", "failed its trial; the one before runs again"),
        (
            "enose_device/selftest.py",
            "            passed |= 8\n",
            "            pass\n",
            "failed its trial (its self-test: chip supply); the one before runs again",
        ),
        (
            "enose_device/selftest.py",
            "        supply_uv = self.supply_uv()\n",
            "        1 // 0\n",
            "failed its trial (the device is in its safe state (an exception in a task); `enose device safe --clear`"
            " clears it); the one before runs again",
        ),
        ("enose_device/link.py", "        self._pending = frame\n", "        return\n", "no firmware answers after"),
    ],
    ids=["raises", "fails", "safe", "mute"],
)
def test_a_firmware_that_fails_its_trial_is_exit_code_1_and_the_one_before_runs(
    capsys: pytest.CaptureFixture[str], pico: Path, change: Change, name: str, old: str, new: str, why: str
) -> None:
    before = runs(pico)
    change(name, old, new)
    assert why in refused(capsys, FAILED, "--device", SIM, "--files", str(pico))
    assert runs(pico) == before


def cut_at(monkeypatch: pytest.MonkeyPatch, at: int, how: Callable[[FolderPrompt, str], None]) -> None:
    """The writing program of this number ends in another way, and everything after it."""
    run_program, count = FolderPrompt.run, 0

    def cut(self: FolderPrompt, program: str) -> str:
        nonlocal count
        if "a2b_base64" in program:
            count += 1
            if count > at:
                how(self, program)
        return run_program(self, program)

    monkeypatch.setattr(FolderPrompt, "run", cut)


@pytest.mark.parametrize("at", [0, 1, 5, PROGRAMS - 1, PROGRAMS])
def test_cut_off_at_any_moment_the_one_before_runs_and_the_rest_is_sent_next_time(
    capsys: pytest.CaptureFixture[str], pico: Path, change: Change, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    before = runs(pico)
    change()

    def stop(self: FolderPrompt, program: str) -> None:
        (pico / "b" / "manifest").write_text("half of one" if at == PROGRAMS else "")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        cut_at(patch, at, stop)
        assert refused(capsys, FAILED, "--device", SIM, "--files", str(pico)) == "error: stopped"
    assert runs(pico) == before
    wanted = compile_firmware(MICROCONTROLLERS["rp2040"], course.firmware_folder()).files
    there = sum((pico / "b" / path).is_file() for path in wanted)
    result = flashed(capsys, pico)
    assert (result["files_kept"], result["files_sent"]) == (there, FILES - there)
    assert (there == 0, there == FILES) == (at == 0, at == PROGRAMS)


def test_a_file_that_does_not_read_back_is_an_end(
    capsys: pytest.CaptureFixture[str], pico: Path, change: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = runs(pico)
    change()

    def rot(self: FolderPrompt, program: str) -> None:
        written = pico / "b" / "enose_contract" / "cobs.mpy"
        written.write_bytes(written.read_bytes()[:-1] + b"?")

    with monkeypatch.context() as patch:
        cut_at(patch, 3, rot)
        said = refused(capsys, FAILED, "--device", SIM, "--files", str(pico))
    assert "b/enose_contract/cobs.mpy does not read back as it was written" in said
    assert runs(pico) == before


def test_a_firmware_that_never_says_it_is_in_force_is_not_waited_for_for_ever(
    capsys: pytest.CaptureFixture[str], pico: Path, change: Change
) -> None:
    change("enose_device/update.py", "    trial = updates.IN_FORCE\n", "    trial = updates.ON_TRIAL\n")
    assert "did not confirm itself in 90 s" in refused(capsys, FAILED, "--device", SIM, "--files", str(pico))


def test_a_first_installation_looks_at_what_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: Change
) -> None:
    change("enose_device/update.py", "return firmware.identity()[:8] if", "return bytes(range(8)) if")
    said = refused(capsys, FAILED, "--device", SIM, "--files", str(tmp_path / "pico"))
    assert "another firmware runs there than the one that was installed" in said


def test_a_device_that_gives_no_prompt_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, change: Change
) -> None:
    change(LINKED, "            if self.restarting:\n", "            if False:\n")
    flashed(capsys, tmp_path / "pico")
    change(LINKED, '"0.1.0"', '"0.2.0"')
    said = refused(capsys, FAILED, "--device", SIM, "--files", str(tmp_path / "pico"))
    assert said.endswith("sim:pico-mlp: no interactive prompt")


def test_a_simulated_board_runs_what_was_flashed(
    capsys: pytest.CaptureFixture[str], pico: Path, change: Change
) -> None:
    change()
    identity = flashed(capsys, pico)["firmware_identity"]
    words = [sys.executable, "-m", "enose", "sim", "pico-mlp", "--files", str(pico), "--fidelity", "ideal", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = "".join(iter(process.stdout.readline, "}\n")) + "}"
        capsys.readouterr()
        assert run(["device", "info", "--device", json.loads(port)["port"], "--json"]) == 0
        info = json.loads(capsys.readouterr().out)
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert (info["firmware_identity"], info["firmware_trial"], info["firmware"]) == (identity, "in force", "0.2.0")


def test_another_configuration_comes_with_the_firmware(
    capsys: pytest.CaptureFixture[str], pico: Path, tmp_path: Path
) -> None:
    board, chip = course_board("pico-mlp")
    other = replace(board, name="pico-mlp-hot")
    target = SimulatedTarget(SIM, pico, pico / "flash.bin")
    done = course.flash_update(target, lambda name: (other, chip), True, None, lambda text, done, total: None)
    target.close()
    assert (done.board, done.written.folder if done.written else "") == ("pico-mlp-hot", "b")
    assert json.loads((pico / "board.json").read_bytes())["board"] == "pico-mlp-hot"


def test_a_configuration_that_does_not_fit_the_board_is_left_and_told(pico: Path) -> None:
    """Its battery is measured at a pin where this board has none: empty."""
    target = SimulatedTarget(SIM, pico, pico / "flash.bin")
    with pytest.raises(DeployError, match="of pico2-mlp failed its trial; the one of pico-mlp is in force"):
        course.flash_update(target, lambda name: course_board("pico2-mlp"), True, None, lambda text, done, total: None)
    target.close()
    assert json.loads((pico / "board.json").read_bytes())["board"] == "pico-mlp"


def course_board(name: str) -> Any:
    from enose.boards import find_board

    return find_board(name)[:2]


def test_a_keyed_device_takes_a_sealed_update_only(
    capsys: pytest.CaptureFixture[str], pico: Path, change: Change, tmp_path: Path
) -> None:
    key = tmp_path / "field.key"
    key.write_bytes(bytes(range(32)))
    target = SimulatedTarget(SIM, pico, pico / "flash.bin")
    target.greet().set_key(key.read_bytes())
    target.close()
    before = runs(pico)
    change()
    where = ("--device", SIM, "--files", str(pico))
    assert "not sealed with the device's key" in refused(capsys, FAILED, *where)
    assert runs(pico) == before
    assert flashed(capsys, pico, "--key", str(key))["firmware_identity"] == runs(pico) != before


def test_a_source_that_does_not_compile_is_named(
    capsys: pytest.CaptureFixture[str], pico: Path, change: Change, tmp_path: Path
) -> None:
    change(LINKED, "FIRMWARE = ", "FIRMWARE = = ")
    said = refused(capsys, BAD_INPUT, "--device", SIM, "--files", str(pico))
    assert "linked.py" in said
    assert "SyntaxError" in said
    with pytest.raises(CompileError, match="SyntaxError"):
        compile_firmware(MICROCONTROLLERS["rp2040"], tmp_path / "source")


def test_a_prompt_without_a_boot_stub_takes_no_update(tmp_path: Path, change: Change) -> None:
    from enose.deploy.install import install_update

    firmware = compile_firmware(MICROCONTROLLERS["rp2040"], firmware_folder())
    with pytest.raises(DeployError, match="no boot stub is installed: `enose device flash --first`"):
        install_update(FolderPrompt(tmp_path, "empty"), firmware, None, lambda text, done, total: None)


def test_an_old_micropython_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from enose.deploy.install import survey

    monkeypatch.setattr(FolderPrompt, "run", lambda self, program: "runs rp2 5 1.18.0\n")
    with pytest.raises(DeployError, match=r"its MicroPython 1\.18\.0 runs bytecode 5, the firmware is compiled to 6"):
        survey(FolderPrompt(tmp_path, "old"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--device", "/dev/nowhere", "--first"), "--first: name the board with --board NAME"),
        (("--device", "/dev/nowhere", "--format"), "--format goes with --first"),
        (("--device", "/dev/nowhere", "--uf2", "x.uf2"), "--uf2 goes with --first"),
        (("--device", "/dev/nowhere", "--volume", "x"), "--volume x: goes with --uf2 FILE"),
        (("--device", "/dev/nowhere", "--files", "x"), "--files x: only a simulated board's"),
        (("--device", SIM, "--uf2", "x.uf2"), "--uf2 x.uf2: a simulated board has its MicroPython already"),
        (("--device", "/dev/nowhere"), "/dev/nowhere: cannot be opened (No such file or directory)"),
        (("--device", "/dev/nowhere", "--board", "nothing"), "'nothing' is no board; known:"),
        (("--device", "/dev/nowhere", "--key", "no.key"), "no.key: cannot be read (No such file or directory)"),
        (
            ("--device", "/dev/nowhere", "--first", "--board", "pico-mlp", "--uf2", "no.uf2"),
            "no.uf2: cannot be read (No such file or directory)",
        ),
        (
            ("--device", "/dev/nowhere", "--first", "--board", "esp32s3-mlp", "--uf2", "no.uf2"),
            "ESP32-S3: takes no UF2",
        ),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], why: str
) -> None:
    assert why in refused(capsys, BAD_INPUT, *words)


def test_a_port_without_a_prompt_is_named_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import pty

    master, slave = pty.openpty()
    monkeypatch.setattr(prompt, "TRY_S", 1.0)
    try:
        with pytest.raises(DeployError, match=r"no interactive prompt in 0 s \(.*: no answer at its prompt in 1 s\)"):
            SerialPrompt(os.ttyname(slave)).wait(appears_s=0.1)
        with pytest.raises(DeployError, match="failed to access"):
            SerialPrompt("/dev/nowhere").run("print()")
    finally:
        os.close(master)
        os.close(slave)


def test_a_program_that_fails_at_the_prompt_ends_in_its_last_line(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="sim: ZeroDivisionError: divide by zero"):
        FolderPrompt(tmp_path, "sim").run("1 // 0")


def test_a_firmware_that_does_not_come_back_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enose.deploy.target.APPEARS_S", 0.1)
    with pytest.raises(DeployError, match="/dev/nowhere: no firmware answers 0 s after its start"):
        SerialTarget("/dev/nowhere").greet_again()
    with pytest.raises(LinkError, match="/dev/nowhere: no serial port 0 s after MicroPython was written"):
        appeared("/dev/nowhere", appears_s=0.1)


@pytest.mark.parametrize(("ports", "why"), [([], "no board found on USB"), (["p", "q"], r"2 boards on USB \(p, q\)")])
def test_auto_wants_one_board_on_usb(monkeypatch: pytest.MonkeyPatch, ports: list[str], why: str) -> None:
    monkeypatch.setattr("enose.deploy.target.usb_ports", lambda: ports)
    with pytest.raises(LinkError, match=why):
        serial_target("auto")
    with pytest.raises(LinkError, match="no serial port"):
        appeared("auto", appears_s=0.1)


def test_auto_is_the_only_board_on_usb(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enose.deploy.target.usb_ports", lambda: ["/dev/ttyACM7"])
    assert appeared("auto").name == serial_target("auto").name == "/dev/ttyACM7"
