"""Plain classifiers on the same splits, to judge the analog network against. scikit-learn's, in float64."""

import warnings

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from enose.features import exact_ohm, input_v, no_constants, range_constants
from enose.recordings import Recordings
from enose.training import Network
from enose.training.search import RANGE_PERCENTILE
from enose_contract.normalise import NORM_RANGE

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

PLAIN_STARTS = 5


def baselines(recordings: Recordings, train: Ints, test: Ints, network: Network, seed: int) -> dict[str, list[str]]:
    """The answers to the test specimens of `mlp443` on the network's four inputs, and of `svm`, `lda` and `majority` on
    all sensors' inputs, each trained on the training specimens.

    mlp443 has four hidden tanh neurons and a softmax over the classes, its best of some starts by training loss.
    """
    labels = np.array([s.label for s in recordings.specimens])
    inputs = _inputs(recordings, train)
    four = inputs[:, list(network.channels)]
    if recordings.normalisation != NORM_RANGE:
        four = four / np.maximum(four.max(axis=1, keepdims=True), 1e-12)
    plain = [
        MLPClassifier((4,), activation="tanh", solver="lbfgs", alpha=1e-3, max_iter=3000, random_state=seed + k)
        for k in range(PLAIN_STARTS)
    ]
    centred = 2 * four - 1
    with warnings.catch_warnings():
        # a start that has not converged is no worse for being compared: the best of all is taken by its loss
        warnings.simplefilter("ignore", ConvergenceWarning)
        best = min((model.fit(centred[train], labels[train]) for model in plain), key=lambda model: float(model.loss_))
    found = {"mlp443": best.predict(centred[test]).tolist()}
    others = {
        "svm": make_pipeline(StandardScaler(), SVC(C=10.0)),
        "lda": make_pipeline(StandardScaler(), LinearDiscriminantAnalysis()),
        "majority": DummyClassifier(),
    }
    for name, model in others.items():
        found[name] = model.fit(inputs[train], labels[train]).predict(inputs[test]).tolist()
    return found


def _inputs(recordings: Recordings, train: Ints) -> Floats:
    """What all sensors would put in, 0..1, normalised as for a chip with that many inputs."""
    exposure, baseline = exact_ohm(recordings.specimens, recordings.average)
    sensors = len(recordings.sensors)
    ranged = recordings.normalisation == NORM_RANGE
    constants = range_constants(exposure[train], RANGE_PERCENTILE) if ranged else no_constants(sensors)
    volts = input_v(exposure, baseline, np.arange(sensors), recordings.normalisation, constants)
    return np.nan_to_num((volts - 0.85) * 10.0)
