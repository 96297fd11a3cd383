"""One measurement: what the sensors show reaches the chip, its answer comes back, and a bad sample is no answer."""

import numpy as np
import pytest

from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Answer, Device
from enose_contract import messages
from enose_contract.decision import ANSWERS, decide
from enose_contract.image import COMBINE_VOTES
from enose_contract.normalise import NORM_RANGE, change_ppm, inputs_from_changes
from enose_hwsim.chips import open_chip
from rig import BOARD, CHIP, CLEAN_OHM, SwitchOn, changed, host_of, image, present

WEIGHTS_V = np.array(image().weights) * 1e-6
# of the output: the ADC's 62.5 uV a count and its noise, the inputs' 38 uV codes, and weights up to 1 mV low by droop
OUTPUT_V = 3e-3


def expected_output_v(inputs_v: tuple[float, ...], weights_v=WEIGHTS_V) -> float:
    return float(open_chip(CHIP, "fast").output_v(np.array([inputs_v]), weights_v)[0])


def measured(device: Device, ratios: tuple[float, ...], **changes) -> Answer:
    device.program(image(**changes).pack())
    present(device.port.board, ratios)
    return device.measure()


@pytest.mark.parametrize("ratios", [(0.9, 0.7, 0.5, 0.3), (0.3, 0.5, 0.7, 0.9), (1.5, 0.5, 1.1, 2.0), (0.99, 1, 1, 1)])
def test_resistances_inputs_and_output_are_those_of_the_specimen(device: Device, ratios: tuple[float, ...]) -> None:
    answer = measured(device, ratios)
    # the ADC's noise is 0.4 counts; the highest of these resistances still gives 3700 counts
    assert answer.ohms == pytest.approx([round(CLEAN_OHM * ratio) for ratio in ratios], rel=5e-4)
    changes_ppm = [change_ppm(round(CLEAN_OHM * ratio), round(CLEAN_OHM)) for ratio in ratios]
    exact = inputs_from_changes(changes_ppm)
    assert exact is not None
    # noise of the resistances over the largest change: 1 % of it makes 5 %, of 100 mV
    assert answer.inputs_v == pytest.approx([uv * 1e-6 for uv in exact], abs=5e-4 if min(ratios) < 0.9 else 5e-3)
    assert answer.output_v == pytest.approx(expected_output_v(answer.inputs_v), abs=OUTPUT_V)


def test_the_answer_follows_from_the_output_by_the_chips_rule(device: Device) -> None:
    rule = ([880_000, 920_000], 1_000, 780_000, 1_040_000)
    labels = set()
    rng = np.random.default_rng(3)
    for k in range(6):
        weights_uv = rng.integers(700_000, 1_100_001, 25).tolist()
        answer = measured(device, (0.9, 0.7, 0.5, 0.3), weights=weights_uv, model=b"model%03d" % k)
        kind, band, margin_uv = decide(round(answer.output_v * 1e6), *rule)
        assert (answer.answer, answer.band) == (ANSWERS[kind], band)
        assert round(answer.margin_v * 1e6) == margin_uv
        assert answer.label == (["banana", "lemon", "lychee"][band] if answer.answer == "CLASS" else "")
        assert answer.output_v == pytest.approx(
            expected_output_v(answer.inputs_v, np.array(weights_uv) * 1e-6), abs=OUTPUT_V
        )
        labels.add(answer.label)
    assert len(labels) > 1  # the six networks do not all say the same


def test_nearer_to_an_edge_than_the_guard_it_abstains(power_on: SwitchOn) -> None:
    careful = changed(CHIP, decision=changed(CHIP.decision, guard_v=0.1))
    answer = measured(host_of(power_on(chip=careful)), (0.9, 0.7, 0.5, 0.3))
    assert (answer.answer, answer.label) == ("ABSTAIN", "")


def test_a_band_without_a_class_abstains(device: Device) -> None:
    band = measured(device, (0.9, 0.7, 0.5, 0.3)).band
    classes = ["a", "b", "c"]
    classes[band] = ""
    answer = measured(device, (0.9, 0.7, 0.5, 0.3), classes=classes)
    assert (answer.answer, answer.label, answer.band) == ("ABSTAIN", "", band)


def test_an_all_zero_sample_is_no_odour_whatever_the_noise_of_the_adc(device: Device) -> None:
    answer = measured(device, (1.0, 1.0, 1.0, 1.0))
    assert (answer.answer, answer.reason) == ("NONE", "the sample is all zero: no odour")
    assert answer.output_v == 0


