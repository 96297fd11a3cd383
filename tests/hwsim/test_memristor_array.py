"""The memristor chip on the board over time: pulses, reads, settling, and what is driven wrongly is recorded."""

import math

import numpy as np
import pytest

from enose.boards import find_board
from enose_hwsim.board.parts.memristor_array import BUS, MINUS, PLUS, SWITCHES, ChipModel, MemristorArrayPart
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips import open_chip
from enose_hwsim.memristors.a14mod import A14Mod
from enose_hwsim.memristors.population import Population, Spread
from rig import changed

_, CHIP, _ = find_board("pico-memristor")
COMMON_V = CHIP.input.common_v
SENSE_OHM = 18_000.0
ROUNDING = 1e-9  # relative, of a few operations on float64
MODEL = A14Mod()


class Linear:
    """A chip model that can be computed by hand: the mean input plus a millivolt per kilo-ohm of two weights."""

    def output_v(self, inputs_v, weights):
        return inputs_v.mean(axis=1)[:, None] + 1e-6 * weights[None, :2]


class Bench:
    def __init__(self, **spread: float) -> None:
        start_ohm = np.full(CHIP.topology.weights, 10_000.0)
        self.devices = Population.draw(MODEL, Spread(**spread), start_ohm, np.random.default_rng(1))
        self.part = MemristorArrayPart(CHIP, Linear(), self.devices, SENSE_OHM)

    @classmethod
    def around(cls, chip: MemristorFile, model: ChipModel, ohm: float) -> "Bench":
        """Every device at the same memristance."""
        bench = cls()
        bench.devices = Population.draw(MODEL, Spread(), np.full(chip.topology.weights, ohm), np.random.default_rng(1))
        bench.part = MemristorArrayPart(chip, model, bench.devices, SENSE_OHM)
        return bench

    def connect(self, t_s: float, *places: tuple[int, int]) -> None:
        self.part.set_switches(frozenset(SWITCHES * k + place for k, place in places), t_s)

    def pulse(self, volts: float, t_s: float, on_s: float) -> None:
        self.part.set_pulse_dac(COMMON_V + volts, t_s)
        self.part.set_gate(1, t_s)
        self.part.set_gate(0, t_s + on_s)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.mark.parametrize(("volts", "to_ohm"), [(0.3, 9_000.0), (0.2, 9_900.0), (-0.3, 12_000.0)])
def test_a_pulse_of_the_closed_forms_time_makes_that_memristance(bench: Bench, volts: float, to_ohm: float) -> None:
    on_s = float(MODEL.pulse_s(10_000.0, to_ohm, volts))
    bench.connect(0.0, (7, BUS))
    bench.pulse(volts, 1.0, on_s)
    assert bench.devices.true_ohm[7] == pytest.approx(to_ohm, rel=1e-6)  # a time of 1 s leaves 1e-16 s of rounding
    assert np.delete(bench.devices.true_ohm, 7) == pytest.approx(10_000.0, rel=ROUNDING)
    assert bench.part.violations == []
    assert bench.part.pulses == 1


def test_a_pulse_with_no_device_on_the_bus_does_nothing(bench: Bench) -> None:
    bench.pulse(0.3, 0.0, 1e-3)
    assert bench.devices.true_ohm == pytest.approx(10_000.0, rel=ROUNDING)


@pytest.mark.parametrize("volts", [0.05, -0.05])
def test_the_amplifier_shows_the_current_inverted(bench: Bench, volts: float) -> None:
    assert bench.part.amplifier_v() == COMMON_V
    bench.connect(0.0, (3, BUS))
    bench.part.set_read_dac(COMMON_V + volts, 0.0)
    assert bench.part.amplifier_v() == pytest.approx(COMMON_V - volts / 10_000 * SENSE_OHM, rel=ROUNDING)
    bench.part.set_read_dac(COMMON_V, 1.0)
    assert bench.devices.true_ohm[3] == pytest.approx(10_000.0, rel=ROUNDING)
    assert bench.part.violations == []


