"""What is written to a device: one folder with its manifest last, then the word which folder is to run.

Until that word the folder in force is untouched, so that whatever is cut off leaves the firmware that ran before. Files
that are right already, by their SHA-256, are not sent again.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from enose.deploy import programs
from enose.deploy.prompt import DeployError, Prompt
from enose_hwsim.boardfile import Flash
from enose_hwsim.compiled import BYTECODE, MAIN, MANIFEST, Compiled

CONFIGURATION = "board.json"
RP2 = "rp2"

OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Survey:
    """What is on a device: the SHA-256 of each file that may be written, by its path; what runs there."""

    platform: str
    bytecode: int
    version: str
    files: Mapping[str, str]
    installed: bool  # whether there is a boot stub
    in_force: str  # the folder that runs, "" where none is whole

    @property
    def idle(self) -> str:
        """The folder that may be written."""
        return "b" if self.in_force == "a" else "a"


@dataclass(frozen=True)
class Written:
    """What an installation has done."""

    folder: str
    sent: int
    sent_bytes: int
    kept: int
    removed: int


def survey(prompt: Prompt) -> Survey:
    """Look at a device. Raises DeployError, also for a MicroPython that cannot run the compiled files."""
    files: dict[str, str] = {}
    installed, in_force, runs = False, "", ["", "0", ""]
    for line in prompt.run(programs.SURVEY).splitlines():
        word, _, rest = line.partition(" ")
        if word == "file":
            sha256, _, path = rest.partition(" ")
            files[path] = sha256
        elif word == "in_force":
            installed, in_force = True, rest.strip()
        elif word == "runs":
            runs = rest.split()
    found = Survey(runs[0], int(runs[1]), runs[2], files, installed, in_force)
    if found.bytecode != BYTECODE:
        raise DeployError(
            f"{prompt.name}: its MicroPython {found.version} runs bytecode {found.bytecode}, the firmware is compiled"
            f" to {BYTECODE}: install MicroPython 1.22 or newer"
        )
    return found


def install_first(
    prompt: Prompt,
    firmware: Compiled,
    boot: Mapping[str, bytes],
    configuration: bytes,
    flash: Flash,
    on_progress: OnProgress,
    *,
    format_files: bool = False,
) -> Written:
    """Boot stub, configuration and firmware; the image partition is kept from the file system. Raises DeployError.

    Images and log stay where the partition was reserved before. `main.py` is written last: without it nothing of ours
    runs.
    """
    if format_files:
        prompt.run(programs.FORMAT)
    found = survey(prompt)
    if found.platform == RP2:
        on_progress("reserving the image partition", 0, 1)
        reserve(prompt, flash)
    root = {**boot, CONFIGURATION: configuration}
    main = {MAIN: root.pop(MAIN)}
    written = _write_folder(prompt, found, firmware, None, on_progress)
    _send(prompt, _changed(found, root), on_progress)
    prompt.run(programs.IN_FORCE.format(folder=written.folder))
    _send(prompt, _changed(found, main), on_progress)
    return written


def install_update(prompt: Prompt, firmware: Compiled, configuration: bytes | None, on_progress: OnProgress) -> Written:
    """The idle folder, put on trial; a configuration goes with it. Raises DeployError, the device as it was."""
    found = survey(prompt)
    if not found.installed:
        raise DeployError(f"{prompt.name}: no boot stub is installed: `enose device flash --first` installs it")
    written = _write_folder(prompt, found, firmware, configuration, on_progress)
    prompt.run(programs.OFFER.format(folder=written.folder))
    return written


def reserve(prompt: Prompt, flash: Flash) -> None:
    """Keep the file system out of the image partition; once reserved, nothing is done. Raises DeployError."""
    name = f"reserved_{flash.start_kib}_{flash.length_kib}"
    program = programs.RESERVE.format(start=flash.start_kib * 1024, length=flash.length_kib * 1024, name=name)
    _, _, left = prompt.run(program).strip().rpartition(" ")
    if left != "0":
        raise DeployError(
            f"{prompt.name}: {left} blocks of the image partition hold other files: `--format` erases all files there"
        )


def _write_folder(
    prompt: Prompt, found: Survey, firmware: Compiled, configuration: bytes | None, on_progress: OnProgress
) -> Written:
    """The idle folder, read back, its manifest last."""
    folder = found.idle
    wanted = {f"{folder}/{path}": raw for path, raw in firmware.files.items()}
    if configuration is not None:
        wanted[f"{folder}/{CONFIGURATION}"] = configuration
    manifest = f"{folder}/{MANIFEST}"
    there = {path for path in found.files if path.startswith(f"{folder}/")}
    foreign = sorted(there - set(wanted) - {manifest})
    prompt.run(programs.CLEAR.format(remove=(manifest, *foreign), folders=()))  # from here on it is not whole
    changed = _changed(found, wanted)
    _send(prompt, changed, on_progress)
    again = survey(prompt)
    wrong = _changed(again, wanted)
    if wrong:
        raise DeployError(f"{prompt.name}: {next(iter(wrong))} does not read back as it was written")
    _send(prompt, {manifest: firmware.manifest}, on_progress)
    sent_bytes = sum(map(len, changed.values()))
    return Written(folder, len(changed), sent_bytes, len(wanted) - len(changed), len(foreign))


def _changed(found: Survey, wanted: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is missing or different on the device."""
    return {path: raw for path, raw in wanted.items() if found.files.get(path) != hashlib.sha256(raw).hexdigest()}


def _folders(paths: Mapping[str, bytes]) -> tuple[str, ...]:
    """Every folder above the paths, the upper ones first."""
    above = {"/".join(path.split("/")[:depth]) for path in paths for depth in range(1, path.count("/") + 1)}
    return tuple(sorted(above))


def _send(prompt: Prompt, files: Mapping[str, bytes], on_progress: OnProgress) -> None:
    folders = _folders(files)
    if folders:
        prompt.run(programs.CLEAR.format(remove=(), folders=folders))
    total, done = sum(map(len, files.values())), 0
    for program, size in programs.writing(files):
        on_progress("writing (bytes)", done, total)
        prompt.run(program)
        done += size
