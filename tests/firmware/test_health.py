"""Sensors that are not fit: each fault, in each phase, is no answer and says why; wander and recovery are no odour."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.features import input_v, no_constants
from enose.link.device import Answer, Device
from enose_contract import messages
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE
from enose_device.sensors.health import FAR, NOISE, Health
from enose_hwsim import gas
from enose_hwsim.board.world import FAULTS, World
from rig import BOARD, CLEAN_OHM, QUICK, SwitchOn, changed, host_of, image, present

OPEN = messages.REASONS[messages.REASON_SENSOR]
SATURATED = messages.REASONS[messages.REASON_SATURATED]
STUCK = messages.REASONS[messages.REASON_STUCK]
MOVING = messages.REASONS[messages.REASON_MOVING]
NO_ODOUR = messages.REASONS[messages.REASON_ALL_ZERO]
SCANS = {"baseline_ms": 2000, "exposure_ms": 2000, "recovery_ms": 6000}
RATIOS = (0.9, 0.7, 0.5, 0.3, 0.6)


class Steps:
    """A sensor array of which one count of the converter is `ohm`."""

    def __init__(self, ohm: int = 6) -> None:
        self._ohm = ohm

    def step_ohm(self, ohm: int) -> int:
        return self._ohm


@pytest.fixture
def ready(device: Device) -> Device:
    """Programmed, five sensors before it of which the image uses four."""
    device.program(image(**SCANS).pack())
    present(device.port.board, RATIOS)
    return device


def measured_failing(device: Device, phase: str, fault: str, position: int = 2) -> Answer:
    """One measurement in the course of which a sensor fails, as the phase begins."""
    world = device.port.board.world
    done: list[str] = []

    def look(now: str, left_s: float) -> None:
        if now == phase and not done:
            done.append(now)
            world.fail(fault, position, device.port.board.now_s)

    answer = device.measure(look)
    assert done == [phase]
    return answer


@pytest.mark.parametrize("phase", ["warmup", "baseline", "exposure", "recovery"])
@pytest.mark.parametrize(("fault", "reason"), [("open", OPEN), ("short", OPEN), ("saturated", SATURATED)])
def test_a_sensor_that_cannot_be_read_is_no_answer_in_any_phase(
    ready: Device, phase: str, fault: str, reason: str
) -> None:
    answer = measured_failing(ready, phase, fault)
    assert (answer.answer, answer.label, answer.reason) == ("NONE", "", reason)
    ready.port.board.world.mend()
    assert ready.measure().reason == ""  # the device goes on


@pytest.mark.parametrize("phase", ["warmup", "baseline", "exposure"])
def test_a_sensor_that_stands_still_while_the_others_move_is_no_answer(ready: Device, phase: str) -> None:
    answer = measured_failing(ready, phase, "stuck")
    assert (answer.answer, answer.reason) == ("NONE", STUCK)


def test_a_sensor_that_sticks_at_what_the_odour_made_of_it_is_no_answer(ready: Device) -> None:
    board = ready.port.board
    present(board, RATIOS)
    held: list[float] = []

    def look(phase: str, left_s: float) -> None:
        if phase == "exposure" and left_s < 1.5 and not held:
            held.append(left_s)
            board.world.fail("stuck", 2, board.now_s)

    answer = ready.measure(look)
    assert held
    assert (answer.answer, answer.reason) == ("NONE", STUCK)
    assert answer.ohms[2] == pytest.approx(0.5 * CLEAN_OHM, rel=1e-3)


@pytest.mark.parametrize(
    ("phase", "reason"), [("warmup", MOVING), ("baseline", MOVING), ("exposure", STUCK)], ids=lambda text: text[:8]
)
def test_a_heater_that_opens_is_no_answer(ready: Device, phase: str, reason: str) -> None:
    answer = measured_failing(ready, phase, "heater open")
    assert (answer.answer, answer.reason) == ("NONE", reason)


def test_a_heater_that_has_long_been_open_is_no_answer_even_on_the_first_measurement(ready: Device) -> None:
    ready.port.board.world.fail("heater open", 2, ready.port.board.now_s)
    ready.port.wait(60_000)
    answer = ready.measure()
    assert (answer.answer, answer.reason) == ("NONE", STUCK)


def test_a_heater_that_opened_since_the_last_measurement_is_told_from_the_tracked_baseline(ready: Device) -> None:
    assert ready.measure().reason == ""
    ready.port.board.world.fail("heater open", 2, ready.port.board.now_s)
    ready.port.wait(60_000)
    answer = ready.measure()
    assert (answer.answer, answer.reason) == ("NONE", "a sensor that the image uses is not heated")
    assert ready.port.board.wiring.pin_read(QUICK.gas.heater_pin) == 1


def test_a_short_heater_cools_them_all_and_their_power_is_cut_until_the_host_clears_it(ready: Device) -> None:
    board, heater = ready.port.board, QUICK.gas.heater_pin
    assert ready.measure().reason == ""
    board.world.fail("heater short", 2, board.now_s)
    ready.port.wait(60_000)
    reason = messages.REASONS[messages.REASON_HEATERS]
    for _ in range(2):
        answer = ready.measure()
        assert (answer.answer, answer.reason) == ("NONE", reason)
        assert board.wiring.pin_read(heater) == 0
    board.world.mend()
    ready.safe()
    ready.clear()
    assert ready.measure().reason == ""
    assert board.wiring.pin_read(heater) == 1


def test_a_short_heater_on_the_first_measurement_is_no_answer(ready: Device) -> None:
    ready.port.board.world.fail("heater short", 2, ready.port.board.now_s)
    ready.port.wait(60_000)
    assert ready.measure().answer == "NONE"


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in ("heater short", "reference drift")])
def test_a_fault_of_a_sensor_that_the_image_does_not_use_changes_nothing(ready: Device, fault: str) -> None:
    expected = ready.measure()
    ready.port.board.world.fail(fault, 4, ready.port.board.now_s)
    answer = ready.measure()
    assert (answer.answer, answer.label, answer.reason) == (expected.answer, expected.label, "")


@pytest.mark.parametrize("seed", range(4))
def test_a_noisy_sensor_is_an_abstention_that_says_so(ready: Device, seed: int) -> None:
    ready.port.board.world.fail("noise", 3, ready.port.board.now_s, seed)
    ready.program(image(**SCANS, average=8, model=b"patient0").pack())
    answer = ready.measure()
    assert answer.reason in (messages.REASONS[messages.REASON_NOISE], MOVING)
    assert (answer.answer, answer.label) == ("NONE" if answer.reason == MOVING else "ABSTAIN", "")


@pytest.mark.parametrize("phase", ["warmup", "baseline", "exposure", "recovery"])
def test_a_drifted_reference_is_no_answer(ready: Device, phase: str) -> None:
    answer = measured_failing(ready, phase, "reference drift")
    assert (answer.answer, answer.reason) == ("NONE", messages.REASONS[messages.REASON_REFERENCE])


def test_before_the_sensors_are_warm_there_is_no_answer_but_the_time_left(power_on: SwitchOn) -> None:
    device = host_of(power_on(BOARD))
    device.program(image().pack())
    present(device.port.board)
    ask = device._conversation.ask
    ask(messages.MEASURE, 1)
    device.port.wait(10_000)
    raw = ask(messages.RESULT, 1)
    assert (raw["answer"], raw["reason"], raw["phase"]) == (3, messages.REASON_COLD, 1)
    # the heaters went on as the image came into force, some ms before the measurement
    assert 19_000 < raw["remaining_ms"] <= 20_000
    device.port.wait(25_000)
    assert ask(messages.RESULT, 1)["reason"] == messages.REASON_OK


def test_a_second_measurement_before_the_sensors_have_recovered_is_refused(ready: Device) -> None:
    board = ready.port.board
    ready.program(image(baseline_ms=2000, recovery_ms=0, model=b"hurried0").pack())
    clean = np.full((20, 4), CLEAN_OHM)
    odour = CLEAN_OHM * np.tile(RATIOS[:4], (10, 1))
    time_s = 0.1 * np.arange(1, 601)[:, None]
    recovery = CLEAN_OHM * np.array(RATIOS[:4]) ** np.exp(-time_s / 8.0)  # back with the time constant of a sensor
    board.present(clean, odour, recovery, 0.1)
    first = ready.measure()
    assert first.reason == ""
    phases: list[str] = []
    for _ in range(3):
        second = ready.measure(lambda phase, left_s: phases.append(phase))
        assert (second.answer, second.label, second.reason) == ("NONE", "", MOVING)
        assert board.wiring.pin_read(QUICK.gas.valve_pin) == 0
    assert "exposure" not in phases
    ready.port.wait(90_000)
    again = ready.measure()
    assert (again.answer, again.label, again.band) == (first.answer, first.label, first.band)
    assert again.inputs_v == pytest.approx(first.inputs_v, abs=5e-4)


def clean_air(seed: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A baseline of ten seconds, and twenty seconds more of the same clean air, in place of an odour."""
    smelt = gas.simulate("banana", seed, gas.SensorArray.made(seed), warmup_s=60.0, baseline_s=30.0)
    return smelt.baseline_ohm[:20], smelt.baseline_ohm[20:]


