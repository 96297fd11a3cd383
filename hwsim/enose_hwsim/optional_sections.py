"""Sections of a board file that a board may leave out: what is beside sensors, converters and chip."""

from typing import Annotated, Literal

from msgspec import Meta

from enose_hwsim.tomlfile import Positive, Section

Pin = Annotated[int, Meta(ge=0, le=48)]
Volts = Annotated[float, Meta(gt=0, le=100)]
# (target in C, periods), within what the BME688's registers hold (Bosch BST-BME688-DS000)
Step = tuple[Annotated[int, Meta(ge=50, le=400)], Annotated[int, Meta(ge=1, le=63)]]


class Display(Section, frozen=True):
    """A text display on the I2C bus."""

    part: Literal["SSD1306"]
    address: Literal[0x3C, 0x3D]


class Led(Section, frozen=True):
    """The status light: high is lit."""

    pin: Pin


class Climate(Section, frozen=True):
    """The sensor of the air's temperature and humidity, on the I2C bus."""

    part: Literal["SHT40", "SHT41", "SHT45"]
    address: Literal[0x44, 0x45, 0x46]
    every_s: Annotated[int, Meta(ge=1, le=600)]


class GasSensor(Section, frozen=True):
    """A gas sensor with a heater of its own, on the I2C bus: it goes through `steps` of (target in C, periods)."""

    part: Literal["BME688"]
    address: Literal[0x76, 0x77]
    period_ms: Annotated[int, Meta(ge=20, le=1900)]
    steps: Annotated[tuple[Step, ...], Meta(min_length=1, max_length=10)]


class Battery(Section, frozen=True):
    """The divided cell on an ADC pin of the microcontroller; curve_v: at rest, with 0, 10, ... 100 % left."""

    pin: Pin
    divider: Positive
    low_v: Volts
    empty_v: Volts
    hysteresis_v: Volts
    curve_v: Annotated[tuple[Volts, ...], Meta(min_length=11, max_length=11)]

    def __post_init__(self) -> None:
        if any(a >= b for a, b in zip(self.curve_v, self.curve_v[1:], strict=False)):
            raise ValueError(f"curve_v {list(self.curve_v)} does not rise from each voltage to the next")
        if not self.empty_v < self.low_v:
            raise ValueError(f"empty_v {self.empty_v:g} is not below low_v {self.low_v:g}")


class Pump(Section, frozen=True):
    """Draws air past the sensors while the pin is high."""

    pin: Pin


class Button(Section, frozen=True):
    """From the pin to ground."""

    pin: Pin


class HeaterPwm(Section, frozen=True):
    """The heaters' driver is switched by pulse-width modulation: duty is their power, relative to the rail's.

    Well above 10 Hz, which a heater's own tens of milliseconds would follow; an RP2040's divider ends at 7.5 Hz. Below
    what a transistor at a logic pin still switches cleanly.
    """

    frequency_hz: Annotated[int, Meta(ge=50, le=20_000)]
    duty_percent: Annotated[int, Meta(ge=1, le=100)]
