"""A partition's file system with no room left, made by littlefs itself."""

from enose_hwsim.board.cpython_side.littlefs import IOCTL_BLOCK_BYTES, IOCTL_BLOCKS, IOCTL_ERASE, VfsLfs2

BLOCK, PAGE = 4096, 256  # of the flash, and what the firmware mounts it with
A_FILE = bytes(1024)


class Cells:
    """A partition in memory, as a block device."""

    def __init__(self, cells: bytes) -> None:
        """What it holds."""
        self.cells = bytearray(cells)

    def readblocks(self, block: int, buffer: bytearray, offset: int) -> None:
        """Read."""
        at = block * BLOCK + offset
        buffer[:] = self.cells[at : at + len(buffer)]

    def writeblocks(self, block: int, buffer: bytes, offset: int) -> None:
        """Program."""
        at = block * BLOCK + offset
        self.cells[at : at + len(buffer)] = buffer

    def ioctl(self, operation: int, argument: int) -> int:
        """Sizes, and erasing a block."""
        if operation == IOCTL_ERASE:
            self.cells[argument * BLOCK : (argument + 1) * BLOCK] = b"\xff" * BLOCK
        return {IOCTL_BLOCKS: len(self.cells) // BLOCK, IOCTL_BLOCK_BYTES: BLOCK}.get(operation, 0)


def filled(cells: bytes) -> bytes:
    """The same partition, with files until there is no room. Raises OSError where it holds no file system."""
    flash = Cells(cells)
    system = VfsLfs2(flash, progsize=PAGE)
    for k in range(len(cells) // len(A_FILE)):
        try:
            with system.open(f"/full{k}", "wb") as file:
                file.write(A_FILE)
        except OSError:
            break
    return bytes(flash.cells)
