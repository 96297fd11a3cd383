"""The waterfall of some recordings: networks trained fold by fold, or one that is kept, through all its steps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose import accuracy
from enose.calibration.calibration import Calibration
from enose.recordings import Recordings
from enose.training import Network
from enose.waterfall.alone import NonIdealities
from enose.waterfall.chips import MismatchedChips, WaterfallError
from enose.waterfall.firmware import FirmwareBoard
from enose.waterfall.own import OwnChip
from enose.waterfall.paired import paired_change
from enose.waterfall.trial import STEPS, Trial, right_of
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip

Progress = Callable[[str, int, int], None]
Rights = NDArray[np.bool_]

WORDS = {
    "float": "network in float64 inputs and weights",
    "normalised": "inputs by the device's integers",
    "mapped": "weights as the image has them",
    "quantised": "codes of the DAC",
    "nominal": "nominal chip",
    "chips": "mismatched chips, median",
    "this_chip": "this chip, the nominal chip's weights",
    "this_chip_remapped": "this chip, weights made for it",
    "firmware": "through the firmware",
}


@dataclass(frozen=True)
class Fitted:
    """A network, what it was trained on and what it is tested on: indices into the specimens."""

    network: Network
    train: NDArray[np.int64]
    test: NDArray[np.int64]


@dataclass(frozen=True)
class Extras:
    """What a waterfall has beyond simulated chips: a chip that was calibrated, and specimens played to a board."""

    calibration: Calibration | None = None
    board: BoardFile | None = None
    chip_number: int = 0
    played: int = 0  # specimens at most


@dataclass
class _Found:
    """Who was right, over all folds: lists of (S,) or (D, S) that are put together at the end."""

    specimens: list[int] = field(default_factory=list)
    answered: dict[str, list[str]] = field(default_factory=dict)
    rights: dict[str, list[Rights]] = field(default_factory=dict)
    played: dict[int, bool] = field(default_factory=dict)  # by place among the tested

    def add(self, name: str, right: Rights) -> None:
        self.rights.setdefault(name, []).append(right)

    def all(self, name: str) -> Rights:
        """(S,) or (D, S)."""
        return np.concatenate(self.rights[name], axis=-1)


def waterfall(
    recordings: Recordings,
    fitted: Sequence[Fitted],
    chip: AnyChip,
    *,
    chips: int = 25,
    seed: int = 0,
    extras: Extras | None = None,
    on_progress: Progress = lambda text, done, total: None,
) -> dict[str, Any]:
    """Every step's accuracy with what it loses, and every non-ideality's effect alone, over all that is tested.

    The same arguments give the same answer. Raises WaterfallError for no chips, nothing to test, or a calibration of
    another chip; ValueError as the features and the mapping do.
    """
    extras = extras or Extras()
    if not any(len(one.test) for one in fitted):
        raise WaterfallError(f"{recordings.title}: no specimens to test")
    total = 2 + len(fitted)
    on_progress("opening the chips", 0, total)
    mismatched = MismatchedChips(chip, chips, seed)
    effects = NonIdealities(chip, mismatched, seed, lambda text: on_progress(text, 0, total))
    own = OwnChip(chip, extras.calibration) if extras.calibration else None
    found = _Found()
    chosen = _played(fitted, extras.played, seed)
    board = FirmwareBoard(extras.board, chip, extras.chip_number, seed) if extras.board and extras.played else None
    try:
        for k, one in enumerate(fitted):
            on_progress(f"network {k + 1} of {len(fitted)}", 1 + k, total)
            _walk(found, recordings, one, chip, mismatched, effects, own, board, chosen[k])
    finally:
        if board is not None:
            board.close()
    on_progress("done", total, total)
    return _told(found, recordings, chip, mismatched, effects, seed) | {
        "calibration": own.told() if own else None,
        "board": board.name if board else None,
    }


def _walk(
    found: _Found,
    recordings: Recordings,
    one: Fitted,
    chip: AnyChip,
    mismatched: MismatchedChips,
    effects: NonIdealities,
    own: OwnChip | None,
    board: FirmwareBoard | None,
    played: NDArray[np.int64],
) -> None:
    trial = Trial(one.network, recordings, one.test, chip)
    for name, answered in trial.steps(effects.nominal).items():
        found.answered.setdefault(name, []).extend(answered)
        found.add(name, right_of(answered, trial.labels))
    found.add("chips", _each(trial, mismatched.output_v(trial.driven_v, trial.written)))
    found.add("clean", trial.right(effects.clean_v(trial)))
    for alone in effects.every():
        if alone.outputs_v is not None:
            found.add(alone.name, _each(trial, alone.outputs_v(trial)))
    carried = trial.carried
    if own is not None:
        carried = own.carried(trial, Trial(one.network, recordings, one.train, chip).driven_v)
        found.add("this_chip", trial.right(own.output_v(trial.driven_v, trial.written)))
        found.add("this_chip_remapped", trial.right(own.output_v(trial.driven_v, trial.mapping.written(carried))))
    if board is not None and len(played):
        board.program(one.network, recordings, one.train, carried, own.known if own else None)
        for place in played.tolist():
            specimen = recordings.specimens[one.test[place]]
            found.played[len(found.specimens) + place] = board.answer(specimen) == specimen.label
    found.specimens += one.test.tolist()


def _each(trial: Trial, outputs_v: NDArray[np.floating]) -> Rights:
    """(D, S) of D draws' outputs."""
    return np.array([trial.right(drawn) for drawn in outputs_v])


