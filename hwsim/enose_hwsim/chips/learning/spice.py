"""The learning chip in ngspice at rest, transistor by transistor: what it answers, and what flows into its weights."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import learning_netlist as learning
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.equations import checked_v
from enose_hwsim.chips.learning.shifts import LearningShifts
from enose_hwsim.chips.transistor_chip import RELTOL, STRIDES_V
from enose_hwsim.spice.driver import Path, Solver, SpiceError

Floats = NDArray[np.float64]


class Answer(NamedTuple):
    """One sample at rest, Vc high: the output, the currents into the weights' capacitors, the supply's power."""

    output_v: float
    update_a: Floats  # (W,)
    power_mw: float


class SpiceLearningChip:
    """One chip with its learning cells, solved sample by sample: each needs the weights that the last left."""

    def __init__(
        self,
        chip: MlpFile,
        temperature_c: float = 27.0,
        shifts: Shifts | None = None,
        learning_shifts: LearningShifts | None = None,
    ) -> None:
        """Load the netlist, with the threshold shifts of one chip. SpiceMissing without libngspice."""
        self.chip = chip
        self._solver = Solver(circuit.netlist(chip, temperature_c, learning=True), RELTOL)
        if shifts is not None:
            self._solver.alter(circuit.shift_parameters(shifts))
        if learning_shifts is not None:
            self._solver.alter(learning_shifts.parameters())
        branches = [circuit.supply_branch(part) for part in (*circuit.FORWARD_PARTS, *learning.LEARNING_PARTS)]
        self._branches = branches
        self._updates = [learning.update_branch(k) for k in range(chip.topology.weights)]

    def answer(self, inputs_v: ArrayLike, teacher_v: float, weights_v: ArrayLike) -> Answer:
        """The answer to inputs (I,) and a teacher's level with weights (W,).

        Raises ValueError for a voltage outside the chip's range; SpiceError for a sample that was not solved.
        """
        topology, synapse, limits = self.chip.topology, self.chip.synapse, self.chip.input
        inputs = checked_v(np.asarray(inputs_v)[None], "input", (2,), topology.inputs, limits.min_v, limits.max_v)[0]
        weights = checked_v(weights_v, "weight", (1,), topology.weights, synapse.weight_min_v, synapse.weight_max_v)
        checked_v([teacher_v], "teacher", (1,), 1, self.chip.output.valid_min_v, self.chip.output.valid_max_v)
        sources: dict[str, ArrayLike] = {circuit.input_source(i): [float(v)] for i, v in enumerate(inputs)}
        sources |= {circuit.weight_source(k): float(v) for k, v in enumerate(weights)}
        sources |= {learning.TEACHER_SOURCE: teacher_v, learning.CLOCK_SOURCE: self.chip.supply.nominal_v}
        start = dict.fromkeys(self._solver.sources, synapse.v_ref_v)
        start[learning.CLOCK_SOURCE] = self.chip.supply.nominal_v
        outputs = [circuit.OUTPUT_NODE, *self._updates, *self._branches]
        for stride_v in STRIDES_V:
            solution = self._solver.solve(sources, outputs, path=Path(None, stride_v, start))
            if not solution.stepped:
                update_a = np.array([solution[branch][0] for branch in self._updates])
                supply_a = sum(float(solution[branch][0]) for branch in self._branches)
                return Answer(
                    float(solution[circuit.OUTPUT_NODE][0]), update_a, supply_a * self.chip.supply.nominal_v * 1e3
                )
        raise SpiceError(f"{self.chip.name}: sample solved by stepping only")
