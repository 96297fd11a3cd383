"""The cells that learn: derivative circuit, delta block, Gilbert multiplier, weight capacitor with its switches.

After K.-T. Tang et al., Sensors 13 (2013) 193-207, section 2 and equations (5) to (10); sizes are ours. Errors are
voltages about V_ref, derivatives the gate voltage of a tail, updates currents into the weights' capacitors.
"""

from enose_hwsim.chips.cells.forward import (
    HIGH_GATE_V,
    LONG_N_UM,
    LONG_P_UM,
    LOW_GATE_V,
    N_MIRROR_UM,
    N_PAIR_UM,
    P_MIRROR_UM,
    P_PAIR_UM,
)
from enose_hwsim.chips.cells.transistors import GROUND, SUPPLY, Cell, Transistor

# I_tail (tanh(k (V_sum - V_ref)) - tanh(k (V_sum - V_shifted))): the difference of two pairs, the second's reference
# shifted by a small dV. It is the neuron's slope; the delta block's tail copies it from a diode's gate voltage.
DERIVATIVE = Cell(
    "derivative",
    ("sum", "slope", "ref", "shifted", "bias", SUPPLY),
    (
        Transistor("t", "n", "tail", "bias", GROUND, *N_MIRROR_UM),
        Transistor("a", "n", "more", "sum", "tail", *N_PAIR_UM),
        Transistor("b", "n", "less", "ref", "tail", *N_PAIR_UM),
        Transistor("u", "n", "under", "bias", GROUND, *N_MIRROR_UM),
        Transistor("c", "n", "less", "sum", "under", *N_PAIR_UM),
        Transistor("d", "n", "more", "shifted", "under", *N_PAIR_UM),
        Transistor("m", "p", "more", "more", SUPPLY, *P_MIRROR_UM),
        Transistor("n", "p", "slope", "more", SUPPLY, *P_MIRROR_UM),
        Transistor("o", "p", "less", "less", SUPPLY, *P_MIRROR_UM),
        Transistor("p", "p", "back", "less", SUPPLY, *P_MIRROR_UM),
        Transistor("q", "n", "back", "back", GROUND, *N_MIRROR_UM),
        Transistor("r", "n", "slope", "back", GROUND, *N_MIRROR_UM),
        Transistor("s", "n", "slope", "slope", GROUND, *N_MIRROR_UM),
    ),
    {"tail": LOW_GATE_V, "under": LOW_GATE_V, "more": HIGH_GATE_V, "less": HIGH_GATE_V, "back": LOW_GATE_V},
)

# Twice the derivative's current times tanh(k (V_plus - V_minus)), as a voltage about V_ref: equations (6) and (7).
DELTA = Cell(
    "delta",
    ("plus", "minus", "slope", "error", SUPPLY),
    (
        Transistor("t", "n", "tail", "slope", GROUND, 2 * N_MIRROR_UM[0], N_MIRROR_UM[1]),
        Transistor("a", "n", "taken", "plus", "tail", *N_PAIR_UM),
        Transistor("b", "n", "error", "minus", "tail", *N_PAIR_UM),
        Transistor("c", "p", "taken", "taken", SUPPLY, *P_MIRROR_UM),
        Transistor("d", "p", "error", "taken", SUPPLY, *P_MIRROR_UM),
        Transistor("n", "n", "error", "error", GROUND, *LONG_N_UM),
        Transistor("p", "p", "error", "error", SUPPLY, *LONG_P_UM),
    ),
    {"tail": LOW_GATE_V, "taken": HIGH_GATE_V},
)

# I_tail tanh(k (V_x - V_ref)) tanh(k (V_error - V_ref)), equations (8) and (9), drawn from `update`: a weight voltage
# that falls is a weight that grows.
GILBERT = Cell(
    "gilbert",
    ("x", "error", "update", "ref", "high_bias", SUPPLY),
    (
        Transistor("t", "p", "tail", "high_bias", SUPPLY, P_MIRROR_UM[0] / 8, P_MIRROR_UM[1]),
        Transistor("d", "p", "up", "error", "tail", *P_PAIR_UM),
        Transistor("e", "p", "down", "ref", "tail", *P_PAIR_UM),
        Transistor("f", "n", "up", "up", GROUND, *N_MIRROR_UM),
        Transistor("g", "n", "down", "down", GROUND, *N_MIRROR_UM),
        Transistor("h", "n", "left", "up", GROUND, *N_MIRROR_UM),
        Transistor("i", "n", "right", "down", GROUND, *N_MIRROR_UM),
        Transistor("1", "n", "update", "ref", "left", *N_PAIR_UM),
        Transistor("2", "n", "other", "x", "left", *N_PAIR_UM),
        Transistor("3", "n", "update", "x", "right", *N_PAIR_UM),
        Transistor("4", "n", "other", "ref", "right", *N_PAIR_UM),
        Transistor("m", "p", "other", "other", SUPPLY, *P_MIRROR_UM),
        Transistor("o", "p", "update", "other", SUPPLY, *P_MIRROR_UM),
    ),
    {
        **dict.fromkeys(("up", "down", "left", "right"), LOW_GATE_V),
        **dict.fromkeys(("tail", "other"), HIGH_GATE_V),
    },
)

# The weight: 8 pF of gate, charged through a switch while Vc is high; a dummy of half its width takes up its charge.
# While Vc is low a fourth transistor leads the multiplier's current to V_ref. Else the update node would go to a rail,
# and leave its charge in the weight at the next pulse.
WEIGHT = Cell(
    "weight",
    ("update", "weight", "clock", "not_clock", "ref", SUPPLY),
    (
        Transistor("s", "n", "update", "clock", "weight", 0.5, 0.18),
        Transistor("d", "n", "weight", "not_clock", "weight", 0.25, 0.18),
        Transistor("c", "n", GROUND, "weight", GROUND, 32.0, 32.0),
        Transistor("r", "n", "update", "not_clock", "ref", 0.5, 0.18),
    ),
)

# Vc's inverse, made once a chip. It falls while Vc is below 1 V, and a weight's switch closes above 1.2 V: the update
# node leaves V_ref before it meets the weight, and meets V_ref again after it has left the weight.
INVERTER = Cell(
    "inverter",
    ("clock", "not_clock", SUPPLY),
    (
        Transistor("n", "n", "not_clock", "clock", GROUND, 2.0, 0.18),
        Transistor("p", "p", "not_clock", "clock", SUPPLY, 6.0, 0.18),
    ),
)

# The Gilbert multipliers' tail: the forward bias generator's mirror image.
HIGH_BIAS = Cell(
    "high_bias",
    ("high_bias", "ref", SUPPLY),
    (
        Transistor("n", "n", "high_bias", "ref", GROUND, *LONG_N_UM),
        Transistor("p", "p", "high_bias", "high_bias", SUPPLY, *P_MIRROR_UM),
    ),
)

LEARNING_CELLS = (DERIVATIVE, DELTA, GILBERT, WEIGHT, INVERTER, HIGH_BIAS)
