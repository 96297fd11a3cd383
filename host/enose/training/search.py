"""Training from recordings: which sensors, which order of the classes, which weights. Sees only the training split."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.features import Constants, exact_ohm, input_v, no_constants, range_constants
from enose.recordings import Recordings, Specimen
from enose.training.candidates import Candidates, all_candidates, class_orders
from enose.training.choosing import Effort, Learning, Progress, choose
from enose.training.circuit import Circuit, open_circuit
from enose.training.imperfections import Imperfections, draw_chips
from enose.training.network import Network, TrainingError
from enose.training.readings import reading_of
from enose_contract.normalise import NORM_RANGE
from enose_hwsim.chipfile import AnyChip

RANGE_PERCENTILE = 10.0
MISMATCH_SIGMAS = 0.5


def train(
    recordings: Recordings,
    specimens: NDArray[np.int64],
    chip: AnyChip,
    seed: int,
    fidelity: str = "fast",
    on_progress: Progress = lambda done, total, text: None,
    *,
    effort: Effort | None = None,
    mismatch_sigmas: float = MISMATCH_SIGMAS,
    temperatures_c: Sequence[float] = (27.0,),
    on_learning: Callable[[Learning], None] = lambda now: None,
) -> Network:
    """The network for a chip, from the specimens with these indices. The same seed is the same network.

    It is trained through the chip's equations for fidelity `ideal`, else through its transistors' curves: in the end
    through those of many mismatched chips, shifts of so many times Pelgrom's sigma, at these temperatures.

    on_progress(done, total, text) is called before each of the four steps, with the loss during the last, and at the
    end; on_learning during the last. Raises TrainingError for fewer than two classes, more than the output has bands, a
    class with fewer than two groups of specimens, or fewer sensors than the chip has inputs.
    """
    split = TrainingSplit.of(recordings, specimens, chip)
    circuit, reading = open_circuit(chip, fidelity), reading_of(chip, split.group_count())
    rng = np.random.default_rng([seed, 0x7A])
    candidates = all_candidates(len(recordings.sensors), chip.topology.inputs, class_orders(chip, len(split.classes)))
    chips: Sequence[Circuit] = ()
    if chip.kind == "mlp" and fidelity != "ideal" and (mismatch_sigmas or tuple(temperatures_c) != (27.0,)):
        chips = draw_chips(chip, mismatch_sigmas, temperatures_c, np.random.default_rng([seed, 0x7B]))
    imperfections = Imperfections.of(circuit, chips)
    chosen = choose(
        circuit, reading, split, candidates, rng, imperfections, effort or Effort(), on_progress, on_learning
    )
    constants = split.constants.of(chosen.channels)
    return Network(
        sensors=tuple(recordings.sensors[c] for c in chosen.channels),
        channels=chosen.channels,
        class_order=tuple(split.classes[k] for k in np.argsort(chosen.band_of_class)),
        weights=tuple(float(w) for w in chosen.weights),
        normalisation=recordings.normalisation,
        low_ohm=constants.low_ohm,
        high_ohm=constants.high_ohm,
        inner_accuracy=chosen.inner_accuracy,
        inner_loss=chosen.inner_loss,
        train_accuracy=chosen.train_accuracy,
    )


@dataclass(frozen=True)
class TrainingSplit:
    """The training split as arrays."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]  # (S,) into classes
    groups: NDArray[np.int64]  # (S,)
    exposure_ohm: NDArray[np.float64]
    baseline_ohm: NDArray[np.float64] | None
    normalisation: int
    constants: Constants

    @classmethod
    def of(
        cls, recordings: Recordings, indices: NDArray[np.int64], chip: AnyChip, most: int | None = None
    ) -> "TrainingSplit":
        """The specimens with these indices, of at most so many classes: the chip's answers, if not said otherwise."""
        chosen = [recordings.specimens[i] for i in indices.tolist()]
        classes = _classes(recordings, chosen, chip, chip.answers if most is None else most)
        if len(recordings.sensors) < chip.topology.inputs:
            few = f"{len(recordings.sensors)} sensors"
            raise TrainingError(f"{few}, expected at least the {chip.topology.inputs} inputs of {chip.name}")
        exposure, baseline = exact_ohm(chosen, recordings.average)
        if recordings.normalisation == NORM_RANGE:
            constants = range_constants(exposure, RANGE_PERCENTILE)
        else:
            constants = no_constants(len(recordings.sensors))
        labels = np.array([classes.index(s.label) for s in chosen], dtype=np.int64)
        groups = np.unique([s.group for s in chosen], return_inverse=True)[1].astype(np.int64)
        return cls(classes, labels, groups, exposure, baseline, recordings.normalisation, constants)

    def inputs_v(self, candidates: Candidates) -> NDArray[np.float64]:
        """(K, S, I). An all-zero sample teaches nothing: it lies at the low end, where no other sample does."""
        volts = input_v(self.exposure_ohm, self.baseline_ohm, candidates.channels, self.normalisation, self.constants)
        return np.nan_to_num(volts, nan=0.85)

    def group_count(self) -> int:
        """How many groups the specimens come from."""
        return int(self.groups.max()) + 1


def _classes(recordings: Recordings, chosen: Sequence[Specimen], chip: AnyChip, most: int) -> tuple[str, ...]:
    """The classes that the split has, in the recordings' order."""
    groups = {name: len({s.group for s in chosen if s.label == name}) for name in recordings.classes}
    classes = tuple(name for name, count in groups.items() if count)
    if not 2 <= len(classes) <= most:
        found = f"{len(classes)} classes in the training split ({', '.join(classes) or 'none'})"
        raise TrainingError(f"{found}, expected 2..{most} for {chip.name}")
    for name in classes:
        if groups[name] < 2:
            raise TrainingError(f"class '{name}' has one specimen or group in the training split, expected at least 2")
    return classes
