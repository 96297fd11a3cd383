"""What goes wrong on the memristor board: stuck devices, faults and power cuts while it programs, hostile images."""

from pathlib import Path
from typing import Any

import pytest

from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Device
from enose_contract import messages, pulses
from enose_contract.image import UNIT_UV
from enose_contract.message import Message
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard
from memristor_rig import (
    BOARD,
    CHIP,
    COUNT,
    FIRST,
    RATIOS,
    SECOND,
    Readings,
    assert_at_rest_after_reading,
    assert_nothing_is_driven,
    errors,
    memristor_image,
    start_programming,
    stick,
)
from rig import SwitchOn, changed, host_of, present


@pytest.fixture
def board(power_on: SwitchOn) -> SimulatedBoard:
    return power_on(BOARD, CHIP)


@pytest.fixture
def device(board: SimulatedBoard) -> Device:
    return host_of(board)


@pytest.mark.parametrize("stuck", [0, 17, 33])
def test_a_stuck_device_is_reported_and_no_image_is_in_force(device: Device, stuck: int) -> None:
    board = device.port.board
    stick(board, stuck)
    with pytest.raises(DeviceError, match=rf"the device of weight {stuck} cannot be programmed, it reads \d+ ohm"):
        device.program(FIRST.pack())
    moved = board.wiring.chip.population.pulses  # those of the stuck device are not among them
    assert pulses.FEWEST_PULSES <= board.wiring.chip.pulses - moved.sum() <= pulses.MOST_PULSES
    assert device.info()["image"] == {"generation": 0, "model": bytes(8).hex()}
    with pytest.raises(DeviceError, match="no image is active: program one first"):
        device.measure()
    assert_at_rest_after_reading(board)


def test_a_device_that_sticks_later_leaves_the_old_image_in_force_on_the_chip_and_in_the_store(
    power_on: SwitchOn, tmp_path: Path
) -> None:
    board = power_on(BOARD, CHIP, flash_path=tmp_path / "flash")
    device = host_of(board)
    device.program(FIRST.pack())
    stick(board, 21)
    with pytest.raises(DeviceError, match="the device of weight 21 cannot be programmed") as refused:
        device.program(SECOND.pack())
    assert refused.value.code == messages.E_CELL
    # it is read within 0.2 % of what it is
    assert refused.value.limit == pytest.approx(board.wiring.chip.population.true_ohm[21], rel=0.01)
    device.port.wait(2000)
    assert device.status()["weights"] == "held"
    assert errors(board, FIRST).max() <= CHIP.devices.tolerance
    assert device.info()["image"] == {"generation": 1, "model": b"model001".hex()}
    present(board, RATIOS)
    assert device.measure().reason == ""
    device.port.board.close()
    again = host_of(power_on(BOARD, CHIP, flash_path=tmp_path / "flash"))
    again.port.wait(3000)
    assert again.info()["image"] == {"generation": 1, "model": b"model001".hex()}


def test_the_failure_is_told_once_and_the_image_may_be_tried_again(device: Device) -> None:
    board = device.port.board
    stick(board, 2)
    for _ in range(2):
        with pytest.raises(DeviceError, match="the device of weight 2 cannot be programmed"):
            device.program(FIRST.pack())
    board.wiring.chip.population._born_stuck[2] = False
    assert device.program(FIRST.pack()) == 1
    assert errors(board, FIRST).max() <= CHIP.devices.tolerance


def test_where_the_old_image_cannot_be_restored_either_the_answer_is_none(device: Device) -> None:
    board = device.port.board
    device.program(FIRST.pack())
    act = board.wiring.chip.population.pulse

    def sticking(v_v: float, on_s: float, which: list[int]) -> None:
        if board.wiring.chip.pulses > used + 30:  # in the middle of the second image all of them stick
            return
        act(v_v, on_s, which)

    used = board.wiring.chip.pulses
    board.wiring.chip.population.pulse = sticking
    with pytest.raises(DeviceError, match="cannot be programmed"):
        device.program(SECOND.pack())
    device.port.wait(3000)
    assert device.status()["weights"] == "stale"
    present(board, RATIOS)
    answer = device.measure()
    assert (answer.answer, answer.reason) == ("NONE", "the weights are stale")


