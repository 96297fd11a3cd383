"""From labelled inputs to one network: which inputs, which order of the classes, which weights.

1. Every candidate (some of the inputs, an order of the classes) is ranked cheaply; the best RANKED of them are kept.
2. These are trained shortly with each amount of SHRINK, once per inner fold; the best SECOND by held-out loss are kept.
   Of few groups the folds are drawn several times, here and in the next step: of one draw the luckiest would win.
3. These are trained longer in the same way, with folds drawn anew, and the best one is taken.
4. It is trained on everything from many starts, through mismatched chips too; the lowest loss gives the weights.
Inner folds keep the specimens of one group together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from enose.training.candidates import Candidates, random_layer_score
from enose.training.circuit import Circuit, Singles
from enose.training.fit import BATCH, Jobs, fit, scores, start
from enose.training.imperfections import Imperfections
from enose.training.readings import Reading

Progress = Callable[[int, int, str], None]

RANKED, RANDOM_NEURONS, CHUNK = 120, 16, 64  # the chunk bounds memory
SHRINK = (0.0, 0.03, 0.1)  # small sets need it, large ones do not
FIRST_FOLDS, FIRST_STEPS = 2, 80
SECOND, SECOND_FOLDS, SECOND_STEPS = 24, 5, 250
JUDGES = 16  # of the mismatched chips say which start has come best out of its training
LEAST_STEPS = 1000  # of 700 epochs: a small set makes few batches
FEW_GROUPS = 200  # so few that the folds' draw says as much as the candidate: see docs/training.md, home activity
STAGES = 4
LOOKS = 20  # at the loss during the last training


@dataclass(frozen=True)
class Effort:
    """How much work it is worth.

    The chosen network is trained from so many starts, each over so many epochs. Where there are few groups, candidates
    are judged over so many draws of the inner folds.
    """

    restarts: int = 12
    epochs: int = 700
    draws: int = 3

    def steps(self, specimens: int) -> int:
        """The steps of each start."""
        return max(LEAST_STEPS * self.epochs // 700, self.epochs * max(1, specimens // BATCH))

    def draws_of(self, groups: int) -> int:
        """The draws of inner folds for specimens of so many groups."""
        return self.draws if groups <= FEW_GROUPS else 1


@dataclass(frozen=True)
class Learning:
    """How far the last training is: the lowest loss of its starts, and that one's share of specimens named rightly."""

    step: int
    steps: int
    loss: float
    accuracy: float


class Specimens(Protocol):
    """What is learnt from: S specimens."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """(S,) 0 up to the number of classes."""
        ...

    @property
    def groups(self) -> NDArray[np.int64]:
        """(S,) 0 up to the number of groups; those of one group are not independent."""
        ...

    def inputs_v(self, candidates: Candidates) -> NDArray[np.float64]:
        """Each candidate's inputs in volts, (K, S, I)."""
        ...


@dataclass(frozen=True)
class Chosen:
    """One candidate with its weights (W,), and how it did."""

    channels: tuple[int, ...]
    band_of_class: tuple[int, ...]
    weights: Singles
    inner_accuracy: float  # in the inner cross-validation that chose it
    inner_loss: float
    train_accuracy: float
    train_loss: float


def choose(
    circuit: Circuit,
    reading: Reading,
    specimens: Specimens,
    candidates: Candidates,
    rng: np.random.Generator,
    imperfections: Imperfections,
    effort: Effort,
    on_progress: Progress = lambda done, total, text: None,
    on_learning: Callable[[Learning], None] = lambda now: None,
) -> Chosen:
    """The best candidate, trained.

    on_progress(done, total, text) is called before each step, at the end, and with the loss during the last step;
    on_learning during that one alone, as figures.
    """
    on_progress(0, STAGES, f"ranking {len(candidates)} choices of sensors and order")
    if len(candidates) > RANKED:
        ranks = _ranks(circuit, specimens, candidates, rng)
        candidates = candidates.some(np.argsort(-ranks, kind="stable")[:RANKED])
    on_progress(1, STAGES, f"training {len(candidates)} of them shortly")
    candidates = candidates.shrunk(SHRINK)
    draws = effort.draws_of(_group_count(specimens))
    loss, _ = held_out(circuit, reading, specimens, candidates, FIRST_FOLDS, FIRST_STEPS, rng, draws)
    candidates = candidates.some(np.argsort(loss, kind="stable")[:SECOND])
    on_progress(2, STAGES, f"training {len(candidates)} of them longer")
    loss, accuracy = held_out(circuit, reading, specimens, candidates, SECOND_FOLDS, SECOND_STEPS, rng, draws)
    best = int(np.argmin(loss))
    text = f"training one from {effort.restarts} starts"
    on_progress(3, STAGES, text)

    def on_look(now: Learning) -> None:
        on_learning(now)
        on_progress(3, STAGES, f"{text}, step {now.step} of {now.steps}: loss {now.loss:.4f}")

    weights, train_loss, train_accuracy = best_start(
        circuit,
        reading,
        _jobs(specimens, candidates.some(np.array([best]))),
        rng,
        imperfections,
        effort,
        on_look,
    )
    on_progress(4, STAGES, "trained")
    return Chosen(
        tuple(candidates.channels[best].tolist()),
        tuple(candidates.band_of_class[best].tolist()),
        weights,
        float(accuracy[best]),
        float(loss[best]),
        train_accuracy,
        train_loss,
    )


