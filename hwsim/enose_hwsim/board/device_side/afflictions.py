"""What only a fault needs, and is no memory of the firmware's until then: a hang, an exception, a heap in pieces."""

import gc

import board_wire
import statuses

GAP = 512  # bytes between two blocks that stay
_held = []


def befall(status):
    """What a status above 0 asks for."""
    if status == statuses.RAISES:
        raise ValueError("a fault of the simulated board")
    if status == statuses.FRAGMENTS:
        _fragment()
    while status == statuses.HANGS:  # the watchdog resets
        board_wire.spend(1000)


def _fragment():
    """Leave no free piece of the heap longer than GAP: blocks that stay, with room between them."""
    gc.collect()
    _held[:] = [None] * (2 * gc.mem_free() // GAP)
    try:
        for k in range(0, len(_held), 2):
            _held[k] = bytearray(GAP)
            _held[k + 1] = bytearray(16)
    except MemoryError:
        pass  # there is nothing left but what lies between
    for k in range(0, len(_held), 2):
        _held[k] = None
    gc.collect()
