"""Functions of GPIO 0 to 29, which the RP2040 (data sheet, section 1.4.3) and the RP2350 (section 1.2.3) share.

I2C goes round every four pins, SDA on the even ones; SPI every sixteen, four signals in a row. Any pin can belong to
a state machine, and has a channel of a PWM slice (RP2040, section 4.5.2; RP2350, section 12.5). The ADC's inputs are
GPIO 26 to 29 (RP2040, section 4.9.2; RP2350A, section 12.4.1).
"""

from enose_hwsim.mcu.microcontroller import ADC, PWM, STATE_MACHINE

RP2_GPIOS = tuple(range(30))
SPI_SIGNALS = ("MISO", "CS", "SCK", "MOSI")

RP2_FUNCTIONS = {
    ADC: (26, 27, 28, 29),
    PWM: RP2_GPIOS,
    STATE_MACHINE: RP2_GPIOS,
    **{
        f"I2C{bus} {signal}": tuple(pin for pin in RP2_GPIOS if pin % 2 == odd and pin // 2 % 2 == bus)
        for bus in (0, 1)
        for odd, signal in enumerate(("SDA", "SCL"))
    },
    **{
        f"SPI{bus} {signal}": tuple(pin for pin in RP2_GPIOS if pin % 4 == place and pin // 8 % 2 == bus)
        for bus in (0, 1)
        for place, signal in enumerate(SPI_SIGNALS)
    },
}
