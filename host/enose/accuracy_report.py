"""What is said of answers to specimens that were held out, whether one network gave them or several pages together."""

from collections.abc import Mapping, Sequence
from typing import Any

from enose import accuracy
from enose.audit import Audit
from enose.recordings import Recordings
from enose.splits import Splits, group_noun
from enose_hwsim.chipfile import AnyChip


def accuracy_report(
    recordings: Recordings,
    splits: Splits,
    tested: Sequence[int],
    answered: Mapping[str, Sequence[str]],
    verdict: Audit,
    chip: AnyChip,
    fidelity: str,
    seed: int,
) -> dict[str, Any]:
    """The accuracy at each of accuracy.STAGES, with its interval over groups and the confusion of the last; the peers';
    what was tested, how it was split, and the audit's verdict.

    `answered` holds the answers to the `tested` specimens, in their order: by stage, and by peer under any other name.
    """
    specimens = [recordings.specimens[i] for i in tested]
    labels = [s.label for s in specimens]
    shares = {name: accuracy.share_right(answers, labels) for name, answers in answered.items()}
    return {
        "recordings": recordings.title,
        "simulated_recordings": recordings.simulated,
        "notes": list(recordings.notes),
        "split": splits.words(recordings),
        "leaks": splits.leaks,
        "classes": list(recordings.classes),
        "tested": len(tested),
        "group": group_noun(recordings),
        "accuracy": {name: shares[name] for name in accuracy.STAGES},
        "interval": list(accuracy.grouped_interval(answered["chip"], labels, [s.group for s in specimens])),
        "peers": {name: share for name, share in shares.items() if name not in accuracy.STAGES},
        "confusion": accuracy.confusion(answered["chip"], labels, recordings.classes),
        "confusion_columns": [*recordings.classes, accuracy.ABSTAINED, accuracy.NO_ANSWER],
        "audit": verdict.as_dict(),
        "chip": chip.name,
        "simulated_chip": True,
        "fidelity": fidelity,
        "seed": seed,
    }
