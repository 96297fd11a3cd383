"""The simulated chips that a waterfall goes through: nominal at a temperature, or mismatched, whatever their kind."""

from collections.abc import Callable

import numpy as np

from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import Chip, open_chip
from enose_hwsim.chips.twin.region import NotCertified

Telling = Callable[[str], None]


class WaterfallError(ValueError):
    """What no waterfall can be made of: one line with the value and what was expected."""


def nominal_chip(chip: AnyChip, temperature_c: float = 27.0, telling: Telling = lambda text: None) -> Chip:
    """The nominal chip's fast twin; its tables may take some seconds of ngspice the first time."""
    return open_chip(chip, "fast", temperature_c, telling)


class MismatchedChips:
    """C chips, always the same ones for a seed: transistors after Pelgrom, or memristors and op-amps as they come."""

    def __init__(self, chip: AnyChip, count: int, seed: int) -> None:
        """Draw them. Raises WaterfallError for fewer than one, or a chip file for which no fast twin is certified."""
        if count < 1:
            raise WaterfallError(f"{count} mismatched chips, expected at least 1")
        self.count = count
        rng = np.random.default_rng([seed, 0x3A])
        if chip.kind == "memristor":
            from enose_hwsim.chips.memristor.network import Network
            from enose_hwsim.chips.memristor.spread import Spread
            from enose_hwsim.chips.memristor.twin import TwinNetwork

            network = Network.of(chip)
            self._chips: Chip = TwinNetwork(network, spread=Spread.draw(network, count, rng))
            return
        from enose_hwsim.chips.cells.mismatch import Shifts
        from enose_hwsim.chips.twin.twin import TwinChip

        try:
            self._chips = TwinChip(chip, shifts=Shifts.draw(chip.topology, count, rng))
        except NotCertified as refusal:
            raise WaterfallError(f"{chip.name}: no fast twin to draw mismatched chips of: {refusal}") from refusal

    def output_v(self, inputs_v: np.ndarray, held: np.ndarray) -> np.ndarray:
        """Outputs (C, S), or (C, S, O) of several, all chips with the same weights (W,)."""
        return np.asarray(self._chips.output_v(inputs_v, np.tile(held, (self.count, 1))))
