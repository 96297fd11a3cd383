"""Specimens in a plane: what PCA and LDA see of all sensors. They show what lies where, and prove nothing."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.preprocessing import StandardScaler

from enose.features import exact_ohm
from enose.recordings import Recordings

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """A point a specimen, (S, 2); `share` of the variance that each axis has, None where an axis says nothing."""

    name: str
    points: Floats
    share: tuple[float, float | None]
    labels: tuple[str, ...]

    def separation(self) -> dict[str, str]:
        """Each class's nearest other class, by the distance of their means over the mean spread within the classes."""
        names = sorted(set(self.labels))
        of = np.array(self.labels)
        means = np.array([self.points[of == name].mean(axis=0) for name in names])
        inner = np.sqrt(np.mean([self.points[of == name].var(axis=0).sum() for name in names])) or 1.0
        found = {}
        for k, name in enumerate(names):
            away = np.linalg.norm(means - means[k], axis=1) / inner
            away[k] = np.inf
            found[name] = f"{names[int(away.argmin())]} ({away.min():.1f} spreads away)"
        return found


def projections(recordings: Recordings) -> list[Projection]:
    """PCA, and LDA where there are two classes or more, of the logarithms of the sensors' changes (or resistances)."""
    exposure_ohm, baseline_ohm = exact_ohm(recordings.specimens, recordings.average)
    features = StandardScaler().fit_transform(
        np.log(np.maximum(exposure_ohm, 1e-9))
        - (np.log(np.maximum(baseline_ohm, 1e-9)) if baseline_ohm is not None else 0.0)
    )
    labels = tuple(specimen.label for specimen in recordings.specimens)
    pca = PCA(2, random_state=0)
    points = pca.fit_transform(features)
    found = [Projection("PCA", points, _shares(pca.explained_variance_ratio_), labels)]
    if len(recordings.classes) > 1 and len(labels) > len(recordings.classes):
        lda = LinearDiscriminantAnalysis()
        found.append(
            Projection("LDA", _two(lda.fit_transform(features, labels)), _shares(lda.explained_variance_ratio_), labels)
        )
    return found


def _shares(ratio: Floats) -> tuple[float, float | None]:
    return float(ratio[0]), float(ratio[1]) if len(ratio) > 1 else None


def _two(points: Floats) -> Floats:
    """Two classes have one axis: the other is the place in the recordings, which says nothing."""
    if points.shape[1] > 1:
        return points[:, :2]
    return np.column_stack([points[:, 0], np.linspace(-1, 1, len(points))])
