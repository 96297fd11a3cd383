"""Faults of the flash, and of the power while it is written."""

from __future__ import annotations

import struct
from functools import partial
from typing import TYPE_CHECKING

from enose_contract.image import MAGIC
from enose_hwsim.board.faults.fault import Begin, Fault, Undo, instead, nothing_to_undo
from enose_hwsim.board.faults.full_flash import filled
from enose_hwsim.board.parts.flash import SECTOR
from enose_hwsim.board.serving import FirmwareReset

if TYPE_CHECKING:
    from enose_hwsim.board.simulated import SimulatedBoard

SLOT_HEAD = "<III"  # generation, length, number of the seal; in front of an image in its slot
BEHIND_FILES = 5  # blocks of the log and of the key, behind the file system (enose_device.partition)
RESETS, RESET_EVERY_US = 3, 2_000_000
ROTTEN = 0x10
WORN_EVERY = 37  # bytes of a worn sector of which one keeps its zeros


def power_cut(board: SimulatedBoard, t_s: float) -> Undo:
    """The next flash operation is done half, and the power is gone; then it comes back."""
    flash = board.flash

    def write(offset: int, data: bytes) -> None:
        undo()
        flash.write(offset, data[: len(data) // 2])
        board.lose_power()

    def erase(offset: int) -> None:
        undo()
        half = flash.read(offset // SECTOR * SECTOR + SECTOR // 2, SECTOR // 2)
        flash.erase(offset)
        flash.write(offset // SECTOR * SECTOR + SECTOR // 2, half)
        board.lose_power()

    ends = [instead(flash, "write", write), instead(flash, "erase", erase)]

    def undo() -> None:
        while ends:
            ends.pop()()

    return undo


def torn_writes(board: SimulatedBoard, t_s: float) -> Undo:
    """Every page is programmed half."""
    write = board.flash.write
    return instead(board.flash, "write", lambda offset, data: write(offset, data[: len(data) // 2]))


def rotten(every_slot: bool) -> Begin:
    """A bit of the newest slot, or of both, has rotted; the power goes for a moment, for only a start reads them."""

    def begin(board: SimulatedBoard, t_s: float) -> Undo:
        found = _slots(board)
        newest = max((generation for _, generation, _ in found), default=0)
        for at, generation, length in found:
            if every_slot or generation == newest:
                board.flash.cells[at + length // 2] ^= ROTTEN
        board.lose_power()
        return nothing_to_undo

    return begin


def full(board: SimulatedBoard, t_s: float) -> Undo:
    """A file takes all the room that there is; put there while the power is gone for a moment."""
    start, end = _files(board)
    board.flash.cells[start:end] = filled(bytes(board.flash.cells[start:end]))
    board.lose_power()
    return nothing_to_undo


def worn(board: SimulatedBoard, t_s: float) -> Undo:
    """No sector comes up blank any more when it is erased: some of its bits stay zero."""
    flash = board.flash
    erase = flash.erase

    def erase_badly(offset: int) -> None:
        erase(offset)
        start = offset // SECTOR * SECTOR
        flash.cells[start : start + SECTOR : WORN_EVERY] = bytes(len(range(0, SECTOR, WORN_EVERY)))

    return instead(flash, "erase", erase_badly)


def garbled(board: SimulatedBoard, t_s: float) -> Undo:
    """The file system's directory is gone; the power goes for a moment, for only a start mounts it."""
    start, _ = _files(board)
    board.flash.cells[start : start + 2 * SECTOR] = b"\x5a" * 2 * SECTOR
    board.lose_power()
    return nothing_to_undo


def reset_loop(board: SimulatedBoard, t_s: float) -> Undo:
    """The microcontroller is reset every two seconds, three times."""

    def reset(now_us: int) -> None:
        raise FirmwareReset(now_us, bytes(4))

    for k in range(RESETS):
        board.at(round(t_s * 1e6) + k * RESET_EVERY_US, reset)
    return nothing_to_undo


def stalling(erase_us: int) -> Begin:
    """Every erase takes so long."""

    def begin(board: SimulatedBoard, t_s: float) -> Undo:
        before, board.flash.erase_us = board.flash.erase_us, erase_us
        return partial(setattr, board.flash, "erase_us", before)

    return begin


def _files(board: SimulatedBoard) -> tuple[int, int]:
    """Where the file system lies in flash."""
    flash = board.board_file.flash
    return flash.start_kib * 1024, (flash.start_kib + flash.length_kib) * 1024 - BEHIND_FILES * SECTOR


def _slots(board: SimulatedBoard) -> list[tuple[int, int, int]]:
    """Every image in flash, old copies too: where it begins, its generation, its length."""
    start, end = _files(board)
    cells, found = bytes(board.flash.cells[:end]), []
    at = cells.find(MAGIC, start)
    while at >= 0:
        generation, length, _ = struct.unpack_from(SLOT_HEAD, cells, at - struct.calcsize(SLOT_HEAD))
        found.append((at, generation, length))
        at = cells.find(MAGIC, at + 1)
    return found


STORE_FAILED = "the image store failed; the old image is kept"
STALE = "answers of NONE, the weights are stale, until the image is programmed again; nothing with memristors"
FAULTS = (
    Fault(14, "power-cut", "flash", "the power goes in the middle of the next flash operation, and comes back",
          "starts with the old image or the new one, whole", "the generation of the image, by `device info`",
          power_cut),
    Fault(15, "torn-write", "flash", "every page is programmed half",
          "reads back what it has written, and refuses it; the old image stays", STORE_FAILED, torn_writes),
    Fault(16, "bit-rot", "flash", "a bit of the newest slot has rotted when the device starts",
          "takes the other slot, and notes it in the log", "`device log`: damaged image; the generation before",
          rotten(False)),
    Fault(17, "both-slots-bad", "flash", "a bit of each slot has rotted when the device starts",
          "safe state; cleared, it comes up without an image", "the fault: no stored weight image is readable",
          rotten(True)),
    Fault(18, "flash-full", "flash", "a file takes all the room in the partition",
          "refuses an upload before anything is erased", STORE_FAILED, full),
    Fault(19, "will-not-erase", "flash", "erased sectors keep some zeros",
          "reads back what it has written, and refuses it; the old image stays", STORE_FAILED, worn),
    Fault(20, "will-not-mount", "flash", "the directory of the partition is gone when the device starts",
          "safe state; the partition is never formatted unasked", "the fault: the image partition does not mount",
          garbled),
    Fault(21, "reset-loop", "flash", "three resets, two seconds apart",
          "safe mode: every pin at rest, only the link runs, until it is cleared",
          "the fault: it was reset three times within a minute of its start", reset_loop),
    Fault(22, "erase-stalls-170ms", "flash", "erasing a sector takes 170 ms",
          "rewrites weights that leak just before; where that does not last they are stale until programmed anew;"
          " memristors keep theirs",
          STALE, stalling(170_000)),
    Fault(22, "erase-stalls-800ms", "flash", "erasing a sector takes 800 ms",
          "the same", STALE, stalling(800_000)),
)  # fmt: skip
