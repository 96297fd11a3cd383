"""UF2 files, which a microcontroller's boot loader takes on a drive of its own: read and checked block by block.

The format is Microsoft's (github.com/microsoft/uf2): blocks of 512 bytes with three magic numbers, an address, up to
476 bytes, the block's number, the count of blocks and the family of microcontrollers.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

BLOCK = 512
HEADER = struct.Struct("<8I")  # magic, magic, flags, address, count, number, blocks, family
DATA_MAX = BLOCK - HEADER.size - 4
MAGIC = 0x0A324655, 0x9E5D5157
END = struct.pack("<I", 0x0AB16F30)
NOT_MAIN_FLASH = 0x1
ABSOLUTE = 0xE48BFF57  # what the RP2350 ignores but for erratum E10 (RP2350 data sheet, section 5.5.3)


class Uf2Error(ValueError):
    """A file that the microcontroller's boot loader would not take."""


@dataclass(frozen=True)
class Block:
    """One block that is meant for the flash."""

    place: int  # in the file
    number: int  # as it says itself, and of how many
    blocks: int
    address: int
    data: bytes


def read_uf2(path: Path, family: int, whose: str) -> Iterator[Block]:
    """The blocks for the flash. Raises Uf2Error, which names file and block, or OSError; whose: of that family."""
    raw = path.read_bytes()
    if not raw or len(raw) % BLOCK:
        raise Uf2Error(f"{path}: {len(raw)} bytes, a UF2 has whole blocks of {BLOCK}")
    for place in range(len(raw) // BLOCK):
        block = raw[place * BLOCK : (place + 1) * BLOCK]
        first, second, flags, address, count, number, blocks, found = HEADER.unpack_from(block)
        if (first, second) != MAGIC:
            raise Uf2Error(f"{path}: block {place} begins with {first:#010x}, a UF2's with {MAGIC[0]:#010x}")
        if not block.endswith(END):
            raise Uf2Error(f"{path}: block {place} does not end with a UF2's magic number")
        if found == ABSOLUTE:
            continue
        if found != family:
            raise Uf2Error(f"{path}: block {place} is for family {found:#010x}, the {whose}'s is {family:#010x}")
        if flags & NOT_MAIN_FLASH:
            continue
        if count > DATA_MAX:
            raise Uf2Error(f"{path}: block {place} puts {count} bytes at {address:#010x}, a block has {DATA_MAX}")
        yield Block(place, number, blocks, address, block[HEADER.size : HEADER.size + count])


def check_uf2(path: Path, family: int, whose: str, begin: int, end: int) -> int:
    """How many bytes the file programs between two addresses. Raises Uf2Error, or OSError.

    Every block has to be there, once and in order: a boot loader waits for ever for one that is missing.
    """
    blocks = list(read_uf2(path, family, whose))
    for block in blocks:
        if not begin <= block.address <= end - len(block.data):
            raise Uf2Error(
                f"{path}: block {block.place} puts {len(block.data)} bytes at {block.address:#010x},"
                f" the program's flash is {begin:#010x} to {end:#010x}"
            )
    count = len(blocks)
    if not count or [(block.number, block.blocks) for block in blocks] != [(k, count) for k in range(count)]:
        raise Uf2Error(f"{path}: {count} blocks for the {whose}'s flash, not one of each number up to their count")
    return sum(len(block.data) for block in blocks)
