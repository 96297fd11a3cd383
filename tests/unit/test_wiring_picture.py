"""A board's wiring as nets, table and picture: complete, one net a pin, and nothing that lies on anything else."""

import itertools
import xml.etree.ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from enose.boards import board_names, find_board
from enose.wiring.drawing import COLOURS, KINDS, ROW, Drawing, Label, drawing
from enose.wiring.svg import svg_of
from enose.wiring.table import strap_rows, wiring_rows
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.mcu import MICROCONTROLLERS, OUTPUT
from enose_hwsim.nets import nets

BOARDS = [find_board(name)[0] for name in board_names()]
ids = [board.name for board in BOARDS]
every_board = pytest.mark.parametrize("board", BOARDS, ids=ids)
Rectangle = tuple[float, float, float, float]
SIZE_PX = {"pin": 11, "free": 11, "part": 11, "net": 10}


def rectangle(label: Label) -> Rectangle:
    """Where a text lies, in a font wider than most: left, top, right, bottom."""
    font = FontProperties(family="DejaVu Sans", weight="bold" if label.style == "part" else "normal")
    width = TextPath((0, 0), label.text, size=SIZE_PX[label.style], prop=font).get_extents().width
    left = {"start": label.x, "middle": label.x - width / 2, "end": label.x - width}[label.anchor]
    return left, label.y - 0.75 * SIZE_PX[label.style], left + width, label.y + 2  # ascenders and descenders


def meet(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def pieces(picture: Drawing) -> list[tuple[str, Rectangle]]:
    """Every straight piece of every wire, with its net and channel, as left, top, right, bottom."""
    found = []
    for number, wire in enumerate(picture.wires):
        for (x0, y0), (x1, y1) in wire.pieces:
            assert x0 == x1 or y0 == y1
            found.append((f"{wire.net} {number}", (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))))
    return found


@every_board
def test_every_pin_is_on_one_net_only(board: BoardFile) -> None:
    ends = [end for net in nets(board) for end in net.ends]
    assert len(set(ends)) == len(ends)
    pins = [net.pin for net in nets(board) if net.pin is not None]
    assert len(set(pins)) == len(pins)
    names = [net.name for net in nets(board)]
    assert len(set(names)) == len(names)


@every_board
def test_every_net_joins_something_and_can_be_what_it_is(board: BoardFile) -> None:
    mcu = MICROCONTROLLERS[board.mcu]
    for net in nets(board):
        if net.pin is None:
            assert len(net.ends) >= 2
            assert net.function in KINDS
        else:
            assert net.ends
            assert net.pin in mcu.able(net.function)


@every_board
def test_every_pin_and_channel_of_the_file_is_in_the_nets(board: BoardFile) -> None:
    facts = msgspec.to_builtins(board)
    expected = set()
    for section, keys in facts.items():
        if isinstance(keys, dict):
            for key, value in keys.items():
                if key.endswith(("pin", "pins")):
                    expected |= {(f"{section}.{key}", pin) for pin in (value if isinstance(value, tuple) else [value])}
    assert {(row["key"], row["pin"]) for row in wiring_rows(board) if row["key"]} == expected
    driven = {row["part_pin"] for row in wiring_rows(board) if row["part"] == f"DAC {board.dac.part}"}
    assert {f"VOUT{channel}" for channel in board.dac.input_channels} <= driven


def test_the_rows_are_in_the_order_of_the_pins_and_say_what_is_wired() -> None:
    rows = wiring_rows(find_board("pico-mlp")[0])
    pins = [row["pin"] for row in rows if row["pin"] is not None]
    assert pins == sorted(pins)
    assert rows[: len(pins)] == [row for row in rows if row["pin"] is not None]
    assert next(row for row in rows if row["pin"] == 4) == {
        "pin": 4,
        "function": "I2C0 SDA",
        "net": "SDA",
        "key": "i2c.sda_pin",
        "part": "ADC ADS1115 0x48",
        "part_pin": "SDA",
    }
    assert next(row["part_pin"] for row in rows if row["key"] == "teacher.vc_pin") == "VC"
    weight = [(row["part"], row["part_pin"], row["pin"]) for row in rows if row["net"] == "weight"]
    assert weight == [("DAC AD5676R", "VOUT4", None), ("chip mlp441", "VW", None)]


def test_a_shared_bus_has_a_row_for_each_part() -> None:
    rows = [row for row in wiring_rows(find_board("pico-memristor")[0]) if row["net"] == "SCK"]
    assert [(row["pin"], row["part"], row["part_pin"]) for row in rows] == [
        (18, "DAC AD5676R", "SCLK"),
        (18, "13 x ADG714 in a chain", "SCLK"),
    ]


@every_board
def test_no_text_lies_on_another_or_outside_the_picture(board: BoardFile) -> None:
    picture = drawing(board)
    placed = [(label, rectangle(label)) for label in picture.labels]
    for (a, at_a), (b, at_b) in itertools.combinations(placed, 2):
        assert not meet(at_a, at_b), (a, b)
    for label, (left, top, right, bottom) in placed:
        assert left > 0, label
        assert top > 0, label
        assert right < picture.width, label
        assert bottom < picture.height, label


@every_board
def test_no_text_of_a_net_is_crossed_by_a_wire(board: BoardFile) -> None:
    picture = drawing(board)
    for label in (label for label in picture.labels if label.style == "net"):
        left, top, right, bottom = rectangle(label)
        for net, piece in pieces(picture):
            # its own wire runs 3 below the baseline, so the descenders may touch it
            assert not meet((left, top, right, bottom - 1), piece), (label, net)


