"""Where everything of a wiring picture lies: boxes, pins, wires and labels, in picture units of a pixel.

Three columns: the microcontroller, the parts that it reaches, the rest. In the channel behind a column every net has a
vertical track of its own. The pins of one side of a channel lie on whole rows and those of the other on half ones, so
that no two wires ever run along each other; a crossing is no connection, a dot is one.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from enose_hwsim.boardfile import BoardFile
from enose_hwsim.mcu import MICROCONTROLLERS, Microcontroller
from enose_hwsim.nets import CHIP_INPUT, CHIP_OUTPUT, DRIVE, SENSOR, SUPPLY, End, Net, nets

ROW = 20
HALF_ROW = 10
MARGIN = 24
TOP = 96  # below the title and the legend
TRACK = 9
CHARACTER = 6.2  # the widest of the small letters, about
MCU_WIDTH, PART_WIDTH = 210, 250
STUB = 18  # from a box to its channel's nearest track or label

KINDS = ("I2C", "SPI", "output", "ADC", "PWM", "input", "state machine", SENSOR, DRIVE, CHIP_INPUT, CHIP_OUTPUT, SUPPLY)
COLOURS = (
    "#1f6fb4", "#2a8a3a", "#c26a00", "#8444a8", "#222222", "#7a9a01", "#c02a4a", "#8a6d00", "#c2527a", "#1f7f86",
    "#4b4fb0", "#5a5f66",
)  # fmt: skip


@dataclass(frozen=True)
class Label:
    """A text with its baseline's start, middle or end at x, y."""

    text: str
    x: float
    y: float
    anchor: str = "start"
    style: str = "pin"  # or "part", "free", "net"


@dataclass(frozen=True)
class Box:
    """The microcontroller or a part."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Wire:
    """One net in one channel: its corners, piece by piece, and the dots where more than two pieces meet."""

    net: str
    kind: str
    pieces: tuple[tuple[tuple[float, float], ...], ...]
    dots: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Drawing:
    """A whole picture."""

    title: str
    width: float
    height: float
    boxes: list[Box]
    wires: list[Wire]
    labels: list[Label]


def drawing(board: BoardFile) -> Drawing:
    """The picture of a board's nets. Every net between parts has an end on a part that the microcontroller reaches."""
    mcu = MICROCONTROLLERS[board.mcu]
    all_nets = nets(board)
    boxes: list[Box] = []
    labels: list[Label] = []
    pin_rows = _draw_mcu(mcu, all_nets, boxes, labels)
    from_mcu = {net.name: [pin_rows[net.pin]] for net in all_nets if net.pin is not None}
    wired = sorted((net for net in all_nets if net.name in from_mcu), key=lambda net: from_mcu[net.name])
    between = [net for net in all_nets if net.name not in from_mcu]

    net_width = CHARACTER * max(len(net.name) for net in all_nets) + STUB
    parts_x = MARGIN + MCU_WIDTH + STUB + TRACK * (len(wired) + 1) + net_width
    middle = _unique(end.part for net in wired for end in net.ends)
    rest = [part for part in _unique(end.part for net in between for end in net.ends) if part not in middle]
    left = _pins_by_part(wired, middle)
    right = _pins_by_part(between, middle)
    for pins in right.values():
        pins.sort(key=_by_number)
    first = _draw_parts(middle, left, right, parts_x, TOP + HALF_ROW, boxes, labels)
    rest_x = parts_x + PART_WIDTH + net_width + TRACK * (len(between) + 1) + STUB
    none: dict[str, list[str]] = {part: [] for part in rest}
    last = _draw_parts(rest, _pins_by_part(between, rest), none, rest_x, TOP, boxes, labels)

    wires = _route(
        from_mcu,
        {net.name: [first[end] for end in net.ends] for net in wired},
        {net.name: _kind(net) for net in wired},
        (MARGIN + MCU_WIDTH, MARGIN + MCU_WIDTH + STUB, parts_x),
    )
    labels += [Label(net.name, parts_x - 5, first[end] - 3, "end", "net") for net in wired for end in net.ends]
    edge = parts_x + PART_WIDTH
    near = {net.name: [first[end] for end in net.ends if end in first] for net in between}
    far = {net.name: [last[end] for end in net.ends if end in last] for net in between}
    wires += _route(near, far, {net.name: _kind(net) for net in between}, (edge, edge + net_width, rest_x))
    labels += [Label(name, edge + 5, y - 3, "start", "net") for name, ys in near.items() for y in ys]
    bottom = max(box.y + box.height for box in boxes) + MARGIN
    width = rest_x + (PART_WIDTH if rest else 0) + MARGIN
    return Drawing(f"{board.name}: {board.title}", width, bottom, boxes, wires, labels)


