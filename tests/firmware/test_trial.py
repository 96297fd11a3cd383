"""Two folders of compiled firmware behind the boot stub: a trial that is passed, and every way to fail one."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages, updates
from enose_contract.message import Message
from enose_hwsim.board.process import firmware_folder
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.compiled import MANIFEST, compile_firmware, write_folder, write_installation
from enose_hwsim.configuration import device_configuration
from enose_hwsim.mcu import MICROCONTROLLERS
from rig import CHIP, QUICK, RawHost, SwitchOn, host_of, image

MCU = MICROCONTROLLERS["rp2040"]
PINS = (QUICK.switch.pin, QUICK.gas.heater_pin, QUICK.gas.valve_pin)
TRIAL_MS = 60_000
WATCHDOG_MS = 8_000
Offer = Callable[..., str]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("installed") / "files"
    configuration = json.dumps(device_configuration(QUICK, CHIP)).encode()
    write_installation(MCU, firmware_folder(), root, configuration)
    return root


@pytest.fixture
def files(installation: Path, tmp_path: Path) -> Path:
    """The file system of a device after its first installation."""
    return Path(shutil.copytree(installation, tmp_path / "files"))


@pytest.fixture
def offer(files: Path, tmp_path: Path, micropython: str) -> Offer:
    """Puts another firmware, with these changes of its source, on trial; its identity."""

    def offered(name: str = "enose_device/linked.py", old: str = '"0.1.0"', new: str = '"0.2.0"') -> str:
        source = tmp_path / "source"
        shutil.copytree(firmware_folder(), source, ignore=shutil.ignore_patterns("__pycache__"))
        text = (source / name).read_text()
        assert text.count(old) == 1
        (source / name).write_text(text.replace(old, new))
        firmware = compile_firmware(MCU, source)
        write_folder({**firmware.files, MANIFEST: firmware.manifest}, files / "b")
        run(micropython, files, "from enose_boot import record; record.offer('b')")
        return firmware.identity

    return offered


def run(micropython: str, files: Path, program: str) -> str:
    """What a program prints that runs among the device's files."""
    done = subprocess.run([micropython, "-c", program], cwd=files, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def record(micropython: str, files: Path) -> str:
    return run(micropython, files, "from enose_boot import record; print(*record.read())")


def ask(device: Device, message: Message, *values: int | bytes) -> dict[str, int | bytes]:
    return device._conversation.ask(message, *values)


def events(device: Device) -> list[str]:
    return [entry.event for entry in device.log().entries]


def test_the_first_installation_runs_and_is_on_no_trial(power_on: SwitchOn, files: Path) -> None:
    device = host_of(power_on(files=files))
    firmware = ask(device, updates.FIRMWARE)
    assert firmware["identity"] == compile_firmware(MCU, firmware_folder()).sha256[:8]
    assert (firmware["trial"], firmware["keyed"]) == (updates.IN_FORCE, 0)
    assert device.selftest()["passed"]


def test_the_boot_stub_takes_little_memory(power_on: SwitchOn, files: Path) -> None:
    installed = host_of(power_on(files=files)).info()["memory_free_start"]
    alone = host_of(power_on()).info()["memory_free_start"]
    # 7 KiB of source stay in memory as 4.5 KiB of byte code, names and module tables; twice as large here as on a board
    assert alone - 5120 < installed < alone


def test_a_firmware_that_passes_its_self_test_is_in_force(
    power_on: SwitchOn, files: Path, offer: Offer, micropython: str
) -> None:
    identity = offer()
    board = power_on(files=files)
    device = host_of(board)
    assert device.firmware == "0.2.0"
    firmware = ask(device, updates.FIRMWARE)
    assert (bytes(firmware["identity"]).hex(), firmware["trial"]) == (identity, updates.ON_TRIAL)
    assert record(micropython, files) == "a b 0 -"  # counted before it was begun
    device.selftest()
    assert ask(device, updates.FIRMWARE)["trial"] == updates.ON_TRIAL  # it has not run for ten seconds yet
    device.port.wait(12_000)
    assert device.selftest()["passed"]
    assert ask(device, updates.FIRMWARE)["trial"] == updates.IN_FORCE
    assert record(micropython, files) == "b - 0 -"
    device.port.wait(TRIAL_MS + WATCHDOG_MS)
    assert board.resets == 0
    confirmed = [entry for entry in device.log().entries if entry.event == "firmware confirmed"]
    assert [entry.figures["firmware"] for entry in confirmed] == [identity]
    board.close()
    assert host_of(power_on(files=files)).firmware == "0.2.0"


LINKED = "enose_device/linked.py"
HANG = "from time import sleep_us\nwhile True:\n    sleep_us(1000)\n\nFIRMWARE ="


@pytest.mark.parametrize(
    ("name", "old", "new", "at_most_ms"),
    [
        (LINKED, "FIRMWARE = ", "raise RuntimeError\nFIRMWARE = ", 100),
        (LINKED, "FIRMWARE = ", "import nowhere\nFIRMWARE = ", 100),
        (LINKED, "FIRMWARE = ", "too_much = bytearray(1 << 30)\nFIRMWARE = ", 100),
        (LINKED, "FIRMWARE =", HANG, WATCHDOG_MS),
        ("enose_device/main.py", "def main(", "def another(", 100),
        ("enose_device/main.py", "            device.turn()\n", "            raise OSError\n", 1000),
        ("enose_device/app.py", "        self.images = Images(self)\n", "        raise RuntimeError\n", TRIAL_MS),
        ("enose_device/selftest.py", "            passed |= 8\n", "            pass\n", TRIAL_MS),
        ("enose_device/link.py", "        self._pending = frame\n", "        return\n", TRIAL_MS),
    ],
    ids=["raises", "misses", "full", "hangs", "other", "ends", "partial", "fails", "mute"],
)
def test_a_firmware_that_fails_its_trial_is_left_for_the_one_before(
    power_on: SwitchOn,
    tmp_path: Path,
    files: Path,
    offer: Offer,
    micropython: str,
    name: str,
    old: str,
    new: str,
    at_most_ms: int,
) -> None:
    offer(name, old, new)
    board = power_on(files=files, flash_path=tmp_path / "flash")
    board.run(12_000 if at_most_ms == TRIAL_MS else 10)
    if name.endswith(("selftest.py", "app.py")):
        device = host_of(board)
        if name.endswith("selftest.py"):
            assert not device.selftest()["passed"]
            assert ask(device, updates.FIRMWARE)["trial"] == updates.ON_TRIAL
        else:
            assert device.status()["state"] == "safe"
    board.run(max(at_most_ms - board.now_s * 1e3, 0) + 500)
    assert board.resets == 1
    assert record(micropython, files) == "a - 0 b"
    board.run(1000)
    device = host_of(board, nonce=9)
    assert (device.firmware, ask(device, updates.FIRMWARE)["trial"]) == ("0.1.0", updates.RETURNED)
    assert device.status()["state"] == "idle"
    assert events(device).count("firmware returned") == 1
    device.program(image().pack())
    device.port.wait(TRIAL_MS + WATCHDOG_MS)
    assert board.resets == 1


def test_a_power_cut_in_a_trial_leaves_the_firmware_before(
    power_on: SwitchOn, files: Path, offer: Offer, micropython: str
) -> None:
    offer()
    board = power_on(files=files)
    board.run(20_000)
    board.close()
    assert host_of(power_on(files=files)).firmware == "0.1.0"
    assert record(micropython, files) == "a - 0 b"


def test_a_configuration_comes_and_goes_with_its_firmware(
    power_on: SwitchOn, files: Path, offer: Offer, micropython: str
) -> None:
    before = (files / "board.json").read_bytes()
    offer()
    changed = json.dumps({**json.loads(before), "board": "other"}).encode()
    (files / "b" / "board.json").write_bytes(changed)
    board = power_on(files=files)
    assert host_of(board).board == "other"
    board.close()
    assert host_of(power_on(files=files)).board == QUICK.name  # the trial was cut off
    run(micropython, files, "from enose_boot import record; record.offer('b')")
    device = host_of(power_on(files=files))
    device.port.wait(12_000)
    assert device.selftest()["passed"]
    assert (files / "board.json").read_bytes() == changed
    assert not (files / "b" / "board.json").exists()
    device.port.board.close()
    assert host_of(power_on(files=files)).board == "other"


def test_an_update_gives_the_prompt_with_everything_at_rest(power_on: SwitchOn, files: Path, tmp_path: Path) -> None:
    board = power_on(files=files, flash_path=tmp_path / "flash")
    device = host_of(board)
    device.program(image().pack())
    ask(device, updates.UPDATE, 0, bytes(range(32)), bytes(32))
    prompted(board)
    again = host_of(power_on(files=files, flash_path=tmp_path / "flash"))
    assert again.status() == {
        "state": "idle",
        "fault": "none",
        "phase": "idle",
        "weights": "held",
        "sensors_bad": [],
        "sensors_drifted": [],
    }
    entries = again.log().entries
    assert [entry.event for entry in entries][-4:-1] == ["update", "start", "start"]
    assert entries[-4].figures == {"firmware": bytes(range(8)).hex()}
    assert entries[-2].figures["quick_starts"] == 1  # the prompt's alone: what was asked for is no reset loop


def prompted(board: SimulatedBoard) -> None:
    """The board has restarted into the prompt: here the interpreter ends where it would prompt."""
    with pytest.raises(FirmwareEnded, match="the firmware's process has ended; it said: nothing"):
        board.run(3000)
    assert board.resets == 1
    assert [board.wiring.pin_read(pin) for pin in PINS] == [0, 0, 0]
    board.close()


def test_the_safe_state_and_the_safe_mode_take_an_update(power_on: SwitchOn, files: Path, offer: Offer) -> None:
    safe = power_on(files=files)
    device = host_of(safe)
    device.safe()
    assert ask(device, updates.FIRMWARE)["trial"] == updates.IN_FORCE
    ask(device, updates.UPDATE, 0, bytes(32), bytes(32))
    prompted(safe)
    linked = power_on(files=files, flash_path=files.parent / "flash")
    for _ in range(3):
        linked.run(1000)
        linked.close()
        linked = power_on(files=files, flash_path=files.parent / "flash")
    device = host_of(linked)
    assert device.status()["fault"].startswith("it was reset three times")
    ask(device, updates.UPDATE, 0, bytes(32), bytes(32))
    prompted(linked)


def test_an_update_of_a_keyed_device_has_to_be_sealed_for_the_moment(power_on: SwitchOn, files: Path) -> None:
    board = power_on(files=files)
    device = host_of(board)
    key, manifest = bytes(range(1, 33)), bytes(range(32))
    device.set_key(key)
    firmware = ask(device, updates.FIRMWARE)
    challenge = int(firmware["challenge"])
    assert firmware["keyed"] == 1
    good = updates.update_seal(key, challenge, manifest)
    for values in (
        (challenge, manifest, bytes(32)),
        (challenge, manifest, updates.update_seal(bytes(32), challenge, manifest)),
        (challenge, manifest[::-1], good),
        (challenge - 1, manifest, updates.update_seal(key, challenge - 1, manifest)),
    ):
        with pytest.raises(DeviceError, match="the update is not sealed with the device's key"):
            ask(device, updates.UPDATE, *values)
    device.port.wait(3000)
    assert board.resets == 0
    ask(device, updates.UPDATE, challenge, manifest, good)
    prompted(board)


def test_a_key_that_is_damaged_seals_nothing(power_on: SwitchOn, files: Path, tmp_path: Path) -> None:
    flash_path = tmp_path / "flash"
    device = host_of(power_on(files=files, flash_path=flash_path))
    key = bytes(range(1, 33))
    device.set_key(key)
    device.port.board.close()
    cells = bytearray(flash_path.read_bytes())
    for copy in range(2):
        at = cells.find(key)
        cells[at] ^= 0x40 << copy
    flash_path.write_bytes(cells)
    device = host_of(power_on(files=files, flash_path=flash_path))
    firmware = ask(device, updates.FIRMWARE)
    assert firmware["keyed"] == 1
    challenge, manifest = int(firmware["challenge"]), bytes(32)
    with pytest.raises(DeviceError, match="the update is not sealed with the device's key"):
        ask(device, updates.UPDATE, challenge, manifest, updates.update_seal(key, challenge, manifest))


def test_a_confirmation_that_cannot_be_kept_is_none(power_on: SwitchOn, files: Path, offer: Offer) -> None:
    offer()
    board = power_on(files=files)
    device = host_of(board)
    device.port.wait(12_000)
    (files / "firmware.new").mkdir()  # in the way of the line that is written beside
    with pytest.raises(DeviceError, match="store failed"):
        device.selftest()
    assert ask(device, updates.FIRMWARE)["trial"] == updates.ON_TRIAL
    device.port.wait(TRIAL_MS)
    assert board.resets == 1
    assert host_of(board, nonce=9).firmware == "0.1.0"


@pytest.mark.parametrize("message", [updates.FIRMWARE, updates.UPDATE])
def test_a_malformed_request_is_said_to_be_one(raw: RawHost, message: Message) -> None:
    assert raw.ask(message.kind, body=b"abc").error()[0] == messages.E_MALFORMED


def test_a_measurement_is_not_cut_off_by_an_update(programmed: Device) -> None:
    ask(programmed, messages.MEASURE, 1)
    with pytest.raises(DeviceError, match=r"a measurement is running \(cycle 1\)"):
        ask(programmed, updates.UPDATE, 0, bytes(32), bytes(32))
