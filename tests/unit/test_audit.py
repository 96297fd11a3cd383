"""The audit: what predicts a class that it must not is found, what does not is let pass, and chance is chance."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enose.audit import ALPHA, Audit, audit
from enose.recordings import Recordings, RecordingsError, Specimen, open_recordings, simulated_fruit
from enose_contract.normalise import NORM_CHANGE

GROUPS = 40
PERMUTATIONS = 300  # p is 0.0033 at the least, below ALPHA


def recordings(seed: int = 0, follow: str = "", windows: int = 3, strength: float = 3.0) -> Recordings:
    """Groups of two classes in shuffled order; one suspect follows the class by `strength` standard deviations."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(GROUPS) % 2)
    if follow == "order":
        labels = np.arange(GROUPS) // 10 % 2  # blocks of ten: no trend, but neighbours are alike
    specimens = []
    for g, label in enumerate(labels.tolist()):
        pushed = {name: strength * label * (follow == name) for name in ("ambient", "baseline", "time")}
        base = 1e4 * np.exp(0.1 * rng.standard_normal(2) + [0.1 * pushed["baseline"], 0.0])
        around = rng.standard_normal(2)
        for w in range(windows):
            specimens.append(
                Specimen(
                    label="ab"[label],
                    group=f"g {g}",
                    batch="one",
                    sample_s=1.0,
                    baseline_ohm=np.tile(base, (4, 1)),
                    exposure_ohm=np.tile(base * (0.5 + 0.2 * label), (4, 1)) + rng.uniform(0, 1, (4, 2)),
                    recovery_ohm=np.empty((0, 2)),
                    temperature_c=20.0 + around[0],
                    humidity_pct=50.0 + around[1] + pushed["ambient"],
                    started_s=float(1e5 * rng.permutation(GROUPS)[0] if follow != "time" else 1e6 * label + g) + w,
                )
            )
    if follow == "order":
        specimens = [replace(s, started_s=float("nan")) for s in specimens]
    return Recordings("made up", True, ("p", "q"), ("a", "b"), NORM_CHANGE, tuple(specimens), 2)


def by_name(found: Audit) -> dict[str, bool | None]:
    return {suspect.name: suspect.predicts for suspect in found.suspects}


@pytest.mark.parametrize("follow", ["ambient", "baseline", "time", "order"])
def test_a_suspect_that_follows_the_class_is_found(follow: str) -> None:
    found = audit(recordings(1, follow), 0, PERMUTATIONS)
    assert by_name(found)[follow] is True
    assert not found.ok
    suspect = next(s for s in found.suspects if s.name == follow)
    assert suspect.accuracy is not None
    assert suspect.accuracy > 0.8
    assert suspect.words in found.verdict()
    innocent = {"baseline", "ambient"} - {follow}
    assert not any(by_name(found)[name] for name in innocent)


def test_what_follows_nothing_passes_as_often_as_it_should() -> None:
    """Under the null p is uniform: of 40 sets' 160 cases about 1 in 100 is below ALPHA; 7 would be one in 10^4."""
    cases = [s for seed in range(40) for s in audit(recordings(100 + seed), seed, 100).suspects]
    assert all(s.p is not None for s in cases)
    assert sum(s.p <= ALPHA for s in cases) < 7
    assert 0.4 < np.mean([s.p for s in cases]) < 0.65  # p counts ties, so its mean is somewhat above a half


def test_windows_of_a_group_are_no_witnesses_of_each_other() -> None:
    """Every group has an ambient of its own: by windows the class would be known perfectly, by groups it is not."""
    assert by_name(audit(recordings(3, windows=10), 0, PERMUTATIONS))["ambient"] is False


def test_what_nobody_knows_or_never_changes_is_said_to_be_unknown() -> None:
    made = recordings(1)
    still = [
        replace(s, temperature_c=float("nan"), humidity_pct=50.0, started_s=7.0, baseline_ohm=np.full((4, 2), 1e4))
        for s in made.specimens
    ]
    found = audit(replace(made, specimens=tuple(still)), 0, PERMUTATIONS)
    assert by_name(found) == {"baseline": None, "time": None, "order": False, "ambient": None}
    assert found.verdict().endswith("(tested: order); not known: baseline, time, ambient")


def test_a_recording_that_is_there_twice_is_found() -> None:
    made = recordings(1, windows=1)
    twin = replace(made.specimens[0], group="g again")
    found = audit(replace(made, specimens=(*made.specimens, twin)), 0, PERMUTATIONS)
    assert found.repeated == (("g 0", "g again"),)
    assert not found.ok
    assert "1 recordings are there more than once" in found.verdict()


def test_the_same_seed_is_the_same_audit() -> None:
    assert audit(recordings(1), 5, PERMUTATIONS) == audit(recordings(1), 5, PERMUTATIONS)
    assert audit(recordings(1), 5, PERMUTATIONS) != audit(recordings(1), 6, PERMUTATIONS)


def test_simulated_fruit_is_not_told_from_clean_air() -> None:
    found = audit(simulated_fruit(1), 1)
    assert found.ok
    assert found.as_dict()["verdict"].startswith("nothing that must not predict the class does")


def test_errors_name_what_was_expected() -> None:
    with pytest.raises(RecordingsError, match="99 permutations, expected at least 100"):
        audit(recordings(1), 0, 99)
    made = recordings(1)
    alone = replace(made, classes=("a",), specimens=tuple(s for s in made.specimens if s.label == "a"))
    with pytest.raises(RecordingsError, match="made up: one class, nothing to predict"):
        audit(alone, 0)


@pytest.mark.data
def test_a_real_set_whose_class_follows_humidity_is_flagged_and_a_shuffled_one_passes(
    data_path: Callable[[str], Path], tmp_path: Path
) -> None:
    """The real inductions under two labels of ours: `wine` once the drier ones, once any; `banana` all others."""
    lines = (data_path("uci_home_activity_8mox") / "recordings.csv").read_text().splitlines()
    header, rows = lines[0], [line.split(",") for line in lines[1:]]
    humid: dict[str, list[float]] = {}
    for row in rows:
        humid.setdefault(row[0], []).extend([float(row[-1])] if row[-1] else [])
    ordered = sorted(humid, key=lambda key: float(np.mean(humid[key])))
    shuffled = np.random.default_rng(7).permutation(ordered).tolist()
    for order, flagged in ((ordered, True), (shuffled, False)):
        dry = set(order[: len(order) // 2])
        path = tmp_path / f"{flagged}.csv"
        relabelled = [",".join([row[0], "wine" if row[0] in dry else "banana", *row[2:]]) for row in rows]
        path.write_text("\n".join([header, *relabelled]) + "\n")
        found = audit(open_recordings(path), 0)
        assert by_name(found)["ambient"] is flagged
        assert found.ok is not flagged, found.verdict()
