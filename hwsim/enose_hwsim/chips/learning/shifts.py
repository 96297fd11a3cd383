"""Mismatch of the learning cells: a threshold shift for every transistor, in volts, as cells/mismatch.py."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import Topology
from enose_hwsim.chips.cells.forward import CONVERTER, NEGATIVE_HALF, POSITIVE_HALF
from enose_hwsim.chips.cells.learning import DELTA, DERIVATIVE, GILBERT, HIGH_BIAS

Floats = NDArray[np.float64]

# Field, cell, and the letters of its instances in the netlist of chips/learning_netlist.py.
_PARTS = (
    ("derivative_v", DERIVATIVE, "d"),
    ("delta_v", DELTA, "e"),
    ("gilbert_v", GILBERT, "g"),
    ("back_positive_v", POSITIVE_HALF, "bp"),
    ("back_negative_v", NEGATIVE_HALF, "bn"),
    ("back_converter_v", CONVERTER, "bc"),
)
HIGH_BIAS_INSTANCE = "highbias"


@dataclass(frozen=True)
class LearningShifts:
    """Threshold shifts of C chips' learning cells in volts; neurons and weights as the chip numbers them."""

    derivative_v: Floats  # (C, N, 13)
    delta_v: Floats  # (C, N, 7)
    gilbert_v: Floats  # (C, W, 13)
    back_positive_v: Floats  # (C, H, 7) of the multipliers that take the output's error back
    back_negative_v: Floats  # (C, H, 7)
    back_converter_v: Floats  # (C, H, 2)
    high_bias_v: Floats  # (C, 2)

    @classmethod
    def draw(cls, topology: Topology, chips: int, rng: np.random.Generator) -> "LearningShifts":
        """Chips drawn at random after Pelgrom; see cells/transistors.py for A_VT."""
        counts = _counts(topology)
        drawn = {
            name: rng.normal(0.0, cell.sigma_v, (chips, counts[name], len(cell.sigma_v))) for name, cell, _ in _PARTS
        }
        return cls(**drawn, high_bias_v=rng.normal(0.0, HIGH_BIAS.sigma_v, (chips, 2)))

    @classmethod
    def none(cls, topology: Topology, chips: int = 1) -> "LearningShifts":
        """Nominal chips."""
        counts = _counts(topology)
        still = {name: np.zeros((chips, counts[name], len(cell.sigma_v))) for name, cell, _ in _PARTS}
        return cls(**still, high_bias_v=np.zeros((chips, 2)))

    def __len__(self) -> int:
        return len(self.high_bias_v)

    def chip(self, c: int) -> "LearningShifts":
        """One of the chips, as C = 1."""
        return LearningShifts(*(getattr(self, field.name)[c : c + 1] for field in fields(self)))

    def parameters(self) -> dict[str, float]:
        """What to `alter` so that the netlist's learning cells become those of the first of these chips."""
        parameters = dict(zip(HIGH_BIAS.shift_names(HIGH_BIAS_INSTANCE), self.high_bias_v[0].tolist(), strict=True))
        for name, cell, letters in _PARTS:
            for k, row in enumerate(getattr(self, name)[0].tolist()):
                parameters |= dict(zip(cell.shift_names(f"{letters}{k}"), row, strict=True))
        return parameters


def _counts(topology: Topology) -> dict[str, int]:
    neurons = topology.hidden + topology.outputs
    counts = dict.fromkeys(("back_positive_v", "back_negative_v", "back_converter_v"), topology.hidden)
    return {**counts, "derivative_v": neurons, "delta_v": neurons, "gilbert_v": topology.weights}
