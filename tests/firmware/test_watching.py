"""Watching: eight sensors fifty times a second over the wire, beside everything else that the device does."""

from functools import partial

import numpy as np
import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose.link.watch import Scans, Watcher
from enose_contract import messages, watching
from rig import CLEAN_OHM, RawHost, SwitchOn, host_of, image, present

POSITIONS = tuple(range(8))
PERIOD_MS = 20


def watched(device: Device, watcher: Watcher, seconds: float, every_ms: int = 200) -> Scans:
    """What comes in that time, fetched so often."""
    found = [watcher.fetch()]
    for _ in range(round(1000 * seconds / every_ms)):
        device.port.wait(every_ms)
        found.append(watcher.fetch())
    return Scans(
        np.concatenate([one.time_s for one in found]),
        np.concatenate([one.ohm for one in found]),
        sum(one.lost for one in found),
    )


def fetched(watcher: Watcher, into: list[Scans], phase: str, left_s: float) -> None:
    into.append(watcher.fetch())


def test_eight_sensors_fifty_times_a_second_and_none_lost(programmed: Device) -> None:
    board = programmed.port.board  # type: ignore[attr-defined]
    present(board, (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2))
    found = watched(programmed, Watcher(programmed, POSITIONS, PERIOD_MS), 5.0)
    assert found.lost == 0
    assert found.ohm.shape == (len(found.time_s), 8)
    # the last fetch may come a scan early, and the first one only begins the watch
    assert len(found.time_s) == pytest.approx(250, abs=3)
    # a refresh takes 4 ms, a fetch's frames some more: a scan may be late by that, and the next one catches up
    assert np.diff(found.time_s).max() < 0.040
    assert found.ohm[-1] == pytest.approx(CLEAN_OHM, rel=2e-3)  # 0.4 counts of noise of 20 000, five times
    assert programmed.info()["refresh"]["missed"] == 0


def test_a_measurement_answers_as_without_a_watch(power_on: SwitchOn) -> None:
    answers = []
    for watching_too in (False, True):
        device = host_of(power_on())
        device.program(image().pack())
        present(device.port.board)  # type: ignore[attr-defined]
        watcher = Watcher(device, POSITIONS[:4], PERIOD_MS)
        seen: list[Scans] = []
        answers.append(device.measure(partial(fetched, watcher, seen) if watching_too else lambda phase, left_s: None))
        device.close()
    without, beside = answers
    assert beside.ohms == pytest.approx(without.ohms, rel=1e-3)  # the converter's noise
    assert (beside.answer, beside.band, beside.reason) == (without.answer, without.band, without.reason)
    ohm = np.concatenate([one.ohm for one in seen])
    assert sum(one.lost for one in seen) == 0
    # the odour was seen to come: 0.3 of the clean resistance
    assert ohm[:, 3].min() == pytest.approx(0.3 * CLEAN_OHM, rel=1e-2)


def test_what_nobody_fetches_is_counted(device: Device) -> None:
    watcher = Watcher(device, POSITIONS[:2], PERIOD_MS)
    watcher.fetch()
    device.port.wait(2000)
    found = watcher.fetch()
    assert len(found.time_s) == watching.KEPT
    assert found.lost == pytest.approx(100 - watching.KEPT, abs=3)


def test_a_watch_that_nobody_asks_for_ends(device: Device) -> None:
    watcher = Watcher(device, POSITIONS, PERIOD_MS)
    watched(device, watcher, 0.4)
    conversions = device.port.board.wiring.adc.conversions  # type: ignore[attr-defined]
    device.port.wait(10_000)
    made = device.port.board.wiring.adc.conversions - conversions  # type: ignore[attr-defined]
    assert 8 * 100 < made < 8 * 170  # three seconds of it
    assert len(watched(device, watcher, 0.4).time_s) > 10


@pytest.mark.parametrize(("bits", "period_ms"), [(0x81FF, 20), (0x1FF, 20), (1, 9), (1, 10_001)])
def test_what_cannot_be_watched_is_refused(raw: RawHost, bits: int, period_ms: int) -> None:
    assert raw.ask(watching.WATCH, watching.FROM_NOW, bits, period_ms).error()[0] in (
        messages.E_SENSOR,
        messages.E_FIELD,
    )


def test_a_sensor_that_cannot_be_told_is_nan(device: Device) -> None:
    device.port.board.world.fail("open", 1, 0.0)  # type: ignore[attr-defined]
    present(device.port.board)  # type: ignore[attr-defined]
    found = watched(device, Watcher(device, (0, 1), PERIOD_MS), 0.4)
    assert np.isnan(found.ohm[1:, 1]).all()
    assert np.isfinite(found.ohm[1:, 0]).all()


def test_in_the_safe_state_nothing_is_watched(device: Device) -> None:
    watcher = Watcher(device, (0,), PERIOD_MS)
    watched(device, watcher, 0.4)
    device.safe()
    with pytest.raises(DeviceError, match="safe state"):
        watcher.fetch()
    conversions = device.port.board.wiring.adc.conversions  # type: ignore[attr-defined]
    device.port.wait(500)
    # what remains are the looks at the converters, once a second
    assert device.port.board.wiring.adc.conversions - conversions < 10  # type: ignore[attr-defined]


@pytest.mark.parametrize("positions", [(), (1, 1), (1, 0), tuple(range(9))])
def test_positions_that_are_no_list_are_refused(device: Device, positions: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"expected 1\.\.8 of them, rising"):
        Watcher(device, positions, PERIOD_MS)


def test_a_tenth_of_the_heap_stays_free_while_somebody_watches(programmed: Device) -> None:
    watched(programmed, Watcher(programmed, POSITIONS, PERIOD_MS), 1.0)
    info = programmed.info()
    # without it a quarter does (test_information); nobody watches a device in the field
    assert info["memory_free_low"] > 192 * 1024 // 10


def test_all_that_an_app_asks_for_fits_into_the_heap(programmed: Device) -> None:
    """Watch, measure, probe, tell, program: each brings code with it that stays. The app asks for it in this order."""
    programmed.fit()
    programmed.probe_weights([])
    watcher = Watcher(programmed, POSITIONS, PERIOD_MS)
    watched(programmed, watcher, 1.0)
    present(programmed.port.board)  # type: ignore[attr-defined]
    programmed.measure(partial(fetched, watcher, []))
    programmed.selftest()
    programmed.probe_weights([900_000] * 25)
    programmed.probe([[900_000] * 4] * 24)
    programmed.end_probing()
    programmed.fit(None, b"calib001")
    programmed.program(image(calibration=b"calib001").pack())
    watched(programmed, watcher, 1.0)
    present(programmed.port.board)  # type: ignore[attr-defined]
    programmed.measure(partial(fetched, watcher, []))
    assert programmed.info()["state"] == "done"
