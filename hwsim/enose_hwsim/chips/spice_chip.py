"""The chip solved by ngspice: fidelity `spice`."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import behavioural
from enose_hwsim.chips.equations import checked_v, thermal_v
from enose_hwsim.spice.driver import Solver, SpiceError

RELTOL = 1e-7  # 0.1 uV at the output, for 2 % of the speed


class SpiceChip:
    """One chip file's network as a netlist, loaded once: new inputs and weights only change its external sources.

    Interface, numbering and errors are those of EquationChip; besides, SpiceError where ngspice finds no solution.
    """

    def __init__(self, chip: MlpFile, temperature_c: float = 27.0) -> None:
        """Build and load the netlist. Raises ValueError as EquationChip; SpiceMissing without libngspice."""
        thermal_v(temperature_c)  # raises for a temperature that is none
        self.chip = chip
        self._solver = Solver(behavioural.netlist(chip, temperature_c), RELTOL)

    def output_v(self, inputs_v: ArrayLike, weights_v: ArrayLike) -> NDArray[np.float64]:
        """Output voltages: inputs (S, I) with weights (W,) give (S,), with weights (C, W) give (C, S).

        Raises ValueError as EquationChip; SpiceError for a sample that ngspice did not solve, or by stepping only.
        """
        topology, synapse = self.chip.topology, self.chip.synapse
        inputs = checked_v(inputs_v, "input", (2,), topology.inputs, self.chip.input.min_v, self.chip.input.max_v)
        volts = checked_v(weights_v, "weight", (1, 2), topology.weights, synapse.weight_min_v, synapse.weight_max_v)
        shape = (*volts.shape[:-1], len(inputs))
        weights = np.atleast_2d(volts)
        # Chips one after the other, all samples of one before the next: fewer sources move from sample to sample.
        sources = {behavioural.input_source(i): np.tile(column, len(weights)) for i, column in enumerate(inputs.T)}
        for k, column in enumerate(weights.T):
            sources[behavioural.weight_source(k)] = np.repeat(column, len(inputs))
        solution = self._solver.solve(sources, [behavioural.OUTPUT_NODE])
        if solution.stepped:
            raise SpiceError(f"{self.chip.name}: samples {list(solution.stepped)} solved by stepping only")
        return solution[behavioural.OUTPUT_NODE].reshape(shape)
