"""The cells that classify: the Chible multiplier in two halves, the I/V converter and tanh neuron, the bias generator.

After K.-T. Tang et al., Sensors 13 (2013) 193-207, sections 2.1 to 2.3. The paper prints no sizes; these are ours:

- The weight transistors and the I/V converters' are the same two, a long PMOS and a long NMOS in strong inversion whose
  square laws match. The weight current 2 beta V_ov (V_zero - V_W) falls on a conductance 2 beta V_ov, and at full drive
  moves the summing node by just V_zero - V_W, whatever beta and the overdrive V_ov are: at any temperature. So the
  neuron's gain is (V_zero - V_min) kappa / (2 U_T), 2.8 at 27 C.
- The bias generator is that PMOS again, its gate at V_ref, so that the neuron's tail current follows beta as well and
  with it the output's swing stays.
"""

from enose_hwsim.chips.cells.transistors import GROUND, SUPPLY, Cell, Transistor

LONG_N_UM = (0.4, 40.0)  # width, length of what stands in for a resistor
LONG_P_UM = (1.68, 40.0)  # as much current at the same overdrive
N_MIRROR_UM, P_MIRROR_UM = (1.0, 8.0), (2.0, 8.0)
N_PAIR_UM, P_PAIR_UM = (20.0, 2.0), (40.0, 2.0)  # wide and short: weak inversion
LOW_GATE_V, HIGH_GATE_V = 0.45, 1.35  # about where the gates of mirrors are, and the tails of pairs

PAIR_PORTS = ("x", "weight", "sum", "ref", SUPPLY)

# I_P(V_W) tanh(kappa (V_x - V_ref) / (2 U_T)) into the summing node: the weight's PMOS feeds the tail of an NMOS pair.
POSITIVE_HALF = Cell(
    "positive_half",
    PAIR_PORTS,
    (
        Transistor("w", "p", "weighed", "weight", SUPPLY, *LONG_P_UM),
        Transistor("d", "n", "weighed", "weighed", GROUND, *N_MIRROR_UM),
        Transistor("t", "n", "tail", "weighed", GROUND, *N_MIRROR_UM),
        Transistor("x", "n", "taken", "x", "tail", *N_PAIR_UM),
        Transistor("r", "n", "sum", "ref", "tail", *N_PAIR_UM),
        Transistor("m", "p", "taken", "taken", SUPPLY, *P_MIRROR_UM),
        Transistor("o", "p", "sum", "taken", SUPPLY, *P_MIRROR_UM),
    ),
    {"weighed": LOW_GATE_V, "tail": LOW_GATE_V, "taken": HIGH_GATE_V},
)

# The same with the polarities exchanged, and so with the opposite sign: together the halves carry I_P - I_N.
NEGATIVE_HALF = Cell(
    "negative_half",
    PAIR_PORTS,
    (
        Transistor("w", "n", "weighed", "weight", GROUND, *LONG_N_UM),
        Transistor("d", "p", "weighed", "weighed", SUPPLY, *P_MIRROR_UM),
        Transistor("t", "p", "tail", "weighed", SUPPLY, *P_MIRROR_UM),
        Transistor("x", "p", "sum", "x", "tail", *P_PAIR_UM),
        Transistor("r", "p", "taken", "ref", "tail", *P_PAIR_UM),
        Transistor("m", "n", "taken", "taken", GROUND, *N_MIRROR_UM),
        Transistor("o", "n", "sum", "taken", GROUND, *N_MIRROR_UM),
    ),
    {"weighed": HIGH_GATE_V, "tail": HIGH_GATE_V, "taken": LOW_GATE_V},
)

# The I/V converter: two diodes in strong inversion, whose square laws add up to a straight line.
CONVERTER = Cell(
    "converter",
    ("sum", SUPPLY),
    (
        Transistor("n", "n", "sum", "sum", GROUND, *LONG_N_UM),
        Transistor("p", "p", "sum", "sum", SUPPLY, *LONG_P_UM),
    ),
)

# The neuron: a pair in weak inversion, I_tail tanh(kappa (V_sum - V_ref) / (2 U_T)), into a converter of its own.
NEURON = Cell(
    "neuron",
    ("sum", "out", "ref", "bias", SUPPLY),
    (
        Transistor("t", "n", "tail", "bias", GROUND, *N_MIRROR_UM),
        Transistor("a", "n", "taken", "sum", "tail", *N_PAIR_UM),
        Transistor("b", "n", "out", "ref", "tail", *N_PAIR_UM),
        Transistor("c", "p", "taken", "taken", SUPPLY, *P_MIRROR_UM),
        Transistor("d", "p", "out", "taken", SUPPLY, *P_MIRROR_UM),
        Transistor("n", "n", "out", "out", GROUND, *LONG_N_UM),
        Transistor("p", "p", "out", "out", SUPPLY, *LONG_P_UM),
    ),
    {"tail": LOW_GATE_V, "taken": HIGH_GATE_V},
)

# The neurons' tail current: a long PMOS held at V_ref, into the diode that all tails copy.
BIAS_LENGTH_UM = 64.0  # sets the output's swing
BIAS = Cell(
    "bias",
    ("bias", "ref", SUPPLY),
    (
        Transistor("p", "p", "bias", "ref", SUPPLY, LONG_P_UM[0], BIAS_LENGTH_UM),
        Transistor("n", "n", "bias", "bias", GROUND, *N_MIRROR_UM),
    ),
)

FORWARD_CELLS = (POSITIVE_HALF, NEGATIVE_HALF, CONVERTER, NEURON, BIAS)
