"""What is wrong with a board: every kind of problem with file, line, key, value and what was expected."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.boards import board_names, boards_folder, checked_board, find_board
from enose.link.device import PROGRAM_LIMIT_MS
from enose_hwsim.board_check import board_problems, fit
from enose_hwsim.boardfile import BOARD_KINDS, load_board
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.mcu import FLASH_KIB, MICROCONTROLLERS
from enose_hwsim.nets import nets
from enose_hwsim.tomlfile import BoardError

FILES = {name: (boards_folder() / f"{name}.toml").read_text(encoding="utf-8") for name in board_names()}


def problems(tmp_path: Path, name: str, *edits: tuple[str, str], chip: AnyChip | None = None) -> list[str]:
    """The problems of a board of the project after some edits, without file and line, whose agreement is checked."""
    source = FILES[name]
    for old, new in edits:
        assert old in source
        source = source.replace(old, new, 1)
    path = tmp_path / "b.toml"
    path.write_text(source, encoding="utf-8")
    found = board_problems(load_board(path), chip or find_board(name)[1], path)
    for problem in found:
        line = int(problem.removeprefix(f"{path}:").split(":")[0])
        key = problem.split(": ")[1].split(".")[-1]
        assert key in source.splitlines()[line - 1]
        assert ", expected " in problem
    return [problem.split(": ", 1)[1] for problem in found]


@pytest.mark.parametrize("name", board_names())
def test_the_boards_that_come_with_the_project_have_no_problems(name: str) -> None:
    assert board_problems(*find_board(name)) == []
    assert checked_board(name) == find_board(name)


def test_there_is_a_board_for_each_microcontroller_and_each_kind_of_chip() -> None:
    boards = [find_board(name)[0] for name in board_names()]
    assert {board.mcu for board in boards} == set(MICROCONTROLLERS)
    assert {board.kind for board in boards} == set(BOARD_KINDS)


@pytest.mark.parametrize("name", board_names())
def test_the_partition_lies_in_the_simulated_flash(name: str) -> None:
    flash = find_board(name)[0].flash
    assert flash.files_kib <= flash.start_kib < flash.start_kib + flash.length_kib <= FLASH_KIB


# fmt: off
MLP = [
    # pins
    ("pin = 20", "pin = 30", "switch.pin: there is no GPIO 30 on the RP2040, expected a free pin;"
     " the nearest: GPIO 27"),
    ("pin = 20", "pin = 25", "switch.pin: GPIO 25 is taken by the Pico (the LED), expected a free pin;"
     " the nearest: GPIO 27"),
    ("pin = 20", "pin = 29", "switch.pin: GPIO 29 is taken by the Pico (a third of VSYS), expected a free pin;"
     " the nearest: GPIO 27"),
    ("pin = 20", "pin = 15", "switch.pin: GPIO 15 is used by weights.strobe_pin already, expected a free pin;"
     " the nearest: GPIO 20"),
    ("sda_pin = 4", "sda_pin = 1", "i2c.sda_pin: GPIO 1, expected a pin with I2C0 SDA; the nearest: GPIO 0"),
    ("sda_pin = 4", "sda_pin = 2", "i2c.sda_pin: GPIO 2, expected a pin with I2C0 SDA; the nearest: GPIO 0"),
    ("scl_pin = 5", "scl_pin = 3", "i2c.scl_pin: GPIO 3, expected a pin with I2C0 SCL; the nearest: GPIO 1"),
    ("sck_pin = 18", "sck_pin = 27", "spi.sck_pin: GPIO 27, expected a pin with SPI0 SCK; the nearest: GPIO 18"),
    ("mosi_pin = 19", "mosi_pin = 0", "spi.mosi_pin: GPIO 0, expected a pin with SPI0 MOSI; the nearest: GPIO 19"),
    ("miso_pin = 16", "miso_pin = 28", "spi.miso_pin: GPIO 28, expected a pin with SPI0 MISO; the nearest: GPIO 16"),
    ("[spi]\nid = 0", "[spi]\nid = 2", "spi.id: 2, expected SPI 0 or 1 of the RP2040"),
    ("pin = 26", "pin = 3", "supply_sense.pin: GPIO 3, expected a pin with ADC; the nearest: GPIO 26"),
    # parts
    ("frequency_hz = 400_000", "frequency_hz = 1_000_000",
     "i2c.frequency_hz: 1000000 Hz, expected 10000 to 400000 Hz (ADS1115)"),
    ("frequency_hz = 400_000", "frequency_hz = 9_999",
     "i2c.frequency_hz: 9999 Hz, expected 10000 to 400000 Hz (ADS1115)"),
    ("frequency_hz = 10_000_000", "frequency_hz = 60_000_000",
     "spi.frequency_hz: 60000000 Hz, expected at most 25000000 Hz (AD5676R)"),
    ("reference_v = 2.5", "reference_v = 25",
     "dac.reference_v: 25 V, expected 2.5 V, the reference inside the AD5676R"),
    ("weight_channel = 4", "weight_channel = 3", "dac.weight_channel: channel 3 is used by input_channels already,"
     " expected another; free: 4, 6, 7"),
    ("output_channels = [1]", "output_channels = [0]", "adc.output_channels: channel 0 is used by sensor_channel"
     " already, expected another; free: 1"),
    ("rail_channel = 2", "rail_channel = 1", "adc.rail_channel: channel 1 is used by output_channels already,"
     " expected another; free: 2"),
    ("sensor_range_mv = 4096", "sensor_range_mv = 2048",
     "adc.sensor_range_mv: 2048 mV, expected at least the sensors' rail, 3300 mV"),
    ("rail_v = 3.3", "rail_v = 9.0", "sensors.rail_v: 9 V, expected at most 5.5 V, which the ADS1115 bears"),
    ("settle_s = 50e-6", "settle_s = 5e-6",
     "mux.settle_s: 5 us, expected at least 6.0 us behind dividers of 10000 ohm"),
    # memory
    ("heap_kib = 192", "heap_kib = 264",
     "heap_kib: 264 KiB, expected at most 224 KiB, what MicroPython has on the RP2040"),
    ("start_kib = 1280", "start_kib = 1024",
     "flash.start_kib: 1024 KiB, expected 1280 KiB or more, behind MicroPython's own file system"),
    ("length_kib = 128", "length_kib = 256",
     "flash.length_kib: 256 KiB, expected at most 128 KiB from there to the end of the Pico's 1408 KiB"),
    ("start_kib = 1280", "start_kib = 1412",
     "flash.length_kib: 128 KiB, expected at most 0 KiB from there to the end of the Pico's 1408 KiB"),
    # the chip
    ("[0, 1, 2, 3]", "[0, 1, 2]", "dac.input_channels: 3 channels, expected 4, one an input of mlp441"),
    ("dac_channel = 3 ", "dac_channel = 2 ",
     "adc.dac_channel: channel 2 is used by rail_channel already, expected another; free: 3"),
    ("[1] # the chip's answer\nrail_channel = 2      # the sensors' supply, so that a divider is read as a ratio\ndac",
     "[1, 3]\nrail_channel = 2\n# dac",
     "adc.output_channels: 2 channels, expected 1, one an output of mlp441"),
    ("dac_channel = 5", "dac_channel = 4",
      "teacher.dac_channel: channel 4 is used by weight_channel already, expected another; free: 5, 6, 7"),
    ("sample_s = 0.040", "sample_s = 0.2",
      "teacher.sample_s: 0.2 s, expected at most 0.1 s, in which a weight of mlp441 droops by its limit"),
    ("output_range_mv = 2048", "output_range_mv = 1024",
     "adc.output_range_mv: 1024 mV, expected at least 1040 mV, the highest valid output of mlp441"),
    ("[10, 11, 12, 13, 14]", "[10, 11, 12, 13]", "weights.address_pins: 4 lines, expected 5, for 25 weights of mlp441"),
    ("divider = 2.0", "divider = 0.5",
     "supply_sense.divider: 0.5, expected at least 0.573, for 1.89 V at an ADC that ends at 3.3 V"),
    # the air
    ("-12_000, -22_000, ", "-12_000, ",
     "sensors.ppm_per_c: 15 values, expected 16, one a position"),
    ("-6_000, -5_000, ", "-6_000, ", "sensors.ppm_per_rh: 15 values, expected 16, one a position"),
    ('[climate] # the air at the sensors\npart = "SHT40"\naddress = 0x44\nevery_s = 5\n', "",
     "sensors.ppm_per_c: no sensor knows the air, expected a section [climate]"),
]
MEMRISTOR = [
    ("gate_pin = 14", "gate_pin = 23", "pulses.gate_pin: GPIO 23 is taken by the Pico (the regulator's mode),"
     " expected a pin with state machine; the nearest: GPIO 27"),
    ("select_pin = 15", "select_pin = 17", "matrix.select_pin: GPIO 17 is used by dac.select_pin already,"
     " expected a free pin; the nearest: GPIO 15"),
    ("frequency_hz = 10_000_000", "frequency_hz = 28_000_000",
     "spi.frequency_hz: 28000000 Hz, expected at most 25000000 Hz (AD5676R)"),
    ("pulse_channel = 5", "pulse_channel = 4", "dac.pulse_channel: channel 4 is used by input_channels already,"
     " expected another; free: 5, 7"),
    ("read_channel = 6", "read_channel = 5", "dac.read_channel: channel 5 is used by pulse_channel already,"
     " expected another; free: 6, 7"),
    ("0x49", "0x48", "read.address: 0x48 is that of adc already, expected another; free: 0x49, 0x4a, 0x4b"),
    ("rail_channel = 2 ", "dac_channel = 2\nrail_channel = 2 ", "adc.dac_channel: 2, which is not looked at, expected"
     " read.dac_channel instead"),
    ("[1, 3]", "[1]", "adc.output_channels: 1 channels, expected 2, one an output of memristor542"),
    ("parts = 13", "parts = 12", "matrix.parts: 12, expected at least 13, for 102 switches around memristor542"),
    ("range_mv = 512", "range_mv = 256",
     "read.range_mv: 256 mV, expected at least 450 mV, which a device of 2000 ohm makes"),
    ("sense_ohm = 18_000", "sense_ohm = 18",
     "read.sense_ohm: 18 ohm, a device of 50000 ohm makes 1.15 counts, expected 500, for its tolerance of 0.01"),
    ("noise = 0.002 ", "noise = 0.5 ", "read.noise: 0.5 takes 62500 conversions a reading,"
     " 24215 s to program memristor542, expected at most 120 s"),
]
ESP32S3 = [
    ("pin = 47", "pin = 22", "switch.pin: there is no GPIO 22 on the ESP32-S3, expected a free pin;"
     " the nearest: GPIO 36"),
    ("pin = 47", "pin = 46", "switch.pin: GPIO 46 is taken by the DevKitC-1 (strapping: boot messages),"
     " expected a free pin; the nearest: GPIO 47"),
    ("sda_pin = 8", "sda_pin = 20", "i2c.sda_pin: GPIO 20 is taken by the DevKitC-1 (USB D+),"
     " expected a pin with I2C0 SDA; the nearest: GPIO 8"),
    ("[spi] # the pins that SPI2 has without the GPIO matrix\nid = 1", "[spi]\nid = 0",
     "spi.id: 0, expected SPI 1 or 2 of the ESP32-S3"),
    ("pin = 1\n", "pin = 40\n", "supply_sense.pin: GPIO 40, expected a pin with ADC; the nearest: GPIO 1"),
    ("pin = 40\n", "pin = 39\n", "pump.pin: GPIO 39 is used by led.pin already, expected a free pin;"
     " the nearest: GPIO 40"),
    ("pin = 47", "pin = 39", "switch.pin: GPIO 39 is high before the firmware runs (a weak pull-up, as JTAG's MTCK),"
     " expected a free pin; the nearest: GPIO 37"),
    ("heater_pin = 41", "heater_pin = 18", "gas.heater_pin: GPIO 18 is used by weights.address_pins already,"
     " expected a pin with PWM; the nearest: GPIO 36"),
    ("heap_kib = 224", "heap_kib = 256",
     "heap_kib: 256 KiB, expected at most 224 KiB, what MicroPython has on the ESP32-S3"),
    ("pin = 35", "pin = 20", "button.pin: GPIO 20 is taken by the DevKitC-1 (USB D+), expected a free pin;"
     " the nearest: GPIO 35"),
    ("pin = 2\ndivider = 2.0", "pin = 2\ndivider = 1.0",
     "battery.divider: 1, expected at least 1.44, for 4.18 V at an ADC that ends at 2.9 V"),
    ("low_v = 3.45", "low_v = 4.1",
     "battery.low_v: 4.1 V, expected within the curve from 3.2 V, and with its hysteresis below 4.18 V"),
]
# fmt: on
CASES = [
    *(("pico-mlp", *case) for case in MLP),
    *(("pico-memristor", *case) for case in MEMRISTOR),
    *(("esp32s3-mlp", *case) for case in ESP32S3),
]


@pytest.mark.parametrize(("name", "old", "new", "expected"), CASES)
def test_each_kind_of_problem_is_named(tmp_path: Path, name: str, old: str, new: str, expected: str) -> None:
    assert problems(tmp_path, name, (old, new)) == [expected]


def test_every_problem_is_named_not_only_the_first_in_the_order_of_the_file(tmp_path: Path) -> None:
    edits = (("sda_pin = 4", "sda_pin = 9"), ("pin = 20", "pin = 24"), ("[0, 1, 2, 3]", "[0]"))
    found = problems(tmp_path, "pico-mlp", *edits)
    # GPIO 9 is no SDA, so that it is still the multiplexer's
    assert [text.split(":")[0] for text in found] == ["i2c.sda_pin", "dac.input_channels", "switch.pin"]


def test_a_board_without_a_free_pin_says_so(tmp_path: Path) -> None:
    lines = ("[10, 11, 12, 13, 14]", "[10, 11, 12, 13, 14, 0, 1, 27, 20]")
    found = problems(tmp_path, "pico-mlp", lines)
    assert found == [
        "switch.pin: GPIO 20 is used by weights.address_pins already, expected a free pin; none is free",
    ]


def test_a_chip_that_needs_more_than_the_dac_makes_is_named(tmp_path: Path) -> None:
    chip = find_board("pico-mlp")[1]
    strong = msgspec.structs.replace(chip, synapse=msgspec.structs.replace(chip.synapse, weight_max_v=2.7))
    assert problems(tmp_path, "pico-mlp", chip=strong) == [
        "dac.gain: 1, so a full scale of 2.5 V, expected at least the 2.7 V that mlp441 needs"
    ]
    assert problems(tmp_path, "pico-mlp", ("gain = 1", "gain = 2"), chip=strong) == []


def test_outputs_that_are_too_many_are_named_and_so_is_the_channel_that_they_take(tmp_path: Path) -> None:
    assert problems(tmp_path, "pico-mlp", ("output_channels = [1]", "output_channels = [1, 3]")) == [
        "adc.output_channels: 2 channels, expected 1, one an output of mlp441",
        "adc.dac_channel: channel 3 is used by output_channels already, expected another; free: none",
    ]


def test_a_chip_that_does_not_learn_needs_no_teacher(tmp_path: Path) -> None:
    chip = msgspec.structs.replace(find_board("pico-mlp")[1], learning=None)
    assert problems(tmp_path, "pico-mlp", chip=chip) == [
        "teacher.vc_pin: mlp441 does not learn on the chip, expected no section [teacher]"
    ]


def test_pulses_need_a_microcontroller_with_state_machines(tmp_path: Path) -> None:
    found = problems(tmp_path, "pico-memristor", ('"rp2040"', '"esp32s3"'), ("[spi]", "[spi] # of another"))
    expected = "mcu: 'esp32s3' has no state machine for pulses.gate_pin, expected one of: rp2040, rp2350"
    assert found[0] == expected
    assert sum("state machine" in text for text in found) == 1


def test_a_chip_of_another_kind_is_named_and_nothing_that_follows_from_it(tmp_path: Path) -> None:
    found = problems(tmp_path, "pico-mlp", chip=find_board("pico-memristor")[1])
    assert found == ["kind: 'mlp', expected 'memristor', the kind of chip memristor542"]


@pytest.mark.parametrize("name", board_names())
@given(st.data())
def test_the_nearest_pin_that_is_named_mends_the_problem(tmp_path_factory, name: str, data: st.DataObject) -> None:
    board, chip, path = find_board(name)
    single = [net for net in nets(board) if net.pin is not None and net.key.endswith("pin")]
    net = data.draw(st.sampled_from(single))
    pin = data.draw(st.integers(0, 48))

    def with_pin(number: int):
        section = msgspec.structs.replace(getattr(board, net.section), **{net.key: number})
        return msgspec.structs.replace(board, **{net.section: section})

    own = [text for text in board_problems(with_pin(pin), chip, path) if f": {net.section}.{net.key}: " in text]
    if own and "the nearest: GPIO" in own[0]:
        assert board_problems(with_pin(int(own[0].rsplit(" ", 1)[1])), chip, path) == []
    else:
        mcu = MICROCONTROLLERS[board.mcu]
        assert pin in mcu.able(net.function)


def test_a_board_with_problems_is_refused_with_the_first_and_the_way_to_the_others(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(FILES["pico-mlp"].replace("pin = 20", "pin = 24"), encoding="utf-8")
    with pytest.raises(BoardError, match=r"mine.toml:\d+: switch.pin: GPIO 24 is taken by the Pico .*27$") as error:
        checked_board(str(path))
    assert "more" not in str(error.value)
    path.write_text(FILES["pico-mlp"].replace("pin = 20", "pin = 24").replace("= 192", "= 999"), encoding="utf-8")
    with pytest.raises(BoardError, match=r"heap_kib: 999 KiB.* \(and 1 more: `enose board check .*mine.toml`\)$"):
        checked_board(str(path))


def test_readings_may_be_as_coarse_and_as_many_as_the_limits_say(tmp_path: Path) -> None:
    """500 counts of 15.6 uV are 1 uA over 7812.5 ohm; in 120 s fit 170 readings of 309 conversions, 17.6 squared."""
    for old, good, bad in (("sense_ohm = 18_000", "7813", "7812"), ("noise = 0.002 ", "0.035 ", "0.036 ")):
        key = old.split(" = ")[0]
        assert problems(tmp_path, "pico-memristor", (old, f"{key} = {good}")) == []
        (found,) = problems(tmp_path, "pico-memristor", (old, f"{key} = {bad}"))
        assert found.startswith(f"read.{key}: ")


def test_the_limit_is_as_long_as_the_host_waits() -> None:
    assert fit.PROGRAM_LIMIT_S * 1000 == PROGRAM_LIMIT_MS
