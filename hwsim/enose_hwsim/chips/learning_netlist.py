"""mlp441's learning cells as a second part of its netlist: back-propagation by the circuit itself.

After K.-T. Tang et al., Sensors 13 (2013) 193-207, figure 2 and equations (5) to (10): a derivative circuit and a delta
block per neuron, a multiplier that takes the output's error back through each output weight, and per weight a Gilbert
multiplier for its update, a capacitor and switches.
"""

from PySpice.Spice.Netlist import Circuit

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.forward import CONVERTER, HIGH_GATE_V, LOW_GATE_V, NEGATIVE_HALF, POSITIVE_HALF
from enose_hwsim.chips.cells.learning import DELTA, DERIVATIVE, GILBERT, HIGH_BIAS, INVERTER, WEIGHT
from enose_hwsim.chips.cells.transistors import SUPPLY

TEACHER_SOURCE = "vteacher"
CLOCK_SOURCE = "vclock"  # Vc
SHIFT_V = 0.06  # of the derivative circuit's second reference
LEARNING_PARTS = ("errors", "updates")  # derivatives, deltas and what takes errors back; Gilbert multipliers


def update_branch(k: int) -> str:
    """The branch with the current that flows into weight k while Vc is high."""
    return f"vu{k}#branch"


def add_learning(circuit: Circuit, chip: MlpFile) -> dict[str, float]:
    """Add the learning cells to the chip's circuit; where their nodes begin."""
    topology, v_ref_v = chip.topology, chip.synapse.v_ref_v
    ground = circuit.gnd
    errors, updates = (f"{SUPPLY}_{part}" for part in LEARNING_PARTS)
    for part in LEARNING_PARTS:
        circuit.V(f"{part}", SUPPLY, f"{SUPPLY}_{part}", 0.0)
    circuit.V("teacher", "teacher", ground, "external")
    circuit.V("clock", "clock", ground, "external")
    circuit.X("inverter", INVERTER.name, "clock", "not_clock", updates)
    circuit.V("shifted", "shifted", ground, v_ref_v + SHIFT_V)
    circuit.X("highbias", HIGH_BIAS.name, "high_bias", "ref", updates)
    guesses_v = {"high_bias": HIGH_GATE_V}

    last = topology.hidden
    first_output_weight = last * (topology.inputs + 1)
    for j in range(last + 1):
        if j == last:
            plus, minus = "teacher", "y"
        else:  # the output's error, through the same weight as on the way out
            plus, minus = f"back{j}", "ref"
            weight = f"w{first_output_weight + j}"
            circuit.X(f"bp{j}", POSITIVE_HALF.name, f"error{last}", weight, plus, "ref", errors)
            circuit.X(f"bn{j}", NEGATIVE_HALF.name, f"error{last}", weight, plus, "ref", errors)
            circuit.X(f"bc{j}", CONVERTER.name, plus, errors)
            guesses_v |= POSITIVE_HALF.guesses_v(f"bp{j}") | NEGATIVE_HALF.guesses_v(f"bn{j}") | {plus: v_ref_v}
        circuit.X(f"d{j}", DERIVATIVE.name, f"sum{j}", f"slope{j}", "ref", "shifted", "bias", errors)
        circuit.X(f"e{j}", DELTA.name, plus, minus, f"slope{j}", f"error{j}", errors)
        guesses_v |= DERIVATIVE.guesses_v(f"d{j}") | DELTA.guesses_v(f"e{j}")
        guesses_v |= {f"slope{j}": LOW_GATE_V, f"error{j}": v_ref_v}

    inputs = [f"x{i}" for i in range(topology.inputs)]
    hidden = [f"h{j}" for j in range(last)]
    k = 0
    for j in range(last + 1):
        for node in [*(hidden if j == last else inputs), "level"]:
            circuit.X(f"g{k}", GILBERT.name, node, f"error{j}", f"update{k}", "ref", "high_bias", updates)
            circuit.X(f"w{k}", WEIGHT.name, f"update{k}", f"cap{k}", "clock", "not_clock", "ref", SUPPLY)
            circuit.V(f"u{k}", f"cap{k}", f"w{k}", 0.0)  # an ammeter into the weight's source
            guesses_v |= GILBERT.guesses_v(f"g{k}") | {f"update{k}": v_ref_v}
            k += 1
    return guesses_v
