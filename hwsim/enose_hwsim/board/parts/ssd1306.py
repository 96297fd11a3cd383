"""SSD1306, 128 x 64 OLED controller, I2C (Solomon Systech SSD1306, rev. 1.1, sections 8.1.5, 9 and 10, table 9-1).

The module around it is the usual one: charge pump, and a glass that stands upright with segment and COM remap set.
Scrolling is taken and not performed.
"""

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.board.parts.i2c_bus import I2cPart

COLUMNS, ROWS, PAGES = 128, 64, 8
HORIZONTAL, VERTICAL, PAGE = 0, 1, 2
VCOMH_LEVELS = (0x00, 0x20, 0x30)  # those that table 9-1 knows
# how many bytes follow a command (table 9-1 and the charge pump's application note); no entry: none
FOLLOWING = {
    0x20: 1, 0x21: 2, 0x22: 2, 0x26: 6, 0x27: 6, 0x29: 5, 0x2A: 5, 0x81: 1, 0x8D: 1, 0xA3: 2, 0xA8: 1, 0xD3: 1, 0xD5: 1,
    0xD9: 1, 0xDA: 1, 0xDB: 1,
}  # fmt: skip


class Ssd1306Part(I2cPart):
    """Registers and GDDRAM; `picture` is what a viewer sees."""

    def __init__(self, rng: np.random.Generator) -> None:
        """Powered up: display off, registers at their reset values, GDDRAM holding anything (rng's)."""
        self.ram: NDArray[np.uint8] = rng.integers(0, 256, (PAGES, COLUMNS), dtype=np.uint8)
        self.on = False
        self.pump = False
        self.contrast = 0x7F
        self.inverse = False
        self.all_on = False
        self.mode = PAGE
        self.unknown_commands = 0
        self._remap_columns = self._remap_rows = False
        self._start_line = self._offset = 0
        self._rows = ROWS
        self._column, self._page = 0, 0
        self._columns, self._pages = (0, COLUMNS - 1), (0, PAGES - 1)
        self._command = bytearray()

    @property
    def picture(self) -> NDArray[np.bool_]:
        """Which dots are lit, (64, 128), the first row on top. Dark while display or charge pump are off."""
        if not self.on or not self.pump:
            return np.zeros((ROWS, COLUMNS), np.bool_)
        memory = np.unpackbits(self.ram, axis=0, bitorder="little").astype(np.bool_).reshape(ROWS, COLUMNS)
        lines = (np.arange(ROWS) + self._start_line + self._offset) % ROWS
        lit = memory[lines] ^ self.inverse | self.all_on
        lit[self._rows :] = False
        if not self._remap_rows:
            lit = lit[::-1]
        return lit if self._remap_columns else lit[:, ::-1]

    @property
    def brightness(self) -> float:
        """The dots' current as a part of its largest: (contrast + 1) / 256 (section 10.1.7)."""
        return (self.contrast + 1) / 256

    def _write(self, data: bytes, t_s: float) -> None:
        """Control bytes, each with what follows: Co says whether one byte or all the rest, D/C whether data."""
        at = 0
        while at < len(data):
            control = data[at]
            last = not control & 0x80
            piece = data[at + 1 :] if last else data[at + 1 : at + 2]
            for byte in piece:
                if control & 0x40:
                    self._store(byte)
                else:
                    self._take(byte)
            at += 1 + len(piece)

    def _read(self, count: int, t_s: float) -> bytes:
        """The status register: bit 6 is set while the display is off (table 9-2)."""
        return bytes((0x00 if self.on else 0x40,)) * count

    def _store(self, byte: int) -> None:
        self.ram[self._page, self._column] = byte
        if self.mode == PAGE:
            self._column = (self._column + 1) % COLUMNS
            return
        columns_end = self._column == self._columns[1]
        pages_end = self._page == self._pages[1]
        if self.mode == HORIZONTAL or pages_end:
            self._column = self._columns[0] if columns_end else (self._column + 1) % COLUMNS
        if self.mode == VERTICAL or columns_end:
            self._page = self._pages[0] if pages_end else (self._page + 1) % PAGES

    def _take(self, byte: int) -> None:
        self._command.append(byte)
        command = self._command[0]
        if len(self._command) > FOLLOWING.get(command, 0):
            self._perform(command, bytes(self._command[1:]))
            self._command.clear()

    def _perform(self, command: int, values: bytes) -> None:
        if command < 0x20:
            if self.mode == PAGE:
                low, high = self._column & 0x0F, self._column & 0x70
                self._column = high | command if command < 0x10 else low | (command & 0x07) << 4
        elif 0x40 <= command < 0x80:
            self._start_line = command & 0x3F
        elif 0xB0 <= command < 0xB8:
            if self.mode == PAGE:
                self._page = command & 0x07
        elif command in FOLLOWING:
            self._set(command, values)
        elif command in (0xA0, 0xA1):
            self._remap_columns = bool(command & 1)
        elif command in (0xA4, 0xA5):
            self.all_on = bool(command & 1)
        elif command in (0xA6, 0xA7):
            self.inverse = bool(command & 1)
        elif command in (0xAE, 0xAF):
            self.on = bool(command & 1)
        elif 0xC0 <= command < 0xD0:
            self._remap_rows = bool(command & 0x08)
        elif command not in (0x2E, 0x2F, 0xE3):
            self.unknown_commands += 1

    def _set(self, command: int, values: bytes) -> None:
        if command == 0x20:
            self.mode = min(values[0] & 0x3, PAGE)
        elif command == 0x21:
            self._columns = values[0] & 0x7F, values[1] & 0x7F
            self._column = self._columns[0]
        elif command == 0x22:
            self._pages = values[0] & 0x07, values[1] & 0x07
            self._page = self._pages[0]
        elif command == 0x81:
            self.contrast = values[0]
        elif command == 0x8D:
            self.pump = bool(values[0] & 0x04)
        elif command == 0xA8:
            self._rows = (values[0] & 0x3F) + 1
        elif command == 0xD3:
            self._offset = values[0] & 0x3F
        elif command == 0xDB and values[0] not in VCOMH_LEVELS:
            self.unknown_commands += 1
