"""Board and chip files, checked when they are read.

A wrong key, type or value is one line that names file, line, key and what was expected (`BoardError`).
"""

import difflib
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import msgspec
from msgspec import Meta

Pin = Annotated[int, Meta(ge=0, le=48)]
Positive = Annotated[float, Meta(gt=0, le=1e6)]  # bounded, for TOML has inf and nan
Celsius = Annotated[float, Meta(ge=-273.15, le=1000)]
Name = Annotated[str, Meta(pattern="^[!-~]{1,16}$")]  # what fits into a message and a weight image
Count = Annotated[int, Meta(ge=1)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of a TOML file; a key that it does not know is an error."""


class Topology(Section, frozen=True):
    """Inputs, hidden neurons and outputs; every layer has a bias node besides."""

    inputs: Count
    hidden: Count
    outputs: Count

    @property
    def weights(self) -> int:
        """How many weights: each neuron has one per input and one for the bias node."""
        return self.hidden * (self.inputs + 1) + self.outputs * (self.hidden + 1)


class Supply(Section, frozen=True):
    """The chip's supply."""

    nominal_v: Positive
    tolerance_v: Positive


class Input(Section, frozen=True):
    """Input range of the chip, its bias nodes' level and the code that puts no field on the array."""

    min_v: Positive
    max_v: Positive
    bias_v: Positive
    no_field_v: Positive

    def __post_init__(self) -> None:
        if not (self.min_v < self.max_v and self.min_v <= min(self.bias_v, self.no_field_v)):
            raise ValueError(f"min_v {self.min_v} is not below max_v, bias_v and no_field_v")
        if max(self.bias_v, self.no_field_v) > self.max_v:
            raise ValueError(f"bias_v {self.bias_v} or no_field_v {self.no_field_v} is above max_v {self.max_v}")


class Synapse(Section, frozen=True):
    """The multiplier: weight voltage times the tanh of the input."""

    v_ref_v: Positive
    kappa: Positive
    weight_zero_v: Positive
    weight_min_v: Positive
    weight_max_v: Positive

    def __post_init__(self) -> None:
        if not self.weight_min_v < self.weight_zero_v < self.weight_max_v:
            raise ValueError(f"weight_zero_v {self.weight_zero_v} is not between weight_min_v and weight_max_v")


class Neuron(Section, frozen=True):
    """The neuron's gain and half its output swing."""

    gain: Positive
    swing_v: Positive


class Output(Section, frozen=True):
    """Range of the output, where a reading is a fault, and how long it takes to settle."""

    min_v: Positive
    max_v: Positive
    valid_min_v: Positive
    valid_max_v: Positive
    settle_s: Positive
    time_constant_s: Positive

    def __post_init__(self) -> None:
        if not self.valid_min_v <= self.min_v < self.max_v <= self.valid_max_v:
            raise ValueError(f"{self.min_v}..{self.max_v} V is not within {self.valid_min_v}..{self.valid_max_v} V")


class Decision(Section, frozen=True):
    """Bands on one output: edges from low to high, and the guard about each in which the device abstains."""

    rule: Literal["bands"]
    edges_v: Annotated[tuple[Positive, ...], Meta(min_length=1, max_length=7)]
    guard_v: Annotated[float, Meta(ge=0, le=1e6)]

    def __post_init__(self) -> None:
        if list(self.edges_v) != sorted(set(self.edges_v)):
            raise ValueError(f"edges_v {list(self.edges_v)} do not rise")


class Retention(Section, frozen=True):
    """How the weights leak, and how much droop the chip tolerates."""

    leak_v_per_s: Positive
    leak_at_c: Celsius
    leak_doubling_c: Positive
    droop_max_v: Positive


class Hold(Section, frozen=True):
    """Sample and hold in front of each weight capacitor."""

    acquire_s: Positive
    time_constant_s: Positive


class ChipFile(Section, frozen=True):
    """A chip: one analog network, as boards/chips/*.toml describes it."""

    name: Name
    title: str
    kind: Literal["mlp"]
    topology: Topology
    supply: Supply
    input: Input
    synapse: Synapse
    neuron: Neuron
    output: Output
    decision: Decision
    retention: Retention
    hold: Hold

    def leak_v_per_s(self, temperature_c: float) -> float:
        """How fast a weight droops at a temperature."""
        r = self.retention
        return float(r.leak_v_per_s * 2 ** ((temperature_c - r.leak_at_c) / r.leak_doubling_c))


class I2cBus(Section, frozen=True):
    """An I2C bus of the microcontroller."""

    id: Literal[0, 1]
    sda_pin: Pin
    scl_pin: Pin
    frequency_hz: Count


class SpiBus(Section, frozen=True):
    """An SPI bus of the microcontroller."""

    id: Literal[0, 1]
    sck_pin: Pin
    mosi_pin: Pin
    miso_pin: Pin
    frequency_hz: Count


class Dac(Section, frozen=True):
    """The DAC of the chip's inputs and of its weights."""

    part: Literal["AD5676R"]
    select_pin: Pin
    reference_v: Positive
    gain: Literal[1, 2]
    input_channels: Annotated[tuple[Annotated[int, Meta(ge=0, le=7)], ...], Meta(min_length=1)]
    weight_channel: Annotated[int, Meta(ge=0, le=7)]

    def __post_init__(self) -> None:
        if len(set(self.input_channels)) < len(self.input_channels):
            raise ValueError(f"input_channels {list(self.input_channels)} name one channel twice")


class Adc(Section, frozen=True):
    """The ADC of the sensors, of their rail and of the chip's output."""

    part: Literal["ADS1115"]
    address: Annotated[int, Meta(ge=0x48, le=0x4B)]
    rate_sps: Literal[8, 16, 32, 64, 128, 250, 475, 860]
    sensor_channel: Annotated[int, Meta(ge=0, le=3)]
    output_channel: Annotated[int, Meta(ge=0, le=3)]
    rail_channel: Annotated[int, Meta(ge=0, le=3)]
    sensor_range_mv: Literal[6144, 4096, 2048, 1024]
    output_range_mv: Literal[6144, 4096, 2048, 1024]


class Mux(Section, frozen=True):
    """The multiplexer in front of the ADC."""

    part: Literal["CD74HC4067"]
    select_pins: Annotated[tuple[Pin, ...], Meta(min_length=4, max_length=4)]
    settle_s: Positive


class Weights(Section, frozen=True):
    """Address bus and strobe of the chip's sample and hold."""

    address_pins: tuple[Pin, ...]
    strobe_pin: Pin


class Switch(Section, frozen=True):
    """Analog switch between the DAC and the chip's inputs."""

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
    """The microcontroller's own temperature sensor."""

    adc_channel: Literal[4]
    margin_c: Annotated[float, Meta(ge=0, le=100)]


class Sensors(Section, frozen=True):
    """Sensor positions, their dividers and how they are read."""

    positions: Annotated[int, Meta(ge=1, le=16)]
    load_ohm: Count
    rail_v: Positive
    warmup_s: Annotated[float, Meta(ge=0, le=86400)]
    scan_s: Positive


class Refresh(Section, frozen=True):
    """How much of the tolerated droop time a refresh may use."""

    use: Annotated[float, Meta(gt=0, le=1)]


class Flash(Section, frozen=True):
    """The partition of images and log, in KiB from the start of the flash that MicroPython gives to files."""

    start_kib: Annotated[int, Meta(ge=0, multiple_of=4)]
    length_kib: Annotated[int, Meta(ge=32, multiple_of=4)]


class BoardFile(Section, frozen=True):
    """A board: microcontroller, parts and pins around one chip, as boards/*.toml describes it."""

    name: Name
    title: str
    mcu: Literal["rp2040"]
    chip: str
    heap_kib: Annotated[int, Meta(ge=64)]
    i2c: I2cBus
    spi: SpiBus
    dac: Dac
    adc: Adc
    mux: Mux
    weights: Weights
    switch: Switch
    gas: Gas
    supply_sense: SupplySense
    temperature: Temperature
    sensors: Sensors
    refresh: Refresh
    flash: Flash


class BoardError(ValueError):
    """A board or chip file that cannot be used: one line with file, line, key and what was expected."""


File = TypeVar("File", BoardFile, ChipFile)


def load_chip(path: Path) -> ChipFile:
    """The chip described by the file at path. Raises BoardError."""
    return _load(path, ChipFile)


def load_board(path: Path) -> BoardFile:
    """The board described by the file at path. Raises BoardError."""
    return _load(path, BoardFile)


def _load(path: Path, kind: type[File]) -> File:
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BoardError(f"{path}: cannot be read as a text file ({error})") from error
    try:
        return msgspec.convert(tomllib.loads(source), kind)
    except tomllib.TOMLDecodeError as error:
        raise BoardError(f"{path}: not TOML ({error})") from error
    except msgspec.ValidationError as error:
        raise BoardError(_locate(path, source, str(error), kind)) from error


def _locate(path: Path, source: str, message: str, kind: type[Section]) -> str:
    """The message of msgspec with the file, the line and what is known: the nearest key, the allowed values."""
    where = re.search(r" - at `\$\.?([^`]*)`", message)
    sections = [part for part in re.split(r"\.|\[[\d.]*\]", where.group(1)) if part] if where else []
    text = message[: where.start()] if where else message
    unknown = re.search(r"unknown field `([^`]+)`", text)
    key = unknown.group(1) if unknown else (sections.pop() if sections else "")
    line = line_of(source, sections, key)
    if unknown:
        known = [field.name for field in msgspec.structs.fields(_type_at(kind, sections))]
        near = difflib.get_close_matches(key, known, 1)
        text = "unknown key" + (f", did you mean '{near[0]}'?" if near else f"; known: {', '.join(known)}")
    elif text.startswith("Invalid enum value "):
        allowed = ", ".join(str(value) for value in get_args(_type_at(kind, [*sections, key])))
        text = f"{text.removeprefix('Invalid enum value ')} is not one of: {allowed}"
    name = ".".join([*sections, key]) if key else "file"
    return f"{path}:{line}: {name}: {text[0].lower() + text[1:]}"


def _type_at(kind: Any, keys: list[str]) -> Any:
    """The declared type of a key, from the outermost section inwards."""
    for key in keys:
        kind = next(field.type for field in msgspec.structs.fields(kind) if field.name == key)
        while get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
    return kind


def line_of(source: str, sections: list[str], key: str) -> int:
    """The line of a key in a TOML source; that of its section, or the first, where the key is not there."""
    inside = not sections
    section_line = 1
    for number, line in enumerate(source.splitlines(), 1):
        if re.match(r"\s*\[", line):
            inside = bool(sections) and bool(re.match(rf"\s*\[\s*{re.escape('.'.join(sections))}\s*\]", line))
            section_line = number if inside else section_line
            if not sections and re.match(rf"\s*\[\[?\s*{re.escape(key)}\s*\]", line):
                return number
        elif inside and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return number
    return section_line
