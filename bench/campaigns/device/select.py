"""`select` for streams in memory: waiting is in virtual time."""

import board_wire

POLLIN = 1
POLLOUT = 4


class poll:  # noqa: N801 - MicroPython's name
    """One stream, looked at for bytes or for room; there is always room."""

    def register(self, stream, events):
        """The stream to look at."""
        self._stream = stream
        self._events = events

    def poll(self, timeout_ms=-1):
        """[(stream, events)] where it is ready, else []."""
        if self._events == POLLIN and not self._stream.waiting():
            if timeout_ms > 0:
                board_wire.wait(timeout_ms * 1000)
            return []
        return [(self._stream, self._events)]

    def ipoll(self, timeout_ms=-1, flags=0):
        """As `poll`, one after the other."""
        return iter(self.poll(timeout_ms))
