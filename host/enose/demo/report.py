"""The demo's result as a document: accuracies with their split, interval and peers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from enose import accuracy
from enose.demo.plan import Plan
from enose.link.device import Answer
from enose.recordings import Recordings
from enose.training import Network
from enose_hwsim.chipfile import AnyChip, Largest, MemristorFile

END = 1e-3  # of a weight: nearer to the end of its range it was most likely drawn there
STEPS = (*accuracy.STAGES, "firmware")


@dataclass(frozen=True)
class Fold:
    """One split's network and its answers to the specimens held out, by step; `measured` are the firmware's."""

    network: Network
    test: NDArray[np.int64]
    answers: dict[str, list[str]]
    plain: dict[str, list[str]]
    measured: list[Answer]


def answer_names(chip: AnyChip) -> tuple[str, ...]:
    """What the chip's answers are without classes, in their order."""
    if isinstance(chip.decision, Largest):
        return (*(f"output {k + 1}" for k in range(chip.topology.outputs)), "rest")
    return tuple(f"band {k + 1}" for k in range(chip.answers))


def held_weights(network: Network, chip: AnyChip) -> dict[str, int]:
    """How many weights a network has, how many lie at an end of what the chip can hold, how many switches are open."""
    size = np.abs(network.weights)
    at_limits = size > 1 - END
    if isinstance(chip, MemristorFile):
        at_limits |= (size > 0) & (size < (1 + END) * chip.devices.min_ohm / chip.devices.max_ohm)
    return {"count": len(size), "at_limits": int(at_limits.sum()), "open": int((size == 0).sum())}


def make_report(recordings: Recordings, plan: Plan, folds: Sequence[Fold], chip: AnyChip) -> dict[str, Any]:
    """Everything that the folds show, ready for JSON; numbers of all folds' specimens together."""
    specimens = [recordings.specimens[i] for fold in folds for i in fold.test.tolist()]
    labels = [s.label for s in specimens]
    answered = {step: [a for fold in folds for a in fold.answers[step]] for step in STEPS}
    plain = {name: [a for fold in folds for a in fold.plain[name]] for name in folds[0].plain}
    shares = {step: accuracy.share_right(answered[step], labels) for step in STEPS}
    right = sum(a == b for a, b in zip(answered["firmware"], labels, strict=True))
    if plan.votes:
        interval = accuracy.grouped_interval(answered["firmware"], labels, [s.group for s in specimens])
    else:
        interval = accuracy.wilson_interval(right, len(labels))
    orders = {fold.network.class_order for fold in folds}
    bands = orders.pop() if len(orders) == 1 else answer_names(chip)
    report: dict[str, Any] = {
        "recordings": recordings.title,
        "simulated_recordings": recordings.simulated,
        "notes": list(recordings.notes),
        "split": plan.words,
        "classes": list(recordings.classes),
        "confusion": accuracy.confusion(answered["firmware"], labels, recordings.classes),
        "confusion_columns": [*recordings.classes, accuracy.ABSTAINED, accuracy.NO_ANSWER],
        "accuracy": shares,
        "accuracy_interval": list(interval),
        "interval_method": "bootstrap over groups" if plan.votes else "Wilson",
        "plain": {name: accuracy.share_right(found, labels) for name, found in plain.items()},
        "specimens": {"trained_on": [len(one.train) for one in plan.splits], "tested": len(labels)},
        "networks": [
            {
                "sensors": list(f.network.sensors),
                "class_order": list(f.network.class_order),
                "weights": held_weights(f.network, chip),
            }
            for f in folds
        ],
        "class_order": list(bands),
        "chip": chip.name,
        "topology": [chip.topology.inputs, chip.topology.hidden, chip.topology.outputs],
        "decision": msgspec.to_builtins(chip.decision) | {"range_v": [chip.output.min_v, chip.output.max_v]},
        "answers": [
            {
                "label": s.label,
                "answer": named,
                "outputs_v": list(a.outputs_v),
                "margin_v": a.margin_v,
            }
            for s, named, a in zip(
                specimens, answered["firmware"], [answer for fold in folds for answer in fold.measured], strict=True
            )
        ],
    }
    if plan.votes:
        voted = {step: accuracy.votes(answered[step], specimens) for step in STEPS} | {
            name: accuracy.votes(found, specimens) for name, found in plain.items()
        }
        report["vote"] = {
            name: accuracy.share_right([v.answer for v in vote], [v.label for v in vote])
            for name, vote in voted.items()
        }
        report["vote_groups"] = len(voted["firmware"])
    return report
