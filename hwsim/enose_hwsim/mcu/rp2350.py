"""RP2350A on the Raspberry Pi Pico 2 (RP2350 data sheet, section 1.2.3; Pico 2 data sheet, section 2.1)."""

from enose_hwsim.mcu.microcontroller import Microcontroller
from enose_hwsim.mcu.rp2_functions import RP2_FUNCTIONS, RP2_GPIOS

RP2350 = Microcontroller(
    name="rp2350",
    title="RP2350",
    module="Pico 2",
    gpios=RP2_GPIOS,
    taken={23: "the regulator's mode", 24: "VBUS sense", 25: "the LED", 29: "a third of VSYS"},
    functions=RP2_FUNCTIONS,
    i2c_max_hz=1_000_000,  # section 12.2: fast mode plus
    spi_max_hz=75_000_000,  # section 12.3: half the peripheral clock of 150 MHz
    adc_full_v=3.3,
    heap_max_kib=448,  # ours: of 520 KiB, with a reserve
    files_kib=3072,  # of 4 MiB
    flash_kib=4096,
    mpy_arch="armv7emsp",
    uf2_family=0xE48BFF59,  # Arm, secure: RP2350 data sheet, section 5.5.3
    uf2_drive="RP2350",
)
