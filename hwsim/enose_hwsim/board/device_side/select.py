"""`select` whose waiting happens in virtual time."""

import board_wire
import uselect

POLLIN = uselect.POLLIN
POLLOUT = uselect.POLLOUT
POLLERR = uselect.POLLERR
POLLHUP = uselect.POLLHUP


class poll:
    def __init__(self):
        self._real = uselect.poll()

    def register(self, stream, flags=POLLIN | POLLOUT):
        self._real.register(stream, flags)

    def unregister(self, stream):
        self._real.unregister(stream)

    def poll(self, wait_ms=-1):
        found = self._real.poll(0)
        if found or wait_ms == 0:
            return found
        board_wire.idle(wait_ms * 1000 if wait_ms > 0 else 1 << 40)
        return self._real.poll(0)

    def ipoll(self, wait_ms=-1, flags=0):
        return iter(self.poll(wait_ms))
