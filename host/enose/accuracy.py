"""How good a network is at each step between its training and a chip, and how answers are counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from enose.features import NO_SAMPLE_UV, Constants, device_ohm, exact_ohm, input_uv, input_v
from enose.mapping import held_v, mapping_of, uv_from_volts
from enose.recordings import Recordings, Specimen
from enose.training import Network
from enose_contract.decision import ABSTAIN, CLASS, NONE
from enose_hwsim.chipfile import AnyChip, Largest
from enose_hwsim.chips import Chip

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

ABSTAINED, NO_ANSWER = "abstain", "none"  # the two columns of a confusion matrix that are no classes
STAGES = ("float", "mapped", "quantised", "chip")


def decide_all(output_uv: Ints, chip: AnyChip) -> tuple[Ints, Ints, Ints]:
    """(answer, band, margin_uv) of every output, (S,) or (S, O): enose_contract.decision, over an array."""
    valid_min_uv, valid_max_uv = uv_from_volts([chip.output.valid_min_v, chip.output.valid_max_v])
    valid = (output_uv >= valid_min_uv) & (output_uv <= valid_max_uv)
    if isinstance(chip.decision, Largest):
        rest_uv = np.full((len(output_uv), 1), uv_from_volts(chip.decision.rest_v))
        levels_uv = np.concatenate([output_uv, rest_uv], axis=1)
        second_uv, first_uv = np.sort(levels_uv, axis=1)[:, -2:].T
        band, margin_uv, valid = levels_uv.argmax(axis=1), first_uv - second_uv, valid.all(axis=1)
    else:
        edges_uv = uv_from_volts(chip.decision.edges_v)
        band = np.sum(output_uv[..., None] > edges_uv, axis=-1)
        margin_uv = np.abs(output_uv[..., None] - edges_uv).min(axis=-1)
    answer = np.where(margin_uv < uv_from_volts(chip.decision.guard_v), ABSTAIN, CLASS)
    return np.where(valid, answer, NONE), np.where(valid, band, 0), np.where(valid, margin_uv, 0)


def answers(output_v: Floats, class_order: Sequence[str], chip: AnyChip) -> list[str]:
    """A class, ABSTAINED or NO_ANSWER for every sample's output or outputs; NaN, a band without a class: no answer."""
    output_uv = np.where(np.isfinite(output_v), np.rint(np.nan_to_num(output_v) * 1e6), -1).astype(np.int64)
    answer, band, _ = decide_all(output_uv, chip)
    names = [*class_order, *[NO_ANSWER] * (chip.answers - len(class_order))]
    kinds = {ABSTAIN: ABSTAINED, NONE: NO_ANSWER}
    return [kinds.get(a, names[b]) for a, b in zip(answer.tolist(), band.tolist(), strict=True)]


def stages(
    network: Network, recordings: Recordings, indices: Ints, chip_file: AnyChip, chip: Chip, nominal: Chip
) -> dict[str, list[str]]:
    """The answers to these specimens at each of STAGES; see stage_outputs."""
    outputs_v = stage_outputs(network, recordings, indices, chip_file, chip, nominal)
    return {name: answers(found, network.class_order, chip_file) for name, found in outputs_v.items()}


def stage_outputs(
    network: Network, recordings: Recordings, indices: Ints, chip_file: AnyChip, chip: Chip, nominal: Chip
) -> dict[str, Floats]:
    """The outputs for these specimens in volts at each of STAGES, (S,) or (S, O), NaN for one without a sample.

    float: weights and inputs as trained, unrounded, on the nominal chip. mapped: weights as an image carries them.
    quantised: weights and inputs are what ADC, integers and DAC leave of them. chip: the same on the chip given.
    """
    chosen = [recordings.specimens[i] for i in indices.tolist()]
    constants = constants_of(network, len(recordings.sensors))
    exact_v = input_v(*exact_ohm(chosen, recordings.average), network.channels, network.normalisation, constants)
    measured_uv = input_uv(
        *device_ohm(chosen, recordings.average, recordings.load_ohm), network.channels, network.normalisation, constants
    )
    empty = np.asarray(np.any(measured_uv == NO_SAMPLE_UV, axis=-1))
    driven_v = held_v(measured_uv[~empty] * 1e-6, chip_file.input.min_v, chip_file.input.max_v)
    mapping = mapping_of(chip_file)
    carried = mapping.carried(network.weights)
    written = mapping.written(carried)
    blank = np.asarray(np.isnan(exact_v).any(axis=-1))
    return {
        "float": _spread_out(nominal.output_v(exact_v[~blank], mapping.held(network.weights)), blank),
        "mapped": _spread_out(nominal.output_v(exact_v[~blank], mapping.exact(carried)), blank),
        "quantised": _spread_out(nominal.output_v(driven_v, written), empty),
        "chip": _spread_out(chip.output_v(driven_v, written), empty),
    }


