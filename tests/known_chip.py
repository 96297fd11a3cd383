"""A chip as if its calibration knew it exactly, for what goes on from there."""

import numpy as np

from enose.calibration.calibration import Calibration
from enose.link.device import SIMULATED_UNIT
from enose_hwsim.chips.cells.mismatch import Shifts
from rig import CHIP

UNIT = SIMULATED_UNIT + b"BOARD".hex()  # of the simulated board with the nominal chip


def known_chip(spread: float = 0.0, unit: str = UNIT, seed: int = 2) -> Calibration:
    """Of threshold shifts drawn so far apart, in sigmas; the nominal chip's for none."""
    sigmas = spread * np.random.default_rng(seed).standard_normal(Shifts.count(CHIP.topology))
    ones, none = np.ones(CHIP.topology.weights), np.zeros(CHIP.topology.weights)
    neurons = CHIP.topology.hidden + CHIP.topology.outputs
    slope, still = np.ones(neurons), np.zeros(neurons)
    return Calibration(
        CHIP.name, unit, 27.0, 576, 1e-2, 1e-4, sigmas, ones, none, none, none, slope, still, still
    )  # fmt: skip
