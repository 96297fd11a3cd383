"""A MicroPython UF2 as what a Pico's flash holds after it was dropped on the boot loader's drive."""

from pathlib import Path

from enose_hwsim.mcu.uf2 import Uf2Error, read_uf2

RP2040 = 0xE48BFF56
FLASH_AT = 0x10000000
FLASH_SIZE = 2 << 20


def flash_of(path: Path) -> bytes:
    """The 2 MiB of flash, erased but for what the UF2 at path writes. Raises Uf2Error or OSError."""
    flash = bytearray(b"\xff" * FLASH_SIZE)
    for block in read_uf2(path, RP2040, "RP2040"):
        at, count = block.address - FLASH_AT, len(block.data)
        if not (at >= 0 and at + count <= FLASH_SIZE):
            raise Uf2Error(
                f"{path}: block {block.place} puts {count} bytes at {block.address:#010x}, beyond the flash's 2 MiB"
            )
        flash[at : at + count] = block.data
    return bytes(flash)
