"""Board and chip files: good ones load; a bad one is one line with file, line, key and what was expected."""

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.boards import board_names, boards_folder, find_board, find_chip
from enose_hwsim.boardfile import load_board
from enose_hwsim.chipfile import load_chip
from enose_hwsim.tomlfile import BoardError, line_of

BOARD = (boards_folder() / "pico-mlp.toml").read_text(encoding="utf-8")
FULL = (boards_folder() / "pico2-mlp.toml").read_text(encoding="utf-8")  # all optional parts are on it
MEMRISTOR = (boards_folder() / "pico-memristor.toml").read_text(encoding="utf-8")
CHIP = (boards_folder() / "chips" / "mlp441.toml").read_text(encoding="utf-8")


def line_with(source: str, text: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if text in line)


def refused(tmp_path: Path, load, source: str) -> str:
    path = tmp_path / "file.toml"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(BoardError) as error:
        load(path)
    text = str(error.value)
    assert "\n" not in text
    return text.replace(str(path), "FILE")


@pytest.mark.parametrize("name", board_names())
def test_every_board_that_comes_with_the_project_loads_with_its_chip(name: str) -> None:
    board, chip, path = find_board(name)
    assert (board.name, board.chip, path.stem) == (name, chip.name, name)


@pytest.mark.parametrize("path", sorted((boards_folder() / "chips").glob("*.toml")), ids=lambda p: p.stem)
def test_every_chip_that_comes_with_the_project_loads(path: Path) -> None:
    assert load_chip(path).name == path.stem


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # a wrong key, and the nearest known one
        ("strobe_pin = 15", "strobe_pn = 15", "weights.strobe_pn: unknown key, did you mean 'strobe_pin'?"),
        ("divider = 2.0", "zzz = 1", "supply_sense.zzz: unknown key; known: pin, divider"),
        ("[switch]", "[switsh]", "switsh: unknown key, did you mean 'switch'?"),
        ('title = "R', 'titel = "R', "titel: unknown key, did you mean 'title'?"),
        # a wrong type
        ("sda_pin = 4", "sda_pin = 4.5", "i2c.sda_pin: expected `int`, got `float`"),
        ("divider = 2.0", 'divider = "2"', "supply_sense.divider: expected `float`, got `str`"),
        ("gain = 1", "gain = true", "dac.gain: expected `int`, got `bool`"),
        ("[switch]", "[[switch]]", "switch: expected `object`, got `array`"),
        (
            "address_pins = [10, 11, 12, 13, 14]",
            "address_pins = 10",
            "weights.address_pins: expected `array`, got `int`",
        ),
        # a wrong value, and the allowed ones
        ("rate_sps = 860", "rate_sps = 861", "adc.rate_sps: 861 is not one of: 8, 16, 32, 64, 128, 250, 475, 860"),
        ("gain = 1", "gain = 3", "dac.gain: 3 is not one of: 1, 2"),
        ('kind = "mlp"', 'kind = "mlq"', "kind: 'mlq' is not one of: mlp, memristor"),
        ('mcu = "rp2040"', 'mcu = "rp2041"', "mcu: 'rp2041' is not one of: rp2040, rp2350, esp32s3"),
        ('part = "ADS1115"', 'part = "ADS1015"', "adc.part: 'ADS1015' is not one of: ADS1115"),
        ("id = 0", "id = 2", "i2c.id: 2 is not one of: 0, 1"),
        ("[spi]\nid = 0", "[spi]\nid = 3", "spi.id: 3 is not one of: 0, 1, 2"),
        ("files_kib = 1280", "files_kib = 2", "flash.files_kib: expected `int` that's a multiple of 4"),
        ("sda_pin = 4", "sda_pin = 99", "i2c.sda_pin: expected `int` <= 48"),
        ("select_pins = [6, 7, 8, 9]", "select_pins = [6, 7, 8, -9]", "mux.select_pins: expected `int` >= 0"),
        ("select_pins = [6, 7, 8, 9]", "select_pins = [6, 7, 8]", "mux.select_pins: expected `array` of length >= 4"),
        ("start_kib = 1280", "start_kib = 1281", "flash.start_kib: expected `int` that's a multiple of 4"),
        ("divider = 2.0", "divider = nan", "supply_sense.divider: expected `float` > 0.0"),
        ("divider = 2.0", "divider = inf", "supply_sense.divider: expected `float` <= 1000000.0"),
        ("use = 0.8", "use = 1.5", "refresh.use: expected `float` <= 1.0"),
        ('name = "pico-mlp"', 'name = "pico mlp"', "name: expected `str` matching regex '^[!-~]{1,16}$'"),
    ],
)
def test_a_wrong_key_type_or_value_is_named_with_its_line(tmp_path: Path, old: str, new: str, expected: str) -> None:
    source = BOARD.replace(old, new, 1)
    assert source != BOARD
    line = source[: source.index(new) + len(new)].count("\n") + 1
    assert refused(tmp_path, load_board, source) == f"FILE:{line}: {expected}"


