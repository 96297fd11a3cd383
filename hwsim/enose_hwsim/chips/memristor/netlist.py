"""A memristor network as an ngspice netlist: op-amps, transistors, and every memristor as a resistor of its own.

A memristor below its threshold is a resistor (paper 002, section 2.2); that each stays below is what the monitor holds.
A weight's memristance is an external source, so that no new weights touch the netlist: its node carries the signed
conductance in mS, and with the sign the three-way switch, to the plus stage, to the sum's stage, or open.
"""

from itertools import pairwise

from PySpice.Spice.Netlist import Circuit

from enose_hwsim.chips.memristor.cells import CLAMP, OPAMP, clamp, opamp
from enose_hwsim.chips.memristor.network import ADDER_BLOCKS, SHIFT_V, Block, Network
from enose_hwsim.chips.memristor.spread import Spread
from enose_hwsim.spice.cards import cards

GMIN_S = 1e-15  # ngspice's own 1e-12 would be a tenth of a percent beside an open switch
SHIFT_OHM = 10e3
COMMON = "common"
BIAS_SOURCE = "vbias"  # an external source, too: paper 002 pulses it with the inputs


def input_source(i: int) -> str:
    """The external source of input i."""
    return f"vx{i}"


def weight_source(k: int) -> str:
    """The external source of weight k, as V at 1 V/mS; numbered as in the chip's interface."""
    return f"vg{k}"


def netlist(network: Network, temperature_c: float) -> Circuit:
    """The whole network. Adder j has the nodes p, q (plus stage), m and s (sum), a hidden one c, t, d and h, too."""
    topology = network.topology
    circuit = bench(network, temperature_c)
    ground = circuit.gnd
    circuit.V(BIAS_SOURCE[1:], "bias", COMMON, "external")
    for i in range(topology.inputs):
        circuit.V(input_source(i)[1:], f"x{i}", ground, "external")
    for k in range(topology.weights):
        circuit.V(weight_source(k)[1:], f"g{k}", ground, "external")

    for k, (level, adder) in enumerate(weight_places(network)):
        for node, sign in ((f"p{adder}", ""), (f"m{adder}", "-")):
            current = f"({sign}v(g{k}) > 0 ? {sign}1e-3 * v(g{k}) : 0) * v({level},{node})"
            circuit.B(f"{node}_{k}", level, node, current_expression=current)
    for j in range(network.adders):
        circuit.X(f"plus{j}", OPAMP, COMMON, f"p{j}", f"q{j}")
        circuit.X(f"sum{j}", OPAMP, COMMON, f"m{j}", f"s{j}")
    for j in range(topology.hidden):
        add_sigmoid(circuit, j)
        circuit.X(f"tap{j}", OPAMP, f"d{j}", f"h{j}", f"h{j}")
    for block in network.blocks:
        add_block(circuit, block, *block_ends(network)[block.name])
    return circuit


def bench(network: Network, temperature_c: float) -> Circuit:
    """A circuit with the common node, cards and subcircuits, and nothing in it."""
    circuit = Circuit(network.title)
    circuit.raw_spice = f".temp {temperature_c!r}\n.options gmin={GMIN_S!r}\n{cards()}"
    circuit.subcircuit(opamp(network))
    circuit.subcircuit(clamp(network))
    circuit.V(COMMON, COMMON, circuit.gnd, network.common_v)
    return circuit


def add_sigmoid(circuit: Circuit, j: int) -> None:
    """From the clamped node c to the sigmoid's output t: a buffer whose feedback resistor carries a fixed current.

    That is the paper's DC source of figure 6a; a source in series with a node is no part that one can buy.
    """
    circuit.X(f"clamp{j}", CLAMP, f"c{j}", COMMON)
    circuit.X(f"shift{j}", OPAMP, f"c{j}", f"f{j}", f"t{j}")
    circuit.R(f"shift{j}", f"t{j}", f"f{j}", SHIFT_OHM)
    circuit.I(f"shift{j}", f"f{j}", circuit.gnd, SHIFT_V / SHIFT_OHM)


def add_block(circuit: Circuit, block: Block, begin: str, end: str) -> None:
    """A block's devices from node to node."""
    nodes = block_nodes(block, begin, end)
    for k in range(block.devices):
        circuit.R(element(block, k)[1:], nodes[k], nodes[k + 1], block.ohm / block.devices)


def element(block: Block, k: int) -> str:
    """What the netlist calls device k of a block."""
    return f"r{block.name}_{k}".replace(".", "_").lower()


def block_nodes(block: Block, begin: str, end: str) -> list[str]:
    """The nodes along a block, one more than it has devices."""
    return [begin, *(f"{element(block, k)}_end" for k in range(block.devices - 1)), end]


def block_ends(network: Network) -> dict[str, tuple[str, str]]:
    """Between which nodes each block lies, by its name."""
    ends: dict[str, tuple[str, str]] = {}
    for j, neuron in enumerate(network.neuron_names):
        places = ((f"p{j}", f"q{j}"), (f"q{j}", f"m{j}"), (f"m{j}", f"s{j}"))
        ends |= {f"{neuron}.{name}": place for name, place in zip(ADDER_BLOCKS, places, strict=True)}
        if j < network.topology.hidden:
            ends[f"{neuron}.U1"] = (f"s{j}", f"c{j}")
            ends[f"{neuron}.upper"] = (f"t{j}", f"d{j}")
            ends[f"{neuron}.lower"] = (f"d{j}", COMMON)
    return ends


def device_ends(network: Network) -> list[tuple[str, str]]:
    """Between which nodes each device in a block lies, in the order of Network.block_of_device."""
    pairs: list[tuple[str, str]] = []
    for block in network.blocks:
        nodes = block_nodes(block, *block_ends(network)[block.name])
        pairs += pairwise(nodes)
    return pairs


def weight_places(network: Network) -> list[tuple[str, int]]:
    """For each weight the node of its input, and its adder."""
    t = network.topology
    layers = ((t.hidden, [f"x{i}" for i in range(t.inputs)]), (t.outputs, [f"h{j}" for j in range(t.hidden)]))
    places: list[tuple[str, int]] = []
    adder = 0
    for neurons, inputs in layers:
        for _ in range(neurons):
            places += [(level, adder) for level in (*inputs, "bias")]
            adder += 1
    return places


def spread_parameters(network: Network, spread: Spread) -> dict[str, float]:
    """What to `alter` so that the netlist becomes the first of these chips, but for its weights."""
    names = [element(block, k) for block in network.blocks for k in range(block.devices)]
    ohms = network.block_device_ohm * (1 + spread.block_error[0])
    offsets = [f"v.x{name}.vos" for name in network.opamp_names]
    return dict(zip(names, ohms.tolist(), strict=True)) | dict(zip(offsets, spread.offset_v[0].tolist(), strict=True))
