"""One fault: its number and name, what is injected, and what the device makes of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from enose_hwsim.board.simulated import SimulatedBoard

SIDES = ("link", "flash", "sensor", "converter", "chip", "time", "host")

Undo = Callable[[], None]
Begin = Callable[["SimulatedBoard", float], Undo]


@dataclass
class Start:
    """What a board is switched on with."""

    start_s: float
    heap_kib: int


@dataclass(frozen=True)
class Fault:
    """A row of the table.

    begin(board, t_s) lets it befall a running board at t_s and returns what ends it; from_start(start, at_s) changes
    what the board is switched on with, for a fault that shows at_s later. With neither it is the host's own affair.
    """

    number: int
    name: str
    side: str  # one of SIDES
    what: str  # is injected
    does: str  # the device
    sees: str  # the user
    begin: Begin | None = None
    from_start: Callable[[Start, float], None] | None = None
    breaks_converter: bool = False  # its outputs are wrong until the firmware notices
    kind: str = ""  # of the boards that can have it; empty: all
    tested: str = ""  # where, if not in the matrix of its side

    @property
    def row(self) -> dict[str, Any]:
        """Number, name, side and the three texts, as JSON has them."""
        return {name: getattr(self, name) for name in ("number", "name", "side", "what", "does", "sees")} | {
            "injectable": self.begin is not None or self.from_start is not None
        }


def instead(part: object, method: str, replacement: Callable[..., Any]) -> Undo:
    """Have a part do something else in place of one of its methods, until it is undone."""
    before = vars(part).get(method)
    setattr(part, method, replacement)

    def undo() -> None:
        if before is None:
            delattr(part, method)
        else:
            setattr(part, method, before)

    return undo


def nothing_to_undo() -> None:
    """Of a fault that is over as soon as it has happened."""


def parse(text: str) -> tuple[str, float | None]:
    """NAME or NAME@TIME: the name, and the seconds after the start. Raises ValueError for a time that is none."""
    name, at, time = text.partition("@")
    if not at:
        return name, None
    try:
        at_s = float(time)
    except ValueError:
        at_s = math.nan
    if not 0 <= at_s < math.inf:
        raise ValueError(f"fault '{text}': time '{time}', expected seconds after the start, 0 or more")
    return name, at_s
