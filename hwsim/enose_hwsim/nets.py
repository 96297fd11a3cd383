"""The nets of a board: which pin of the microcontroller and which pins of the parts are joined, as its file says.

Pins of bought parts are named as in their data sheets, those of the chip and of drivers and dividers by us.
"""

from dataclasses import dataclass

from enose_hwsim.boardfile import BoardFile, MemristorBoard, MlpBoard, Teacher
from enose_hwsim.mcu import ADC, INPUT, OUTPUT, PWM, STATE_MACHINE

SENSOR, DRIVE, CHIP_INPUT, CHIP_OUTPUT, SUPPLY = "sensor", "drive", "chip input", "chip output", "supply"
INPUT_SWITCH = "input switch"
SENSORS = "sensors"
READ_AMPLIFIER = "read amplifier"


@dataclass(frozen=True)
class End:
    """A pin of a part."""

    part: str
    pin: str


@dataclass(frozen=True)
class Net:
    """Pins that are joined; `pin` is the microcontroller's, as `section.key` of the file says, none between parts.

    `function` is what that pin must be able to do, or between parts what they exchange.
    """

    name: str
    ends: tuple[End, ...]
    pin: int | None
    function: str
    section: str = ""
    key: str = ""
    acts: bool = False  # high, it drives, heats or opens something: it has to be low before the firmware runs, too


def nets(board: BoardFile) -> list[Net]:
    """All nets of a board, those of its microcontroller first; supplies and grounds are left out."""
    all_nets = [*_bus_nets(board), *_control_nets(board), *_analog_nets(board), *_own_nets(board)]
    all_nets += _optional_nets(board)
    return sorted(all_nets, key=lambda net: net.pin is None)


def dac_part(board: BoardFile) -> str:
    """The DAC's name in the nets."""
    return f"DAC {board.dac.part}"


def adc_part(board: BoardFile) -> str:
    """The name of the ADC of sensors and outputs."""
    return f"ADC {board.adc.part} {board.adc.address:#04x}"


def chip_part(board: BoardFile) -> str:
    """The chip's name."""
    return f"chip {board.chip}"


def _bus_nets(board: BoardFile) -> list[Net]:
    i2c, spi = board.i2c, board.spi
    on_i2c = [adc_part(board), *_optional_i2c_parts(board)]
    on_spi = [(dac_part(board), {"SCK": "SCLK", "MOSI": "SDI", "MISO": "SDO"})]
    if isinstance(board, MemristorBoard):
        on_i2c.append(_read_adc_part(board))
        on_spi.append((_matrix_part(board), {"SCK": "SCLK", "MOSI": "DIN"}))
    i2c_nets = [
        Net(
            signal,
            tuple(End(part, _i2c_pin(part, signal)) for part in on_i2c),
            pin,
            f"I2C{i2c.id} {signal}",
            "i2c",
            key,
        )
        for signal, key, pin in (("SDA", "sda_pin", i2c.sda_pin), ("SCL", "scl_pin", i2c.scl_pin))
    ]
    spi_nets = [
        Net(
            signal,
            tuple(End(part, pins[signal]) for part, pins in on_spi if signal in pins),
            pin,
            f"SPI{spi.id} {signal}",
            "spi",
            f"{signal.lower()}_pin",
        )
        for signal, pin in (("SCK", spi.sck_pin), ("MOSI", spi.mosi_pin), ("MISO", spi.miso_pin))
    ]
    return [*i2c_nets, *spi_nets]


def _control_nets(board: BoardFile) -> list[Net]:
    mux = f"mux {board.mux.part}"
    heater = OUTPUT if board.heater_pwm is None else PWM
    return [
        Net("dac_select", (End(dac_part(board), "SYNC"),), board.dac.select_pin, OUTPUT, "dac", "select_pin"),
        *(
            Net(f"mux_s{bit}", (End(mux, f"S{bit}"),), pin, OUTPUT, "mux", "select_pins")
            for bit, pin in enumerate(board.mux.select_pins)
        ),
        Net("switch", (End(INPUT_SWITCH, "IN"),), board.switch.pin, OUTPUT, "switch", "pin", acts=True),
        Net("heater", (End("heater driver", "IN"),), board.gas.heater_pin, heater, "gas", "heater_pin", acts=True),
        Net("valve", (End("valve driver", "IN"),), board.gas.valve_pin, OUTPUT, "gas", "valve_pin", acts=True),
        Net("supply", (End("supply divider", "OUT"),), board.supply_sense.pin, ADC, "supply_sense", "pin"),
    ]


def _optional_nets(board: BoardFile) -> list[Net]:
    """What this board has beside what every board has, but for the parts on the I2C bus alone."""
    found = []
    if board.led is not None:
        found.append(Net("led", (End("status LED", "A"),), board.led.pin, OUTPUT, "led", "pin"))
    if board.pump is not None:
        found.append(Net("pump", (End("pump driver", "IN"),), board.pump.pin, OUTPUT, "pump", "pin", acts=True))
    if board.button is not None:
        found.append(Net("button", (End("button", "A"),), board.button.pin, INPUT, "button", "pin"))
    if board.battery is not None:
        found.append(Net("battery", (End("battery divider", "OUT"),), board.battery.pin, ADC, "battery", "pin"))
    return found


def _i2c_pin(part: str, signal: str) -> str:
    """What a part calls a line of the bus: on the BME688 they are SPI's too."""
    return {"SDA": "SDI", "SCL": "SCK"}[signal] if "BME688" in part else signal


