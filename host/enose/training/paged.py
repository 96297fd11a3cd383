"""More classes than the chip has bands: a page a class, each a network of its own that tells it from all the others.

The device scans a few sensors more than the chip has inputs, and every page takes its inputs from among them.

1. Every choice of inputs is scored cheaply for each class, by candidates.random_layer_score.
2. The sensors that are scanned are those whose best choices have the highest scores, summed over the classes.
3. Every choice among them is trained shortly for each page, once per inner fold; it takes the one of the lowest loss.
4. Each page is trained on its own, then all are trained together, for the answer that they give together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from enose.recordings import Recordings
from enose.training.candidates import Candidates, all_candidates, random_layer_score
from enose.training.choosing import CHUNK, JUDGES, RANDOM_NEURONS, Effort, best_start, held_out
from enose.training.circuit import Circuit, Singles, open_circuit
from enose.training.fit import Jobs, fit, scores
from enose.training.imperfections import Imperfections, draw_chips
from enose.training.network import Network, TrainingError
from enose.training.pages import REST, Pages
from enose.training.readings import SOFTNESS_OF_ONE_V, SOFTNESS_V, BandReading
from enose.training.search import TrainingSplit
from enose_contract.messages import MAX_CHANNELS
from enose_contract.pages import MAX_PAGES
from enose_hwsim.chipfile import AnyChip, MlpFile

Progress = Callable[[str, int, int], None]

ALONE = Effort(restarts=6, epochs=100)  # of each page
TOGETHER = Effort(restarts=4, epochs=1000)  # of all of them, from where they are and from about there
ABOUT = 0.1  # in weights
FOLDS, STEPS = 2, 150  # of the short trainings
LOOKED_AT = 600  # specimens, at most, that the scores are of
MISMATCH_SIGMAS = 0.0  # six gases, one fold: 98.9 % right on the nominal chip, 97.9 % trained through 0.5


class TogetherReading:
    """P pages read together: a softmax over their scores and zero, the answer of none. Classes are the pages' numbers.

    Outputs (J, S) are those of the pages in a row, one time or several.
    """

    def __init__(self, alone: BandReading, pages: int) -> None:
        """alone: how each page is read by itself, by one edge below which its class lies."""
        self.edge_v, self.softness_v, self.pages = float(alone.edges_v[0]), alone.softness_v, pages

    def of(self, output_v: Singles) -> NDArray[np.int64]:
        """The page that wins, P where none does, for every page of a row alike."""
        return np.repeat(np.argmax(self._levels(output_v), axis=1), self.pages, axis=0).astype(np.int64)

    def slope(self, output_v: Singles, wanted: NDArray[np.int64]) -> Singles:
        """By each page's output: a score falls as its output rises."""
        share = softmax(self._levels(output_v), axis=1)[:, :-1]
        right = wanted[:1] == np.arange(self.pages)[:, None]
        slope: Singles = ((right - share) / self.softness_v).reshape(output_v.shape).astype(np.float32)
        return slope

    def loss(self, output_v: Singles, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of all pages of a row together, for each of them."""
        levels = self._levels(output_v.astype(np.float64))
        own = np.take_along_axis(levels, wanted[None, :1], axis=1)[:, 0]
        return np.repeat(logsumexp(levels, axis=1) - own, self.pages, axis=0)

    def _levels(self, output_v: NDArray[np.floating]) -> NDArray[np.floating]:
        """(rows, P + 1, S): scores over the softness, and zero."""
        rows = ((self.edge_v - output_v) / self.softness_v).reshape(-1, self.pages, output_v.shape[1])
        return np.concatenate([rows, 0 * rows[:, :1]], axis=1)


def train_pages(
    recordings: Recordings,
    specimens: NDArray[np.int64],
    chip: AnyChip,
    seed: int,
    fidelity: str = "fast",
    on_progress: Progress = lambda text, done, total: None,
    *,
    alone: Effort = ALONE,
    together: Effort = TOGETHER,
    mismatch_sigmas: float = MISMATCH_SIGMAS,
) -> Pages:
    """A page for each class of the specimens with these indices. The same seed is the same pages.

    A class stands in the chip's lowest band, and all above is the rest; a network can mirror its output, so another end
    would be no other choice. Trained through the nominal chip, or through chips whose shifts are so many times
    Pelgrom's sigma, which costs accuracy on the nominal one. Raises TrainingError as `train` does, for more classes
    than an image has pages, and for a chip whose weights cannot be changed between two readings.
    """
    if chip.kind != "mlp":
        raise TrainingError(f"{chip.name}: no pages, expected weights on capacitors that are changed for every answer")
    split = TrainingSplit.of(recordings, specimens, chip, MAX_PAGES)
    count = len(split.classes)
    total = count + 3
    circuit, reading = open_circuit(chip, fidelity), rest_reading(chip, split.group_count())
    kinds = [against_rest(split, k) for k in range(count)]
    on_progress("choosing sensors", 0, total)
    channels = chosen_sensors(circuit, reading, kinds, len(recordings.sensors), np.random.default_rng([seed, 0x7C]))
    chips: Sequence[Circuit] = ()
    if fidelity != "ideal" and mismatch_sigmas:
        chips = draw_chips(chip, mismatch_sigmas, (27.0,), np.random.default_rng([seed, 0x7B]))
    imperfections = Imperfections.of(circuit, chips)
    begin = []
    for k, name in enumerate(split.classes):
        on_progress(f"page {k + 1} of {count}, {name}", k + 1, total)
        rng = np.random.default_rng([seed, 0x7D, k])
        jobs = _jobs(kinds[k], channels[k : k + 1], 1)
        begin.append(best_start(circuit, reading, jobs, rng, imperfections, alone)[0])
    on_progress("all pages together", count + 1, total)
    rng = np.random.default_rng([seed, 0x7E])
    joint = TogetherReading(reading, count)
    weights = tuned(circuit, joint, split, channels, np.array(begin), rng, imperfections, together)
    on_progress("trained", total, total)
    each = zip(channels.tolist(), weights, split.classes, strict=True)
    return Pages(split.classes, tuple(_network(recordings, split, *one, circuit, reading) for one in each))


def against_rest(split: TrainingSplit, k: int) -> TrainingSplit:
    """The same specimens as two classes, 0 for class k and 1 for the rest."""
    return replace(split, classes=(split.classes[k], REST), labels=(split.labels != k).astype(np.int64))


def rest_reading(chip: MlpFile, groups: int) -> BandReading:
    """The lowest band against everything above it."""
    softness_v = float(np.hypot(SOFTNESS_V, SOFTNESS_OF_ONE_V / np.sqrt(groups)))
    return BandReading(np.array(chip.decision.edges_v[:1]) - chip.synapse.v_ref_v, softness_v)


def chosen_sensors(
    circuit: Circuit, reading: BandReading, kinds: Sequence[TrainingSplit], sensors: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Each page's inputs, (P, I), of at most MAX_CHANNELS sensors in all."""
    every = all_candidates(sensors, circuit.inputs, [(0, 1)])
    inside = every.some(_inside(every, range(sensors)))
    if sensors > MAX_CHANNELS:
        rows = rng.uniform(-1, 1, (RANDOM_NEURONS, circuit.inputs + 1)).astype(np.float32)
        score = np.array([_ranks(circuit, _some(kind, rng), every, rows) for kind in kinds])
        unions = [_inside(every, union) for union in combinations(range(sensors), MAX_CHANNELS)]
        inside = every.some(max(unions, key=lambda union: float(score[:, union].max(axis=1).sum())))
    loss = [held_out(circuit, reading, kind, inside, FOLDS, STEPS, rng, 1)[0] for kind in kinds]
    return np.asarray(inside.channels[np.argmin(loss, axis=1)])


def _inside(every: Candidates, sensors: Iterable[int]) -> NDArray[np.int64]:
    """The choices that take all their inputs from among these sensors."""
    bits = (1 << every.channels).sum(axis=1)
    return np.asarray(np.flatnonzero(bits & ~sum(1 << sensor for sensor in sensors) == 0), dtype=np.int64)


def _some(kind: TrainingSplit, rng: np.random.Generator) -> TrainingSplit:
    """Some of the specimens, of both classes alike many where there are."""
    both = [rng.permutation(np.flatnonzero(kind.labels == label))[: LOOKED_AT // 2] for label in (0, 1)]
    chosen = np.sort(np.concatenate(both))
    return replace(
        kind,
        labels=kind.labels[chosen],
        groups=kind.groups[chosen],
        exposure_ohm=kind.exposure_ohm[chosen],
        baseline_ohm=None if kind.baseline_ohm is None else kind.baseline_ohm[chosen],
    )


def _ranks(circuit: Circuit, kind: TrainingSplit, every: Candidates, rows: Singles) -> NDArray[np.float64]:
    found = []
    for at in range(0, len(every), CHUNK):
        some = every.some(np.arange(at, min(at + CHUNK, len(every))))
        found.append(random_layer_score(circuit, kind.inputs_v(some), some.band_of_class[:, kind.labels], rows))
    return np.concatenate(found)


def _jobs(split: TrainingSplit, channels: NDArray[np.int64], starts: int) -> Jobs:
    """Trainings of one page, or of all pages together, on all specimens; so many times."""
    pages = Candidates(channels, np.zeros((len(channels), 1), dtype=np.int64), np.zeros(len(channels))).times(starts)
    used = np.ones((1, len(split.labels)), dtype=np.bool_)
    return Jobs(
        split.inputs_v(pages), split.labels[None], used, pages.shrink, split.group_count(), together=len(channels)
    )


def tuned(
    circuit: Circuit,
    reading: TogetherReading,
    split: TrainingSplit,
    channels: NDArray[np.int64],
    begin: Singles,
    rng: np.random.Generator,
    imperfections: Imperfections,
    effort: Effort,
) -> Singles:
    """The pages' weights (P, W), trained on from `begin` for the answer that all of them give together."""
    count, starts = len(begin), effort.restarts
    jobs = _jobs(split, channels, starts)
    about = np.tile(begin, (starts, 1))
    about[count:] += np.float32(ABOUT) * rng.standard_normal(about[count:].shape, dtype=np.float32)
    weights = fit(circuit, reading, jobs, circuit.within(about), effort.steps(len(split.labels)), rng, imperfections)
    judges = imperfections.chips[:: max(1, len(imperfections.chips) // JUDGES)] or (circuit,)
    judged = np.mean([scores(judge, reading, jobs, weights, jobs.used)[0] for judge in judges], axis=0)
    best = int(np.argmin(judged[::count]))  # the pages of one start have one loss
    return weights[best * count : (best + 1) * count]


def _network(
    recordings: Recordings,
    split: TrainingSplit,
    channels: list[int],
    weights: Singles,
    name: str,
    circuit: Circuit,
    reading: BandReading,
) -> Network:
    """One page; its accuracy is that of its class against the rest, on its own training split."""
    constants = split.constants.of(channels)
    kind = against_rest(split, split.classes.index(name))
    jobs = _jobs(kind, np.array([channels]), 1)
    loss, share = scores(circuit, reading, jobs, weights[None], jobs.used)
    return Network(
        sensors=tuple(recordings.sensors[c] for c in channels),
        channels=tuple(channels),
        class_order=(name, REST),
        weights=tuple(float(w) for w in weights),
        normalisation=recordings.normalisation,
        low_ohm=constants.low_ohm,
        high_ohm=constants.high_ohm,
        inner_accuracy=float(share[0]),
        inner_loss=float(loss[0]),
        train_accuracy=float(share[0]),
    )
