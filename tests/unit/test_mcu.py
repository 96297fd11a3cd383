"""What is wrong with a board's pins: every kind of problem, each with file, line, key and a pin that would do."""

from pathlib import Path

import pytest

from enose.boards import board_names, find_board
from enose.link.device import PROGRAM_LIMIT_MS
from enose_hwsim.boardfile import load_board
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.mcu import PROGRAM_LIMIT_S, pin_problems

BOARD, CHIP, BOARD_PATH = find_board("pico-mlp")
SOURCE = BOARD_PATH.read_text(encoding="utf-8")
_, MEMRISTOR_CHIP, MEMRISTOR_PATH = find_board("pico-memristor")
MEMRISTOR_SOURCE = MEMRISTOR_PATH.read_text(encoding="utf-8")


def problems(tmp_path: Path, *edits: tuple[str, str], source: str = SOURCE, chip: AnyChip = CHIP) -> list[str]:
    for old, new in edits:
        assert old in source
        source = source.replace(old, new, 1)
    path = tmp_path / "b.toml"
    path.write_text(source, encoding="utf-8")
    found = pin_problems(load_board(path), chip, path)
    for problem in found:
        line = int(problem.removeprefix(f"{path}:").split(":")[0])
        key = problem.split(": ")[1].split(".")[-1]
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
        ("output_channels = [1]", "output_channels = [1, 3]", "adc.output_channels: 2 channels, mlp441 has 1 outputs"),
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


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("gate_pin = 14", "gate_pin = 23", "pulses.gate_pin: GPIO 23 is taken by the Pico (the regulator's mode)"),
        (
            "select_pin = 15",
            "select_pin = 17",
            "matrix.select_pin: GPIO 17 is used by dac.select_pin already;"
            " free: 0, 1, 2, 3, 10, 11, 12, 13, 15, 27, 28",
        ),
        ("pulse_channel = 5", "pulse_channel = 4", "dac.pulse_channel: channel 4 drives an input already"),
        ("read_channel = 6", "read_channel = 5", "dac.read_channel: channel 5 is in use already"),
        ("[0, 1, 2, 3, 4]", "[0, 1, 2, 3]", "dac.input_channels: 4 channels, memristor542 has 5 inputs"),
        ("[1, 3]", "[1]", "adc.output_channels: 1 channels, memristor542 has 2 outputs"),
        ("parts = 13", "parts = 12", "matrix.parts: 96 switches, memristor542 needs 102"),
        ("0x49", "0x48", "read.address: 0x48 is that of the other ADC"),
        ("range_mv = 512", "range_mv = 256", "read.range_mv: 256 mV, a device of 2000 ohm makes 450 mV"),
        ("reference_v = 2.5", "reference_v = 1.1", "dac.reference_v: full scale 1.1 V, memristor542 needs 1.2 V"),
        (
            "sense_ohm = 18_000",
            "sense_ohm = 18",
            "read.sense_ohm: 18 ohm, a device of 50000 ohm makes 1.15 counts, its tolerance of 0.01 needs 500",
        ),
        (
            "noise = 0.002 ",
            "noise = 0.5 ",
            "read.noise: 0.5 takes 62500 conversions a reading, 24215 s to program memristor542,"
            " expected at most 120 s",
        ),
    ],
)
def test_each_kind_of_problem_of_a_memristor_board_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    assert problems(tmp_path, (old, new), source=MEMRISTOR_SOURCE, chip=MEMRISTOR_CHIP) == [expected]


def test_readings_may_be_as_coarse_and_as_many_as_the_limits_say(tmp_path: Path) -> None:
    """500 counts of 15.6 uV are 1 uA over 7812.5 ohm; in 120 s fit 170 readings of 309 conversions, 17.6 squared."""
    for old, good, bad in (("sense_ohm = 18_000", "7813", "7812"), ("noise = 0.002 ", "0.035 ", "0.036 ")):
        key = old.split(" = ")[0]
        assert problems(tmp_path, (old, f"{key} = {good}"), source=MEMRISTOR_SOURCE, chip=MEMRISTOR_CHIP) == []
        (found,) = problems(tmp_path, (old, f"{key} = {bad}"), source=MEMRISTOR_SOURCE, chip=MEMRISTOR_CHIP)
        assert found.startswith(f"read.{key}: ")


def test_the_limit_is_as_long_as_the_host_waits() -> None:
    assert PROGRAM_LIMIT_S * 1000 == PROGRAM_LIMIT_MS


def test_a_chip_of_another_kind_is_named(tmp_path: Path) -> None:
    found = problems(tmp_path, chip=MEMRISTOR_CHIP)
    assert "kind: 'mlp', chip memristor542 is 'memristor'" in found
