"""What the firmware reads as board.json: whole numbers only, in its units, and the same facts as the files."""

import json
from typing import Any

import pytest

from enose.boards import find_board
from enose_contract.image import UNIT_OHM, UNIT_UV
from enose_hwsim.configuration import device_configuration
from rig import BOARD, CHIP, changed

MEMRISTOR_BOARD, MEMRISTOR_CHIP, _ = find_board("pico-memristor")
PAIRS = [(BOARD, CHIP), (MEMRISTOR_BOARD, MEMRISTOR_CHIP)]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


@pytest.mark.parametrize(("board", "chip"), PAIRS, ids=["mlp", "memristor"])
def test_it_is_json_of_whole_numbers_and_names(board: Any, chip: Any) -> None:
    configuration = device_configuration(board, chip)
    assert json.loads(json.dumps(configuration)) == configuration
    assert {type(leaf) for leaf in leaves(configuration)} == {int, str}


def test_units_are_microvolts_microseconds_and_milliseconds() -> None:
    configuration = device_configuration(BOARD, CHIP)
    assert configuration["dac"]["full_scale_uv"] == 2_500_000
    assert configuration["adc"]["sensor_range_uv"] == 4_096_000
    assert configuration["mux"]["settle_us"] == 50
    assert configuration["weights"]["acquire_us"] == 20
    assert configuration["sensors"]["warmup_ms"] == 30_000
    assert configuration["sensors"]["rail_uv"] == 3_300_000
    assert configuration["supply"] == {
        "pin": 26,
        "divider_ppm": 2_000_000,
        "nominal_uv": 1_800_000,
        "tolerance_uv": 90_000,
    }
    assert configuration["temperature"] == {"adc_channel": 4, "margin_mc": 5_000}
    assert (configuration["refresh_use_percent"], configuration["refresh_reserve_ms"]) == (80, 40)
    assert configuration["flash"] == {"start": 1280 * 1024, "length": 128 * 1024}
    assert configuration["chip"] == {
        "name": "mlp441",
        "kind": "mlp",
        "unit": UNIT_UV,
        "inputs": 4,
        "weights": 25,
        "input_min_uv": 850_000,
        "input_max_uv": 950_000,
        "no_field_uv": 900_000,
        "weight_min_uv": 700_000,
        "weight_max_uv": 1_100_000,
        "settle_us": 2_000,
        "valid_min_uv": 780_000,
        "valid_max_uv": 1_040_000,
        "rule": "bands",
        "classes": 3,
        "edges_uv": [880_000, 920_000],
        "guard_uv": 1_000,
        "leak_uv_per_s": 10_000,
        "leak_at_mc": 25_000,
        "leak_doubling_mc": 10_000,
        "droop_max_uv": 1_000,
    }


@pytest.mark.parametrize(("name", "led", "battery"), [("pico2-mlp", 2, 27), ("esp32s3-mlp", 39, 2)])
def test_the_optional_parts_are_those_of_the_board_file(name: str, led: int, battery: int) -> None:
    board, chip, _ = find_board(name)
    configuration = device_configuration(board, chip)
    assert json.loads(json.dumps(configuration)) == configuration
    assert {type(leaf) for leaf in leaves(configuration)} == {int, str}
    assert configuration["led"] == {"pin": led}
    assert configuration["display"] == {"address": 0x3C}
    assert configuration["climate"] == {"address": 0x44, "every_s": 5}
    assert configuration["gas_sensor"]["steps"][0] == [320, 5]
    assert configuration["heater_pwm"] == {"frequency_hz": 1000, "duty_percent": 80}
    assert (configuration["battery"]["pin"], configuration["battery"]["divider_ppm"]) == (battery, 2_000_000)
    assert (configuration["battery"]["low_uv"], configuration["battery"]["empty_uv"]) == (3_450_000, 3_200_000)
    assert configuration["battery"]["curve_uv"] == sorted(configuration["battery"]["curve_uv"])
    assert configuration["sensors"]["ppm_per_c"][:2] == [-12_000, -22_000]
    assert len(configuration["sensors"]["ppm_per_rh"]) == board.sensors.positions


def test_a_board_without_optional_parts_has_none_of_their_sections() -> None:
    sections = {"led", "display", "climate", "gas_sensor", "battery", "pump", "button", "heater_pwm"}
    assert not sections & set(device_configuration(MEMRISTOR_BOARD, MEMRISTOR_CHIP))
    assert "ppm_per_c" not in device_configuration(MEMRISTOR_BOARD, MEMRISTOR_CHIP)["sensors"]
    assert sections & set(device_configuration(BOARD, CHIP)) == {"led", "climate", "pump", "heater_pwm"}