def test_a_store_that_fails_to_forget_the_new_image_is_the_safe_state(device: Device) -> None:
    device.program(FIRST.pack())
    board = device.port.board
    stick(board, 30)
    ask = device._conversation.ask

    def asking(message: Message, *values: int | bytes, tail: bytes = b""):
        reply = ask(message, *values, tail=tail)
        if message is messages.UPLOAD_COMMIT:
            board.wiring.flash.write = dead  # type: ignore[method-assign]
        return reply

    def dead(offset: int, data: bytes) -> None:
        raise OSError(5, "flash")

    device._conversation.ask = asking  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match="the device is in its safe state"):
        device.program(SECOND.pack())
    assert device.status()["state"] == "safe"
    assert_nothing_is_driven(board)


@pytest.mark.parametrize(
    ("changes", "code", "value"),
    [
        ({"unit": UNIT_UV, "weights": [10_000] * COUNT}, messages.E_UNIT, UNIT_UV),
        ({"chip": "mlp441"}, messages.E_CHIP, 0),
        ({"weights": [10_000] * (COUNT - 1)}, messages.E_TOPOLOGY, COUNT - 1),
        ({"weights": [10_000] * 7 + [1999] + [10_000] * 26}, messages.E_WEIGHT, 7),
        ({"weights": [10_000] * 33 + [-50_001]}, messages.E_WEIGHT, 33),
        ({"classes": ["a", "b"]}, messages.E_TOPOLOGY, 2),
        ({"weights": [2_000] * COUNT}, messages.E_STAGE, 0),
        ({"weights": [-2_000] * COUNT}, messages.E_STAGE, 0),
        ({"weights": [10_000] * 29 + [-5_000, -5_000, 0, 0, -5_000]}, messages.E_STAGE, 5),
    ],
    ids=str,
)
def test_an_image_that_does_not_fit_is_refused_before_any_pulse(
    device: Device, changes: dict[str, Any], code: int, value: int
) -> None:
    with pytest.raises(DeviceError) as refused:
        device.program(memristor_image(**changes).pack())
    assert (refused.value.code, refused.value.value) == (code, value)
    assert device.port.board.wiring.chip.pulses == 0


def test_weights_that_would_move_devices_are_worded_for_the_user(device: Device) -> None:
    expected = "the image's weights could drive neuron 0, from 0 and hidden ones first, beyond its limit of 700000 uV"
    with pytest.raises(DeviceError, match=expected):
        device.program(memristor_image(weights=[2_000] * COUNT).pack())


def test_the_safe_state_in_the_middle_of_programming_drives_nothing_any_more(device: Device) -> None:
    board = device.port.board
    start_programming(device, FIRST)
    assert device.status()["weights"] == "programming"
    device.safe()
    used = board.wiring.chip.pulses
    assert_nothing_is_driven(board)
    device.port.wait(5000)
    assert_nothing_is_driven(board)
    assert board.wiring.chip.pulses == used
    assert device.status()["weights"] == "none"
    assert device.clear()["weights"] == "programming"  # from the first weight on
    device.port.wait(3000)
    assert device.status()["weights"] == "held"
    assert errors(board, FIRST).max() <= CHIP.devices.tolerance


@pytest.mark.parametrize("wait_ms", [100, 300, 450])
def test_a_power_cut_in_the_middle_of_programming_is_made_good_at_the_next_start(
    power_on: SwitchOn, tmp_path: Path, wait_ms: float
) -> None:
    board = power_on(BOARD, CHIP, flash_path=tmp_path / "flash")
    start_programming(host_of(board), FIRST, wait_ms)
    board.close()
    again = power_on(BOARD, CHIP, flash_path=tmp_path / "flash")
    devices = again.wiring.chip.population
    devices._x[:] = board.wiring.chip.population._x  # they keep their state
    device = host_of(again)
    assert device.status()["weights"] == "programming"
    device.port.wait(3000)
    assert device.status()["weights"] == "held"
    assert errors(again, FIRST).max() <= CHIP.devices.tolerance


def test_a_bus_that_dies_in_the_middle_of_programming_is_the_safe_state(device: Device) -> None:
    board = device.port.board
    start_programming(device, FIRST)
    board.wiring.bus_dead = True
    device.port.wait(500)
    assert device.status()["fault"] == "the I2C bus does not answer"
    assert_nothing_is_driven(board)