@pytest.mark.parametrize("seed", range(3))
def test_wander_in_clean_air_is_no_odour_by_the_floor_of_the_image(device: Device, seed: int) -> None:
    baseline, exposure = clean_air(seed)
    seconds = {"baseline_ms": 10_000, "exposure_ms": 20_000, "scan_ms": 500, "average": 4}
    names = {}
    for floor_ppm in (1000, 13_000):  # the constant, and what a training split of the simulated fruit says
        device.program(image(**seconds, least_change_ppm=floor_ppm, model=b"floor%03d" % (floor_ppm // 1000)).pack())
        device.port.board.present(baseline, exposure, np.empty((0, 8)), 0.5)
        names[floor_ppm] = device.measure().reason
    assert names[13_000] == NO_ODOUR
    assert names[1000] != NO_ODOUR  # the fault that the floor mends: an odour is named, or the sensors are blamed


def test_an_image_without_a_baseline_is_judged_by_its_exposure(device: Device) -> None:
    ranges = {"low_ohm": [5_000] * 4, "high_ohm": [40_000] * 4, "normalisation": NORM_RANGE, "baseline_ms": 0}
    device.program(image(**ranges).pack())
    present(device.port.board)
    assert device.measure().reason == ""
    device.port.board.world.fail("open", 1, device.port.board.now_s)
    assert device.measure().reason == OPEN


def test_slow_drift_is_followed_and_a_jump_is_not() -> None:
    health, ohm = Health(2), 30_000
    for _ in range(60):  # to a twentieth of what it was, in small steps
        health.begin()
        health.add([ohm, 30_000])
        assert health.judge_clean_air([ohm, 30_000], [ohm, 30_000], 1000) == messages.REASON_OK
        ohm = ohm * 95 // 100
    tracked = health.tracked_ohm[0]
    for factor, reason in ((FAR + 0.1, messages.REASON_FAR), (FAR - 0.1, messages.REASON_OK)):
        for far in (int(tracked * factor), int(tracked / factor) + 1):
            health.begin()
            assert health.judge_clean_air([far, 30_000], [far, 30_000], 1000) == reason
            health.tracked_ohm[0] = tracked


@given(st.lists(st.integers(1_000, 500_000), min_size=2, max_size=6), st.integers(1, 100_000), st.floats(0.7, 1.3))
def test_a_baseline_moves_where_its_ends_differ_by_more_than_what_counts(
    late: list[int], least_ppm: int, ratio: float
) -> None:
    early = [late[0], *[round(ohm * ratio) for ohm in late[1:]]]
    health = Health(len(late))
    for ohms in (early, late):
        health.add(ohms)
    moved_ppm = max(abs(e - ohm) * 1_000_000 // ohm for e, ohm in zip(early, late, strict=True))
    expected = messages.REASON_MOVING if moved_ppm > least_ppm else messages.REASON_OK
    assert health.judge_clean_air(early, late, least_ppm) == expected
    assert health.tracked_ohm == ([0] * len(late) if expected else late)


@given(st.integers(1, 10_000), st.integers(1_001, 500_000))
def test_the_wander_of_clean_air_says_which_odour_goes_under_in_it(span_ohm: int, ohm: int) -> None:
    health = Health(1)
    for reading in (ohm, ohm + span_ohm, ohm):
        health.add([reading])
    assert health.judge_clean_air([ohm], [ohm], 1000) == messages.REASON_OK  # it wanders, but does not move
    wander_ppm = span_ohm * 1_000_000 // ohm
    assert health.noisy(NOISE * wander_ppm - 1)
    assert not health.noisy(NOISE * wander_ppm)


@given(st.integers(0, 60), st.integers(0, 20_000))
def test_a_still_sensor_is_stuck_only_beside_one_that_moves(still_ohm: int, moved_ohm: int) -> None:
    health = Health(2)
    health.add([20_000, 20_000])
    health.add([20_000 + still_ohm, 20_000 - moved_ohm])
    still = min(still_ohm, moved_ohm) <= 24  # four counts of 6 ohm
    stuck = still and max(moved_ohm * 20 > 20_000, still_ohm * 20 > 20_000 + still_ohm)
    assert health.judge_exposure(Steps()) == (messages.REASON_STUCK if stuck else messages.REASON_OK)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_world_fails_by_name_and_is_mended(fault: str) -> None:
    world = World()
    clean = np.full((4, 3), CLEAN_OHM)
    world.present(clean, 0.5 * clean, clean, 1.0, 0.0)
    world.fail(fault, 1, 1.0, seed=3)
    world.set_valve(1, 2.0)
    seen = [world.resistance_ohm(k, 3.0) for k in range(3)]
    expected = {"open": np.inf, "short": 0.0, "saturated": 1e7, "stuck": CLEAN_OHM}
    assert seen[1] == expected.get(fault, seen[1])
    others = {seen[0], seen[2]}
    assert others == {0.5 * CLEAN_OHM} or fault == "heater short"
    assert (seen[1] != 0.5 * CLEAN_OHM) == (fault != "reference drift")
    assert (world.reference != 1.0) == (fault == "reference drift")
    world.mend()
    assert [world.resistance_ohm(k, 4.0) for k in range(3)] == [0.5 * CLEAN_OHM] * 3
    assert world.reference == 1.0


def test_noise_is_the_same_for_the_same_seed() -> None:
    series = []
    for seed in (1, 1, 2):
        world = World()
        world.present(np.full((4, 1), CLEAN_OHM), np.full((4, 1), CLEAN_OHM), np.empty((0, 1)), 1.0, 0.0)
        world.fail("noise", 0, 0.0, seed)
        series.append([world.resistance_ohm(0, t_s) for t_s in (1.0, 2.0, 3.0)])
    assert series[0] == series[1] != series[2]


def test_a_fault_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"fault 'gremlins', expected one of open, short"):
        World().fail("gremlins", 0, 0.0)


@given(st.floats(1e3, 1e6), st.floats(0.05, 5.0), st.floats(0.0, 1e3))
def test_an_unheated_sensor_forgets_the_odour_and_ends_where_a_cold_one_begins(
    clean_ohm: float, ratio: float, since_s: float
) -> None:
    ohm = clean_ohm * ratio
    assert gas.cooling(ohm, clean_ohm, 0.0) == pytest.approx(ohm)
    # twenty time constants on, exp(-20) = 2e-9 of it is left
    assert gas.cooling(ohm, clean_ohm, 20 * gas.WARMUP_S) == pytest.approx(clean_ohm * (1 - gas.WARMUP_DEPTH), rel=1e-6)
    assert gas.cooling(clean_ohm, clean_ohm, since_s) <= clean_ohm * (1 + 1e-9)


@pytest.mark.parametrize("odour", gas.ODOURS)
@pytest.mark.parametrize("seed", range(5))
def test_the_warmth_and_dampness_of_the_air_cancel_in_the_relative_change(odour: str, seed: int) -> None:
    """That is the compensation: R0 and R are of the same air, some seconds apart."""
    array, ppm = gas.SensorArray.made(seed), np.array(gas.ODOURS[odour])

    def inputs_mv(temperature_c: float, humidity_rh: float) -> np.ndarray[Any, Any]:
        clean, smelt = (array.still_ohm(k * ppm[None, None], temperature_c, humidity_rh) for k in (0, 1))
        return 1e3 * input_v(smelt, clean, [1, 3, 5, 7], NORM_CHANGE, no_constants(8))

    reference_mv = inputs_mv(gas.REFERENCE_C, gas.REFERENCE_RH)
    assert inputs_mv(5.0, gas.REFERENCE_RH) == pytest.approx(reference_mv, abs=1e-9)
    # damp air also takes sites away from every odour: of the 100 mV, training scatters inputs by more than is left
    assert inputs_mv(35.0, 90.0) == pytest.approx(reference_mv, abs=2.0)
    assert inputs_mv(5.0, 30.0) == pytest.approx(reference_mv, abs=2.0)


def test_no_rule_takes_an_odour_for_a_fault(power_on: SwitchOn) -> None:
    """Whole odours of the gas model, at their own pace."""
    device = host_of(power_on(changed(BOARD, sensors=changed(BOARD.sensors, warmup_s=1.0))))
    seconds = {"baseline_ms": 10_000, "exposure_ms": 20_000, "recovery_ms": 15_000, "scan_ms": 500, "average": 4}
    device.program(image(**seconds, least_change_ppm=13_000).pack())
    for seed, odour in enumerate(gas.ODOURS):
        device.port.board.present_odour(odour, seed)
        answer = device.measure()
        assert answer.reason == ""
        assert answer.answer != "NONE"
