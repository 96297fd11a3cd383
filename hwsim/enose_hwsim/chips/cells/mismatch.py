"""Mismatch of whole chips: a threshold shift for every transistor of the network, in volts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import Topology
from enose_hwsim.chips.cells.forward import BIAS, CONVERTER, NEGATIVE_HALF, NEURON, POSITIVE_HALF

Floats = NDArray[np.float64]

SHIFT_LIMIT = 6.0  # in sigmas: what the fast twin is certified up to, and chips are drawn within


@dataclass(frozen=True)
class Shifts:
    """Threshold shifts of C chips in volts; weights and neurons as the chip numbers them, transistors as their cell."""

    positive_v: Floats  # (C, W, 7) the positive half of each synapse
    negative_v: Floats  # (C, W, 7)
    converter_v: Floats  # (C, N, 2)
    neuron_v: Floats  # (C, N, 7)
    bias_v: Floats  # (C, 2)

    @classmethod
    def draw(cls, topology: Topology, chips: int, rng: np.random.Generator) -> "Shifts":
        """Chips drawn at random after Pelgrom; see cells/transistors.py for A_VT.

        A shift beyond SHIFT_LIMIT sigmas, 2 of 10^9, is drawn anew: the normal distribution is cut off there.
        """
        neurons = topology.hidden + topology.outputs
        parts = (
            (POSITIVE_HALF, (chips, topology.weights, 7)),
            (NEGATIVE_HALF, (chips, topology.weights, 7)),
            (CONVERTER, (chips, neurons, 2)),
            (NEURON, (chips, neurons, 7)),
            (BIAS, (chips, 2)),
        )
        drawn = [rng.normal(0.0, cell.sigma_v, shape) for cell, shape in parts]
        for shifts_v, (cell, shape) in zip(drawn, parts, strict=True):  # last, so that all other shifts stay
            sigma_v = np.broadcast_to(cell.sigma_v, shape)
            while (beyond := np.abs(shifts_v / sigma_v) > SHIFT_LIMIT).any():
                shifts_v[beyond] = rng.normal(0.0, sigma_v[beyond])
        return cls(*drawn)

    @classmethod
    def none(cls, topology: Topology, chips: int = 1) -> "Shifts":
        """Nominal chips."""
        weights, neurons = topology.weights, topology.hidden + topology.outputs
        shapes = ((weights, 7), (weights, 7), (neurons, 2), (neurons, 7), (2,))
        return cls(*(np.zeros((chips, *shape)) for shape in shapes))

    @classmethod
    def from_sigmas(cls, topology: Topology, sigmas: Floats) -> "Shifts":
        """Chips of shifts in standard deviations, (C, count(topology)): cell by cell as the fields above."""
        none = cls.none(topology)
        found, at = [], 0
        for (name, cell), size in zip(_CELLS, _sizes(none), strict=True):
            some = sigmas[:, at : at + size].reshape(len(sigmas), *getattr(none, name).shape[1:])
            found.append(some * cell.sigma_v)
            at += size
        return cls(*found)

    @staticmethod
    def count(topology: Topology) -> int:
        """How many transistors are shifted in one chip."""
        return sum(_sizes(Shifts.none(topology)))

    def __len__(self) -> int:
        return len(self.bias_v)

    def chip(self, c: int) -> "Shifts":
        """One of the chips, as C = 1."""
        one = slice(c, c + 1)
        parts = (self.positive_v, self.negative_v, self.converter_v, self.neuron_v, self.bias_v)
        return Shifts(*(part[one] for part in parts))


_CELLS = (
    ("positive_v", POSITIVE_HALF),
    ("negative_v", NEGATIVE_HALF),
    ("converter_v", CONVERTER),
    ("neuron_v", NEURON),
    ("bias_v", BIAS),
)


def _sizes(one: Shifts) -> list[int]:
    return [getattr(one, name).size // len(one) for name, _ in _CELLS]