@pytest.mark.parametrize(("name", "mcu"), [("pico2-mlp", "rp2350"), ("esp32s3-mlp", "esp32s3")])
def test_the_same_board_on_another_microcontroller_differs_in_names_and_pins_only(name: str, mcu: str) -> None:
    board, chip, _ = find_board(name)
    configuration = device_configuration(board, chip)
    assert (configuration["board"], configuration["mcu"]) == (name, mcu)
    first = device_configuration(BOARD, CHIP)
    for section in ("dac", "i2c", "spi", "mux", "weights", "supply"):
        assert set(configuration[section]) == set(first[section])
    for section in ("adc", "sensors", "chip", "temperature", "refresh_use_percent", "refresh_reserve_ms"):
        assert configuration[section] == first[section]


def test_the_dacs_full_scale_follows_its_gain() -> None:
    board = changed(BOARD, dac=changed(BOARD.dac, gain=2))
    assert device_configuration(board, CHIP)["dac"]["full_scale_uv"] == 5_000_000


def test_the_pins_are_those_of_the_board_file() -> None:
    configuration = device_configuration(BOARD, CHIP)
    assert configuration["mux"]["select_pins"] == [6, 7, 8, 9]
    assert (configuration["weights"]["address_pins"], configuration["weights"]["strobe_pin"]) == (
        [10, 11, 12, 13, 14],
        15,
    )
    assert [configuration[f"{name}_pin"] for name in ("switch", "heater", "valve")] == [20, 21, 22]
    assert configuration["i2c"] == {"id": 0, "sda_pin": 4, "scl_pin": 5, "frequency_hz": 400_000}
    assert configuration["spi"] == {"id": 0, "sck_pin": 18, "mosi_pin": 19, "miso_pin": 16, "frequency_hz": 10_000_000}


def test_a_memristor_chips_facts_come_with_its_board() -> None:
    configuration = device_configuration(MEMRISTOR_BOARD, MEMRISTOR_CHIP)
    assert configuration["dac"] == {
        "select_pin": 17,
        "gain": 1,
        "full_scale_uv": 2_500_000,
        "input_channels": [0, 1, 2, 3, 4],
        "pulse_channel": 5,
        "read_channel": 6,
    }
    assert configuration["adc"]["output_channels"] == [1, 3]
    assert configuration["matrix"] == {"select_pin": 15, "parts": 13}
    assert configuration["pulses"] == {
        "gate_pin": 14,
        "common_uv": 900_000,
        "min_uv": 200_000,
        "max_uv": 300_000,
        "min_on_us": 1,
        "max_on_us": 5_000,
    }
    assert configuration["read"] == {
        "address": 0x49,
        "rate_sps": 860,
        "range_uv": 512_000,
        "sense_ohm": 18_000,
        "read_uv": 50_000,
        "noise_ppm": 2_000,
        "dac_channel": 2,
    }
    assert configuration["verify_every_s"] == 86_400
    assert configuration["adders"] == {
        "feedback_mohm": 10_000_000,
        "bias_uv": 100_000,
        "layers": [
            {"neurons": 4, "inputs": 5, "low_uv": -50_000, "high_uv": 50_000, "limit_uv": 700_000},
            {"neurons": 2, "inputs": 4, "low_uv": 0, "high_uv": 100_000, "limit_uv": 550_000},
        ],
    }
    assert configuration["chip"] == {
        "name": "memristor542",
        "kind": "memristor",
        "unit": UNIT_OHM,
        "inputs": 5,
        "weights": 34,
        "input_min_uv": 850_000,
        "input_max_uv": 950_000,
        "no_field_uv": 900_000,
        "settle_us": 800,
        "valid_min_uv": round(MEMRISTOR_CHIP.output.valid_min_v * 1e6),
        "valid_max_uv": round(MEMRISTOR_CHIP.output.valid_max_v * 1e6),
        "rule": "largest",
        "classes": 3,
        "rest_uv": 900_000,
        "guard_uv": round(MEMRISTOR_CHIP.decision.guard_v * 1e6),
        "min_ohm": 2_000,
        "max_ohm": 50_000,
        "tolerance_ppm": 10_000,
        "k_per_s": 3_120_000,
        "r_on_mohm": 3_370,
        "r_off_mohm": 57_033_000,
        "m": 5,
        "threshold_uv": 158_300,
    }
    assert not {"weights", "refresh_use_percent"} & set(configuration)
    assert not {"adders", "read", "pulses", "matrix"} & set(device_configuration(BOARD, CHIP))


@pytest.mark.parametrize(
    ("board", "chip"), [(BOARD, MEMRISTOR_CHIP), (MEMRISTOR_BOARD, CHIP)], ids=["mlp", "memristor"]
)
def test_a_board_around_another_kind_of_chip_is_refused(board: Any, chip: Any) -> None:
    with pytest.raises(ValueError, match=rf"board {board.name} is for a chip of kind '{board.kind}', {chip.name} is"):
        device_configuration(board, chip)
