"""What the pages show of recordings: slices, maps and mean traces. No Qt in here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from enose.features import exact_ohm
from enose.project.contents import Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.store import Project
from enose.recordings import Recordings, RecordingsError, simulated_fruit
from enose.training import Network

Floats = NDArray[np.float64]

KINDS = ("PCA", "LDA")


@dataclass(frozen=True)
class Map:
    """Specimens in a plane, (N, 2); the share of the variance on each axis, or of that between classes."""

    kind: str
    places: Floats
    labels: tuple[str, ...]
    classes: tuple[str, ...]
    shares: tuple[float, ...]
    of_change: bool  # made of ln R/R0; else of ln R


def sliced(recordings: Recordings, batches: Sequence[str]) -> Recordings:
    """The specimens of these sessions only; all of them for no session."""
    if not batches:
        return recordings
    kept = tuple(s for s in recordings.specimens if s.batch in batches)
    present = {s.label for s in kept}
    return replace(recordings, specimens=kept, classes=tuple(name for name in recordings.classes if name in present))


def with_sensors(recordings: Recordings, chosen: Sequence[int]) -> Recordings:
    """The recordings as these sensors alone would have made them."""
    pick = list(chosen)

    def cut(ohm: Floats) -> Floats:
        return ohm[:, pick] if ohm.shape[1] else ohm

    specimens = tuple(
        replace(
            s, baseline_ohm=cut(s.baseline_ohm), exposure_ohm=cut(s.exposure_ohm), recovery_ohm=cut(s.recovery_ohm),
            warmup_ohm=cut(s.warmup_ohm),
        )
        for s in recordings.specimens
    )  # fmt: skip
    return replace(recordings, sensors=tuple(recordings.sensors[k] for k in pick), specimens=specimens)


def at_board_positions(network: Network, chosen: Sequence[int]) -> Network:
    """A network that was trained on `with_sensors`, its channels counted in all sensors again."""
    return replace(network, channels=tuple(int(chosen[c]) for c in network.channels))


def map_of(recordings: Recordings, kind: str) -> Map:
    """Where specimens lie: by ln R/R0 (ln R without a baseline) of every sensor, each scaled to its spread.

    Raises RecordingsError for fewer than three specimens, or for LDA fewer than two classes or sensors.
    """
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.preprocessing import StandardScaler

    exposure, baseline = exact_ohm(recordings.specimens, recordings.average)
    values = np.log(exposure / baseline) if baseline is not None else np.log(exposure)
    labels = tuple(s.label for s in recordings.specimens)
    if len(labels) < 3 or values.shape[1] < 2:
        raise RecordingsError(
            f"{recordings.title}: {len(labels)} specimens of {values.shape[1]} sensors, at least 3 of 2"
        )
    scaled = StandardScaler().fit_transform(values)
    if kind == "PCA":
        found = PCA(2).fit(scaled)
        places = found.transform(scaled)
    else:
        if len(set(labels)) < 2:
            raise RecordingsError(f"{recordings.title}: one class, LDA wants at least 2")
        found = LinearDiscriminantAnalysis(solver="svd").fit(scaled, labels)
        places = found.transform(scaled)
    if places.shape[1] < 2:  # two classes have one discriminant: the second axis spreads them by their order
        places = np.column_stack([places[:, 0], np.linspace(-1, 1, len(places))])
    shares = tuple(float(share) for share in found.explained_variance_ratio_[:2])
    return Map(kind, np.asarray(places[:, :2]), labels, recordings.classes, shares, baseline is not None)


def class_traces(recordings: Recordings, sensor: int) -> dict[str, tuple[Floats, Floats, Floats, Floats]]:
    """By class: time in s, median, lower and upper quartile of R/R0 (or of R in kohm) of one sensor.

    Baseline, exposure and recovery follow one another, as long as the shortest specimen has them; 0 s is where the
    exposure begins.
    """
    found = {}
    for name in recordings.classes:
        own = [s for s in recordings.specimens if s.label == name]
        if not own:
            continue
        phases = []
        for phase in ("baseline_ohm", "exposure_ohm", "recovery_ohm"):
            length = min(len(getattr(s, phase)) for s in own)
            end = phase == "baseline_ohm"
            rows = [
                getattr(s, phase)[len(getattr(s, phase)) - length :] if end else getattr(s, phase)[:length] for s in own
            ]
            phases.append(np.array([row[:, sensor] for row in rows]) if length else np.empty((len(own), 0)))
        based = phases[0].shape[1] > 0
        scale = phases[0].mean(axis=1, keepdims=True) if based else 1e3
        series = np.concatenate(phases, axis=1) / scale
        time_s = (np.arange(series.shape[1]) - phases[0].shape[1]) * own[0].sample_s
        low, middle, high = np.percentile(series, (25, 50, 75), axis=0)
        found[name] = (time_s, middle, low, high)
    return found


def add_example(project: Project, seed: int) -> int:
    """Put the simulated fruit of a seed into a project; how many specimens. Raises ProjectError where it is there."""
    fruit = simulated_fruit(seed)
    specimens = tuple(
        NewSpecimen(
            s.group,
            s.label,
            (Cycle({"baseline": s.baseline_ohm, "exposure": s.exposure_ohm, "recovery": s.recovery_ohm}, s.sample_s),),
        )
        for s in fruit.specimens
    )
    session = NewSession(fruit.title, tuple(Sensor(name) for name in fruit.sensors), specimens)
    project.add_sessions([session], Provenance("import", fruit.title, True, facts={"seed": seed}))
    return len(specimens)
