"""Faults of the clock, the processor and its memory."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from enose_hwsim.board.device_side import statuses
from enose_hwsim.board.faults.fault import Begin, Fault, Start, Undo, instead
from enose_hwsim.board.parts.ads1115 import Ads1115Part
from enose_hwsim.board.serving import Stalled

if TYPE_CHECKING:
    from enose_hwsim.board.simulated import SimulatedBoard

WRAP_S = 2**30 / 1e3  # of MicroPython's millisecond counter
AHEAD_S, BACK_S = 5.0, -2.0
SMALL_HEAP_KIB = 148


def tick_wraps(start: Start, at_s: float) -> None:
    """The millisecond counter wraps at_s after the start."""
    start.start_s = WRAP_S - at_s


def small_heap(start: Start, at_s: float) -> None:
    """The heap is smaller than the firmware was made for."""
    start.heap_kib = SMALL_HEAP_KIB


def jumping(by_s: float) -> Begin:
    """The clock jumps, once."""

    def begin(board: SimulatedBoard, t_s: float) -> Undo:
        return board.jump_clock(by_s)

    return begin


def hang(board: SimulatedBoard, t_s: float) -> Undo:
    """The next conversion of the microcontroller's ADC does not come back: whoever asked for it hangs."""
    wiring = board.wiring

    def never(pin: int) -> int:
        undo()
        raise Stalled(statuses.HANGS)

    undo = instead(wiring, "mcu_adc", never)
    return lambda: None if "mcu_adc" not in vars(wiring) else undo()


def fragmented(board: SimulatedBoard, t_s: float) -> Undo:
    """From the next conversion on, no free piece of the heap is longer than 512 bytes."""
    wiring = board.wiring
    convert = wiring.mcu_adc

    def convert_once(pin: int) -> int:
        undo()
        raise Stalled(statuses.FRAGMENTS, struct.pack("<H", convert(pin)))

    undo = instead(wiring, "mcu_adc", convert_once)
    return lambda: None if "mcu_adc" not in vars(wiring) else undo()


def raising(board: SimulatedBoard, t_s: float) -> Undo:
    """Reading any I2C ADC raises what nobody expects, in the task that reads it."""

    def read(count: int, t_s: float) -> bytes:
        raise Stalled(statuses.RAISES)

    adcs = [part for part in board.wiring.i2c.parts.values() if isinstance(part, Ads1115Part)]
    ends = [instead(adc, "read", read) for adc in adcs]

    def undo() -> None:
        for end in ends:
            end()

    return undo


STALE = "answers of NONE: the weights are stale, until the image is programmed again; nothing with memristors"
FAULTS = (
    Fault(41, "tick-wraps", "time", "the millisecond counter wraps, at the given time after the start",
          "nothing changes", "nothing", from_start=tick_wraps),
    Fault(42, "clock-jumps-ahead", "time", "the clock jumps ahead by 5 s",
          "takes weights that leak for stale", STALE, jumping(AHEAD_S)),
    Fault(42, "clock-jumps-back", "time", "the clock jumps back by 2 s",
          "takes weights that leak for stale", STALE, jumping(BACK_S)),
    Fault(43, "task-hangs", "time", "a task does not come back",
          "the watchdog resets it within 8 s; it starts with its image, and notes the task in the log",
          "`device log`: start, watchdog, and the task", hang),
    Fault(44, "memory-runs-out", "time", f"a heap of {SMALL_HEAP_KIB} KiB, in place of the board's",
          "safe state or success", "the fault: an exception in a task", from_start=small_heap),
    Fault(45, "heap-fragmented", "time", "no free piece of the heap is longer than 512 bytes",
          "measures and refreshes as before, its buffers were allocated first; what needs more is refused, or the safe"
          " state", "nothing", fragmented),
    Fault(46, "exception-in-a-task", "time", "reading an I2C ADC raises an exception that nobody expects",
          "safe state, noted in the log; the link goes on", "the fault: an exception in a task", raising),
)  # fmt: skip
