"""The line that says which firmware runs: whole after a power cut at any moment, and never believed when it is torn."""

import json
import subprocess
from pathlib import Path

import pytest

from enose_hwsim.board.process import firmware_folder

# A littlefs on a flash whose power goes at its n-th operation, in the middle of it; what is read after the next start.
CUTS = """
import json, os, sys
from enose_boot import record

BLOCK, BLOCKS, PAGE = 4096, 8, 256

class PowerCut(Exception):
    pass

class Flash:
    def __init__(self, cells, left):
        self.cells, self.left = cells, left
    def _tear(self, at, after):
        self.left -= 1
        if self.left == 0:
            self.cells[at : at + len(after) // 2] = after[: len(after) // 2]
        if self.left <= 0:
            raise OSError(5)
        self.cells[at : at + len(after)] = after
    def readblocks(self, block, buffer, offset=0):
        at = block * BLOCK + offset
        buffer[:] = self.cells[at : at + len(buffer)]
    def writeblocks(self, block, buffer, offset=0):
        self._tear(block * BLOCK + offset, bytes(buffer))
    def ioctl(self, operation, argument):
        if operation == 6:
            self._tear(argument * BLOCK, b"\\xff" * BLOCK)
        return {4: BLOCKS, 5: BLOCK}.get(operation, 0)

def started(cells, left, before=None):
    flash = Flash(cells, left)
    if before is not None:
        os.VfsLfs2.mkfs(flash, progsize=PAGE)
    os.mount(os.VfsLfs2(flash, progsize=PAGE), "/flash")
    os.chdir("/flash")
    if before is not None:
        for _ in range(7):  # so that the directory has old copies too, and is compacted within the cuts
            record.write(*before)
    return flash

cells = bytearray(b"\\xff" * BLOCK * BLOCKS)
before, after = ("a", "b", 1, "-"), ("a", "b", 0, "-")
started(cells, 1 << 30, before)
os.umount("/flash")
found = []
cut = 0
done = False
while not done:
    cut += 1
    torn = bytearray(cells)
    started(torn, cut)
    try:
        for _ in range(20):
            record.write(*after)
            record.write(*before)
        record.write(*after)
        done = True
    except OSError:
        pass
    os.umount("/flash")
    started(torn, 1 << 30)
    found.append(record.read())
    record.write("b")
    assert record.read() == ("b", "-", 0, "-")
    os.umount("/flash")
print(json.dumps([cut, sorted(set(found)), found[-1]]))
"""
LINES = """
import json, sys
from enose_boot import record
found = []
for line in json.loads(sys.stdin.read()):
    with open(record.NAME, "w") as file:
        file.write(line)
    found.append(record.read())
print(json.dumps(found))
"""


def run(micropython: str, program: str, folder: Path, said: str = "") -> str:
    """What a program prints in an empty folder, with the boot stub on its path."""
    done = subprocess.run(
        [micropython, "-X", "heapsize=2m", "-c", program],
        cwd=folder,
        env={"MICROPYPATH": f"{firmware_folder()}:.frozen"},
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def written(micropython: str, folder: Path, *values: str | int) -> str:
    """The line of these values, as the firmware writes it."""
    run(micropython, f"from enose_boot import record; record.write(*{values!r})", folder)
    return (folder / "firmware.txt").read_text()


def test_a_power_cut_at_any_operation_leaves_the_old_line_or_the_new_one(micropython: str, tmp_path: Path) -> None:
    # the last line: a file that was open at a cut is closed by the collector, which does not let this flash allocate
    cuts, found, last = json.loads(run(micropython, CUTS, tmp_path).splitlines()[-1])
    assert cuts > 41 * 2  # each of the 41 writes is more than one operation of the flash
    assert found == [["a", "b", 0, "-"], ["a", "b", 1, "-"]]
    assert last == ["a", "b", 0, "-"]


def test_a_line_that_is_torn_changed_or_foreign_is_not_believed(micropython: str, tmp_path: Path) -> None:
    line = written(micropython, tmp_path, "b", "a", 1, "-")
    torn = [line[:n] for n in range(len(line))]
    changed = [line[:n] + chr(ord(line[n]) ^ 1) + line[n + 1 :] for n in range(len(line))]
    foreign = [written(micropython, tmp_path, *values) for values in (("c", "-", 0, "-"), ("a", "c", 1, "-"))]
    many = [written(micropython, tmp_path, "b", "a", 10, "-"), written(micropython, tmp_path, "b", "a", 1, "- -")]
    found = json.loads(run(micropython, LINES, tmp_path, json.dumps([line, *torn, *changed, *foreign, *many])))
    assert found[0] == ["b", "a", 1, "-"]
    assert found[1:] == [["a", "-", 0, "-"]] * (len(found) - 1)


@pytest.mark.parametrize(("whole", "runs"), [(("a",), "a"), (("b",), "b"), (("a", "b"), "a"), ((), "a")])
def test_without_a_line_the_first_whole_folder_runs(
    micropython: str, tmp_path: Path, whole: tuple[str, ...], runs: str
) -> None:
    for folder in whole:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "manifest").touch()
    assert run(micropython, "from enose_boot import start; print(start.choose().folder)", tmp_path).strip() == runs


@pytest.mark.parametrize("folder", ["a", "b", "c"])
def test_only_a_whole_folder_beside_the_one_in_force_is_put_on_trial(
    micropython: str, tmp_path: Path, folder: str
) -> None:
    offer = f"""
from enose_boot import record
try:
    record.offer({folder!r})
except ValueError as error:
    print(error)
"""
    assert run(micropython, offer, tmp_path).strip() == f"{folder}: no whole folder beside a"
    assert not (tmp_path / "firmware.txt").exists()


def test_a_trial_whose_count_cannot_be_written_is_not_begun(micropython: str, tmp_path: Path) -> None:
    written(micropython, tmp_path, "a", "b", 1, "-")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "manifest").touch()
    (tmp_path / "firmware.new").mkdir()  # in the way of the line that is written beside
    said = run(
        micropython,
        "from enose_boot import start; f = start.choose(); print(f.folder, f.on_trial, f.returned)",
        tmp_path,
    )
    assert said.split() == ["a", "False", "True"]


def test_a_manifest_that_is_gone_has_no_identity(micropython: str, tmp_path: Path) -> None:
    said = run(micropython, "from enose_boot import start; print(start.choose().identity() == bytes(32))", tmp_path)
    assert said.strip() == "True"


def test_a_configuration_that_cannot_be_moved_holds_where_it_is(micropython: str, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "board.json").touch()
    (tmp_path / "board.json").mkdir()  # a file is not renamed over a folder
    program = "from enose_boot import start; f = start.choose(); f.keep_configuration(); print(f.configuration)"
    assert run(micropython, program, tmp_path).strip() == "a/board.json"
