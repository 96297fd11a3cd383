"""Two things at a time: a host, a fault or a restart that comes while the device is at one of its rarer works."""

from contextlib import suppress

import numpy as np
import pytest

import memristor_rig
from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose.link.learning import Lesson, Request
from enose.link.watch import Watcher
from enose_contract import lesson, messages
from enose_hwsim.boardfile import Upkeep
from enose_hwsim.chips import open_chip
from memristor_rig import start_programming
from rig import CHIP, QUICK, SwitchOn, changed, host_of, image, learner, present

WEIGHTS_UV = [700_000 + k * 400_000 // 24 for k in range(25)]
INPUTS_UV = [[850_000, 900_000, 950_000, 870_000 + 5000 * k] for k in range(12)]
# half an ADC count of 62.5 uV, weights that droop by 1 mV and DAC codes of 38 uV, through gains of a few
TOLERANCE_V = 2e-3


def another(device: Device) -> Device:
    """The host that comes when the first one has been silent for long enough."""
    board = device.port.board
    return host_of(board, nonce=round(board.now_s * 1e3) + 1)


@pytest.mark.usefixtures("libngspice")
def test_who_watches_or_probes_a_device_that_is_for_learning_is_refused_and_it_goes_on(programmed: Device) -> None:
    learner(programmed.port.board)
    host = another(programmed)
    for asking in (lambda: Watcher(host, (0, 1), 100).fetch(), lambda: host.probe_weights(WEIGHTS_UV)):
        with pytest.raises(DeviceError) as refused:
            asking()
        assert refused.value.code == lesson.E_LEARNING
    assert (host.status()["state"], host.status()["weights"]) == ("idle", "held")


@pytest.mark.usefixtures("libngspice")
@pytest.mark.parametrize(
    ("name", "fault"),
    [("supply-missing", messages.FAULT_SUPPLY), ("dac-reference-off", messages.FAULT_READBACK)],
)
def test_a_device_that_waits_for_lessons_looks_after_its_chip(programmed: Device, name: str, fault: int) -> None:
    board = programmed.port.board
    learner(board)
    board.inject(name)
    board.run(1500)
    assert another(programmed).status()["fault"] == messages.FAULTS[fault]


@pytest.mark.usefixtures("libngspice")
def test_what_was_being_learnt_as_the_dac_reset_itself_is_learnt_again(power_on: SwitchOn) -> None:
    lessons = (Lesson((0.85, 0.90, 0.95, 0.87), 0.86), Lesson((0.94, 0.88, 0.86, 0.91), 0.93))
    found_v = []
    for resets in (0, 8):
        device = host_of(power_on())
        device.program(image().pack())
        for k in range(resets):  # a session of some 0.3 s, which begins 2.5 s after it was asked for
            device.port.board.inject("dac-resets", device.port.board.now_s + 2.5 + 0.057 * k)
        learnt = device.teach(Request(lessons, epochs=1, seed=5))
        assert (learnt.state, learnt.late) == ("done", 0)
        found_v.append(learnt.errors_v)
    # a bit of the ADC is 62.5 uV: a few of them, through what a sample makes of the weights
    assert np.array(found_v[1]) == pytest.approx(np.array(found_v[0]), abs=5e-4)


def probed_v(device: Device) -> np.ndarray:
    return np.array(device.probe(INPUTS_UV))[:, 0] * 1e-6


def wanted_v() -> np.ndarray:
    return open_chip(CHIP, "fast").output_v(np.array(INPUTS_UV) * 1e-6, np.array(WEIGHTS_UV) * 1e-6)


def test_what_was_being_probed_as_the_dac_reset_itself_is_read_again(device: Device) -> None:
    board = device.port.board
    wanted = wanted_v()
    device.probe_weights(WEIGHTS_UV)
    for k in range(24):  # a sample takes some 12 ms: every moment of one
        board.inject("dac-resets", board.now_s + 0.020 + 0.0017 * k)
        assert np.abs(probed_v(device) - wanted).max() < TOLERANCE_V
    assert device.status()["fault"] == "none"


def test_a_host_that_goes_while_it_probes_leaves_no_fault_where_the_image_does_not_fit_any_more(
    programmed: Device,
) -> None:
    programmed.probe_weights(WEIGHTS_UV)
    programmed.fit(sensor_set=b"others01")
    programmed.port.wait(5000)
    host = another(programmed)
    assert (host.status()["fault"], host.status()["weights"]) == ("none", "none")
    with pytest.raises(DeviceError, match="sensors"):
        host.program(image().pack())
    host.fit(sensor_set=b"sensors1")
    host.program(image().pack())
    assert host.measure().reason == ""


def test_no_sensor_is_looked_at_while_the_chip_is_probed(power_on: SwitchOn) -> None:
    device = host_of(power_on(changed(QUICK, upkeep=Upkeep(always=True))))
    device.program(image().pack())
    present(device.port.board)
    device.probe_weights(WEIGHTS_UV)
    wanted = wanted_v()
    for _ in range(12):  # 2 s: warm after the first, the sensors would be looked at
        assert np.abs(probed_v(device) - wanted).max() < TOLERANCE_V
    device.end_probing()
    assert device.status()["sensors_bad"] == []
    assert device.measure().reason == ""


@pytest.fixture
def asleep(power_on: SwitchOn) -> Device:
    """A device that measures once a minute, and has just gone to sleep after the first time."""
    board = power_on(changed(QUICK, upkeep=Upkeep(always=True, usb_sense_gpio=24)))
    first = host_of(board)
    first.program(image().pack())
    present(board)
    first.schedule(60)
    board.run(9000)
    device = another(first)
    assert device.life().asleep
    return device


def test_a_device_that_sleeps_stays_awake_and_heated_while_it_is_watched(asleep: Device) -> None:
    watcher = Watcher(asleep, (0, 1, 2, 3), 20)
    watcher.fetch()
    found = 0
    for _ in range(25):
        asleep.port.wait(200)
        found += len(watcher.fetch().time_s)
        assert asleep.port.board.wiring.pin_read(QUICK.gas.heater_pin)
    assert found == pytest.approx(250, abs=3)  # as in test_watching, on one that never sleeps
    asleep.port.wait(6000)
    assert asleep.life().asleep


def test_a_device_that_sleeps_between_its_measurements_is_woken_to_be_probed(asleep: Device) -> None:
    asleep.probe_weights(WEIGHTS_UV)
    asleep.port.wait(900)  # asleep, nothing would run for a second; the weights hold for a tenth of that
    assert np.abs(probed_v(asleep) - wanted_v()).max() < TOLERANCE_V
    asleep.end_probing()
    assert asleep.measure().reason == ""


def test_an_image_that_comes_while_another_is_programmed_takes_nothing_away(power_on: SwitchOn) -> None:
    board = power_on(memristor_rig.BOARD, memristor_rig.CHIP)
    device = host_of(board)
    device.program(memristor_rig.FIRST.pack())
    start_programming(device, memristor_rig.SECOND, wait_ms=60)
    third = memristor_rig.memristor_image(model=b"model003", weights=memristor_rig.weights(5))
    with pytest.raises(DeviceError) as refused:
        device.program(third.pack())
    assert refused.value.code == messages.E_PROGRAMMING
    board.inject("memristor-stuck")
    device.port.wait(8000)
    board.mend("memristor-stuck")
    board.lose_power()
    board.run(4000)
    device = another(device)
    assert device.status()["weights"] == "held"
    assert device.info()["image"]["model"] == memristor_rig.FIRST.model.hex()
    device.program(third.pack())
    assert device.info()["image"]["model"] == third.model.hex()


def test_a_supply_that_goes_while_the_chip_is_probed_is_the_safe_state(device: Device) -> None:
    board = device.port.board
    device.probe_weights(WEIGHTS_UV)
    board.inject("supply-missing")
    device.port.wait(1500)
    assert device.status()["fault"] == messages.FAULTS[messages.FAULT_SUPPLY]


@pytest.mark.parametrize("after_ms", range(216, 248, 8))  # in one of them a conversion is under way
def test_a_watch_goes_on_where_a_measurement_was_given_up_in_the_middle_of_a_conversion(
    power_on: SwitchOn, after_ms: int
) -> None:
    device = host_of(power_on(memristor_rig.BOARD, memristor_rig.CHIP))
    device.program(memristor_rig.FIRST.pack())
    present(device.port.board, memristor_rig.RATIOS)
    device.port.wait(1500)
    device._conversation.ask(messages.MEASURE, 1)
    device.port.wait(after_ms)
    device.safe()
    device.clear()
    device.port.wait(2000)
    watcher = Watcher(device, (0, 1), 100)
    watcher.fetch()
    device.port.wait(1000)
    assert len(watcher.fetch().time_s) == pytest.approx(10, abs=3)  # less the time for which it was taken to be in use


@pytest.mark.parametrize("name", ["dac-gain-wrong", "dac-reference-off"])
def test_a_dac_that_goes_wrong_is_noticed_though_the_converter_is_nearly_always_in_use(
    device: Device, name: str
) -> None:
    """One ADC for the sensors and for what the DAC puts out: it is waited for."""
    board = device.port.board
    device.program(image(scan_ms=5, baseline_ms=20_000, average=255).pack())
    present(board)
    device.port.wait(1500)
    device._conversation.ask(messages.MEASURE, 1)
    for _ in range(5):
        device.port.wait(1700)
        board.inject(name)
        device.port.wait(1100)
        assert device.status()["fault"] == messages.FAULTS[messages.FAULT_READBACK]
        board.mend(name)
        device.clear()
        device._conversation.ask(messages.MEASURE, 1 + round(board.now_s * 1e3))


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_a_fault_that_is_found_while_the_store_writes_is_the_safe_state_and_the_store_is_whole(
    programmed: Device, writes: int
) -> None:
    board = programmed.port.board
    write, left = board.flash.write, [writes]

    def failing(offset: int, data: bytes) -> None:
        write(offset, data)
        left[0] -= 1
        if not left[0]:
            board.inject("dac-readback-differs")

    board.flash.write = failing  # type: ignore[method-assign]
    with suppress(DeviceError):  # where it is found soon enough
        programmed.program(image(model=b"model002").pack())
    programmed.port.wait(3000)
    board.mend("dac-readback-differs")
    device = another(programmed)
    assert device.status()["fault"] == messages.FAULTS[messages.FAULT_READBACK]
    device.clear()
    for k in range(3):  # what the store holds can be read, and written anew
        device.program(image(model=b"model10%d" % k).pack())
    board.lose_power()
    board.run(1000)
    assert another(device).info()["image"]["model"] == b"model102".hex()
