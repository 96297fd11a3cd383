"""The memristor board: the firmware programs 34 devices by write-verify, measures, answers, keeps them."""

import numpy as np
import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages
from enose_contract.decision import ANSWERS, decide_largest
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.chips import open_chip
from memristor_rig import (
    BOARD,
    CHIP,
    CODE_V,
    COMMON_V,
    COUNT,
    FIRST,
    RATIOS,
    SECOND,
    Readings,
    assert_at_rest_after_reading,
    errors,
    memristor_image,
    start_programming,
    weights,
)
from rig import CLEAN_OHM, SwitchOn, changed, host_of, present


@pytest.fixture
def board(power_on: SwitchOn) -> SimulatedBoard:
    """At fidelity `fast`, whose monitor watches what every device sees in each answer."""
    return power_on(BOARD, CHIP)


@pytest.fixture
def device(board: SimulatedBoard) -> Device:
    return host_of(board)


@pytest.mark.parametrize("seed", range(3))
def test_all_devices_come_within_a_percent_of_the_image(power_on: SwitchOn, seed: int) -> None:
    board = power_on(BOARD, CHIP, seed=seed)
    device = host_of(board)
    seen: list[tuple[int, int]] = []
    assert device.program(FIRST.pack(), on_weight=lambda done, total: seen.append((done, total))) == 1
    assert errors(board, FIRST).max() <= CHIP.devices.tolerance
    assert seen == sorted(seen)
    assert (seen[0][0] < COUNT, seen[-1]) == (True, (COUNT, COUNT))
    used = board.wiring.chip.population.pulses
    assert used[5] == 0  # its switch stays open
    assert np.median(used) <= 4
    assert device.status()["weights"] == "held"
    assert_at_rest_after_reading(board)


def test_pulses_last_whole_microseconds_and_stay_within_the_limits(device: Device) -> None:
    part = device.port.board.wiring.chip
    seen: list[tuple[float, float]] = []
    act = part.population.pulse

    def watched(v_v: float, on_s: float, which: list[int]) -> None:
        if abs(v_v) > CHIP.devices.threshold_v:
            seen.append((abs(v_v), on_s * 1e6))
        act(v_v, on_s, which)

    part.population.pulse = watched
    device.program(FIRST.pack())
    volts, on_us = np.array(seen).T
    assert len(seen) == part.pulses == part.population.pulses.sum()
    assert CHIP.pulse.min_v - CODE_V < volts.min() <= volts.max() <= CHIP.pulse.max_v
    assert on_us == pytest.approx(np.round(on_us), abs=1e-3)  # virtual time in seconds, as a float64
    assert CHIP.pulse.min_on_s * 1e6 <= on_us.min() <= on_us.max() <= CHIP.pulse.max_on_s * 1e6


def test_the_answer_is_that_of_the_network_with_the_true_memristances(device: Device) -> None:
    board = device.port.board
    labels = set()
    for seed in range(4):
        made = memristor_image(weights=weights(seed), model=b"model%03d" % seed)
        device.program(made.pack())
        present(board, RATIOS)
        answer = device.measure()
        assert answer.ohms == pytest.approx([CLEAN_OHM * ratio for ratio in RATIOS], rel=5e-4)
        signed_ohm = np.sign(made.weights) * board.wiring.chip.population.true_ohm
        expected_v = open_chip(CHIP, "fast").output_v(np.array([answer.inputs_v]), signed_ohm)[0]
        # the ADC's 62.5 uV a count and its noise; the inputs' codes of 38 uV times weights of up to 5 in two layers
        assert answer.outputs_v == pytest.approx(expected_v.tolist(), abs=1e-3)
        outputs_uv = [round(v * 1e6) for v in answer.outputs_v]
        kind, band, margin_uv = decide_largest(outputs_uv, 900_000, 2_000, 450_000, 1_350_000)
        assert (answer.answer, answer.band, round(answer.margin_v * 1e6)) == (ANSWERS[kind], band, margin_uv)
        assert answer.label == (made.classes[band] if answer.answer == "CLASS" else "")
        labels.add(answer.band)
        assert_at_rest_after_reading(board)
    assert len(labels) > 1  # the networks do not all say the same


def test_all_switches_open_answer_the_resting_class(device: Device) -> None:
    device.program(memristor_image(weights=[0] * COUNT).pack())
    present(device.port.board, RATIOS)
    answer = device.measure()
    assert device.port.board.wiring.chip.pulses == 0
    assert answer.outputs_v == pytest.approx([COMMON_V] * 2, abs=2e-4)  # three counts of the ADC
    levels_uv = [
        round(v * 1e6) for v in (*answer.outputs_v, COMMON_V)
    ]  # whole, as the device compares them: they may tie
    assert (answer.answer, answer.band) == ("ABSTAIN", int(np.argmax(levels_uv)))


