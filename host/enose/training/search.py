"""Training: which four sensors, which order of the classes, which weights. Sees nothing but the training split.

1. Every candidate (four sensors, an order of the classes) is ranked cheaply, and the best RANKED of them are kept.
2. These are trained shortly with each amount of SHRINK, once per inner fold; the best SECOND by held-out loss are kept.
3. These are trained longer in the same way, with folds drawn anew, and the best one is taken.
4. It is trained on the whole training split from RESTARTS starts; the lowest loss there gives the weights.
Inner folds keep the specimens of one group together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.features import Constants, exact_ohm, input_v, no_constants, range_constants
from enose.recordings import Recordings, Specimen
from enose.training.candidates import Candidates, all_candidates, class_orders, random_layer_score
from enose.training.circuit import Circuit, Singles, open_circuit
from enose.training.fit import BATCH, Jobs, fit, scores, start
from enose.training.network import Network, TrainingError
from enose.training.readings import Reading, reading_of
from enose_contract.normalise import NORM_RANGE
from enose_hwsim.chipfile import AnyChip

Progress = Callable[[int, int, str], None]

RANKED, RANDOM_NEURONS, CHUNK = 120, 16, 64  # the chunk bounds memory
SHRINK = (0.0, 0.03, 0.1)  # small sets need it, large ones do not
FIRST_FOLDS, FIRST_STEPS = 2, 80
SECOND, SECOND_FOLDS, SECOND_STEPS = 24, 5, 250
RESTARTS, FINAL_STEPS, FINAL_EPOCHS = 12, 1000, 700
RANGE_PERCENTILE = 10.0
STAGES = 4


def train(
    recordings: Recordings,
    specimens: NDArray[np.int64],
    chip: AnyChip,
    seed: int,
    fidelity: str = "fast",
    on_progress: Progress = lambda done, total, text: None,
) -> Network:
    """The network for a chip, from the specimens with these indices. The same seed is the same network.

    It is trained through the chip's equations for fidelity `ideal`, else through its transistors' curves.

    on_progress(done, total, text) is called before each of the four steps and at the end. Raises TrainingError for
    fewer than two classes, more than the output has bands, a class with fewer than two groups of specimens, or fewer
    sensors than the chip has inputs.
    """
    split = _Split.of(recordings, specimens, chip)
    circuit, reading = open_circuit(chip, fidelity), reading_of(chip, split.group_count())
    rng = np.random.default_rng([seed, 0x7A])
    candidates = all_candidates(len(recordings.sensors), chip.topology.inputs, class_orders(chip, len(split.classes)))
    on_progress(0, STAGES, f"ranking {len(candidates)} choices of sensors and order")
    if len(candidates) > RANKED:
        candidates = candidates.some(np.argsort(-_ranks(circuit, split, candidates, rng), kind="stable")[:RANKED])
    on_progress(1, STAGES, f"training {len(candidates)} of them shortly")
    candidates = candidates.shrunk(SHRINK)
    loss, _ = _held_out(circuit, reading, split, candidates, FIRST_FOLDS, FIRST_STEPS, rng)
    candidates = candidates.some(np.argsort(loss, kind="stable")[:SECOND])
    on_progress(2, STAGES, f"training {len(candidates)} of them longer")
    loss, accuracy = _held_out(circuit, reading, split, candidates, SECOND_FOLDS, SECOND_STEPS, rng)
    best = int(np.argmin(loss))
    on_progress(3, STAGES, f"training one from {RESTARTS} starts")
    weights, train_accuracy = _final(circuit, reading, split, candidates.some(np.array([best])), rng)
    channels = tuple(int(c) for c in candidates.channels[best])
    constants = split.constants.of(channels)
    on_progress(4, STAGES, "trained")
    return Network(
        sensors=tuple(recordings.sensors[c] for c in channels),
        channels=channels,
        class_order=tuple(split.classes[k] for k in np.argsort(candidates.band_of_class[best])),
        weights=tuple(float(w) for w in weights),
        normalisation=recordings.normalisation,
        low_ohm=constants.low_ohm,
        high_ohm=constants.high_ohm,
        inner_accuracy=float(accuracy[best]),
        inner_loss=float(loss[best]),
        train_accuracy=train_accuracy,
    )


@dataclass(frozen=True)
class _Split:
    """The training split as arrays."""

    classes: tuple[str, ...]
    labels: NDArray[np.int64]  # (S,) into classes
    groups: NDArray[np.int64]  # (S,)
    exposure_ohm: NDArray[np.float64]
    baseline_ohm: NDArray[np.float64] | None
    normalisation: int
    constants: Constants

    @classmethod
    def of(cls, recordings: Recordings, indices: NDArray[np.int64], chip: AnyChip) -> "_Split":
        chosen = [recordings.specimens[i] for i in indices.tolist()]
        classes = _classes(recordings, chosen, chip)
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

    def bands(self, candidates: Candidates) -> NDArray[np.int64]:
        """(K, S)."""
        return np.asarray(candidates.band_of_class[:, self.labels])


def _classes(recordings: Recordings, chosen: Sequence[Specimen], chip: AnyChip) -> tuple[str, ...]:
    """The classes that the split has, in the recordings' order."""
    groups = {name: len({s.group for s in chosen if s.label == name}) for name in recordings.classes}
    classes = tuple(name for name, count in groups.items() if count)
    most = chip.answers
    if not 2 <= len(classes) <= most:
        found = f"{len(classes)} classes in the training split ({', '.join(classes) or 'none'})"
        raise TrainingError(f"{found}, expected 2..{most} for {chip.name}")
    for name in classes:
        if groups[name] < 2:
            raise TrainingError(f"class '{name}' has one specimen or group in the training split, expected at least 2")
    return classes


