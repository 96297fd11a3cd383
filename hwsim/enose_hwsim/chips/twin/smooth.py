"""The cells of transistor chips as a few smooth functions: what training goes through, for it needs slopes and speed.

Taken from the twin's tables, of a nominal chip or of mismatched ones. A synapse's current into its summing node is a
low polynomial in drive and weight and, for its output conductance is small, a straight line in the node's voltage. So a
neuron's balance is a fraction: current over conductance. Its output is a tanh of a polynomial in that, the same for all
neurons; what tells one neuron from another is a shift and a stretch before and behind the tanh, and both are taken into
the coefficients of the synapses around it. A test states how far all of it is from the twin.
"""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import NDArray

from enose_hwsim.chips.tanh_curve import tanh_of_polynomial
from enose_hwsim.chips.twin.characterise import CURVE_V, DRIVE_PER_V, DRIVES, SUM_V
from enose_hwsim.chips.twin.polynomial import basis
from enose_hwsim.chips.twin.store import load_tables
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]

DRIVE_TERMS, WEIGHT_TERMS = 6, 4  # what lies above them is below 0.2 % of a synapse's full current
SQUASHED_TERMS = 6  # of a hidden neuron's tanh, 1 among them
CURVE_TERMS = 6  # of the polynomial in a neuron's tanh
CURVE_LIMIT = 1.1  # in CURRENT_UNIT_NA: beyond it a neuron is at its end to 0.03 mV
NODE_LIMIT = 0.6  # in the table's units: farther out the tanh is flat, and where the node is matters no more
CURRENT_UNIT_NA = 600.0
ROUNDS = 4  # of Gauss and Newton; the shifts of neurons are small


@dataclass(frozen=True)
class SmoothChips:
    """C chips with H hidden neurons of I inputs. Rows r: 0 a neuron's current in CURRENT_UNIT_NA, 1 its conductance.

    Weights are in -1..1, as Chebyshev's polynomials T; inputs as T of `drive`; hidden neurons as powers of their tanh.
    """

    v_ref_v: float
    input_table: Floats  # (C, H, I, WEIGHT_TERMS, 2, DRIVE_TERMS)
    input_bias: Floats  # (C, H, WEIGHT_TERMS, 2) of the bias nodes' synapses
    hidden_table: Floats  # (C, H, WEIGHT_TERMS, 2, SQUASHED_TERMS)
    hidden_bias: Floats  # (C, WEIGHT_TERMS, 2)
    rest: Floats  # (C, H + 1, 2) without any synapse
    curve: Floats  # (CURVE_TERMS,) powers: what stands in the tanh, over current / conductance
    middle_v: Floats  # (C,) the output: V_ref + middle + swing tanh(.)
    swing_v: Floats  # (C,)
    hidden_middle: float  # of the nominal hidden neuron's output, in swings

    def __len__(self) -> int:
        return len(self.middle_v)

    @classmethod
    def of(cls, twin: TwinChip) -> "SmoothChips":
        """The cells of a twin's chips. Raises ValueError, SpiceError and SpiceMissing as `load_tables`."""
        chip, inputs, hidden = twin.chip, twin.chip.topology.inputs, twin.chip.topology.hidden
        v_ref_v = chip.synapse.v_ref_v
        tables = load_tables(chip, twin.temperature_c, twin.corner)
        nominal = (tables.positive_na[0] + tables.negative_na[0])[0, 0, 1] / CURRENT_UNIT_NA
        node = (CURVE_V - sum(SUM_V) / 2) / ((SUM_V[1] - SUM_V[0]) / 2)

        def counted(converter_na: Floats) -> Floats:
            return np.asarray(converter_na / CURRENT_UNIT_NA - (inputs + 1) * nominal * node)

        current = counted(tables.converter_na[0])
        used = np.abs(node) <= NODE_LIMIT
        per_current, at_zero = np.polyfit(current[used], node[used], 1)
        curve, middle_v, swing_v = tanh_of_polynomial(current, tables.neuron_v[0] - v_ref_v, CURVE_TERMS)
        converters_na, neurons_v = twin.neuron_curves()
        before, behind = _neurons(counted(converters_na), (neurons_v - v_ref_v - middle_v) / swing_v, curve)

        # currents at the node's middle and by its voltage, (C, W, WEIGHT_TERMS, DRIVE_TERMS, 2)
        table = twin.synapse_table_na()[:, :, :WEIGHT_TERMS, :DRIVE_TERMS, :2] / CURRENT_UNIT_NA
        table[:, :, 0, 0, 1] -= nominal  # the mean of all synapses is in the curve
        rows = np.stack([table[..., 0] + at_zero * table[..., 1], -per_current * table[..., 1]], axis=3)
        first = hidden * (inputs + 1)
        within = _shifted(rows[:, :first].reshape(-1, hidden, inputs + 1, *rows.shape[2:]), before[:, :-1, None])
        last = _shifted(rows[:, first:], before[:, -1:])
        bias = basis(_drive(np.array([chip.input.bias_v]), v_ref_v), -1, 1, DRIVE_TERMS)[0]
        of_squashed = _drive_powers(middle_v, swing_v, behind[:, :-1])
        rest = np.stack([before[..., 1], np.ones_like(before[..., 1])], axis=-1)
        return cls(
            v_ref_v,
            within[:, :, :-1],
            within[:, :, -1] @ bias,
            np.einsum("chtrx,chxk->chtrk", last[:, :-1], of_squashed, optimize=True),
            last[:, -1] @ bias,
            rest,
            curve,
            middle_v + swing_v * behind[:, -1, 1],
            swing_v * behind[:, -1, 0],
            middle_v / swing_v,
        )

    def drive(self, v: Floats) -> Floats:
        """What the synapse's polynomial takes for the voltage of an input, -1..1."""
        return _drive(v, self.v_ref_v)


