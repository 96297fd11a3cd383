"""The latched safe state: nothing is driven, little is served, and only the host leaves it."""

from collections.abc import Callable

import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import decision, messages
from enose_hwsim.board.simulated import SimulatedBoard
from rig import CHIP, QUICK, RawHost, SwitchOn, changed, host_of, image, present

PINS = {"switch": QUICK.switch.pin, "heater": QUICK.gas.heater_pin, "valve": QUICK.gas.valve_pin}
NO_FIELD_CODE = round(CHIP.input.no_field_v / QUICK.dac.reference_v * 65536)
ONE_CODE_V = QUICK.dac.reference_v / 65536


def levels(board: SimulatedBoard) -> dict[str, int]:
    return {name: board.wiring.pin_read(pin) for name, pin in PINS.items()}


def assert_nothing_is_driven(board: SimulatedBoard) -> None:
    assert levels(board) == {"switch": 0, "heater": 0, "valve": 0}
    for channel in QUICK.dac.input_channels:
        assert board.wiring.dac.voltage_v(channel) == pytest.approx(CHIP.input.no_field_v, abs=ONE_CODE_V)


def break_bus(board: SimulatedBoard) -> None:
    board.wiring.bus_dead = True


def take_supply(board: SimulatedBoard) -> None:
    board.wiring.chip_supply_v = 0.0


def test_a_blank_device_is_idle_and_drives_nothing(device: Device) -> None:
    assert device.status()["state"] == "idle"
    assert_nothing_is_driven(device.port.board)


def test_asked_for_it_is_entered_and_every_output_is_at_rest(programmed: Device) -> None:
    assert levels(programmed.port.board)["heater"] == 1
    assert programmed.safe() == {
        "state": "safe",
        "fault": "asked for by the host",
        "phase": "idle",
        "weights": "none",
        "sensors_bad": [],
        "sensors_drifted": [],
    }
    assert_nothing_is_driven(programmed.port.board)
    programmed.port.wait(5000)
    assert_nothing_is_driven(programmed.port.board)


def test_the_weights_are_not_refreshed_any_more(programmed: Device) -> None:
    programmed.safe()
    writes = programmed.port.board.wiring.chip.weight_writes
    programmed.port.wait(5000)
    assert programmed.port.board.wiring.chip.weight_writes == writes


def test_only_identify_status_result_log_safe_and_clear_are_served(raw: RawHost) -> None:
    raw.ask(messages.SAFE)
    for message in messages.MESSAGES.values():
        if message is messages.ERROR or message.kind in messages.SERVED_WHEN_SAFE:
            continue
        assert raw.ask(message, body=b"").error() == (messages.E_SAFE, messages.FAULT_HOST, 0)
    for message in (messages.INFO, messages.STATUS, messages.SAFE):
        assert raw.ask(message).fields(message)
    assert raw.ask(messages.LOG, 1).fields(messages.LOG)["count"] > 0
    result = raw.ask(messages.RESULT, 0).fields(messages.RESULT)
    assert (result["answer"], result["reason"]) == (decision.NONE, messages.REASON_SAFE)
    assert raw.hello().fields(messages.HELLO)
    assert raw.ask(messages.CLEAR).fields(messages.CLEAR) == {"state": messages.IDLE, "fault": messages.FAULT_NONE}


def test_clear_programs_the_chip_anew_and_measures_as_before(programmed: Device) -> None:
    before = programmed.measure()
    programmed.safe()
    programmed.port.wait(60_000)
    assert programmed.clear() == {
        "state": "done",
        "fault": "none",
        "phase": "idle",
        "weights": "held",
        "sensors_bad": [],
        "sensors_drifted": [],
    }
    present(programmed.port.board)
    after = programmed.measure()
    assert (after.answer, after.label) == (before.answer, before.label)
    assert after.output_v == pytest.approx(before.output_v, abs=2e-3)  # droop at another moment, and the ADC's noise


def test_clear_without_a_fault_does_nothing(programmed: Device) -> None:
    before = programmed.status()
    dac_frames = programmed.port.board.wiring.dac.codes.copy()
    assert programmed.clear() == before
    assert programmed.port.board.wiring.dac.codes[:4] == dac_frames[:4]


def test_the_heaters_were_off_so_the_sensors_are_warmed_anew(programmed: Device) -> None:
    programmed.measure()
    programmed.safe()
    programmed.port.wait(20_000)
    programmed.clear()
    present(programmed.port.board)
    phases: list[str] = []
    programmed.measure(lambda phase, left_s: phases.append(phase))
    assert "warmup" in phases


@pytest.mark.parametrize("phase", ["warmup", "baseline", "exposure", "recovery"])
@pytest.mark.parametrize(
    ("cause", "fault"),
    [
        (lambda device: device.safe(), "asked for by the host"),
        (lambda device: take_supply(device.port.board), "the chip's supply is missing or out of tolerance"),
    ],
    ids=["host", "supply"],
)
def test_a_fault_in_any_phase_ends_the_measurement_at_once(
    programmed: Device, phase: str, cause: Callable[[Device], object], fault: str
) -> None:
    device, board = programmed, programmed.port.board
    if phase != "warmup":
        device.port.wait(1500)
    device.program(image(model=b"slow0000", baseline_ms=4000, exposure_ms=4000, recovery_ms=4000).pack())
    ask = device._conversation.ask
    ask(messages.MEASURE, 9)
    while device.status()["phase"] != phase:
        device.port.wait(100)
        assert board.now_s < 30
    device.port.wait(100)
    cause(device)
    device.port.wait(1500)  # the supply is looked at every second
    for _ in range(3):
        status = device.status()
        assert (status["state"], status["fault"], status["phase"]) == ("safe", fault, "idle")
        assert_nothing_is_driven(board)
        device.port.wait(5000)
    take = board.wiring
    take.chip_supply_v = CHIP.supply.nominal_v
    device.clear()
    assert ask(messages.RESULT, 9)["state"] == messages.DONE
    assert (ask(messages.RESULT, 9)["answer"], ask(messages.RESULT, 9)["reason"]) == (3, messages.REASON_SAFE)