def _folds(split: _Split, folds: int, rng: np.random.Generator) -> list[NDArray[np.bool_]]:
    """Masks of the specimens held out, groups kept together; no more folds than the rarest class has groups."""
    fewest = min(len(np.unique(split.groups[split.labels == k])) for k in range(len(split.classes)))
    folds = min(folds, fewest)
    fold_of_group = np.zeros(split.group_count(), dtype=np.int64)
    for k in range(len(split.classes)):
        own = rng.permutation(np.unique(split.groups[split.labels == k]))
        fold_of_group[own] = (np.arange(len(own)) + rng.integers(folds)) % folds
    return [fold_of_group[split.groups] == f for f in range(folds)]


def _ranks(circuit: Circuit, split: _Split, candidates: Candidates, rng: np.random.Generator) -> NDArray[np.float64]:
    rows = rng.uniform(-1, 1, (RANDOM_NEURONS, circuit.inputs + 1)).astype(np.float32)
    ranks = []
    for at in range(0, len(candidates), CHUNK):
        some = candidates.some(np.arange(at, min(at + CHUNK, len(candidates))))
        ranks.append(random_layer_score(circuit, split.inputs_v(some), split.bands(some), rows))
    return np.concatenate(ranks)


def _held_out(
    circuit: Circuit,
    reading: Reading,
    split: _Split,
    candidates: Candidates,
    folds: int,
    steps: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(loss, accuracy) of every candidate, (K,), over the specimens that each fold held out."""
    held_out = _folds(split, folds, rng)
    count = len(candidates)
    mask = np.repeat(held_out, count, axis=0)
    every = candidates.times(len(held_out))
    jobs = Jobs(split.inputs_v(every), split.bands(every), ~mask, every.shrink, split.group_count())
    weights = fit(circuit, reading, jobs, start(circuit, len(mask), rng), steps, rng)
    loss, accuracy = scores(circuit, reading, jobs, weights, mask)
    share = mask.mean(axis=1)
    return (loss * share).reshape(-1, count).sum(axis=0), (accuracy * share).reshape(-1, count).sum(axis=0)


def _final(
    circuit: Circuit, reading: Reading, split: _Split, candidate: Candidates, rng: np.random.Generator
) -> tuple[Singles, float]:
    """(weights, their accuracy) on the whole training split."""
    everything = np.ones((1, len(split.labels)), dtype=np.bool_)
    jobs = Jobs(split.inputs_v(candidate), split.bands(candidate), everything, candidate.shrink, split.group_count())
    steps = max(FINAL_STEPS, FINAL_EPOCHS * len(split.labels) // BATCH)
    weights = fit(circuit, reading, jobs, start(circuit, RESTARTS, rng), steps, rng)
    loss, accuracy = scores(circuit, reading, jobs, weights, everything)
    best = int(np.argmin(loss))
    return weights[best], float(accuracy[best])
