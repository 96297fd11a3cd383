"""What a microcontroller's pins can do, and what is wrong with a board's use of them.

RP2040: data sheet, section 1.4.3 (functions of each GPIO) and section 4.9.2 (ADC inputs); on the Pico GPIO 23, 24 and
25 serve the board itself (Pico data sheet, section 2.1).
"""

from collections.abc import Iterator
from pathlib import Path

from enose_contract.pulses import AIM, reads_needed
from enose_hwsim.boardfile import BoardFile, MemristorBoard, MlpBoard
from enose_hwsim.chipfile import ChipFile, MemristorFile, MlpFile
from enose_hwsim.tomlfile import line_of

GPIO_COUNT = 29
TAKEN_BY_THE_PICO = {23: "the regulator's mode", 24: "VBUS sense", 25: "the LED"}
ADC_PINS = (26, 27, 28)
FLASH_KIB = 1408  # what MicroPython leaves to files on a Pico
SWITCHES_A_DEVICE = 3  # to plus, to minus, to the bus
ADC_COUNTS = 32768  # of the ADS1115, over its range
READINGS_A_DEVICE = 5  # one before the first of four pulses, one after each: more than the median device takes
PROGRAM_LIMIT_S = 120  # how long the host waits for a programming
SPI_ROLES = ("miso", "select", "sck", "mosi")


