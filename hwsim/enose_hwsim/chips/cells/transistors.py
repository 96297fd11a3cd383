"""Cells as lists of transistors: from one list come the subcircuit, the instances' names and their mismatch.

Mismatch after M. J. M. Pelgrom et al., IEEE J. Solid-State Circuits 24 (1989) 1433: the thresholds of two transistors
drawn alike differ by a normal deviate of A_VT / sqrt(W L). It is put here, whole, into each transistor's threshold:
sigma(V_T) = A_VT / sqrt(W L), which for a pair is sqrt(2) on the careful side.

Pelgrom's other mismatch, of the current factor, is left out: it adds 1.3 % to the spread of the chips. With 1 % um, the
usual figure of 0.18 um processes, and nothing else, ngspice gives mlp441's outputs a spread of 2.1 mV, the thresholds
one of 12.8 mV (120 chips at 27 C, BSIM3's `mulu0`); they add as squares.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PySpice.Spice.Netlist import SubCircuit

from enose_hwsim.spice.cards import NMOS, PMOS

A_VT_V_UM = 5e-3  # 5 mV um: of published 0.18 um processes the upper end
SUPPLY, GROUND = "vdd", "0"
JUNCTION_LENGTH_UM = 0.5
UM = 1e-6


@dataclass(frozen=True)
class Transistor:
    """One transistor of a cell; the bulk of an NMOS is ground, that of a PMOS the supply."""

    name: str
    kind: Literal["n", "p"]
    drain: str
    gate: str
    source: str
    width_um: float
    length_um: float

    @property
    def sigma_v(self) -> float:
        """Standard deviation of its threshold."""
        return A_VT_V_UM / float(np.sqrt(self.width_um * self.length_um))


@dataclass(frozen=True)
class Cell:
    """A subcircuit of transistors."""

    name: str
    ports: tuple[str, ...]
    transistors: tuple[Transistor, ...]
    guess_v: Mapping[str, float] = field(default_factory=dict)  # for nodes inside, where ngspice begins

    @property
    def sigma_v(self) -> NDArray[np.float64]:
        """Standard deviations of the thresholds, (T,)."""
        return np.array([transistor.sigma_v for transistor in self.transistors])

    def shift_names(self, instance: str) -> list[str]:
        """What `alter` calls the threshold shifts of the instance `x<instance>`, in the order of the transistors."""
        return [f"@m.x{instance}.m{transistor.name}[delvto]" for transistor in self.transistors]

    def guesses_v(self, instance: str) -> dict[str, float]:
        """Where ngspice begins, for `.nodeset`, by the names of the nodes inside the instance `x<instance>`."""
        return {f"x{instance}.{node}": v for node, v in self.guess_v.items()}

    def subcircuit(self) -> SubCircuit:
        """The cell for a netlist, with its transistors' junctions."""
        circuit = SubCircuit(self.name, *self.ports)
        for t in self.transistors:
            area = t.width_um * JUNCTION_LENGTH_UM * UM**2
            perimeter = (
                2 * (t.width_um + JUNCTION_LENGTH_UM) * UM
            )  # longer than the width, or BSIM3 complains in a file
            circuit.MOSFET(
                t.name,
                *(t.drain, t.gate, t.source, GROUND if t.kind == "n" else SUPPLY),
                model=NMOS if t.kind == "n" else PMOS,
                width=float(f"{t.width_um * UM:.6g}"),
                length=float(f"{t.length_um * UM:.6g}"),
                drain_area=float(f"{area:.6g}"),
                source_area=float(f"{area:.6g}"),
                drain_perimeter=float(f"{perimeter:.6g}"),
                source_perimeter=float(f"{perimeter:.6g}"),
            )
        return circuit
