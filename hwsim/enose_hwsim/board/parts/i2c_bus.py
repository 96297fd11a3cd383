"""An I2C bus: two open-drain lines with pull-ups, the parts on them, general calls (NXP UM10204, rev. 7).

Transfers are whole; the lines are seen one by one only while the firmware drives them itself, to free a held bus.
"""

import errno
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

GENERAL_CALL = 0x00


class Nack(OSError):
    """A byte that no part acknowledges; the firmware's bus sees its errno."""

    def __init__(self, why: str) -> None:
        """Why there is no acknowledge."""
        super().__init__(errno.ENXIO, why)


class OnBus(Protocol):
    """What every part on the bus answers."""

    def write(self, data: bytes, t_s: float) -> None:
        """A write transfer."""
        ...

    def read(self, count: int, t_s: float) -> bytes:
        """A read transfer of `count` bytes."""
        ...


class I2cPart(ABC):
    """A part on the bus. `absent` takes it off: nothing is acknowledged."""

    absent = False

    def write(self, data: bytes, t_s: float) -> None:
        """A write transfer. Raises Nack where the part does not acknowledge."""
        self._present()
        if data:
            self._write(data, t_s)

    def read(self, count: int, t_s: float) -> bytes:
        """A read transfer of `count` bytes. Raises Nack where the part does not acknowledge."""
        self._present()
        return self._read(count, t_s)

    def general_call(self, data: bytes, t_s: float) -> bool:
        """A write transfer to all parts; whether this one acknowledges."""
        return False

    @abstractmethod
    def _write(self, data: bytes, t_s: float) -> None:
        """A write transfer of at least one byte."""

    @abstractmethod
    def _read(self, count: int, t_s: float) -> bytes:
        """A read transfer."""

    def _present(self) -> None:
        if self.absent:
            raise Nack("no part at this address")


class I2cBus:
    """Parts by address. `sda_held_clocks` and `scl_held` are free to change while the board runs.

    sda_held_clocks: a part holds SDA low until it has seen that many more falling edges of SCL; scl_held: for ever.
    """

    def __init__(self, parts: Mapping[int, OnBus]) -> None:
        """The lines let go."""
        self.parts: dict[int, OnBus] = dict(parts)
        self.sda_held_clocks = 0
        self.scl_held = False
        self._scl = 1
        self._sda = 1
        self.stops = 0

    @property
    def scl(self) -> int:
        """The level of SCL."""
        return int(self._scl and not self.scl_held)

    @property
    def sda(self) -> int:
        """The level of SDA."""
        return int(self._sda and not self.sda_held_clocks)

    def set_scl(self, level: int) -> None:
        """The microcontroller pulls SCL low or lets it go."""
        if self.scl and not level and self.sda_held_clocks:
            self.sda_held_clocks -= 1
        self._scl = level

    def set_sda(self, level: int) -> None:
        """The microcontroller pulls SDA low or lets it go; let go while SCL is high, that is a stop."""
        before = self.sda
        self._sda = level
        self.stops += bool(self.scl and self.sda and not before)

    def write(self, address: int, data: bytes, t_s: float) -> None:
        """A write transfer. Raises OSError: Nack, or a timeout where a line is held."""
        self._free()
        if address == GENERAL_CALL:
            listening = [part for part in self.parts.values() if isinstance(part, I2cPart) and not part.absent]
            heard = [part.general_call(data, t_s) for part in listening]
            if not any(heard):
                raise Nack("no part acknowledges the general call")
        else:
            self._part(address).write(data, t_s)

    def read(self, address: int, count: int, written: bytes, t_s: float) -> bytes:
        """A read transfer after `written` bytes. Raises OSError: Nack, or a timeout where a line is held."""
        self._free()
        part = self._part(address)
        part.write(written, t_s)
        return part.read(count, t_s)

    def _part(self, address: int) -> OnBus:
        if address not in self.parts:
            raise Nack(f"no part at 0x{address:02x}")
        return self.parts[address]

    def _free(self) -> None:
        if not self.scl or not self.sda:
            raise OSError(errno.ETIMEDOUT, "a line of the bus is held low")
