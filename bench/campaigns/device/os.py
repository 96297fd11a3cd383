"""`os` whose littlefs knows its last file, so that a program that died in it can be cleared away.

A cut inside `close` leaves a file that nobody closed; the garbage collector would do it, at any time and with the heap
locked. `close_last` does it at once. The firmware has one file open at a time.
"""

from uos import *  # noqa: F403 - everything else is the interpreter's own
from uos import VfsLfs2 as _VfsLfs2

_last = None


def close_last():
    """Close the last file if it is open, whatever comes of it; the flash below is a copy that is thrown away."""
    global _last
    file, _last = _last, None
    if file is not None:
        try:  # noqa: SIM105 - MicroPython has no contextlib
            file.close()
        except OSError:
            pass  # littlefs gave up: closed all the same


class VfsLfs2:
    """The interpreter's VfsLfs2, which keeps the file that it opened last."""

    def __init__(self, flash, **options):
        self._fs = _VfsLfs2(flash, **options)
        self.remove = self._fs.remove
        self.statvfs = self._fs.statvfs

    @staticmethod
    def mkfs(flash, **options):
        """Format."""
        _VfsLfs2.mkfs(flash, **options)

    def open(self, path, mode):
        """Open a file."""
        global _last
        _last = self._fs.open(path, mode)
        return _last
