"""Parts: every channel and address has one use, and no part is driven faster, higher or sooner than it may be."""

import math
from collections.abc import Iterator

from enose_hwsim.board_check.problem import Problem
from enose_hwsim.boardfile import BoardFile, MemristorBoard, MlpBoard
from enose_hwsim.mcu import Microcontroller

AD5676R_REFERENCE_V = 2.5  # its own, which the firmware switches on (Analog Devices data sheet)
AD5676R_CHANNELS = 8
# 50 MHz holds for writing only; the self-test reads back (the family's table "Daisy-chain and readback timing")
AD5676R_MAX_HZ = 25_000_000
ADG714_MAX_HZ = 30_000_000  # Analog Devices data sheet, rev. E, "Timing characteristics"
ADS1115_MIN_HZ, ADS1115_MAX_HZ = 10_000, 400_000  # SBAS444, "Timing requirements", fast mode
ADS1115_CHANNELS = 4
ADS1115_ADDRESSES = range(0x48, 0x4C)
ADS1115_MAX_V = 5.5  # SBAS444: no input above the supply
ADC_COUNTS = 1 << 15
# CD74HC4067 (Texas Instruments SCHS209): capacitance of the common pin, and the slowest address to output, rounded up
MUX_COMMON_F = 50e-12
MUX_SWITCH_S = 0.5e-6


def part_problems(board: BoardFile, mcu: Microcontroller) -> Iterator[Problem]:
    """What is wrong with the parts and the buses that they are on."""
    yield from _bus_clocks(board, mcu)
    yield from _addresses(board)
    yield from _dac(board)
    yield from _adc(board)
    yield from _mux(board)
    yield from _compensation(board)
    yield from _battery(board, mcu)


def _bus_clocks(board: BoardFile, mcu: Microcontroller) -> Iterator[Problem]:
    top_hz, whose = min((ADS1115_MAX_HZ, "ADS1115"), (mcu.i2c_max_hz, mcu.title))
    if not ADS1115_MIN_HZ <= board.i2c.frequency_hz <= top_hz:
        expected = f"{ADS1115_MIN_HZ} to {top_hz} Hz ({whose})"
        yield Problem("i2c", "frequency_hz", f"{board.i2c.frequency_hz} Hz", expected)
    on_spi = [(AD5676R_MAX_HZ, "AD5676R"), (mcu.spi_max_hz, mcu.title)]
    if isinstance(board, MemristorBoard):
        on_spi.append((ADG714_MAX_HZ, "ADG714"))
    top_hz, whose = min(on_spi)
    if board.spi.frequency_hz > top_hz:
        yield Problem("spi", "frequency_hz", f"{board.spi.frequency_hz} Hz", f"at most {top_hz} Hz ({whose})")


def _addresses(board: BoardFile) -> Iterator[Problem]:
    if isinstance(board, MlpBoard) and board.teacher is not None:
        own = board.teacher.readout_address
        if own == board.adc.address:
            free = ", ".join(f"{other:#x}" for other in ADS1115_ADDRESSES if other != board.adc.address)
            yield Problem("teacher", "readout_address", f"{own:#x} is that of adc already", f"another; free: {free}")
    if isinstance(board, MemristorBoard) and board.read.address == board.adc.address:
        free = ", ".join(f"{other:#x}" for other in ADS1115_ADDRESSES if other != board.adc.address)
        yield Problem("read", "address", f"{board.read.address:#x} is that of adc already", f"another; free: {free}")


def _dac(board: BoardFile) -> Iterator[Problem]:
    if board.dac.reference_v != AD5676R_REFERENCE_V:
        expected = f"{AD5676R_REFERENCE_V} V, the reference inside the AD5676R"
        yield Problem("dac", "reference_v", f"{board.dac.reference_v:g} V", expected)
    uses = [("input_channels", channel) for channel in board.dac.input_channels]
    if isinstance(board, MlpBoard):
        uses.append(("weight_channel", board.dac.weight_channel))
        if board.teacher is not None:
            uses.append(("teacher.dac_channel", board.teacher.dac_channel))
    elif isinstance(board, MemristorBoard):
        uses += [("pulse_channel", board.dac.pulse_channel), ("read_channel", board.dac.read_channel)]
    yield from _used_twice("dac", uses, AD5676R_CHANNELS)


