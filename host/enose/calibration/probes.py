"""What a chip is asked, to find out what it is: sets of weights drawn at random, and inputs drawn for each of them.

Random weights move every neuron over all of its curve, so that each synapse is seen at many slopes of what lies behind
it; that takes its gain apart from its neuron's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.mapping import held_v, uv_from_volts
from enose_contract.probing import SAMPLES
from enose_hwsim.chipfile import MlpFile

IMAGES = 24
MARGIN_V = 2e-3  # from the ends of the weights' range: what they droop to is still within the twin's tables


@dataclass(frozen=True)
class Probes:
    """K sets of weights with n samples each, as the host sends them."""

    weights_uv: NDArray[np.int64]  # (K, W)
    inputs_uv: NDArray[np.int64]  # (K, n, I)

    @property
    def readings(self) -> int:
        """How often the output is read."""
        return int(self.inputs_uv.shape[0] * self.inputs_uv.shape[1])

    def weights_v(self, chip: MlpFile) -> NDArray[np.float64]:
        """(K, W) as the board's DAC makes them."""
        return held_v(self.weights_uv * 1e-6, chip.synapse.weight_min_v, chip.synapse.weight_max_v)

    def inputs_v(self, chip: MlpFile) -> NDArray[np.float64]:
        """(K, n, I) as the board's DAC makes them."""
        return held_v(self.inputs_uv * 1e-6, chip.input.min_v, chip.input.max_v)


def make_probes(chip: MlpFile, seed: int = 1, images: int = IMAGES, samples: int = SAMPLES) -> Probes:
    """Probes for a chip; the same seed gives the same ones. Raises ValueError for fewer than one of either."""
    if images < 1 or samples < 1:
        raise ValueError(f"{images} sets of weights with {samples} samples each, expected at least 1 of each")
    rng = np.random.default_rng([seed, 0xCA])
    synapse = chip.synapse
    weights = rng.uniform(
        synapse.weight_min_v + MARGIN_V, synapse.weight_max_v - MARGIN_V, (images, chip.topology.weights)
    )
    inputs = rng.uniform(chip.input.min_v, chip.input.max_v, (images, samples, chip.topology.inputs))
    return Probes(uv_from_volts(weights), uv_from_volts(inputs))
