"""Weights of the trained network to memristances and back: paper 002, equations 11 and 17, w = R_f / M.

A weight multiplies what its neuron takes: an input in volts, a sigmoid's output before the divider, or 1 V for a bias.
So an output weight is the divider's share of R_f / M, and a bias, fed from bias_v only, bias_v's. The sign is that of
the memristance, which stands for the adder's input; a weight of 0 is an open switch.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.monitor import stage_limits_v, worst_stage_v
from enose_hwsim.chips.memristor.network import ROUNDING, Network, siemens

Floats = NDArray[np.float64]


def ohms_from_weights(weights: ArrayLike, chip: MemristorFile) -> Floats:
    """The signed memristances in ohms of weights (W,) or (C, W), 0 for an open switch.

    Raises ValueError for a wrong shape, and naming index, value and what is reachable for a weight that no device of
    the chip's range makes. Nothing is clipped: train within the range, or see rescaled.
    """
    array = _checked_shape(weights, chip)
    smallest, largest = reachable(chip)
    size = np.abs(array)
    inside = (size >= smallest * (1 - ROUNDING)) & (size <= largest * (1 + ROUNDING))
    outside = ~(inside | (array == 0))  # so written that NaN is outside
    if outside.any():
        at = tuple(int(k) for k in np.argwhere(outside)[0])
        raise ValueError(
            f"weight {list(at)}: {array[at]:g}, expected 0 or a size of {smallest[at[-1]]:g}..{largest[at[-1]]:g}"
        )
    return _ohm_per_weight(chip) * siemens(array)


def weights_from_ohms(ohms: ArrayLike, chip: MemristorFile) -> Floats:
    """The weights that signed memristances (W,) or (C, W) stand for: the inverse of ohms_from_weights.

    Raises ValueError as Network.checked_ohms.
    """
    return _ohm_per_weight(chip) * siemens(Network.of(chip).checked_ohms(ohms))


def reachable(chip: MemristorFile) -> tuple[Floats, Floats]:
    """The smallest size above 0 and the largest of each weight, (W,) and (W,)."""
    per_weight = _ohm_per_weight(chip)
    return per_weight / chip.devices.max_ohm, per_weight / chip.devices.min_ohm


@dataclass(frozen=True)
class Rescaled:
    """Weights whose output layer, biases and all, was multiplied by a factor: outputs and resting level go with it."""

    weights: Floats
    factor: float


def rescaled(weights: ArrayLike, chip: MemristorFile) -> Rescaled:
    """The weights (W,) with the linear output layer brought into the devices' and the adders' range; 1 if it is.

    The outputs are read from the common node, and so is rest_v, which lies there: a factor common to both outputs
    changes no decision but for the margin. Raises ValueError where no factor will do: naming the two weights that lie
    too far apart, or the output's adder.
    """
    array = _checked_shape(weights, chip)
    if array.ndim != 1:
        raise ValueError(f"weights of shape {array.shape}, expected one set")
    begin = chip.topology.hidden * (chip.topology.inputs + 1)
    smallest, largest = (limit[begin:] for limit in reachable(chip))
    size = np.abs(array[begin:])
    over, under = size / largest, np.where(size > 0, size / smallest, np.inf)
    if not np.isfinite(size).all() or not size.any():
        raise ValueError(f"output weights {array[begin:].tolist()}: expected finite numbers, one at least not 0")
    most, least = float(over.max()), float(under.min())
    if least < most * (1 - ROUNDING):
        raise ValueError(
            f"weight {begin + int(over.argmax())}: {array[begin + over.argmax()]:g} and weight "
            f"{begin + int(under.argmin())}: {array[begin + under.argmin()]:g} are too far apart: the devices reach a "
            f"ratio of {chip.devices.max_ohm / chip.devices.min_ohm:g}"
        )
    factor = min(max(1.0, 1 / least), 1 / most)
    scaled = array.copy()
    scaled[begin:] *= factor
    return _within_stages(scaled, factor, least * factor, chip)


def _within_stages(weights: Floats, factor: float, spare: float, chip: MemristorFile) -> Rescaled:
    """The same with outputs that no input drives beyond what their adders are built for."""
    topology = chip.topology
    begin = topology.hidden * (topology.inputs + 1)
    outputs_only = np.concatenate((np.zeros(begin), weights[begin:]))
    worst_v = worst_stage_v(ohms_from_weights(outputs_only, chip), chip)[topology.hidden :].max()
    limit_v = float(stage_limits_v(chip)[-1])
    most = limit_v / float(worst_v)
    if most * spare < 1 - ROUNDING:
        raise ValueError(
            f"outputs reach {worst_v:.4f} V from the common node, expected at most {limit_v:g} V, and the smallest "
            "weight does not let them be scaled down"
        )
    # An image carries whole ohms: so much smaller, no rounding brings an adder out of range again.
    whole_ohms = 1 - 0.5 / chip.devices.min_ohm
    further = 1.0 if most >= 1 else max(most * whole_ohms, 1 / spare)
    scaled = weights.copy()
    scaled[begin:] *= further
    return Rescaled(scaled, factor * further)


def _ohm_per_weight(chip: MemristorFile) -> Floats:
    """What divided by a memristance is its weight, (W,)."""
    topology, feedback_ohm = chip.topology, chip.adder.feedback_ohm
    bias = [chip.input.bias_span_v]
    rows = [[1.0] * topology.inputs + bias] * topology.hidden
    rows += [[chip.activation.divider] * topology.hidden + bias] * topology.outputs
    return feedback_ohm * np.concatenate(rows)


def _checked_shape(weights: ArrayLike, chip: MemristorFile) -> Floats:
    array = np.asarray(weights, dtype=np.float64)
    if array.ndim not in (1, 2) or array.shape[-1] != chip.topology.weights:
        raise ValueError(f"weights of shape {array.shape}, expected {chip.topology.weights} in the last axis")
    return array
