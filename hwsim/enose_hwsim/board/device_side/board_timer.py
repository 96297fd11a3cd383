"""`machine.Timer`: one at a time, which goes off once in virtual time; what the firmware uses."""

import board_wire


class Timer:
    ONE_SHOT = 0

    def __init__(self, id=-1):
        pass

    def init(self, *, mode, period, callback):
        board_wire.rings_us = board_wire.now_us() + period * 1000
        board_wire.ring = lambda: callback(self)

    def deinit(self):
        board_wire.rings_us = board_wire.NEVER_US
