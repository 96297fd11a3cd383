"""The file system of an emulated Pico that is switched off: mounted in the unix port, from the image of its flash.

What a prompt needs half a minute for takes a second so. That the prompt's way leads to the same is tested beside.
"""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from enose_hwsim.compiled import write_folder

FILES_AT = (2048 - 1408) * 1024  # MicroPython's partition for files, to the flash's end (its boards/RPI_PICO)
BLOCKS = f"""
import os, sys
image, source, root = sys.argv[1:4]
with open(image, "rb") as file:
    cells = bytearray(file.read())
class Flash:
    def __init__(self, start, length):
        self.start, self.length = {FILES_AT} + start, length
    def readblocks(self, block, buffer, offset=0):
        at = self.start + block * 4096 + offset
        buffer[:] = cells[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        at = self.start + block * 4096 + offset
        cells[at : at + len(buffer)] = bytes(buffer)
    def ioctl(self, operation, argument):
        if operation == 6:
            at = self.start + argument * 4096
            cells[at : at + 4096] = b"\\xff" * 4096
        return {{4: self.length // 4096, 5: 4096}}.get(operation, 0)
def copy(folder):
    for entry in os.ilistdir(source + folder):
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            os.mkdir("/flash" + path)
            copy(path)
        else:
            with open(source + path, "rb") as file:
                raw = file.read()
            with open("/flash" + path, "wb") as file:
                file.write(raw)
flash = Flash(0, len(cells) - {FILES_AT})
"""
MOUNT = 'os.mount(os.VfsLfs2(flash, progsize=256), "/flash")'
KEEP = """
os.umount("/flash")
with open(image, "wb") as file:
    file.write(cells)
"""
FORMAT = "os.VfsLfs2.mkfs(flash, progsize=256)"
PUT = """
os.mkdir("/flash/b")
copy("/b")
if root:
    sys.path.insert(0, root)
    from enose_boot import record
    os.chdir("/flash")
    record.offer("b")
    os.chdir("/")
"""
# On a stock Pico MicroPython's own file system spans the whole flash behind the program, the image partition included.
# Here each of the partition's blocks is given to a file, so that no other file ever gets it, and erased.
RESERVE = """
partition = Flash({start}, {length})
blocks = {length} // 4096
page, head, taken, n = bytearray(4096), bytearray(8), {{}}, 0
os.mkdir("/flash/reserved")
while len(taken) < blocks:
    page[:8] = b"file%04d" % n
    with open("/flash/reserved/%d" % n, "wb") as file:
        file.write(page)
    for k in range(blocks):
        partition.readblocks(k, head, 0)
        if head == page[:8]:
            taken[k] = n
    n += 1
for k in range(n):
    if k not in taken.values():
        os.remove("/flash/reserved/%d" % k)
for k in range(blocks):
    partition.ioctl(6, k)
copy("")
"""


def put(flash: Path, files: Mapping[str, bytes], micropython: str, *, offer: Path | None) -> None:
    """These files into folder b; with offer, the firmware's folder, b is put on trial."""
    in_b = {f"b/{path}": raw for path, raw in files.items()}
    _run([MOUNT, PUT], flash, in_b, micropython, str(offer or ""))


def furnish(flash: Path, files: Mapping[str, bytes], micropython: str, partition: Mapping[str, int]) -> None:
    """A new file system with these files and nothing else, that leaves out the image partition (start and length)."""
    _run([FORMAT, MOUNT, RESERVE.format(**partition)], flash, files, micropython, "")


def _run(programs: list[str], flash: Path, files: Mapping[str, bytes], micropython: str, root: str) -> None:
    source, script = flash.parent / "put", flash.parent / "offline.py"
    write_folder(files, source)
    script.write_text("\n".join([BLOCKS, *programs, KEEP]))
    words = [micropython, "-X", "heapsize=16m", script, flash, source, root]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
