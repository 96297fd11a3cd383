"""Which folder's firmware is in force, and which one is on trial: one line of text in the root.

`a b 1 - 9c6ad2f1`: in force, on trial, tries left, left after a failed trial, CRC-32 of all that; "-" is none. The line
is written beside and then renamed, so that a power cut leaves the old line or the new one.
"""

import os
from binascii import crc32

FOLDERS = ("a", "b")
NONE = "-"
MANIFEST = "manifest"  # in each folder, written last: without it the folder is not whole
NAME = "firmware.txt"
BESIDE = "firmware.new"
LONGEST = 32
TRIES = 9  # at most


def exists(path: str) -> bool:
    """Whether there is such a file."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def whole(folder: str) -> bool:
    """Whether a folder was deployed to its end."""
    return exists(folder + "/" + MANIFEST)


def read() -> tuple:
    """(in force, on trial, tries left, left). Where no line is readable: the first folder that is whole, no trial."""
    try:
        with open(NAME) as file:
            found = _parsed(file.read(LONGEST + 1))
    except (OSError, ValueError):
        found = None
    if found is not None:
        return found
    for folder in FOLDERS:
        if whole(folder):
            return folder, NONE, 0, NONE
    return FOLDERS[0], NONE, 0, NONE


def write(in_force: str, trial: str = NONE, tries: int = 0, left: str = NONE) -> None:
    """Keep all four. Raises OSError, the line as it was, where the file system does."""
    line = "%s %s %d %s" % (in_force, trial, tries, left)
    with open(BESIDE, "w") as file:
        file.write("%s %08x" % (line, crc32(line.encode()) & 0xFFFFFFFF))
    os.rename(BESIDE, NAME)


def offer(folder: str) -> None:
    """Put a folder on trial: the next start runs it, once. Raises ValueError for one that is not whole or in force."""
    in_force = read()[0]
    if folder == in_force or folder not in FOLDERS or not whole(folder):
        raise ValueError("%s: no whole folder beside %s" % (folder, in_force))
    write(in_force, folder, 1)


def _parsed(text: str):
    """The four values; None for a line that is torn or that nobody has written."""
    line, _, crc = text.rpartition(" ")
    words = line.split(" ")
    if "%08x" % (crc32(line.encode()) & 0xFFFFFFFF) != crc or len(words) != 4:
        return None
    in_force, trial, tries, left = words
    if in_force not in FOLDERS or trial not in FOLDERS + (NONE,) or not 0 <= int(tries) <= TRIES:
        return None
    return in_force, trial, int(tries), left
