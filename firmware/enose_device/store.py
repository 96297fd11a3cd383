"""The weight images, in two slots on a littlefs2 partition of their own.

A slot file is generation (u32), length of the image (u32), image, padding, CRC-32 of it all, written in one go and read
back. The newest slot that is whole is the image in force; the other one is written next, so a power cut leaves the old
image or the new one.
"""

import struct
from binascii import crc32

# in `os` up to MicroPython 2.0, in `vfs` from 1.23 on; the stubs know the second place only
from os import VfsLfs2  # pyright: ignore[reportAttributeAccessIssue]

from enose_contract import image, messages

SLOTS = ("/a.img", "/b.img")
OVERHEAD = 12
# littlefs keeps a file of up to an eighth of a block inside the directory, where damage to one slot takes the other
# along; padded beyond that, each slot lies in blocks of its own.
SMALLEST = 1024
PAGE = 256  # NOR flash is programmed in whole pages
RESERVE_BLOCKS = 4  # littlefs copies on write: room for the new file's blocks and its directory's


class HoldingFlash:
    """A flash that calls before() ahead of every operation that stalls the processor, so that no refresh is late."""

    def __init__(self, flash, before) -> None:
        """flash: a block device with the extended interface of MicroPython's vfs."""
        self._flash = flash
        self._before = before

    def readblocks(self, block, buffer, offset=0) -> None:
        """Read from one block."""
        self._flash.readblocks(block, buffer, offset)

    def writeblocks(self, block, buffer, offset=None) -> None:
        """Program; without an offset the block is erased first."""
        self._before()
        if offset is None:
            self._flash.writeblocks(block, buffer)
        else:
            self._flash.writeblocks(block, buffer, offset)

    def ioctl(self, operation, argument):
        """The block device's operations; 6 erases a block."""
        if operation == 6:
            self._before()
        return self._flash.ioctl(operation, argument)


class Store:
    """Slots of images. `problem` is FAULT_MOUNT or FAULT_IMAGES where there is something, but nothing usable."""

    def __init__(self, flash) -> None:
        """flash: a block device. Only a partition that is blank (never used) is formatted; a damaged one never is."""
        self.generation = 0
        self.slot = 1
        self.problem = messages.FAULT_NONE
        self._flash = flash
        self._fs = None  # the mounted file system
        try:
            self._fs = _mounted(flash)
        except OSError:
            self.problem = messages.FAULT_MOUNT

    def newest(self):
        """The image in force, or None. Sets `generation`, `slot` and `problem`."""
        best = None
        damaged = 0
        if self.problem == messages.FAULT_IMAGES:
            self.problem = messages.FAULT_NONE
        for slot in range(2):
            found = self._read(slot)
            if found is None:
                continue
            generation, raw = found
            if raw is None:
                damaged += 1
            elif best is None or generation > self.generation:
                best = raw
                self.generation = generation
                self.slot = slot
        if best is None:
            if damaged:
                self.problem = messages.FAULT_IMAGES
            return None
        return image.unpack(best)

    def commit(self, raw) -> None:
        """Store raw as the newest image. Raises ImageError(E_STORE), the old image kept, where that fails."""
        if self.generation and self._read(self.slot) == (self.generation, bytes(raw)):
            return  # the power went between the last commit and its reply, and the host asks again
        slot = 1 - self.slot
        packed = struct.pack("<II", self.generation + 1, len(raw)) + bytes(raw)
        packed += bytes(max(SMALLEST - len(packed), 0))
        packed += struct.pack("<I", crc32(packed) & 0xFFFFFFFF)
        try:
            if self._fs is None or self._room() < len(packed):
                raise image.ImageError(messages.E_STORE)
            with self._fs.open(SLOTS[slot], "wb") as file:
                file.write(packed)
            with self._fs.open(SLOTS[slot], "rb") as file:
                same = file.read(len(packed) + 1) == packed
        except OSError:
            same = False  # full, worn out or gone: the other slot still holds the old image
        if not same:
            raise image.ImageError(messages.E_STORE)
        self.generation += 1
        self.slot = slot

    def discard(self) -> None:
        """Remove the newest image, so that the one before it is in force again, or none.

        Raises ImageError(E_STORE) where that fails.
        """
        try:
            if self._fs is not None:
                self._fs.remove(SLOTS[self.slot])
        except OSError:
            raise image.ImageError(messages.E_STORE)
        self.generation = 0
        self.slot = 1 - self.slot
        self.newest()

    def works(self) -> bool:
        """Whether the partition is mounted and can be asked."""
        try:
            return self._room() >= 0
        except OSError:
            return False

    def _room(self) -> int:
        if self._fs is None:
            return -1
        facts = self._fs.statvfs("/")
        return (facts[3] - RESERVE_BLOCKS) * facts[0]

    def _read(self, slot: int):
        """(generation, raw), (0, None) for a damaged slot, None for an empty one."""
        if self._fs is None:
            return None
        try:
            with self._fs.open(SLOTS[slot], "rb") as file:
                packed = file.read(image.MAX_IMAGE + OVERHEAD + 1)
        except OSError as error:
            return None if error.args[0] == 2 else (0, None)  # 2: ENOENT
        n = len(packed)
        if not n:
            return None  # a file whose writing was cut before its first page
        if n <= OVERHEAD or crc32(packed[: n - 4]) & 0xFFFFFFFF != struct.unpack("<I", packed[n - 4 :])[0]:
            return 0, None
        generation, length = struct.unpack("<II", packed[:8])
        raw = packed[8 : 8 + length]
        try:
            image.unpack(raw)
        except image.ImageError:
            return 0, None
        return generation, raw


def _mounted(flash):
    try:
        return VfsLfs2(flash, progsize=PAGE)
    except OSError:
        if not _never_used(flash):
            raise
    VfsLfs2.mkfs(flash, progsize=PAGE)  # blank, or cut off in its first formatting: nothing was ever stored
    return VfsLfs2(flash, progsize=PAGE)


def _never_used(flash) -> bool:
    piece = bytearray(PAGE)
    blank = b"\xff" * PAGE
    for block in range(2, flash.ioctl(4, 0)):  # an image lies in blocks of its own, behind the two of the directory
        for offset in range(0, flash.ioctl(5, 0), PAGE):
            flash.readblocks(block, piece, offset)
            if piece != blank:
                return False
    return True
