"""Each analog network: its equations, its netlist, its certificate. `open_chip` gives it at a fidelity."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # NumPy and ngspice load only when a chip is opened
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    from enose_hwsim.chipfile import AnyChip, MemristorFile, MlpFile
    from enose_hwsim.chips.cells.mismatch import Shifts

FIDELITIES = ("ideal", "fast", "spice")


class Chip(Protocol):
    """An analog network that answers voltages with voltages, weights being what the chip's kind holds."""

    def output_v(self, inputs_v: "ArrayLike", weights: "ArrayLike", /) -> "NDArray[np.floating]":
        """Outputs, absolute, for inputs (S, I): weights (W,) give (S,), weights (C, W) give (C, S).

        Weights are volts on capacitors, or ohms of memristors, signed by the adder's input. A chip of O > 1 outputs
        gives one axis more, the outputs'.
        """
        ...


def open_chip(
    chip: "AnyChip",
    fidelity: str,
    temperature_c: float = 27.0,
    telling: Callable[[str], None] = lambda text: None,
    number: int = 0,
) -> Chip:
    """A chip of a chip file: `ideal` by its equations, `fast` by its cells' curves, `spice` by ngspice.

    number: 0 the nominal chip; any other is one with mismatch of its own, always the same. `telling` is told of what
    takes seconds, cells that are characterised first, and of a chip for which `fast` is not certified: that is solved
    by ngspice. Raises ValueError for another fidelity, for a number where the equations or the chip's kind know no
    mismatch, and as the chip's own constructor does.
    """
    if fidelity not in FIDELITIES:
        raise ValueError(f"fidelity {fidelity!r}, expected one of {', '.join(FIDELITIES)}")
    if number and (chip.kind == "memristor" or fidelity == "ideal"):
        known = "chips of transistors (mlp) at the fidelities fast and spice"
        raise ValueError(f"chip number {number} of {chip.name}, {fidelity}: only {known} have mismatch")
    if chip.kind == "memristor":
        return _memristor_chip(chip, fidelity, temperature_c)
    if fidelity == "ideal":
        from enose_hwsim.chips.equations import EquationChip

        return EquationChip(chip, temperature_c)
    if fidelity == "fast":
        from enose_hwsim.chips.twin.fallback import trusted_chip

        return trusted_chip(chip, temperature_c, _shifts(chip, number), telling)
    from enose_hwsim.chips.transistor_chip import TransistorChip

    return TransistorChip(chip, temperature_c, _shifts(chip, number))


def _shifts(chip: "MlpFile", number: int) -> "Shifts | None":
    """The threshold shifts of one mismatched chip; none for number 0."""
    if not number:
        return None
    import numpy as np

    from enose_hwsim.chips.cells.mismatch import Shifts

    return Shifts.draw(chip.topology, 1, np.random.default_rng([number, 0xC819]))


def _memristor_chip(chip: "MemristorFile", fidelity: str, temperature_c: float) -> Chip:
    from enose_hwsim.chips.memristor.network import Network

    network = Network.of(chip)
    if fidelity == "ideal":
        from enose_hwsim.chips.memristor.equations import EquationNetwork

        return EquationNetwork(network)
    if fidelity == "fast":
        from enose_hwsim.chips.memristor.twin import TwinNetwork

        return TwinNetwork(network, temperature_c)
    from enose_hwsim.chips.memristor.spice_chip import SpiceNetwork

    return SpiceNetwork(network, temperature_c)
