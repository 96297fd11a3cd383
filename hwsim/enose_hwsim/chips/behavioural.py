"""mlp441 as an ngspice netlist of behavioural cells with real nodes: synapses, I/V converters, tanh neurons.

Cells after K.-T. Tang et al., Sensors 13 (2013) 193-207, sections 2.1 to 2.3: a synapse is a current into its neuron's
summing node, the I/V converter a resistor there, the neuron a saturating current into its output's resistor. The
absolute currents and resistances are ours and cancel; they are of weak inversion, so that tolerances count as in the
chip. DC only: no capacitors.
"""

from PySpice.Spice.Netlist import Circuit, SubCircuit

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.equations import BOLTZMANN_OVER_CHARGE_V_PER_K, ZERO_C_IN_K

FULL_CURRENT_A = 100e-9  # of a synapse at full weight and full drive
SUM_SCALE_V = 0.05  # at the summing node, for a neuron's argument of 1
OUTPUT_OHM = 1e6
OUTPUT_NODE = "y"


def input_source(i: int) -> str:
    """The external source of input i."""
    return f"vx{i}"


def weight_source(k: int) -> str:
    """The external source of weight k, numbered as in the chip's interface."""
    return f"vw{k}"


def netlist(chip: MlpFile, temperature_c: float) -> Circuit:
    """The chip's circuit, its inputs and weights external sources, its output node `y`.

    Raises ValueError for more than one output: bands need exactly one.
    """
    topology = chip.topology
    if topology.outputs != 1:
        raise ValueError(f"{chip.name}: topology.outputs {topology.outputs}, expected 1")
    circuit = Circuit(chip.title)
    circuit.raw_spice = f".temp {temperature_c!r}\n"
    circuit.subcircuit(_synapse(chip))
    circuit.subcircuit(_neuron(chip))
    ground = circuit.gnd
    circuit.V("ref", "ref", ground, chip.synapse.v_ref_v)
    circuit.V("bias", "bias", ground, chip.input.bias_v)
    for i in range(topology.inputs):
        circuit.V(input_source(i)[1:], f"x{i}", ground, "external")
    for k in range(topology.weights):
        circuit.V(weight_source(k)[1:], f"w{k}", ground, "external")

    hidden = [f"h{j}" for j in range(topology.hidden)]
    layers = ((hidden, [f"x{i}" for i in range(topology.inputs)]), ([OUTPUT_NODE], hidden))
    weight = 0
    for neurons, inputs in layers:
        for neuron in neurons:
            for node in [*inputs, "bias"]:
                circuit.X(f"s{weight}", "synapse", node, f"w{weight}", f"sum_{neuron}", "ref")
                weight += 1
            circuit.X(neuron, "neuron", f"sum_{neuron}", neuron, "ref")
    return circuit


def _synapse(chip: MlpFile) -> SubCircuit:
    """A current w tanh(kappa (V_x - V_ref) / (2 U_T)) into the summing node; U_T follows ngspice's own temperature."""
    synapse = chip.synapse
    half_range_v = (synapse.weight_max_v - synapse.weight_min_v) / 2
    weight = f"({synapse.weight_zero_v!r} - v(weight)) / {half_range_v!r}"
    thermal_v = f"{BOLTZMANN_OVER_CHARGE_V_PER_K!r} * (temper + {ZERO_C_IN_K!r})"
    drive = f"tanh({synapse.kappa!r} * (v(x) - v(ref)) / (2 * {thermal_v}))"
    cell = SubCircuit("synapse", "x", "weight", "sum", "ref")
    cell.B("out", "ref", "sum", current_expression=f"{FULL_CURRENT_A!r} * {weight} * {drive}")
    return cell


def _neuron(chip: MlpFile) -> SubCircuit:
    """The I/V converter at the summing node, then V_ref + swing tanh(gain times the sum of weighted drives)."""
    cell = SubCircuit("neuron", "sum", "out", "ref")
    cell.R("iv", "sum", "ref", chip.neuron.gain * SUM_SCALE_V / FULL_CURRENT_A)
    full_a = chip.neuron.swing_v / OUTPUT_OHM
    cell.B("out", "ref", "out", current_expression=f"{full_a!r} * tanh((v(sum) - v(ref)) / {SUM_SCALE_V!r})")
    cell.R("out", "out", "ref", OUTPUT_OHM)
    return cell
