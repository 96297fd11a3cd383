"""The simulated board's fixtures; see rig.py."""

from rig import board, device, power_on, programmed, raw

__all__ = ["board", "device", "power_on", "programmed", "raw"]
