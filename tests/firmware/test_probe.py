"""Probing: weights that nobody stores, inputs from the host, and the chip's outputs."""

import numpy as np
import pytest

from enose.calibration.calibration import CalibrationError
from enose.calibration.droop import make_hold_probes, read_holds
from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Device
from enose_contract import messages, probing
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.chips import open_chip
from memristor_rig import BOARD as MEMRISTOR_BOARD
from memristor_rig import CHIP as MEMRISTOR_CHIP
from rig import CHIP, RawHost, SwitchOn, changed, host_of, image, present

WEIGHTS_UV = [700_000 + k * 400_000 // 24 for k in range(25)]
INPUTS_UV = [[850_000, 900_000, 950_000, 870_000 + 1000 * k] for k in range(50)]
# half an ADC count of 62.5 uV, weights that droop by 1 mV and DAC codes of 38 uV, through gains of a few
TOLERANCE_V = 2e-3


def test_the_outputs_of_probed_weights_are_the_chips(device: Device) -> None:
    device.probe_weights(WEIGHTS_UV)
    found_v = np.array(device.probe(INPUTS_UV))[:, 0] * 1e-6
    wanted_v = open_chip(CHIP, "fast").output_v(np.array(INPUTS_UV) * 1e-6, np.array(WEIGHTS_UV) * 1e-6)
    assert np.abs(found_v - wanted_v).max() < TOLERANCE_V
    assert np.ptp(wanted_v) > 5 * TOLERANCE_V  # or the comparison would show little


def test_probed_weights_are_refreshed_and_never_stored(device: Device) -> None:
    device.probe_weights(WEIGHTS_UV)
    first = device.probe(INPUTS_UV[:1])[0][0]
    done = device.info()["refresh"]["done"]
    for _ in range(10):  # 5 s would be 50 mV of droop; the host keeps its session
        device.port.wait(500)
        device.status()
    assert device.info()["refresh"]["done"] > done + 10
    assert abs(device.probe(INPUTS_UV[:1])[0][0] - first) < 1e6 * TOLERANCE_V
    assert device.info()["image"]["generation"] == 0


def test_while_probing_nothing_is_measured_and_then_the_image_is_back(programmed: Device) -> None:
    board = programmed.port.board  # type: ignore[attr-defined]
    present(board)
    before = programmed.measure()
    programmed.probe_weights(WEIGHTS_UV)
    with pytest.raises(DeviceError, match="no image is active"):
        programmed.measure()
    programmed.probe_weights([])
    present(board)
    again = programmed.measure()
    assert (again.answer, again.band) == (before.answer, before.band)
    assert again.outputs_v == pytest.approx(before.outputs_v, abs=TOLERANCE_V)


def test_a_host_that_is_gone_leaves_the_stored_image_in_force(programmed: Device) -> None:
    programmed.probe_weights(WEIGHTS_UV)
    programmed.probe(INPUTS_UV[:3])
    board = programmed.port.board  # type: ignore[attr-defined]
    board.run(5000)
    host = host_of(board)
    present(board)
    with pytest.raises(DeviceError, match="no image is active"):
        host.probe(INPUTS_UV[:1])
    assert host.measure().reason == ""


@pytest.mark.parametrize(
    ("weights", "code"),
    [(WEIGHTS_UV[:24], messages.E_TOPOLOGY), ([*WEIGHTS_UV[:24], 1_100_001], messages.E_WEIGHT)],
)
def test_weights_that_the_chip_does_not_take_are_refused_and_the_image_stays(
    programmed: Device, weights: list[int], code: int
) -> None:
    with pytest.raises(DeviceError) as refused:
        programmed.probe_weights(weights)
    assert refused.value.code == code
    assert programmed.status()["weights"] == "held"


def test_inputs_beyond_the_chips_range_are_refused(device: Device) -> None:
    device.probe_weights(WEIGHTS_UV)
    for uv in (849_999, 950_001, -1, 2**31 - 1):
        with pytest.raises(DeviceError, match=f"input 5 of the probe is {uv & 0xFFFFFFFF} uV"):
            device.probe([INPUTS_UV[0], [900_000, uv, 900_000, 900_000]])
    assert device.probe(INPUTS_UV[:1])


def test_probes_without_weights_or_of_no_whole_samples_are_refused(raw: RawHost) -> None:
    inputs = b"\0" * 16
    assert raw.ask(probing.PROBE, 1, tail=inputs).error()[0] == messages.E_NO_IMAGE
    raw.ask(probing.LOAD, 1, tail=b"".join(uv.to_bytes(4, "little") for uv in WEIGHTS_UV))
    for number, tail in ((0, inputs), (1, b""), (1, inputs[:15]), (1, inputs * (probing.SAMPLES + 1))):
        assert raw.ask(probing.PROBE, number, tail=tail).error()[0] == messages.E_TOPOLOGY


def test_the_safe_state_ends_probing(device: Device) -> None:
    device.probe_weights(WEIGHTS_UV)
    device.safe()
    with pytest.raises(DeviceError, match="safe state"):
        device.probe(INPUTS_UV[:1])
    device.clear()
    with pytest.raises(DeviceError, match="no image is active"):
        device.probe(INPUTS_UV[:1])


def test_weights_that_went_stale_give_no_outputs(device: Device, board: SimulatedBoard) -> None:
    device.probe_weights(WEIGHTS_UV)
    board.wiring.ambient_c = 300.0
    board.run(1500)  # the device looks at the temperature once a second
    with pytest.raises((LinkError, DeviceError), match=r"stale|safe state|no image"):
        device.probe(INPUTS_UV)


def test_a_chip_of_memristors_is_not_probed(power_on: SwitchOn) -> None:
    host = host_of(power_on(MEMRISTOR_BOARD, MEMRISTOR_CHIP))
    with pytest.raises(DeviceError, match="unit"):
        host.probe_weights([5000] * 34)
    host.close()


def test_probing_while_measuring_is_refused(programmed: Device) -> None:
    assert image().exposure_ms >= 500
    programmed._conversation.ask(messages.MEASURE, 99)
    with pytest.raises(DeviceError, match="measurement is running"):
        programmed.probe_weights(WEIGHTS_UV)


def test_held_weights_droop_and_say_how_old_they_were(device: Device) -> None:
    """Every weight falls by 10 mV/s at 25 C; the outputs are those of the chip with weights of that age."""
    board = device.port.board  # type: ignore[attr-defined]
    weights_uv = [max(uv, 750_000) for uv in WEIGHTS_UV]
    device.probe_weights(weights_uv)
    chip = open_chip(CHIP, "fast")
    for hold_ms in (0, 2000):
        found = device.probe_held(INPUTS_UV[: probing.HOLD_SAMPLES], hold_ms)
        ages_ms = [age_ms for _, age_ms in found]
        assert hold_ms <= ages_ms[0] < hold_ms + 50
        assert ages_ms == sorted(ages_ms)
        leak_v_per_s = CHIP.leak_v_per_s(board.wiring.ambient_c)
        aged_v = np.array(weights_uv) * 1e-6 - 1e-3 * np.array(ages_ms)[:, None] * leak_v_per_s
        wanted_v = np.diag(chip.output_v(np.array(INPUTS_UV[: probing.HOLD_SAMPLES]) * 1e-6, aged_v))
        read_v = np.array([outputs_uv[0] for outputs_uv, _ in found]) * 1e-6
        assert np.abs(read_v - wanted_v).max() < TOLERANCE_V / 4  # nothing droops beside what is counted
    assert device.status()["weights"] == "held"
    refreshed_v = np.array(device.probe(INPUTS_UV[:1]))[0, 0] * 1e-6
    fresh_v = chip.output_v(np.array(INPUTS_UV[:1]) * 1e-6, np.array(weights_uv) * 1e-6)[0]
    assert abs(refreshed_v - fresh_v) < TOLERANCE_V


def test_a_look_at_the_supply_does_not_disturb_a_reading(device: Device) -> None:
    """The device looks at its levels every second, through the converter that reads the output."""
    device.probe_weights(WEIGHTS_UV)
    outputs_uv = [device.probe(INPUTS_UV[:1] * 24) for _ in range(10)]  # three seconds
    assert np.ptp(np.array(outputs_uv)) < 1e6 * TOLERANCE_V


def test_a_hold_that_is_too_long_or_has_too_many_samples_is_refused(device: Device) -> None:
    device.probe_weights(WEIGHTS_UV)
    with pytest.raises(DeviceError, match=f"held for {probing.HOLD_MS + 1} ms without refresh, at most"):
        device.probe_held(INPUTS_UV[:1], probing.HOLD_MS + 1)
    with pytest.raises(DeviceError) as refused:
        device.probe_held(INPUTS_UV[: probing.HOLD_SAMPLES + 1], 10)
    assert refused.value.code == messages.E_TOPOLOGY
    assert device.probe_held(INPUTS_UV[:1], 10)


def test_holds_of_another_chip_are_not_read(device: Device) -> None:
    other = changed(CHIP, name="mlp442")
    with pytest.raises(CalibrationError, match="its chip is mlp441, expected mlp442"):
        read_holds(device, other, make_hold_probes(CHIP, 1, 4), 10)


def test_new_weights_or_the_safe_state_end_a_hold(device: Device) -> None:
    device.probe_weights(WEIGHTS_UV)
    inputs = b"".join(uv.to_bytes(4, "little") for uv in INPUTS_UV[0])
    device._conversation.ask(probing.HOLD, 900, 5000, tail=inputs)
    device.port.wait(200)
    assert device.status()["weights"] == "programming"
    device.probe_weights(WEIGHTS_UV)
    assert device.status()["weights"] == "held"
    device._conversation.ask(probing.HOLD, 901, 5000, tail=inputs)
    device.port.wait(200)
    device.safe()
    device.port.wait(6000)
    status = device.status()
    assert (status["state"], status["weights"]) == ("safe", "none")