def pin_problems(board: BoardFile, chip: ChipFile, path: Path) -> list[str]:
    """Every problem as one line with file, line, key, value and the nearest pin that would do; none if good."""
    source = path.read_text(encoding="utf-8")
    problems: list[str] = []

    def report(section: str, key: str, text: str) -> None:
        sections = [section] if section else []
        problems.append(f"{path}:{line_of(source, sections, key)}: {'.'.join([*sections, key])}: {text}")

    uses = _uses(board)
    first: dict[int, str] = {}
    for section, key, pin in uses:
        name = f"{section}.{key}"
        if pin >= GPIO_COUNT:
            report(section, key, f"there is no GPIO {pin}; the RP2040 has 0 to {GPIO_COUNT - 1}")
        elif pin in TAKEN_BY_THE_PICO:
            report(section, key, f"GPIO {pin} is taken by the Pico ({TAKEN_BY_THE_PICO[pin]})")
        elif pin in first:
            report(section, key, f"GPIO {pin} is used by {first[pin]} already; free: {_free(uses)}")
        first.setdefault(pin, name)
    for key, pin, odd in (("sda_pin", board.i2c.sda_pin, 0), ("scl_pin", board.i2c.scl_pin, 1)):
        if pin % 2 != odd or pin // 2 % 2 != board.i2c.id:
            able = [p for p in range(GPIO_COUNT) if p % 2 == odd and p // 2 % 2 == board.i2c.id]
            report("i2c", key, f"GPIO {pin} is not {key[:3].upper()} of I2C{board.i2c.id}; {_nearest(pin, able)}")
    for key, pin in (
        ("sck_pin", board.spi.sck_pin),
        ("mosi_pin", board.spi.mosi_pin),
        ("miso_pin", board.spi.miso_pin),
    ):
        role = SPI_ROLES.index(key[:-4])
        if pin % 4 != role or pin // 8 % 2 != board.spi.id:
            able = [p for p in range(GPIO_COUNT) if p % 4 == role and p // 8 % 2 == board.spi.id]
            report("spi", key, f"GPIO {pin} is not {key[:-4].upper()} of SPI{board.spi.id}; {_nearest(pin, able)}")
    sense = board.supply_sense.pin
    if sense not in ADC_PINS:
        report("supply_sense", "pin", f"GPIO {sense} has no ADC; {_nearest(sense, list(ADC_PINS))}")
    channels, inputs = len(board.dac.input_channels), chip.topology.inputs
    if channels != inputs:
        report("dac", "input_channels", f"{channels} channels, {chip.name} has {inputs} inputs")
    channels, outputs = len(board.adc.output_channels), chip.topology.outputs
    if channels != outputs:
        report("adc", "output_channels", f"{channels} channels, {chip.name} has {outputs} outputs")
    for problem in _own_problems(board, chip):
        report(*problem)
    if board.adc.sensor_range_mv < board.sensors.rail_v * 1000:
        report(
            "adc", "sensor_range_mv", f"{board.adc.sensor_range_mv} mV, less than the rail of {board.sensors.rail_v} V"
        )
    end_kib = board.flash.start_kib + board.flash.length_kib
    if end_kib > FLASH_KIB:
        report("flash", "length_kib", f"ends at {end_kib} KiB, the Pico has {FLASH_KIB} KiB for files")
    return problems


def _own_problems(board: BoardFile, chip: ChipFile) -> Iterator[tuple[str, str, str]]:
    """(section, key, text) of what is wrong with the sections that only this kind of board has."""
    dac_v = board.dac.reference_v * board.dac.gain
    if isinstance(board, MlpBoard) and isinstance(chip, MlpFile):
        if board.dac.weight_channel in board.dac.input_channels:
            yield "dac", "weight_channel", f"channel {board.dac.weight_channel} drives an input already"
        lines, weights = len(board.weights.address_pins), chip.topology.weights
        if 1 << lines < weights:
            yield "weights", "address_pins", f"{lines} lines address too few of {weights} weights"
        top_v = max(chip.input.max_v, chip.synapse.weight_max_v)
    elif isinstance(board, MemristorBoard) and isinstance(chip, MemristorFile):
        if board.dac.pulse_channel in board.dac.input_channels:
            yield "dac", "pulse_channel", f"channel {board.dac.pulse_channel} drives an input already"
        if board.dac.read_channel in (*board.dac.input_channels, board.dac.pulse_channel):
            yield "dac", "read_channel", f"channel {board.dac.read_channel} is in use already"
        switches, needed = 8 * board.matrix.parts, SWITCHES_A_DEVICE * chip.topology.weights
        if switches < needed:
            yield "matrix", "parts", f"{switches} switches, {chip.name} needs {needed}"
        if board.read.address == board.adc.address:
            yield "read", "address", f"{board.read.address:#x} is that of the other ADC"
        for key, text in _read_problems(board, chip):
            yield "read", key, text
        top_v = chip.input.common_v + chip.pulse.max_v
    else:
        yield "", "kind", f"'{board.kind}', chip {chip.name} is '{chip.kind}'"
        return
    if dac_v < top_v:
        yield "dac", "reference_v", f"full scale {dac_v} V, {chip.name} needs {top_v:g} V"


def _read_problems(board: MemristorBoard, chip: MemristorFile) -> Iterator[tuple[str, str]]:
    """(key, text): readings that are clipped, too coarse for the tolerance, or too many for the host to wait for."""
    read, device = board.read, chip.devices
    ohm_mv = 1000 * chip.pulse.read_v * read.sense_ohm
    top_mv = ohm_mv / device.min_ohm
    if top_mv > read.range_mv:
        yield "range_mv", f"{read.range_mv} mV, a device of {device.min_ohm:g} ohm makes {top_mv:g} mV"
    counts, needed = ohm_mv / device.max_ohm / read.range_mv * ADC_COUNTS, AIM / device.tolerance
    if counts < needed:
        yield (
            "sense_ohm",
            f"{read.sense_ohm} ohm, a device of {device.max_ohm:g} ohm makes {counts:.3g} counts, its tolerance of "
            f"{device.tolerance:g} needs {needed:g}",
        )
    conversions = reads_needed(read.noise, device.tolerance)
    conversion_s = 1.1 / read.rate_sps + 1e-3  # a slow oscillator, and the bus: as long as the firmware waits
    program_s = conversions * conversion_s * READINGS_A_DEVICE * chip.topology.weights
    if program_s > PROGRAM_LIMIT_S:
        yield (
            "noise",
            f"{read.noise:g} takes {conversions} conversions a reading, {program_s:.0f} s to program {chip.name}, "
            f"expected at most {PROGRAM_LIMIT_S} s",
        )


def _uses(board: BoardFile) -> list[tuple[str, str, int]]:
    own: list[tuple[str, str, int]] = []
    if isinstance(board, MlpBoard):
        own = [("weights", "address_pins", pin) for pin in board.weights.address_pins]
        own.append(("weights", "strobe_pin", board.weights.strobe_pin))
    elif isinstance(board, MemristorBoard):
        own = [("matrix", "select_pin", board.matrix.select_pin), ("pulses", "gate_pin", board.pulses.gate_pin)]
    return [
        *(("i2c", key, pin) for key, pin in (("sda_pin", board.i2c.sda_pin), ("scl_pin", board.i2c.scl_pin))),
        ("spi", "sck_pin", board.spi.sck_pin),
        ("spi", "mosi_pin", board.spi.mosi_pin),
        ("spi", "miso_pin", board.spi.miso_pin),
        ("dac", "select_pin", board.dac.select_pin),
        *(("mux", "select_pins", pin) for pin in board.mux.select_pins),
        *own,
        ("switch", "pin", board.switch.pin),
        ("gas", "heater_pin", board.gas.heater_pin),
        ("gas", "valve_pin", board.gas.valve_pin),
        ("supply_sense", "pin", board.supply_sense.pin),
    ]


def _free(uses: list[tuple[str, str, int]]) -> str:
    taken = {pin for _, _, pin in uses} | set(TAKEN_BY_THE_PICO)
    return ", ".join(str(pin) for pin in range(GPIO_COUNT) if pin not in taken) or "none"


def _nearest(pin: int, able: list[int]) -> str:
    return f"the nearest that is: GPIO {min(able, key=lambda other: (abs(other - pin), other))}"
