"""ESP32-S3 on the ESP32-S3-DevKitC-1-N8 (ESP32-S3 series data sheet, chapters "Pins" and "Boot Configurations").

Its GPIO matrix leads I2C, SPI and PWM (LEDC) to any pin (technical reference manual, chapter "IO MUX and GPIO Matrix").
MicroPython calls SPI2 and SPI3 by 1 and 2. ADC1 alone is counted: ADC2 is shared with the radio.
"""

from enose_hwsim.mcu.microcontroller import ADC, PWM, Microcontroller

_GPIOS = (*range(22), *range(26, 49))
_SIGNALS = [f"I2C{bus} {signal}" for bus in (0, 1) for signal in ("SDA", "SCL")]
_SIGNALS += [f"SPI{bus} {signal}" for bus in (1, 2) for signal in ("SCK", "MOSI", "MISO")]

ESP32S3 = Microcontroller(
    name="esp32s3",
    title="ESP32-S3",
    module="DevKitC-1",
    gpios=_GPIOS,
    taken={
        0: "strapping: boot mode",
        3: "strapping: JTAG source",
        45: "strapping: flash voltage",
        46: "strapping: boot messages",
        19: "USB D-",
        20: "USB D+",
        **dict.fromkeys(range(26, 33), "flash"),
        33: "not led out",
        34: "not led out",
        38: "the LED since version 1.1",
        48: "the LED until version 1.0",
        43: "the serial port's TX",
        44: "the serial port's RX",
    },
    # data sheet, chapter "Pins": the defaults of the pads, and the table of glitches at power-up
    high_at_reset={39: "a weak pull-up, as JTAG's MTCK", 18: "a glitch of 60 us at power-up"},
    functions={ADC: tuple(range(1, 11)), PWM: _GPIOS, **dict.fromkeys(_SIGNALS, _GPIOS)},
    i2c_max_hz=800_000,  # technical reference manual, chapter "I2C Controller"
    spi_max_hz=40_000_000,  # ours: half of the fastest, for the way through the GPIO matrix
    adc_full_v=2.9,  # ADC1 with 12 dB attenuation: the end of its calibrated range
    heap_max_kib=224,  # of the 246 KiB to which the heap grows on demand, without PSRAM (micropython PR 12141)
    files_kib=5056,  # of 8 MiB: the partition "vfs", the smallest of the stock layouts
    flash_kib=8192,
    mpy_arch="xtensawin",
)
