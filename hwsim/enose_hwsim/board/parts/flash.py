"""NOR flash: 4 KiB sectors; erasing sets bits, programming can only clear them."""

from pathlib import Path

SECTOR = 4096
ERASE_US = 45_000  # a sector, typical; 400 ms at most (W25Q16JV data sheet, t_SE)


class FlashFileError(ValueError):
    """A file that cannot keep the board's flash."""


class FlashPart:
    """The whole flash, kept in memory and, with a path, in a file beside it."""

    def __init__(self, size: int, path: Path | None = None) -> None:
        """Blank, or as the file at path was left. Raises FlashFileError where that does not work."""
        self._path = path
        self.cells = bytearray(b"\xff" * size)
        self.erases = 0
        self.writes = 0
        self.erase_us = ERASE_US
        if path is None:
            return
        try:
            if path.exists():
                kept = path.read_bytes()
                if len(kept) != size:
                    raise FlashFileError(f"{path}: {len(kept)} bytes, the board's flash has {size}")
                self.cells[:] = kept
            self._keep()
        except OSError as error:
            raise FlashFileError(f"{path}: cannot keep the board's flash ({error.strerror})") from error

    def read(self, offset: int, count: int) -> bytes:
        """Bytes from offset on."""
        return bytes(self.cells[offset : offset + count])

    def write(self, offset: int, data: bytes) -> None:
        """Program: each byte becomes what it was AND what is written."""
        self.writes += 1
        old = self.cells[offset : offset + len(data)]
        self.cells[offset : offset + len(data)] = bytes(a & b for a, b in zip(old, data, strict=True))
        self._keep()

    def erase(self, offset: int) -> None:
        """Erase the sector at offset."""
        self.erases += 1
        start = offset // SECTOR * SECTOR
        self.cells[start : start + SECTOR] = b"\xff" * SECTOR
        self._keep()

    def _keep(self) -> None:
        if self._path is not None:
            self._path.write_bytes(self.cells)