def test_devices_that_are_there_already_are_read_and_not_pulsed(device: Device) -> None:
    device.program(FIRST.pack())
    part = device.port.board.wiring.chip
    used = part.pulses
    device.program(memristor_image(model=b"model009").pack())
    # a device that was taken for near by a lucky reading may get another pulse
    assert part.pulses - used <= 3
    assert errors(device.port.board, FIRST).max() <= CHIP.devices.tolerance


def test_while_it_programs_it_refuses_another_image_and_a_measurement_waits(device: Device) -> None:
    board = device.port.board
    start_programming(device, FIRST)
    ask = device._conversation.ask
    present(board, RATIOS)
    answer = device.measure()
    assert answer.reason == ""
    assert device.status()["weights"] == "held"
    assert errors(board, FIRST).max() <= CHIP.devices.tolerance
    start_programming(device, SECOND)
    raw_image = memristor_image(model=b"model003").pack()
    with pytest.raises(DeviceError, match=r"weights are being programmed, \d+ of 34"):
        device.program(raw_image)
    device.port.wait(3000)
    assert ask(messages.STATUS)["weights"] == messages.WEIGHTS_HELD
    assert errors(board, SECOND).max() <= CHIP.devices.tolerance


def test_a_device_that_drifts_is_brought_back_by_the_daily_verify(power_on: SwitchOn) -> None:
    daily = changed(CHIP, retention=changed(CHIP.retention, verify_every_s=60.0))
    device = host_of(power_on(BOARD, daily))
    board = device.port.board
    device.program(FIRST.pack())
    devices = board.wiring.chip.population
    devices._x[:] = devices.model.x_from_ohm(np.clip(0.9 * devices.true_ohm, 2000, 50_000))
    assert errors(board, FIRST).max() > 0.05
    device.port.wait(59_000)
    assert errors(board, FIRST).max() > 0.05
    device.port.wait(4_000)
    assert errors(board, FIRST).max() <= CHIP.devices.tolerance
    assert device.info()["refresh"] == {"done": 2, "missed": 0, "period_s": 60.0, "hold_s": None, "oldest_s": None}


def test_noisy_devices_are_read_until_the_noise_is_small_enough(power_on: SwitchOn) -> None:
    """2 % of noise, so a hundred conversions a reading."""
    board = power_on(changed(BOARD, read=changed(BOARD.read, noise=0.02)), CHIP)
    few = memristor_image(weights=[3_000, -10_000, 40_000, 20_000] + [0] * (COUNT - 4))
    readings = Readings(board)
    host_of(board).program(few.pack())
    assert errors(board, few).max() <= CHIP.devices.tolerance
    # one before the first pulse, one after each
    assert readings.count == 100 * (board.wiring.chip.pulses + 4)


def test_a_verify_that_falls_due_in_a_measurement_waits_for_its_end(power_on: SwitchOn) -> None:
    often = changed(CHIP, retention=changed(CHIP.retention, verify_every_s=5.0))
    device = host_of(power_on(BOARD, often))
    board = device.port.board
    device.program(memristor_image(exposure_ms=8000).pack())
    present(board, RATIOS)
    readings = Readings(board)
    device._conversation.ask(messages.MEASURE, 1)
    seen = set()
    while device.status()["state"] == "measuring":
        seen.add((device.status()["weights"], readings.count))
        device.port.wait(100)
    assert seen == {("held", 0)}
    assert device._conversation.ask(messages.RESULT, 1)["reason"] == messages.REASON_OK
    device.port.wait(2000)
    assert readings.count > 0
    assert device.info()["refresh"]["done"] == 2


def test_a_good_board_passes_every_check(device: Device) -> None:
    device.program(FIRST.pack())
    result = device.selftest()
    assert result["passed"] is True
    assert set(result["checks"]) == set(messages.CHECKS)
    assert_at_rest_after_reading(device.port.board)


def test_the_firmware_leaves_memory_free_in_the_boards_heap(device: Device) -> None:
    device.program(FIRST.pack())
    for _ in range(2):
        present(device.port.board, RATIOS)
        device.measure()
    # an eighth of a heap whose objects are twice as large here as on the board: room for a display's driver
    assert device.info()["memory_free_low"] > BOARD.heap_kib * 1024 // 8


def test_the_dacs_level_is_measured_once_a_second_before_each_pulse_and_before_each_answer(device: Device) -> None:
    board = device.port.board
    few = memristor_image(weights=[3_000, -10_000] + [0] * (COUNT - 2))
    readings, adc = Readings(board), board.wiring.read_adc
    begun_s, before = board.now_s, adc.conversions
    device.program(few.pack())
    present(board, RATIOS)
    device.measure()
    device.port.wait(20_000)
    levels = adc.conversions - before - readings.count
    # each of two devices as it is connected and after each reading, of which one comes before its first pulse
    expected = 2 + (board.wiring.chip.pulses + 2) + 1 + (board.now_s - begun_s)
    assert levels == pytest.approx(expected, abs=2)  # a second in which the sensors' converter is busy has none
