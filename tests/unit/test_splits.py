"""Splits by group, day and batch keep them whole; random windows leak, and a leaking split is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.recordings import Recordings, RecordingsError, Specimen
from enose.splits import LeakingSplit, group_noun, make_splits, refuse_leak, repeated
from enose_contract.normalise import NORM_RANGE

DAY_S = 86_400.0


def windows(groups: int, each: int, classes: int = 2, days: int = 4, seed: int = 0) -> Recordings:
    """`each` windows of every group; classes take turns, and each class is there on every day and in every batch."""
    rng = np.random.default_rng(seed)
    nothing = np.empty((0, 2))
    specimens = tuple(
        Specimen(
            label=f"class {g % classes}",
            group=f"induction {g}",
            batch=f"batch {g // classes % days}",
            sample_s=1.0,
            baseline_ohm=nothing,
            exposure_ohm=rng.uniform(1e3, 1e5, (3, 2)),
            recovery_ohm=nothing,
            started_s=DAY_S * (g // classes % days) + 60.0 * w,
        )
        for g in range(groups)
        for w in range(each)
    )
    names = tuple(f"class {k}" for k in range(classes))
    return Recordings("made up", True, ("a", "b"), names, NORM_RANGE, specimens, 3)


KEYS = {
    "group": lambda s: s.group,
    "batch": lambda s: s.batch,
    "day": lambda s: int(s.started_s // DAY_S),
}


@given(st.sampled_from(sorted(KEYS)), st.integers(8, 24), st.integers(1, 4), st.integers(2, 6), st.integers(0, 9))
def test_what_belongs_together_is_on_one_side(kind: str, groups: int, each: int, folds: int, seed: int) -> None:
    recordings = windows(groups - groups % 8, each)
    splits = make_splits(recordings, kind, folds, seed)
    assert not splits.leaks
    assert len(splits.folds) == min(folds, 4 if kind != "group" else groups // 8 * 4)
    key = KEYS[kind]
    for fold in splits.folds:
        train, test = ([recordings.specimens[i] for i in side.tolist()] for side in fold)
        assert not {key(s) for s in train} & {key(s) for s in test}
        assert len(train) + len(test) == len(recordings.specimens)
    tested = np.concatenate([fold.test for fold in splits.folds])
    assert sorted(tested.tolist()) == list(range(len(recordings.specimens)))


def test_random_windows_tear_groups_apart_and_are_refused() -> None:
    recordings = windows(8, 6)
    splits = make_splits(recordings, "random", 3, 0)
    assert splits.leaks
    assert len(splits.torn) == 8
    with pytest.raises(LeakingSplit, match=r"the split by random leaks: induction 0 and 7 more in training and"):
        refuse_leak(splits, recordings, allowed=False)
    refuse_leak(splits, recordings, allowed=True)
    assert "it leaks: induction 0 and 7 more in training" in splits.words(recordings)
    alone = windows(8, 1)
    honest = make_splits(alone, "random", 3, 0)
    assert not honest.leaks  # every specimen is a group of its own: nothing is torn
    refuse_leak(honest, alone, allowed=False)


def test_the_same_recording_under_two_names_is_a_leak() -> None:
    recordings = windows(8, 1)
    first = recordings.specimens[0]
    twin = replace(first, group="induction 99")
    doubled = replace(recordings, specimens=(*recordings.specimens, twin))
    assert repeated(doubled) == [["induction 0", "induction 99"]]
    assert repeated(recordings) == []
    leaking = [make_splits(doubled, "group", 4, seed) for seed in range(8)]
    assert any(splits.leaks for splits in leaking)
    for splits in leaking:
        apart = any((0 in fold.test.tolist()) != (8 in fold.test.tolist()) for fold in splits.folds)
        assert splits.leaks == apart
        if apart:
            assert "recordings that are there twice, in training and test at once" in splits.leak()


def test_a_day_that_holds_half_a_group_is_a_leak() -> None:
    recordings = windows(8, 2)
    moved = [replace(s, started_s=s.started_s + DAY_S * (k % 2)) for k, s in enumerate(recordings.specimens)]
    splits = make_splits(replace(recordings, specimens=tuple(moved)), "day", 4, 0)
    assert splits.leaks


def test_what_cannot_be_split_says_why() -> None:
    recordings = windows(8, 1)
    unknown = [replace(s, started_s=float("nan")) for s in recordings.specimens]
    with pytest.raises(RecordingsError, match="nobody wrote down when induction 0 was recorded, no split by day"):
        make_splits(replace(recordings, specimens=tuple(unknown)), "day", 4, 0)
    with pytest.raises(RecordingsError, match="a class has a single batch, expected at least 2 to split by it"):
        make_splits(windows(8, 1, days=1), "batch", 4, 0)
    with pytest.raises(RecordingsError, match="split by 'hour', expected one of group, day, batch, random"):
        make_splits(recordings, "hour", 4, 0)
    with pytest.raises(RecordingsError, match="a class has a single specimen"):
        make_splits(windows(3, 1), "random", 4, 0)


def test_groups_are_called_by_their_noun() -> None:
    assert group_noun(windows(8, 1)) == "induction"
    codes = [replace(s, group="QXZ") for s in windows(8, 1).specimens]
    assert group_noun(replace(windows(8, 1), specimens=tuple(codes))) == "specimen"
