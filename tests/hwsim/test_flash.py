"""NOR flash: programming clears bits, erasing sets a sector, and a file keeps it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.board.parts.flash import SECTOR, FlashFileError, FlashPart

SIZE = 4 * SECTOR


def test_it_comes_blank() -> None:
    assert FlashPart(SIZE).read(0, SIZE) == b"\xff" * SIZE


@given(st.lists(st.tuples(st.integers(0, SIZE - 64), st.binary(max_size=64)), max_size=6))
def test_programming_only_clears_bits(writes: list[tuple[int, bytes]]) -> None:
    flash = FlashPart(SIZE)
    expected = bytearray(b"\xff" * SIZE)
    for offset, data in writes:
        flash.write(offset, data)
        for k, byte in enumerate(data):
            expected[offset + k] &= byte
    assert flash.read(0, SIZE) == expected
    assert flash.writes == len(writes)


@given(st.integers(0, SIZE - 1))
def test_erasing_sets_the_sector_and_no_other_byte(offset: int) -> None:
    flash = FlashPart(SIZE)
    for start in range(0, SIZE, SECTOR):
        flash.write(start, bytes(SECTOR))
    flash.erase(offset)
    start = offset // SECTOR * SECTOR
    assert flash.read(start, SECTOR) == b"\xff" * SECTOR
    assert flash.read(0, start) + flash.read(start + SECTOR, SIZE) == bytes(SIZE - SECTOR)
    assert flash.erases == 1


def test_a_write_past_the_end_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        FlashPart(SIZE).write(SIZE - 2, b"abcd")


def test_a_file_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "flash.bin"
    FlashPart(SIZE, path).write(5, b"kept")
    again = FlashPart(SIZE, path)
    assert again.read(5, 4) == b"kept"
    again.erase(5)
    assert FlashPart(SIZE, path).read(0, SIZE) == b"\xff" * SIZE


def test_a_file_of_another_size_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "flash.bin"
    path.write_bytes(b"holiday.jpg")
    with pytest.raises(FlashFileError, match=rf"flash.bin: 11 bytes, the board's flash has {SIZE}"):
        FlashPart(SIZE, path)
    assert path.read_bytes() == b"holiday.jpg"


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("none/flash.bin", "No such file or directory")])
def test_a_file_that_cannot_be_kept_is_refused_at_once(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(FlashFileError, match=rf"cannot keep the board's flash \({reason}\)"):
        FlashPart(SIZE, tmp_path / name)
