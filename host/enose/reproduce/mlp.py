"""`enose reproduce mlp`: paper 003's fruit odours, learnt by the chip's own circuits and told apart by the same chip.

K.-T. Tang et al., Sensors 13 (2013) 193-207, section 3. Every seed is a chip with its own mismatch, an array of sensors
and 24 specimens of its own. All figures are of simulations: trainings by the fast twin of the learning cells, which is
set beside ngspice here: for a training's first samples beside a full transient, for the test beside the chip at rest.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from enose.reproduce.odours import CLASSES, OdourSets, odour_sets
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.learning.agreement import Agreement, compared
from enose_hwsim.chips.learning.selection import after_sequence, margin_v
from enose_hwsim.chips.learning.shifts import LearningShifts
from enose_hwsim.chips.learning.spice import SpiceLearningChip
from enose_hwsim.chips.learning.training import History, Rules, learn
from enose_hwsim.chips.learning.transient import TransientLearningChip
from enose_hwsim.chips.learning.twin import LearningTwin

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

TEACHERS_V = {"banana": 0.94, "lemon": 0.90, "lychee": 0.86}  # in the middles of the bands, about
HALF_BAND_V = 0.02
SEQUENCE = ("banana", "lemon", "lychee")
TEMPERATURE_C = 27.0
EPOCHS = 240  # of 12 samples: 115 s on the chip
PLAIN_EPOCHS = 40
STARTS = 4  # trainings of one chip, from weights of their own; the margin chooses among all
START_SPREAD_V = 0.12  # about weight zero
FROM_EPOCH = 0.5  # before so much of a training no weights are considered
BLOCK = 20  # chips at a time: their arrays stay in the cache
CHECKED = 12  # samples


@dataclass(frozen=True)
class Result:
    """C seeds; `right` of 12 test specimens."""

    odours: OdourSets
    output_v: Floats  # (C, 12) of the test specimens
    right: Ints  # (C,)
    train_right: Ints  # (C,)
    right_after_sequence: Ints  # (C,) one training, the paper's rule for its weights
    right_plain: Ints  # (C,) the paper's training: 20 us throughout, no trim
    checked: "Checked"


class Checked(NamedTuple):
    """The first seed: its chosen training, and its chip in ngspice."""

    history: History
    learning: Agreement  # of CHECKED samples of training with ngspice's full transient
    twin_output_error_v: float  # largest difference to ngspice at the test's outputs
    power_mw: float  # ngspice, learning cells at work, mean over the test


def reproduce(
    chip: MlpFile, seeds: int, seed: int, on_progress: Callable[[str, int, int], None] = lambda text, done, total: None
) -> Result:
    """Train and test `seeds` chips, the first with `seed`; on_progress is told of work (text, done, total).

    Raises ValueError for fewer than one; SpiceError.
    """
    if seeds < 1:
        raise ValueError(f"{seeds} seeds, expected at least 1")
    counts_of = {seed + begin: min(BLOCK, seeds - begin) for begin in range(0, seeds, BLOCK)}
    if len(counts_of) == 1:
        blocks = [_block(chip, seeds, seed, True, _epochs_told(on_progress))]
    else:  # a block knows nothing of the others: one process each, as many as the machine has processors
        blocks = []
        run = Parallel(n_jobs=-1, return_as="generator")
        on_progress("odours, cells in ngspice, trainings", 0, len(counts_of))
        for block in run(delayed(_block)(chip, count, first, first == seed) for first, count in counts_of.items()):
            blocks.append(block)
            on_progress("odours, cells in ngspice, trainings", len(blocks), len(counts_of))
    odours = [block[0] for block in blocks]
    together = OdourSets(*(np.concatenate(parts) for parts in zip(*(vars(o).values() for o in odours), strict=True)))
    output_v, *counts = (np.concatenate(parts) for parts in zip(*(block[1] for block in blocks), strict=True))
    right, train_right, after, plain = counts
    checked = blocks[0][2]
    assert checked is not None  # of the first seed's block
    return Result(together, output_v, right, train_right, after, plain, checked)


def _epochs_told(on_progress: Callable[[str, int, int], None]) -> Callable[[], None]:
    """What a training calls after each epoch."""
    epochs = count(1)
    return lambda: on_progress("training", next(epochs), EPOCHS + PLAIN_EPOCHS)


def answers(chip: MlpFile, output_v: Floats) -> Ints:
    """The classes, as indices of CLASSES, that outputs stand for."""
    low_v, high_v = chip.decision.edges_v
    return np.where(output_v > high_v, 0, np.where(output_v < low_v, 2, 1))


def _block(
    chip: MlpFile, chips: int, seed: int, checked: bool, on_epoch: Callable[[], None] = lambda: None
) -> tuple[OdourSets, tuple[Floats, Ints, Ints, Ints, Ints], Checked | None]:
    """Train and test some chips; what they came to, and, if wanted, the first of them checked in ngspice."""
    odours = odour_sets(chips, seed)
    rng = np.random.default_rng([seed, 0x441])
    shifts, learning = Shifts.draw(chip.topology, chips, rng), LearningShifts.draw(chip.topology, chips, rng)
    twin = LearningTwin(chip, shifts, learning, TEMPERATURE_C)
    leak_v_per_s = chip.leak_v_per_s(TEMPERATURE_C)
    levels_v = np.array([TEACHERS_V[name] for name in CLASSES])
    right = _judge(chip, twin, odours)

    starts = twin.repeated(STARTS)
    each = np.repeat(np.arange(chips), STARTS)
    inputs_v, teacher_v = odours.train_v[each], levels_v[odours.train[each]]
    order = _orders(rng, len(each), EPOCHS, inputs_v.shape[1])
    zero_v = chip.synapse.weight_zero_v
    first_v = rng.uniform(zero_v - START_SPREAD_V, zero_v + START_SPREAD_V, (len(each), chip.topology.weights))
    history = learn(chip, starts, inputs_v, teacher_v, order, first_v, Rules(), leak_v_per_s, on_epoch)
    best_v, margins_v = _deepest(starts, inputs_v, teacher_v, history)
    chosen = margins_v.reshape(chips, STARTS).argmax(axis=1) + STARTS * np.arange(chips)

    sequence = tuple(CLASSES.index(name) for name in SEQUENCE)
    one = STARTS * np.arange(chips)  # the first training of each chip
    after_v = _after_sequence(history, one, odours, order, sequence)
    plain_order = order[one, :PLAIN_EPOCHS]
    plain = learn(
        chip,
        twin,
        odours.train_v,
        levels_v[odours.train],
        plain_order,
        first_v[one],
        Rules.paper(),
        leak_v_per_s,
        on_epoch,
    )
    plain_v = _after_sequence(plain, np.arange(chips), odours, plain_order, sequence)

    output_v = twin.state(odours.test_v, best_v[chosen]).answer_v
    in_training = answers(chip, twin.state(odours.train_v, best_v[chosen]).answer_v) == odours.train
    arrays = (output_v, right(best_v[chosen]), in_training.sum(axis=1), right(after_v), right(plain_v))

    def check() -> Checked:
        c = int(chosen[0])
        shown = History(history.output_v[:, c], history.teacher_v[:, c], history.weights_v[:, c], history.pulse_s)
        whole = TransientLearningChip(chip, TEMPERATURE_C, shifts.chip(0), learning.chip(0))
        few = order[:1, :1, :CHECKED]
        slow = learn(chip, whole, inputs_v[:1], teacher_v[:1], few, first_v[:1], Rules(), leak_v_per_s)
        fast = History(*(of_samples[:CHECKED] for of_samples in history))
        alone = fast._replace(output_v=fast.output_v[:, :1], weights_v=fast.weights_v[:, :1])
        spice = SpiceLearningChip(chip, TEMPERATURE_C, shifts.chip(0), learning.chip(0))
        tested = [spice.answer(v, zero_v, best_v[chosen[0]]) for v in odours.test_v[0]]
        output_error_v = float(np.abs(np.array([answer.output_v for answer in tested]) - output_v[0]).max())
        power_mw = float(np.mean([answer.power_mw for answer in tested]))
        return Checked(shown, compared(alone, slow, first_v[:1]), output_error_v, power_mw)

    return odours, arrays, check() if checked else None


def _orders(rng: np.random.Generator, chips: int, epochs: int, samples: int) -> NDArray[np.intp]:
    """Every sample once an epoch, in a random order, (chips, epochs, samples)."""
    every = np.broadcast_to(np.arange(samples), (chips, epochs, samples))
    return np.asarray(rng.permuted(every, axis=-1), dtype=np.intp)


def _judge(chip: MlpFile, twin: LearningTwin, odours: OdourSets) -> Callable[[Floats], Ints]:
    """How many test specimens of its set each chip gets right with weights (C, W)."""

    def right(weights_v: Floats) -> Ints:
        return np.asarray((answers(chip, twin.state(odours.test_v, weights_v).answer_v) == odours.test).sum(axis=1))

    return right


def _deepest(twin: LearningTwin, inputs_v: Floats, teacher_v: Floats, history: History) -> tuple[Floats, Floats]:
    """Of each training's weights at the ends of epochs those with the largest margin, (C, W), and the margins (C,)."""
    samples = inputs_v.shape[1]
    ends = np.arange(samples - 1, len(history.weights_v), samples)
    best_v = history.weights_v[ends[-1]].copy()
    margins_v = np.full(len(best_v), -np.inf)
    for end in ends[int(FROM_EPOCH * len(ends)) :]:
        weights_v = history.weights_v[end]
        margin = margin_v(twin.state(inputs_v, weights_v).answer_v, teacher_v, HALF_BAND_V)
        better = margin > margins_v
        best_v[better], margins_v[better] = weights_v[better], margin[better]
    return best_v, margins_v


def _after_sequence(
    history: History, lanes: NDArray[np.intp], odours: OdourSets, order: NDArray[np.intp], sequence: tuple[int, ...]
) -> Floats:
    """The weights (C, W) of trainings `lanes` by the paper's rule; order is that of all lanes, or of these only."""
    own = order[lanes] if len(order) > len(lanes) else order
    chosen = []
    for c, lane in enumerate(lanes):
        taught = odours.train[c][own[c].ravel()]
        chosen.append(history.weights_v[after_sequence(taught, sequence), lane])
    return np.array(chosen)
