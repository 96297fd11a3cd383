"""The whole course: to the prompt, the files, the restart, and the wait until the new firmware has confirmed itself."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from enose.deploy.install import OnProgress, Written, install_first, install_update
from enose.deploy.prompt import DeployError, Prompt
from enose.deploy.target import Target, UnfitTarget
from enose.link.conversation import DeviceError, LinkError
from enose.link.device import TRIALS, Device, Running
from enose.link.port import PortError
from enose_contract import messages, updates
from enose_hwsim.board.process import firmware_folder
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.compiled import Compiled, compile_boot, compile_firmware
from enose_hwsim.configuration import device_configuration
from enose_hwsim.mcu import MICROCONTROLLERS

POLL_MS = 2000
SETTLES_S = 90  # the trial's 60 s, the watchdog's 8 s, and the start of the firmware before
ON_TRIAL = TRIALS[updates.ON_TRIAL]


@dataclass(frozen=True)
class Flashed:
    """How a deployment has ended, in a device that runs the new firmware."""

    board: str
    simulated: bool
    before: str | None
    firmware: str
    written: Written | None  # None: it ran there already

    def fields(self) -> dict[str, Any]:
        """Everything by name."""
        written = self.written
        return {
            "board": self.board,
            "simulated": self.simulated,
            "firmware_before": self.before,
            "firmware_identity": self.firmware,
            "changed": written is not None,
            "folder": written.folder if written else None,
            "files_sent": written.sent if written else 0,
            "bytes_sent": written.sent_bytes if written else 0,
            "files_kept": written.kept if written else 0,
            "files_removed": written.removed if written else 0,
        }


def configuration_of(board: BoardFile, chip: AnyChip) -> bytes:
    """board.json as the firmware reads it."""
    return json.dumps(device_configuration(board, chip)).encode("ascii")


def flash_first(
    target: Target,
    board: BoardFile,
    chip: AnyChip,
    key: bytes | None,
    on_progress: OnProgress,
    *,
    format_files: bool = False,
) -> Flashed:
    """A first installation, on a MicroPython with or without our firmware. Raises DeployError, UnfitTarget."""
    mcu = MICROCONTROLLERS[board.mcu]
    firmware, boot = compile_firmware(mcu, firmware_folder()), compile_boot(mcu, firmware_folder())
    before = None
    try:
        device = target.greet()
        before = _running(device).identity
        device.begin_update(firmware.sha256, key)
    except (LinkError, PortError):
        pass  # no firmware of ours yet, or none that runs
    configuration = configuration_of(board, chip)
    written = _at_the_prompt(
        target,
        lambda prompt: install_first(
            prompt, firmware, boot, configuration, board.flash, on_progress, format_files=format_files
        ),
    )
    device = target.greet_again()
    if device.running().identity != firmware.identity:
        raise DeployError(f"{target.name}: another firmware runs there than the one that was installed")
    return Flashed(device.board, device.simulated, before, firmware.identity, written)


def flash_update(
    target: Target,
    board_of: Callable[[str], tuple[BoardFile, AnyChip]],
    another_board: bool,
    key: bytes | None,
    on_progress: OnProgress,
) -> Flashed:
    """An update; ends when the new firmware has confirmed itself. board_of(name) is asked for the device's board.

    Raises DeployError where it has not, LinkError or PortError where no firmware answers, DeviceError where it refuses,
    UnfitTarget for a simulated board without a file system.
    """
    device = target.greet()
    before = _running(device)
    board, chip = board_of(device.board)
    firmware = compile_firmware(MICROCONTROLLERS[board.mcu], firmware_folder())
    if before.identity == firmware.identity and not another_board and before.trial != ON_TRIAL:
        return Flashed(device.board, device.simulated, before.identity, firmware.identity, None)
    device.begin_update(firmware.sha256, key)
    configuration = configuration_of(board, chip) if another_board else None
    written = _at_the_prompt(target, lambda prompt: install_update(prompt, firmware, configuration, on_progress))
    device = _confirmed(target, firmware, on_progress)
    if another_board and device.board != board.name:  # the firmware may be the same one, and tells nothing then
        failed = f"{target.name}: the configuration of {board.name} failed its trial"
        raise DeployError(f"{failed}; the one of {device.board} is in force again")
    return Flashed(device.board, device.simulated, before.identity, firmware.identity, written)


def _running(device: Device) -> Running:
    running = device.running()
    if device.simulated and running.identity is None:
        name = device.port.name
        instead = f"`enose device flash --device sim:{device.board} --files FOLDER`"
        raise UnfitTarget(f"{name}: a simulated board that runs this project's source has no files to flash; {instead}")
    return running


def _at_the_prompt(target: Target, work: Callable[[Prompt], Written]) -> Written:
    """The work, and a reset whatever comes of it: cut off, the device runs what it ran before."""
    prompt = target.prompt()
    try:
        return work(prompt)
    finally:
        with suppress(DeployError):  # unplugged: the next power-up is the reset
            prompt.reset()


def _confirmed(target: Target, firmware: Compiled, on_progress: OnProgress) -> Device:
    """Ask the firmware on trial to test itself until it is in force. Raises DeployError where it never is."""
    device = target.greet_again()
    said = ""
    for waited_s in range(0, SETTLES_S, POLL_MS // 1000):
        on_progress("waiting for the new firmware to confirm itself (s)", waited_s, SETTLES_S)
        try:
            running = device.running()
            if running.identity != firmware.identity:
                raise DeployError(f"{target.name}: the new firmware failed its trial{said}; the one before runs again")
            if running.trial != ON_TRIAL:
                return device
            checks = device.selftest()["checks"]
            failed = [name for name, passed in checks.items() if not passed]
            said = f" (its self-test: {', '.join(failed)})" if failed else ""
        except DeviceError as error:
            if error.code == messages.E_SESSION:  # it has been reset
                device = target.greet_again()
                continue
            said = f" ({error})"
        except (LinkError, PortError, FirmwareEnded):
            device = target.greet_again()  # it has been reset
        device.port.wait(POLL_MS)
    raise DeployError(f"{target.name}: the new firmware did not confirm itself in {SETTLES_S} s{said}")
