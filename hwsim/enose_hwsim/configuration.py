"""A board and its chip as the configuration that the firmware loads: board.json."""

from typing import Any

import msgspec

from enose_contract.image import UNIT_OHM, UNIT_UV
from enose_hwsim.boardfile import BoardFile, MemristorBoard, MlpBoard, Upkeep
from enose_hwsim.chipfile import Bands, ChipFile, MemristorFile, MlpFile


def _uv(volts: float) -> int:
    return round(volts * 1e6)


def device_configuration(board: BoardFile, chip: ChipFile) -> dict[str, Any]:
    """What the firmware reads as board.json: the same facts, voltages in whole uV and times in us or ms.

    Raises ValueError for a board around another kind of chip.
    """
    if isinstance(board, MlpBoard) and isinstance(chip, MlpFile):
        own = _held(board, chip)
    elif isinstance(board, MemristorBoard) and isinstance(chip, MemristorFile):
        own = _pulsed(board, chip)
    else:
        raise ValueError(f"board {board.name} is for a chip of kind '{board.kind}', {chip.name} is '{chip.kind}'")
    own = {**own, **_optional(board)}
    whole = _shared(board, chip)
    for section, facts in own.items():
        whole[section] = {**whole[section], **facts} if section in whole else facts
    return whole


def _shared(board: BoardFile, chip: ChipFile) -> dict[str, Any]:
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
        },
        "adc": {
            "address": board.adc.address,
            "rate_sps": board.adc.rate_sps,
            "sensor_channel": board.adc.sensor_channel,
            "output_channels": list(board.adc.output_channels),
            "rail_channel": board.adc.rail_channel,
            "sensor_range_uv": board.adc.sensor_range_mv * 1000,
            "output_range_uv": board.adc.output_range_mv * 1000,
            **({} if board.adc.dac_channel is None else {"dac_channel": board.adc.dac_channel}),
        },
        "mux": {"select_pins": list(board.mux.select_pins), "settle_us": round(board.mux.settle_s * 1e6)},
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
            "burn_in_s": round(board.sensors.burn_in_h * 3600),
            "mounted": sum(1 << position for position in set(board.sensors.mounted)),
        },
        "upkeep": _upkeep(board),
        "flash": {"start": board.flash.start_kib * 1024, "length": board.flash.length_kib * 1024},
        "chip": {
            "name": chip.name,
            "kind": chip.kind,
            "inputs": chip.topology.inputs,
            "weights": chip.topology.weights,
            "input_min_uv": _uv(chip.input.min_v),
            "input_max_uv": _uv(chip.input.max_v),
            "no_field_uv": _uv(chip.input.no_field_v),
            "settle_us": round(chip.output.settle_s * 1e6),
            **decision_rule(chip),
        },
    }


def _optional(board: BoardFile) -> dict[str, Any]:
    """The parts that this board has beside what every board has."""
    found: dict[str, Any] = {}
    for name in ("led", "pump", "button", "heater_pwm"):
        section = getattr(board, name)
        if section is not None:
            found[name] = msgspec.to_builtins(section)
    if board.display is not None:
        found["display"] = {"address": board.display.address}
    if board.climate is not None:
        found["climate"] = {"address": board.climate.address, "every_s": board.climate.every_s}
    if board.gas_sensor is not None:
        gas = board.gas_sensor
        found["gas_sensor"] = {
            "address": gas.address,
            "period_ms": gas.period_ms,
            "steps": [list(step) for step in gas.steps],
        }
    if board.battery is not None:
        battery = board.battery
        found["battery"] = {
            "pin": battery.pin,
            "divider_ppm": round(battery.divider * 1e6),
            "low_uv": _uv(battery.low_v),
            "empty_uv": _uv(battery.empty_v),
            "hysteresis_uv": _uv(battery.hysteresis_v),
            "curve_uv": [_uv(volts) for volts in battery.curve_v],
        }
    if board.sensors.ppm_per_c is not None and board.sensors.ppm_per_rh is not None:
        found["sensors"] = {
            "ppm_per_c": list(board.sensors.ppm_per_c),
            "ppm_per_rh": list(board.sensors.ppm_per_rh),
        }
    return found


def _upkeep(board: BoardFile) -> dict[str, Any]:
    """What is done without being asked; from_start: whether the firmware brings it in as it starts."""
    upkeep = board.upkeep or Upkeep()
    asked = upkeep.always or board.sensors.burn_in_h > 0
    pin = {} if upkeep.usb_sense_gpio is None else {"usb_pin": upkeep.usb_sense_gpio}
    return {"from_start": int(asked), "interval_s": upkeep.interval_s, **pin}


