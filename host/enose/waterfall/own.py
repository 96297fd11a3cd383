"""One particular chip in a waterfall, by the twin that its calibration found."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose.calibration.calibration import Calibration
from enose.calibration.remap import MOST, Remapper
from enose.waterfall.chips import WaterfallError
from enose.waterfall.trial import Trial
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]


class OwnChip:
    """A calibrated chip's twin, and weights that are made for it."""

    def __init__(self, chip: AnyChip, known: Calibration) -> None:
        """Raises WaterfallError for a calibration of another kind of chip."""
        if chip.kind == "memristor" or chip.name != known.chip:
            raise WaterfallError(f"a calibration of {known.chip}, expected one of the board's chip {chip.name}")
        self.known, self._chip = known, chip
        self._own, self._nominal = known.twin(chip), TwinChip(chip, known.temperature_c)

    def output_v(self, inputs_v: Floats, held_v: Floats) -> Floats:
        """Its twin's outputs (S,) for weight voltages (W,)."""
        return np.asarray(self._own.output_v(inputs_v, held_v))

    def carried(self, trial: Trial, inputs_v: Floats) -> NDArray[np.int64]:
        """The trial's weights made for this chip, as an image carries them; matched at inputs (S, I)."""
        matched = Remapper(self._chip, self._own, inputs_v[:: max(1, len(inputs_v) // MOST)])
        return trial.mapping.carried(matched.matched(np.asarray(trial.network.weights), self._nominal).weights)

    def told(self) -> dict[str, Any]:
        """Which chip it is."""
        known = self.known
        return {"identity": known.identity.hex(), "unit": known.unit, "simulated": known.simulated}
