"""The SSD1306's model: memory, its three ways of addressing, what a viewer sees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.board.parts.ssd1306 import COLUMNS, PAGES, ROWS, Ssd1306Part


def part(*commands: int, upright: bool = True) -> Ssd1306Part:
    """On, its memory empty, and then the commands."""
    display = Ssd1306Part(np.random.default_rng(1))
    display.ram[:] = 0
    send(display, 0x8D, 0x14, 0xAF, *((0xA1, 0xC8) if upright else ()), *commands)
    return display


def send(display: Ssd1306Part, *commands: int) -> None:
    display.write(bytes((0x00, *commands)), 0.0)


def store(display: Ssd1306Part, *data: int) -> None:
    display.write(bytes((0x40, *data)), 0.0)


def lit(display: Ssd1306Part) -> list[tuple[int, int]]:
    return [(int(row), int(column)) for row, column in np.argwhere(display.picture)]


def test_it_powers_up_dark_with_anything_in_its_memory() -> None:
    display = Ssd1306Part(np.random.default_rng(1))
    assert not display.picture.any()
    assert len(np.unique(display.ram)) > 200
    assert display.read(1, 0.0) == b"\x40"
    assert (display.contrast, display.mode) == (0x7F, 2)
    send(display, 0xAF)
    assert not display.picture.any()  # the charge pump is still off
    send(display, 0x8D, 0x14)
    assert display.picture.any()
    assert display.read(2, 0.0) == b"\x00\x00"


@given(st.integers(0, PAGES - 1), st.integers(0, COLUMNS - 1), st.integers(0, 7))
def test_a_bit_is_a_dot(page: int, column: int, bit: int) -> None:
    display = part(0xB0 | page, column & 0x0F, 0x10 | column >> 4)
    store(display, 1 << bit)
    assert lit(display) == [(8 * page + bit, column)]
    send(display, 0xA0, 0xC0)  # the other way round
    assert lit(display) == [(ROWS - 1 - 8 * page - bit, COLUMNS - 1 - column)]


def test_in_page_addressing_the_column_wraps_and_the_page_stays() -> None:
    display = part(0xB3, 0x0E, 0x17)
    store(display, 1, 2, 3)
    assert display.ram[3, [126, 127, 0]].tolist() == [1, 2, 3]
    assert np.count_nonzero(display.ram) == 3


@given(st.data(), st.booleans())
def test_in_the_other_modes_a_window_is_filled_row_by_row_or_column_by_column(data: st.DataObject, down: bool) -> None:
    left = data.draw(st.integers(0, COLUMNS - 1))
    right = data.draw(st.integers(left, COLUMNS - 1))
    top = data.draw(st.integers(0, PAGES - 1))
    bottom = data.draw(st.integers(top, PAGES - 1))
    display = part(0x20, int(down), 0x21, left, right, 0x22, top, bottom)
    size = (bottom - top + 1) * (right - left + 1)
    bytes_in = np.arange(size) % 255 + 1
    store(display, *bytes_in.tolist(), 0xFF)  # and one more: it begins again
    shape = (bottom - top + 1, right - left + 1)
    expected = bytes_in.reshape(shape[::-1]).T if down else bytes_in.reshape(shape)
    expected = expected.copy()
    expected[0, 0] = 0xFF
    assert np.array_equal(display.ram[top : bottom + 1, left : right + 1], expected)
    assert np.count_nonzero(display.ram) == size


def test_page_commands_are_for_page_addressing_only() -> None:
    display = part(0x20, 0, 0x21, 5, 9, 0x22, 2, 3, 0xB7, 0x01, 0x11)
    store(display, 1)
    assert display.ram[2, 5] == 1


@given(st.integers(0, 63), st.integers(0, 63))
def test_first_line_and_offset_move_the_picture(start: int, offset: int) -> None:
    display = part(0x40 | start, 0xD3, offset)
    store(display, 1)
    assert lit(display) == [(-(start + offset) % ROWS, 0)]


def test_rows_beyond_the_multiplex_ratio_are_dark() -> None:
    display = part(0xA8, 31, 0xA5)
    assert display.picture[:32].all()
    assert not display.picture[32:].any()


def test_inverse_and_all_on() -> None:
    display = part(0xA7)
    store(display, 0x01)
    assert not display.picture[0, 0]
    assert display.picture.sum() == ROWS * COLUMNS - 1
    send(display, 0xA5)
    assert display.picture.all()
    send(display, 0xA4, 0xA6)
    assert lit(display) == [(0, 0)]
    send(display, 0xAE)
    assert lit(display) == []


@pytest.mark.parametrize("level", [0, 127, 255])
def test_contrast_is_the_brightness(level: int) -> None:
    assert part(0x81, level).brightness == (level + 1) / 256


def test_commands_may_come_one_to_a_control_byte_and_across_transfers() -> None:
    display = part()
    display.write(bytes((0x80, 0x81, 0x80, 0x12, 0x80, 0xB5, 0xC0, 0x01, 0x40, 0x02)), 0.0)
    assert (display.contrast, display.ram[5, 0], display.ram[5, 1]) == (0x12, 1, 2)
    send(display, 0x81)
    send(display, 0x34)
    assert display.contrast == 0x34
    display.write(b"\x00", 0.0)


def test_commands_without_effect_are_taken_whole_and_others_counted() -> None:
    display = part(0x26, 0, 0, 0, 7, 0, 0xFF, 0x29, 0, 0, 0, 7, 0, 0xA3, 0, 64, 0x2E, 0x2F, 0xE3)
    assert display.unknown_commands == 0
    send(display, 0xFF, 0x90)
    assert display.unknown_commands == 2


@pytest.mark.parametrize(("level", "unknown"), [(0x00, 0), (0x20, 0), (0x30, 0), (0x10, 1), (0x40, 1)])
def test_a_level_of_vcomh_that_the_data_sheet_does_not_have_is_counted(level: int, unknown: int) -> None:
    display = Ssd1306Part(np.random.default_rng(1))
    display.write(bytes((0x00, 0xDB, level)), 0.0)
    assert display.unknown_commands == unknown
