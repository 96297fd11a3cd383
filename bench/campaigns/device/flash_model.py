"""NOR flash on a bytearray, as a block device of MicroPython's vfs, whose power fails at a chosen operation.

One operation is the program of one page or the erase of one block, as the RP2040 does them. What an interrupted one
leaves behind is its tear: `nothing`, `half`, `garbage` (a program clears any bits, an erase leaves any), `complete`.

PowerCut is raised once. What the program does while it unwinds is done to a copy that is thrown away: littlefs closes
its files then, and a file left open would be closed by the garbage collector at some later time.
"""

import random

PAGE = 256
BLOCK = 4096
TEARS = ("nothing", "half", "garbage", "complete")


class PowerCut(BaseException):
    """The power has gone. No Exception: nothing in the firmware may go on after it."""


class FlashModel:
    """The partition; `operations` counts those that were begun before the power went, `dead` says that it has gone."""

    def __init__(self, cells) -> None:
        """cells: a bytearray of whole blocks, kept and changed in place."""
        self.cells = cells
        self._view = memoryview(cells)
        self.operations = 0
        self.erased = []  # (block, what was in it)
        self.dead = False
        self._last = -1
        self._tear = TEARS[0]

    def cut(self, after: int, tear: str) -> None:
        """Let `after` more operations happen whole, and cut the power in the next one."""
        self._last = self.operations + after
        self._tear = tear

    def stop(self) -> None:
        """The program that used it is gone: what is still done to it is done to a copy."""
        self.dead = True
        self._view = memoryview(bytearray(self.cells))

    def readblocks(self, block: int, buffer, offset: int = 0) -> None:
        """Read from one block."""
        start = block * BLOCK + offset
        buffer[:] = self._view[start : start + len(buffer)]

    def writeblocks(self, block: int, buffer, offset=None) -> None:
        """Program whole pages; without an offset the block is erased first."""
        if offset is None:
            self._erase(block)
            offset = 0
        if offset % PAGE or len(buffer) % PAGE:
            raise OSError(22)
        start = block * BLOCK + offset
        for at in range(0, len(buffer), PAGE):
            self._program(start + at, bytes(buffer[at : at + PAGE]))

    def ioctl(self, operation: int, argument: int):
        """4: blocks, 5: bytes of a block, 6: erase one."""
        if operation == 4:
            return len(self.cells) // BLOCK
        if operation == 5:
            return BLOCK
        if operation == 6:
            self._erase(argument)
        return 0

    def _program(self, start: int, page: bytes) -> None:
        torn = self._begins()
        if torn == "nothing":
            page = b"\xff" * PAGE
        elif torn == "half":
            page = page[: PAGE // 2] + b"\xff" * (PAGE // 2)
        elif torn == "garbage":
            page = _noise(PAGE)
        old = bytes(self._view[start : start + PAGE])
        both = int.from_bytes(old, "little") & int.from_bytes(page, "little")
        self._view[start : start + PAGE] = both.to_bytes(PAGE, "little")
        self._ends(torn)

    def _erase(self, block: int) -> None:
        torn = self._begins()
        start = block * BLOCK
        if not self.dead:
            self.erased.append((block, bytes(self._view[start : start + BLOCK])))
        if torn in ("", "complete"):
            self._view[start : start + BLOCK] = b"\xff" * BLOCK
        elif torn == "half":
            self._view[start : start + BLOCK // 2] = b"\xff" * (BLOCK // 2)
        elif torn == "garbage":
            self._view[start : start + BLOCK] = _noise(BLOCK)
        self._ends(torn)

    def _begins(self) -> str:
        """The tear of the operation that begins now, or "" where it is left whole."""
        if self.dead:
            return ""
        self.operations += 1
        return self._tear if self.operations - 1 == self._last else ""

    def _ends(self, torn: str) -> None:
        if torn:
            self.stop()
            raise PowerCut


def _noise(count: int) -> bytes:
    return b"".join([random.getrandbits(30).to_bytes(4, "little")[:3] for _ in range(-(-count // 3))])[:count]
