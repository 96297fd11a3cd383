"""Exposures as a network's own sensors saw them, with the band that each belongs in."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.features import Constants, exact_ohm, input_v
from enose.recordings import Recordings
from enose.recordings.specimen import RecordingsError
from enose.training import Network
from enose_contract.normalise import INPUT_MIN_UV

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class RecalibrationError(RecordingsError):
    """Recordings that nothing can be learnt from about drift: one line with what, where and what was expected."""


@dataclass(frozen=True)
class Exposures:
    """S exposures to I sensors: resistances in the odour and in clean air before it, and the band of each class."""

    ohm: Floats  # (S, I)
    clean_ohm: Floats | None  # (S, I), None where no baseline was recorded
    bands: Ints  # (S,)

    @classmethod
    def of(cls, network: Network, recordings: Recordings, indices: Sequence[int] | Ints) -> "Exposures":
        """Those of the specimens with these indices. Raises RecalibrationError for sensors or a class that the network
        does not have."""
        check_sensors(network, recordings)
        chosen = [recordings.specimens[int(i)] for i in indices]
        for specimen in chosen:
            if specimen.label not in network.class_order:
                raise RecalibrationError(
                    f"{recordings.title}: {specimen.group} is of class '{specimen.label}', "
                    f"expected one of {', '.join(network.class_order)}"
                )
        ohm, clean_ohm = exact_ohm(chosen, recordings.average)
        pick = list(network.channels)
        bands = np.array([network.class_order.index(s.label) for s in chosen], dtype=np.int64)
        return cls(ohm[:, pick], None if clean_ohm is None else clean_ohm[:, pick], bands)

    def __len__(self) -> int:
        """S."""
        return len(self.ohm)

    def some(self, chosen: Ints | NDArray[np.bool_]) -> "Exposures":
        """Those with these indices, or marked by a mask."""
        clean_ohm = None if self.clean_ohm is None else self.clean_ohm[chosen]
        return Exposures(self.ohm[chosen], clean_ohm, self.bands[chosen])

    def inputs_v(self, normalisation: int, constants: Constants) -> Floats:
        """What the chip is shown, (S, I), with constants of these I sensors; the low end for an all-zero sample."""
        channels = np.arange(self.ohm.shape[1])
        volts = input_v(self.ohm, self.clean_ohm, channels, normalisation, constants)
        return np.nan_to_num(volts, nan=INPUT_MIN_UV * 1e-6)


def check_sensors(network: Network, recordings: Recordings) -> None:
    """Raise RecalibrationError for recordings whose sensors are not those that the network was trained on."""
    for channel, name in zip(network.channels, network.sensors, strict=True):
        found = recordings.sensors[channel] if channel < len(recordings.sensors) else "none"
        if found != name:
            raise RecalibrationError(f"{recordings.title}: sensor {channel} is '{found}', the network's is '{name}'")
    if recordings.normalisation != network.normalisation:
        raise RecalibrationError(
            f"{recordings.title}: normalisation {recordings.normalisation}, the network's is {network.normalisation}"
        )
