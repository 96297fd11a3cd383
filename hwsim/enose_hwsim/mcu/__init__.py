"""The microcontrollers that a board file may name: one table each."""

from enose_hwsim.mcu.esp32s3 import ESP32S3
from enose_hwsim.mcu.microcontroller import ADC, INPUT, OUTPUT, PWM, STATE_MACHINE, Microcontroller
from enose_hwsim.mcu.rp2040 import RP2040
from enose_hwsim.mcu.rp2350 import RP2350

MICROCONTROLLERS = {mcu.name: mcu for mcu in (RP2040, RP2350, ESP32S3)}
FLASH_KIB = RP2040.files_kib  # the simulated flash of every board

__all__ = ["ADC", "FLASH_KIB", "INPUT", "MICROCONTROLLERS", "OUTPUT", "PWM", "STATE_MACHINE", "Microcontroller"]
