"""A network's accuracy on recordings that it never saw, fold by fold, and the network of all of them."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from enose import accuracy
from enose.accuracy_report import accuracy_report
from enose.audit import audit
from enose.baselines import baselines
from enose.recordings import Recordings
from enose.recordings.split import Split
from enose.splits import Splits
from enose.training import Network, train
from enose.training.choosing import Learning
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import open_chip

Progress = Callable[[str, int, int], None]
OnLearning = Callable[[int, Learning], None]
OnFold = Callable[[Network, Split], None]


def cross_validated(
    recordings: Recordings,
    splits: Splits,
    chip: AnyChip,
    *,
    fidelity: str = "fast",
    seed: int = 0,
    on_progress: Progress = lambda text, done, total: None,
    on_fold: OnFold = lambda network, fold: None,
    on_learning: OnLearning = lambda k, now: None,
    **training: Any,
) -> tuple[dict[str, Any], Network]:
    """(report, network): the accuracy over all folds at each of accuracy.STAGES (on the simulated chip, without board)
    and of the peers, with the audit's verdict beside it; and the network that is trained on all recordings.

    on_progress(text, done, total) is called as the work goes on, on_fold with each fold and its network, on_learning
    with a fold's number from 0 while it is trained, the number after the last for that of all recordings; `training` is
    what train takes besides. The same arguments give the same answer. Raises TrainingError, or RecordingsError as the
    audit does.
    """
    total = len(splits.folds) + 2
    on_progress("audit", 0, total)
    verdict = audit(recordings, seed)
    model = open_chip(chip, fidelity, telling=lambda text: on_progress(text, 0, total))
    nominal = open_chip(chip, "ideal" if fidelity == "ideal" else "fast")
    answered: dict[str, list[str]] = {}
    tested: list[int] = []
    for k, fold in enumerate(splits.folds):
        telling, learning = _telling(on_progress, k, total), partial(on_learning, k)
        network = train(recordings, fold.train, chip, seed, fidelity, telling, on_learning=learning, **training)
        on_fold(network, fold)
        found = accuracy.stages(network, recordings, fold.test, chip, model, nominal)
        for name, answers in (found | baselines(recordings, fold.train, fold.test, network, seed)).items():
            answered.setdefault(name, []).extend(answers)
        tested += fold.test.tolist()
    everything = np.arange(len(recordings.specimens))
    telling, learning = _telling(on_progress, len(splits.folds), total), partial(on_learning, len(splits.folds))
    whole = train(recordings, everything, chip, seed, fidelity, telling, on_learning=learning, **training)
    on_progress("done", total, total)
    report = accuracy_report(recordings, splits, tested, answered, verdict, chip, fidelity, seed)
    report |= {"sensors": list(whole.sensors), "class_order": list(whole.class_order)}
    return report, whole


def _telling(on_progress: Progress, k: int, total: int) -> Callable[[int, int, str], None]:
    """Training number k's own progress, within that of the whole: the last one is on all recordings."""
    what = f"fold {k + 1} of {total - 2}" if k < total - 2 else "all recordings"
    return lambda done, stages, text: on_progress(f"{what}: {text}", k + 1, total)
