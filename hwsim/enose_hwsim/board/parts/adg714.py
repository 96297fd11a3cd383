"""ADG714, octal SPST switches behind a shift register, daisy-chained (Analog Devices data sheet, rev. E)."""

from collections.abc import Callable


class Adg714ChainPart:
    """Parts in a chain, the first one nearest to the microcontroller; switch s is bit s % 8 of part s // 8.

    `on_change(closed, t_s)` is told of every frame that took effect, with the numbers of the closed switches.
    """

    def __init__(self, parts: int, on_change: Callable[[frozenset[int], float], None]) -> None:
        """Powered up: every switch open."""
        self._register = bytearray(parts)
        self._on_change = on_change
        self._selected = False
        self.closed: frozenset[int] = frozenset()

    @property
    def selected(self) -> bool:
        """Whether SYNC is low."""
        return self._selected

    def select(self, level: int, t_s: float) -> None:
        """The SYNC pins: bits are shifted while they are low, and take effect when they rise."""
        rises = bool(level) and self._selected
        self._selected = not level
        if rises:
            self.closed = frozenset(
                8 * part + bit for part, byte in enumerate(self._register) for bit in range(8) if byte >> bit & 1
            )
            self._on_change(self.closed, t_s)

    def transfer(self, data: bytes) -> None:
        """Bytes in at the first part, what it held on to the next one; nothing while SYNC is high."""
        if self._selected:
            for byte in data:
                self._register = bytearray((byte,)) + self._register[:-1]