def _adc(board: BoardFile) -> Iterator[Problem]:
    adc, rail_v = board.adc, board.sensors.rail_v
    uses = [("sensor_channel", adc.sensor_channel), *(("output_channels", channel) for channel in adc.output_channels)]
    uses.append(("rail_channel", adc.rail_channel))
    if adc.dac_channel is not None and isinstance(board, MemristorBoard):
        yield Problem("adc", "dac_channel", f"{adc.dac_channel}, which is not looked at", "read.dac_channel instead")
    elif adc.dac_channel is not None:
        uses.append(("dac_channel", adc.dac_channel))
    yield from _used_twice("adc", uses, ADS1115_CHANNELS)
    if rail_v > ADS1115_MAX_V:
        yield Problem("sensors", "rail_v", f"{rail_v:g} V", f"at most {ADS1115_MAX_V} V, which the ADS1115 bears")
    elif adc.sensor_range_mv < rail_v * 1000:
        expected = f"at least the sensors' rail, {rail_v * 1000:g} mV"
        yield Problem("adc", "sensor_range_mv", f"{adc.sensor_range_mv} mV", expected)


def _used_twice(section: str, uses: list[tuple[str, int]], channels: int) -> Iterator[Problem]:
    free = [str(channel) for channel in range(channels) if channel not in {used for _, used in uses}]
    first: dict[int, str] = {}
    for key, channel in uses:
        if channel in first:
            value = f"channel {channel} is used by {first[channel]} already"
            own, _, name = key.rpartition(".")
            yield Problem(own or section, name, value, f"another; free: {', '.join(free) or 'none'}")
        first.setdefault(channel, key)


def _mux(board: BoardFile) -> Iterator[Problem]:
    """A divider charges the common pin through its load at most, to half a count of the ADC."""
    needed_s = MUX_SWITCH_S + board.sensors.load_ohm * MUX_COMMON_F * math.log(2 * ADC_COUNTS)
    if board.mux.settle_s < needed_s:
        expected = f"at least {needed_s * 1e6:.1f} us behind dividers of {board.sensors.load_ohm} ohm"
        yield Problem("mux", "settle_s", f"{board.mux.settle_s * 1e6:g} us", expected)


def _compensation(board: BoardFile) -> Iterator[Problem]:
    """A coefficient of each kind for each position, and something that knows the air."""
    sensors = board.sensors
    coefficients = {"ppm_per_c": sensors.ppm_per_c, "ppm_per_rh": sensors.ppm_per_rh}
    given = {key: values for key, values in coefficients.items() if values is not None}
    for key, values in given.items():
        if len(values) != sensors.positions:
            yield Problem("sensors", key, f"{len(values)} values", f"{sensors.positions}, one a position")
        if len(given) == 1:
            (other,) = set(coefficients) - set(given)
            yield Problem("sensors", key, f"there is no {other}", "both or neither")
        elif board.climate is None and key == "ppm_per_c":
            yield Problem("sensors", key, "no sensor knows the air", "a section [climate]")


def _battery(board: BoardFile, mcu: Microcontroller) -> Iterator[Problem]:
    battery = board.battery
    if battery is None:
        return
    top_v = battery.curve_v[-1]
    if top_v / battery.divider > mcu.adc_full_v:
        expected = f"at least {top_v / mcu.adc_full_v:.3g}, for {top_v:g} V at an ADC that ends at {mcu.adc_full_v} V"
        yield Problem("battery", "divider", f"{battery.divider:g}", expected)
    if not battery.curve_v[0] <= battery.low_v + battery.hysteresis_v < top_v:
        expected = f"within the curve from {battery.curve_v[0]:g} V, and with its hysteresis below {top_v:g} V"
        yield Problem("battery", "low_v", f"{battery.low_v:g} V", expected)
