"""The chip solved by ngspice, transistor by transistor, with each chip's own mismatch."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.equations import checked_v, thermal_v
from enose_hwsim.chips.output_noise import FROM_HZ, TO_HZ, power_of_spectrum
from enose_hwsim.spice.cards import Corner
from enose_hwsim.spice.driver import Path, Solver, SpiceError
from enose_hwsim.spice.path import nearest_order

# A microvolt at a mirror in weak inversion is 2e-5 of its current, and ten such currents meet at a summing node.
RELTOL = 1e-7
# From solution to solution. With longer strides Newton overshoots at neurons far from V_ref; a batch in which it did is
# solved once more with shorter ones.
STRIDES_V = (0.015, 0.004, 0.001)

Floats = NDArray[np.float64]


class TransistorChip:
    """One chip file's network of transistors, loaded once: inputs and weights are external sources, mismatch `alter`.

    Interface, numbering and errors are those of EquationChip; besides, SpiceError where ngspice finds no solution.
    """

    def __init__(
        self, chip: MlpFile, temperature_c: float = 27.0, shifts: Shifts | None = None, corner: Corner = "tt"
    ) -> None:
        """Build and load the netlist, with the threshold shifts of one chip, or of as many as sets of weights will be.

        Raises ValueError as EquationChip, and for another corner; SpiceMissing without libngspice.
        """
        thermal_v(temperature_c)  # raises for a temperature that is none
        self.chip = chip
        self.shifts = shifts
        self._solver = Solver(circuit.netlist(chip, temperature_c, corner), RELTOL)

    def output_v(
        self, inputs_v: ArrayLike, weights_v: ArrayLike, on_chip: Callable[[int, int], None] = lambda done, total: None
    ) -> Floats:
        """Output voltages: inputs (S, I) with weights (W,) give (S,), with weights (C, W) give (C, S).

        Weights c are programmed into chip c of the shifts, or all into the one chip if they are of one. Raises
        ValueError as EquationChip, and for shifts of another number of chips; SpiceError for a sample that ngspice did
        not solve, or by stepping only. on_chip(done, total) is called after each set of weights.
        """
        return self.solve_v(inputs_v, weights_v, (circuit.OUTPUT_NODE,), on_chip)[..., 0]

    def solve_v(
        self,
        inputs_v: ArrayLike,
        weights_v: ArrayLike,
        outputs: tuple[str, ...],
        on_chip: Callable[[int, int], None] = lambda done, total: None,
    ) -> Floats:
        """The same for any nodes, or branches in amperes: (S, O) or (C, S, O)."""
        inputs, weights = self._checked(inputs_v, weights_v)
        order = nearest_order(inputs)
        solved = np.empty((len(weights), len(inputs), len(outputs)))
        for c, row in enumerate(weights):
            self._become(c)
            # To and fro, so that a chip begins at the inputs at which the last one ended.
            solved[c] = self._solve(inputs, row, outputs, order[:: -1 if c % 2 else 1])
            on_chip(c + 1, len(weights))
        return solved[0] if np.ndim(weights_v) == 1 else solved

    def noise_v(self, inputs_v: ArrayLike, weights_v: ArrayLike) -> Floats:
        """The noise of the outputs, RMS in volts over the band of output_noise.py: shapes and errors of `output_v`.

        ngspice's own spectrum of the whole chip, 0.1 s each.
        """
        inputs, weights = self._checked(inputs_v, weights_v)
        powers_v2 = np.empty((len(weights), len(inputs)))
        for c, row in enumerate(weights):
            self._become(c)
            for s, sample in enumerate(inputs):
                sources = {circuit.input_source(i): float(v) for i, v in enumerate(sample)}
                sources |= {circuit.weight_source(k): float(v) for k, v in enumerate(row)}
                frequency_hz, density, _ = self._solver.noise(
                    sources, circuit.OUTPUT_NODE, circuit.NOISE_INPUT, (FROM_HZ, TO_HZ)
                )
                powers_v2[c, s] = power_of_spectrum(self.chip, frequency_hz, density)
        return np.sqrt(powers_v2[0] if np.ndim(weights_v) == 1 else powers_v2)

    def _checked(self, inputs_v: ArrayLike, weights_v: ArrayLike) -> tuple[Floats, Floats]:
        """Inputs (S, I) and weights (C, W) within the chip's ranges."""
        topology, synapse = self.chip.topology, self.chip.synapse
        inputs = checked_v(inputs_v, "input", (2,), topology.inputs, self.chip.input.min_v, self.chip.input.max_v)
        volts = checked_v(weights_v, "weight", (1, 2), topology.weights, synapse.weight_min_v, synapse.weight_max_v)
        weights = np.atleast_2d(volts)
        if self.shifts is not None and len(self.shifts) not in (1, len(weights)):
            raise ValueError(f"{len(weights)} sets of weights for {len(self.shifts)} chips, expected one for each")
        return inputs, weights

    def _become(self, c: int) -> None:
        """Let the netlist be chip c of the shifts."""
        if self.shifts is not None and (c == 0 or len(self.shifts) > 1):
            self._solver.alter(circuit.shift_parameters(self.shifts.chip(c)))

    def _solve(self, inputs: Floats, weights: Floats, outputs: tuple[str, ...], order: NDArray[np.intp]) -> Floats:
        sources: dict[str, ArrayLike] = {circuit.input_source(i): column for i, column in enumerate(inputs.T)}
        sources |= {circuit.weight_source(k): float(v) for k, v in enumerate(weights)}
        # Without field and weight all nodes are near V_ref, where ngspice begins.
        start = dict.fromkeys(sources, self.chip.synapse.v_ref_v)
        start |= {circuit.weight_source(k): self.chip.synapse.weight_zero_v for k in range(len(weights))}
        for stride_v in STRIDES_V:
            solution = self._solver.solve(sources, outputs, path=Path(order, stride_v, start))
            if not solution.stepped:
                return np.column_stack([solution[output] for output in outputs])
        raise SpiceError(f"{self.chip.name}: samples {list(solution.stepped)} solved by stepping only")
