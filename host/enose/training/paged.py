"""More classes than the chip has bands: a page a class, each a network of its own that tells it from all the others.

The device scans a few sensors more than the chip has inputs, and every page takes its inputs from among them. So the
sensors are chosen for all pages together first: those whose best choice for each class is the best, summed over the
classes, by the cheap score of candidates.random_layer_score. Then each page chooses among them on its own.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from enose.recordings import Recordings
from enose.training.candidates import Candidates, all_candidates, random_layer_score
from enose.training.choosing import CHUNK, RANDOM_NEURONS, Chosen, Effort, choose
from enose.training.circuit import Circuit, open_circuit
from enose.training.imperfections import Imperfections, draw_chips
from enose.training.network import Network, TrainingError
from enose.training.readings import SOFTNESS_OF_ONE_V, SOFTNESS_V, BandReading
from enose.training.search import MISMATCH_SIGMAS, TrainingSplit
from enose_contract.messages import MAX_CHANNELS
from enose_contract.pages import MAX_PAGES
from enose_hwsim.chipfile import AnyChip, MlpFile

Progress = Callable[[str, int, int], None]

EFFORT = Effort(restarts=8, epochs=150)  # of each page
LOOKED_AT = 600  # specimens, at most, that the sensors are chosen by
REST = ""  # the other classes, in a page's class_order


@dataclass(frozen=True)
class Pages:
    """A network for each class, whose class_order has the class at one end and REST at the other bands."""

    classes: tuple[str, ...]
    networks: tuple[Network, ...]

    @property
    def channels(self) -> tuple[int, ...]:
        """The sensors of all pages, each once, in rising order."""
        return tuple(sorted({channel for network in self.networks for channel in network.channels}))


def train_pages(
    recordings: Recordings,
    specimens: NDArray[np.int64],
    chip: AnyChip,
    seed: int,
    fidelity: str = "fast",
    on_progress: Progress = lambda text, done, total: None,
    *,
    effort: Effort = EFFORT,
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
    total = len(split.classes) + 1
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
    networks = []
    for k, name in enumerate(split.classes):
        on_progress(f"page {k + 1} of {len(split.classes)}, {name}", k + 1, total)
        rng = np.random.default_rng([seed, 0x7D, k])
        chosen = choose(circuit, reading, kinds[k], candidates, rng, imperfections, effort)
        networks.append(_network(recordings, split, chosen, name))
    on_progress("trained", total, total)
    return Pages(split.classes, tuple(networks))


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


def _network(recordings: Recordings, split: TrainingSplit, chosen: Chosen, name: str) -> Network:
    constants = split.constants.of(chosen.channels)
    return Network(
        sensors=tuple(recordings.sensors[c] for c in chosen.channels),
        channels=chosen.channels,
        class_order=(name, REST),
        weights=tuple(float(w) for w in chosen.weights),
        normalisation=recordings.normalisation,
        low_ohm=constants.low_ohm,
        high_ohm=constants.high_ohm,
        inner_accuracy=chosen.inner_accuracy,
        inner_loss=chosen.inner_loss,
        train_accuracy=chosen.train_accuracy,
    )
