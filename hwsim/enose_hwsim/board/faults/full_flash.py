"""A partition's file system with no room left, made by the interpreter whose file system it is."""

import subprocess

from enose_hwsim.board.process import find_micropython

TIMEOUT_S = 20.0
SCRIPT = """
import os, sys
cells = bytearray(sys.stdin.buffer.read())
class Blocks:
    def readblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        buffer[:] = cells[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        at = block * 4096 + offset
        cells[at : at + len(buffer)] = buffer
    def ioctl(self, operation, argument):
        if operation == 6:
            cells[argument * 4096 : (argument + 1) * 4096] = bytes([255]) * 4096
        return {4: len(cells) // 4096, 5: 4096}.get(operation, 0)
system = os.VfsLfs2(Blocks(), progsize=256)
for k in range(1000):
    try:
        with system.open("/full%d" % k, "wb") as file:
            file.write(bytes(1024))
    except OSError:
        break
sys.stdout.buffer.write(cells)
"""


def filled(cells: bytes) -> bytes:
    """The same partition, with files until there is no room. Raises MicroPythonMissing, CalledProcessError."""
    command = [find_micropython(), "-X", "heapsize=4M", "-c", SCRIPT]
    return subprocess.run(command, input=cells, capture_output=True, timeout=TIMEOUT_S, check=True).stdout
