"""How far sensors have moved, in the scatter of their training; which specimens are of now."""

from dataclasses import replace

import numpy as np
import pytest

from drift_rig import DRIFTED, both, smelt
from enose.recalibration import RecalibrationError
from enose.recalibration.moved import FEWEST, MOST, advice, moved, references_advised
from enose.recalibration.sessions import before_and_now, some_of_each
from enose.recordings import Recordings, Specimen
from enose_contract.normalise import NORM_CHANGE


def of_logs(then: np.ndarray, now: np.ndarray) -> Recordings:
    """One class: two sensors whose clean air and response have these logarithms, (specimens, 2 of each)."""
    specimens = []
    for batch, logs in (("then", then), ("now", now)):
        for k, (r0, response) in enumerate(logs):
            clean, ohm = np.exp(r0)[None], np.exp(r0 + response)[None]
            specimens.append(Specimen("tea", f"{batch} {k}", batch, 1.0, clean, ohm, np.empty((0, 2))))
    return Recordings("logs", True, ("a", "b"), ("tea",), NORM_CHANGE, tuple(specimens), 1)


def moves(r0_step: float = 0.0, response_step: float = 0.0, times: float = 1.0) -> Recordings:
    """Sensor a moves; b stays. Spreads in training are 0.1 of R0 and 0.2 of the response, whose mean is 1."""
    signs = np.array([-1.0, 1.0] * 4) / np.sqrt(8 / 7)  # a standard deviation of exactly one, ddof 1
    then = np.array([[[8 + 0.1 * s, 8 + 0.1 * s], [1 + 0.2 * s, 1 + 0.2 * s]] for s in signs])
    now = then.copy()
    now[:, 0, 0] += r0_step
    now[:, 1, 0] = 1 + response_step + times * 0.2 * signs
    return of_logs(then, now)


def test_moves_are_counted_in_the_scatter_of_training() -> None:
    recordings = moves(r0_step=0.3, response_step=-0.5)
    one, other = moved(recordings, *before_and_now(recordings, ()))
    assert one.r0_spreads == pytest.approx(3)
    assert one.r0_percent == pytest.approx(100 * np.expm1(0.3))
    assert one.response_spreads == pytest.approx(-2.5)
    assert one.response_share == pytest.approx(0.5)
    assert (one.scatter, one.verdict) == (pytest.approx(1), "moved")
    assert (other.r0_spreads, other.response_spreads, other.verdict) == (0, 0, "still")


@pytest.mark.parametrize(
    ("recordings", "verdict", "said"),
    [
        (moves(), "still", "nothing to do"),
        (moves(response_step=-0.5), "moved", "recalibrate with 7 specimens"),  # 1 / 0.4 squared
        (moves(response_step=-0.5, times=3), "moved", f"recalibrate with {MOST} specimens"),
        (moves(response_step=-0.5, times=0.1), "moved", f"recalibrate with {FEWEST} specimens"),
        (moves(response_step=-0.9), "replace", "replace a, then"),
        (moves(r0_step=np.log(12)), "replace", "replace a, then"),
        (moves(r0_step=-np.log(12)), "replace", "replace a, then"),
        (moves(times=6), "replace", "replace a, then"),
    ],
)
def test_each_move_has_its_advice(recordings: Recordings, verdict: str, said: str) -> None:
    found = moved(recordings, *before_and_now(recordings, ("now",)))
    assert found[0].verdict == verdict
    assert said in advice(found[:1], ("a", "b"))
    assert advice(found, ("b",)) == "nothing to do"
    assert FEWEST <= references_advised(found) <= MOST


def test_without_clean_air_the_resistance_itself_is_the_response() -> None:
    recordings = both(smelt(30, 1), smelt(30, 2, DRIFTED))
    found = moved(recordings, *before_and_now(recordings, ()), "acetone")
    then = [np.log([s.exposure_ohm[0, k] for s in smelt(30, 1).specimens if s.label == "acetone"]) for k in range(4)]
    for k, one in enumerate(found):
        assert one.r0_percent is one.r0_spreads is one.response_share is None
        # the mean of thirty is known to 0.18 of the scatter, twice
        assert one.response_spreads == pytest.approx(np.log(DRIFTED[k]) / np.std(then[k], ddof=1), abs=0.6)


def test_another_concentration_moves_no_sensor_beside_the_others_and_a_lost_one_itself_alone() -> None:
    first, later = smelt(30, 1), smelt(30, 2)
    stronger = replace(later, specimens=tuple(replace(s, exposure_ohm=2.5 * s.exposure_ohm) for s in later.specimens))
    everything = both(first, stronger)
    found = moved(everything, *before_and_now(everything, ()))
    assert min(abs(one.response_spreads) for one in found) > 3
    # The means of thirty on both sides are known to 0.26 of the scatter; three classes' largest of four sensors.
    assert max(abs(one.beside_spreads or 0) for one in found) < 1
    weaker = both(first, smelt(30, 2, (1, 1, 1, 0.5)))
    beside = [one.beside_spreads or 0 for one in moved(weaker, *before_and_now(weaker, ()))]
    assert beside[3] < -3
    assert int(np.argmax(np.abs(beside))) == 3


def test_a_session_that_is_neither_before_nor_now_is_left_out() -> None:
    recordings = both(both(smelt(2, 1), smelt(2, 2)), smelt(2, 3))
    before, now = before_and_now(recordings, ("session 3",), ("session 1",))
    assert (before.tolist(), now.tolist()) == (list(range(6)), list(range(12, 18)))
    with pytest.raises(RecalibrationError, match="every specimen is of session 1, expected others"):
        before_and_now(recordings, ("session 1",), ("session 1",))


def test_what_cannot_be_compared_is_refused() -> None:
    recordings = both(smelt(1, 1), smelt(2, 2))
    with pytest.raises(
        RecalibrationError, match="no session 'x' with labelled specimens, expected some of session 1, "
    ):
        before_and_now(recordings, ("x",))
    with pytest.raises(RecalibrationError, match="every specimen is of session 1, session 2, expected others"):
        before_and_now(recordings, ("session 1", "session 2"))
    with pytest.raises(RecalibrationError, match=r"ethanol 1 and 2, .*; expected a class with at least 2 and 1"):
        moved(recordings, *before_and_now(recordings, ()))
    with pytest.raises(RecalibrationError, match="reference 'tea' is no class, expected one of ethanol, "):
        moved(recordings, *before_and_now(recordings, ()), "tea")


def test_references_are_drawn_from_each_class() -> None:
    recordings = smelt(6, 1)
    some = some_of_each(recordings, np.arange(6, 18), 3, 0)
    assert np.bincount(recordings.labels()[some]).tolist() == [3, 3, 3]
    assert set(some) <= set(range(6, 18))
    assert not np.array_equal(some, some_of_each(recordings, np.arange(6, 18), 3, 1))
