"""The waterfall: its steps are the chip's own, its effects are measured, and what cannot be is refused."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose import accuracy
from enose.boards import find_board
from enose.chips.pictures import write_pictures
from enose.project.contents import Provenance
from enose.project.store import Project
from enose.recordings import Recordings, simulated_fruit
from enose.training import Network
from enose.waterfall.chips import MismatchedChips, WaterfallError, nominal_chip
from enose.waterfall.kept import all_of, kept_calibration, kept_model, network_of
from enose.waterfall.picture import pictures
from enose.waterfall.run import Extras, Fitted, waterfall
from enose.waterfall.trial import STEPS, Trial
from enose_contract.normalise import NORM_CHANGE
from known_chip import known_chip
from rig import changed

pytestmark = pytest.mark.usefixtures("libngspice")
_, CHIP, _ = find_board("pico-mlp")
_, MEMRISTOR, _ = find_board("pico-memristor")
FRUIT = simulated_fruit(1)
EVERY = np.arange(len(FRUIT.specimens))


def network(seed: int = 3, chip: Any = CHIP, recordings: Recordings = FRUIT) -> Network:
    """Weights of no training: what is tested here is the way down, not how good it is."""
    inputs = chip.topology.inputs
    channels = tuple(range(inputs))
    weights = np.random.default_rng(seed).uniform(-0.7, 0.7, chip.topology.weights)
    if chip.kind == "memristor":
        weights = 0.1 * np.sign(weights)
    zeros = (0,) * inputs
    names = tuple(recordings.sensors[c] for c in channels)
    order = tuple(recordings.classes)
    return Network(names, channels, order, tuple(weights.tolist()), NORM_CHANGE, zeros, zeros, 1.0, 0.0, 1.0)


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    one = Fitted(network(), EVERY, EVERY)
    own = known_chip(spread=0.8)
    return waterfall(FRUIT, [one], CHIP, chips=4, seed=1, extras=Extras(own))


def test_the_nominal_chip_s_step_is_the_one_that_demo_and_train_report() -> None:
    nominal = nominal_chip(CHIP)
    found = Trial(network(), FRUIT, EVERY, CHIP).steps(nominal)
    assert tuple(found) == STEPS
    wanted = accuracy.stages(network(), FRUIT, EVERY, CHIP, nominal, nominal)
    assert found["nominal"] == wanted["quantised"]
    assert len(set(found["nominal"])) > 1  # or it would say little


def test_the_trained_circuit_and_the_twin_give_the_same_outputs_to_their_certificate() -> None:
    trial, nominal = Trial(network(), FRUIT, EVERY, CHIP), nominal_chip(CHIP)
    trained_v = trial._trained_v(trial.exact_v, np.asarray(trial.network.weights))
    assert trained_v == pytest.approx(
        nominal.output_v(trial.exact_v, trial.exact_held), abs=2e-3
    )  # smooth cells, float32


def test_every_step_follows_from_the_one_before(report: dict[str, Any]) -> None:
    rows = {row["step"]: row for row in report["steps"]}
    assert list(rows) == [*STEPS, "chips", "this_chip", "this_chip_remapped"]
    assert rows["float"]["change"] is None
    for before, step in pairwise(STEPS):
        assert rows[step]["from"] == before
        assert rows[step]["change"]["change"] == pytest.approx(rows[step]["accuracy"] - rows[before]["accuracy"])
    assert report["chips"]["count"] == len(report["chips"]["each"]) == 4
    assert rows["chips"]["accuracy"] == np.median(report["chips"]["each"])
    assert rows["chips"]["p05"] == np.percentile(report["chips"]["each"], 5)
    assert rows["this_chip_remapped"]["accuracy"] >= rows["this_chip"]["accuracy"]


def test_every_non_ideality_has_its_effect_or_says_that_it_has_none(report: dict[str, Any]) -> None:
    names = [row["name"] for row in report["alone"]]
    assert names == [
        "mismatch", "quantisation", "droop_0.5_mv", "droop_1_mv", "temperature_0_c", "temperature_25_c",
        "temperature_50_c", "input_noise", "output_adc",
    ]  # fmt: skip
    for row in report["alone"]:
        assert row["low"] <= row["change"] <= row["high"]
        assert row["accuracy"] == pytest.approx(report["clean"] + row["change"])
        assert row["verdict"].startswith("no effect") != row["effect"]
        if not row["changed"]:
            assert row["verdict"] == "no effect: every specimen as before"


def test_the_mismatched_chips_are_those_of_the_seed_and_differ() -> None:
    trial = Trial(network(), FRUIT, EVERY, CHIP)
    asked = (trial.driven_v, trial.written)
    one, again, other = (MismatchedChips(CHIP, 3, seed).output_v(*asked) for seed in (1, 1, 2))
    assert one.shape == (3, len(trial.driven_v))
    assert (one == again).all()
    assert np.abs(one - other).max() > 5e-3  # millivolts of mismatch
    assert np.abs(one[0] - one[1]).max() > 5e-3


def test_the_same_arguments_give_the_same_report_and_fitted_parts_add_up(report: dict[str, Any]) -> None:
    halves = [Fitted(network(), EVERY, part) for part in (EVERY[:9], EVERY[9:])]
    once = waterfall(FRUIT, halves, CHIP, chips=4, seed=1)
    assert once == waterfall(FRUIT, halves, CHIP, chips=4, seed=1)
    assert [row["accuracy"] for row in once["steps"]] == [row["accuracy"] for row in report["steps"][:6]]


def test_a_network_of_memristors_goes_the_same_way_and_does_not_droop() -> None:
    found = waterfall(FRUIT, [Fitted(network(chip=MEMRISTOR), EVERY, EVERY)], MEMRISTOR, chips=3, seed=1)
    assert [row["step"] for row in found["steps"]] == [*STEPS, "chips"]
    droop = [row for row in found["alone"] if row["name"].startswith("droop")]
    assert [row["verdict"] for row in droop] == ["not in a chip of this kind"] * 2


def test_the_pictures_have_something_on_them(report: dict[str, Any], tmp_path: Path) -> None:
    (path,) = write_pictures(pictures(report), tmp_path / "w.png", "waterfall")
    assert path.stat().st_size > 20_000


def test_what_no_waterfall_is_made_of_is_refused() -> None:
    one, memristors = Fitted(network(), EVERY, EVERY), Fitted(network(chip=MEMRISTOR), EVERY, EVERY)
    with pytest.raises(WaterfallError, match="0 mismatched chips, expected at least 1"):
        waterfall(FRUIT, [one], CHIP, chips=0)
    with pytest.raises(WaterfallError, match="no specimens to test"):
        waterfall(FRUIT, [replace(one, test=EVERY[:0])], CHIP)
    with pytest.raises(WaterfallError, match="a calibration of mlp441, expected one of the board's chip memristor542"):
        waterfall(FRUIT, [memristors], MEMRISTOR, chips=2, extras=Extras(known_chip()))
    larger = changed(CHIP, supply=changed(CHIP.supply, nominal_v=2.5))
    with pytest.raises(WaterfallError, match="no fast twin to draw mismatched chips of"):
        MismatchedChips(larger, 2, 1)


def test_a_kept_model_is_found_by_its_identity(tmp_path: Path) -> None:
    from dataclasses import asdict

    path = tmp_path / "a.enose"
    made = Provenance("train", "here", True)
    with Project.create(path) as project:
        first = project.add_model("one", "mlp441", asdict(network(3)), made)
        project.add_model("two", "mlp441", asdict(network(4)), made)
        project.add_model("other", "memristor542", asdict(network(3, MEMRISTOR)), made)
        assert kept_calibration(path, CHIP) is None
        project.add_calibration("53494d0000000700", known_chip().as_dict(), made)
    assert kept_model(path, first[:6], CHIP)[0] == network(3)
    assert kept_model(path, "last", CHIP)[0] == network(4)
    assert network_of(asdict(network(5))) == network(5)
    found = kept_calibration(path, CHIP)
    assert found is not None
    assert found.identity == known_chip().identity
    assert kept_calibration(path, MEMRISTOR) is None
    with pytest.raises(WaterfallError, match="0 models of that name, expected one of: " + first):
        kept_model(path, "zz", CHIP)
    with pytest.raises(WaterfallError, match="is for mlp441, the board has memristor542"):
        kept_model(path, first, MEMRISTOR)
    with pytest.raises(WaterfallError, match="--model needs a project file"):
        kept_model(tmp_path, "last", CHIP)


def test_a_model_of_other_sensors_is_refused() -> None:
    other = replace(FRUIT, sensors=("X", *FRUIT.sensors[1:]))
    with pytest.raises(WaterfallError, match="sensor 0 is X, the model was trained on"):
        all_of(network(), other)
    assert len(all_of(network(), FRUIT)[0].test) == len(FRUIT.specimens)
