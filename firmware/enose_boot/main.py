"""`main.py` of the file system's root: MicroPython runs it after every reset."""

import micropython

micropython.kbd_intr(-1)  # at once: a 0x03 in a frame that is on its way would interrupt the start, for good

from enose_boot.start import run  # noqa: E402

run()
