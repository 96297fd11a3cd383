"""The guard: how near to an edge a device abstains, so that of the answers it gives at most a set share is wrong.

What counts is how far held-out outputs lie from the nearest edge, in volts, and how much noise they carry. The noise is
the chip's own, through its circuit (TwinChip.noise_v), and the step of the reading. It is the nominal chip's guard:
mismatch moves outputs by far more than noise, so it holds for a chip whose weights were made for it by calibration.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from enose.accuracy import constants_of, decide_all, grouped_interval
from enose.features import NO_SAMPLE_UV, device_ohm, input_uv
from enose.mapping import held_v, mapping_of
from enose.recordings import Recordings
from enose.training.network import Network
from enose_contract.decision import NONE
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import open_chip
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]

STEP_V = 0.0001  # the guards that are looked at; a tenth of the chip file's
READ_V = 62.5e-6 / np.sqrt(12)  # RMS of an ADC's step, ADS1115 at +-2.048 V


@dataclass(frozen=True)
class Held:
    """S held-out specimens on the nominal chip: the distance to the nearest edge, 0 for an output that is none, whether
    the class was right, RMS noise of the output."""

    margin_v: Floats
    right: NDArray[np.bool_]
    sigma_v: Floats
    groups: tuple[str, ...]

    def some(self, chosen: NDArray[np.bool_]) -> "Held":
        """Those that are chosen."""
        groups = tuple(g for g, one in zip(self.groups, chosen.tolist(), strict=True) if one)
        return Held(self.margin_v[chosen], self.right[chosen], self.sigma_v[chosen], groups)


@dataclass(frozen=True)
class Guard:
    """A guard in volts and what it comes to. Each share with a 95 % interval, groups drawn anew.

    `wrong` and `answered` are of held-out folds, each under a guard that was set on the others.
    """

    guard_v: float
    error_rate: float
    reached: bool
    wrong: float  # of the answers given
    wrong_interval: tuple[float, float]
    answered: float  # of all specimens: the coverage
    answered_interval: tuple[float, float]
    sigma_v: float  # median


def held_out(
    network: Network, recordings: Recordings, indices: NDArray[np.int64], chip: AnyChip, fidelity: str
) -> Held:
    """What a network answers to specimens that it never saw, with ADC, integers and DAC between."""
    chosen = [recordings.specimens[i] for i in indices.tolist()]
    constants = constants_of(network, len(recordings.sensors))
    measured = device_ohm(chosen, recordings.average, recordings.load_ohm)
    inputs_uv = input_uv(*measured, network.channels, network.normalisation, constants)
    empty = (inputs_uv == NO_SAMPLE_UV).any(axis=1)
    inputs_v = held_v(np.maximum(inputs_uv * 1e-6, chip.input.min_v), chip.input.min_v, chip.input.max_v)
    mapping = mapping_of(chip)
    written = mapping.written(mapping.carried(network.weights))
    model = open_chip(chip, "ideal" if fidelity == "ideal" else "fast")
    answer, band, margin_uv = decide_all(np.rint(model.output_v(inputs_v, written) * 1e6).astype(np.int64), chip)
    answer = np.where(empty, NONE, answer)
    noise_v = model.noise_v(inputs_v, written) if isinstance(model, TwinChip) else np.zeros(len(chosen))
    names = [*network.class_order, *[""] * (chip.answers - len(network.class_order))]
    right = np.array([names[b] == s.label for b, s in zip(band.tolist(), chosen, strict=True)])
    margin_v = np.where(answer == NONE, 0.0, margin_uv * 1e-6)
    return Held(margin_v, right & (answer != NONE), np.hypot(noise_v, READ_V), tuple(s.group for s in chosen))


def set_guard(folds: Sequence[Held], chip: AnyChip, error_rate: float) -> Guard:
    """The smallest guard, from the chip file's on, for which at most this share of the answers to all folds is wrong.

    Raises ValueError for a rate that is no share. `reached` is False where no guard leaves both answers and that rate;
    then it is the widest that was looked at.
    """
    if not 0 < error_rate < 1:
        raise ValueError(f"error rate {error_rate}, expected more than 0 and less than 1")
    every = _joined(folds)
    guard_v, reached = _smallest(every, chip, error_rate)
    answered: list[str] = []
    wrong: list[str] = []
    wrong_groups: list[str] = []
    groups: list[str] = []
    for k, fold in enumerate(folds):
        others = [one for j, one in enumerate(folds) if j != k]
        own_v = _smallest(_joined(others or [fold]), chip, error_rate)[0]
        given = fold.margin_v >= own_v
        answered += ["yes" if one else "no" for one in given.tolist()]
        groups += fold.groups
        wrong += ["no" if one else "yes" for one in fold.right[given].tolist()]
        wrong_groups += fold.some(given).groups
    return Guard(
        guard_v,
        error_rate,
        reached,
        *_share(wrong, wrong_groups),
        *_share(answered, groups),
        float(np.median(every.sigma_v)),
    )


def _smallest(held: Held, chip: AnyChip, error_rate: float) -> tuple[float, bool]:
    """(guard, whether it keeps the rate)."""
    guards_v = np.arange(chip.decision.guard_v, _widest_v(chip), STEP_V)
    for guard_v in guards_v.tolist():
        answered, wrong = _expected(held, guard_v)
        # a guard that silences all but chance would keep any rate
        if answered >= 1 and wrong <= error_rate * answered:
            return float(guard_v), True
    return float(guards_v[-1]), False


def _expected(held: Held, guard_v: float) -> tuple[float, float]:
    """How many specimens are answered and how many of them wrongly, if each is measured again and again.

    Normal noise takes an output beyond the guard on its own side of the nearest edge, or on the other.
    """
    there = held.margin_v > 0
    own, other = (ndtr((sign * held.margin_v - guard_v) / held.sigma_v) * there for sign in (1, -1))
    wrong = np.where(held.right, other, own)
    return float((own + other).sum()), float(wrong.sum())


def _widest_v(chip: AnyChip) -> float:
    """Beyond it some class would have no place left."""
    if chip.kind == "memristor":
        return float(chip.output.valid_max_v - chip.output.valid_min_v) / 2
    return float(np.diff(chip.decision.edges_v).min()) / 2


def _joined(folds: Sequence[Held]) -> Held:
    parts = [np.concatenate([getattr(fold, name) for fold in folds]) for name in ("margin_v", "right", "sigma_v")]
    return Held(parts[0], parts[1], parts[2], tuple(g for fold in folds for g in fold.groups))


def _share(answers: Sequence[str], groups: Sequence[str]) -> tuple[float, tuple[float, float]]:
    """(share of `yes`, its interval); of no answers 0, and nothing known."""
    if not answers:
        return 0.0, (0.0, 1.0)
    yes = ["yes"] * len(answers)
    return answers.count("yes") / len(answers), grouped_interval(answers, yes, groups)
