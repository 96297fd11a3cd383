"""The two pipes of the firmware's process, with the calls that MicroPython's files have."""

import os


class PipeIn:
    """Answers from the board."""

    def __init__(self, fd: int) -> None:
        """A pipe that blocks."""
        self._fd = fd

    def readinto(self, buffer: memoryview, count: int) -> None:
        """Exactly so many bytes. At the pipe's end the board is gone, and the process ends."""
        at = 0
        while at < count:
            piece = os.read(self._fd, count - at)
            if not piece:
                os._exit(0)
            buffer[at : at + len(piece)] = piece
            at += len(piece)


class PipeOut:
    """Requests to the board."""

    def __init__(self, fd: int) -> None:
        """A pipe that blocks."""
        self._fd = fd

    def write(self, data: bytes | memoryview) -> None:
        """All of it. Where the board is gone the process ends."""
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._fd, view) :]
        except BrokenPipeError:
            os._exit(0)
