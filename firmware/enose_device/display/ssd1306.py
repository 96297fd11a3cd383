"""SSD1306, 128 x 64 OLED controller, I2C (Solomon Systech SSD1306, rev. 1.1, sections 8.1.5 and 9, table 9-1).

The picture is kept here; `show` sends what has changed in pieces of 16 columns, one a turn of the loop, so that nothing
waits for more than the 0.5 ms that a piece takes at 400 kHz: a hot chip's weights are refreshed every few milliseconds.
"""

from enose_device.display.font import GLYPHS, WIDTH, glyph_at

COLUMNS = 128
PAGES = 8
PIECE = 16  # columns that are sent at once
CELL = 6  # columns of a letter and the gap behind it
COMMANDS = 0x00  # control byte: all that follow are commands
NO_OPERATION = 0xE3
BLANK = bytes(COLUMNS)
# display off, clock, 64 rows, no offset, first line, charge pump on, page addressing, segments and rows the upright
# way, COM pins, contrast, precharge and VCOMH for the charge pump, memory shown, not inverse
SET_UP = b"\x00\xae\xd5\x80\xa8\x3f\xd3\x00\x40\x8d\x14\x20\x02\xa1\xc8\xda\x12\x81\x7f\xd9\xf1\xdb\x20\xa4\xa6"


class Ssd1306:
    """Text in lines of 8 dots and bars; columns and dots beyond the edge are cut off."""

    def __init__(self, bus, address: int) -> None:
        """bus: see enose_device.bus."""
        self._bus = bus
        self._address = address
        self._pages = [bytearray(BLANK) for _ in range(PAGES)]
        self._changed = bytearray(PAGES)  # of each page's pieces, a bit each
        self._piece = bytearray(b"\x40" + bytes(PIECE))  # in front the control byte: all that follow are data
        self._four = bytearray(4)

    def begin(self):
        """A task yielding the ms to wait: set the part up, empty its memory, and switch it on."""
        self._bus.writeto(self._address, SET_UP)
        self.clear()
        for page in range(PAGES):
            self._changed[page] = 0xFF
        yield from self.show()
        self.switch(True)

    def switch(self, on: bool) -> None:
        """Dots lit, or dark and asleep; the picture is kept."""
        self._commands(0xAF if on else 0xAE, NO_OPERATION, NO_OPERATION)

    def set_contrast(self, level: int) -> None:
        """0 (dim) to 255."""
        self._commands(0x81, level, NO_OPERATION)

    def clear(self) -> None:
        """All dots dark."""
        for page in range(PAGES):
            if self._pages[page] != BLANK:
                self._pages[page][:] = BLANK
                self._changed[page] = 0xFF

    def text(self, line: int, column: int, text: str, size: int = 1) -> None:
        """Letters from a column of dots on, in line 0..7; size 2 is twice as wide and as high (two lines)."""
        for character in text:
            at = glyph_at(character)
            for k in range(CELL):
                dots = GLYPHS[at + k] if k < WIDTH else 0
                for _ in range(size):
                    if size == 1:
                        self._put(line, column, dots)
                    else:
                        self._put(line, column, _stretched(dots & 0x0F))
                        self._put(line + 1, column, _stretched(dots >> 4))
                    column += 1

    def bar(self, line: int, column: int, width: int, ppm: int) -> None:
        """A framed bar `width` dots wide, filled from the left by ppm of 1000000."""
        filled = width * min(max(ppm, 0), 1000000) // 1000000
        for k in range(width):
            edge = k in (0, width - 1)
            self._put(line, column + k, 0x7E if edge or k < filled else 0x42)

    def show(self):
        """A task yielding the ms to wait: send what has changed."""
        for page in range(PAGES):
            for piece in range(COLUMNS // PIECE):
                if self._changed[page] >> piece & 1:
                    self._changed[page] &= ~(1 << piece)
                    self._send(page, piece * PIECE)
                    yield 0

    def _send(self, page: int, column: int) -> None:
        self._commands(0xB0 | page, column & 0x0F, 0x10 | column >> 4)
        for k in range(PIECE):
            self._piece[1 + k] = self._pages[page][column + k]
        self._bus.writeto(self._address, self._piece)

    def _put(self, page: int, column: int, dots: int) -> None:
        if page < PAGES and 0 <= column < COLUMNS and self._pages[page][column] != dots:
            self._pages[page][column] = dots
            self._changed[page] |= 1 << column // PIECE

    def _commands(self, first: int, second: int, third: int) -> None:
        four = self._four
        four[0], four[1], four[2], four[3] = COMMANDS, first, second, third
        self._bus.writeto(self._address, four)


def _stretched(four: int) -> int:
    """Each of four bits twice."""
    dots = 0
    for bit in range(4):
        if four >> bit & 1:
            dots |= 3 << 2 * bit
    return dots