@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize("ohm", [np.inf, 1e12, 0.0], ids=["open", "nearly open", "short"])
@pytest.mark.parametrize("phase", [0, 1], ids=["baseline", "exposure"])
def test_a_sensor_at_its_end_that_the_image_uses_is_no_answer(
    device: Device, position: int, ohm: float, phase: int
) -> None:
    device.program(image().pack())
    series = [np.full((6, 4), CLEAN_OHM), np.full((10, 4), 0.5 * CLEAN_OHM)]
    series[phase][:, position] = ohm
    device.port.board.present(*series, np.empty((0, 4)), 0.1)
    answer = device.measure()
    assert (answer.answer, answer.reason) == ("NONE", "a sensor that the image uses is open or short")
    assert answer.label == ""


def test_a_sensor_at_its_end_that_the_image_does_not_use_changes_nothing(device: Device) -> None:
    ratios = np.array((0.9, 0.7, np.inf, 0.5, 0.3))
    device.program(image(channels=[0, 1, 3, 4]).pack())
    clean = np.full((6, 5), CLEAN_OHM)
    device.port.board.present(clean, np.tile(CLEAN_OHM * ratios, (10, 1)), np.empty((0, 5)), 0.1)
    answer = device.measure()
    assert answer.reason == ""
    assert answer.ohms == pytest.approx([27_000, 21_000, 15_000, 9_000], rel=5e-4)


def test_the_image_says_which_sensor_is_which_input(device: Device) -> None:
    answer = measured(device, tuple(1 - 0.05 * k for k in range(16)), channels=[15, 2, 9, 4])
    assert answer.ohms == pytest.approx([CLEAN_OHM * (1 - 0.05 * k) for k in (15, 2, 9, 4)], rel=5e-4)


def test_sensors_are_read_against_the_rail_so_its_voltage_does_not_matter(power_on: SwitchOn) -> None:
    low = power_on(changed(BOARD, sensors=changed(BOARD.sensors, warmup_s=0.0, rail_v=2.7)))
    answer = measured(host_of(low), (0.9, 0.7, 0.5, 0.3))
    assert answer.ohms == pytest.approx([27_000, 21_000, 15_000, 9_000], rel=5e-4)


def test_the_absolute_resistance_is_scaled_by_the_images_constants(device: Device) -> None:
    low, high = [5_000, 10_000, 15_000, 30_000], [30_000, 20_000, 20_000, 40_000]
    answer = measured(device, (0.5, 0.5, 0.6, 1.1), normalisation=NORM_RANGE, low_ohm=low, high_ohm=high, baseline_ms=0)
    assert answer.ohms == pytest.approx([15_000, 15_000, 18_000, 33_000], rel=5e-4)
    assert answer.inputs_v == pytest.approx([0.89, 0.90, 0.91, 0.88], abs=5e-4)
    assert answer.reason == ""


def test_resistances_beyond_the_constants_stay_inside_the_chips_range(device: Device) -> None:
    answer = measured(
        device, (0.1, 10, 0.1, 10), normalisation=NORM_RANGE, low_ohm=[10_000] * 4, high_ohm=[20_000] * 4, baseline_ms=0
    )
    assert answer.inputs_v == (0.85, 0.95, 0.85, 0.95)


def test_an_output_outside_its_valid_range_is_no_answer(programmed: Device) -> None:
    chip = programmed.port.board.wiring.chip
    chip.output_v = lambda t_s: 1.2  # type: ignore[method-assign]
    answer = programmed.measure()
    assert (answer.answer, answer.reason) == ("NONE", "the chip's output is outside its valid range")
    assert answer.output_v == pytest.approx(1.2, abs=1e-3)


def test_the_sensors_are_warm_before_the_baseline_begins(power_on: SwitchOn) -> None:
    device = host_of(power_on(BOARD))
    device.program(image().pack())
    present(device.port.board)
    began_s = device.port.board.now_s
    seen: list[tuple[str, float]] = []
    device.measure(lambda phase, left_s: seen.append((phase, left_s)))
    phases = [phase for phase, _ in seen]
    assert phases == sorted(phases, key=("idle", "warmup", "baseline", "exposure", "recovery").index)
    assert max(left_s for phase, left_s in seen if phase == "warmup") > 25
    assert device.port.board.now_s - began_s > BOARD.sensors.warmup_s
    seen.clear()
    device.measure(lambda phase, left_s: seen.append((phase, left_s)))
    assert "warmup" not in [phase for phase, _ in seen]  # they stay warm


def test_the_valve_is_open_in_the_exposure_only(programmed: Device) -> None:
    board = programmed.port.board
    levels: dict[str, set[int]] = {}
    programmed.program(image(baseline_ms=3000, exposure_ms=3000, recovery_ms=3000, model=b"slow0000").pack())
    programmed._conversation.ask(messages.MEASURE, 2)
    while (status := programmed.status())["state"] == "measuring":
        levels.setdefault(status["phase"], set()).add(board.wiring.pin_read(BOARD.gas.valve_pin))
        programmed.port.wait(300)
    levels.pop("idle", None)  # before the first look of its task
    assert levels == {"warmup": {0}, "baseline": {0}, "exposure": {1}, "recovery": {0}}