def decision_rule(chip: ChipFile) -> dict[str, Any]:
    """The rule as enose_contract.decision.by_rule takes it, and how many classes it can tell apart."""
    decision = chip.decision
    if isinstance(decision, Bands):
        edges_uv = [_uv(edge) for edge in decision.edges_v]
        own: dict[str, Any] = {"edges_uv": edges_uv, "classes": len(edges_uv) + 1}
    else:
        own = {"rest_uv": _uv(decision.rest_v), "classes": chip.topology.outputs + 1}
    valid = {"valid_min_uv": _uv(chip.output.valid_min_v), "valid_max_uv": _uv(chip.output.valid_max_v)}
    return {"rule": decision.rule, "guard_uv": _uv(decision.guard_v), **valid, **own}


def _taught(board: MlpBoard, chip: MlpFile) -> dict[str, Any]:
    """Nothing where board or chip knows of no learning."""
    if board.teacher is None or chip.learning is None:
        return {}
    return {
        "teacher": {
            "dac_channel": board.teacher.dac_channel,
            "vc_pin": board.teacher.vc_pin,
            "readout_address": board.teacher.readout_address,
            "readout_channel": board.teacher.readout_channel,
            "sample_ms": round(board.teacher.sample_s * 1e3),
            "min_uv": _uv(chip.learning.teacher_min_v),
            "max_uv": _uv(chip.learning.teacher_max_v),
            "pulse_max_ns": round(chip.learning.pulse_max_s * 1e9),
            "readout_settle_us": round(chip.learning.readout_settle_s * 1e6),
        }
    }


def _held(board: MlpBoard, chip: MlpFile) -> dict[str, Any]:
    return {
        **_taught(board, chip),
        "dac": {"weight_channel": board.dac.weight_channel},
        "weights": {
            "address_pins": list(board.weights.address_pins),
            "strobe_pin": board.weights.strobe_pin,
            "acquire_us": round(chip.hold.acquire_s * 1e6),
        },
        "refresh_use_percent": round(board.refresh.use * 100),
        "refresh_reserve_ms": round(board.refresh.reserve_s * 1e3),
        "chip": {
            "unit": UNIT_UV,
            "weight_min_uv": _uv(chip.synapse.weight_min_v),
            "weight_max_uv": _uv(chip.synapse.weight_max_v),
            "leak_uv_per_s": _uv(chip.retention.leak_v_per_s),
            "leak_at_mc": round(chip.retention.leak_at_c * 1e3),
            "leak_doubling_mc": round(chip.retention.leak_doubling_c * 1e3),
            "droop_max_uv": _uv(chip.retention.droop_max_v),
        },
    }


def _pulsed(board: MemristorBoard, chip: MemristorFile) -> dict[str, Any]:
    device = chip.devices
    return {
        "dac": {"pulse_channel": board.dac.pulse_channel, "read_channel": board.dac.read_channel},
        "matrix": {"select_pin": board.matrix.select_pin, "parts": board.matrix.parts},
        "pulses": {
            "gate_pin": board.pulses.gate_pin,
            "common_uv": _uv(chip.input.common_v),
            "min_uv": _uv(chip.pulse.min_v),
            "max_uv": _uv(chip.pulse.max_v),
            "min_on_us": round(chip.pulse.min_on_s * 1e6),
            "max_on_us": round(chip.pulse.max_on_s * 1e6),
        },
        "read": {
            "address": board.read.address,
            "rate_sps": board.read.rate_sps,
            "range_uv": board.read.range_mv * 1000,
            "sense_ohm": board.read.sense_ohm,
            "read_uv": _uv(chip.pulse.read_v),
            "noise_ppm": round(board.read.noise * 1e6),
            **({} if board.read.dac_channel is None else {"dac_channel": board.read.dac_channel}),
        },
        "adders": _adders(chip),
        "verify_every_s": round(chip.retention.verify_every_s),
        "chip": {
            "unit": UNIT_OHM,
            "min_ohm": round(device.min_ohm),
            "max_ohm": round(device.max_ohm),
            "tolerance_ppm": round(device.tolerance * 1e6),
            "k_per_s": round(device.k_per_s),
            "r_on_mohm": round(device.r_on_ohm * 1e3),
            "r_off_mohm": round(device.r_off_ohm * 1e3),
            "m": device.m,
            "threshold_uv": _uv(device.threshold_v),
        },
    }


def _adders(chip: MemristorFile) -> dict[str, Any]:
    """What the stages of each layer are fed with and built for, from the common node."""
    topology, common_v = chip.topology, chip.input.common_v
    activation = chip.activation
    return {
        "feedback_mohm": round(chip.adder.feedback_ohm * 1e3),
        "bias_uv": _uv(chip.input.bias_span_v),
        "layers": [
            {
                "neurons": topology.hidden,
                "inputs": topology.inputs,
                "low_uv": _uv(chip.input.min_v - common_v),
                "high_uv": _uv(chip.input.max_v - common_v),
                "limit_uv": _uv(chip.adder.hidden_max_v),
            },
            {
                "neurons": topology.outputs,
                "inputs": topology.hidden,
                "low_uv": _uv(activation.divider * activation.low_v),
                "high_uv": _uv(activation.divider * activation.high_v),
                "limit_uv": _uv(chip.adder.output_max_v),
            },
        ],
    }