def _played(fitted: Sequence[Fitted], most: int, seed: int) -> list[NDArray[np.int64]]:
    """For each network, the places among its tested specimens that are played to a board: at random over all."""
    owners = np.repeat(np.arange(len(fitted)), [len(one.test) for one in fitted])
    places = np.concatenate([np.arange(len(one.test)) for one in fitted])
    some = np.sort(np.random.default_rng([seed, 0xB0]).permutation(len(owners))[:most])
    return [places[some[owners[some] == k]] for k in range(len(fitted))]


def _told(
    found: _Found,
    recordings: Recordings,
    chip: AnyChip,
    mismatched: MismatchedChips,
    effects: NonIdealities,
    seed: int,
) -> dict[str, Any]:
    specimens = [recordings.specimens[i] for i in found.specimens]
    labels, groups = [s.label for s in specimens], [s.group for s in specimens]
    rows, before = [], ""
    for name in STEPS:
        right = found.all(name)
        rows.append(_row(name, right, found.all(before) if before else None, groups, before))
        before = name
    nominal, each = found.all("nominal"), found.all("chips")
    shares = each.mean(axis=1)
    middle = {"accuracy": float(np.median(shares)), "p05": float(np.percentile(shares, 5)), "each": shares.tolist()}
    rows.append(
        _row("chips", each, nominal, groups, "nominal") | {"accuracy": middle["accuracy"], "p05": middle["p05"]}
    )
    for name, reference in (("this_chip", "nominal"), ("this_chip_remapped", "nominal")):
        if name in found.rights:
            rows.append(_row(name, found.all(name), found.all(reference), groups, reference))
    if found.played:
        places = sorted(found.played)
        reference = "this_chip_remapped" if "this_chip_remapped" in found.rights else "nominal"
        right = np.array([found.played[place] for place in places])
        rows.append(
            _row("firmware", right, found.all(reference)[places], [groups[place] for place in places], reference)
        )
    return {
        "recordings": recordings.title,
        "simulated_recordings": recordings.simulated,
        "classes": list(recordings.classes),
        "tested": len(labels),
        "chip": chip.name,
        "simulated_chip": True,
        "fidelity": "fast",
        "seed": seed,
        "steps": rows,
        "chips": {"count": mismatched.count, **middle},
        "interval": list(accuracy.grouped_interval(found.answered["nominal"], labels, groups)),
        "clean": float(found.all("clean").mean()),
        "alone": [_effect(found, alone.name, alone.words, groups) for alone in effects.every()],
    }


def _row(name: str, right: Rights, before: Rights | None, groups: list[str], reference: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        "step": name,
        "words": WORDS[name],
        "accuracy": float(right.mean()),
        "specimens": right.shape[-1],
        "from": reference or None,
        "from_accuracy": None,
        "change": None,
    }
    if before is not None:
        row["from_accuracy"] = float(before.mean())
        row["change"] = paired_change(before, right, groups).as_dict()
    return row


def _effect(found: _Found, name: str, words: str, groups: list[str]) -> dict[str, Any]:
    """A non-ideality's effect in figures and words."""
    if name not in found.rights:
        return {"name": name, "words": words, "accuracy": None, "verdict": "not in a chip of this kind"}
    right = found.all(name)
    change = paired_change(found.all("clean"), right, groups)
    if not change.changed:
        verdict = "no effect: every specimen as before"
    elif not change.shown:
        verdict = f"no effect: {change.changed:.1%} of specimens change sides, as chance may (p {change.p:.2f})"
    else:
        verdict = f"{100 * change.change:+.1f} points"
    return {"name": name, "words": words, "accuracy": float(right.mean()), **change.as_dict(), "verdict": verdict}