def test_the_amplifier_ends_at_its_rails() -> None:
    supply_v = 3.0  # not the 3.3 V of the file
    chip = changed(CHIP, supply=changed(CHIP.supply, nominal_v=supply_v))
    low = Bench.around(chip, Linear(), 4.0)
    low.connect(0.0, (0, BUS))
    for volts, rail_v in ((0.05, 0.0), (-0.05, supply_v)):
        low.part.set_read_dac(COMMON_V + volts, 0.0)
        assert low.part.amplifier_v() == rail_v


def test_reads_carry_the_populations_noise() -> None:
    noisy = Bench(read_noise=0.01)
    noisy.connect(0.0, (3, BUS))
    noisy.part.set_read_dac(COMMON_V + 0.05, 0.0)
    falls = np.array([COMMON_V - noisy.part.amplifier_v() for _ in range(400)])
    # 400 samples know a standard deviation to 1/sqrt(800): four times that
    assert falls.std() / falls.mean() == pytest.approx(0.01, rel=0.14)


def test_a_long_read_disturbs_where_the_population_says_so() -> None:
    disturbed = Bench(read_disturb=0.01)
    disturbed.connect(0.0, (3, BUS))
    disturbed.part.set_read_dac(COMMON_V + 0.05, 0.0)
    disturbed.part.set_read_dac(COMMON_V, 10.0)
    expected = MODEL.ohm_from_x(
        np.arctan2(
            math.sin(math.pi * float(MODEL.x_from_ohm(10_000.0))),
            math.cos(math.pi * float(MODEL.x_from_ohm(10_000.0)))
            - math.pi * 0.01 * MODEL.k_per_s * 0.05**5 * 10.0 * math.sin(math.pi * float(MODEL.x_from_ohm(10_000.0))),
        )
        / math.pi
    )
    assert disturbed.devices.true_ohm[3] == pytest.approx(float(expected), rel=1e-6)


def test_weights_are_signed_by_the_adders_input_and_0_where_open(bench: Bench) -> None:
    bench.connect(0.0, (0, PLUS), (1, MINUS))
    assert bench.part.signed_ohm()[:3] == pytest.approx([10_000.0, -10_000.0, 0.0], rel=ROUNDING)


def test_the_output_settles_exponentially_and_rests_at_the_common_node(bench: Bench) -> None:
    tau_s = CHIP.output.time_constant_s
    bench.connect(0.0, (0, PLUS), (1, MINUS))
    for k in range(5):
        bench.part.set_input_dac(k, 0.95, 0.0)
    assert bench.part.output_v(0.5) == pytest.approx([COMMON_V] * 2, rel=ROUNDING)
    bench.part.set_switch(1, 1.0)
    target_v = np.array([0.96, 0.94])
    for after_s in (0.0, tau_s, 5 * tau_s, 1.0):
        expected_v = target_v + (COMMON_V - target_v) * math.exp(-after_s / tau_s)
        assert bench.part.output_v(1.0 + after_s) == pytest.approx(expected_v, rel=ROUNDING)
    bench.part.set_switch(0, 2.0)
    assert bench.part.output_v(3.0) == pytest.approx([COMMON_V] * 2, rel=ROUNDING)
    assert bench.part.violations == []


def test_a_memristance_outside_the_chips_range_is_held_at_its_end_for_the_model(bench: Bench) -> None:
    bench.connect(0.0, (0, BUS))
    bench.pulse(0.3, 0.0, 4e-3)
    assert bench.devices.true_ohm[0] < CHIP.devices.min_ohm
    bench.connect(0.1, (0, PLUS))
    for k in range(5):
        bench.part.set_input_dac(k, 0.90, 0.2)
    bench.part.set_switch(1, 0.3)
    assert bench.part.output_v(1.0)[0] == pytest.approx(0.90 + 1e-6 * CHIP.devices.min_ohm, rel=ROUNDING)


def recorded(bench: Bench) -> list[str]:
    return [text.split(",")[0] for text in bench.part.violations]


def test_a_pulse_that_is_too_long_or_too_high_is_recorded(bench: Bench) -> None:
    bench.connect(0.0, (2, BUS))
    bench.pulse(0.3, 0.0, 5e-3)
    assert bench.part.violations == []
    bench.pulse(0.3, 1.0, 5.1e-3)
    assert recorded(bench) == ["a pulse of 0.005100 s"]
    bench.pulse(-0.31, 2.0, 1e-6)
    assert recorded(bench)[1:] == ["a pulse of -0.310000 V"]


