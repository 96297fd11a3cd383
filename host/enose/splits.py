"""Splits by what belongs together, and what a split leaks.

A split is honest where nothing of a group, and no recording that is there twice, is in training and test at once.
Groups (an induction, a session's specimen), days and batches are kept whole by grouped folds; random windows are not.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from sklearn.model_selection import StratifiedKFold

from enose.recordings import Recordings, RecordingsError
from enose.recordings.split import Split, grouped_folds

KINDS = ("group", "day", "batch", "random")
WORDS = {
    "group": "no {noun} is in training and test at once",
    "day": "no day is in training and test at once",
    "batch": "no batch is in training and test at once",
    "random": "at random, whatever belongs together",
}


class LeakingSplit(RecordingsError):
    """A split with the same thing in training and test: its accuracy would say nothing."""


@dataclass(frozen=True)
class Splits:
    """Folds that test every specimen once; `torn` names the groups that some fold has on both sides, `twins` counts the
    recordings that some fold has on both sides though they are the same."""

    kind: str
    folds: tuple[Split, ...]
    torn: tuple[str, ...]
    twins: int

    @property
    def leaks(self) -> bool:
        """Whether the test sees anything of what was trained on."""
        return bool(self.torn) or self.twins > 0

    def words(self, recordings: Recordings) -> str:
        """What the split is, in a line."""
        text = f"{len(self.folds)} folds by {self.kind}: {WORDS[self.kind].format(noun=group_noun(recordings))}"
        return f"{text}; it leaks: {self.leak()}" if self.leaks else text

    def leak(self) -> str:
        """What is on both sides; empty for an honest split."""
        found = []
        if self.torn:
            more = f" and {len(self.torn) - 1} more" if len(self.torn) > 1 else ""
            found.append(f"{self.torn[0]}{more} in training and test at once")
        if self.twins:
            found.append(f"{self.twins} recordings that are there twice, in training and test at once")
        return " and ".join(found)


def make_splits(recordings: Recordings, kind: str, folds: int, seed: int) -> Splits:
    """Folds of one of KINDS; fewer than asked for where a class has too few groups, days or batches.

    Raises RecordingsError where a class has only one of them, or where days are asked for and unknown.
    """
    if kind == "random":
        found = _random(recordings, folds, seed)
    else:
        keys = _keys(recordings, kind)
        kept = replace(
            recordings,
            specimens=tuple(replace(s, group=key) for s, key in zip(recordings.specimens, keys, strict=True)),
        )
        fewest = min(
            len({key for s, key in zip(recordings.specimens, keys, strict=True) if s.label == name})
            for name in recordings.classes
        )
        if fewest < 2:
            raise RecordingsError(
                f"{recordings.title}: a class has a single {kind}, expected at least 2 to split by it"
            )
        found = grouped_folds(kept, min(folds, fewest), seed)
    torn = {group for fold in found for group in torn_groups(recordings, fold)}
    return Splits(kind, tuple(found), tuple(sorted(torn)), max(twins(recordings, fold) for fold in found))


def refuse_leak(splits: Splits, recordings: Recordings, allowed: bool) -> None:
    """Raise LeakingSplit for a split that leaks, unless that is allowed."""
    if splits.leaks and not allowed:
        raise LeakingSplit(
            f"{recordings.title}: the split by {splits.kind} leaks: {splits.leak()};"
            f" split by group, day or batch, or allow it with --allow-leak"
        )


def torn_groups(recordings: Recordings, split: Split) -> list[str]:
    """The groups on both sides of a split."""
    groups = recordings.groups()
    return sorted({groups[i] for i in split.train.tolist()} & {groups[i] for i in split.test.tolist()})


def twins(recordings: Recordings, split: Split) -> int:
    """How many test specimens have the very same samples as some training specimen."""
    contents = [_content(s.baseline_ohm, s.exposure_ohm) for s in recordings.specimens]
    trained = {contents[i] for i in split.train.tolist()}
    return sum(contents[i] in trained for i in split.test.tolist())


def repeated(recordings: Recordings) -> list[list[str]]:
    """The groups that share the very same samples with another one, by what they share."""
    found: dict[bytes, set[str]] = defaultdict(set)
    for s in recordings.specimens:
        found[_content(s.baseline_ohm, s.exposure_ohm)].add(s.group)
    return [sorted(groups) for groups in found.values() if len(groups) > 1]


def group_noun(recordings: Recordings) -> str:
    """What the groups are called, from the first one's name: `induction 7` is an induction, a bare code a specimen."""
    return recordings.groups()[0].rsplit(", ", 1)[-1].rpartition(" ")[0] or "specimen"


def _content(*samples: np.ndarray) -> bytes:
    found = hashlib.sha256()
    for values in samples:
        found.update(f"{values.shape}".encode() + np.ascontiguousarray(values).tobytes())
    return found.digest()


def _keys(recordings: Recordings, kind: str) -> list[str]:
    if kind == "group":
        return recordings.groups()
    if kind == "batch":
        return [s.batch for s in recordings.specimens]
    if kind == "day":
        return [_day(recordings, s.started_s, s.group) for s in recordings.specimens]
    raise RecordingsError(f"split by '{kind}', expected one of {', '.join(KINDS)}")


def _day(recordings: Recordings, started_s: float, group: str) -> str:
    if not np.isfinite(started_s):
        raise RecordingsError(f"{recordings.title}: nobody wrote down when {group} was recorded, no split by day")
    return datetime.fromtimestamp(started_s, UTC).date().isoformat()


def _random(recordings: Recordings, folds: int, seed: int) -> list[Split]:
    labels = recordings.labels()
    count = min(folds, *np.bincount(labels, minlength=len(recordings.classes)).tolist())
    if count < 2:
        raise RecordingsError(f"{recordings.title}: a class has a single specimen, expected at least 2 to split")
    found = StratifiedKFold(count, shuffle=True, random_state=seed).split(labels, labels)
    return [Split(np.sort(train), np.sort(test)) for train, test in found]