def _spread_out(output_v: NDArray[np.floating], empty: NDArray[np.bool_]) -> Floats:
    """The outputs at their specimens' places, NaN for a specimen without a sample."""
    every = np.full((len(empty), *output_v.shape[1:]), np.nan)
    every[~empty] = output_v
    return every


def constants_of(network: Network, sensors: int) -> Constants:
    """The network's constants at the places of its sensors; the other sensors' are never used."""
    low, high = [0] * sensors, [1] * sensors
    for channel, lo, hi in zip(network.channels, network.low_ohm, network.high_ohm, strict=True):
        low[channel], high[channel] = lo, hi
    return Constants(tuple(low), tuple(high))


def share_right(answered: Sequence[str], labels: Sequence[str]) -> float:
    """Accuracy: the share of answers that name the right class; to abstain is not right. Raises ValueError for none."""
    if not labels:
        raise ValueError("no specimens to be right about")
    return sum(a == b for a, b in zip(answered, labels, strict=True)) / len(labels)


def confusion(answered: Sequence[str], labels: Sequence[str], classes: Sequence[str]) -> list[list[int]]:
    """Counts: a row for each true class, a column for each answered class, then ABSTAINED and NO_ANSWER."""
    columns = [*classes, ABSTAINED, NO_ANSWER]
    counts = Counter(zip(labels, answered, strict=True))
    return [[counts[row, column] for column in columns] for row in classes]


def wilson_interval(right: int, count: int, z: float = 1.959964) -> tuple[float, float]:
    """Confidence interval of a share, by default of 95 % (E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212).

    Raises ValueError for counts that are no share.
    """
    if not 0 <= right <= count or count == 0:
        raise ValueError(f"{right} right of {count}, expected 0..count of at least 1")
    share = right / count
    middle = share + z * z / (2 * count)
    half = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def grouped_interval(
    answered: Sequence[str], labels: Sequence[str], groups: Sequence[str], draws: int = 4000
) -> tuple[float, float]:
    """95 % interval of the accuracy where a group's answers hang together: groups drawn anew with replacement.

    The percentile bootstrap (B. Efron, Ann. Stat. 7 (1979) 1-26), always with the same draws.
    """
    names = {group: k for k, group in enumerate(dict.fromkeys(groups))}
    of = np.array([names[group] for group in groups])
    counts = np.bincount(of)
    right = np.bincount(of, weights=[a == b for a, b in zip(answered, labels, strict=True)])
    drawn = np.random.default_rng(0).integers(len(names), size=(draws, len(names)))
    shares = right[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


@dataclass(frozen=True)
class Vote:
    """What a group's windows answered together."""

    group: str
    label: str
    answer: str


def votes(answered: Sequence[str], specimens: Sequence[Specimen]) -> list[Vote]:
    """One vote per group: its most frequent class, a tie to the one answered first; abstentions do not vote.

    A group of which no window named a class gives NO_ANSWER.
    """
    labels: dict[str, str] = {}
    counts: dict[str, Counter[str]] = {}
    for answer, specimen in zip(answered, specimens, strict=True):
        labels[specimen.group] = specimen.label
        group = counts.setdefault(specimen.group, Counter())
        if answer not in (ABSTAINED, NO_ANSWER):
            group[answer] += 1
    return [Vote(g, labels[g], c.most_common(1)[0][0] if c else NO_ANSWER) for g, c in counts.items()]
