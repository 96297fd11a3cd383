"""Which specimens are trained on and which are tested, for each kind of recordings, and what that split can show."""

from dataclasses import dataclass

from enose.recordings import Recordings, RecordingsError, split
from enose.recordings.split import Split
from enose.splits import group_noun

FOLDS = 5
FEWEST_GROUPS = 3
TEST_FRACTION = 0.3


@dataclass(frozen=True)
class Plan:
    """Splits that test no specimen twice; `votes` where the windows of a group answer together as well."""

    splits: tuple[Split, ...]
    words: str
    votes: bool


def make_plan(recordings: Recordings, seed: int) -> Plan:
    """By group where groups hold several specimens; else at random, half of a small set and 30 % of a large one.

    Raises RecordingsError where a class has too few groups to train on two and test on another.
    """
    groups = recordings.groups()
    own = {name: len({s.group for s in recordings.specimens if s.label == name}) for name in recordings.classes}
    for name, count in own.items():
        if count < FEWEST_GROUPS:
            raise RecordingsError(
                f"{recordings.title}: class '{name}' has {count} {group_noun(recordings)}(s) of its own,"
                f" expected at least {FEWEST_GROUPS}: two to train on and one to test"
            )
    if len(set(groups)) < len(groups):
        count = min(FOLDS, *own.values())
        folds = tuple(split.grouped_folds(recordings, count, seed))
        return Plan(folds, f"{count} folds by group: no {group_noun(recordings)} is in training and test at once", True)
    if recordings.simulated:
        return Plan((split.stratified(recordings, 0.5, seed),), "stratified halves of the specimens", False)
    words = f"random, stratified, {1 - TEST_FRACTION:.0%} to train and {TEST_FRACTION:.0%} to test"
    if len(batches(recordings)) > 1:
        words += "; this hides drift, for every batch is in both"
    return Plan((split.stratified(recordings, TEST_FRACTION, seed),), words, False)


def batches(recordings: Recordings) -> list[str]:
    """The batches of recordings in the order of their recording."""
    return list(dict.fromkeys(s.batch for s in recordings.specimens))
