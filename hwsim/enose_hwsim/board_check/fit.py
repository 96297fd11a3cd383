"""Whether board and chip fit: channels, lines, levels and ranges."""

from collections.abc import Iterator

from enose_contract.pulses import AIM, reads_needed
from enose_hwsim.board_check.problem import Problem
from enose_hwsim.boardfile import BoardFile, MemristorBoard, MlpBoard
from enose_hwsim.chipfile import ChipFile, MemristorFile, MlpFile
from enose_hwsim.mcu import Microcontroller

SWITCHES_A_DEVICE = 3  # to plus, to minus, to the bus
SWITCHES_A_PART = 8
ADC_COUNTS = 32768  # of the ADS1115, over its range
READINGS_A_DEVICE = 5  # one before the first of four pulses, one after each: more than the median device takes
PROGRAM_LIMIT_S = 120  # how long the host waits for a programming


def fit_problems(board: BoardFile, chip: ChipFile, mcu: Microcontroller) -> Iterator[Problem]:
    """What the chip needs and the board has not."""
    if board.kind != chip.kind:
        yield Problem("", "kind", f"'{board.kind}'", f"'{chip.kind}', the kind of chip {chip.name}")
        return
    yield from _counts(board, chip)
    yield from _ranges(board, chip, mcu)
    if isinstance(board, MlpBoard) and isinstance(chip, MlpFile):
        yield from _held(board, chip)
    elif isinstance(board, MemristorBoard) and isinstance(chip, MemristorFile):
        yield from _pulsed(board, chip)


def _counts(board: BoardFile, chip: ChipFile) -> Iterator[Problem]:
    inputs, outputs = chip.topology.inputs, chip.topology.outputs
    if (channels := len(board.dac.input_channels)) != inputs:
        yield Problem("dac", "input_channels", f"{channels} channels", f"{inputs}, one an input of {chip.name}")
    if (channels := len(board.adc.output_channels)) != outputs:
        yield Problem("adc", "output_channels", f"{channels} channels", f"{outputs}, one an output of {chip.name}")


def _ranges(board: BoardFile, chip: ChipFile, mcu: Microcontroller) -> Iterator[Problem]:
    output_mv = 1000 * chip.output.valid_max_v
    if board.adc.output_range_mv < output_mv:
        expected = f"at least {output_mv:g} mV, the highest valid output of {chip.name}"
        yield Problem("adc", "output_range_mv", f"{board.adc.output_range_mv} mV", expected)
    supply_v = chip.supply.nominal_v + chip.supply.tolerance_v
    if supply_v / board.supply_sense.divider > mcu.adc_full_v:
        expected = (
            f"at least {supply_v / mcu.adc_full_v:.3g}, for {supply_v:g} V at an ADC that ends at {mcu.adc_full_v} V"
        )
        yield Problem("supply_sense", "divider", f"{board.supply_sense.divider:g}", expected)


def _full_scale(board: BoardFile, chip: ChipFile, top_v: float) -> Iterator[Problem]:
    full_v = board.dac.reference_v * board.dac.gain
    if full_v < top_v:
        expected = f"at least the {top_v:g} V that {chip.name} needs"
        yield Problem("dac", "gain", f"{board.dac.gain}, so a full scale of {full_v:g} V", expected)


def _held(board: MlpBoard, chip: MlpFile) -> Iterator[Problem]:
    yield from _full_scale(board, chip, max(chip.input.max_v, chip.synapse.weight_max_v))
    lines, weights = len(board.weights.address_pins), chip.topology.weights
    if 1 << lines < weights:
        expected = f"{(weights - 1).bit_length()}, for {weights} weights of {chip.name}"
        yield Problem("weights", "address_pins", f"{lines} lines", expected)
    yield from _taught(board, chip)


def _taught(board: MlpBoard, chip: MlpFile) -> Iterator[Problem]:
    """A chip that cannot learn, a teacher that the DAC cannot reach, samples that outlast the weights."""
    teacher, learning = board.teacher, chip.learning
    if teacher is None:
        return
    if learning is None:
        yield Problem("teacher", "vc_pin", f"{chip.name} does not learn on the chip", "no section [teacher]")
        return
    yield from _full_scale(board, chip, learning.teacher_max_v)
    retention = chip.retention
    holds_s = retention.droop_max_v / retention.leak_v_per_s
    if teacher.sample_s > holds_s:
        expected = f"at most {holds_s:g} s, in which a weight of {chip.name} droops by its limit"
        yield Problem("teacher", "sample_s", f"{teacher.sample_s:g} s", expected)


def _pulsed(board: MemristorBoard, chip: MemristorFile) -> Iterator[Problem]:
    yield from _full_scale(board, chip, chip.input.common_v + chip.pulse.max_v)
    switches = SWITCHES_A_DEVICE * chip.topology.weights
    if SWITCHES_A_PART * board.matrix.parts < switches:
        expected = f"at least {-(-switches // SWITCHES_A_PART)}, for {switches} switches around {chip.name}"
        yield Problem("matrix", "parts", str(board.matrix.parts), expected)
    top_mv = 1000 * chip.pulse.read_v * board.read.sense_ohm / chip.devices.min_ohm
    if board.read.range_mv < top_mv:
        expected = f"at least {top_mv:g} mV, which a device of {chip.devices.min_ohm:g} ohm makes"
        yield Problem("read", "range_mv", f"{board.read.range_mv} mV", expected)
    yield from _readings(board, chip)


def _readings(board: MemristorBoard, chip: MemristorFile) -> Iterator[Problem]:
    """Readings too coarse for the tolerance, or too many for the host to wait for."""
    read, device = board.read, chip.devices
    counts = 1000 * chip.pulse.read_v * read.sense_ohm / device.max_ohm / read.range_mv * ADC_COUNTS
    needed = AIM / device.tolerance
    if counts < needed:
        value = f"{read.sense_ohm} ohm, a device of {device.max_ohm:g} ohm makes {counts:.3g} counts"
        yield Problem("read", "sense_ohm", value, f"{needed:g}, for its tolerance of {device.tolerance:g}")
    conversions = reads_needed(read.noise, device.tolerance)
    conversion_s = 1.1 / read.rate_sps + 1e-3  # a slow oscillator, and the bus: as long as the firmware waits
    program_s = conversions * conversion_s * READINGS_A_DEVICE * chip.topology.weights
    if program_s > PROGRAM_LIMIT_S:
        value = f"{read.noise:g} takes {conversions} conversions a reading, {program_s:.0f} s to program {chip.name}"
        yield Problem("read", "noise", value, f"at most {PROGRAM_LIMIT_S} s")
