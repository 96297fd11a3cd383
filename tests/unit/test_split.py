"""Splits: nothing on both sides, nothing lost, groups whole, and the same again for the same seed."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from enose.recordings import Recordings, Specimen, simulated_fruit
from enose.recordings.split import Split, by_batch, grouped_folds, stratified
from enose_contract.normalise import NORM_RANGE


def recordings(labels: list[str], groups: list[str], batches: list[str] | None = None) -> Recordings:
    nothing = np.empty((0, 1))
    batches = batches or ["one"] * len(labels)
    specimens = tuple(
        Specimen(label, group, batch, 1.0, nothing, np.ones((1, 1)), nothing)
        for label, group, batch in zip(labels, groups, batches, strict=True)
    )
    return Recordings("made up", True, ("s",), tuple(sorted(set(labels))), NORM_RANGE, specimens, 1)


def assert_partition(split: Split, count: int) -> None:
    assert sorted([*split.train.tolist(), *split.test.tolist()]) == list(range(count))


@given(st.lists(st.integers(2, 20), min_size=1, max_size=4), st.floats(0.01, 0.99), st.integers(0, 99))
def test_stratified_keeps_the_fraction_in_every_class(sizes: list[int], fraction: float, seed: int) -> None:
    labels = [f"c{k}" for k, size in enumerate(sizes) for _ in range(size)]
    made = recordings(labels, [str(n) for n in range(len(labels))])
    split = stratified(made, fraction, seed)
    assert_partition(split, len(labels))
    assert np.array_equal(split.test, stratified(made, fraction, seed).test)
    for k, size in enumerate(sizes):
        count = int(np.sum(made.labels()[split.test] == k))
        assert 1 <= count <= size - 1
        assert abs(count - fraction * size) <= 1


def test_half_of_the_fruit_is_four_of_each() -> None:
    fruit = simulated_fruit(3)
    split = stratified(fruit, 0.5, 3)
    assert np.bincount(fruit.labels()[split.train]).tolist() == [4, 4, 4]
    assert np.bincount(fruit.labels()[split.test]).tolist() == [4, 4, 4]
    assert not np.array_equal(split.test, stratified(fruit, 0.5, 4).test)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6)), min_size=9, max_size=30), st.integers(0, 9))
def test_folds_tear_no_group_apart_and_test_everything_once(groups: list[tuple[int, int]], seed: int) -> None:
    assume(all(sum(label == k for label, _ in groups) >= 3 for k in range(3)))
    labels = [f"c{label}" for label, size in groups for _ in range(size)]
    names = [f"g{n}" for n, (_, size) in enumerate(groups) for _ in range(size)]
    folds = grouped_folds(recordings(labels, names), 3, seed)
    assert sorted(np.concatenate([fold.test for fold in folds]).tolist()) == list(range(len(labels)))
    for fold in folds:
        assert_partition(fold, len(labels))
        assert not {names[i] for i in fold.train} & {names[i] for i in fold.test}


def test_batches_are_split_by_name() -> None:
    made = recordings(["a", "b"] * 3, list("uvwxyz"), ["b1", "b1", "b2", "b2", "b3", "b3"])
    split = by_batch(made, ("b1", "b3"))
    assert (split.train.tolist(), split.test.tolist()) == ([0, 1, 4, 5], [2, 3])


def test_errors_name_what_was_expected() -> None:
    made = recordings(["a", "a", "b", "b"], ["g", "g", "h", "i"], ["b1", "b1", "b2", "b2"])
    for fraction in (0.0, 1.0, float("nan")):
        with pytest.raises(ValueError, match=r"test_fraction .*, expected within 0..1"):
            stratified(made, fraction, 0)
    with pytest.raises(ValueError, match="made up: several specimens share a group"):
        stratified(made, 0.5, 0)
    with pytest.raises(ValueError, match="2 folds of class 'a' with 1 groups"):
        grouped_folds(made, 2, 0)
    with pytest.raises(ValueError, match="batch 'b9', expected some of b1, b2"):
        by_batch(made, ("b9",))
    with pytest.raises(ValueError, match="batches b1, b2 for training, expected some but not all"):
        by_batch(made, ("b1", "b2"))
    with pytest.raises(ValueError, match="batches none for training"):
        by_batch(made, ())
