"""What counts as a change, from the training split: above what clean air does, below what the weakest odour does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.image import build_image, least_change_ppm
from enose.recordings import Specimen
from enose.recordings.fruit import AVERAGE, simulated_fruit
from enose.training import Network
from enose_contract.normalise import LEAST_CHANGE_PPM
from rig import BOARD, CHIP

FRUIT = simulated_fruit(3)
CHANNELS = (0, 1, 2, 7)


def specimen(early: float, late: float, exposure: float) -> Specimen:
    """Two sensors: the second one only stands there; four samples of each end of the baseline."""
    baseline = np.array([[early, 1e4]] * 4 + [[late, 1e4]] * 4)
    return Specimen("a", "one", "day", 1.0, baseline, np.full((4, 2), [exposure, 1e4]), np.empty((0, 2)))


def clean_change_ppm(one: Specimen) -> float:
    ohm = one.baseline_ohm[:, list(CHANNELS)]
    return float(1e6 * np.abs(ohm[:AVERAGE].mean(0) / ohm[-AVERAGE:].mean(0) - 1).max())


@given(st.floats(0.9, 1.1), st.floats(0.1, 0.9))
def test_twice_the_wander_but_at_most_half_of_the_weakest_odour(early: float, odour: float) -> None:
    training = [specimen(1e4 * early, 1e4, 1e4 * odour), specimen(1e4, 1e4, 1e3)]
    expected = max(min(2e6 * abs(early - 1), 0.5e6 * (1 - odour)), LEAST_CHANGE_PPM)
    assert least_change_ppm(training, (0, 1), 4) == pytest.approx(expected, abs=1)
    assert least_change_ppm(training, (1,), 4) == LEAST_CHANGE_PPM  # of the sensors that the network uses


def test_a_split_without_long_baselines_leaves_it_to_the_constant() -> None:
    assert least_change_ppm([], CHANNELS, 4) == LEAST_CHANGE_PPM
    assert least_change_ppm([specimen(1e4, 1.1e4, 1e3)], (0, 1), 5) == LEAST_CHANGE_PPM


@pytest.mark.parametrize("seed", range(5))
def test_of_specimens_not_seen_clean_air_lies_below_and_every_odour_above(seed: int) -> None:
    fruit = simulated_fruit(seed).specimens
    floor_ppm = least_change_ppm(fruit[:12], CHANNELS, AVERAGE)
    assert max(clean_change_ppm(one) for one in fruit[12:]) < floor_ppm
    for one in fruit[12:]:
        change = np.abs(one.exposure_ohm[-AVERAGE:].mean(0) / one.baseline_ohm[-AVERAGE:].mean(0) - 1)
        assert 1e6 * change[list(CHANNELS)].max() > floor_ppm


def test_the_image_carries_it() -> None:
    network = Network(
        sensors=tuple(FRUIT.sensors[c] for c in CHANNELS),
        channels=CHANNELS,
        class_order=FRUIT.classes,
        weights=(0.0,) * 25,
        normalisation=FRUIT.normalisation,
        low_ohm=(0,) * 4,
        high_ohm=(0,) * 4,
        inner_accuracy=1.0,
        inner_loss=0.0,
        train_accuracy=1.0,
    )
    training = range(12)
    floor_ppm = least_change_ppm(FRUIT.specimens[:12], CHANNELS, AVERAGE)
    assert floor_ppm > LEAST_CHANGE_PPM
    assert build_image(network, FRUIT, BOARD, CHIP, training).least_change_ppm == floor_ppm
    assert build_image(network, FRUIT, BOARD, CHIP).least_change_ppm == LEAST_CHANGE_PPM
