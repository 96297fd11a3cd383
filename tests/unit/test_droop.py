"""The droop of each weight, from what holds read; the refresh that it asks for; how long decisions last without it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enose.boards import find_board
from enose.calibration.calibration import Calibration, CalibrationError, read_calibration
from enose.calibration.droop import Droop, Held, Probes, find_droop, hold_ms, make_hold_probes
from enose.calibration.retention_plan import Plan, add_droop, forecast, plan_refresh
from enose.mapping.volts import VoltMapping
from enose.recordings import simulated_fruit
from enose_contract.probing import HOLD_MS
from enose_hwsim.boardfile import Refresh
from enose_hwsim.chips.retention import leak_shares
from known_chip import known_chip
from rig import image

pytestmark = pytest.mark.usefixtures("libngspice")
_, CHIP, _ = find_board("pico-mlp")
COUNT_V = 62.5e-6
READING_S = 0.015  # of one sample: settling and four conversions
NOMINAL = CHIP.leak_v_per_s(25.0)


def known() -> Calibration:
    """A mismatched chip."""
    return known_chip(spread=1.0)


def held(chip: Calibration, probes: Probes, leak: np.ndarray, seed: int = 5) -> Held:
    """What a board would read: exact leaks, an offset of the chip that its twin misses, noise and ADC counts."""
    rng = np.random.default_rng(seed)
    twin, hold_s = chip.twin(CHIP), hold_ms(CHIP, 25.0) * 1e-3
    shape = probes.inputs_uv.shape[:2]
    missed_v = 3e-4 * rng.standard_normal(shape)
    found = []
    for begin_s in (0.0, hold_s):
        age_s = begin_s + READING_S * (0.5 + np.tile(np.arange(shape[1]), (shape[0], 1)))
        outputs_v = np.empty(shape)
        for k, (weights_v, inputs_v) in enumerate(zip(probes.weights_v(CHIP), probes.inputs_v(CHIP), strict=True)):
            aged = twin.program(weights_v - age_s[k][:, None] * leak).output_v(inputs_v)
            outputs_v[k] = np.diag(aged)
        counts = np.rint((outputs_v + missed_v) / COUNT_V + 0.4 * rng.standard_normal((4, *shape))).mean(axis=0)
        found += [COUNT_V * counts, age_s]
    return Held(*found)


def test_a_weight_that_leaks_three_times_as_fast_is_found_among_all() -> None:
    leak = NOMINAL * leak_shares(CHIP, 7)
    leak[11] = 3 * NOMINAL
    probes = make_hold_probes(CHIP, 1)
    found = find_droop(CHIP, known(), probes, held(known(), probes, leak), 25.0)
    assert found.known.all()
    assert found.worst == 11
    assert np.abs(found.leak_v_per_s / leak - 1).max() < 0.05
    off = (found.leak_v_per_s - leak) / found.sd_v_per_s
    assert 0.3 < np.sqrt(np.mean(off**2)) < 3  # the uncertainty that it states is the one that it has


def test_readings_that_no_leak_explains_are_refused() -> None:
    probes = make_hold_probes(CHIP, 1, 4)
    read = held(known(), probes, np.full(25, NOMINAL))
    with pytest.raises(CalibrationError, match="the likeliest leaks miss the readings by"):
        find_droop(CHIP, known(), probes, replace(read, later_v=read.later_v + 5e-3 * (-1) ** np.arange(19)), 25.0)
    bad = read.later_v.copy()
    bad[1, 2] = np.nan
    with pytest.raises(CalibrationError, match="reading 21 of the holds is no voltage"):
        find_droop(CHIP, known(), probes, replace(read, later_v=bad), 25.0)


def test_a_hold_lets_a_nominal_weight_droop_alike_at_every_temperature() -> None:
    assert hold_ms(CHIP, 25.0) == 1500  # 15 mV at 10 mV/s
    assert hold_ms(CHIP, 45.0) == 375
    assert hold_ms(CHIP, -40.0) == HOLD_MS


def droop(share: np.ndarray, sure: float = 0.01) -> Droop:
    return Droop(25.0, NOMINAL, NOMINAL * share, np.full(25, sure * NOMINAL), 1e-4, 456)


def test_the_plan_keeps_the_worst_weight_within_the_chip_files_droop() -> None:
    share = np.ones(25)
    nominal = plan_refresh(CHIP, droop(share), Refresh(0.8, 0.01), 0.08)
    assert nominal.limit_s == pytest.approx(0.1)  # 1 mV at 10 mV/s
    assert nominal.period_s == pytest.approx(0.08)
    assert nominal.by_temperature_s == {"25": 0.08, "40": 0.025, "60": 0.002}  # doubling every 10 C, less the reserve
    assert nominal.held
    assert nominal.words().endswith("keeps weight 0 so, with 20 ms to spare")
    share[4] = 1.05  # told of it, the device would refresh every 76 ms
    assert not plan_refresh(CHIP, droop(share), Refresh(0.8, 0.01), 0.08).sooner
    share[4] = 1.2  # held, but later than the reserve wants it
    close = plan_refresh(CHIP, droop(share), Refresh(0.8, 0.01), 0.08)
    assert (close.held, close.sooner, close.spare_s) == (True, True, pytest.approx(0.1 / 1.2 - 0.08))
    assert close.words().endswith("3 ms to spare; `enose device fit --leak 12.0` has it refreshed every 66 ms")
    share[4] = 3.0
    worse = plan_refresh(CHIP, droop(share), Refresh(0.8, 0.01), 0.08)
    assert (worse.worst, worse.held) == (4, False)
    assert worse.droop_v == pytest.approx(2.4e-3)
    assert worse.period_s == pytest.approx(0.1 / 3 - 0.01, abs=1e-3)  # in whole ms
    assert "droop by 2.40 mV: `enose device fit --leak 30.0` has it refreshed in time" in worse.words()


def test_a_leak_that_is_not_known_is_nobodys_plan() -> None:
    with pytest.raises(CalibrationError, match="no weight's leak is known well enough"):
        plan_refresh(CHIP, droop(np.ones(25), sure=0.5), Refresh(0.8, 0.01), 0.08)


def test_the_forecast_says_when_the_first_margin_is_gone() -> None:
    fruit = simulated_fruit(1)
    weights = np.random.default_rng(8).uniform(-0.7, 0.7, 25)  # which droop across an edge
    facts = {"sensor_set": fruit.sensor_set_id(), "weights": VoltMapping(CHIP).carried(weights).tolist()}
    made = image(classes=["banana", "lemon", "lychee"], average=fruit.average, **facts)
    slow = forecast(CHIP, known(), droop(np.ones(25)), made, fruit)
    fast = forecast(CHIP, known(), droop(np.full(25, 2.0)), made, fruit)
    assert 0 < slow["right_at_first"] <= len(fruit.specimens)
    assert slow["smallest_margin_v"] >= slow["guard_v"] == CHIP.decision.guard_v
    assert slow["margin_gone_s"] > 0
    assert fast["margin_gone_s"] == pytest.approx(slow["margin_gone_s"] / 2, rel=0.05)  # steps of the ages, 2 % each
    still = forecast(CHIP, known(), replace(droop(np.ones(25)), leak_v_per_s=np.zeros(25)), made, fruit)
    assert (still["margin_gone_s"], still["half_wrong_s"]) == (None, None)
    with pytest.raises(CalibrationError, match="not for these"):
        forecast(CHIP, known(), droop(np.ones(25)), image(), fruit)
    nameless = image(classes=["x", "y", "z"], average=fruit.average, **facts)
    with pytest.raises(CalibrationError, match="names no specimen rightly"):
        forecast(CHIP, known(), droop(np.ones(25)), nameless, fruit)


def test_what_was_measured_is_kept_with_the_calibration(tmp_path: Path) -> None:
    path = tmp_path / "chip.json"
    known().write(path)
    add_droop(path, {"plan": {"worst": 3}})
    assert '"worst": 3' in path.read_text()
    assert read_calibration(path, CHIP).identity == known().identity


def test_chips_leak_each_in_its_own_way_and_always_the_same() -> None:
    assert (leak_shares(CHIP, 0) == 1).all()
    assert (leak_shares(CHIP, 7) == leak_shares(CHIP, 7)).all()
    logs = np.log(np.concatenate([leak_shares(CHIP, n) for n in range(1, 201)]))
    assert abs(logs.mean()) < 4 * 0.15 / np.sqrt(5000)  # four standard errors
    assert logs.std() == pytest.approx(0.15, rel=0.05)


def test_a_plan_is_compared_with_what_the_board_does() -> None:
    plan = Plan(1, 2.0, 0.02, 0.05, 0.04, 0.05, 1e-3, {})
    assert plan.held  # at the limit itself