def test_a_read_at_the_threshold_is_recorded_and_writes(bench: Bench) -> None:
    bench.connect(0.0, (2, BUS))
    bench.part.set_read_dac(COMMON_V + 0.2, 0.0)
    assert recorded(bench) == ["a read at 0.200000 V"]
    assert bench.part.amplifier_v() < COMMON_V
    bench.part.set_read_dac(COMMON_V, 1e-3)
    assert bench.devices.true_ohm[2] < 9_000


@pytest.mark.parametrize("places", [(PLUS, MINUS), (PLUS, BUS), (MINUS, BUS)])
def test_a_device_connected_to_two_places_is_recorded(bench: Bench, places: tuple[int, int]) -> None:
    bench.connect(0.0, *((4, place) for place in places))
    assert recorded(bench) == ["device 4 connected to two places"]


def test_two_devices_on_a_bus_that_drives_or_a_driven_line_are_recorded(bench: Bench) -> None:
    bench.connect(0.0, (4, BUS), (5, BUS))
    assert bench.part.violations == []
    bench.part.set_read_dac(COMMON_V + 0.05, 0.0)
    assert bench.part.violations == [
        "devices [4, 5] on a bus at 0.050000 V, expected one, and its line at rest, at 0.000000 s"
    ]
    other = Bench()
    other.connect(0.0, (4, BUS))
    other.part.set_switch(1, 0.0)
    other.part.set_read_dac(COMMON_V + 0.05, 0.0)
    assert [text[:12] for text in other.part.violations] == ["devices [4] "]
    assert other.part.amplifier_v() == COMMON_V


def test_a_change_before_the_pulse_has_ended_is_recorded(bench: Bench) -> None:
    bench.connect(0.0, (2, BUS))
    bench.pulse(0.3, 1.0, 1e-3)
    bench.connect(1.0005, (3, BUS))
    assert recorded(bench) == ["a change in the middle of a pulse that ends at 1.001000 s"]


@pytest.mark.parametrize("volts", [0.0, 0.8499, 0.9501])
def test_an_input_driven_outside_its_range_is_recorded_and_held_at_its_end(bench: Bench, volts: float) -> None:
    for k in range(5):
        bench.part.set_input_dac(k, volts if k == 2 else 0.9, 0.0)
    assert bench.part.violations == []
    bench.part.set_switch(1, 0.5)
    assert bench.part.violations == [f"input 2 driven at {volts:.6f} V, 0.85..0.95 V, at 0.500000 s"]
    held_v = min(max(volts, 0.85), 0.95)
    assert bench.part.output_v(1.0)[0] == pytest.approx((4 * 0.9 + held_v) / 5, rel=ROUNDING)


@pytest.mark.parametrize("place", [PLUS, MINUS])
def test_an_answer_that_brings_devices_to_their_threshold_is_recorded_and_the_outputs_saturate(
    libngspice: str, place: int
) -> None:
    """Every weight at its largest: the first stages would be at 1.75 V from the common node."""
    bench = Bench.around(CHIP, open_chip(CHIP, "fast"), CHIP.devices.min_ohm)
    bench.connect(0.0, *((k, place) for k in range(CHIP.topology.weights)))
    for k in range(CHIP.topology.inputs):
        bench.part.set_input_dac(k, 0.95, 0.1)
    assert bench.part.violations == []
    bench.part.set_switch(1, 0.2)
    (recorded_text,) = bench.part.violations
    assert recorded_text.startswith("device ")
    assert "expected below its threshold of 0.1583 V, at 0.200000 s" in recorded_text
    assert bench.part.output_v(1.0) == pytest.approx([CHIP.supply.nominal_v] * 2, rel=ROUNDING)
    assert CHIP.supply.nominal_v > CHIP.output.valid_max_v  # so that the firmware takes no class from it
    bench.part.set_switch(0, 2.0)
    assert bench.part.output_v(3.0) == pytest.approx([COMMON_V] * 2, rel=ROUNDING)
