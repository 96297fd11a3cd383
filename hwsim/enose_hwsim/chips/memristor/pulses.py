"""Pulsed inputs in ngspice: paper 002 applies rectangular pulses of 0.8 ms at a duty cycle of 50 %, bias and all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chips.memristor.monitor import Seen
from enose_hwsim.chips.memristor.spice_chip import SpiceNetwork

Floats = NDArray[np.float64]

ON_S = 0.8e-3
PERIOD_S = 2 * ON_S
EDGE_S = 10e-6  # ours: longer than an op-amp takes, so that its differential input stays small
STEP_S = 5e-6


@dataclass(frozen=True)
class PulseResponse:
    """What the adders put out while inputs and bias are pulsed, in volts from the common node."""

    time_s: Floats  # (T,)
    sum_v: Floats  # (T, adders): the hidden ones, then the outputs
    settled_v: Floats  # (adders,): at the end of the last pulse's on-time
    seen: Seen  # what each device sees at any time, the edges included


def pulse_response(chip: SpiceNetwork, inputs_v: ArrayLike, weights_ohm: ArrayLike, pulses: int = 1) -> PulseResponse:
    """One sample (I,) and one set of weights (W,), both of the nominal chip or of the one chip of the spread, pulsed.

    Raises as SpiceNetwork.run.
    """
    network = chip.network
    height_v = network.checked_inputs(np.atleast_2d(np.asarray(inputs_v, dtype=np.float64)))[0]
    corner_s = np.concatenate([k * PERIOD_S + np.array([0, EDGE_S, ON_S, ON_S + EDGE_S]) for k in range(pulses)])
    corner_on = np.tile([0.0, 1.0, 1.0, 0.0], pulses)
    points = round(pulses * PERIOD_S / STEP_S)
    time_s = np.unique(np.concatenate((corner_s, STEP_S * np.arange(points + 1))).round(12))
    on = np.interp(time_s, corner_s, corner_on)
    node_v, seen = chip.transient(time_s, on[:, None] * height_v, on * network.bias_v, weights_ohm, STEP_S)
    sum_v = np.column_stack([node_v[f"s{j}"] for j in range(network.adders)])
    end = int(np.flatnonzero(on > 1 - 1e-9)[-1])  # but for the rounding of its own time
    return PulseResponse(time_s, sum_v, sum_v[end], seen)
