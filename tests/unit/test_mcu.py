"""What is wrong with a board's pins: every kind of problem, each with file, line, key and a pin that would do."""

from pathlib import Path

import pytest

from enose.boards import board_names, find_board
from enose_hwsim.boardfile import load_board
from enose_hwsim.mcu import pin_problems

BOARD, CHIP, BOARD_PATH = find_board("pico-mlp")
SOURCE = BOARD_PATH.read_text(encoding="utf-8")


def problems(tmp_path: Path, *edits: tuple[str, str]) -> list[str]:
    source = SOURCE
    for old, new in edits:
        assert old in source
        source = source.replace(old, new, 1)
    path = tmp_path / "b.toml"
    path.write_text(source, encoding="utf-8")
    found = pin_problems(load_board(path), CHIP, path)
    for problem in found:
        line = int(problem.removeprefix(f"{path}:").split(":")[0])
        key = problem.split(": ")[1].split(".")[1]
        assert key in source.splitlines()[line - 1]
    return [problem.split(": ", 1)[1] for problem in found]


@pytest.mark.parametrize("name", board_names())
def test_the_boards_that_come_with_the_project_have_no_problems(name: str) -> None:
    assert pin_problems(*find_board(name)) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("pin = 20", "pin = 29", "switch.pin: there is no GPIO 29; the RP2040 has 0 to 28"),
        ("pin = 20", "pin = 25", "switch.pin: GPIO 25 is taken by the Pico (the LED)"),
        (
            "pin = 20",
            "pin = 15",
            "switch.pin: GPIO 15 is used by weights.strobe_pin already; free: 0, 1, 2, 3, 20, 27, 28",
        ),
        ("sda_pin = 4", "sda_pin = 1", "i2c.sda_pin: GPIO 1 is not SDA of I2C0; the nearest that is: GPIO 0"),
        ("sda_pin = 4", "sda_pin = 2", "i2c.sda_pin: GPIO 2 is not SDA of I2C0; the nearest that is: GPIO 0"),
        ("scl_pin = 5", "scl_pin = 3", "i2c.scl_pin: GPIO 3 is not SCL of I2C0; the nearest that is: GPIO 1"),
        ("sck_pin = 18", "sck_pin = 27", "spi.sck_pin: GPIO 27 is not SCK of SPI0; the nearest that is: GPIO 22"),
        ("mosi_pin = 19", "mosi_pin = 0", "spi.mosi_pin: GPIO 0 is not MOSI of SPI0; the nearest that is: GPIO 3"),
        ("miso_pin = 16", "miso_pin = 28", "spi.miso_pin: GPIO 28 is not MISO of SPI0; the nearest that is: GPIO 20"),
        ("pin = 26", "pin = 3", "supply_sense.pin: GPIO 3 has no ADC; the nearest that is: GPIO 26"),
        ("[0, 1, 2, 3]", "[0, 1, 2]", "dac.input_channels: 3 channels, mlp441 has 4 inputs"),
        ("weight_channel = 4", "weight_channel = 3", "dac.weight_channel: channel 3 drives an input already"),
        ("[10, 11, 12, 13, 14]", "[10, 11, 12, 13]", "weights.address_pins: 4 lines address too few of 25 weights"),
        ("reference_v = 2.5", "reference_v = 1.0", "dac.reference_v: full scale 1.0 V, mlp441 needs 1.1 V"),
        (
            "sensor_range_mv = 4096",
            "sensor_range_mv = 2048",
            "adc.sensor_range_mv: 2048 mV, less than the rail of 3.3 V",
        ),
        ("length_kib = 128", "length_kib = 256", "flash.length_kib: ends at 1536 KiB, the Pico has 1408 KiB for files"),
    ],
)
def test_each_kind_of_problem_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert problems(tmp_path, (old, new)) == [expected]


def test_every_problem_is_named_not_only_the_first(tmp_path: Path) -> None:
    found = problems(tmp_path, ("sda_pin = 4", "sda_pin = 9"), ("pin = 20", "pin = 24"), ("[0, 1, 2, 3]", "[0]"))
    assert [text.split(":")[0] for text in found] == [
        "mux.select_pins",
        "switch.pin",
        "i2c.sda_pin",
        "dac.input_channels",
    ]


def test_the_second_bus_has_its_own_pins(tmp_path: Path) -> None:
    found = problems(tmp_path, ("[i2c]\nid = 0", "[i2c]\nid = 1"))
    assert found[0] == "i2c.sda_pin: GPIO 4 is not SDA of I2C1; the nearest that is: GPIO 2"
    assert len(found) == 2


def test_a_board_without_free_pins_says_so(tmp_path: Path) -> None:
    edits = (("[10, 11, 12, 13, 14]", "[10, 11, 12, 13, 14, 0, 1, 2, 3, 27, 28]"), ("pin = 20", "pin = 20 # same"))
    assert problems(tmp_path, *edits) == []
    found = problems(tmp_path, ("[10, 11, 12, 13, 14]", "[10, 11, 12, 13, 14, 0, 1, 2, 3, 27, 28, 20]"))
    assert found == ["switch.pin: GPIO 20 is used by weights.address_pins already; free: none"]
