"""What a microcontroller is to a board: pins and their functions, clocks, memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field

OUTPUT = "output"
INPUT = "input"
ADC = "ADC"
PWM = "PWM"
STATE_MACHINE = "state machine"  # drives a pin by a program of its own, exact to a clock cycle


@dataclass(frozen=True)
class Microcontroller:
    """One microcontroller on the module that carries it."""

    name: str  # as in a board file
    title: str
    module: str
    gpios: tuple[int, ...]
    taken: Mapping[int, str]  # pins that the module itself needs, and for what
    functions: Mapping[
        str, tuple[int, ...]
    ]  # such as "I2C0 SDA" to the pins that can be it; OUTPUT and INPUT are on every pin
    i2c_max_hz: int
    spi_max_hz: int
    adc_full_v: float
    heap_max_kib: int  # what MicroPython can give to a program
    files_kib: int  # the flash that a stock MicroPython keeps for files; a board file's [flash] counts from its start
    flash_kib: int  # of the module
    mpy_arch: str  # what mpy-cross calls its processor
    high_at_reset: Mapping[int, str] = field(default_factory=dict)  # pins that are not low before the firmware runs
    uf2_family: int | None = None  # where its boot loader takes UF2 files
    uf2_drive: str = ""  # the Board-ID that the boot loader's drive gives in INFO_UF2.TXT

    def able(self, function: str) -> tuple[int, ...]:
        """The pins that can have a function and are not taken by the module; none where it has no such function."""
        pins = self.gpios if function in (OUTPUT, INPUT) else self.functions.get(function, ())
        return tuple(pin for pin in pins if pin not in self.taken)

    def has(self, function: str) -> bool:
        """Whether any pin has the function."""
        return function in (OUTPUT, INPUT) or function in self.functions
