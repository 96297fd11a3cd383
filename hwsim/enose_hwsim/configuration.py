"""A board and its chip as the configuration that the firmware loads: board.json."""

from typing import Any

import msgspec

from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import MlpFile


def _uv(volts: float) -> int:
    return round(volts * 1e6)


def device_configuration(board: BoardFile, chip: MlpFile) -> dict[str, Any]:
    """What the firmware reads as board.json: the same facts, voltages in whole uV and times in us or ms."""
    return {
        "board": board.name,
        "mcu": board.mcu,
        "i2c": msgspec.to_builtins(board.i2c),
        "spi": msgspec.to_builtins(board.spi),
        "dac": {
            "select_pin": board.dac.select_pin,
            "gain": board.dac.gain,
            "full_scale_uv": _uv(board.dac.reference_v * board.dac.gain),
            "input_channels": list(board.dac.input_channels),
            "weight_channel": board.dac.weight_channel,
        },
        "adc": {
            "address": board.adc.address,
            "rate_sps": board.adc.rate_sps,
            "sensor_channel": board.adc.sensor_channel,
            "output_channel": board.adc.output_channel,
            "rail_channel": board.adc.rail_channel,
            "sensor_range_uv": board.adc.sensor_range_mv * 1000,
            "output_range_uv": board.adc.output_range_mv * 1000,
        },
        "mux": {"select_pins": list(board.mux.select_pins), "settle_us": round(board.mux.settle_s * 1e6)},
        "weights": {
            "address_pins": list(board.weights.address_pins),
            "strobe_pin": board.weights.strobe_pin,
            "acquire_us": round(chip.hold.acquire_s * 1e6),
        },
        "switch_pin": board.switch.pin,
        "heater_pin": board.gas.heater_pin,
        "valve_pin": board.gas.valve_pin,
        "supply": {
            "pin": board.supply_sense.pin,
            "divider_ppm": round(board.supply_sense.divider * 1e6),
            "nominal_uv": _uv(chip.supply.nominal_v),
            "tolerance_uv": _uv(chip.supply.tolerance_v),
        },
        "temperature": {
            "adc_channel": board.temperature.adc_channel,
            "margin_mc": round(board.temperature.margin_c * 1e3),
        },
        "sensors": {
            "positions": board.sensors.positions,
            "load_ohm": board.sensors.load_ohm,
            "rail_uv": _uv(board.sensors.rail_v),
            "warmup_ms": round(board.sensors.warmup_s * 1e3),
        },
        "refresh_use_percent": round(board.refresh.use * 100),
        "flash": {"start": board.flash.start_kib * 1024, "length": board.flash.length_kib * 1024},
        "chip": {
            "name": chip.name,
            "inputs": chip.topology.inputs,
            "weights": chip.topology.weights,
            "input_min_uv": _uv(chip.input.min_v),
            "input_max_uv": _uv(chip.input.max_v),
            "no_field_uv": _uv(chip.input.no_field_v),
            "weight_min_uv": _uv(chip.synapse.weight_min_v),
            "weight_max_uv": _uv(chip.synapse.weight_max_v),
            "settle_us": round(chip.output.settle_s * 1e6),
            "valid_min_uv": _uv(chip.output.valid_min_v),
            "valid_max_uv": _uv(chip.output.valid_max_v),
            "edges_uv": [_uv(edge) for edge in chip.decision.edges_v],
            "guard_uv": _uv(chip.decision.guard_v),
            "leak_uv_per_s": _uv(chip.retention.leak_v_per_s),
            "leak_at_mc": round(chip.retention.leak_at_c * 1e3),
            "leak_doubling_mc": round(chip.retention.leak_doubling_c * 1e3),
            "droop_max_uv": _uv(chip.retention.droop_max_v),
        },
    }
