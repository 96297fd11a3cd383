"""`os.VfsLfs2` under CPython: errors as MicroPython's, whatever the flash does."""

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.board.cpython_side.littlefs import VfsLfs2
from enose_hwsim.board.faults.full_flash import BLOCK, PAGE, Cells, filled

BLANK = b"\xff" * (16 * BLOCK)


class Worn(Cells):
    """Raises an error of the flash in one of its calls."""

    broken = ""

    def readblocks(self, block: int, buffer: bytearray, offset: int) -> None:
        self._refuse("read")
        super().readblocks(block, buffer, offset)

    def writeblocks(self, block: int, buffer: bytes, offset: int) -> None:
        self._refuse("write")
        super().writeblocks(block, buffer, offset)

    def ioctl(self, operation: int, argument: int) -> int:
        if operation == 6:
            self._refuse("erase")
        return super().ioctl(operation, argument)

    def _refuse(self, what: str) -> None:
        if self.broken == what:
            raise OSError(errno.EIO)


def formatted(kind: type[Cells] = Cells) -> Cells:
    made = kind(BLANK)
    VfsLfs2.mkfs(made, progsize=PAGE)
    return made


@given(st.dictionaries(st.sampled_from("abcd"), st.binary(max_size=9000), min_size=1))
def test_what_was_written_is_read_after_mounting_again(files: dict[str, bytes]) -> None:
    cells = formatted()
    system = VfsLfs2(cells, progsize=PAGE)
    for name, raw in files.items():
        with system.open(f"/{name}", "wb") as file:
            file.write(raw)
    again = VfsLfs2(cells, progsize=PAGE)
    for name, raw in files.items():
        with again.open(f"/{name}", "rb") as file:
            assert file.read(9001) == raw
        again.remove(f"/{name}")
        with pytest.raises(OSError, match="NOENT") as error:
            again.open(f"/{name}", "rb")
        assert error.value.args[0] == errno.ENOENT


def test_a_blank_flash_is_not_mounted() -> None:
    with pytest.raises(OSError, match=r"CORRUPT|INVAL"):
        VfsLfs2(Cells(BLANK), progsize=PAGE)


def test_room_is_told_in_blocks_and_a_full_one_says_so() -> None:
    cells = formatted()
    facts = VfsLfs2(cells, progsize=PAGE).statvfs("/")
    assert (facts[0], facts[2]) == (BLOCK, 16)
    full = Cells(filled(bytes(cells.cells)))
    system = VfsLfs2(full, progsize=PAGE)
    assert system.statvfs("/")[3] < facts[3]
    with pytest.raises(OSError, match="NOSPC") as error, system.open("/more", "wb") as file:
        file.write(bytes(4 * BLOCK))
    assert error.value.args[0] == errno.ENOSPC
    with pytest.raises(OSError, match=r"CORRUPT|INVAL"):
        filled(BLANK)


@pytest.mark.parametrize("broken", ["read", "write", "erase"])
def test_an_error_of_the_flash_is_an_error_of_the_call(broken: str) -> None:
    worn = formatted(Worn)
    assert isinstance(worn, Worn)
    system = VfsLfs2(worn, progsize=PAGE)
    with system.open("/a", "wb") as file:
        file.write(bytes(3 * BLOCK))
    worn.broken = broken
    with pytest.raises(OSError, match=r"."), system.open("/a", "rb" if broken == "read" else "wb") as file:
        file.read(BLOCK) if broken == "read" else file.write(bytes(3 * BLOCK))
