"""`time` in virtual time; ticks wrap at 2**30 as on the boards."""

import board_wire

_MASK = 0x3FFFFFFF
_HALF = 0x20000000


def ticks_us():
    return board_wire.now_us() & _MASK


def ticks_ms():
    return board_wire.now_us() // 1000 & _MASK


def ticks_add(ticks, start):
    return ticks + start & _MASK


def ticks_diff(end, start):
    return (end - start + _HALF & _MASK) - _HALF


def sleep_us(us):
    board_wire.spend(us)


def sleep_ms(wait_ms):
    end = board_wire.now_us() + wait_ms * 1000
    while True:
        left = end - board_wire.now_us()
        if left <= 0:
            return
        board_wire.idle(left)


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


def time():
    return board_wire.now_us() // 1000000