def _optional_i2c_parts(board: BoardFile) -> list[str]:
    on_bus = (("climate", board.climate), ("gas sensor", board.gas_sensor), ("display", board.display))
    found = [f"{what} {section.part} {section.address:#04x}" for what, section in on_bus if section is not None]
    if isinstance(board, MlpBoard) and board.teacher is not None:
        found.append(_readout_part(board.teacher))
    return found


def _analog_nets(board: BoardFile) -> list[Net]:
    dac, adc, chip, mux = dac_part(board), adc_part(board), chip_part(board), f"mux {board.mux.part}"
    found = [
        Net("chip_supply", (End(chip, "VDD"), End("supply divider", "IN")), None, SUPPLY),
        Net("sensor", (End(mux, "COM"), End(adc, f"AIN{board.adc.sensor_channel}")), None, SENSOR),
        Net("rail", (End(adc, f"AIN{board.adc.rail_channel}"), End(SENSORS, "RAIL")), None, SENSOR),
        Net("positions", (End(mux, f"I0..I{board.sensors.positions - 1}"), End(SENSORS, "DIVIDERS")), None, SENSOR),
    ]
    for k, channel in enumerate(board.dac.input_channels):
        ends = [End(dac, f"VOUT{channel}"), End(INPUT_SWITCH, f"A{k}")]
        if k == 0 and board.adc.dac_channel is not None:
            ends.append(End(adc, f"AIN{board.adc.dac_channel}"))
        if k == 0 and isinstance(board, MemristorBoard) and board.read.dac_channel is not None:
            ends.append(End(_read_adc_part(board), f"AIN{board.read.dac_channel}"))
        found.append(Net(f"drive_{k}", tuple(ends), None, DRIVE))
        found.append(Net(f"input_{k}", (End(INPUT_SWITCH, f"B{k}"), End(chip, f"X{k}")), None, CHIP_INPUT))
    for k, channel in enumerate(board.adc.output_channels):
        found.append(Net(f"output_{k}", (End(chip, f"Y{k}"), End(adc, f"AIN{channel}")), None, CHIP_OUTPUT))
    return found


def _own_nets(board: BoardFile) -> list[Net]:
    """What only this kind of board has."""
    if isinstance(board, MlpBoard):
        return _held_nets(board)
    return _pulsed_nets(board) if isinstance(board, MemristorBoard) else []


def _held_nets(board: MlpBoard) -> list[Net]:
    chip, weights = chip_part(board), board.weights
    return [
        *(
            Net(f"address_{bit}", (End(chip, f"A{bit}"),), pin, OUTPUT, "weights", "address_pins")
            for bit, pin in enumerate(weights.address_pins)
        ),
        Net("strobe", (End(chip, "STROBE"),), weights.strobe_pin, OUTPUT, "weights", "strobe_pin", acts=True),
        Net("weight", (End(dac_part(board), f"VOUT{board.dac.weight_channel}"), End(chip, "VW")), None, DRIVE),
        *_teacher_nets(board),
    ]


def _teacher_nets(board: MlpBoard) -> list[Net]:
    chip, teacher = chip_part(board), board.teacher
    if teacher is None:
        return []
    return [
        Net("vc", (End(chip, "VC"),), teacher.vc_pin, STATE_MACHINE, "teacher", "vc_pin", acts=True),
        Net("teacher", (End(dac_part(board), f"VOUT{teacher.dac_channel}"), End(chip, "VT")), None, DRIVE),
        Net(
            "readout",
            (End(chip, "VM"), End(_readout_part(teacher), f"AIN{teacher.readout_channel}")),
            None,
            CHIP_OUTPUT,
        ),
    ]


def _readout_part(teacher: Teacher) -> str:
    return f"read-out ADC ADS1115 {teacher.readout_address:#04x}"


def _pulsed_nets(board: MemristorBoard) -> list[Net]:
    chip, dac, matrix, read_adc = chip_part(board), dac_part(board), _matrix_part(board), _read_adc_part(board)
    gate = f"gate {board.pulses.part}"
    return [
        Net("matrix_select", (End(matrix, "SYNC"),), board.matrix.select_pin, OUTPUT, "matrix", "select_pin"),
        Net("gate", (End(gate, "IN"),), board.pulses.gate_pin, STATE_MACHINE, "pulses", "gate_pin", acts=True),
        Net("pulse_level", (End(dac, f"VOUT{board.dac.pulse_channel}"), End(gate, "S2")), None, DRIVE),
        Net("read_level", (End(dac, f"VOUT{board.dac.read_channel}"), End(gate, "S1")), None, DRIVE),
        Net("bus", (End(gate, "D"), End(matrix, "BUS")), None, CHIP_INPUT),
        Net("devices", (End(matrix, f"S1..S{8 * board.matrix.parts}"), End(chip, "DEVICES")), None, CHIP_INPUT),
        Net("sum", (End(INPUT_SWITCH, "SUM"), End(READ_AMPLIFIER, "IN")), None, CHIP_OUTPUT),
        Net("common", (End(read_adc, "AIN0"), End(chip, "COMMON"), End(READ_AMPLIFIER, "COMMON")), None, CHIP_OUTPUT),
        Net("read", (End(read_adc, "AIN1"), End(READ_AMPLIFIER, "OUT")), None, CHIP_OUTPUT),
    ]


def _matrix_part(board: MemristorBoard) -> str:
    return f"{board.matrix.parts} x {board.matrix.part} in a chain"


def _read_adc_part(board: MemristorBoard) -> str:
    return f"read ADC {board.read.part} {board.read.address:#04x}"
