"""Write-verify: 10,000 simulated devices within 1 % of their targets by their true memristance; one law for all."""

import math
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.boards import boards_folder
from enose_contract import pulses
from enose_hwsim.chipfile import MemristorFile, load_chip
from enose_hwsim.memristors.a14mod import A14Mod
from enose_hwsim.memristors.population import Population, Spread
from enose_hwsim.write_verify import Programmed, law_of, program

CHIP = load_chip(boards_folder() / "chips" / "memristor542.toml")
assert isinstance(CHIP, MemristorFile)
DEVICE = CHIP.devices
LAW = law_of(CHIP)
MODEL = A14Mod(DEVICE.k_per_s, DEVICE.r_on_ohm, DEVICE.r_off_ohm, DEVICE.m, DEVICE.threshold_v)
COUNT = 10_000
ohms = st.floats(DEVICE.min_ohm, DEVICE.max_ohm)


def anywhere(count: int, rng: np.random.Generator) -> np.ndarray:
    return rng.uniform(DEVICE.min_ohm, DEVICE.max_ohm, count)


def programmed(
    spread: Spread, seed: int, count: int = COUNT, start_ohm: np.ndarray | None = None
) -> tuple[Population, np.ndarray, Programmed, float]:
    """(devices, targets, result, CPU ms) of write-verify from anywhere to anywhere."""
    rng = np.random.default_rng(seed)
    devices = Population.draw(MODEL, spread, anywhere(count, rng) if start_ohm is None else start_ohm, rng)
    targets = anywhere(count, rng)
    began_s = time.process_time()
    result = program(devices, targets, CHIP, spread.read_noise)
    return devices, targets, result, (time.process_time() - began_s) * 1e3


def within(devices: Population, targets: np.ndarray) -> np.ndarray:
    return np.abs(devices.true_ohm / targets - 1) <= DEVICE.tolerance


@pytest.mark.parametrize(("read_noise", "average"), [(0.002, 1), (0.02, 100)])
def test_devices_are_within_a_percent_by_their_true_memristance(read_noise: float, average: int) -> None:
    """The issue's figures: 10 % speed spread; at least 99.5 % of those not stuck; at most 4 pulses in the median."""
    spread = Spread(speed_sigma=0.1, read_noise=read_noise, stuck_on_share=0.01, stuck_off_share=0.01)
    devices, targets, result, _ = programmed(spread, seed=1)
    moves = ~devices.stuck
    assert (result.done & within(devices, targets))[moves].mean() >= 0.995
    assert np.median(result.pulses[moves]) <= 4
    assert result.reads.tolist() == (average * (result.pulses + 1)).tolist()  # one reading before and after each pulse
    assert (result.done ^ result.gave_up).all()


def test_ten_thousand_devices_take_less_than_fifty_milliseconds() -> None:
    spread = Spread(speed_sigma=0.1, read_noise=0.002, stuck_on_share=0.01, stuck_off_share=0.01)
    # CPU time, the best of three: another process on this core costs cache, not work
    assert min(programmed(spread, seed)[3] for seed in range(3)) < 50


def test_every_stuck_device_is_given_up_and_no_other() -> None:
    spread = Spread(speed_sigma=0.1, read_noise=0.002, stuck_on_share=0.05, stuck_off_share=0.05)
    devices, _, result, _ = programmed(spread, seed=2)
    assert 800 < devices.stuck.sum() < 1200
    # neither end of a device's own range lies within 1 % of a target, so none of them can be done
    assert result.gave_up.tolist() == devices.stuck.tolist()
    assert result.pulses.max() <= pulses.MOST_PULSES


def test_devices_at_their_targets_are_only_read() -> None:
    targets = anywhere(100, np.random.default_rng(4))
    devices = Population.draw(MODEL, Spread(read_noise=0.0005), targets, np.random.default_rng(4))
    result = program(devices, targets, CHIP, 0.0005)
    assert result.done.all()
    assert (result.pulses.sum(), devices.pulses.sum(), result.reads.tolist()) == (0, 0, [1] * 100)


