"""The plain classifiers that the analog network is judged against."""

from collections import Counter
from dataclasses import replace

import numpy as np

from enose.accuracy import share_right
from enose.baselines import baselines
from enose.recordings import simulated_fruit
from enose.recordings.split import stratified
from enose.training import Network
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE

CHANNELS = (0, 1, 4, 7)
NETWORK = Network(("",) * 4, CHANNELS, ("banana",), (0.0,) * 25, NORM_CHANGE, (0,) * 4, (0,) * 4, 0.0, 0.0, 0.0)


def test_they_learn_the_fruit_and_the_majority_does_not() -> None:
    fruit = simulated_fruit(1)
    split = stratified(fruit, 0.5, 1)
    labels = [fruit.specimens[i].label for i in split.test]
    found = baselines(fruit, split.train, split.test, NETWORK, 0)
    shares = {name: share_right(answered, labels) for name, answered in found.items()}
    assert list(shares) == ["mlp443", "svm", "lda", "majority"]
    assert min(shares["mlp443"], shares["svm"], shares["lda"]) >= 0.75
    assert shares["majority"] == 1 / 3
    assert found == baselines(fruit, split.train, split.test, NETWORK, 0)


def test_they_see_nothing_of_the_test_half() -> None:
    fruit = replace(simulated_fruit(2), normalisation=NORM_RANGE)
    split = stratified(fruit, 0.5, 2)
    spoilt = list(fruit.specimens)
    for i in split.test[1:].tolist():
        spoilt[i] = replace(spoilt[i], label="lemon", exposure_ohm=spoilt[i].exposure_ohm * 100)
    one = split.test[:1]
    before = baselines(fruit, split.train, one, NETWORK, 0)
    after = baselines(replace(fruit, specimens=tuple(spoilt)), split.train, one, NETWORK, 0)
    assert before == after
    assert Counter(np.ravel(list(before.values())).tolist()).total() == 4
