"""What training goes through: a chip's network with its gradient, in single precision, over many networks at once."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import AnyChip

Singles = NDArray[np.float32]


class Circuit(Protocol):
    """One chip's network, for weights in -1..1 numbered as the chip numbers them. J networks, S samples, W weights."""

    inputs: int
    weights: int
    droop: float  # how far a weight may droop before it is refreshed, in weights

    def drives(self, inputs_v: NDArray[np.float64]) -> Singles:
        """What the synapses make of input voltages, same shape; nothing of it depends on weights."""
        ...

    def drive_per_v(self, drives: Singles) -> Singles:
        """How the drives change with the voltages, at these drives."""
        ...

    def random_layer(self, drives: Singles, rows: Singles) -> Singles:
        """Hidden neurons with fixed weights, rows (N, I + 1), at drives (..., S, I): (..., S, N)."""
        ...

    def within(self, weights: Singles) -> Singles:
        """The weights (J, W), drawn in so far that the chip may hold them."""
        ...

    def reachable(self, weights: Singles) -> Singles:
        """The nearest weights that the chip can hold; what it answers is of these."""
        ...

    def output_v(self, drives: Singles, weights: Singles) -> Singles:
        """Outputs (J, S) above the reference, (J, S, O) of several; for drives (J, S, I) and weights (J, W)."""
        ...

    def gradient(self, drives: Singles, weights: Singles, slope_of: Callable[[Singles], Singles]) -> Singles:
        """Gradient by the weights, (J, W), of a loss whose slope by the outputs, per volt, is slope_of(outputs)."""
        ...


def open_circuit(chip: AnyChip, fidelity: str) -> Circuit:
    """The circuit to train through for a chip at a fidelity: its equations for `ideal`, else its real cells' curves.

    Raises as the circuits do.
    """
    if chip.kind == "memristor":
        from enose.training.memristor_circuit import MemristorCircuit

        return MemristorCircuit.of(chip, fidelity)
    if fidelity == "ideal":
        from enose.training.equation_circuit import EquationCircuit

        return EquationCircuit(chip)
    from enose.training.mlp_circuit import MlpCircuit

    return MlpCircuit(chip)
