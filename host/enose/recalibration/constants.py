"""The normalisation constants with which drifted sensors look to the network as they did when it was trained.

Two constants a sensor are an affine map of its resistance. The map is the likeliest one (maximum a posteriori): that
with which the network, its weights as they are, names the references best, each sensor's gain and offset drawn towards
one and none. Matching the classes' means instead would take another mix of concentrations for drift.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from enose.features import Constants
from enose.recalibration.exposures import Exposures
from enose.training.circuit import Circuit
from enose.training.readings import Reading
from enose_contract.normalise import INPUT_MIN_UV, INPUT_SPAN_UV

Floats = NDArray[np.float64]

GAIN_SPREAD, OFFSET_SPREAD = 0.5, 0.2  # of what is expected: ln of the gain; offset in the span of low..high
STRIDE = 1e-2  # of difference quotients: single precision shows no smaller one
ROUNDS = 60
FARTHEST = 4.0  # spreads


def corrected(
    circuit: Circuit, reading: Reading, weights: Floats, constants: Constants, references: Exposures
) -> Constants:
    """New constants of NORM_RANGE for I sensors, whole ohm with low < high, from their old ones and references."""
    low, high = np.array(constants.low_ohm, dtype=np.float64), np.array(constants.high_ohm, dtype=np.float64)
    inputs = len(low)
    scaled = (references.ohm - low) / (high - low)
    spread = np.repeat([GAIN_SPREAD, OFFSET_SPREAD], inputs)

    def losses(maps: Floats) -> Floats:
        """Of maps (J, 2 I), in spreads: ln of the gains, then offsets."""
        steps = maps * spread
        moved = scaled * np.exp(steps[:, None, :inputs]) + steps[:, None, inputs:]
        inputs_v = (INPUT_MIN_UV + INPUT_SPAN_UV * np.clip(moved, 0, 1)) * 1e-6
        same = np.repeat(np.asarray(weights, np.float32)[None], len(maps), axis=0)
        output_v = circuit.output_v(circuit.drives(inputs_v), same)
        wanted = np.repeat(references.bands[None], len(maps), axis=0)
        return np.asarray(reading.loss(output_v, wanted).sum(axis=1) + 0.5 * np.sum(maps**2, axis=1))

    def with_slope(found: Floats) -> tuple[float, Floats]:
        strides = STRIDE * np.eye(len(found))
        every = losses(np.vstack([found, found + strides, found - strides]))
        return float(every[0]), (every[1 : len(found) + 1] - every[len(found) + 1 :]) / (2 * STRIDE)

    still = np.zeros(2 * inputs)
    bounds = [(-FARTHEST, FARTHEST)] * len(still)
    found = minimize(with_slope, still, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": ROUNDS}).x
    width = (high - low) * np.exp(-found[:inputs] * GAIN_SPREAD)
    new_low = np.maximum(np.rint(low - found[inputs:] * OFFSET_SPREAD * width), 0).astype(np.int64)
    new_high = np.maximum(np.rint(new_low + width).astype(np.int64), new_low + 1)
    return Constants(tuple(new_low.tolist()), tuple(new_high.tolist()))
