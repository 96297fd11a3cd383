"""More classes than the chip has bands: a page a class, each a network of its own that tells it from all the others.

The device scans a few sensors more than the chip has inputs, and every page takes its inputs from among them. So the
sensors are chosen for all pages together first: those whose best choice for each class is the best, summed over the
classes, by the cheap score of candidates.random_layer_score. Then each page chooses among them on its own and is
trained on its own; in the end all are trained together, for the answer that they give together.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from enose.recordings import Recordings
from enose.training.candidates import Candidates, all_candidates, random_layer_score
from enose.training.choosing import CHUNK, JUDGES, RANDOM_NEURONS, Chosen, Effort, choose
from enose.training.circuit import Circuit, Singles, open_circuit
from enose.training.fit import Jobs, fit, scores
from enose.training.imperfections import Imperfections, draw_chips
from enose.training.network import Network, TrainingError
from enose.training.pages import REST, Pages
from enose.training.readings import SOFTNESS_OF_ONE_V, SOFTNESS_V, BandReading
from enose.training.search import MISMATCH_SIGMAS, TrainingSplit
from enose_contract.messages import MAX_CHANNELS
from enose_contract.pages import MAX_PAGES
from enose_hwsim.chipfile import AnyChip, MlpFile

Progress = Callable[[str, int, int], None]

EFFORT = Effort(restarts=6, epochs=80)  # of each page
TOGETHER = Effort(restarts=4, epochs=600)  # of all of them, from where they are and from about there
ABOUT = 0.1  # in weights
LOOKED_AT = 600  # specimens, at most, that the sensors are chosen by


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
    effort: Effort = EFFORT,
    together: Effort = TOGETHER,
) -> Pages:
    """A page for each class of the specimens with these indices. The same seed is the same pages.

    A class stands in the chip's lowest band, and all above is the rest; a network can mirror its output, so another end
    would be no other choice. The specimens of a class are repeated until they weigh as much as all others. Trained as
    `train` does, in the end through mismatched chips. Raises TrainingError as `train` does, for more classes than an
    image has pages, and for a chip whose weights cannot be changed between two readings.
    """
    if chip.kind != "mlp":
        raise TrainingError(
            f"{chip.name}: expected weights on capacitors, for pages are programmed anew with every answer"
        )
    split = TrainingSplit.of(recordings, specimens, chip, MAX_PAGES)
    total = len(split.classes) + 2
    on_progress("choosing sensors", 0, total)
    circuit = open_circuit(chip, fidelity)
    kinds = [against_rest(split, k) for k in range(len(split.classes))]
    sensors = shared_sensors(circuit, kinds, len(recordings.sensors), np.random.default_rng([seed, 0x7C]))
    inside = all_candidates(len(sensors), chip.topology.inputs, [(0, 1)])
    candidates = Candidates(np.array(sensors)[inside.channels], inside.band_of_class, inside.shrink)
    chips: Sequence[Circuit] = ()
    if fidelity != "ideal":
        chips = draw_chips(chip, MISMATCH_SIGMAS, (27.0,), np.random.default_rng([seed, 0x7B]))
    imperfections = Imperfections.of(circuit, chips)
    reading = rest_reading(chip, split.group_count())
    found = []
    for k, name in enumerate(split.classes):
        on_progress(f"page {k + 1} of {len(split.classes)}, {name}", k + 1, total)
        rng = np.random.default_rng([seed, 0x7D, k])
        chosen = choose(circuit, reading, kinds[k], candidates, rng, imperfections, effort)
        found.append(chosen)
    on_progress("all pages together", total - 1, total)
    rng = np.random.default_rng([seed, 0x7E])
    weights = tuned(circuit, TogetherReading(reading, len(found)), split, found, rng, imperfections, together)
    on_progress("trained", total, total)
    networks = [_network(recordings, split, *each) for each in zip(found, weights, split.classes, strict=True)]
    return Pages(split.classes, tuple(networks))


def tuned(
    circuit: Circuit,
    reading: TogetherReading,
    split: TrainingSplit,
    pages: Sequence[Chosen],
    rng: np.random.Generator,
    imperfections: Imperfections,
    effort: Effort,
) -> Singles:
    """The pages' weights (P, W), trained on for the answer that all of them give together."""
    count, starts = len(pages), effort.restarts
    channels = np.array([page.channels for page in pages])
    all_pages = Candidates(channels, np.zeros((count, 1), dtype=np.int64), np.zeros(count)).times(starts)
    used = np.ones((1, len(split.labels)), dtype=np.bool_)
    inputs_v, groups = split.inputs_v(all_pages), split.group_count()
    jobs = Jobs(inputs_v, split.labels[None], used, all_pages.shrink, groups, together=count)
    begin = np.tile(np.array([page.weights for page in pages], dtype=np.float32), (starts, 1))
    begin[count:] += np.float32(ABOUT) * rng.standard_normal(begin[count:].shape, dtype=np.float32)
    weights = fit(
        circuit, reading, jobs, circuit.within(begin), effort.steps(len(split.labels)), rng, imperfections
    )
    judges = imperfections.chips[:: max(1, len(imperfections.chips) // JUDGES)] or (circuit,)
    judged = np.mean([scores(judge, reading, jobs, weights, used)[0] for judge in judges], axis=0)
    best = int(np.argmin(judged[::count]))  # the pages of one start have one loss
    return weights[best * count : (best + 1) * count]


def against_rest(split: TrainingSplit, k: int) -> TrainingSplit:
    """The same specimens as two classes, 0 for class k and 1 for the rest, those of the rarer one repeated."""
    labels = (split.labels != k).astype(np.int64)
    own, rest = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    few, many = sorted((own, rest), key=len)
    repeated = np.sort(np.concatenate([many, np.resize(few, len(many))]))
    return replace(
        split,
        classes=(split.classes[k], REST),
        labels=labels[repeated],
        groups=split.groups[repeated],
        exposure_ohm=split.exposure_ohm[repeated],
        baseline_ohm=None if split.baseline_ohm is None else split.baseline_ohm[repeated],
    )


def rest_reading(chip: MlpFile, groups: int) -> BandReading:
    """The lowest band against everything above it."""
    softness_v = float(np.hypot(SOFTNESS_V, SOFTNESS_OF_ONE_V / np.sqrt(groups)))
    return BandReading(np.array(chip.decision.edges_v[:1]) - chip.synapse.v_ref_v, softness_v)


def shared_sensors(
    circuit: Circuit, kinds: Sequence[TrainingSplit], sensors: int, rng: np.random.Generator
) -> tuple[int, ...]:
    """The sensors, at most MAX_CHANNELS, among which the pages choose their inputs."""
    if sensors <= MAX_CHANNELS:
        return tuple(range(sensors))
    every = all_candidates(sensors, circuit.inputs, [(0, 1)])
    rows = rng.uniform(-1, 1, (RANDOM_NEURONS, circuit.inputs + 1)).astype(np.float32)
    score = np.array([_scores(circuit, _some(kind, rng), every, rows) for kind in kinds])
    number = {tuple(channels): i for i, channels in enumerate(every.channels.tolist())}
    best: tuple[float, tuple[int, ...]] = (-1.0, ())
    for chosen in combinations(range(sensors), MAX_CHANNELS):
        inside = [number[four] for four in combinations(chosen, circuit.inputs)]
        best = max(best, (float(score[:, inside].max(axis=1).sum()), chosen))
    return best[1]


def _some(kind: TrainingSplit, rng: np.random.Generator) -> TrainingSplit:
    chosen = np.sort(rng.permutation(len(kind.labels))[:LOOKED_AT])
    return replace(
        kind,
        labels=kind.labels[chosen],
        groups=kind.groups[chosen],
        exposure_ohm=kind.exposure_ohm[chosen],
        baseline_ohm=None if kind.baseline_ohm is None else kind.baseline_ohm[chosen],
    )


def _scores(
    circuit: Circuit, kind: TrainingSplit, every: Candidates, rows: NDArray[np.float32]
) -> NDArray[np.float64]:
    found = []
    for at in range(0, len(every), CHUNK):
        some = every.some(np.arange(at, min(at + CHUNK, len(every))))
        found.append(random_layer_score(circuit, kind.inputs_v(some), some.band_of_class[:, kind.labels], rows))
    return np.concatenate(found)


def _network(recordings: Recordings, split: TrainingSplit, chosen: Chosen, weights: Singles, name: str) -> Network:
    constants = split.constants.of(chosen.channels)
    return Network(
        sensors=tuple(recordings.sensors[c] for c in chosen.channels),
        channels=chosen.channels,
        class_order=(name, REST),
        weights=tuple(float(w) for w in weights),
        normalisation=recordings.normalisation,
        low_ohm=constants.low_ohm,
        high_ohm=constants.high_ohm,
        inner_accuracy=chosen.inner_accuracy,
        inner_loss=chosen.inner_loss,
        train_accuracy=chosen.train_accuracy,
    )
