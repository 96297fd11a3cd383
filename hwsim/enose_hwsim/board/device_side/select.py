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

    def register(self, stream, events=POLLIN | POLLOUT):
        self._real.register(stream, events)

    def unregister(self, stream):
        self._real.unregister(stream)

    def poll(self, timeout_ms=-1):
        ready = self._real.poll(0)
        if ready or timeout_ms == 0:
            return ready
        board_wire.idle(timeout_ms * 1000 if timeout_ms > 0 else 1 << 40)
        return self._real.poll(0)

    def ipoll(self, timeout_ms=-1, flags=0):
        return iter(self.poll(timeout_ms))
