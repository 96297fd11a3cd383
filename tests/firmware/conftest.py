"""The simulated board's fixtures; see rig.py."""

from rig import board, device, firmware, power_on, programmed, raw

__all__ = ["board", "device", "firmware", "power_on", "programmed", "raw"]
