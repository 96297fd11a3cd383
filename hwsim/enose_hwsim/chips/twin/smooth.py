"""The nominal cells of the transistor chip as a few smooth functions: what training goes through, for it needs slopes.

Taken from the twin's tables. A synapse's current into its summing node is a low polynomial in drive and weight and, for
its output conductance is small, a straight line in the node's voltage. So a neuron's balance is solved by hand, and its
output is a tanh of a polynomial in the current. A test states how far that is from the twin.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.tanh_curve import tanh_of_polynomial
from enose_hwsim.chips.twin.characterise import CURVE_V, DRIVE_PER_V, DRIVES, SUM_V
from enose_hwsim.chips.twin.store import load_tables

Floats = NDArray[np.float64]

DRIVE_TERMS, WEIGHT_TERMS = 6, 4  # what lies above them is below 0.2 % of a synapse's full current
NODE_TERMS = 4  # of the node's voltage over its current
CURVE_TERMS = 6  # of the polynomial in a neuron's tanh
NODE_LIMIT = 1.7  # in the table's units; farther out every neuron is saturated
CURRENT_UNIT_NA = 600.0


@dataclass(frozen=True)
class SmoothCells:
    """Currents in CURRENT_UNIT_NA, drives and weights in -1..1, node voltages in the units of the twin's tables."""

    v_ref_v: float
    synapse: Floats  # (2, WEIGHT_TERMS, DRIVE_TERMS) Chebyshev's: current at the node's middle, and its slope by node,
    # the latter without the mean of all synapses, which `node` and `curve` hold
    node: Floats  # (NODE_TERMS,) powers: the node's voltage over the current
    curve: Floats  # (CURVE_TERMS,) powers: what stands in the tanh, over the current
    middle_v: float  # the neuron's output: V_ref + middle + swing tanh(.)
    swing_v: float

    @classmethod
    def of(cls, chip: MlpFile, temperature_c: float = 27.0) -> "SmoothCells":
        """The cells of a chip file. Raises ValueError, SpiceError and SpiceMissing as `load_tables`."""
        tables = load_tables(chip, temperature_c)
        v_ref_v = chip.synapse.v_ref_v
        halves = (tables.positive_na[0] + tables.negative_na[0]) / CURRENT_UNIT_NA
        synapse = halves[:DRIVE_TERMS, :WEIGHT_TERMS, :2].transpose(2, 1, 0).copy()
        mean_slope = float(synapse[1, 0, 0])
        synapses = chip.topology.inputs + 1
        node = (CURVE_V - sum(SUM_V) / 2) / ((SUM_V[1] - SUM_V[0]) / 2)
        synapse[1, 0, 0] = 0
        current = tables.converter_na[0] / CURRENT_UNIT_NA - synapses * mean_slope * node
        used = np.abs(node) <= NODE_LIMIT
        powers = np.vander(current[used], NODE_TERMS, increasing=True)
        curve, middle_v, swing_v = tanh_of_polynomial(current, tables.neuron_v[0] - v_ref_v, CURVE_TERMS)
        return cls(
            v_ref_v,
            synapse,
            np.asarray(np.linalg.lstsq(powers, node[used])[0]),
            curve,
            middle_v,
            swing_v,
        )

    def drive(self, v: Floats) -> Floats:
        """What the synapse's polynomial takes for the voltage of an input or of a hidden neuron, -1..1."""
        return np.tanh(DRIVE_PER_V * (v - self.v_ref_v)) / DRIVES[1]
