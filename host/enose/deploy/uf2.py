"""MicroPython itself: a UF2 file onto the drive that a microcontroller's boot loader shows."""

import os
import string
import time
from pathlib import Path

from enose.deploy.prompt import DeployError
from enose_hwsim.mcu import Microcontroller
from enose_hwsim.mcu.uf2 import Uf2Error, check_uf2

INFO = "INFO_UF2.TXT"
FLASH_AT = 0x10000000  # of RP2040 and RP2350 alike
PIECE = 1 << 16
LOOK_S = 10.0


class UnfitUf2(ValueError):
    """A UF2, a drive or a board that do not go together: one line that names them and what was expected."""


def checked_uf2(path: Path, mcu: Microcontroller) -> bytes:
    """The file, once it is known to be whole and for this microcontroller. Raises UnfitUf2."""
    if mcu.uf2_family is None:
        raise UnfitUf2(
            f"{mcu.title}: takes no UF2; write MicroPython with Espressif's tool (`esptool --chip {mcu.name}"
            f" write_flash 0 FILE.bin`), then install without --uf2"
        )
    end = FLASH_AT + (mcu.flash_kib - mcu.files_kib) * 1024
    try:
        check_uf2(path, mcu.uf2_family, mcu.title, FLASH_AT, end)
        return path.read_bytes()
    except Uf2Error as error:
        raise UnfitUf2(str(error)) from error
    except OSError as error:
        raise UnfitUf2(f"{path}: cannot be read ({error.strerror})") from error


def find_drive(mcu: Microcontroller, named: Path | None, look_s: float = LOOK_S) -> Path:
    """The boot loader's drive: the named one, else the one that shows up. Raises UnfitUf2."""
    if named is not None:
        found = board_id(named)
        if found != mcu.uf2_drive:
            said = f"Board-ID '{found}'" if found else f"no {INFO} with a Board-ID"
            raise UnfitUf2(f"{named}: {said}, the {mcu.title}'s boot loader says '{mcu.uf2_drive}'")
        return named
    until_s = time.monotonic() + look_s
    while True:
        for drive in drives():
            if board_id(drive) == mcu.uf2_drive:
                return drive
        if time.monotonic() >= until_s:
            raise UnfitUf2(
                f"no drive {mcu.uf2_drive} found: plug the {mcu.module} in with BOOTSEL held, or name it with --volume"
            )
        time.sleep(0.5)


def board_id(drive: Path) -> str:
    """What a boot loader's drive says of itself; empty for any other drive."""
    try:
        lines = (drive / INFO).read_text("ascii", "replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("Board-ID:")), "")


def drives() -> list[Path]:
    """Where operating systems mount drives."""
    if os.name == "nt":
        return [Path(f"{letter}:/") for letter in string.ascii_uppercase[2:]]
    folders = ("/media/*/*", "/run/media/*/*", "/media/*", "/mnt/*", "/Volumes/*")
    return [found for folder in folders for found in sorted(Path("/").glob(folder.lstrip("/")))]


def write_uf2(raw: bytes, drive: Path) -> None:
    """Write the file there; the boot loader starts it by itself. Raises DeployError.

    The drive is gone as soon as its last block has come, so that closing the file may fail then.
    """
    done = 0
    try:
        with (drive / "micropython.uf2").open("wb", buffering=0) as file:
            while done < len(raw):
                done += file.write(raw[done : done + PIECE])
            os.fsync(file.fileno())
    except OSError as error:
        if done < len(raw):
            raise DeployError(f"{drive}: {done} of {len(raw)} bytes written ({error.strerror})") from error
