"""The noise of mlp441's cells, taken from ngspice: current into a summing node, voltage of a neuron and of the bias.

At rest a transistor's noise is white + flicker / f. BSIM3 with noimod 2 gives both: thermal noise of the channel's
charge, right in weak inversion too, and the unified flicker noise with exponent 1; the card's noia, noib and noic are
typical of the 0.18 um node, as is the rest of it (spice/cards.py). Cells without mismatch: it moves their currents by a
few percent, and their noise by half of that.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.forward import FORWARD_CELLS
from enose_hwsim.chips.transistor_netlist import NOISE_INPUT, PROBE, bench
from enose_hwsim.chips.twin.characterise import DRIVE_PER_V, DRIVES, NANO, SUM_V
from enose_hwsim.chips.twin.polynomial import from_nodes, nodes
from enose_hwsim.spice.cards import Corner
from enose_hwsim.spice.driver import Solver

Floats = NDArray[np.float64]

NOISE_GRID = (9, 5, 3)  # nodes in drive, weight and summing node
NODE_V = np.linspace(0.46, 1.34, 45)  # of a summing node
# Far enough apart to tell flicker from white noise, and both below the cells' own poles.
AT_HZ = (1.0, 1e4)
RELTOL = 1e-7
OHM = 1e6  # an ammeter's current, as the voltage whose noise ngspice tells
METHOD = repr((1, NOISE_GRID, DRIVE_PER_V, DRIVES, SUM_V, len(NODE_V), NODE_V[0], AT_HZ, RELTOL))

# Into a summing node that is held, through an ammeter.
AMMETER = f"Vs s0 0 external\nVm s s0 0\nHout out 0 vm {OHM!r}\n{PROBE}"
SYNAPSE = f"Vx x 0 external\nVw w 0 external\n{AMMETER}Xp x w s ref vdd positive_half\nXn x w s ref vdd negative_half\n"
CONVERTER = f"{AMMETER}Xc s vdd converter\n"
NEURON = f"Vs s 0 external\nVb held 0 external\n{PROBE}Xy s out ref held vdd neuron\n"
BIAS = f"{PROBE}Xb out ref vdd bias\n"


@dataclass(frozen=True)
class Densities:
    """Power densities, the white part first, then the flicker's at 1 Hz."""

    synapse_na2: Floats  # (2, 9, 5, 3) in nA^2/Hz: Chebyshev coefficients over drive, weight and summing node
    converter_na2: Floats  # (2, 45) over NODE_V
    neuron_v2: Floats  # (2, 45) in V^2/Hz
    bias_v2: Floats  # (2,)

    @classmethod
    def names(cls) -> list[str]:
        """The names of the tables."""
        return [field.name for field in fields(cls)]


def netlists(chip: MlpFile, temperature_c: float, corner: Corner) -> dict[str, str]:
    """The netlists that the densities are taken from, by the cell's name."""
    cells = {"synapse": SYNAPSE, "converter": CONVERTER, "neuron": NEURON, "bias": BIAS}
    circuit = str(bench(chip, f"{chip.name}: noise", FORWARD_CELLS, temperature_c, corner))
    return {name: circuit + elements for name, elements in cells.items()}


def characterise(chip: MlpFile, temperature_c: float, corner: Corner = "tt") -> Densities:
    """Take all densities at one temperature; half a second of ngspice. Raises SpiceError, and SpiceMissing."""
    solvers = {name: Solver(text, RELTOL) for name, text in netlists(chip, temperature_c, corner).items()}
    weights_v = nodes(chip.synapse.weight_min_v, chip.synapse.weight_max_v, NOISE_GRID[1])
    inputs_v = chip.synapse.v_ref_v + np.arctanh(nodes(*DRIVES, NOISE_GRID[0])) / DRIVE_PER_V
    nodes_v = nodes(*SUM_V, NOISE_GRID[2])
    drawn = np.empty((2, *NOISE_GRID))
    for at in np.ndindex(*NOISE_GRID):
        x, w, s = at
        sources = {"vx": float(inputs_v[x]), "vw": float(weights_v[w]), "vs": float(nodes_v[s])}
        drawn[:, x, w, s] = _parts(solvers["synapse"], sources) / (OHM * NANO) ** 2
    to_coefficients = [from_nodes(count) for count in NOISE_GRID]
    bias_v = float(solvers["bias"].solve({}, ["out"])["out"][0])
    return Densities(
        np.einsum("pxws,ix,jw,ks->pijk", drawn, *to_coefficients, optimize=True),
        np.transpose([_parts(solvers["converter"], {"vs": v}) / (OHM * NANO) ** 2 for v in NODE_V]),
        np.transpose([_parts(solvers["neuron"], {"vs": v, "vb": bias_v}) for v in NODE_V]),
        _parts(solvers["bias"], {}),
    )


def _parts(solver: Solver, sources: dict[str, float]) -> Floats:
    """White and flicker noise (2,) of the node `out`, as powers."""
    frequency_hz, density, _ = solver.noise(sources, "out", NOISE_INPUT, AT_HZ)
    low, high = density[0] ** 2, density[-1] ** 2
    flicker = (low - high) / (1 / frequency_hz[0] - 1 / frequency_hz[-1])
    return np.array([high - flicker / frequency_hz[-1], flicker])
