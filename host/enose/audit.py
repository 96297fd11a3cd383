"""Can the class be told from what must not tell it? Then an accuracy on these recordings is no proof of smelling.

Four suspects: the baseline alone (clean air, before any odour), the time, the order of recording, and temperature with
humidity. From each the class of every group is predicted with that group left out, by its nearest neighbours (which
find blocks) and by a ridge regression on the classes (which finds trends); the better one counts, as balanced accuracy.
The permutation test (P. Good, Permutation Tests, 2nd ed., Springer 2000; B. Phipson and G. K. Smyth, Stat. Appl. Genet.
Mol. Biol. 9 (2010) 39: p = (1 + b) / (1 + m)) does the same with the labels of whole groups shuffled. The smoothers'
weights do not depend on labels, so that a permutation costs one product.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from enose.features import exact_ohm
from enose.recordings import Recordings, RecordingsError
from enose.splits import repeated

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SUSPECTS = {
    "baseline": "R0 in clean air alone",
    "time": "when it was recorded",
    "order": "its place in the order of recording",
    "ambient": "temperature and humidity",
}
ALPHA = 0.01  # of a chance finding, for one suspect
EXCESS = 0.10  # of balanced accuracy over the permuted labels': less is real in a large set, but does not matter
NEIGHBOURS = 5
RIDGE = 1e-3  # of the mean eigenvalue: only against suspects that repeat one another
FEWEST = 6  # groups that have to be known
WRITTEN = 0.5  # of the groups: a column that fewer have is left out
DAY_S = 86_400.0
PERMUTATIONS = 1000


@dataclass(frozen=True)
class Suspect:
    """One suspect's case. `predicts` is None where nobody wrote it down or it never changes; then figures are None."""

    name: str
    words: str
    groups: int
    accuracy: float | None
    chance: float | None
    p: float | None
    predicts: bool | None


@dataclass(frozen=True)
class Audit:
    """All suspects' cases, and recordings that are there more than once under other names."""

    recordings: str
    simulated: bool
    groups: int
    classes: tuple[str, ...]
    permutations: int
    seed: int
    suspects: tuple[Suspect, ...]
    repeated: tuple[tuple[str, ...], ...]

    @property
    def ok(self) -> bool:
        """Whether no suspect predicts the class and nothing is there twice."""
        return not self.repeated and not any(suspect.predicts for suspect in self.suspects)

    def verdict(self) -> str:
        """One line to be printed beside an accuracy."""
        guilty = [s for s in self.suspects if s.predicts]
        parts = [f"{s.words} predicts the class ({s.accuracy:.0%}, chance {s.chance:.0%}, p {s.p:.3f})" for s in guilty]
        if self.repeated:
            parts.append(f"{len(self.repeated)} recordings are there more than once")
        unknown = [s.name for s in self.suspects if s.predicts is None]
        tested = [s.name for s in self.suspects if s.predicts is False]
        rest = f"; not known: {', '.join(unknown)}" if unknown else ""
        if parts:
            return "; ".join(parts) + rest
        return f"nothing that must not predict the class does (tested: {', '.join(tested) or 'nothing'}){rest}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self) | {"ok": self.ok, "verdict": self.verdict()}


def audit(recordings: Recordings, seed: int, permutations: int = PERMUTATIONS) -> Audit:
    """Try every suspect. The same seed gives the same answer; p cannot be below 1 / (1 + permutations).

    Raises RecordingsError for fewer than two classes, or permutations too few to find anything.
    """
    if permutations < round(1 / ALPHA):
        raise RecordingsError(f"{permutations} permutations, expected at least {round(1 / ALPHA)}")
    if len(recordings.classes) < 2:
        raise RecordingsError(f"{recordings.title}: one class, nothing to predict")
    members, labels = _units(recordings)
    suspects = []
    for k, (name, values) in enumerate(_values(recordings).items()):
        means = np.array([values[index].mean(axis=0) for index in members]) if values is not None else None
        suspects.append(_case(name, means, labels, len(recordings.classes), permutations, [seed, k]))
    return Audit(
        recordings.title,
        recordings.simulated,
        len({s.group for s in recordings.specimens}),
        recordings.classes,
        permutations,
        seed,
        tuple(suspects),
        tuple(tuple(groups) for groups in repeated(recordings)),
    )