def best_start(
    circuit: Circuit,
    reading: Reading,
    jobs: Jobs,
    rng: np.random.Generator,
    imperfections: Imperfections,
    effort: Effort,
    on_look: Callable[[Learning], None] = lambda now: None,
) -> tuple[Singles, float, float]:
    """(weights, loss, accuracy) of the best of many starts of one job, its arrays of one row; (W,) weights.

    The best is that of the lowest loss over some of the mismatched chips, where there are any; loss and accuracy are
    those through `circuit`. on_look is called LOOKS times on the way.
    """
    steps = effort.steps(jobs.used.shape[1])
    look = max(1, steps // LOOKS)

    def on_step(step: int, weights: Singles) -> None:
        if step % look == 0:
            loss, accuracy = scores(circuit, reading, jobs, weights, jobs.used)
            lowest = int(np.argmin(loss))
            on_look(Learning(step, steps, float(loss[lowest]), float(accuracy[lowest])))

    begin = start(circuit, effort.restarts, rng)
    weights = fit(circuit, reading, jobs, begin, steps, rng, imperfections, on_step)
    judges = imperfections.chips[:: max(1, len(imperfections.chips) // JUDGES)] or (circuit,)
    judged = np.mean([scores(judge, reading, jobs, weights, jobs.used)[0] for judge in judges], axis=0)
    best = int(np.argmin(judged))
    loss, accuracy = scores(circuit, reading, jobs, weights[best : best + 1], jobs.used)
    return weights[best], float(loss[0]), float(accuracy[0])


def _jobs(specimens: Specimens, candidate: Candidates) -> Jobs:
    used = np.ones((1, len(specimens.labels)), dtype=np.bool_)
    bands = candidate.band_of_class[:, specimens.labels]
    return Jobs(specimens.inputs_v(candidate), bands, used, candidate.shrink, _group_count(specimens))


def _group_count(specimens: Specimens) -> int:
    return int(specimens.groups.max()) + 1


def _folds(specimens: Specimens, folds: int, rng: np.random.Generator) -> list[NDArray[np.bool_]]:
    """Masks of the specimens held out, groups kept together; no more folds than the rarest class has groups."""
    labels, groups = specimens.labels, specimens.groups
    own_groups = [np.unique(groups[labels == k]) for k in range(int(labels.max()) + 1)]
    folds = min(folds, *(len(own) for own in own_groups))
    fold_of_group = np.zeros(_group_count(specimens), dtype=np.int64)
    for own in own_groups:
        fold_of_group[rng.permutation(own)] = (np.arange(len(own)) + rng.integers(folds)) % folds
    return [fold_of_group[groups] == f for f in range(folds)]


def _ranks(
    circuit: Circuit, specimens: Specimens, candidates: Candidates, rng: np.random.Generator
) -> NDArray[np.float64]:
    rows = rng.uniform(-1, 1, (RANDOM_NEURONS, circuit.inputs + 1)).astype(np.float32)
    ranks = []
    for at in range(0, len(candidates), CHUNK):
        some = candidates.some(np.arange(at, min(at + CHUNK, len(candidates))))
        bands = some.band_of_class[:, specimens.labels]
        ranks.append(random_layer_score(circuit, specimens.inputs_v(some), bands, rows))
    return np.concatenate(ranks)


def held_out(
    circuit: Circuit,
    reading: Reading,
    specimens: Specimens,
    candidates: Candidates,
    folds: int,
    steps: int,
    rng: np.random.Generator,
    draws: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(loss, accuracy) of every candidate, (K,), over the specimens that each fold held out; means of so many draws."""
    every = [_held_out_once(circuit, reading, specimens, candidates, folds, steps, rng) for _ in range(draws)]
    loss, accuracy = np.mean(every, axis=0)
    return loss, accuracy


def _held_out_once(
    circuit: Circuit,
    reading: Reading,
    specimens: Specimens,
    candidates: Candidates,
    folds: int,
    steps: int,
    rng: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    held_out = _folds(specimens, folds, rng)
    count = len(candidates)
    mask = np.repeat(held_out, count, axis=0)
    every = candidates.times(len(held_out))
    bands = every.band_of_class[:, specimens.labels]
    jobs = Jobs(specimens.inputs_v(every), bands, ~mask, every.shrink, _group_count(specimens))
    weights = fit(circuit, reading, jobs, start(circuit, len(mask), rng), steps, rng)
    loss, accuracy = scores(circuit, reading, jobs, weights, mask)
    share = mask.mean(axis=1)
    return (loss * share).reshape(-1, count).sum(axis=0), (accuracy * share).reshape(-1, count).sum(axis=0)