@every_board
def test_no_two_wires_run_along_each_other(board: BoardFile) -> None:
    for (a, at_a), (b, at_b) in itertools.combinations(pieces(drawing(board)), 2):
        if a == b:
            continue
        both_lie = at_a[1] == at_a[3] == at_b[1] == at_b[3]
        both_stand = at_a[0] == at_a[2] == at_b[0] == at_b[2]
        apart_x = at_a[2] < at_b[0] or at_b[2] < at_a[0]
        apart_y = at_a[3] < at_b[1] or at_b[3] < at_a[1]
        assert not (both_lie and not apart_x), (a, b)
        assert not (both_stand and not apart_y), (a, b)


@every_board
def test_boxes_keep_apart_and_no_wire_enters_one(board: BoardFile) -> None:
    picture = drawing(board)
    boxes = [(box.name, (box.x, box.y, box.x + box.width, box.y + box.height)) for box in picture.boxes]
    for (a, at_a), (b, at_b) in itertools.combinations(boxes, 2):
        assert not meet(at_a, at_b), (a, b)
    for (name, box), (net, piece) in itertools.product(boxes, pieces(picture)):
        assert not meet(box, piece), (name, net)
    parts = {end.part for net in nets(board) for end in net.ends}
    assert {name for name, _ in boxes[1:]} == parts


@every_board
def test_the_wires_of_a_net_hang_together_and_reach_all_its_pins(board: BoardFile) -> None:
    wires = {wire.net: wire for wire in drawing(board).wires}
    assert set(wires) == {net.name for net in nets(board)}
    for net in nets(board):
        trunk, *stubs = wires[net.name].pieces
        assert len(stubs) == len(net.ends) + (net.pin is not None)
        (x, top), (_, bottom) = trunk
        for (_, y0), (x1, y1) in stubs:
            assert x1 == x
            assert top <= y0 == y1 <= bottom
        assert len(wires[net.name].dots) == len(stubs) - 2


@every_board
def test_the_microcontroller_shows_its_pins_in_order(board: BoardFile) -> None:
    picture = drawing(board)
    shown = [label for label in picture.labels if label.text.startswith("GPIO ")]
    assert [int(label.text[5:]) for label in shown] == list(MICROCONTROLLERS[board.mcu].able(OUTPUT))
    assert all(b.y - a.y == ROW for a, b in itertools.pairwise(shown))
    used = {net.pin for net in nets(board)}
    assert all((label.style == "pin") == (int(label.text[5:]) in used) for label in shown)


@every_board
def test_the_svg_is_xml_with_every_box_wire_and_text_and_a_legend(board: BoardFile) -> None:
    picture = drawing(board)
    root = ET.fromstring(svg_of(picture))
    name = "{http://www.w3.org/2000/svg}"
    texts = [element.text for element in root.iter(f"{name}text")]
    kinds = {wire.kind for wire in picture.wires}
    assert sorted(texts) == sorted([picture.title, *kinds, *(label.text for label in picture.labels)])
    assert len(list(root.iter(f"{name}rect"))) == 1 + len(picture.boxes)
    assert len(list(root.iter(f"{name}path"))) == len(kinds) + len(picture.wires)
    assert (float(root.get("width") or 0), float(root.get("height") or 0)) == (picture.width, picture.height)


def test_every_kind_of_net_has_a_colour_of_its_own() -> None:
    assert len(set(COLOURS)) == len(KINDS) == len(COLOURS)


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Z"]), max_size=40))
def test_any_title_is_text_in_the_svg(title: str) -> None:
    board = msgspec.structs.replace(BOARDS[0], title=title)
    root = ET.fromstring(svg_of(drawing(board)))
    assert f"{board.name}: {title}" in [element.text for element in root.iter()]


def test_what_is_tied_for_good_is_told_with_the_address_and_gain_that_it_makes() -> None:
    tied = {(row["part"], row["pin"]): row["to"] for row in strap_rows(find_board("pico2-mlp")[0])}
    assert tied["DAC AD5676R", "GAIN"] == tied["DAC AD5676R", "RSTSEL"] == "GND"
    assert tied["ADC ADS1115 0x48", "ADDR"] == "GND"
    assert (tied["gas sensor BME688 0x76", "CSB"], tied["gas sensor BME688 0x76", "SDO"]) == ("supply", "GND")
    assert tied["display SSD1306 0x3c", "D/C#"] == "GND"
    board = find_board("pico-memristor")[0]
    doubled = msgspec.structs.replace(board, dac=msgspec.structs.replace(board.dac, gain=2))
    tied = {(row["part"], row["pin"]): row["to"] for row in strap_rows(doubled)}
    assert tied["DAC AD5676R", "GAIN"] == "supply"
    assert tied["read ADC ADS1115 0x49", "ADDR"] == "supply"
    assert tied["13 x ADG714 in a chain", "RESET"] == "supply"


@every_board
def test_whatever_drives_or_heats_rests_low_before_the_firmware_runs(board: BoardFile) -> None:
    low = {(row["part"], row["pin"]) for row in strap_rows(board) if row["to"] == "10 kohm to GND"}
    acting = {"switch.pin", "gas.heater_pin", "gas.valve_pin", "pump.pin", "weights.strobe_pin", "teacher.vc_pin"}
    acting.add("pulses.gate_pin")
    assert low == {(row["part"], row["part_pin"]) for row in wiring_rows(board) if row["key"] in acting}
