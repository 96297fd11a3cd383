"""The chip on the board over time: sample and hold, leak, settling, and what is driven wrongly is recorded."""

import math

import numpy as np
import pytest

from enose_hwsim.board.parts.analog_chip import HeldWeightChipPart
from rig import CHIP

TAU_S = CHIP.hold.time_constant_s
ROUNDING_V = 1e-12  # of a few additions of volts in double precision


class Linear:
    """A chip model that can be computed by hand: the mean of the inputs, and a tenth of the first weight."""

    def output_v(self, inputs_v, weights_v):
        return inputs_v.mean(axis=1) + 0.1 * weights_v[0]


class Bench:
    def __init__(self) -> None:
        self.ambient_c = 25.0
        self.chip = HeldWeightChipPart(CHIP, Linear(), lambda: self.ambient_c)

    def strobe(self, address: int, volts: float, t_s: float, for_s: float = 20e-6) -> None:
        for bit in range(5):
            self.chip.set_address_bit(bit, address >> bit & 1, t_s)
        self.chip.set_weight_dac(volts, t_s)
        self.chip.set_strobe(1, t_s)
        self.chip.set_strobe(0, t_s + for_s)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize("for_s", [0.0, 1e-6, 2e-6, 5e-6, 20e-6])
def test_the_hold_capacitor_charges_as_an_rc(bench: Bench, for_s: float) -> None:
    bench.strobe(7, 1.0, 0.0, for_s)
    expected_v = 1.0 - math.exp(-for_s / TAU_S)
    assert bench.chip.weights_v(for_s)[7] == pytest.approx(expected_v, abs=ROUNDING_V)


def test_a_second_strobe_charges_on_from_what_is_held(bench: Bench) -> None:
    bench.strobe(3, 1.0, 0.0, TAU_S)
    bench.strobe(3, 0.8, 1e-3, TAU_S)
    first_v = 1.0 - math.exp(-1)
    drooped_v = first_v - 0.010 * (1e-3 - TAU_S)
    expected_v = 0.8 + (drooped_v - 0.8) * math.exp(-1)
    assert bench.chip.weights_v(1e-3 + TAU_S)[3] == pytest.approx(expected_v, abs=ROUNDING_V)


def test_a_dac_step_under_the_strobe_is_followed(bench: Bench) -> None:
    bench.chip.set_weight_dac(1.0, 0.0)
    bench.chip.set_strobe(1, 0.0)
    bench.chip.set_weight_dac(0.8, TAU_S)
    bench.chip.set_strobe(0, 2 * TAU_S)
    first_v = 1.0 - math.exp(-1)
    assert bench.chip.weights_v(2 * TAU_S)[0] == pytest.approx(0.8 + (first_v - 0.8) * math.exp(-1), abs=ROUNDING_V)


def test_only_the_addressed_weight_is_written(bench: Bench) -> None:
    bench.strobe(24, 1.0, 0.0)
    assert np.flatnonzero(bench.chip.weights_v(20e-6)).tolist() == [24]
    assert bench.chip.weight_writes == 1


def test_an_address_beyond_the_weights_writes_nothing(bench: Bench) -> None:
    bench.strobe(31, 1.0, 0.0)
    assert not bench.chip.weights_v(20e-6).any()


@pytest.mark.parametrize(("ambient_c", "leak_v_per_s"), [(25.0, 0.010), (35.0, 0.020), (45.0, 0.040)])
def test_a_weight_leaks_towards_ground_twice_as_fast_every_ten_degrees(
    bench: Bench, ambient_c: float, leak_v_per_s: float
) -> None:
    bench.ambient_c = ambient_c
    bench.strobe(0, 1.0, 0.0, for_s=1.0)
    for after_s in (0.0, 0.1, 3.0):
        assert bench.chip.weights_v(1.0 + after_s)[0] == pytest.approx(1.0 - leak_v_per_s * after_s, abs=ROUNDING_V)
    assert bench.chip.weights_v(1e6)[0] == 0.0


