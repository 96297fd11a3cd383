"""RP2040 on the Raspberry Pi Pico (RP2040 data sheet, section 1.4.3; Pico data sheet, section 2.1)."""

from enose_hwsim.mcu.microcontroller import Microcontroller
from enose_hwsim.mcu.rp2_functions import RP2_FUNCTIONS, RP2_GPIOS

RP2040 = Microcontroller(
    name="rp2040",
    title="RP2040",
    module="Pico",
    gpios=RP2_GPIOS,
    taken={23: "the regulator's mode", 24: "VBUS sense", 25: "the LED", 29: "a third of VSYS"},
    functions=RP2_FUNCTIONS,
    i2c_max_hz=1_000_000,  # section 4.3: fast mode plus
    spi_max_hz=62_500_000,  # section 4.4.2.4: half the peripheral clock of 125 MHz
    adc_full_v=3.3,
    heap_max_kib=224,  # of 264 KiB; MicroPython's mem_info() on a Pico says 233024 bytes
    files_kib=1408,  # of 2 MiB
    flash_kib=2048,
    mpy_arch="armv6m",
    uf2_family=0xE48BFF56,  # boot ROM, RP2040 data sheet, section 2.8.4.2
    uf2_drive="RPI-RP2",
)
