"""Random weights that a chip may infer with: every device's whole range, and no stage beyond what it is built for."""

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.monitor import stage_limits_v, worst_stage_v
from enose_hwsim.chips.memristor.network import Network

Floats = NDArray[np.float64]

OPEN_SHARE = 0.1


def draw_ohms(chip: MemristorFile, sets: int, rng: np.random.Generator) -> Floats:
    """Weights (sets, W) as signed ohms: even in the logarithm over the devices' range, of either sign, a tenth open.

    Where the worst inputs could drive a stage too far, more of that neuron's switches are opened, one by one.
    """
    network, shape = Network.of(chip), (sets, chip.topology.weights)
    low, high = np.log(chip.devices.min_ohm), np.log(chip.devices.max_ohm)
    ohms: Floats = np.exp(rng.uniform(low, high, shape)) * rng.choice((-1.0, 1.0), shape)
    ohms[rng.random(shape) < OPEN_SHARE] = 0.0
    neuron_of = np.array([network.neuron_names.index(name.split(".")[0]) for name in network.weight_names])
    while True:
        too_far = (worst_stage_v(ohms, chip) > stage_limits_v(chip)[:, None]).any(axis=2)
        if not too_far.any():
            return ohms
        for c, j in np.argwhere(too_far):
            closed = np.flatnonzero((neuron_of == j) & (ohms[c] != 0))
            ohms[c, rng.choice(closed)] = 0.0