def test_the_output_settles_exponentially_to_what_the_network_answers(bench: Bench) -> None:
    tau_s = CHIP.output.time_constant_s
    for k in range(4):
        bench.chip.set_input_dac(k, 0.85, 0.0)
    before_v = bench.chip.output_v(1.0)
    target_v = 0.85 + 0.1 * CHIP.synapse.weight_min_v  # weights at 0 V are held at the end of their range
    assert before_v == pytest.approx(CHIP.input.no_field_v + 0.1 * CHIP.synapse.weight_min_v, abs=ROUNDING_V)
    bench.chip.set_switch(1, 1.0)
    for after_s in (0.0, tau_s, 3 * tau_s, 1.0):
        expected_v = target_v + (before_v - target_v) * math.exp(-after_s / tau_s)
        assert bench.chip.output_v(1.0 + after_s) == pytest.approx(expected_v, abs=ROUNDING_V)
    left_v = abs(bench.chip.output_v(1.0 + CHIP.output.settle_s) - target_v)
    assert left_v < 1e-4 * abs(before_v - target_v)  # settle_s is ten time constants: exp(-10) is 4.5e-5


def test_with_the_switch_open_the_inputs_rest_at_the_no_field_level(bench: Bench) -> None:
    bench.chip.set_input_dac(0, 0.0, 0.0)
    assert bench.chip.output_v(1.0) == pytest.approx(0.9 + 0.07, abs=ROUNDING_V)
    assert bench.chip.violations == []


@pytest.mark.parametrize("volts", [0.0, 0.8499, 0.9501])
def test_an_input_driven_outside_its_range_is_recorded(bench: Bench, volts: float) -> None:
    for k in range(4):
        bench.chip.set_input_dac(k, 0.9, 0.0)
    bench.chip.set_switch(1, 0.0)
    assert bench.chip.violations == []
    bench.chip.set_input_dac(2, volts, 0.5)
    assert bench.chip.violations == [f"input 2 driven at {volts:.6f} V at 0.500000 s, 0.85..0.95 V"]


def test_a_switch_closed_on_a_wrong_input_is_recorded(bench: Bench) -> None:
    for k in range(4):
        bench.chip.set_input_dac(k, 0.0 if k == 1 else 0.9, 0.0)
    bench.chip.set_switch(1, 0.0)
    assert [text[:7] for text in bench.chip.violations] == ["input 1"]


def test_a_weight_strobed_outside_its_range_is_recorded_also_under_the_strobe(bench: Bench) -> None:
    bench.strobe(4, 1.2, 0.0)
    assert bench.chip.violations == ["weight 4 strobed at 1.200000 V at 0.000000 s, 0.7..1.1 V"]
    bench.chip.set_weight_dac(1.0, 1.0)
    bench.chip.set_strobe(1, 1.0)
    bench.chip.set_weight_dac(0.6, 1.00001)
    assert len(bench.chip.violations) == 2


def test_an_address_that_changes_under_the_strobe_is_recorded(bench: Bench) -> None:
    bench.chip.set_weight_dac(1.0, 0.0)
    bench.chip.set_strobe(1, 0.0)
    bench.chip.set_address_bit(0, 1, 0.0)
    assert bench.chip.violations == ["address changed under the strobe at 0.000000 s"]


def test_a_chip_that_leaks_more_droops_more_from_then_on(bench: Bench) -> None:
    bench.strobe(3, 1.0, 0.0, 20e-6)
    held_v = bench.chip.weights_v(20e-6)[3]
    bench.chip.leak_more(5.0, 0.1)
    expected_v = held_v - 0.010 * (0.1 - 20e-6) - 5 * 0.010 * 0.2
    assert bench.chip.weights_v(0.3)[3] == pytest.approx(expected_v, abs=ROUNDING_V)


def test_a_weight_is_as_old_as_its_last_strobe(bench: Bench) -> None:
    bench.strobe(3, 1.0, 0.5, 20e-6)
    ages_s = bench.chip.age_s(2.0)
    assert ages_s[3] == pytest.approx(1.5 - 20e-6)
    assert ages_s[4] == pytest.approx(2.0)
