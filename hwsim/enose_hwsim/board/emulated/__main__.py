"""Become the emulator: `python -m enose_hwsim.board.emulated NODE PACKAGES FLASH [TRACE]`.

Standard input and output are USB, so they never block, and output holds no more than a page: beyond that the host does
not read. Node can set neither.
"""

import fcntl
import os
import sys

from enose_hwsim.board.emulated.interpreter import FOLDER

PIPE_SIZE = 4096


def become(node: str, packages: str, *files: str) -> None:
    """Does not return."""
    for stream in (sys.stdin, sys.stdout):
        os.set_blocking(stream.fileno(), False)
    fcntl.fcntl(sys.stdout.fileno(), fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    os.execve(node, [node, str(FOLDER / "rp2040.mjs"), *files], {**os.environ, "NODE_PATH": packages})


if __name__ == "__main__":
    become(*sys.argv[1:])
