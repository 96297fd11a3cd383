"""The weight images, in two slots on a littlefs2 partition of their own.

A slot file is generation (u32), length of the image (u32), number of its seal (u32), image, padding, CRC-32 of it all,
written in one go and read back. The newest slot that is whole is the image in force; the other one is written next, so
a power cut leaves the old image or the new one.
"""

import struct
from binascii import crc32

# in `os` up to MicroPython 2.0, in `vfs` from 1.23 on; the stubs know the second place only
from os import VfsLfs2  # pyright: ignore[reportAttributeAccessIssue]

from enose_contract import image, messages

SLOTS = ("/a.img", "/b.img")
HEAD = "<III"
HEAD_SIZE = struct.calcsize(HEAD)
OVERHEAD = HEAD_SIZE + 4
# littlefs keeps a file of up to an eighth of a block inside the directory, where damage to one slot takes the other
# along; padded beyond that, each slot lies in blocks of its own.
SMALLEST = 1024
ENOENT = 2
PAGE = 256  # NOR flash is programmed in whole pages
RESERVE_BLOCKS = 4  # littlefs copies on write: room for the new file's blocks and its directory's


FILE_ROOM = 4096  # an open file's buffers and a block of littlefs, generously


def _have_room(count: int) -> None:
    """Raise MemoryError now: an allocation that fails inside the file system would leave it in pieces."""
    bytearray(count)


class Store:
    """Slots of images. `problem` is FAULT_MOUNT or FAULT_IMAGES where there is something, but nothing usable."""

    def __init__(self, flash) -> None:
        """flash: a block device. Only a partition that is blank (never used) is formatted; a damaged one never is."""
        self.generation = 0
        self.counter = 0  # the highest number of a seal that is known of
        self.slot = 1
        self.problem = messages.FAULT_NONE
        self.damaged = 0  # bit k for slot k
        self._fs = None  # the mounted file system
        try:
            self._fs = _mounted(flash)
        except OSError:
            self.problem = messages.FAULT_MOUNT

    @property
    def mounted(self) -> bool:
        """Whether there is a file system."""
        return self._fs is not None

    def newest(self):
        """The image in force, or None. Sets `generation`, `counter`, `slot`, `problem` and `damaged`."""
        best = None
        self.damaged = 0
        if self.problem == messages.FAULT_IMAGES:
            self.problem = messages.FAULT_NONE
        for slot in range(2):
            found = self._read(slot)
            if found is None:
                continue
            generation, counter, raw = found
            self.counter = max(self.counter, counter)
            if raw is None:
                self.damaged |= 1 << slot
            elif best is None or generation > self.generation:
                best = raw
                self.generation = generation
                self.slot = slot
        if best is None:
            if self.damaged:
                self.problem = messages.FAULT_IMAGES
            return None
        return image.unpack(best)

    def commit(self, raw, counter: int = 0) -> None:
        """Store raw as the newest image, with the number of its seal.

        Raises ImageError(E_STORE), the old image kept, where that fails.
        """
        if self.generation and self._read(self.slot) == (self.generation, counter, bytes(raw)):
            return  # the power went between the last commit and its reply, and the host asks again
        slot = 1 - self.slot
        packed = struct.pack(HEAD, self.generation + 1, len(raw), counter) + bytes(raw)
        packed += bytes(max(SMALLEST - len(packed), 0))
        packed += struct.pack("<I", crc32(packed) & 0xFFFFFFFF)
        self.save(SLOTS[slot], packed)
        self.counter = max(self.counter, counter)
        self.generation += 1
        self.slot = slot

    def save(self, name: str, packed: bytes) -> None:
        """Write a file in one go and read it back. Raises ImageError(E_STORE), the file as it was, where that fails."""
        try:
            if self._fs is None or self._room() < len(packed):
                raise image.ImageError(messages.E_STORE)
            _have_room(FILE_ROOM)
            with self._fs.open(name, "wb") as file:
                file.write(packed)
            same = self.load(name, len(packed)) == packed
        except OSError:
            same = False  # full, worn out or gone
        if not same:
            raise image.ImageError(messages.E_STORE)

    def load(self, name: str, most: int):
        """A file of at most so many bytes (one more is read, so that a longer one is seen); None where there is none.

        Raises OSError where it is there and cannot be read.
        """
        if self._fs is None:
            return None
        try:
            _have_room(FILE_ROOM)
            with self._fs.open(name, "rb") as file:
                return file.read(most + 1)
        except OSError as error:
            if error.args[0] == ENOENT:
                return None
            raise

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
        """(generation, counter, raw), (0, 0, None) for a damaged slot, None for an empty one."""
        if self._fs is None:
            return None
        try:
            packed = self.load(SLOTS[slot], image.MAX_IMAGE + OVERHEAD)
        except OSError:
            return 0, 0, None
        if not packed:
            return None  # no file, or one whose writing was cut before its first page
        n = len(packed)
        if n <= OVERHEAD or crc32(packed[: n - 4]) & 0xFFFFFFFF != struct.unpack("<I", packed[n - 4 :])[0]:
            return 0, 0, None
        generation, length, counter = struct.unpack(HEAD, packed[:HEAD_SIZE])
        raw = packed[HEAD_SIZE : HEAD_SIZE + length]
        try:
            image.unpack(raw)
        except image.ImageError:
            return 0, 0, None
        return generation, counter, raw


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
