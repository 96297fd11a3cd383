"""What device and host share, one source each.

Integers only (but for pulses.py), no I/O; the same files run under MicroPython and CPython.
"""
