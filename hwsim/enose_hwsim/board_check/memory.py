"""Memory: the heap that MicroPython can give, and the flash beside its own file system."""

from collections.abc import Iterator

from enose_hwsim.board_check.problem import Problem
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.mcu import Microcontroller


def memory_problems(board: BoardFile, mcu: Microcontroller) -> Iterator[Problem]:
    """What is wrong with heap and flash."""
    flash = board.flash
    if board.heap_kib > mcu.heap_max_kib:
        expected = f"at most {mcu.heap_max_kib} KiB, what MicroPython has on the {mcu.title}"
        yield Problem("", "heap_kib", f"{board.heap_kib} KiB", expected)
    if flash.start_kib < flash.files_kib:
        expected = f"{flash.files_kib} KiB or more, behind MicroPython's own file system"
        yield Problem("flash", "start_kib", f"{flash.start_kib} KiB", expected)
    if flash.start_kib + flash.length_kib > mcu.files_kib:
        expected = f"at most {max(mcu.files_kib - flash.start_kib, 0)} KiB from there to the end of the {mcu.module}'s"
        yield Problem("flash", "length_kib", f"{flash.length_kib} KiB", expected + f" {mcu.files_kib} KiB")