def test_the_mean_is_of_the_last_scans(device: Device) -> None:
    device.program(image(average=3).pack())
    clean = np.full((6, 4), CLEAN_OHM)
    exposure = np.full((10, 4), 20_000.0)
    exposure[-3:] = [[9_000.0] * 4, [10_000.0] * 4, [11_000.0] * 4]
    device.port.board.present(clean, exposure, np.empty((0, 4)), 0.1)
    assert device.measure().ohms == pytest.approx([10_000] * 4, rel=1e-3)


def test_while_one_measurement_runs_another_is_refused(programmed: Device) -> None:
    programmed._conversation.ask(messages.MEASURE, 1)
    with pytest.raises(DeviceError, match=r"a measurement is running \(cycle 1\)"):
        programmed._conversation.ask(messages.MEASURE, 2)


def test_the_result_of_another_measurement_is_not_known(programmed: Device) -> None:
    programmed.measure()
    assert programmed._conversation.ask(messages.RESULT, 77)["state"] == messages.UNKNOWN_CYCLE


def test_a_measurement_without_end_is_given_up(programmed: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enose.link.device.CYCLE_LIMIT_MS", 1000)
    with pytest.raises(LinkError, match="measurement 1 has not ended"):
        programmed.measure()


def test_a_selftest_in_the_middle_of_a_measurement_does_not_disturb_it(device: Device) -> None:
    reference = measured(device, (0.9, 0.7, 0.5, 0.3))
    present(device.port.board)
    device._conversation.ask(messages.MEASURE, 2)
    checks = set()
    while device.status()["state"] == "measuring":
        checks |= set(device.selftest()["checks"])
        device.port.wait(1)
    assert checks == {"chip supply", "image store", "temperature"}
    raw = device._conversation.ask(messages.RESULT, 2)
    assert [raw[f"ohm{k}"] for k in (1, 2, 3, 4)] == pytest.approx(reference.ohms, rel=5e-4)
    assert raw["output1_uv"] * 1e-6 == pytest.approx(reference.output_v, abs=OUTPUT_V)


def test_after_the_reading_the_chip_is_at_rest_again(programmed: Device) -> None:
    board = programmed.port.board
    closed: list[str] = []

    def look(phase: str, left_s: float) -> None:
        if board.wiring.pin_read(BOARD.switch.pin):
            closed.append(phase)

    programmed.program(image(recovery_ms=3000, model=b"slow0000").pack())
    programmed.measure(look)
    assert set(closed) <= {"exposure"}
    assert board.wiring.pin_read(BOARD.switch.pin) == 0
    # a code is 38 uV
    assert [board.wiring.dac.voltage_v(k) for k in BOARD.dac.input_channels] == pytest.approx([0.9] * 4, abs=4e-5)


def test_an_image_may_want_several_measurements_in_a_row(device: Device) -> None:
    device.program(image(measurements=3, combine=COMBINE_VOTES).pack())
    present(device.port.board)
    found = [device.measure() for _ in range(4)]
    few = messages.REASONS[messages.REASON_FEW]
    assert [(a.answer, a.reason) for a in found[:2]] == [("ABSTAIN", few)] * 2
    assert [(a.answer, a.reason) for a in found[2:]] == [("CLASS", "")] * 2
    present(device.port.board, (1.0, 1.0, 1.0, 1.0))
    assert device.measure().answer == "NONE"  # no odour: the row begins anew
    present(device.port.board)
    assert (again := device.measure()).answer == "ABSTAIN"
    assert again.reason == few
    assert device.info()["refresh"]["missed"] == 0


def test_an_answer_stands_by_the_images_hysteresis(device: Device) -> None:
    device.program(image(hysteresis_uv=5_000).pack())
    present(device.port.board)
    chip = device.port.board.wiring.chip
    found = []
    for output_v in (0.870, 0.883, 0.887):
        chip.output_v = lambda t_s, output_v=output_v: output_v
        found.append(device.measure())
    assert [answer.band for answer in found] == [0, 0, 1]
    assert found[1].margin_v == pytest.approx(-0.003, abs=5e-4)  # the ADC's noise and steps


def test_the_images_guard_is_wider_than_the_chips(device: Device) -> None:
    plain = measured(device, (0.9, 0.7, 0.5, 0.3))
    careful = measured(device, (0.9, 0.7, 0.5, 0.3), guard_uv=round(plain.margin_v * 1e6) + 2_000, model=b"careful0")
    assert (plain.answer, careful.answer) == ("CLASS", "ABSTAIN")
