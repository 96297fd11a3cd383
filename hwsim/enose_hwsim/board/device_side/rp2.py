"""`rp2`: the flash as a block device of 4 KiB blocks, the button; state machines are in rp2_pio."""

import struct

import board_wire
import operations

_BLOCK = 4096
_PAGE = 256
_PIECE = 1024  # what one answer holds


def __getattr__(name):
    """State machines take memory, and only a board with pulses asks for them."""
    import rp2_pio

    return getattr(rp2_pio, name)


def bootsel_button():
    board_wire.spend(20)  # the flash is let go of while its select pin is read
    return board_wire.call(operations.BUTTON, b"")[0]


class Flash:
    def __init__(self, *, start=0, len=0):
        self._start = start
        self._blocks = len // _BLOCK

    def readblocks(self, block, buffer, offset=0):
        view = memoryview(buffer)
        start = self._start + block * _BLOCK + offset
        for at in range(0, len(buffer), _PIECE):
            n = min(_PIECE, len(buffer) - at)
            view[at : at + n] = board_wire.call(operations.FLASH_READ, struct.pack("<II", start + at, n))

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        if offset % _PAGE or len(buffer) % _PAGE:
            raise OSError(22)  # the RP2040 programs whole pages
        payload = struct.pack("<I", self._start + block * _BLOCK + offset)
        board_wire.call(operations.FLASH_WRITE, payload + bytes(buffer))
        board_wire.spend(len(buffer) * 3)  # about 0.7 ms for a page of 256 bytes (W25Q16JV data sheet, t_PP)

    def ioctl(self, operation, argument):
        if operation == 4:
            return self._blocks
        if operation == 5:
            return _BLOCK
        if operation == 6:
            took = board_wire.call(operations.FLASH_ERASE, struct.pack("<I", self._start + argument * _BLOCK))
            board_wire.spend(struct.unpack("<I", took)[0])
            return 0
        return 0
