"""Stand-ins for MicroPython's `machine`, `time`, `select` and `rp2`, run inside the firmware's process.

The firmware's own files are untouched: these modules lie in front of the interpreter's on its path, and turn every
access to hardware into a request to the simulated board (`operations`). Time is virtual.
"""
