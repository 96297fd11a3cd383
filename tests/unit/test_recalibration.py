"""Sensors that drift or are replaced: virtual specimens, corrected constants, new networks, lines."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift_rig import DRIFTED, smelt
from enose.boards import find_board
from enose.recalibration import Exposures, RecalibrationError, recalibrated
from enose.recalibration.recalibrate import inputs_corrected, left_out_masks, trained_alone
from enose.recalibration.scatter import LEAST_CHANGE, TIMES, changed_ohm, log_changes, scattered
from enose.recalibration.sessions import pairs
from enose.recalibration.transfer import Line, constants_anew, labelled_line, lines_of, paired_line, transferred
from enose.recordings import Recordings
from enose.training import Network, train
from enose_contract.normalise import NORM_CHANGE

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))
import drift

_, CHIP, _ = find_board("pico-mlp")


@cache
def trained() -> tuple[Network, Exposures]:
    """A network of forty specimens a class, and these."""
    recordings = smelt(40, 1)
    every = np.arange(len(recordings.specimens))
    network = train(recordings, every, CHIP, 0, "ideal")
    return network, Exposures.of(network, recordings, every)


def seen_by(network: Network, recordings: Recordings) -> Exposures:
    return Exposures.of(network, recordings, range(len(recordings.specimens)))


def exposures(recordings: Recordings) -> Exposures:
    return seen_by(trained()[0], recordings)


def right(network: Network, seen: Exposures) -> float:
    from enose.recalibration.recalibrate import named_right
    from enose.training.circuit import open_circuit
    from enose.training.readings import reading_of

    return named_right(network, seen, open_circuit(CHIP, "ideal"), reading_of(CHIP, len(seen)))


@given(st.booleans(), st.integers(0, 2**32 - 1))
def test_a_change_and_its_logarithm_are_each_others_inverse(clean: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ohm = np.exp(rng.uniform(5, 14, (7, 4)))
    clean_ohm = ohm * np.exp(rng.choice([-1, 1], (7, 4)) * rng.uniform(0.05, 3, (7, 4))) if clean else None
    seen = Exposures(ohm, clean_ohm, np.zeros(7, dtype=np.int64))
    assert changed_ohm(log_changes(seen), seen) == pytest.approx(ohm, rel=1e-9)


def test_a_change_that_is_none_has_a_logarithm_all_the_same() -> None:
    still = Exposures(np.full((1, 4), 1e4), np.full((1, 4), 1e4), np.zeros(1, dtype=np.int64))
    assert np.exp(log_changes(still)) == pytest.approx(LEAST_CHANGE)


def test_virtual_specimens_scatter_as_the_training_did() -> None:
    _, training = trained()
    few = exposures(smelt(2, 5, DRIFTED))
    found = scattered(few, training, 0.5, np.random.default_rng(0), 2000)
    assert len(found) == 6 * 2001
    assert np.array_equal(found.ohm[:6], few.ohm)
    for at, band in enumerate(few.bands):
        copies = log_changes(found)[6 + 2000 * at : 6 + 2000 * (at + 1)]
        assert set(found.bands[6 + 2000 * at : 6 + 2000 * (at + 1)]) == {band}
        spread = log_changes(training)[training.bands == band].std(axis=0, ddof=0)
        assert copies.mean(axis=0) == pytest.approx(log_changes(few)[at], abs=0.02)  # 4 of its 2000 draws' errors
        assert copies.std(axis=0) == pytest.approx(0.5 * spread, rel=0.1)
        assert np.corrcoef(copies.T).min() > 0.8  # along the line of the concentrations


def test_no_scatter_or_no_such_class_in_training_leaves_the_references_as_they_are() -> None:
    few = exposures(smelt(2, 5))
    assert scattered(few, trained()[1], 0.0, np.random.default_rng(0)) is few
    others = trained()[1].some(trained()[1].bands > 0)
    found = scattered(few, others, 0.6, np.random.default_rng(0))
    alone = np.repeat(few.bands == 0, TIMES)
    assert found.ohm[6:][alone] == pytest.approx(np.repeat(few.ohm, TIMES, axis=0)[alone])
    assert not np.isclose(found.ohm[6:][~alone], np.repeat(few.ohm, TIMES, axis=0)[~alone]).all()


def test_corrected_constants_take_the_sensors_gains_back() -> None:
    network, _ = trained()
    later = exposures(smelt(60, 7, DRIFTED))
    shares = []
    for seed in range(10, 16):
        found = inputs_corrected(network, exposures(smelt(5, seed, DRIFTED)), CHIP, "ideal")
        assert found.weights == network.weights
        bounds = zip(found.low_ohm, found.high_ohm, strict=True)
        assert all(isinstance(high, int) and 0 <= low < high for low, high in bounds)
        shares.append(right(found, later))
    assert right(network, later) < 0.7 < 0.9 < np.mean(shares)


def test_recalibration_beats_the_old_network_and_one_of_the_references_alone() -> None:
    """Where concentrations differ so much that two specimens of a class do not show all of it."""
    recordings = smelt(40, 1, spread=0.6)
    network = train(recordings, np.arange(len(recordings.specimens)), CHIP, 0, "ideal")
    training = seen_by(network, recordings)
    later = seen_by(network, smelt(100, 7, DRIFTED, spread=0.6))
    shares = []
    for seed in range(4):
        few = seen_by(network, smelt(2, 20 + seed, DRIFTED, spread=0.6))
        found = recalibrated(network, training, few, CHIP, seed, "ideal")
        alone = trained_alone(network, few, CHIP, seed, "ideal")
        shares.append([right(network, later), right(alone, later), right(found.network, later)])
        assert found.before == right(network, few)
        assert 0 <= found.left_out <= 1
        assert (found.network.sensors, found.network.class_order) == (network.sensors, network.class_order)
    before, alone_share, after = np.mean(shares, axis=0)
    assert after > max(before, alone_share)
    assert after > 0.93


def test_the_same_seed_is_the_same_network() -> None:
    network, training = trained()
    few = exposures(smelt(3, 6, DRIFTED))
    one, other = (recalibrated(network, training, few, CHIP, 4, "ideal") for _ in range(2))
    assert one == other


def test_a_network_normalised_by_change_gets_new_weights_and_has_no_constants() -> None:
    recordings = smelt(20, 1, clean=True)
    every = np.arange(len(recordings.specimens))
    network = train(recordings, every, CHIP, 0, "ideal")
    training = Exposures.of(network, recordings, every)
    few, later = (
        Exposures.of(network, r, range(len(r.specimens)))
        for r in (smelt(5, 8, DRIFTED, clean=True), smelt(60, 9, DRIFTED, clean=True))
    )
    found = recalibrated(network, training, few, CHIP, 0, "ideal")
    assert (found.network.low_ohm, found.network.high_ohm) == (network.low_ohm, network.high_ohm)
    assert right(found.network, later) > right(network, later)
    with pytest.raises(RecalibrationError, match="no constants to correct, only weights"):
        inputs_corrected(network, few, CHIP, "ideal")


def test_every_reference_is_left_out_once_with_one_of_each_class() -> None:
    few = exposures(smelt(4, 5))
    masks = left_out_masks(few)
    assert masks.shape == (4, 12)
    assert (masks.sum(axis=0) == 1).all()
    assert all(sorted(few.bands[mask]) == [0, 1, 2] for mask in masks)


def test_too_few_references_are_refused() -> None:
    network, training = trained()
    few = exposures(smelt(2, 5)).some(np.array([0, 1, 2, 3, 4]))
    missing = network.class_order[int(np.argmin(np.bincount(few.bands, minlength=3)))]
    with pytest.raises(RecalibrationError, match=rf"class '{missing}' has 1 reference\(s\), expected at least 2"):
        recalibrated(network, training, few, CHIP)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sensors": ("one", "two", "3", "four")}, "sensor 2 is '3', the network's is 'three'"),
        ({"sensors": ("one", "two", "three")}, "sensor 3 is 'none', the network's is 'four'"),
        ({"normalisation": NORM_CHANGE}, "normalisation 1, the network's is 2"),
    ],
)
def test_other_sensors_or_another_normalisation_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(RecalibrationError, match=said):
        Exposures.of(trained()[0], replace(smelt(2, 5), **change), [0])


def test_a_class_that_the_network_has_not_is_refused() -> None:
    recordings = smelt(2, 5)
    odd = replace(recordings, specimens=(replace(recordings.specimens[0], label="tea"), *recordings.specimens[1:]))
    with pytest.raises(RecalibrationError, match="ethanol 0 is of class 'tea', expected one of"):
        Exposures.of(trained()[0], odd, [0])


# --------------------------------------------------------------------------------------------------------- a swap


def swapped(seen: Exposures, channel: int, offset: float, slope: float) -> Exposures:
    """What a new sensor makes of the same specimens, by the law that the line assumes."""
    ohm = seen.ohm.copy()
    ohm[:, channel] = np.exp(offset + slope * np.log(ohm[:, channel]))
    return Exposures(ohm, seen.clean_ohm, seen.bands)


@given(st.floats(-2, 2), st.floats(0.5, 2), st.integers(0, 3))
def test_pairs_give_the_line_back(offset: float, slope: float, channel: int) -> None:
    old = exposures(smelt(4, 3))
    found = paired_line(channel, "one", old, swapped(old, channel, offset, slope))
    assert (found.offset, found.slope) == (pytest.approx(offset, abs=1e-6), pytest.approx(slope, abs=1e-6))
    assert found.rms == pytest.approx(0, abs=1e-9)


def test_an_unlike_sensor_is_refused() -> None:
    old = exposures(smelt(4, 3))
    with pytest.raises(RecalibrationError, match=r"sensor 'one': its changes go by the power -1.00 of the old one's"):
        paired_line(0, "one", old, swapped(old, 0, 0.0, -1.0))


def test_labels_alone_give_the_step_less_that_of_the_concentration() -> None:
    training = exposures(smelt(5, 3))
    stronger = Exposures(1.7 * training.ohm, None, training.bands)  # another concentration moves all alike
    found = labelled_line(2, [2], training, swapped(stronger, 2, 0.4, 1.0))
    assert (found.offset, found.slope, found.rms) == (pytest.approx(0.4), 1.0, None)
    nobody = training.some(training.bands > 9)
    with pytest.raises(RecalibrationError, match="no class of the new specimens is in the training set"):
        labelled_line(2, [2], training, nobody)


def test_constants_follow_the_line_and_other_channels_stay() -> None:
    network, training = trained()
    found = constants_anew(network, training, [Line(1, np.log(2.0), 1.0, None)])
    assert found.low_ohm[1] == pytest.approx(2 * network.low_ohm[1], abs=1)
    assert found.high_ohm[1] == pytest.approx(2 * network.high_ohm[1], abs=1)
    for k in (0, 2, 3):
        assert (found.low_ohm[k], found.high_ohm[k]) == (network.low_ohm[k], network.high_ohm[k])


@pytest.mark.parametrize("paired", [True, False])
def test_a_transfer_set_makes_the_network_name_what_the_new_sensor_sees(paired: bool) -> None:
    network, training = trained()
    name = network.sensors[1]
    offset, slope = (0.5 - 0.2 * np.log(1e4), 1.2) if paired else (0.6, 1.0)
    later = swapped(exposures(smelt(60, 7)), 1, offset, slope)
    new = swapped(training.some(np.arange(12)), 1, offset, slope)
    twice = [(k, k) for k in range(12)] if paired else []
    lines = lines_of(network, (name,), training, new, twice)
    assert (lines[0].rms is None) != paired
    found = transferred(network, training, new, lines, CHIP, 0, "ideal")
    assert right(network, later) < 0.9 < 0.95 < right(found.network, later)


def test_pairs_are_those_of_one_name_and_class() -> None:
    one, other = smelt(2, 1), smelt(2, 2)
    named = [replace(s, group=f"{s.batch}, {s.group}") for s in (*one.specimens, *other.specimens[:4])]
    recordings = replace(one, specimens=(*named, replace(named[0], group="alone", batch="session 2")))
    assert pairs(recordings, np.arange(6), np.arange(6, 11)) == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_sensors_that_the_network_does_not_use_are_refused() -> None:
    network, training = trained()
    with pytest.raises(RecalibrationError, match="sensor 'x' is none that the model uses, expected some of"):
        lines_of(network, ("x",), training, training, [])
    with pytest.raises(RecalibrationError, match="no sensor was named"):
        lines_of(network, (), training, training, [])


# --------------------------------------------------------------------------------------------------- the real drift


def test_a_row_of_the_bench_is_good_only_where_both_are_beaten_on_the_mean() -> None:
    draws = [{"right": [0.5, 0.9, 0.7, 0.95], "tested": 7}, {"right": [0.6, 0.92, 0.7, 0.91], "tested": 9}]
    row = drift.summary("batch2", draws)
    assert row["columns"]["references alone"] == {
        "mean": pytest.approx(0.91), "least": 0.9, "most": 0.92, "beaten_in": 1, "better_in": 1
    }  # fmt: skip
    assert (row["tested"], row["draws"], row["ok"]) == ([7, 9], 2, True)
    draws[1]["right"][3] = 0.87
    assert drift.summary("batch2", draws)["ok"] is False


def test_the_benchs_draws_leave_something_of_each_class_to_test() -> None:
    recordings = smelt(4, 1)
    batch = replace(recordings, specimens=tuple(replace(s, batch="batch2") for s in recordings.specimens))
    some, test = drift.drawn(batch, "batch2", 10, 0)
    assert np.bincount(batch.labels()[some]).tolist() == [3, 3, 3]
    assert np.bincount(batch.labels()[test]).tolist() == [1, 1, 1]
    assert not set(some) & set(test)


@pytest.mark.data
@pytest.mark.timeout(300)  # sixteen sensors to choose from: 13 s of computing alone, and four networks a draw
def test_on_real_drift_ten_references_mend_more_than_they_teach(data_path: Callable[[str], Path]) -> None:
    recordings = drift.load(data_path("uci_gas_drift"))
    network = train(recordings, drift.members(recordings, drift.FIRST), CHIP, 0)
    # Batch 3 has 1065 specimens to test and the clearest drift; all batches and twenty draws: bench/drift.py.
    draws = [drift.one_draw(recordings, network, "batch3", 10, draw) for draw in (0, 5)]
    row = drift.summary("batch3", draws)
    assert row["tested"] == [1065, 1065]
    assert row["ok"]
    assert row["columns"]["constants"]["mean"] > row["columns"]["batch 1 alone"]["mean"]