def _drive(v: Floats, v_ref_v: float) -> Floats:
    return np.asarray(np.tanh(DRIVE_PER_V * (v - v_ref_v)) / DRIVES[1])


def _neurons(current: Floats, output: Floats, curve: Floats) -> tuple[Floats, Floats]:
    """(before, behind), each (C, N, 2): stretch and shift so that output = behind(tanh(curve(before(current)))).

    The nearest ones to the curves (C, N, points), by least squares.
    """
    parameters = np.tile([1.0, 0.0, 1.0, 0.0], (*current.shape[:2], 1))
    slope_of = np.polynomial.polynomial.polyder(curve)
    for _ in range(ROUNDS):
        stretch, shift, scale, offset = np.moveaxis(parameters, -1, 0)[..., None]
        at = np.clip(stretch * current + shift, -CURVE_LIMIT, CURVE_LIMIT)
        squashed = np.tanh(np.polynomial.polynomial.polyval(at, curve))
        by_at = scale * (1 - squashed**2) * np.polynomial.polynomial.polyval(at, slope_of)
        by = np.stack([by_at * current, by_at, squashed, np.ones_like(squashed)], axis=-1)
        turned = np.swapaxes(by, -1, -2)
        missed = output - scale * squashed - offset
        parameters = parameters + np.linalg.solve(turned @ by, turned @ missed[..., None])[..., 0]
    return parameters[..., :2], parameters[..., 2:]


def _shifted(rows: Floats, before: Floats) -> Floats:
    """Rows (..., 2, DRIVE_TERMS) for which current / conductance is stretched and shifted, by before (..., 2)."""
    stretch, shift = np.moveaxis(before, -1, 0)[..., None, None]
    return np.stack([stretch * rows[..., 0, :] + shift * rows[..., 1, :], rows[..., 1, :]], axis=-2)


def _drive_powers(middle_v: float, swing_v: float, behind: Floats) -> Floats:
    """T of hidden neurons' drives as powers of their tanh, (C, H, DRIVE_TERMS, SQUASHED_TERMS)."""
    squashed = np.linspace(-1, 1, 101)
    output_v = middle_v + swing_v * (behind[..., :1] * squashed + behind[..., 1:])
    drives = chebyshev.chebvander(np.tanh(DRIVE_PER_V * output_v) / DRIVES[1], DRIVE_TERMS - 1)
    nearest = np.linalg.pinv(np.vander(squashed, SQUASHED_TERMS, increasing=True))
    return np.asarray(np.swapaxes(nearest @ drives, -1, -2))