def _kind(net: Net) -> str:
    return next(kind for kind in KINDS if net.function.startswith(kind))


def _draw_mcu(mcu: Microcontroller, all_nets: list[Net], boxes: list[Box], labels: list[Label]) -> dict[int, float]:
    """The microcontroller with its pins in order, the free ones too; the row of each pin."""
    functions = {net.pin: net.function for net in all_nets if net.pin is not None}
    shown = [pin for pin in mcu.gpios if pin not in mcu.taken]
    boxes.append(Box(f"{mcu.module} ({mcu.title})", MARGIN, TOP, MCU_WIDTH, ROW * (len(shown) + 1.5)))
    labels.append(Label(boxes[0].name, MARGIN + 8, TOP + 15, style="part"))
    rows = {pin: TOP + ROW * (k + 2.0) for k, pin in enumerate(shown)}
    for pin, y in rows.items():
        style = "pin" if pin in functions else "free"
        labels.append(Label(functions.get(pin, "free"), MARGIN + 8, y + 4, style=style))
        labels.append(Label(f"GPIO {pin}", MARGIN + MCU_WIDTH - 6, y + 4, "end", style))
    return rows


def _draw_parts(
    parts: list[str],
    left: dict[str, list[str]],
    right: dict[str, list[str]],
    x: float,
    top: float,
    boxes: list[Box],
    labels: list[Label],
) -> dict[End, float]:
    """A column of parts with pins on both sides; the row of each pin."""
    rows: dict[End, float] = {}
    y = top
    for part in parts:
        height = ROW * (max(len(left[part]), len(right[part])) + 1.5)
        boxes.append(Box(part, x, y, PART_WIDTH, height))
        labels.append(Label(part, x + PART_WIDTH / 2, y + 15, "middle", "part"))
        for pins, pin_x, anchor in ((left[part], x + 6, "start"), (right[part], x + PART_WIDTH - 6, "end")):
            for k, pin in enumerate(pins):
                rows[End(part, pin)] = y + ROW * (k + 2)
                labels.append(Label(pin, pin_x, y + ROW * (k + 2) + 4, anchor))
        y += height + ROW - height % ROW
    return rows


def _route(
    near: dict[str, list[float]],
    far: dict[str, list[float]],
    kinds: dict[str, str],
    xs: tuple[float, float, float],
) -> list[Wire]:
    """The wires of one channel. xs: its near side, where its tracks begin, its far side."""
    near_x, start, far_x = xs
    wires = []
    for k, net in enumerate(_track_order(near, far)):
        track = start + TRACK * (k + 1)
        ends = [(near_x, y) for y in near[net]] + [(far_x, y) for y in far[net]]
        ys = sorted(y for _, y in ends)
        pieces = [((track, ys[0]), (track, ys[-1])), *(((x, y), (track, y)) for x, y in ends)]
        dots = tuple((track, y) for y in ys[1:-1])
        wires.append(Wire(net, kinds[net], tuple(pieces), dots))
    return wires


def _track_order(near: dict[str, list[float]], far: dict[str, list[float]]) -> list[str]:
    """From the near side on: nets that rise, the highest first; then those that fall, the lowest first.

    Two that rise, or two that fall, then cross only where they must.
    """
    rising = [net for net in near if far[net] and min(far[net]) < min(near[net])]
    falling = [net for net in near if net not in rising]
    return sorted(rising, key=lambda net: near[net]) + sorted(falling, key=lambda net: near[net], reverse=True)


def _by_number(pin: str) -> list[tuple[str, int]]:
    """Texts and numbers of a name in turn: AIN2 comes before AIN10."""
    return [(text, int(number or 0)) for text, number in re.findall(r"(\D+)(\d*)", pin)]


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _pins_by_part(some: list[Net], parts: list[str]) -> dict[str, list[str]]:
    """The pins of each part that are on these nets, in their order."""
    pins: dict[str, list[str]] = {part: [] for part in parts}
    for end in (end for net in some for end in net.ends):
        if end.part in pins and end.pin not in pins[end.part]:
            pins[end.part].append(end.pin)
    return pins
