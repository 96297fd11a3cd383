"""Board files: a microcontroller and the parts and pins around one chip, as boards/*.toml describes it.

The key `kind` is that of the chip, and says which sections the file has.
"""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from enose_contract.limits import refresh_ms
from enose_hwsim.optional_sections import Battery, Button, Climate, Display, GasSensor, HeaterPwm, Led, Pin, Pump
from enose_hwsim.tomlfile import Count, Name, Positive, Section, load

MAX_INTERVAL_S = 604_800  # a week, as fitted.py of the firmware has it


class I2cBus(Section, frozen=True):
    """An I2C bus of the microcontroller."""

    id: Literal[0, 1]
    sda_pin: Pin
    scl_pin: Pin
    frequency_hz: Count


class SpiBus(Section, frozen=True):
    """An SPI bus of the microcontroller."""

    id: Literal[0, 1, 2]  # as MicroPython counts
    sck_pin: Pin
    mosi_pin: Pin
    miso_pin: Pin
    frequency_hz: Count


DacChannel = Annotated[int, Meta(ge=0, le=7)]
AdcChannel = Annotated[int, Meta(ge=0, le=3)]
AdcAddress = Annotated[int, Meta(ge=0x48, le=0x4B)]
AirCoefficient = Annotated[int, Meta(ge=-50_000, le=50_000)]
AdcRate = Literal[8, 16, 32, 64, 128, 250, 475, 860]


class Dac(Section, frozen=True):
    """The DAC of the chip's inputs."""

    part: Literal["AD5676R"]
    select_pin: Pin
    reference_v: Positive
    gain: Literal[1, 2]
    input_channels: Annotated[tuple[DacChannel, ...], Meta(min_length=1)]

    def __post_init__(self) -> None:
        if len(set(self.input_channels)) < len(self.input_channels):
            raise ValueError(f"input_channels {list(self.input_channels)} name one channel twice")


class HeldDac(Dac, frozen=True, kw_only=True):
    """It also makes the weight voltages, one after the other."""

    weight_channel: DacChannel


class PulsedDac(Dac, frozen=True, kw_only=True):
    """It also makes the levels of pulses and of reads."""

    pulse_channel: DacChannel
    read_channel: DacChannel


class Adc(Section, frozen=True):
    """The ADC of the sensors, of their rail and of the chip's outputs; dac_channel measures the first input's DAC."""

    part: Literal["ADS1115"]
    address: AdcAddress
    rate_sps: AdcRate
    sensor_channel: AdcChannel
    output_channels: Annotated[tuple[AdcChannel, ...], Meta(min_length=1)]
    rail_channel: AdcChannel
    sensor_range_mv: Literal[6144, 4096, 2048, 1024]
    output_range_mv: Literal[6144, 4096, 2048, 1024]
    dac_channel: AdcChannel | None = None


class Mux(Section, frozen=True):
    """The multiplexer in front of the ADC."""

    part: Literal["CD74HC4067"]
    select_pins: Annotated[tuple[Pin, ...], Meta(min_length=4, max_length=4)]
    settle_s: Positive


class Weights(Section, frozen=True):
    """Address bus and strobe of the chip's sample and hold."""

    address_pins: tuple[Pin, ...]
    strobe_pin: Pin


class Teacher(Section, frozen=True):
    """On-chip learning: the teacher's level, Vc's pin, and the second ADC that reads the addressed weight."""

    dac_channel: DacChannel
    vc_pin: Pin
    readout_address: AdcAddress
    readout_channel: AdcChannel
    sample_s: Annotated[float, Meta(gt=0, le=1)]


class Matrix(Section, frozen=True):
    """The chain of switches between the devices, their adders and the bus: three a device."""

    part: Literal["ADG714"]
    select_pin: Pin
    parts: Annotated[int, Meta(ge=1, le=64)]


class Pulses(Section, frozen=True):
    """The switch that puts the pulse level on the bus while its pin is high."""

    part: Literal["ADG719"]
    gate_pin: Pin


class Read(Section, frozen=True):
    """The read amplifier and its ADC: its output falls by sense_ohm times the current through the device on the bus.

    dac_channel, of that ADC, measures the first input's DAC; 0 and 1 are the amplifier's.
    """

    part: Literal["ADS1115"]
    address: AdcAddress
    rate_sps: AdcRate
    range_mv: Literal[2048, 1024, 512, 256]
    sense_ohm: Count
    noise: Annotated[float, Meta(gt=0, le=0.5)]
    dac_channel: Literal[2, 3] | None = None


class Switch(Section, frozen=True):
    """Analog switch in front of the chip: low is cut off, at rest."""

    pin: Pin


class Gas(Section, frozen=True):
    """Heaters and the valve."""

    heater_pin: Pin
    valve_pin: Pin


class SupplySense(Section, frozen=True):
    """The divided chip supply on an ADC pin of the microcontroller."""

    pin: Pin
    divider: Positive


class Temperature(Section, frozen=True):
    """The microcontroller's own temperature sensor; its ADC channel, where it is on one."""

    margin_c: Annotated[float, Meta(ge=0, le=100)]
    adc_channel: Literal[4] = 4


