"""An emulated Raspberry Pi Pico that runs a real MicroPython UF2 in the place of the firmware's interpreter."""
