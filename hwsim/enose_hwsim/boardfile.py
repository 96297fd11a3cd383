"""Board files: a microcontroller and the parts and pins around one chip, as boards/*.toml describes it."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from enose_hwsim.tomlfile import Count, Name, Positive, Section, load

Pin = Annotated[int, Meta(ge=0, le=48)]


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


def load_board(path: Path) -> BoardFile:
    """The board described by the file at path. Raises BoardError."""
    return load(path, BoardFile)
