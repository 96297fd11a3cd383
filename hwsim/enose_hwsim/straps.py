"""What is tied for good: pins of bought parts that choose address, gain or state, and pins that have to rest low.

No firmware can see most of them, and some decide what is driven before it runs. Named and chosen as in the data sheets:
AD5676R ("Pin configuration"), ADS1115 (SBAS444, section 9.5.1.1), CD74HC4067 (SCHS209), ADG714 (rev. E), BME688
(section 6, "Interfaces"), SSD1306 (section 8.1.5).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from enose_hwsim.boardfile import BoardFile, MemristorBoard
from enose_hwsim.nets import dac_part, nets

GROUND, SUPPLY = "GND", "supply"
PULLED_UP = "2.2 to 4.7 kohm to 3.3 V"  # ours, as usual for 400 kHz
PULLED_DOWN = "10 kohm to GND"  # ours: well below a pull-up of a microcontroller, 45 kohm or more
ADS1115_ADDR = {0x48: GROUND, 0x49: SUPPLY, 0x4A: "SDA", 0x4B: "SCL"}


@dataclass(frozen=True)
class Strap:
    """A part's pin, what it is tied to, and what for."""

    part: str
    pin: str
    to: str
    why: str


def straps(board: BoardFile) -> list[Strap]:
    """Every pin of a board that is tied for good; bare supplies and grounds are left out."""
    return [*_dac(board), *_on_i2c(board), *_others(board), *_resting_low(board)]


def _dac(board: BoardFile) -> Iterator[Strap]:
    part = dac_part(board)
    yield Strap(part, "GAIN", SUPPLY if board.dac.gain == 2 else GROUND, f"a gain of {board.dac.gain}")
    yield Strap(part, "RSTSEL", GROUND, "outputs at zero scale after power-up")
    yield Strap(part, "LDAC", GROUND, "outputs follow what is written")
    yield Strap(part, "RESET", SUPPLY, "reset by command alone")


def _on_i2c(board: BoardFile) -> Iterator[Strap]:
    parts = {end.part for net in nets(board) if net.name == "SDA" for end in net.ends}
    for part in sorted(parts):
        name, _, address = part.rpartition(" ")
        if name.endswith("ADS1115"):
            yield Strap(part, "ADDR", ADS1115_ADDR[int(address, 16)], f"address {address}")
        elif name.endswith("BME688"):
            yield Strap(part, "CSB", SUPPLY, "I2C, not SPI")
            yield Strap(part, "SDO", SUPPLY if int(address, 16) & 1 else GROUND, f"address {address}")
        elif name.endswith("SSD1306"):
            yield Strap(part, "D/C#", SUPPLY if int(address, 16) & 1 else GROUND, f"address {address}")
    for line in ("SDA", "SCL"):
        yield Strap("I2C bus", line, PULLED_UP, "lines are open-drain; once on the bus, with those of modules counted")


def _others(board: BoardFile) -> Iterator[Strap]:
    yield Strap(f"mux {board.mux.part}", "E", GROUND, "always on")
    if isinstance(board, MemristorBoard):
        part = f"{board.matrix.parts} x {board.matrix.part} in a chain"
        yield Strap(part, "RESET", SUPPLY, "switches are opened by what is shifted in, and at power-up")


def _resting_low(board: BoardFile) -> Iterator[Strap]:
    for net in nets(board):
        if net.acts:
            yield Strap(net.ends[0].part, net.ends[0].pin, PULLED_DOWN, "off until the firmware runs")