def test_the_channel_of_the_temperature_sensor_may_be_left_out(tmp_path: Path) -> None:
    path = tmp_path / "file.toml"
    path.write_text(BOARD.replace("adc_channel = 4\n", ""), encoding="utf-8")
    assert load_board(path).temperature.adc_channel == 4


def test_a_missing_key_is_named_at_its_section(tmp_path: Path) -> None:
    source = BOARD.replace("strobe_pin = 15\n", "")
    expected = f"FILE:{line_with(source, '[weights]')}: weights: object missing required field `strobe_pin`"
    assert refused(tmp_path, load_board, source) == expected


def test_a_missing_section_is_named(tmp_path: Path) -> None:
    source = BOARD.replace("[switch]\npin = 20\n", "").replace("[switch] # a", "# a").replace("pin = 20\n", "")
    assert refused(tmp_path, load_board, source).endswith("file: object missing required field `switch`")


def test_a_section_of_the_other_kind_is_unknown_and_one_of_its_own_is_missed(tmp_path: Path) -> None:
    other = MEMRISTOR.replace('kind = "memristor"', 'kind = "mlp"')
    text = refused(tmp_path, load_board, other)
    # the first that is wrong is named
    assert text.startswith(f"FILE:{line_with(other, 'pulse_channel')}: dac.pulse_channel: unknown key")
    for section in ("matrix", "pulses", "read"):
        at = MEMRISTOR.index(f"[{section}]")
        without = MEMRISTOR[:at] + MEMRISTOR[MEMRISTOR.index("\n[", at) + 1 :]
        assert refused(tmp_path, load_board, without).endswith(f"file: object missing required field `{section}`")
    both = MEMRISTOR + "\n[weights]\naddress_pins = [1]\nstrobe_pin = 2\n"
    expected = f"FILE:{line_with(both, '[weights]')}: weights: unknown key"
    assert refused(tmp_path, load_board, both).startswith(expected)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("pulse_channel = 5", "pulse_channel = 8", "dac.pulse_channel: expected `int` <= 7"),
        ("parts = 13", "parts = 0", "matrix.parts: expected `int` >= 1"),
        ('"ADG714"', '"ADG715"', "matrix.part: 'ADG715' is not one of: ADG714"),
        ("range_mv = 512", "range_mv = 4095", "read.range_mv: 4095 is not one of: 2048, 1024, 512, 256"),
        ("dac_channel = 2", "dac_channel = 1", "read.dac_channel: 1 is not one of: 2, 3"),
        ("noise = 0.002 ", "noise = 0.0 ", "read.noise: expected `float` > 0.0"),
        ("gate_pin = 14", "gate_pn = 14", "pulses.gate_pn: unknown key, did you mean 'gate_pin'?"),
    ],
)
def test_a_wrong_value_of_a_memristor_board_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    source = MEMRISTOR.replace(old, new, 1)
    assert source != MEMRISTOR
    assert refused(tmp_path, load_board, source) == f"FILE:{line_with(source, new)}: {expected}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('part = "SSD1306"', 'part = "SH1106"', "display.part: 'SH1106' is not one of: SSD1306"),
        ("address = 0x3C", "address = 0x4A", "display.address: 74 is not one of: 60, 61"),
        ("every_s = 5", "every = 5", "climate.every: unknown key, did you mean 'every_s'?"),
        ("duty_percent = 80", "duty_percent = 0", "heater_pwm.duty_percent: expected `int` >= 1"),
        ("steps = [[320, 5]", "steps = [[500, 5]", "gas_sensor.steps: expected `int` <= 400"),
        ("steps = [[320, 5]", "steps = [[320]", "gas_sensor.steps: expected `array` of length 2, got 1"),
        ("period_ms = 140", "period_ms = 10", "gas_sensor.period_ms: expected `int` >= 20"),
        ("curve_v = [3.2, ", "curve_v = [", "battery.curve_v: expected `array` of length >= 11"),
        ("[led]", "[lde]", "lde: unknown key, did you mean 'led'?"),
        ("ppm_per_rh = [\n    -6_000", "ppm_per_rh = [\n    -60_000", "sensors.ppm_per_rh: expected `int` >= -50000"),
    ],
)
def test_a_wrong_value_of_an_optional_part_is_named(tmp_path: Path, old: str, new: str, expected: str) -> None:
    source = FULL.replace(old, new, 1)
    assert source != FULL
    line = line_with(source, new.splitlines()[0])
    assert refused(tmp_path, load_board, source) == f"FILE:{line}: {expected}"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("curve_v = [3.2, 3.45", "curve_v = [3.2, 3.2", " does not rise from each voltage to the next"),
        ("empty_v = 3.2 ", "empty_v = 3.6 ", "empty_v 3.6 is not below low_v 3.45"),
    ],
)
def test_a_battery_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = refused(tmp_path, load_board, FULL.replace(old, new, 1))
    assert text.startswith(f"FILE:{line_with(FULL, '[battery]')}: battery: ")
    assert text.endswith(expected)


