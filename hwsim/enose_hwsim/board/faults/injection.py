"""Lets faults befall a board, at once or when their time has come, and ends them."""

from __future__ import annotations

import difflib
import heapq
from collections.abc import Callable, Iterable
from itertools import count
from typing import TYPE_CHECKING

from enose_hwsim.board.faults.fault import Fault, Start, Undo, nothing_to_undo, parse
from enose_hwsim.board.faults.table import BY_NAME
from enose_hwsim.boardfile import BoardFile

if TYPE_CHECKING:
    from enose_hwsim.board.simulated import SimulatedBoard

NOTICED_S = 1.5  # the firmware looks at its converters once a second
ON_PARTS = ("converter", "chip")  # after a power cycle these are faults of other parts


def fault_named(name: str) -> Fault:
    """The row of the table. Raises ValueError with the nearest names."""
    if name not in BY_NAME:
        near = difflib.get_close_matches(name, BY_NAME, 3, 0.4)
        hint = f"did you mean {' or '.join(near)}?" if near else "`enose sim --list-faults` lists them"
        raise ValueError(f"fault '{name}': there is none of that name; {hint}")
    return BY_NAME[name]


def from_the_start(
    faults: Iterable[str], start_s: float, board: BoardFile
) -> tuple[float, int, list[tuple[str, float]]]:
    """start_s and heap_kib that the board is switched on with, and the faults that come later, with their times.

    Raises ValueError for a name that is none, a time that is none, and a fault that such a board cannot have.
    """
    start, later = Start(start_s, board.heap_kib), []
    for text in faults:
        name, at_s = parse(text)
        fault = fault_named(name)
        if fault.from_start is not None:
            fault.from_start(start, at_s or 0.0)
        else:
            _begin_of(fault, board)
            later.append((name, at_s or 0.0))
    return start.start_s, start.heap_kib, later


class Injection:
    """The faults of one board: those that it has, and those that are still to come."""

    def __init__(self, board: SimulatedBoard, start_s: float) -> None:
        """The board was switched on at start_s."""
        self._board = board
        self._start_s = start_s
        self.agenda: list[tuple[int, int, Callable[[int], None]]] = []
        self._order = count()
        self._active: dict[str, Undo] = {}

    def schedule(self, name: str, at_s: float) -> None:
        """Let it happen at_s seconds after the start. Raises ValueError."""
        _begin_of(fault_named(name), self._board.board_file)
        self.at(round((self._start_s + at_s) * 1e6), lambda now_us: self.begin(name, now_us * 1e-6))

    def at(self, due_us: int, action: Callable[[int], None]) -> None:
        """Have action(now_us) done ahead of the firmware's first request after due_us."""
        heapq.heappush(self.agenda, (due_us, next(self._order), action))

    def turn(self, now_us: int) -> None:
        """Do what is due."""
        while self.agenda and self.agenda[0][0] <= now_us:
            heapq.heappop(self.agenda)[2](now_us)

    def begin(self, name: str, t_s: float) -> None:
        """Let it happen at t_s; one that is there already begins anew. Raises ValueError."""
        fault = fault_named(name)
        begin = _begin_of(fault, self._board.board_file)
        if name in self._active:
            self.end(name)
        if fault.breaks_converter:
            self._board.monitor.excuse(t_s, NOTICED_S)
        undo = begin(self._board, t_s)
        if undo is not nothing_to_undo:
            self._active[name] = undo

    def end(self, name: str) -> None:
        """Raises ValueError for a fault that is not there."""
        if name not in self._active:
            raise ValueError(f"fault '{name}' was not injected, is over, or its time has not come")
        self._active.pop(name)()

    def lift(self) -> list[str]:
        """End the faults of the parts that the board has; their names."""
        names = [name for name in self._active if BY_NAME[name].side in ON_PARTS]
        for name in names:
            self.end(name)
        return names


def _begin_of(fault: Fault, board: BoardFile) -> Callable[[SimulatedBoard, float], Undo]:
    if fault.kind not in ("", board.kind):
        raise ValueError(f"fault '{fault.name}' is one of a board with a {fault.kind} chip; {board.name} has another")
    if fault.begin is not None:
        return fault.begin
    if fault.from_start is not None:
        raise ValueError(f"fault '{fault.name}' can only be there from the start")
    raise ValueError(f"fault '{fault.name}' is no fault of a board: it is tested at the host")