class Sensors(Section, frozen=True):
    """Sensor positions, their dividers and how they are read.

    ppm_per_c, ppm_per_rh: relative change of each position's resistance per C and per % rh; with them what is read is
    brought to air of 20 C and 65 % rh.
    """

    positions: Annotated[int, Meta(ge=1, le=16)]
    load_ohm: Count
    rail_v: Positive
    warmup_s: Annotated[float, Meta(ge=0, le=86400)]
    scan_s: Positive
    ppm_per_c: tuple[AirCoefficient, ...] | None = None
    ppm_per_rh: tuple[AirCoefficient, ...] | None = None
    burn_in_h: Annotated[float, Meta(ge=0, le=1000)] = 0.0  # of heating before new sensors are believed
    mounted: tuple[Annotated[int, Meta(ge=0, le=15)], ...] = ()  # positions; none told: those that were once read

    def __post_init__(self) -> None:
        if any(position >= self.positions for position in self.mounted):
            raise ValueError(f"mounted {list(self.mounted)} names a position beyond the {self.positions} of the board")


class Upkeep(Section, frozen=True):
    """What the device does when nobody watches: it measures every interval_s (0: never).

    always: look at all sensors and count the time spent also without a schedule; with one it does.
    """

    interval_s: Annotated[int, Meta(ge=0, le=MAX_INTERVAL_S)] = 0
    always: bool = False
    usb_sense_gpio: Pin | None = None  # of the module itself: high while a USB host or charger is there

    def __post_init__(self) -> None:
        if 0 < self.interval_s < 10:
            raise ValueError(f"interval_s {self.interval_s}, expected 0 or 10 to {MAX_INTERVAL_S}")


class Load(Section, frozen=True):
    """What takes power: on_mw in the state `when`, off_mw otherwise, each of `count`; and whose figure that is."""

    part: str
    on_mw: Annotated[float, Meta(ge=0)]
    when: Literal["always", "awake", "heated", "measuring"]
    source: str
    off_mw: Annotated[float, Meta(ge=0)] = 0.0
    count: Annotated[int, Meta(ge=1)] = 1


class Power(Section, frozen=True):
    """What takes power, and what is lost between the battery and it."""

    efficiency: Annotated[float, Meta(gt=0, le=1)]
    battery_v: Positive
    loads: Annotated[tuple[Load, ...], Meta(min_length=1)]


class Refresh(Section, frozen=True):
    """How much of the tolerated droop time a refresh may use, and how long before its end it begins at the latest."""

    use: Annotated[float, Meta(gt=0, le=1)]
    reserve_s: Annotated[float, Meta(ge=0, le=1)]

    def period_s(self, limit_s: float) -> float:
        """As the firmware has it, in whole ms, where weights hold for limit_s."""
        whole_ms = int(limit_s * 1e3 + 1e-6)  # 0.034 s is 34 ms
        return refresh_ms(whole_ms, round(self.use * 100), round(self.reserve_s * 1e3)) * 1e-3


class Flash(Section, frozen=True):
    """The partition of images and log, in KiB from the start of the flash that a stock MicroPython keeps for files.

    The first files_kib of it stay MicroPython's own file system.
    """

    files_kib: Annotated[int, Meta(ge=0, multiple_of=4)]
    start_kib: Annotated[int, Meta(ge=0, multiple_of=4)]
    length_kib: Annotated[int, Meta(ge=32, multiple_of=4)]


class BoardFile(Section, frozen=True):
    """A board: microcontroller, parts and pins around one chip, as boards/*.toml describes it."""

    name: Name
    title: str
    kind: Literal["mlp", "memristor"]
    mcu: Literal["rp2040", "rp2350", "esp32s3"]
    chip: str
    heap_kib: Annotated[int, Meta(ge=64)]
    i2c: I2cBus
    spi: SpiBus
    dac: Dac
    adc: Adc
    mux: Mux
    switch: Switch
    gas: Gas
    supply_sense: SupplySense
    temperature: Temperature
    sensors: Sensors
    flash: Flash
    display: Display | None = None
    led: Led | None = None
    climate: Climate | None = None
    gas_sensor: GasSensor | None = None
    battery: Battery | None = None
    pump: Pump | None = None
    button: Button | None = None
    heater_pwm: HeaterPwm | None = None
    upkeep: Upkeep | None = None
    power: Power | None = None


class MlpBoard(BoardFile, frozen=True, kw_only=True):
    """A board around a chip whose weights are voltages that leak."""

    kind: Literal["mlp"]
    dac: HeldDac
    weights: Weights
    refresh: Refresh
    teacher: Teacher | None = None


class MemristorBoard(BoardFile, frozen=True, kw_only=True):
    """A board around a chip whose weights are memristances."""

    kind: Literal["memristor"]
    dac: PulsedDac
    matrix: Matrix
    pulses: Pulses
    read: Read


AnyBoard = MlpBoard | MemristorBoard
BOARD_KINDS: dict[str, type[MlpBoard] | type[MemristorBoard]] = {"mlp": MlpBoard, "memristor": MemristorBoard}


class _Kind(Section, frozen=True, forbid_unknown_fields=False):
    """The one key that says what the rest of the file is."""

    kind: Literal["mlp", "memristor"]


def load_board(path: Path) -> AnyBoard:
    """The board described by the file at path, of the kind that it says. Raises BoardError."""
    return load(path, BOARD_KINDS[load(path, _Kind).kind])
