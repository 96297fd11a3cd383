"""Each analog network: its equations, its netlist, its certificate. `open_chip` gives it at a fidelity."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # NumPy and ngspice load only when a chip is opened
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from enose_hwsim.chipfile import MlpFile

FIDELITIES = ("fast", "spice")


class Chip(Protocol):
    """An analog network that answers voltages with voltages."""

    def output_v(self, inputs_v: "ArrayLike", weights_v: "ArrayLike") -> "NDArray[np.float64]":
        """Output voltages: inputs (S, I) with weights (W,) give (S,), with weights (C, W) give (C, S)."""
        ...


def open_chip(chip: "MlpFile", fidelity: str, temperature_c: float = 27.0) -> Chip:
    """The chip of a chip file: `fast` by its equations, `spice` by ngspice.

    Raises ValueError for another fidelity, and as the chip's own constructor does.
    """
    if fidelity == "fast":
        from enose_hwsim.chips.equations import EquationChip

        return EquationChip(chip, temperature_c)
    if fidelity == "spice":
        from enose_hwsim.chips.spice_chip import SpiceChip

        return SpiceChip(chip, temperature_c)
    raise ValueError(f"fidelity {fidelity!r}, expected one of {', '.join(FIDELITIES)}")
