"""ADG714, eight analog switches behind a shift register, daisy-chained, SPI mode 1 (Analog Devices data sheet, rev. E).

Bits go in at falling clock edges while SYNC is low and take effect when it rises; 1 closes a switch. The first byte of
a frame ends up in the part farthest from the microcontroller. All switches are open after power-up.
"""


class Adg714Chain:
    """Switches numbered from the part nearest to the microcontroller: number s is bit s % 8 of part s // 8."""

    def __init__(self, spi, select, parts: int) -> None:
        """spi: a bus with write; select: the SYNC pins, high when idle."""
        self._spi = spi
        self._select = select
        self._frame = bytearray(parts)

    def open_all(self) -> None:
        """Open every switch; allocates nothing."""
        frame = self._frame
        for k in range(len(frame)):
            frame[k] = 0
        self.send()

    def plan(self, switch: int) -> None:
        """Have this switch closed by the next `send`, beside those that are closed or planned already."""
        self._frame[-1 - switch // 8] |= 1 << switch % 8

    def forget(self) -> None:
        """Plan anew, from all switches open."""
        for k in range(len(self._frame)):
            self._frame[k] = 0

    def send(self) -> None:
        """Put the plan into effect, every switch at one moment."""
        self._select.off()
        self._spi.write(self._frame)
        self._select.on()
