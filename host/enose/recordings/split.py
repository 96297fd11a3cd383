"""Splits of recordings into training and test specimens. Nothing that belongs together is torn apart."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from enose.recordings.specimen import Recordings

Indices = NDArray[np.int64]


class Split(NamedTuple):
    """Indices into the specimens, ascending."""

    train: Indices
    test: Indices


def stratified(recordings: Recordings, test_fraction: float, seed: int) -> Split:
    """At random, that fraction of every class's specimens for testing, at least one and never all of them.

    Each specimen has to be a group of its own, else a group would be in both halves: ValueError. So is a fraction
    outside 0..1.
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction {test_fraction}, expected within 0..1")
    groups = recordings.groups()
    if len(set(groups)) < len(groups):
        raise ValueError(f"{recordings.title}: several specimens share a group, expected a split by group")
    rng = np.random.default_rng([seed, 0x51])
    labels = recordings.labels()
    test: list[int] = []
    for k in range(len(recordings.classes)):
        members = rng.permutation(np.flatnonzero(labels == k))
        count = min(max(round(test_fraction * len(members)), 1), len(members) - 1)
        test.extend(members[:count].tolist())
    return _split(len(labels), np.array(sorted(test), dtype=np.int64))


def by_batch(recordings: Recordings, train_batches: tuple[str, ...]) -> Split:
    """Train on the named batches, test on all others. Raises ValueError for an unknown batch or an empty side."""
    batches = [s.batch for s in recordings.specimens]
    for name in train_batches:
        if name not in batches:
            raise ValueError(f"batch '{name}', expected some of {', '.join(sorted(set(batches)))}")
    test = np.flatnonzero([b not in train_batches for b in batches])
    if not 0 < len(test) < len(batches):
        raise ValueError(f"batches {', '.join(train_batches) or 'none'} for training, expected some but not all")
    return _split(len(batches), test)


def grouped_folds(recordings: Recordings, k: int, seed: int) -> list[Split]:
    """k splits that test every specimen once, every group on one side, classes as even as groups allow.

    Raises ValueError where a class has fewer than k groups.
    """
    labels, groups = recordings.labels(), recordings.groups()
    for name in recordings.classes:
        count = len({s.group for s in recordings.specimens if s.label == name})
        if not 2 <= k <= count:
            raise ValueError(f"{k} folds of class '{name}' with {count} groups, expected 2..{count}")
    folds = StratifiedGroupKFold(k, shuffle=True, random_state=seed).split(labels, labels, groups)
    splits = [_split(len(labels), test) for _, test in folds]
    for split in splits:
        torn = {groups[i] for i in split.train} & {groups[i] for i in split.test}
        assert not torn, torn
    return splits


def _split(count: int, test: Indices) -> Split:
    return Split(np.setdiff1d(np.arange(count), test), np.asarray(test, dtype=np.int64))
