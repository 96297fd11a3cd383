"""From recordings to lessons: which sensors, which teacher's level for a class, which image to begin with."""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.accuracy import constants_of
from enose.demo.plan import make_plan
from enose.features import NO_SAMPLE_UV, device_ohm, input_uv
from enose.image import build_image
from enose.link.learning import Lesson
from enose.recordings import Recordings, split
from enose.recordings.split import Split
from enose.training import Effort, Network, train
from enose.training.network import TrainingError
from enose_contract import lesson
from enose_contract.image import Image
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import MlpFile

CHOOSING = Effort(restarts=1, epochs=1)  # sensors and order come before the last training, whose weights go unused
START_SPREAD_V = 0.12  # of random weights about weight zero, as `enose reproduce mlp` begins
ONE_EDGE_STEP_V = 0.04  # between two teachers where a single edge does not say


@dataclass(frozen=True)
class Prepared:
    """What a session begins with. `network` chose sensors and the order of the classes; its weights are not used."""

    split: Split
    network: Network
    lessons: tuple[Lesson, ...]
    image: Image  # of random weights


def teachers_v(chip: MlpFile) -> list[float]:
    """A teacher's level for each band, the lowest first: the middles, and as far beyond the outer edges."""
    edges_v = chip.decision.edges_v
    step_v = (edges_v[-1] - edges_v[0]) / (len(edges_v) - 1) if len(edges_v) > 1 else ONE_EDGE_STEP_V
    return [edges_v[0] + (k - 0.5) * step_v for k in range(chip.answers)]


def prepare(recordings: Recordings, board: BoardFile, chip: MlpFile, seed: int) -> Prepared:
    """Half or more of the specimens as lessons, at most as many as a session takes; weights at random from the seed.

    Raises RecordingsError and TrainingError where there are too few, or none with an odour.
    """
    plan = make_plan(recordings, seed)
    chosen = plan.splits[0]
    network = train(recordings, chosen.train, chip, seed, effort=CHOOSING, mismatch_sigmas=0.0)
    few = _as_many_of_each(recordings, chosen.train, lesson.MAX_LESSONS, seed)
    levels_v = teachers_v(chip)
    given = []
    for i, volts in zip(few.tolist(), inputs_v(recordings, few, network), strict=True):
        if np.isfinite(volts).all():
            band = network.class_order.index(recordings.specimens[i].label)
            given.append(Lesson(tuple(volts.tolist()), levels_v[band]))
    if not given:
        raise TrainingError(f"{recordings.title}: no specimen of the training split changes any of the chosen sensors")
    return Prepared(chosen, network, tuple(given), _first_image(network, recordings, board, chip, chosen, seed))


def inputs_v(recordings: Recordings, indices: NDArray[np.int64], network: Network) -> NDArray[np.float64]:
    """The chip's inputs (N, I) as the device finds them; NaN where there is no odour."""
    specimens = [recordings.specimens[i] for i in indices.tolist()]
    ohm = device_ohm(specimens, recordings.average, recordings.load_ohm)
    constants = constants_of(network, len(recordings.sensors))
    inputs_uv = input_uv(*ohm, network.channels, recordings.normalisation, constants)
    return np.where(inputs_uv == NO_SAMPLE_UV, np.nan, inputs_uv * 1e-6)


def _as_many_of_each(recordings: Recordings, indices: NDArray[np.int64], most: int, seed: int) -> NDArray[np.int64]:
    """All of them, or `most` at random with the classes as even as can be."""
    if len(indices) <= most:
        return indices
    rng = np.random.default_rng([seed, 0x1E])
    labels = recordings.labels()[indices]
    ranks = np.empty(len(indices), dtype=np.int64)
    for k in np.unique(labels):
        members = np.flatnonzero(labels == k)
        ranks[members] = rng.permutation(len(members))
    return np.sort(indices[np.argsort(ranks, kind="stable")[:most]])


def _first_image(
    network: Network, recordings: Recordings, board: BoardFile, chip: MlpFile, chosen: split.Split, seed: int
) -> Image:
    image = build_image(network, recordings, board, chip, chosen.train.tolist())
    rng = np.random.default_rng([seed, 0x57A7])
    zero_v = chip.synapse.weight_zero_v
    weights_v = rng.uniform(zero_v - START_SPREAD_V, zero_v + START_SPREAD_V, chip.topology.weights)
    image.weights = np.rint(weights_v * 1e6).astype(int).tolist()
    image.model = hashlib.sha256(repr((image.weights, seed)).encode()).digest()[:8]
    return image
