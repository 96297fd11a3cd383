"""Operations between the firmware's stand-in modules and the simulated board, for both sides.

A request is length (u16, of the payload), operation (u8), virtual time (u64, us), payload; the answer to a waiting one
is length (u16), status (i8, minus an errno), payload. Operations below FIRST_WAITING are posted: nobody waits.
"""

HEADER = "<HBQ"
HEADER_SIZE = 11
PIN_HEADER = "<HBQBB"  # a pin's whole request, but for the ns
PIN_SIZE = 13
ANSWER = "<Hb"
ANSWER_SIZE = 3

PIN_WRITE = 1  # pin, level; where hardware is faster than a us, ns after it (u16)
SPI_WRITE = 2  # bus, bytes
PWM_WRITE = 3  # pin, duty (u16 of 65535)
FIRST_WAITING = 16
PIN_READ = 16  # pin -> level
SPI_TRANSFER = 17  # bus, bytes -> bytes
ADC_READ = 18  # pin or channel -> u16
I2C_WRITE = 19  # bus, address, bytes
I2C_READ = 20  # bus, address, count (u16), bytes written first -> bytes
IDLE = 21  # until (u64, us) -> now (u64, us)
FLASH_READ = 22  # offset (u32), count (u32) -> bytes
FLASH_WRITE = 23  # offset (u32), bytes
FLASH_ERASE = 24  # offset (u32) -> how long it takes (u32, us)
RESET = 25  # scratch register (u32); not answered: the process ends
BUTTON = 26  # -> whether BOOTSEL is held
TEMPERATURE = 27  # -> of an ESP32's own sensor (i16, C)
SCRATCH = 0x4005800C
SCRATCH_RP2350 = 0x400D800C