@pytest.mark.parametrize("factor", [1 / 3, 3.0])
def test_a_device_of_another_speed_is_learnt(factor: float) -> None:
    rng = np.random.default_rng(3)
    other = A14Mod(factor * DEVICE.k_per_s, DEVICE.r_on_ohm, DEVICE.r_off_ohm, DEVICE.m, DEVICE.threshold_v)
    devices = Population.draw(other, Spread(read_noise=0.002), anywhere(1000, rng), rng)
    targets = anywhere(1000, rng)
    result = program(devices, targets, CHIP, 0.002)
    assert result.done.all()
    assert within(devices, targets).mean() >= 0.995
    assert np.median(result.pulses) <= 4
    # after a move over much of the range noise leaves little doubt: 0.2 % of the reading is a few percent of u
    far = np.abs(LAW.u(targets, np) - LAW.u(result.read_ohm, np)) < 1
    assert np.median(result.speed[far]) == pytest.approx(factor, rel=0.05)


def test_cycle_to_cycle_spread_costs_pulses_and_no_accuracy() -> None:
    devices, targets, result, _ = programmed(Spread(speed_sigma=0.1, cycle_sigma=0.05, read_noise=0.002), seed=5)
    assert (result.done & within(devices, targets)).mean() >= 0.995
    assert np.median(result.pulses) <= 4


def test_a_fresh_device_near_its_end_is_programmed_too() -> None:
    """The paper's x0 = 0.0103 is 56.4 kohm, where cot(pi x) is steep and a reading says little."""
    fresh = np.full(2000, float(MODEL.ohm_from_x(0.0103)))
    devices, targets, result, _ = programmed(Spread(speed_sigma=0.1, read_noise=0.002), 6, 2000, fresh)
    assert (result.done & within(devices, targets)).mean() >= 0.995


def test_devices_of_another_range_are_programmed_by_what_is_read() -> None:
    spread = Spread(speed_sigma=0.1, range_sigma=0.02, read_noise=0.002)
    rng = np.random.default_rng(7)
    devices = Population.draw(MODEL, spread, anywhere(2000, rng), rng)
    targets = rng.uniform(3000, 40_000, 2000)
    result = program(devices, targets, CHIP, 0.002)
    assert (result.done & within(devices, targets)).mean() >= 0.995


@given(ohms, ohms)
def test_the_first_pulse_is_that_of_the_closed_form(from_ohm: float, to_ohm: float) -> None:
    run = pulses.WriteVerify(LAW, to_ohm, DEVICE.tolerance, 1e-6, pulses.Scalars)
    v, on_us = run.step(from_ohm)
    assert LAW.min_v <= abs(v) <= LAW.max_v
    if run.state == pulses.DONE:
        assert (on_us, abs(from_ohm / to_ohm - 1) <= DEVICE.tolerance) == (0, True)
        return
    assert LAW.min_on_us <= on_us <= LAW.max_on_us
    assert on_us == int(on_us)
    # where the voltage is not at its end the pair is exact: rounding of a few float64 operations
    exact_us = MODEL.pulse_s(from_ohm, to_ohm, v) * 1e6
    if LAW.min_v < abs(v) < LAW.max_v:
        assert on_us == pytest.approx(exact_us, rel=1e-9)
    else:
        assert on_us == pytest.approx(exact_us, abs=1.0)  # a whole microsecond


@given(ohms, ohms)
def test_one_device_and_an_array_go_the_same_way(from_ohm: float, to_ohm: float) -> None:
    single = pulses.WriteVerify(LAW, to_ohm, DEVICE.tolerance, 0.001, pulses.Scalars)
    many = pulses.WriteVerify(LAW, np.full(3, to_ohm), DEVICE.tolerance, 0.001, np)
    ohm = from_ohm
    for _ in range(6):
        v, on_us = single.step(ohm)
        vs, ons_us = many.step(np.full(3, ohm))
        assert many.state.tolist() == [single.state] * 3
        assert ons_us.tolist() == [on_us] * 3
        # math.tan and NumPy's differ in the last digits
        assert vs == pytest.approx(v, rel=1e-9)
        ohm += 0.5 * (to_ohm - ohm)