@pytest.mark.parametrize("section", ["led", "display", "climate", "gas_sensor", "battery", "pump", "heater_pwm"])
def test_an_optional_part_may_be_left_out(tmp_path: Path, section: str) -> None:
    at = FULL.index(f"[{section}]")
    end = FULL.find("\n[", at)
    path = tmp_path / "file.toml"
    path.write_text(FULL[:at] + (FULL[end + 1 :] if end > 0 else ""), encoding="utf-8")
    assert getattr(load_board(path), section) is None


def test_an_input_channel_named_twice_is_refused(tmp_path: Path) -> None:
    text = refused(
        tmp_path, load_board, BOARD.replace("input_channels = [0, 1, 2, 3]", "input_channels = [0, 1, 1, 3]")
    )
    assert text.endswith("dac: input_channels [0, 1, 1, 3] name one channel twice")


@pytest.mark.parametrize(
    ("old", "new", "section", "expected"),
    [
        ("min_v = 0.85", "min_v = 0.96", "input", "min_v 0.96 is not below max_v, bias_v and no_field_v"),
        ("no_field_v = 0.90", "no_field_v = 0.84", "input", "min_v 0.85 is not below max_v, bias_v and no_field_v"),
        ("bias_v = 0.95 ", "bias_v = 1.95 ", "input", "bias_v 1.95 or no_field_v 0.9 is above max_v 0.95"),
        ("weight_zero_v = 0.90", "weight_zero_v = 0.60", "synapse", "weight_zero_v 0.6 is not between"),
        ("valid_min_v = 0.78", "valid_min_v = 0.83", "output", "0.82..0.98 V is not within 0.83..1.04 V"),
        ("edges_v = [0.88, 0.92]", "edges_v = [0.92, 0.88]", "decision", "edges_v [0.92, 0.88] do not rise"),
        ("edges_v = [0.88, 0.92]", "edges_v = [0.88, 0.88]", "decision", "edges_v [0.88, 0.88] do not rise"),
    ],
)
def test_a_chip_that_contradicts_itself_is_refused(
    tmp_path: Path, old: str, new: str, section: str, expected: str
) -> None:
    source = CHIP.replace(old, new, 1)
    text = refused(tmp_path, load_chip, source)
    assert text.startswith(f"FILE:{line_with(source, f'[{section}]')}: {section}: {expected}")


def test_a_chip_temperature_that_is_no_number_is_refused(tmp_path: Path) -> None:
    text = refused(tmp_path, load_chip, CHIP.replace("leak_at_c = 25.0", "leak_at_c = nan"))
    assert "retention.leak_at_c: expected `float` >= -273.15" in text


