"""A MicroPython UF2 as what a Pico's flash holds after it was dropped on the boot loader's drive.

The format is Microsoft's UF2: blocks of 512 bytes with three magic numbers, an address and up to 476 bytes.
"""

import struct
from pathlib import Path

BLOCK = 512
HEADER = struct.Struct("<8I")  # magic, magic, flags, address, count, number, blocks, family
DATA_MAX = BLOCK - HEADER.size - 4  # a magic number ends the block
MAGIC = 0x0A324655, 0x9E5D5157
NOT_MAIN_FLASH = 0x1
RP2040 = 0xE48BFF56
FLASH_AT = 0x10000000
FLASH_SIZE = 2 << 20


class Uf2Error(ValueError):
    """A file that no Pico would take."""


def flash_of(path: Path) -> bytes:
    """The 2 MiB of flash, erased but for what the UF2 at path writes. Raises Uf2Error or OSError."""
    raw = path.read_bytes()
    if not raw or len(raw) % BLOCK:
        raise Uf2Error(f"{path}: {len(raw)} bytes, a UF2 has whole blocks of {BLOCK}")
    flash = bytearray(b"\xff" * FLASH_SIZE)
    for number in range(len(raw) // BLOCK):
        block = raw[number * BLOCK : (number + 1) * BLOCK]
        first, second, flags, address, count, _, _, family = HEADER.unpack_from(block)
        if (first, second) != MAGIC:
            raise Uf2Error(f"{path}: block {number} begins with {first:#010x}, a UF2's with {MAGIC[0]:#010x}")
        if family != RP2040:
            raise Uf2Error(f"{path}: block {number} is for family {family:#010x}, the RP2040's is {RP2040:#010x}")
        if flags & NOT_MAIN_FLASH:
            continue
        at = address - FLASH_AT
        if not (at >= 0 and at + count <= FLASH_SIZE and count <= DATA_MAX):
            raise Uf2Error(f"{path}: block {number} puts {count} bytes at {address:#010x}, beyond the flash's 2 MiB")
        flash[at : at + count] = block[HEADER.size : HEADER.size + count]
    return bytes(flash)