def test_a_device_that_dies_in_the_field_makes_the_weights_stale(power_on: SwitchOn) -> None:
    daily = changed(CHIP, retention=changed(CHIP.retention, verify_every_s=60.0))
    device = host_of(power_on(BOARD, daily))
    board = device.port.board
    device.program(FIRST.pack())
    stick(board, 8)
    devices = board.wiring.chip.population
    devices._x[8] = devices.model.x_from_ohm(20_000.0)
    device.port.wait(65_000)
    assert device.status() == {
        "state": "idle",
        "fault": "none",
        "phase": "idle",
        "weights": "stale",
        "sensors_bad": [],
        "sensors_drifted": [],
    }
    assert device.info()["refresh"]["missed"] == 1
    with pytest.raises(DeviceError, match="the device of weight 8 cannot be programmed"):
        device.program(FIRST.pack())
    assert device.info()["image"]["generation"] == 1  # nothing better is stored
    assert device.status()["weights"] == "stale"
    board.wiring.chip.population._born_stuck[8] = False
    assert device.program(FIRST.pack()) == 1
    assert device.status()["weights"] == "held"


def test_stale_weights_are_tried_again_once_a_period_until_they_are_held(power_on: SwitchOn) -> None:
    daily = changed(CHIP, retention=changed(CHIP.retention, verify_every_s=60.0))
    device = host_of(power_on(BOARD, daily))
    board = device.port.board
    device.program(FIRST.pack())
    stick(board, 8)
    devices = board.wiring.chip.population
    devices._x[8] = devices.model.x_from_ohm(20_000.0)
    for missed in (1, 2, 3):
        device.port.wait(63_000)  # a period, and how long a programming takes
        assert device.status()["weights"] == "stale"
        assert device.info()["refresh"]["missed"] == missed
    present(board, RATIOS)
    assert device.measure().reason == "the weights are stale"
    devices._born_stuck[8] = False
    device.port.wait(63_000)
    assert device.status()["weights"] == "held"
    assert errors(board, FIRST).max() <= CHIP.devices.tolerance
    assert device.info()["refresh"] == {"done": 2, "missed": 3, "period_s": 60.0, "hold_s": None, "oldest_s": None}
    present(board, RATIOS)
    assert device.measure().reason == ""


def test_without_an_image_nothing_is_tried_again(power_on: SwitchOn) -> None:
    daily = changed(CHIP, retention=changed(CHIP.retention, verify_every_s=60.0))
    device = host_of(power_on(BOARD, daily))
    board = device.port.board
    stick(board, 17)
    with pytest.raises(DeviceError, match="the device of weight 17 cannot be programmed"):
        device.program(FIRST.pack())
    used, readings = board.wiring.chip.pulses, Readings(board)
    device.port.wait(130_000)
    assert device.status()["weights"] == "none"
    assert (board.wiring.chip.pulses, readings.count) == (used, 0)


def test_a_programming_without_end_is_given_up_by_the_host(device: Device, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enose.link.device.PROGRAM_LIMIT_MS", 200)
    with pytest.raises(LinkError, match="its weights are not programmed in 0 s"):
        device.program(FIRST.pack())


def test_a_device_that_is_dead_at_power_up_leaves_the_image_and_no_answer(power_on: SwitchOn, tmp_path: Path) -> None:
    board = power_on(BOARD, CHIP, flash_path=tmp_path / "flash")
    host_of(board).program(FIRST.pack())
    board.close()
    again = power_on(BOARD, CHIP, flash_path=tmp_path / "flash")
    stick(again, 11)
    device = host_of(again)
    device.port.wait(3000)
    assert device.status()["weights"] == "stale"
    assert device.info()["image"] == {"generation": 1, "model": b"model001".hex()}
    present(again, RATIOS)
    assert device.measure().reason == "the weights are stale"


def one_cycle(power_on: SwitchOn, heap_kib: int) -> str:
    """How programming and one measurement end in a heap of that size."""
    board = power_on(changed(BOARD, heap_kib=heap_kib), CHIP)
    try:
        device = host_of(board)
        try:
            device.program(FIRST.pack())
            present(board, RATIOS)
            device.measure()
        except DeviceError:
            pass  # it has noticed, and says so below
        state = device.status()["state"]
    except FirmwareEnded:
        return "ended"
    finally:
        board.close()
    return state


def test_in_a_heap_too_small_it_ends_or_is_safe_and_in_no_size_is_a_device_driven_wrongly(power_on: SwitchOn) -> None:
    """What is driven wrongly is recorded by the part, and looked at after each test."""
    outcomes = [one_cycle(power_on, heap_kib) for heap_kib in range(120, 192, 6)]
    assert set(outcomes) <= {"ended", "safe", "done"}
    assert outcomes[-1] == "done"
    assert outcomes == sorted(outcomes, key=["ended", "safe", "done"].index)  # more memory is never worse
