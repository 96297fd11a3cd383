"""`os.VfsLfs2` of MicroPython on its block devices, by littlefs's own C code.

MicroPython 1.25 documentation, class vfs.VfsLfs2; its sizes of reads, caches and look-ahead (extmod/vfs_lfsx.c).
"""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Protocol

from littlefs import LFSConfig, LittleFS, LittleFSError, UserContext, lfs

READ_BYTES = LOOKAHEAD_BYTES = 32
BLOCK_CYCLES = 100
CACHE_READS = 4  # a cache holds so many of the larger of a read and a write
IOCTL_SYNC, IOCTL_BLOCKS, IOCTL_BLOCK_BYTES, IOCTL_ERASE = 3, 4, 5, 6


class Blocks(Protocol):
    """MicroPython's block device with the extended interface."""

    def readblocks(self, block: int, buffer: bytearray, offset: int, /) -> object:
        """Fill the buffer from there. Raises OSError."""
        ...

    def writeblocks(self, block: int, buffer: bytes, offset: int, /) -> object:
        """Program. Raises OSError."""
        ...

    def ioctl(self, operation: int, argument: int, /) -> int:
        """What the IOCTL numbers ask for. Raises OSError."""
        ...


class _Device(UserContext):
    """A block device for the library, whose reads have no way to say that they failed: they are kept in mind here."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._unread = 0  # the error of a read that failed

    def read(self, cfg: LFSConfig, block: int, off: int, size: int) -> bytearray:
        piece = bytearray(size)
        self._unread = -_number(lambda: self._blocks.readblocks(block, piece, off)) or self._unread
        return piece

    def prog(self, cfg: LFSConfig, block: int, off: int, data: bytes) -> int:
        return _number(lambda: self._blocks.writeblocks(block, data, off))

    def erase(self, cfg: LFSConfig, block: int) -> int:
        return _number(lambda: self._blocks.ioctl(IOCTL_ERASE, block))

    def sync(self, cfg: LFSConfig) -> int:
        return _number(lambda: self._blocks.ioctl(IOCTL_SYNC, 0))

    @contextmanager
    def told(self) -> Generator[None, None, None]:
        """Errors of the library and of the flash as MicroPython's: an OSError whose first argument is the number."""
        self._unread = 0
        try:
            yield
        except LittleFSError as error:
            raise OSError(self._unread or -error.code, str(error)) from error
        if self._unread:
            raise OSError(self._unread, "the flash cannot be read")


def _number(work: Callable[[], object]) -> int:
    try:
        work()
    except OSError as error:
        return -int(error.args[0])
    return 0


class _File:
    """An open file."""

    def __init__(self, system: LittleFS, device: _Device, name: str, mode: str) -> None:
        self._system, self._device = system, device
        with device.told():
            self._file = lfs.file_open(system.fs, name, mode.replace("b", ""))

    def read(self, most: int) -> bytes:
        with self._device.told():
            return bytes(lfs.file_read(self._system.fs, self._file, most))

    def write(self, data: bytes) -> int:
        with self._device.told():
            return int(lfs.file_write(self._system.fs, self._file, bytes(data)))

    def __enter__(self) -> "_File":
        return self

    def __exit__(self, *_: object) -> None:
        with self._device.told():
            lfs.file_close(self._system.fs, self._file)


class VfsLfs2:
    """A mounted file system: what the firmware calls of it."""

    def __init__(self, blocks: Blocks, readsize: int = READ_BYTES, progsize: int = READ_BYTES) -> None:
        """Mount it. Raises OSError where there is none."""
        self._device = _Device(blocks)
        self._system = _system(self._device, blocks, readsize, progsize)
        with self._device.told():
            self._system.mount()

    @staticmethod
    def mkfs(blocks: Blocks, readsize: int = READ_BYTES, progsize: int = READ_BYTES) -> None:
        """Format the device. Raises OSError."""
        device = _Device(blocks)
        with device.told():
            _system(device, blocks, readsize, progsize).format()

    def open(self, name: str, mode: str) -> _File:
        """Open a file in `rb` or `wb`. Raises OSError."""
        return _File(self._system, self._device, name, mode)

    def remove(self, name: str) -> None:
        """Remove a file. Raises OSError."""
        with self._device.told():
            lfs.remove(self._system.fs, name)

    def statvfs(self, path: str) -> tuple[int, ...]:
        """Block size twice, blocks, free blocks twice, and five more; as MicroPython's. Raises OSError."""
        with self._device.told():
            block_bytes, blocks = self._system.cfg.block_size, self._system.block_count
            free = blocks - self._system.used_block_count
        return block_bytes, block_bytes, blocks, free, free, 0, 0, 0, 0, 255


def _system(device: _Device, blocks: Blocks, read_bytes: int, write_bytes: int) -> LittleFS:
    return LittleFS(
        device, mount=False, block_size=blocks.ioctl(IOCTL_BLOCK_BYTES, 0),
        block_count=blocks.ioctl(IOCTL_BLOCKS, 0), read_size=read_bytes, prog_size=write_bytes,
        cache_size=CACHE_READS * max(read_bytes, write_bytes), lookahead_size=LOOKAHEAD_BYTES,
        block_cycles=BLOCK_CYCLES,
    )  # fmt: skip