@given(ohms, ohms)
def test_single_precision_gives_the_same_pulse(from_ohm: float, to_ohm: float) -> None:
    """A microcontroller's floats: 24 bits. The drive of the pulse is within 1e-4 of u's own size."""
    drives = []
    for kind in (np.float32, np.float64):
        law = pulses.Law(
            *(kind(a) for a in (DEVICE.k_per_s, DEVICE.r_on_ohm, DEVICE.r_off_ohm)), DEVICE.m,
            *(kind(a) for a in (DEVICE.threshold_v, LAW.min_v, LAW.max_v)), LAW.min_on_us, LAW.max_on_us,
        )  # fmt: skip
        law.per_us = kind(law.per_us)
        u = law.u(kind([from_ohm, to_ohm]), np)
        assert u.dtype == kind
        v, on_us = law.pulse(u[:1] - u[1:], np)
        assert v.dtype == kind
        scale = np.abs(u).max() + law.drive(kind(law.min_v), 1)  # and the least that any pulse does
        drives.append(float((law.drive(v, on_us) / scale)[0]))
    # a whole microsecond more, which rounding may ask for, comes with less voltage
    assert drives[0] == pytest.approx(drives[1], abs=1e-4)


def test_single_precision_programs_as_many() -> None:
    rng = np.random.default_rng(8)
    devices = Population.draw(MODEL, Spread(speed_sigma=0.1, read_noise=0.002), anywhere(2000, rng), rng)
    targets = anywhere(2000, rng)
    run = pulses.WriteVerify(LAW, targets.astype(np.float32), DEVICE.tolerance, 0.002, np)
    while (run.state == pulses.WORKING).any():
        v, on_us = run.step(devices.read_ohm(0.05).astype(np.float32))
        assert (v.dtype, run.speed.dtype) == (np.float32, np.float32)
        devices.pulse(v, on_us * 1e-6)
    assert (run.state == pulses.DONE).mean() >= 0.995
    assert within(devices, targets).mean() >= 0.995


@pytest.mark.parametrize(("noise", "tolerance", "reads"), [(0.0, 0.01, 1), (0.002, 0.01, 1), (0.004, 0.01, 4)])
def test_a_reading_is_averaged_until_its_noise_is_a_fifth_of_the_tolerance(
    noise: float, tolerance: float, reads: int
) -> None:
    assert pulses.reads_needed(noise, tolerance) == reads
    assert noise / math.sqrt(pulses.reads_needed(noise, tolerance)) <= tolerance / pulses.AIM * (1 + 1e-6)


def test_readings_that_could_show_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"readings of noise 0.004 cannot show a tolerance of 0.01: average"):
        pulses.WriteVerify(LAW, 10_000.0, 0.01, 0.004, pulses.Scalars)


@pytest.mark.parametrize("read_v", [0.0, DEVICE.threshold_v, -0.2])
def test_a_read_that_could_write_is_refused(read_v: float) -> None:
    with pytest.raises(ValueError, match=r"a read at .* V, expected below the threshold of 0.1583 V and not zero"):
        pulses.check_read(read_v, DEVICE.threshold_v)


def test_pulses_that_could_not_switch_or_last_no_time_are_refused() -> None:
    facts = (DEVICE.k_per_s, DEVICE.r_on_ohm, DEVICE.r_off_ohm, DEVICE.m, DEVICE.threshold_v)
    with pytest.raises(ValueError, match=r"pulses of 0.15 to 0.3 V, expected above the threshold of 0.1583 V"):
        pulses.Law(*facts, 0.15, 0.3, 1, 5000)
    with pytest.raises(ValueError, match=r"on-times of 0 to 5000 us, expected 1 or more"):
        pulses.Law(*facts, 0.2, 0.3, 0, 5000)


@pytest.mark.parametrize("ohm", [1999.0, 50_001.0, math.nan])
def test_a_target_outside_the_range_is_refused_with_its_number(ohm: float) -> None:
    devices = Population.draw(MODEL, Spread(), [10_000.0] * 2, np.random.default_rng(1))
    with pytest.raises(ValueError, match=rf"target 1: {ohm:g} ohm, reachable are 2000..50000 ohm"):
        program(devices, [10_000.0, ohm], CHIP, 0.002)
