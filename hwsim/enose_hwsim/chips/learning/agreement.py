"""How far the event-wise solution of on-chip learning is from a full ngspice transient of the same training."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.learning.shifts import LearningShifts
from enose_hwsim.chips.learning.training import History, Learner, Rules, learn
from enose_hwsim.chips.learning.transient import TransientLearningChip
from enose_hwsim.chips.learning.twin import LearningTwin

TEACHERS_V = (0.94, 0.90, 0.86)  # of three classes
WEIGHT_SPREAD_V = 0.1  # about weight zero, at first
READ_STEP_V = 1e-9  # else one step of the board's read-out would hide what is smaller


@dataclass(frozen=True)
class Agreement:
    """Largest differences from the transient over a training, in volts, and how far the transient's weights went."""

    weights_v: float  # after any sample
    outputs_v: float  # before any pulse
    weights_rms_v: float  # after the last sample
    moved_v: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


def agreement(
    chip: MlpFile,
    rules: Rules,
    seed: int,
    samples: int = 12,
    mismatched: bool = True,
    temperature_c: float = 27.0,
) -> Agreement:
    """Train one chip with `samples` samples of three classes in random order, by its twin and in the transient.

    Each is trimmed by pulses of its own, where the rules trim. About 1 s of CPU a pulse of the transient. Raises
    SpiceError, SpiceMissing.
    """
    rng = np.random.default_rng(seed)
    shifts, learning = Shifts.none(chip.topology), LearningShifts.none(chip.topology)
    if mismatched:
        shifts, learning = Shifts.draw(chip.topology, 1, rng), LearningShifts.draw(chip.topology, 1, rng)
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (1, samples, chip.topology.inputs))
    teacher_v = np.resize(TEACHERS_V, (1, samples))
    order = rng.permutation(samples)[None, None]
    zero_v = chip.synapse.weight_zero_v
    first_v = rng.uniform(zero_v - WEIGHT_SPREAD_V, zero_v + WEIGHT_SPREAD_V, (1, chip.topology.weights))
    finely = replace(rules, read_step_v=READ_STEP_V)

    def trained(learner: Learner) -> History:
        return learn(chip, learner, inputs_v, teacher_v, order, first_v, finely, leak_v_per_s=0.0)

    full = trained(TransientLearningChip(chip, temperature_c, shifts, learning))
    return compared(trained(LearningTwin(chip, shifts, learning, temperature_c)), full, first_v)


def compared(history: History, full: History, first_v: NDArray[np.float64]) -> Agreement:
    """A training of one chip against the transient's, from weights (1, W) on."""
    off_v = history.weights_v - full.weights_v
    return Agreement(
        weights_v=float(np.abs(off_v).max()),
        outputs_v=float(np.abs(history.output_v - full.output_v).max()),
        weights_rms_v=float(np.sqrt((off_v[-1] ** 2).mean())),
        moved_v=float(np.abs(full.weights_v[-1] - first_v).max()),
    )
