"""Chip files of both kinds: which sections a kind has, what contradicts itself, how many devices share a voltage."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.boards import boards_folder
from enose_hwsim.chipfile import Bands, Largest, MemristorFile, MlpFile, load_chip
from enose_hwsim.memristor_sections import devices_in_series
from enose_hwsim.tomlfile import BoardError

SOURCE = (boards_folder() / "chips" / "memristor542.toml").read_text(encoding="utf-8")


def line_with(source: str, text: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if text in line)


def refused(tmp_path: Path, source: str) -> str:
    path = tmp_path / "file.toml"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(BoardError) as error:
        load_chip(path)
    text = str(error.value)
    assert "\n" not in text
    return text.replace(str(path), "FILE")


def changed(old: str, new: str) -> str:
    source = SOURCE.replace(old, new, 1)
    assert source != SOURCE
    return source


def test_the_kind_chooses_the_sections() -> None:
    memristor = load_chip(boards_folder() / "chips" / "memristor542.toml")
    mlp = load_chip(boards_folder() / "chips" / "mlp441.toml")
    assert isinstance(memristor, MemristorFile)
    assert isinstance(memristor.decision, Largest)
    assert memristor.topology.weights == 34
    assert isinstance(mlp, MlpFile)
    assert isinstance(mlp.decision, Bands)


def test_an_unknown_kind_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    source = changed('kind = "memristor"', 'kind = "memristors"')
    line = line_with(source, "kind =")
    assert refused(tmp_path, source) == f"FILE:{line}: kind: 'memristors' is not one of: mlp, memristor"


def test_a_missing_kind_is_named(tmp_path: Path) -> None:
    text = refused(tmp_path, changed('kind = "memristor"\n', ""))
    assert text == "FILE:1: file: object missing required field `kind`"


def test_a_section_of_another_kind_is_an_unknown_key(tmp_path: Path) -> None:
    text = refused(tmp_path, SOURCE + "\n[hold]\nacquire_s = 1e-6\ntime_constant_s = 1e-6\n")
    assert text.startswith(f"FILE:{line_with(SOURCE, '[retention]') + 3}: hold: unknown key")


def test_a_misspelt_key_is_answered_with_the_nearest(tmp_path: Path) -> None:
    text = refused(tmp_path, changed("threshold_v", "treshold_v"))
    assert text.endswith("devices.treshold_v: unknown key, did you mean 'threshold_v'?")


def test_the_other_kinds_decision_rule_is_refused(tmp_path: Path) -> None:
    text = refused(tmp_path, changed('rule = "largest"', 'rule = "bands"'))
    assert text.endswith("decision.rule: 'bands' is not one of: largest")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("common_v = 0.90", "common_v = 0.80", "input: common_v 0.8 is not between min_v 0.85 and max_v 0.95"),
        ("no_field_v = 0.90", "no_field_v = 0.96", "input: no_field_v 0.96 is not within 0.85..0.95 V"),
        ("bias_v = 1.00", "bias_v = 0.90", "input: bias_v 0.9 is not above common_v 0.9"),
        ("\nm = 5", "\nm = 4", "devices: m 4 is even, so that no voltage would raise a memristance"),
        ("max_ohm = 50000.0", "max_ohm = 60000.0", "devices: min_ohm 2000.0 to max_ohm 60000.0 is not within"),
        ("min_ohm = 2000.0", "min_ohm = 3.0", "devices: min_ohm 3.0 to max_ohm 50000.0 is not within"),
        ("min_v = 0.2\n", "min_v = 0.4\n", "pulse: min_v 0.4 or min_on_s 1e-06 is above its max"),
        ("min_on_s = 1e-6", "min_on_s = 0.1", "pulse: min_v 0.2 or min_on_s 0.1 is above its max"),
        ("min_on_s = 1e-6", "min_on_s = 1.5e-6", "pulse: min_on_s 1.5e-06 is no whole number of microseconds"),
        # against the rest of the board
        ("no_field_v = 0.90", "no_field_v = 0.95", "file: input: no_field_v 0.95 V is not input.common_v, 0.9 V"),
        ("rest_v = 0.90", "rest_v = 0.80", "file: decision: rest_v 0.8 V is not input.common_v, 0.9 V"),
        ("hidden_max_v = 0.7", "hidden_max_v = 1.0", "file: adder: hidden_max_v 1"),
        # against the devices' threshold
        ("max_v = 0.95", "max_v = 1.06", "file: input: its farthest voltage from common_v 0.16 V is not below devices"),
        ("bias_v = 1.00", "bias_v = 1.06", "file: input: bias_v from common_v 0.16 V is not below devices.threshold_v"),
        ("read_v = 0.05", "read_v = 0.2", "file: pulse: read_v 0.2 V is not below devices.threshold_v 0.1583 V"),
        (
            "divider = 0.1",
            "divider = 0.2",
            "file: activation: divider of high_v 0.2 V is not below devices.threshold_v",
        ),
        ("min_v = 0.2\n", "min_v = 0.1\n", "file: pulse: min_v 0.1 is not above devices.threshold_v 0.1583 V"),
    ],
)
def test_a_chip_that_contradicts_itself_is_refused(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = refused(tmp_path, changed(old, new))
    assert text.partition(": ")[2].startswith(expected)


@given(st.floats(1e-3, 100.0), st.floats(1e-3, 1.0))
def test_devices_in_series_are_as_few_as_share_a_voltage(v: float, threshold_v: float) -> None:
    n = devices_in_series(v, threshold_v)
    assert n >= 1
    assert v / n <= threshold_v * (1 + 1e-12)  # rounding of the two divisions
    assert n == 1 or v / (n - 1) > threshold_v * (1 - 1e-12)
    assert devices_in_series(-v, threshold_v) == n


def test_the_paper_needs_four_devices_for_its_largest_stage() -> None:
    assert devices_in_series(0.560, 0.1583) == 4  # N2's plus stage


def test_the_chip_has_devices_for_its_stages_with_their_errors() -> None:
    chip = load_chip(boards_folder() / "chips" / "memristor542.toml")
    assert isinstance(chip, MemristorFile)
    assert (chip.hidden_devices, chip.output_devices, chip.divider_devices) == (5, 4, 6)
    for stage_v, n in (
        (chip.adder.hidden_max_v, chip.hidden_devices),
        (chip.adder.output_max_v, chip.output_devices),
    ):
        assert stage_v * (1 + 6 * chip.devices.tolerance) / n < chip.devices.threshold_v
    assert chip.input.span_v == pytest.approx(0.05)
    assert chip.input.bias_span_v == pytest.approx(0.1)
