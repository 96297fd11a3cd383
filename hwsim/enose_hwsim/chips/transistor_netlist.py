"""mlp441 as an ngspice netlist of transistors: 25 synapses, 5 neurons with their I/V converters, the bias generator."""

from PySpice.Spice.Netlist import Circuit

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.forward import (
    BIAS,
    CONVERTER,
    FORWARD_CELLS,
    LOW_GATE_V,
    NEGATIVE_HALF,
    NEURON,
    POSITIVE_HALF,
)
from enose_hwsim.chips.cells.learning import LEARNING_CELLS
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.cells.transistors import SUPPLY, Cell
from enose_hwsim.chips.learning_netlist import add_learning
from enose_hwsim.spice.cards import Corner, cards

GMIN_S = 1e-15  # ngspice's own 1e-12 would leak the weights' capacitors
OUTPUT_NODE = "y"
NOISE_INPUT = "vprobe"  # ngspice wants an input to refer noise to
PROBE = f"{NOISE_INPUT} probe 0 dc 0 ac 1\nrprobe probe 0 1\n"  # this one is connected to nothing
FORWARD_PARTS = ("synapses", "converters", "neurons", "bias")  # each with its own branch of the supply


def input_source(i: int) -> str:
    """The external source of input i."""
    return f"vx{i}"


def weight_source(k: int) -> str:
    """The external source of weight k, numbered as in the chip's interface."""
    return f"vw{k}"


def supply_branch(part: str) -> str:
    """The branch whose current a part of the chip draws."""
    return f"v{part}#branch"


def neuron_nodes(chip: MlpFile) -> list[str]:
    """The output nodes of the neurons, the hidden ones first."""
    return [*(f"h{j}" for j in range(chip.topology.hidden)), OUTPUT_NODE]


def bench(chip: MlpFile, title: str, cells: tuple[Cell, ...], temperature_c: float, corner: Corner = "tt") -> Circuit:
    """A circuit with supply (1.8 V, node `vdd`), reference (node `ref`), cards and subcircuits, and nothing in it."""
    circuit = Circuit(title)
    circuit.raw_spice = f".temp {temperature_c!r}\n.options gmin={GMIN_S!r}\n{cards(corner)}"
    for cell in cells:
        circuit.subcircuit(cell.subcircuit())
    circuit.V("dd", SUPPLY, circuit.gnd, chip.supply.nominal_v)
    circuit.V("ref", "ref", circuit.gnd, chip.synapse.v_ref_v)
    return circuit


def netlist(chip: MlpFile, temperature_c: float, corner: Corner = "tt", learning: bool = False) -> Circuit:
    """The chip's circuit, its inputs and weights external sources, its output node `y`.

    With the learning cells there are two external sources more, the teacher's level and Vc; a weight's source then
    takes the update current of its Gilbert multiplier, while Vc is high. None of them acts on the output.

    Raises ValueError for more than one output, and for another corner.
    """
    topology = chip.topology
    if topology.outputs != 1:
        raise ValueError(f"{chip.name}: topology.outputs {topology.outputs}, expected 1")
    cells = (*FORWARD_CELLS, *LEARNING_CELLS) if learning else FORWARD_CELLS
    circuit = bench(chip, chip.title, cells, temperature_c, corner)
    circuit.V("level", "level", circuit.gnd, chip.input.bias_v)
    for i in range(topology.inputs):
        circuit.V(input_source(i)[1:], f"x{i}", circuit.gnd, "external")
    for k in range(topology.weights):
        circuit.V(weight_source(k)[1:], f"w{k}", circuit.gnd, "external")
    for part in FORWARD_PARTS:  # an ammeter each
        circuit.V(f"{part}", SUPPLY, f"{SUPPLY}_{part}", 0.0)
    circuit.X("bias", BIAS.name, "bias", "ref", f"{SUPPLY}_bias")
    guesses_v = {"bias": LOW_GATE_V}

    neurons = neuron_nodes(chip)
    inputs = [f"x{i}" for i in range(topology.inputs)]
    k = 0
    for j, out in enumerate(neurons):
        for node in [*(neurons[: topology.hidden] if out == OUTPUT_NODE else inputs), "level"]:
            circuit.X(f"p{k}", POSITIVE_HALF.name, node, f"w{k}", f"sum{j}", "ref", f"{SUPPLY}_synapses")
            circuit.X(f"n{k}", NEGATIVE_HALF.name, node, f"w{k}", f"sum{j}", "ref", f"{SUPPLY}_synapses")
            guesses_v |= POSITIVE_HALF.guesses_v(f"p{k}") | NEGATIVE_HALF.guesses_v(f"n{k}")
            k += 1
        circuit.X(f"c{j}", CONVERTER.name, f"sum{j}", f"{SUPPLY}_converters")
        circuit.X(f"y{j}", NEURON.name, f"sum{j}", out, "ref", "bias", f"{SUPPLY}_neurons")
        guesses_v |= NEURON.guesses_v(f"y{j}") | {f"sum{j}": chip.synapse.v_ref_v, out: chip.synapse.v_ref_v}
    if learning:
        guesses_v |= add_learning(circuit, chip)
    circuit.raw_spice += PROBE + nodeset(guesses_v)
    return circuit


def nodeset(guesses_v: dict[str, float]) -> str:
    """The line that tells ngspice where to begin."""
    return ".nodeset " + " ".join(f"v({node})={v!r}" for node, v in guesses_v.items()) + "\n"


def shift_parameters(shifts: Shifts) -> dict[str, float]:
    """What to `alter` so that the netlist becomes the first of these chips."""
    parameters = dict(zip(BIAS.shift_names("bias"), shifts.bias_v[0].tolist(), strict=True))
    parts = (
        (POSITIVE_HALF, "p", shifts.positive_v[0]),
        (NEGATIVE_HALF, "n", shifts.negative_v[0]),
        (CONVERTER, "c", shifts.converter_v[0]),
        (NEURON, "y", shifts.neuron_v[0]),
    )
    for cell, letter, shifts_v in parts:
        for k, row in enumerate(shifts_v.tolist()):
            parameters |= dict(zip(cell.shift_names(f"{letter}{k}"), row, strict=True))
    return parameters
