"""The features of a response against closed forms, and their transformers against the firmware's own arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from enose.features import NO_SAMPLE_UV
from enose.features.response import NAMES, UNITS, response
from enose.features.transformers import ChipInputs, ResponseFeatures
from enose.recordings import Specimen, simulated_fruit
from enose_contract import normalise
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE

SAMPLE_S = 0.1


def exponential(r0_ohm: float, depth: float, tau_s: float, exposure_s: float = 30.0) -> Specimen:
    """One sensor that goes to r0 (1 + depth) with a time constant, and back with the same one."""
    time_s = np.arange(0.0, exposure_s, SAMPLE_S)
    rising = depth * (1 - np.exp(-time_s / tau_s))
    falling = rising[-1] * np.exp(-time_s / tau_s)
    one = lambda change: (r0_ohm * (1 + change))[:, None]  # noqa: E731
    return Specimen("a", "one", "day", SAMPLE_S, one(np.zeros(20)), one(rising), one(falling))


@given(st.floats(1e3, 1e6), st.floats(-0.9, 3.0).filter(lambda d: abs(d) > 0.01), st.floats(0.5, 3.0))
def test_an_exponential_response_has_its_closed_forms(r0_ohm: float, depth: float, tau_s: float) -> None:
    found = response(exponential(r0_ohm, depth, tau_s), average=4)
    end_s = 30.0 - SAMPLE_S
    assert found.r0_ohm[0] == pytest.approx(r0_ohm)
    assert found.dr_per_r0[0] == pytest.approx(depth, rel=1e-3)  # ten time constants or more: e^-10 = 5e-5 is left
    area = depth * (end_s - tau_s * (1 - math.exp(-end_s / tau_s)))
    assert found.auc_s[0] == pytest.approx(area, rel=1e-3)  # a trapezoid's error is (step / tau)^2 / 12 = 3e-3 of tau
    slope = depth * (1 - math.exp(-SAMPLE_S / tau_s)) / SAMPLE_S  # of the first step, which is the steepest
    assert found.rise_slope_per_s[0] == pytest.approx(slope, rel=1e-6)
    assert found.decay_slope_per_s[0] == pytest.approx(-slope, rel=1e-3)
    # by a straight line between samples the half comes early by up to (step^2 / 8) of the curvature over the slope
    assert found.t50_s[0] == pytest.approx(tau_s * math.log(2), abs=SAMPLE_S**2 / 8 / tau_s + 1e-3 * tau_s)


def test_a_sensor_that_does_not_answer_has_no_half_time() -> None:
    flat = np.full((8, 1), 1e4)
    found = response(Specimen("a", "one", "day", 1.0, flat, flat, flat[:1]), 2)
    assert found.dr_per_r0[0] == found.auc_s[0] == found.rise_slope_per_s[0] == 0
    assert np.isnan(found.t50_s[0])
    assert np.isnan(found.decay_slope_per_s[0])  # one sample of recovery has no slope
    at_once = response(Specimen("a", "one", "day", 1.0, flat, flat / 2, flat), 2)
    assert at_once.t50_s[0] == 0.0


def test_features_are_each_sensors_own_and_do_not_know_its_scale() -> None:
    fruit = simulated_fruit(3).specimens[0]
    scale = np.linspace(0.5, 2.0, 8)
    phases = {f"{p}_ohm": getattr(fruit, f"{p}_ohm") * scale for p in ("baseline", "exposure", "recovery")}
    scaled = Specimen(fruit.label, fruit.group, fruit.batch, fruit.sample_s, **phases)
    one, other = response(fruit, 4), response(scaled, 4)
    assert other.r0_ohm == pytest.approx(one.r0_ohm * scale)
    for name in NAMES[1:]:
        assert getattr(other, name) == pytest.approx(getattr(one, name)), name


def test_the_transformer_names_sensor_and_unit() -> None:
    fruit = simulated_fruit(0)
    made = ResponseFeatures(("r0_ohm", "t50_s"), fruit.sensors).fit(fruit.specimens)
    assert made.get_feature_names_out()[[0, 8]].tolist() == ["TGS2600 r0_ohm", "TGS2600 t50_s"]
    found = made.transform(fruit.specimens)
    assert found.shape == (24, 16)
    assert (
        found[5].tolist()
        == np.concatenate([response(fruit.specimens[5], 4).r0_ohm, response(fruit.specimens[5], 4).t50_s]).tolist()
    )
    assert ResponseFeatures().fit(fruit.specimens).get_feature_names_out()[0] == "sensor_0 r0_ohm"
    assert all(name.endswith(("_ohm", "_s", "_per_r0")) for name in UNITS)


def test_transformers_work_in_pipelines() -> None:
    fruit = simulated_fruit(0)
    labels = [s.label for s in fruit.specimens]
    changes = ResponseFeatures(("dr_per_r0",))
    scores = cross_val_score(
        make_pipeline(changes, StandardScaler(), LinearDiscriminantAnalysis()), fruit.specimens, labels
    )
    assert scores.mean() > 0.6  # a third would be chance, of 24 specimens
    assert clone(changes).get_params() == changes.get_params()


@given(st.integers(0, 2**32 - 1), st.sampled_from([NORM_CHANGE, NORM_RANGE]))
def test_chip_inputs_are_the_contracts_bit_for_bit(seed: int, normalisation: int) -> None:
    rng = np.random.default_rng(seed)
    channels, average, load_ohm, rail = [2, 0, 3], 2, 10_000, 26_400
    specimens = [
        Specimen("a", f"{k}", "d", 1.0, *(rng.uniform(1e3, 1e5, (3, 4)) for _ in range(2)), np.empty((0, 4)))
        for k in range(5)
    ]
    made = ChipInputs(channels, normalisation, average, load_ohm).fit(specimens)
    found = made.transform(specimens)
    low, high = made.constants_.low_ohm, made.constants_.high_ohm

    def whole_ohm(ohm: np.ndarray, channel: int) -> int:
        counts = [round(rail * load_ohm / (r + load_ohm)) for r in ohm[-average:, channel].tolist()]
        return sum(normalise.resistance_ohm(count, rail, load_ohm) for count in counts) // average

    for s, row in zip(specimens, found.tolist(), strict=True):
        ohms = [whole_ohm(s.exposure_ohm, c) for c in channels]
        if normalisation == NORM_RANGE:
            expected = normalise.inputs_from_range(ohms, [low[c] for c in channels], [high[c] for c in channels])
        else:
            clean = [whole_ohm(s.baseline_ohm, c) for c in channels]
            changes = [normalise.change_ppm(r, b) for r, b in zip(ohms, clean, strict=True)]
            expected = normalise.inputs_from_changes(changes) or [NO_SAMPLE_UV] * 3
        assert row == expected
    assert made.get_feature_names_out().tolist() == ["sensor_2 input_uv", "sensor_0 input_uv", "sensor_3 input_uv"]


def test_errors_name_what_was_expected() -> None:
    fruit = simulated_fruit(0)
    with pytest.raises(ValueError, match="feature 'smell', expected some of r0_ohm"):
        ResponseFeatures(("smell",)).fit(fruit.specimens)
    with pytest.raises(ValueError, match="no specimens to be fitted to"):
        ResponseFeatures().fit([])
    with pytest.raises(ValueError, match="1 sensors' names, the specimens have 8"):
        ChipInputs(sensors=("a",)).fit(fruit.specimens)
    with pytest.raises(ValueError, match="specimens of 1 and 8 sensors, expected one number"):
        ResponseFeatures().fit([*fruit.specimens, exponential(1e4, 1.0, 1.0)])
    bare = Specimen("a", "bare", "day", 1.0, np.empty((0, 1)), np.ones((4, 1)), np.empty((0, 1)))
    with pytest.raises(ValueError, match="bare: baseline of 0 samples, expected at least 2"):
        response(bare, 2)
    with pytest.raises(ValueError, match="one: exposure of 300 samples, expected at least 301"):
        response(
            Specimen("a", "one", "d", 1.0, np.ones((400, 1)), exponential(1.0, 1.0, 1.0).exposure_ohm, np.ones((1, 1))),
            301,
        )