def test_a_host_that_waits_for_the_result_is_told_none_and_why(programmed: Device) -> None:
    """The fault comes while the host polls: it needs no other command to hear of it."""
    board = programmed.port.board
    answer = programmed.measure(lambda phase, left_s: take_supply(board) if phase == "exposure" else None)
    assert (answer.answer, answer.label, answer.reason) == ("NONE", "", "the device is in its safe state")


def test_a_measurement_begun_after_the_fault_is_a_whole_one(programmed: Device) -> None:
    """It is not what was left of the one that the fault ended."""
    device = programmed
    device.program(image(model=b"slow0000", baseline_ms=3000, exposure_ms=3000, recovery_ms=0).pack())
    device._conversation.ask(messages.MEASURE, 9)
    device.port.wait(3500)
    device.safe()
    device.clear()
    before_s = device.port.board.now_s
    assert device.measure().reason == ""
    assert device.port.board.now_s - before_s >= 1 + 3 + 3


@pytest.mark.parametrize("phase_ms", [0, 1500, 2100, 3300], ids=["idle", "baseline", "exposure", "recovery"])
def test_a_dead_i2c_bus_is_tried_three_times_then_safe(programmed: Device, phase_ms: int) -> None:
    device, wiring = programmed, programmed.port.board.wiring
    tried: list[int] = []
    acknowledge = wiring._acknowledge

    def counting(address: int) -> None:
        if wiring.bus_dead and address == QUICK.adc.address:  # the climate sensor is tried too
            tried.append(address)
        acknowledge(address)

    wiring._acknowledge = counting  # type: ignore[method-assign]
    if phase_ms:
        device._conversation.ask(messages.MEASURE, 5)
        device.port.wait(phase_ms)
    break_bus(device.port.board)
    if not phase_ms:
        device.selftest()
    else:
        device.port.wait(3000)
    assert len(tried) == 3
    assert device.status()["fault"] == "the I2C bus does not answer"
    assert_nothing_is_driven(device.port.board)


def test_a_bus_that_fails_once_or_twice_is_no_fault(programmed: Device) -> None:
    wiring = programmed.port.board.wiring
    acknowledge, failures = wiring._acknowledge, [True, True]

    def failing(address: int) -> None:
        wiring.bus_dead = bool(failures and failures.pop())
        try:
            acknowledge(address)
        finally:
            wiring.bus_dead = False

    wiring._acknowledge = failing  # type: ignore[method-assign]
    assert programmed.measure().reason == ""
    assert failures == []


@pytest.mark.parametrize("supply_v", [0.0, 1.70, 1.90])
def test_without_the_chips_supply_no_image_is_put_into_force(device: Device, supply_v: float) -> None:
    device.port.board.wiring.chip_supply_v = supply_v
    with pytest.raises(
        DeviceError, match=r"the device is in its safe state \(the chip\'s supply is missing or out of tolerance\)"
    ):
        device.program(image().pack())
    assert device.status()["fault"] == "the chip's supply is missing or out of tolerance"
    assert_nothing_is_driven(device.port.board)


def test_a_supply_missing_at_power_up_is_safe_until_it_is_back_and_cleared(power_on: SwitchOn, tmp_path) -> None:
    host_of(power_on(flash_path=tmp_path / "f")).program(image().pack())
    board = power_on(flash_path=tmp_path / "f")
    take_supply(board)
    device = host_of(board)
    assert device.status()["fault"] == "the chip's supply is missing or out of tolerance"
    assert device.clear()["state"] == "safe"
    board.wiring.chip_supply_v = CHIP.supply.nominal_v
    assert device.clear() == {
        "state": "idle",
        "fault": "none",
        "phase": "idle",
        "weights": "held",
        "sensors_bad": [],
        "sensors_drifted": [],
    }


def test_a_dac_that_does_not_read_back_is_safe(device: Device) -> None:
    dac = device.port.board.wiring.dac
    transfer = dac.transfer
    dac.transfer = lambda frame, t_s: bytes(b ^ 1 for b in transfer(frame, t_s))  # type: ignore[method-assign]
    result = device.selftest()  # before the device looks for itself, within a second
    assert result["checks"]["dac readback"] is False
    assert device.status()["fault"] == "the DAC does not hold, or does not put out, what was written"


def test_the_first_fault_is_the_one_that_is_kept(programmed: Device) -> None:
    programmed.safe()
    take_supply(programmed.port.board)
    programmed.port.wait(3000)
    assert programmed.status()["fault"] == "asked for by the host"


def test_outputs_on_other_dac_channels_are_held_and_tested_the_same_way(power_on: SwitchOn) -> None:
    board = power_on(changed(QUICK, dac=changed(QUICK.dac, input_channels=(4, 5, 6, 7), weight_channel=3)))
    device = host_of(board)
    assert device.selftest()["passed"] is True
    device.program(image().pack())
    present(board)
    assert device.measure().reason == ""
    assert board.wiring.dac.codes[0] == 0
    device.safe()
    assert [board.wiring.dac.codes[k] for k in (4, 5, 6, 7)] == [NO_FIELD_CODE] * 4
