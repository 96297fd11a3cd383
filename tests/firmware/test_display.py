"""The display: letters, bars, what is sent; the picture that MicroPython draws is the one drawn here."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.image import imread, imsave

from enose_device.display.font import CHARACTERS, GLYPHS, WIDTH, glyph_at
from enose_device.display.ssd1306 import COLUMNS, Ssd1306
from i2c_rig import OLED, Bench, firmware_says

DRAW = """
display.text(0, 0, "BANANA 0.912 V", 1)
display.text(2, 4, "LEMON", 2)
display.text(4, 0, CHARACTERS[:21])
display.text(5, 0, CHARACTERS[21:42])
display.text(6, 0, CHARACTERS[42:])
display.bar(7, 0, 128, 640000)
"""


def letter(character: str) -> np.ndarray:
    at = glyph_at(character)
    columns = np.frombuffer(GLYPHS[at : at + WIDTH], np.uint8)
    return np.unpackbits(columns[:, None], axis=1, bitorder="little").T.astype(bool)


def test_every_letter_is_another_and_leaves_the_line_below_it_empty() -> None:
    assert len(GLYPHS) == WIDTH * len(CHARACTERS)
    assert len({letter(character).tobytes() for character in CHARACTERS}) == len(CHARACTERS)
    assert not any(letter(character)[7].any() for character in CHARACTERS)
    assert glyph_at("a") == glyph_at("A")
    assert glyph_at("@") == glyph_at("?")


def shown(bench: Bench) -> Ssd1306:
    display = Ssd1306(bench.bus, OLED)
    bench.run(display.begin())
    return display


@given(st.text(CHARACTERS, max_size=24), st.integers(0, 7), st.integers(-8, 130))
def test_text_stands_where_it_was_put_and_is_cut_off_at_the_edge(text: str, line: int, column: int) -> None:
    bench = Bench()
    display = shown(bench)
    assert not bench.oled.picture.any()
    display.text(line, column, text)
    bench.run(display.show())
    expected = np.zeros((64, COLUMNS + 600), bool)
    for k, character in enumerate(text):
        expected[8 * line : 8 * line + 8, 300 + column + 6 * k : 305 + column + 6 * k] = letter(character)
    assert np.array_equal(bench.oled.picture, expected[:, 300 : 300 + COLUMNS])


@given(st.sampled_from(CHARACTERS), st.integers(0, 6), st.integers(0, COLUMNS - 12))
def test_a_large_letter_has_four_dots_for_one(character: str, line: int, column: int) -> None:
    bench = Bench()
    display = shown(bench)
    display.text(line, column, character, 2)
    bench.run(display.show())
    expected = np.kron(letter(character), np.ones((2, 2), bool))
    assert np.array_equal(bench.oled.picture[8 * line : 8 * line + 16, column : column + 10], expected)
    assert bench.oled.picture.sum() == expected.sum()


@given(st.integers(-10, 1_100_000))
def test_a_bar_is_filled_in_proportion(ppm: int) -> None:
    bench = Bench()
    display = shown(bench)
    display.bar(3, 10, 100, ppm)
    bench.run(display.show())
    middle = bench.oled.picture[24 + 3, 10:110]
    filled = 100 * min(max(ppm, 0), 1_000_000) // 1_000_000
    assert middle.sum() == max(filled, 1) + (filled < 100)  # the frame's two ends are always there


def test_only_what_has_changed_is_sent_a_page_at_a_time() -> None:
    bench = Bench()
    display = shown(bench)
    before = bench.transfers
    assert list(display.show()) == []
    display.text(2, 0, "A")
    display.text(5, 0, " ")  # nothing new
    assert list(display.show()) == [0]
    assert bench.transfers == before + 2
    display.clear()
    bench.run(display.show())
    assert not bench.oled.picture.any()


def test_the_display_can_be_dimmed_and_switched_off() -> None:
    bench = Bench()
    display = shown(bench)
    display.text(0, 0, "A")
    bench.run(display.show())
    display.set_contrast(3)
    assert bench.oled.brightness == 4 / 256
    display.switch(False)
    assert not bench.oled.picture.any()
    display.switch(True)
    assert bench.oled.picture.any()
    assert bench.oled.unknown_commands == 0


def test_under_micropython_the_picture_is_the_same_and_can_be_looked_at(micropython: str, tmp_path: Path) -> None:
    script = f"""
from enose_device.display.font import CHARACTERS
from enose_device.display.ssd1306 import Ssd1306
display = Ssd1306(bus, {OLED})
run(display.begin())
{DRAW}
run(display.show())
"""
    there, here = Bench(), Bench()
    firmware_says(micropython, there, script)
    display = shown(here)
    exec(DRAW, {"display": display, "CHARACTERS": CHARACTERS})
    here.run(display.show())
    assert np.array_equal(there.oled.picture, here.oled.picture)
    path = tmp_path / "display.png"
    imsave(path, np.kron(there.oled.picture, np.ones((4, 4))), cmap="gray")
    assert (imread(path)[2::4, 2::4, 0] > 0.5).tolist() == there.oled.picture.tolist()
