"""What the firmware reads as board.json: whole numbers only, in its units, and the same facts as the files."""

import json
from typing import Any

from enose_hwsim.configuration import device_configuration
from rig import BOARD, CHIP, changed


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


def test_it_is_json_of_whole_numbers_and_names() -> None:
    configuration = device_configuration(BOARD, CHIP)
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
    assert configuration["refresh_use_percent"] == 80
    assert configuration["flash"] == {"start": 1280 * 1024, "length": 128 * 1024}
    assert configuration["chip"] == {
        "name": "mlp441",
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
        "edges_uv": [880_000, 920_000],
        "guard_uv": 1_000,
        "leak_uv_per_s": 10_000,
        "leak_at_mc": 25_000,
        "leak_doubling_mc": 10_000,
        "droop_max_uv": 1_000,
    }


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