def _units(recordings: Recordings) -> tuple[list[list[int]], Ints]:
    """What is shuffled and left out as a whole: the specimens of one group and label, and each one's label."""
    found: dict[tuple[str, str], list[int]] = {}
    for k, s in enumerate(recordings.specimens):
        found.setdefault((s.group, s.label), []).append(k)
    return list(found.values()), np.array([recordings.classes.index(label) for _, label in found], dtype=np.int64)


def _values(recordings: Recordings) -> dict[str, Floats | None]:
    """Each suspect's numbers, (N, n), with NaN where nobody knows."""
    specimens = recordings.specimens
    started_s = np.array([s.started_s for s in specimens])
    _, baseline_ohm = exact_ohm(specimens, recordings.average)
    return {
        "baseline": np.log(baseline_ohm) if baseline_ohm is not None and (baseline_ohm > 0).all() else None,
        "time": np.column_stack([started_s, started_s % DAY_S]),
        "order": _order(started_s)[:, None],
        "ambient": np.array([[s.temperature_c, s.humidity_pct] for s in specimens]),
    }


def _order(started_s: Floats) -> Floats:
    """Place in the order of recording: by the time where every one is known, else by the place in the file."""
    order = np.arange(len(started_s), dtype=np.float64)
    if np.isfinite(started_s).all():
        order[np.argsort(started_s, kind="stable")] = np.arange(len(started_s))
    return order


def _case(
    name: str, values: Floats | None, labels: Ints, classes: int, permutations: int, seed: Sequence[int]
) -> Suspect:
    if values is None:
        values = np.empty((len(labels), 0))
    values = values[:, np.isfinite(values).mean(axis=0) > WRITTEN]  # humidity alone is a witness, too
    known = np.isfinite(values).all(axis=1) if values.shape[1] else np.zeros(len(labels), dtype=bool)
    used, varied = labels[known], values[known]
    varied = varied[:, np.ptp(varied, axis=0) > 0] if len(varied) else varied
    if len(used) < FEWEST or len(np.unique(used)) < 2 or varied.shape[1] == 0:
        return Suspect(name, SUSPECTS[name], len(used), None, None, None, None)
    score = _Score.of(varied, classes)
    rng = np.random.default_rng([0xA0, *seed])
    found = score(used)
    permuted = np.array([score(rng.permutation(used)) for _ in range(permutations)])
    p = (1 + int(np.sum(permuted >= found))) / (1 + permutations)
    chance = float(permuted.mean())
    return Suspect(name, SUSPECTS[name], len(used), found, chance, p, p <= ALPHA and found - chance >= EXCESS)


@dataclass(frozen=True)
class _Score:
    """Balanced accuracy of the better smoother, each group left out; what does not depend on labels is made once."""

    classes: int
    neighbours: Ints  # (N, k)
    weights: Floats  # (k,): the nearer one decides a tie
    design: Floats  # (N, n + 1), with a column of ones
    solved: Floats  # (n + 1, N): the ridge's coefficients are solved @ targets
    leverage: Floats  # (N,): the share of each group in its own prediction

    @classmethod
    def of(cls, values: Floats, classes: int) -> "_Score":
        scaled = (values - values.mean(axis=0)) / values.std(axis=0)
        count = min(NEIGHBOURS, len(values) - 1)
        _, neighbours = NearestNeighbors(n_neighbors=count).fit(scaled).kneighbors()
        design = np.column_stack([np.ones(len(scaled)), scaled])
        gram = design.T @ design
        penalty = RIDGE * np.trace(gram) / len(gram) * np.diag([0.0, *[1.0] * scaled.shape[1]])
        solved = np.linalg.solve(gram + penalty, design.T)
        leverage: Floats = np.einsum("ij,ji->i", design, solved).astype(np.float64)
        return cls(
            classes, np.asarray(neighbours), np.array([1.0 / (1 + k) for k in range(count)]), design, solved, leverage
        )

    def __call__(self, labels: Ints) -> float:
        targets = np.eye(self.classes)[labels]
        voted = np.einsum("k,nkc->nc", self.weights, targets[self.neighbours])
        fitted = self.design @ (self.solved @ targets)
        others = fitted - self.leverage[:, None] * targets  # each group's prediction by the rest, up to a factor
        return max(_balanced(labels, voted.argmax(axis=1)), _balanced(labels, others.argmax(axis=1)))


def _balanced(labels: Ints, answers: NDArray[np.intp]) -> float:
    right = np.bincount(labels, weights=labels == answers)
    counts = np.bincount(labels)
    return float((right[counts > 0] / counts[counts > 0]).mean())
