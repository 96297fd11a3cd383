"""Programs that run at a device's interactive prompt, under MicroPython, in the root of its file system."""

from base64 import b64encode
from collections.abc import Iterator, Mapping

# What is in the root and in the folders that may be written, which the one in force is not.
SURVEY = """
import hashlib, os, sys
def sha256(path):
    h = hashlib.sha256()
    piece = bytearray(512)
    with open(path, "rb") as file:
        while True:
            n = file.readinto(piece)
            if not n:
                return h.digest().hex()
            h.update(memoryview(piece)[:n])
def walk(folder):
    for entry in os.ilistdir(folder or "."):
        path = folder + "/" + entry[0] if folder else entry[0]
        if entry[1] & 0x4000:
            walk(path)
        else:
            print("file", sha256(path), path)
found = [entry[0] for entry in os.ilistdir()]
print("runs", sys.platform, sys.implementation._mpy & 0xFF, ".".join([str(n) for n in sys.implementation.version[:3]]))
in_force = ""
if "enose_boot" in found:
    from enose_boot import record
    in_force = record.read()[0]
    if not record.whole(in_force):
        in_force = ""
    print("in_force", in_force)
for folder in ("a", "b", "enose_boot"):
    if folder in found and folder != in_force:
        walk(folder)
for name in ("main.py", "board.json"):
    if name in found:
        print("file", sha256(name), name)
"""

# Files, each as a list of pieces in base64.
WRITE = """
from binascii import a2b_base64
for path, pieces in {files!r}:
    with open(path, "wb") as file:
        for piece in pieces:
            file.write(a2b_base64(piece))
"""
PIECE = 384  # bytes: one line of the program, which takes four thirds of that
PROGRAM = 8192  # bytes of files in one program, which the device holds in its memory

# Makes folders, and takes away what is not to stay; what is not there is as it should be.
CLEAR = """
import os
for path in {remove!r}:
    try:
        os.remove(path)
    except OSError as error:
        if error.args[0] != 2:
            raise
for path in {folders!r}:
    try:
        os.mkdir(path)
    except OSError as error:
        if error.args[0] != 17:
            raise
"""

OFFER = """
from enose_boot import record
record.offer({folder!r})
"""

IN_FORCE = """
from enose_boot import record
record.write({folder!r})
"""

# The file system of a stock MicroPython for RP2 spans the whole flash behind the program, and one that was made smaller
# is not mounted at the next start but formatted: littlefs compares the count of blocks. So every block of the image
# partition is given to a file of one block, which littlefs then neither writes nor moves nor reads: its pointers are in
# the directory. Directories are made before, and where one of their own blocks is in the partition, all of it is begun
# anew: littlefs goes on from where it allocated last. `left` is how many blocks other files hold.
RESERVE = """
import os, rp2
START, LENGTH, NAME = {start}, {length}, {name!r}
BLOCK, A_FOLDER, TRIES = 4096, 48, 4
partition = rp2.Flash(start=START, len=LENGTH)
blocks = LENGTH // BLOCK
def remove(folder):
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            remove(path)
        else:
            os.remove(path)
    os.rmdir(folder)
def attempt():
    os.mkdir("reserving")
    folders = ["reserving/taken"]
    for k in range(os.statvfs("/")[2] // A_FOLDER + 1):
        folders.append("reserving/%d" % k)
    for folder in folders:
        os.mkdir(folder)
    page, head, mark, taken, n = bytearray(BLOCK), bytearray(12), os.urandom(8), {{}}, 0
    try:
        while len(taken) < blocks:
            page[:12] = mark + n.to_bytes(4, "little")
            with open(folders[1 + n // A_FOLDER] + "/%d" % n, "wb") as file:
                file.write(page)
            n += 1
            if n % 16 == 0 or n + 8 > A_FOLDER * (len(folders) - 1):
                look(taken, head, mark)
    except OSError as error:
        if error.args[0] != 28:
            raise
        look(taken, head, mark)
    left = blocks - len(taken)
    if not left:
        for number in taken.values():
            os.rename(folders[1 + number // A_FOLDER] + "/%d" % number, "reserving/taken/%d" % number)
        for k in range(blocks):
            partition.ioctl(6, k)
        os.rename("reserving/taken", NAME)
    remove("reserving")
    return left
def look(taken, head, mark):
    for k in range(blocks):
        if k not in taken:
            partition.readblocks(k, head, 0)
            if head[:8] == mark:
                taken[k] = int.from_bytes(head[8:], "little")
names = [entry[0] for entry in os.ilistdir()]
if NAME in names:
    print("left", 0)
else:
    for name in names:
        if name == "reserving" or name.startswith("reserved_"):
            remove(name)
    left = -1
    for _ in range(TRIES):
        if left:
            left = attempt()
    print("left", left)
"""

FORMAT = """
import os, rp2
os.umount("/")
flash = rp2.Flash()
os.VfsLfs2.mkfs(flash, progsize=256)
os.mount(os.VfsLfs2(flash, progsize=256), "/")
"""


def writing(files: Mapping[str, bytes]) -> Iterator[tuple[str, int]]:
    """Programs that write the files into folders that are there, in this order, each with the bytes it writes."""
    some: list[tuple[str, list[bytes]]] = []
    size = 0
    for path, raw in files.items():
        if some and size + len(raw) > PROGRAM:
            yield WRITE.format(files=some), size
            some, size = [], 0
        some.append((path, [b64encode(raw[at : at + PIECE]) for at in range(0, len(raw), PIECE)]))
        size += len(raw)
    if some:
        yield WRITE.format(files=some), size
