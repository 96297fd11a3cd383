"""The leak of held weights: its closed form, and what it does to the output of twin and transistors alike."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips.retention import drooped_v
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.chips.twin.twin import TwinChip

CHIP = load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")
assert isinstance(CHIP, MlpFile)
celsius = st.floats(0, 60)
seconds = st.floats(0, 100)
volts = st.floats(0.7, 1.1)


def test_the_figures_of_the_chip_file() -> None:
    # 10 mV/s at 25 C, doubling every 10 C.
    assert drooped_v(CHIP, 0.9, 0.1, 25.0) == pytest.approx(0.9 - 1e-3, abs=1e-12)
    assert drooped_v(CHIP, 0.9, 0.1, 35.0) == pytest.approx(0.9 - 2e-3, abs=1e-12)
    assert drooped_v(CHIP, [0.9, 1.0], [[0.0], [2.0]], 45.0).tolist() == pytest.approx(
        np.array([[0.9, 1.0], [0.82, 0.92]])
    )
    assert drooped_v(CHIP, 0.9, 1e4, 25.0) == 0.0  # ground


@given(volts, seconds, seconds, celsius)
def test_droops_add_up_and_never_rise(weight_v: float, first_s: float, then_s: float, temperature_c: float) -> None:
    once_v = drooped_v(CHIP, weight_v, first_s + then_s, temperature_c)
    twice_v = drooped_v(CHIP, drooped_v(CHIP, weight_v, first_s, temperature_c), then_s, temperature_c)
    assert 0 <= once_v <= weight_v
    assert once_v == pytest.approx(float(twice_v), abs=1e-9)  # rounding of a hundred volts' worth of leak


@given(volts, seconds, celsius)
def test_ten_degrees_are_a_doubling(weight_v: float, held_s: float, temperature_c: float) -> None:
    warm_v = drooped_v(CHIP, weight_v, held_s, temperature_c + 10)
    assert warm_v == pytest.approx(float(drooped_v(CHIP, weight_v, 2 * held_s, temperature_c)), abs=1e-9)


@pytest.mark.parametrize("held_s", [-1.0, np.nan, np.inf])
def test_a_time_that_is_none(held_s: float) -> None:
    with pytest.raises(ValueError, match=rf"^held_s: {held_s} s, expected a finite time from 0 on$"):
        drooped_v(CHIP, 0.9, held_s, 25.0)
    with pytest.raises(ValueError, match=rf"^held_s \[1\]: {held_s} s"):
        drooped_v(CHIP, 0.9, [0.0, held_s], 25.0)


@pytest.mark.timeout(300)  # the tables may have to be taken
@pytest.mark.usefixtures("libngspice")
def test_what_droop_does_to_the_output() -> None:
    rng = np.random.default_rng(3)
    inputs_v, weights_v = rng.uniform(0.85, 0.95, (20, 4)), rng.uniform(0.75, 1.1, (3, 25))
    twin, spice = TwinChip(CHIP, 60.0), TransistorChip(CHIP, 60.0)
    fresh_v = twin.output_v(inputs_v, weights_v)
    late_v = drooped_v(CHIP, weights_v, 0.3, 60.0)  # 34 mV
    drooped_output_v = twin.output_v(inputs_v, late_v)
    np.testing.assert_allclose(drooped_output_v, spice.output_v(inputs_v, late_v), rtol=0, atol=5e-5)
    assert np.abs(drooped_output_v - fresh_v).max() > 5e-3
    # Within the tolerated droop the output moves in proportion, to the second order.
    tolerated_s = CHIP.retention.droop_max_v / CHIP.leak_v_per_s(60.0)
    moves_v = [
        twin.output_v(inputs_v, drooped_v(CHIP, weights_v, t, 60.0)) - fresh_v for t in (tolerated_s / 2, tolerated_s)
    ]
    np.testing.assert_allclose(2 * moves_v[0], moves_v[1], rtol=0, atol=0.05 * np.abs(moves_v[1]).max())
    with pytest.raises(ValueError, match=r"weight \[0\]: 0.699 V, expected 0.7..1.1 V"):  # below its range
        twin.output_v(inputs_v, drooped_v(CHIP, np.full(25, 0.7), tolerated_s, 60.0))
