"""How chips of one network differ: programming errors of the memristors and offsets of the op-amps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chips.memristor.network import Network

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """C chips. A memristance is its nominal value times 1 + error."""

    weight_error: Floats  # (C, W)
    block_error: Floats  # (C, D), of the devices in blocks
    offset_v: Floats  # (C, op-amps)

    def __len__(self) -> int:
        return len(self.weight_error)

    @classmethod
    def none(cls, network: Network) -> "Spread":
        """One chip without any."""
        sizes = (network.topology.weights, len(network.block_device_ohm), len(network.opamp_names))
        return cls(*(np.zeros((1, size)) for size in sizes))

    @classmethod
    def draw(cls, network: Network, chips: int, rng: np.random.Generator) -> "Spread":
        """Chips as write-verify leaves them: errors even within the tolerance, offsets normal."""
        tolerance = network.tolerance
        return cls(
            rng.uniform(-tolerance, tolerance, (chips, network.topology.weights)),
            rng.uniform(-tolerance, tolerance, (chips, len(network.block_device_ohm))),
            rng.normal(0.0, network.opamps.offset_sigma_v, (chips, len(network.opamp_names))),
        )

    def chip(self, c: int) -> "Spread":
        """One chip alone."""
        return Spread(self.weight_error[c : c + 1], self.block_error[c : c + 1], self.offset_v[c : c + 1])

    def checked(self, chips: int) -> "Spread":
        """Itself. Raises ValueError unless it is of one chip or of this many."""
        if len(self) not in (1, chips):
            raise ValueError(f"{chips} sets of weights for {len(self)} chips, expected one for each")
        return self
