"""Weights (-1..1, as trained) to what a chip holds and back, and to what an image carries; per kind of chip.

A mapping and its inverse stand side by side and are tested as a pair.
"""

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose.mapping.codes import held_v, uv_from_volts
from enose_hwsim.chipfile import AnyChip

__all__ = ["Mapping", "held_v", "mapping_of", "uv_from_volts"]


class Mapping(Protocol):
    """One chip's weights: W of them, any number of sets."""

    unit: int  # of enose_contract.image

    def held(self, weights: ArrayLike) -> NDArray[np.float64]:
        """What the chip is to hold, volts or signed ohms. Raises ValueError with index, value and what is reachable."""
        ...

    def weights(self, held: ArrayLike) -> NDArray[np.float64]:
        """The weights that it stands for: the inverse of `held`. Raises ValueError in the same way."""
        ...

    def carried(self, weights: ArrayLike) -> NDArray[np.int64]:
        """As an image carries them: whole microvolts or ohms."""
        ...

    def exact(self, carried: ArrayLike) -> NDArray[np.float64]:
        """What an image's numbers stand for, volts or signed ohms."""
        ...

    def written(self, carried: ArrayLike) -> NDArray[np.float64]:
        """What the board makes of an image's numbers, volts or signed ohms, when all goes well."""
        ...


def mapping_of(chip: AnyChip) -> Mapping:
    """The mapping of a chip's kind."""
    if chip.kind == "memristor":
        from enose.mapping.ohms import OhmMapping

        return OhmMapping(chip)
    from enose.mapping.volts import VoltMapping

    return VoltMapping(chip)
