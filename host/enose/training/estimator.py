"""The analog network as scikit-learn has its classifiers: any features in, classes out, volts between."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_selection import f_classif
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, check_random_state, validate_data

from enose.boards import boards_folder, find_chip
from enose.mapping import mapping_of
from enose.training.candidates import Candidates, all_candidates, class_orders
from enose.training.choosing import Effort, choose
from enose.training.imperfections import INPUT_NOISE_V, Imperfections, draw_chips
from enose.training.mlp_circuit import MlpCircuit
from enose.training.network import TrainingError
from enose.training.readings import reading_of
from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]

MOST_FEATURES = 16  # of which every choice is looked at; of more features those with the largest F are taken
NOMINAL_C = 27.0
DRAWS = 1  # of the inner folds; whoever tunes around it has folds of his own


@dataclass(frozen=True)
class _Scaled:
    """Features as inputs: volts (S, F)."""

    volts: Floats
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]

    def inputs_v(self, candidates: Candidates) -> Floats:
        """(K, S, I)."""
        return np.moveaxis(self.volts[:, candidates.channels], 0, -2)


@dataclass(frozen=True)
class Page:
    """One network: features, which one each input takes, -1 for none, held in mid-range; weights (W,) in -1..1."""

    features: NDArray[np.int64]
    band_of_class: tuple[int, ...]
    weights: Floats
    loss: float


class AnalogMLPClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """A chip's network with one banded output, trained through its simulated transistors.

    More classes than the output has bands take a page each: a network of that class against the rest, and the class of
    the largest margin wins. One page is what a device holds at a time.

    Parameters
    ----------
    chip: the name of a chip with bands, or the path of its .toml file.
    restarts: starts of the last training, of which the best is kept.
    max_iter: its epochs; an epoch is one pass over all samples.
    percentile: each feature's range is from this percentile of the training samples to the one as far from the top;
        what lies beyond is held at the ends. 0 is minimum to maximum.
    mismatch_sigmas: training goes through 64 chips with threshold shifts of so many times Pelgrom's sigma (cells'
        own, see enose_hwsim.chips.cells.transistors); 0 is the nominal chip. At most 1.
    temperatures_c: the temperatures of these chips, each 0..60.
    input_noise_v: RMS noise at each input.
    input_step_v, weight_step_v: inputs and weights are rounded to so many volts; 0 is not at all.
    droop_v: how far weights leak before they are refreshed; None is the chip file's retention.droop_max_v.
    random_state: as in scikit-learn.

    Attributes: classes_; pages_, the networks (see Page); low_ and high_, the features' ranges; loss_ of the training
    samples; loss_curve_, the lowest loss of all starts, seen 20 times a page; n_iter_, epochs.
    """

    def __init__(
        self,
        chip: str = "mlp441",
        *,
        restarts: int = 12,
        max_iter: int = 300,
        percentile: float = 0.0,
        mismatch_sigmas: float = 0.5,
        temperatures_c: tuple[float, ...] = (NOMINAL_C,),
        input_noise_v: float = INPUT_NOISE_V,
        input_step_v: float = 0.0,
        weight_step_v: float = 0.0,
        droop_v: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.chip = chip
        self.restarts = restarts
        self.max_iter = max_iter
        self.percentile = percentile
        self.mismatch_sigmas = mismatch_sigmas
        self.temperatures_c = temperatures_c
        self.input_noise_v = input_noise_v
        self.input_step_v = input_step_v
        self.weight_step_v = weight_step_v
        self.droop_v = droop_v
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> "AnalogMLPClassifier":
        """Choose inputs, order of the classes and weights. Samples of one group stay together in the inner folds.

        Raises ValueError for fewer than two classes and for parameters out of range.
        """
        features, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        self._check_parameters()
        chip = self.chip_ = _chip(self.chip)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise TrainingError(f"y: 1 class, '{self.classes_[0]}', expected at least 2")
        if groups is None:
            group_of = np.arange(len(numbers))
        else:
            check_consistent_length(features, groups)
            group_of = np.unique(np.asarray(groups), return_inverse=True)[1]
        self.low_, self.high_ = np.percentile(features, [self.percentile, 100 - self.percentile], axis=0)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        volts = self._volts(features)
        kinds = [numbers]
        if len(self.classes_) > chip.answers:
            kinds = [(numbers == k).astype(np.int64) for k in range(len(self.classes_))]
        self.loss_curve_: list[float] = []
        self.pages_ = [
            self._page(_Scaled(volts, kind.astype(np.int64), group_of), np.random.default_rng([seed, k]))
            for k, kind in enumerate(kinds)
        ]
        self.loss_ = float(np.mean([page.loss for page in self.pages_]))
        self.n_iter_ = self.max_iter
        return self

    def _page(self, samples: _Scaled, rng: np.random.Generator) -> Page:
        chip, classes = self.chip_, int(samples.labels.max()) + 1
        circuit, reading = MlpCircuit(chip), reading_of(chip, int(samples.groups.max()) + 1)
        kept = _strongest(samples.volts, samples.labels)
        features = np.concatenate([kept, np.full(max(0, chip.topology.inputs - len(kept)), -1)])
        chosen = choose(
            circuit,
            reading,
            _Scaled(_padded(chip, samples.volts)[:, features], samples.labels, samples.groups),
            all_candidates(len(features), chip.topology.inputs, class_orders(chip, classes)),
            rng,
            self._imperfections(chip, rng),
            Effort(self.restarts, self.max_iter, DRAWS),
            on_learning=lambda now: self.loss_curve_.append(now.loss),
        )
        weights = chosen.weights.astype(np.float64)
        return Page(features[list(chosen.channels)], chosen.band_of_class, weights, chosen.train_loss)

    def _imperfections(self, chip: MlpFile, rng: np.random.Generator) -> Imperfections:
        of_one_v = (chip.synapse.weight_max_v - chip.synapse.weight_min_v) / 2  # a weight of 1
        droop_v = chip.retention.droop_max_v if self.droop_v is None else self.droop_v
        chips: Sequence[MlpCircuit] = ()
        if self.mismatch_sigmas or tuple(self.temperatures_c) != (NOMINAL_C,):
            chips = draw_chips(chip, self.mismatch_sigmas, self.temperatures_c, rng)
        return Imperfections(
            self.input_noise_v, self.input_step_v, self.weight_step_v / of_one_v, droop_v / of_one_v, tuple(chips)
        )

    def output_v(self, X: ArrayLike) -> Floats:
        """The nominal chip's outputs, (S, pages) in volts, by its fast twin."""
        check_is_fitted(self)
        volts = self._volts(validate_data(self, X, dtype=np.float64, reset=False))
        twin, mapping, inputs_v = TwinChip(self.chip_), mapping_of(self.chip_), _padded(self.chip_, volts)
        outputs = [twin.output_v(inputs_v[:, page.features], mapping.held(page.weights)) for page in self.pages_]
        return np.stack(outputs, axis=-1)

    def decision_function(self, X: ArrayLike) -> Floats:
        """Margins in volts: how far within each class's band the output lies, (S, classes), negative outside it.

        Of two classes: (S,), how far it lies from the edge on the side of the second one. Of several pages: the same
        for each page's class.
        """
        output_v, edges_v = self.output_v(X), np.array(self.chip_.decision.edges_v)
        if len(self.pages_) == 1 < len(self.classes_) - 1:
            bands = np.array(self.pages_[0].band_of_class)
            ends_v = np.array([-np.inf, *edges_v[: len(bands) - 1], np.inf])
            return np.asarray(np.minimum(output_v - ends_v[bands], ends_v[bands + 1] - output_v))
        signs = [1 if page.band_of_class == (0, 1) else -1 for page in self.pages_]
        margin_v = np.asarray(signs * (output_v - edges_v[0]))
        return margin_v[:, 0] if len(self.pages_) == 1 else margin_v

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """The class of the largest margin; nothing abstains."""
        margin_v = self.decision_function(X)
        best = (margin_v > 0).astype(np.int64) if margin_v.ndim == 1 else margin_v.argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _volts(self, X: Floats) -> Floats:
        chip, span = self.chip_, np.where(self.high_ > self.low_, self.high_ - self.low_, 1.0)
        share = np.clip((X - self.low_) / span, 0, 1)
        return np.asarray(chip.input.min_v + (chip.input.max_v - chip.input.min_v) * share)

    def _check_parameters(self) -> None:
        """Raise ValueError for the first one that is out of its range."""
        for name, low, high in (
            ("restarts", 1, 10_000),
            ("max_iter", 1, 1_000_000),
            ("percentile", 0, 49),
            ("mismatch_sigmas", 0, 1),
            ("input_noise_v", 0, 0.1),
            ("input_step_v", 0, 0.1),
            ("weight_step_v", 0, 0.4),
            ("droop_v", 0, 0.1),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise TrainingError(f"{name} {value}, expected {low}..{high}")
        if not len(self.temperatures_c):
            raise TrainingError("temperatures_c is empty, expected at least one temperature")


def _chip(name_or_path: str) -> MlpFile:
    is_path = name_or_path.endswith(".toml")
    chip = load_chip(Path(name_or_path)) if is_path else find_chip(name_or_path, boards_folder() / "estimator")
    if chip.kind != "mlp":
        raise TrainingError(f"chip {chip.name} is of kind {chip.kind}, expected mlp")
    return chip


def _padded(chip: MlpFile, volts: Floats) -> Floats:
    """With one column more, in mid-range, where feature -1 finds it."""
    return np.hstack([volts, np.full((len(volts), 1), (chip.input.min_v + chip.input.max_v) / 2)])


def _strongest(volts: Floats, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most MOST_FEATURES of the columns, by their F; in their order."""
    if volts.shape[1] <= MOST_FEATURES:
        return np.arange(volts.shape[1])
    varied = np.ptp(volts, axis=0) > 0
    found = np.zeros(volts.shape[1])
    if varied.any():
        found[varied] = np.nan_to_num(f_classif(volts[:, varied], labels)[0])
    return np.sort(np.argsort(-found, kind="stable")[:MOST_FEATURES])