def test_what_is_not_toml_is_named_with_its_place(tmp_path: Path) -> None:
    text = refused(tmp_path, load_board, "name = \n[")
    assert text.startswith("FILE: not TOML (Invalid value (at line 1, column 8)")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.toml", tmp_path, binary):
        with pytest.raises(BoardError, match="cannot be read as a text file"):
            load_board(path)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=80), st.integers(0, len(BOARD)))
def test_a_file_with_anything_in_it_loads_or_is_refused_in_one_line(tmp_path_factory, text: str, at: int) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(BOARD[:at] + text + BOARD[at:], encoding="utf-8", newline="")
    with contextlib.suppress(BoardError):
        assert load_board(path).mcu == "rp2040"


def test_a_wrong_value_in_one_of_several_sections_of_a_name_is_refused_with_the_allowed_ones(tmp_path: Path) -> None:
    source = BOARD.replace('when = "awake"', 'when = "awoke"', 1)
    line = source[: source.index('"awoke"')].count("\n") + 1
    assert re.fullmatch(
        rf"FILE:{line}: power\.loads\.when: 'awoke' is not one of: .*awake.*", refused(tmp_path, load_board, source)
    )


def test_each_of_several_sections_of_a_name_is_refused_with_its_own_line(tmp_path: Path) -> None:
    places = [m.start() for m in re.finditer(r"^when = ", BOARD, re.MULTILINE)]
    headers = [BOARD[: m.start()].count("\n") + 1 for m in re.finditer(r"^\[\[power\.loads", BOARD, re.MULTILINE)]
    assert len(places) == len(headers) > 2
    for at, header in zip(places, headers, strict=True):
        line = BOARD[:at].count("\n") + 1
        misspelt = BOARD[:at] + BOARD[at:].replace("when", "wen", 1)
        assert refused(tmp_path, load_board, misspelt).startswith(f"FILE:{line}: power.loads.wen: unknown key")
        left_out = BOARD[:at] + "# " + BOARD[at:]
        assert refused(tmp_path, load_board, left_out).startswith(f"FILE:{header}: power.loads: object missing")


def test_an_unknown_board_or_chip_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(BoardError, match=r"'pico' is no board; known: .*pico-mlp.*, or the path of a .toml file"):
        find_board("pico")
    with pytest.raises(BoardError, match=r"mine.toml: chip: 'mlp' is no chip; known: .*mlp441"):
        find_chip("mlp", tmp_path / "mine.toml")


def test_a_chip_beside_the_board_file_comes_before_those_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(BOARD)
    (tmp_path / "chips").mkdir()
    (tmp_path / "chips" / "mlp441.toml").write_text(CHIP.replace('title = "CMOS', 'title = "my CMOS'))
    assert find_board(str(tmp_path / "mine.toml"))[1].title.startswith("my CMOS")


def test_a_key_is_found_in_its_own_section_only() -> None:
    source = "pin = 1\n[a]\npin = 2\n\n[ b ]\n  pin=3\n"
    assert line_of(source, [], "pin") == 1
    assert line_of(source, ["a"], "pin") == 3
    assert line_of(source, ["b"], "pin") == 6
    assert line_of(source, ["b"], "nowhere") == 5
    assert line_of(source, [], "a") == 2
    assert line_of(source, ["c"], "pin") == 1


def test_a_key_is_found_in_the_one_that_is_meant_of_several_sections_of_a_name() -> None:
    source = "[[a.b]]\npin = 1\n\n[[ a . b ]]\npin = 2\n[[a.b]]\n[c]\npin = 3\n"
    assert [line_of(source, ["a", "b"], "pin", k) for k in range(3)] == [2, 5, 6]
    assert line_of(source, ["a"], "b", 1) == 4
    assert line_of(source, ["c"], "pin", 1) == 8  # an index in a value of a section that is there once
    assert line_of("pin = 1\n", [], "pin", 1) == 1


def test_the_leak_doubles_every_ten_degrees() -> None:
    chip = load_chip(boards_folder() / "chips" / "mlp441.toml")
    assert chip.leak_v_per_s(25.0) == pytest.approx(0.010, rel=1e-12)  # rounding of one power and one product
    assert chip.leak_v_per_s(35.0) == pytest.approx(0.020, rel=1e-12)
    assert chip.topology.weights == 25
