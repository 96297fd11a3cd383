"""The monitor: what voltage every memristor sees, in every run. At its threshold one would begin to move.

Below it model A14mod's state stands still (paper 002, equation 6): the network keeps its weights while it infers.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.network import ROUNDING, Network, siemens

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


class ThresholdReached(ValueError):
    """A memristor would see its threshold, and move."""


@dataclass(frozen=True)
class Seen:
    """The largest voltage over each device of each chip, in any sample."""

    names: list[str]  # (D,)
    largest_v: Floats  # (C, D)
    at_sample: Indices  # (C, D)
    threshold_v: float

    @classmethod
    def of(cls, network: Network, weights_v: Floats, blocks_v: Floats, share: Floats) -> "Seen":
        """From absolute voltages at every sample: over the weights (C, S, W) and the blocks (C, S, B).

        A device in a block has its share (C, D) of the block's voltage.
        """
        block_of = network.block_of_device
        largest_v = np.concatenate((weights_v.max(axis=1), blocks_v.max(axis=1)[:, block_of] * share), axis=1)
        at_sample = np.concatenate((weights_v.argmax(axis=1), blocks_v.argmax(axis=1)[:, block_of]), axis=1)
        return cls(network.device_names, largest_v, at_sample, network.threshold_v)

    @property
    def worst(self) -> tuple[str, float]:
        """The device that sees most, and how much."""
        device = int(self.largest_v.max(axis=0).argmax())
        return self.names[device], float(self.largest_v[:, device].max())

    def check(self) -> "Seen":
        """Itself. Raises ThresholdReached naming device, chip, sample, voltage and threshold."""
        if not (self.largest_v < self.threshold_v).all():  # so written that NaN is caught
            chip, device = np.unravel_index(int(self.largest_v.argmax()), self.largest_v.shape)
            raise ThresholdReached(
                f"device {self.names[device]} of chip {chip} sees {self.largest_v[chip, device]:.4f} V in sample "
                f"{self.at_sample[chip, device]}, expected below its threshold of {self.threshold_v} V"
            )
        return self


def side_by_side(*parts: Floats) -> Floats:
    """Absolute voltages of chips and samples, (C, S, ...) -> (C, S, N); an axis of 1 stands for all."""
    chips, samples = np.max([part.shape[:2] for part in parts], axis=0)
    whole = [np.broadcast_to(part, (chips, samples, *part.shape[2:])) for part in parts]
    return np.asarray(np.abs(np.concatenate([part.reshape(chips, samples, -1) for part in whole], axis=2)))


def worst_stage_v(weights_ohm: ArrayLike, chip: MemristorFile) -> Floats:
    """The largest voltage that each adder's stages can reach with any inputs of the chip's range: (..., adders, 2).

    Weights (W,) or (C, W) as signed ohms; the plus stage first, then the sum's. By the equations. Raises ValueError as
    Network.checked_ohms.
    """
    network = Network.of(chip)
    ohms = network.checked_ohms(weights_ohm)
    gains = [network.feedback_ohm * siemens(rows) for rows in network.rows(np.atleast_2d(ohms))]
    levels_v = (
        (network.input_min_v, network.input_max_v),
        (chip.activation.divider * chip.activation.low_v, chip.activation.divider * chip.activation.high_v),
    )
    stages = []
    for gain, (low_v, high_v) in zip(gains, levels_v, strict=True):
        for part in (np.maximum(gain, 0), gain):  # what the plus input has, and all
            bias_v = part[..., -1] * network.bias_v
            ends_v = np.stack((part[..., :-1] * low_v, part[..., :-1] * high_v))
            lowest_v, highest_v = ends_v.min(axis=0).sum(axis=-1) + bias_v, ends_v.max(axis=0).sum(axis=-1) + bias_v
            stages.append(np.maximum(np.abs(lowest_v), np.abs(highest_v)))
    hidden_plus, hidden_sum, output_plus, output_sum = stages
    worst_v = np.stack(
        (np.concatenate((hidden_plus, output_plus), axis=-1), np.concatenate((hidden_sum, output_sum), axis=-1)),
        axis=-1,
    )
    return worst_v[0] if ohms.ndim == 1 else worst_v


def check_stages(weights_ohm: ArrayLike, chip: MemristorFile) -> None:
    """Hold that with these weights no inputs of the chip's range drive a memristor to its threshold.

    Raises ThresholdReached naming the neuron, the stage, its voltage and what it is built for; ValueError as
    worst_stage_v.
    """
    worst_v = np.atleast_3d(worst_stage_v(weights_ohm, chip)).reshape(-1, Network.of(chip).adders, 2)
    limits_v = stage_limits_v(chip)
    excess = worst_v.max(axis=0) - limits_v[:, None]
    if not excess.max() <= ROUNDING:
        j, stage = np.unravel_index(int(excess.argmax()), excess.shape)
        raise ThresholdReached(
            f"{Network.of(chip).neuron_names[j]}: its {('plus stage', 'sum')[stage]} reaches "
            f"{worst_v[:, j, stage].max():.4f} V from the common node, expected at most {limits_v[j]:g} V"
        )


def stage_limits_v(chip: MemristorFile) -> Floats:
    """What each adder's stages are built for, (adders,): as many volts from the common node."""
    hidden_v = np.full(chip.topology.hidden, chip.adder.hidden_max_v)
    return np.concatenate((hidden_v, np.full(chip.topology.outputs, chip.adder.output_max_v)))
