"""Which specimens are of now and which of before, by the sessions that a project calls them by."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enose.recalibration.exposures import RecalibrationError
from enose.recordings import Recordings

Ints = NDArray[np.int64]


def before_and_now(recordings: Recordings, now: Sequence[str], before: Sequence[str] = ()) -> tuple[Ints, Ints]:
    """(before, now): indices of the specimens in the sessions named: for now the last one if none is, for before all
    the others.

    Raises RecalibrationError for an unknown session, and where nothing is left on either side.
    """
    sessions = list(dict.fromkeys(s.batch for s in recordings.specimens))
    for name in (*now, *before):
        if name not in sessions:
            raise RecalibrationError(
                f"{recordings.title}: there is no session '{name}' with labelled specimens,"
                f" expected some of {', '.join(sessions)}"
            )
    chosen = list(now) or sessions[-1:]
    is_now = np.array([s.batch in chosen for s in recordings.specimens])
    is_before = ~is_now & np.array([not before or s.batch in before for s in recordings.specimens])
    if not is_before.any():
        raise RecalibrationError(
            f"{recordings.title}: every specimen is of {', '.join(chosen)}, expected others from before to compare with"
        )
    return np.flatnonzero(is_before), np.flatnonzero(is_now)


def some_of_each(recordings: Recordings, indices: Ints, most: int, seed: int) -> Ints:
    """At most so many of each class, drawn at random; the same seed is the same ones."""
    rng = np.random.default_rng([seed, 0x5E])
    labels = recordings.labels()[indices]
    chosen = [rng.permutation(indices[labels == label])[:most] for label in np.unique(labels)]
    return np.sort(np.concatenate(chosen))


def pairs(recordings: Recordings, before: Ints, now: Ints) -> list[tuple[int, int]]:
    """The specimens of one name and class in both, as indices into `before` and `now`: measured with old and new."""
    place = {_name(recordings, i): k for k, i in enumerate(before.tolist())}
    return [(place[name], k) for k, i in enumerate(now.tolist()) if (name := _name(recordings, i)) in place]


def _name(recordings: Recordings, index: int) -> tuple[str, str]:
    """A specimen's own name and class, without its session's name, which stands before it where two share a name."""
    specimen = recordings.specimens[index]
    return specimen.group.removeprefix(f"{specimen.batch}, "), specimen.label
