"""`main.py` of the file system's root: MicroPython runs it after every reset."""

from enose_boot.start import run

run()
