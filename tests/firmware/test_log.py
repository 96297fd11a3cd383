"""The field log: everything that happened is in it, in order, over resets and power cuts, and flash is spared."""

import itertools
from pathlib import Path

import pytest

from enose.link.device import Device
from enose.link.log import Entry
from enose_contract import messages, records
from enose_hwsim.board import simulated
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.simulated import FLASH_SIZE, SimulatedBoard
from rig import BOARD, RawHost, SwitchOn, host_of, image, present

END = (BOARD.flash.start_kib + BOARD.flash.length_kib) * 1024
RING = range(END - 5 * 4096, END - 4096)  # four blocks ahead of the key's
PAGE = 256


@pytest.fixture
def flash_path(tmp_path: Path) -> Path:
    return tmp_path / "flash.bin"


def events(device: Device) -> list[str]:
    return [entry.event for entry in device.log().entries]


def ring_writes(flash: FlashPart) -> list[int]:
    """Offsets at which the ring is programmed from now on."""
    found: list[int] = []
    write = flash.write

    def watching(offset: int, data: bytes) -> None:
        if offset in RING:
            found.append(offset)
        write(offset, data)

    flash.write = watching  # type: ignore[method-assign]
    return found


def wait(device: Device, seconds: float) -> None:
    device.port.wait(seconds * 1e3)


def pass_over(device: Device, seconds: float) -> None:
    """Time passes in one step: what comes every so many seconds comes once."""
    board = device.port.board
    idle, later_us = board._requests._idle, round((board.now_s + seconds) * 1e6)
    board._requests._idle = lambda now_us, until_us: idle(max(now_us, later_us), max(until_us, later_us))
    board.run(seconds * 1e3)
    board._requests._idle = idle
    board.run(1500)


def test_a_start_a_result_and_a_fault_are_in_it_with_their_figures(programmed: Device) -> None:
    answer = programmed.measure()
    programmed.safe()
    log = programmed.log()
    start, stored, result, fault = log.entries
    assert log.lost == 0
    assert [entry.sequence for entry in log.entries] == [1, 2, 3, 4]
    assert start.fields() == {
        "sequence": 1,
        "start": 1,
        "uptime_s": 0,
        "event": "start",
        "cause": "power on",
        "quick_starts": 0,
        "task": "",
    }
    assert (stored.event, stored.figures) == ("image", {"generation": 1})
    assert result.figures == {
        "answer": answer.answer,
        "band": answer.band,
        "reason": "",
        "generation": 1,
        "cycle": 1,
        "margin_v": answer.margin_v,
        "output_v": answer.output_v,
    }
    assert (fault.event, fault.figures) == ("fault", {"fault": "asked for by the host"})


def test_only_the_first_fault_is_in_it_and_its_clearing(device: Device) -> None:
    device.safe()
    device.safe()
    device.clear()
    assert events(device) == ["start", "fault", "cleared"]


def test_supply_and_temperature_are_in_it_once_an_hour(device: Device) -> None:
    for _ in range(15):
        pass_over(device, 600)
    log = device.log()
    assert [entry.event for entry in log.entries] == ["start", "lasted", "state", "state", "state"]
    seconds = [entry.uptime_s for entry in log.entries if entry.event == "state"]
    assert [b - a for a, b in itertools.pairwise(seconds)] == pytest.approx([3600, 3600], abs=610)  # a step
    # the microcontroller's ADC: 0.8 mV before a divider of two, and half a degree; 5 degrees of margin
    assert log.entries[-1].figures["supply_v"] == pytest.approx(1.8, abs=0.005)
    assert log.entries[-1].figures["temperature_c"] == pytest.approx(30.0, abs=1.0)


def test_a_battery_is_in_it_and_at_once_where_it_gets_worse(
    power_on: SwitchOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = simulated.device_configuration
    curve_uv = [3_000_000 + 120_000 * k for k in range(11)]
    battery = {"pin": 28, "divider_ppm": 2_000_000, "low_uv": 3_500_000, "empty_uv": 3_200_000}
    battery |= {"hysteresis_uv": 100_000, "curve_uv": curve_uv}
    monkeypatch.setattr(simulated, "device_configuration", lambda *a: {**made(*a), "battery": battery})
    board = power_on()
    cell_v, adc = [4.0], board.wiring.mcu_adc
    board.wiring.mcu_adc = lambda pin: round(cell_v[0] / 2 / 3.3 * 65535) if pin == 28 else adc(pin)
    device = host_of(board)
    pass_over(device, 70)
    cell_v[0] = 3.4
    pass_over(device, 70)
    good, low = [entry.figures for entry in device.log().entries if entry.event == "state"]
    assert (good["battery"], low["battery"]) == ("good", "low")
    # whole per cent, and whole millivolts at the pin, times two
    assert good["battery_v"] == pytest.approx(4.0, abs=3e-3)
    assert (good["battery_percent"], low["battery_percent"]) == (83, 33)


def test_it_outlives_a_power_cut_and_the_starts_are_numbered(power_on: SwitchOn, flash_path: Path) -> None:
    device = host_of(power_on(flash_path=flash_path))
    device.safe()
    wait(device, 2)  # a fault is written within a second
    before = device.log().entries
    device.port.board.close()
    again = host_of(power_on(flash_path=flash_path)).log().entries
    assert again[: len(before)] == before
    assert (again[-1].event, again[-1].start, again[-1].sequence) == ("start", 2, len(before) + 1)


def test_it_outlives_a_file_system_that_does_not_mount(power_on: SwitchOn, flash_path: Path) -> None:
    device = host_of(power_on(flash_path=flash_path))
    device.port.board.close()
    cells = bytearray(flash_path.read_bytes())
    start = BOARD.flash.start_kib * 1024
    cells[start : RING.start] = b"\x5a" * (RING.start - start)
    flash_path.write_bytes(cells)
    log = host_of(power_on(flash_path=flash_path)).log()
    assert [entry.event for entry in log.entries] == ["start", "start", "fault"]
    assert log.entries[-1].figures["fault"] == "the image partition does not mount"


def test_bit_rot_in_a_slot_raises_an_alarm_in_it(power_on: SwitchOn, flash_path: Path) -> None:
    device = host_of(power_on(flash_path=flash_path))
    for model in (b"model001", b"model002"):
        device.program(image(model=model).pack())
    device.port.board.close()
    cells = bytearray(flash_path.read_bytes())
    cells[cells.find(b"model002")] ^= 4
    flash_path.write_bytes(cells)
    found = host_of(power_on(flash_path=flash_path)).log().entries
    assert [(entry.event, entry.figures) for entry in found if entry.start == 2][1:] == [
        ("damaged image", {"slot": 1}),
        ("image", {"generation": 1}),
    ]


def filled(device: Device, count: int, each_s: float = 11) -> None:
    """Put two records a time into the log, far enough apart to be written each by itself."""
    for _ in range(count):
        device.safe()
        device.clear()
        pass_over(device, each_s)


def test_the_ring_goes_round_and_the_oldest_are_gone(device: Device) -> None:
    filled(device, 80)
    log = device.log()
    numbers = [entry.sequence for entry in log.entries]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[0] > 1
    assert len(numbers) >= 2 * 48  # three of four blocks are always whole, a page holds two
    assert log.lost == 0


def test_no_more_than_one_page_in_ten_seconds_is_written_in_the_long_run(device: Device) -> None:
    written = ring_writes(device.port.board.wiring.flash)
    before_s = device.port.board.now_s
    for _ in range(100):
        device.safe()
        device.clear()
        wait(device, 0.5)
    spent_s = device.port.board.now_s - before_s
    assert spent_s / 10 - 2 < len(written) < spent_s / 10 + 6  # four may follow each other at first
    log = device.log()
    assert log.lost > 0
    assert [entry.sequence for entry in log.entries] == list(range(1, log.entries[-1].sequence + 1))


def test_a_day_of_measuring_wears_a_block_out_in_no_less_than_decades(programmed: Device) -> None:
    flash = programmed.port.board.wiring.flash
    written = ring_writes(flash)
    erases = flash.erases
    before_s = programmed.port.board.now_s
    for _ in range(15):
        present(programmed.port.board)
        programmed.measure()
        pass_over(programmed, 120)
    days = (programmed.port.board.now_s - before_s) / 86400
    assert 2 <= len(written) <= 5  # half an hour: three of ten minutes, that of the first minute, one begun before
    assert flash.erases == erases  # nothing else writes
    assert 100_000 / (len(written) / days / 64) / 365 > 50  # years, with 64 pages in the ring


@pytest.mark.parametrize("torn", [False, True])
def test_a_power_cut_at_any_operation_loses_no_record_that_was_written(
    power_on: SwitchOn, flash_path: Path, torn: bool
) -> None:
    device = host_of(power_on(flash_path=flash_path))
    filled(device, 62)  # two pages before the ring comes round and erases
    written = [entry for entry in device.log().entries if entry.uptime_s < device.port.board.now_s - 30]
    device.port.board.close()
    kept = flash_path.read_bytes()
    for whole in range(6):
        flash_path.write_bytes(kept)
        board = power_on(flash_path=flash_path)
        cut_after(board, whole, torn)
        filled(host_of(board), 3)
        board.close()
        again = host_of(power_on(flash_path=flash_path)).log().entries
        numbers = [entry.sequence for entry in again]
        assert numbers == sorted(set(numbers))
        # a block that was erased is gone; everything behind it is still there
        assert [entry for entry in again if entry in written] == [e for e in written if e.sequence >= numbers[0]]
        assert numbers[0] <= 16 * 3  # one block of 16 pages, of two records and now and then a third
        assert again[-1].event == "start"


def cut_after(board: SimulatedBoard, whole: int, torn: bool) -> None:
    """The flash does so many operations more, then half of one if torn, then none."""
    flash, left = board.wiring.flash, [whole]
    write, erase = flash.write, flash.erase

    def writes(offset: int, data: bytes) -> None:
        left[0] -= 1
        if left[0] >= 0:
            write(offset, data)
        elif torn and left[0] == -1:
            write(offset, data[: len(data) // 2])

    def erases(offset: int) -> None:
        left[0] -= 1
        if left[0] >= 0:
            erase(offset)
        elif torn and left[0] == -1:  # half of its cells have come back
            flash.cells[offset : offset + 2048] = b"\xff" * 2048
            write(offset, b"\xff")

    flash.write, flash.erase = writes, erases  # type: ignore[method-assign]


def test_an_erasure_that_was_cut_off_leaves_no_old_records_behind_newer_ones(
    power_on: SwitchOn, flash_path: Path
) -> None:
    device = host_of(power_on(flash_path=flash_path))
    filled(device, 60)  # the start has taken one page, the next but two is the first of the ring again
    device.port.board.close()
    board = power_on(flash_path=flash_path)
    filled(host_of(board), 1)
    cut_after(board, 1, True)  # the last page of the ring is written, and half of its first block is erased
    filled(host_of(board, nonce=8), 2)
    board.close()
    first_block = flash_path.read_bytes()[RING.start : RING.start + 4096]
    assert first_block[:2048] == b"\xff" * 2048 != first_block[2048:]
    device = host_of(power_on(flash_path=flash_path))
    filled(device, 24)  # into the second block
    numbers = [entry.sequence for entry in device.log().entries]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert len(numbers) >= 2 * 32


def test_a_flash_that_cannot_be_written_costs_no_record_while_the_power_is_on(device: Device) -> None:
    def dead(offset: int, data: bytes) -> None:
        raise OSError(5, "flash")

    flash = device.port.board.wiring.flash
    write, flash.write = flash.write, dead  # type: ignore[method-assign]
    filled(device, 1)
    assert device.status()["state"] == "idle"
    flash.write = write  # type: ignore[method-assign]
    pass_over(device, 15)
    assert events(device) == ["start", "fault", "cleared"]


def test_a_page_that_does_not_keep_what_is_written_is_passed_over(device: Device) -> None:
    flash = device.port.board.wiring.flash
    write, worn = flash.write, []

    def once(offset: int, data: bytes) -> None:
        write(offset, bytes(len(data)) if offset in RING and not worn else data)
        worn.append(offset)

    flash.write = once  # type: ignore[method-assign]
    filled(device, 2)
    assert worn[1] == worn[0] + PAGE
    assert events(device) == ["start", "fault", "cleared", "fault", "cleared"]


def test_a_flash_that_is_dead_at_the_start_is_the_safe_state_and_the_device_answers(
    power_on: SwitchOn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(self: FlashPart, offset: int, count: int) -> bytes:
        raise OSError(5, "flash")

    with monkeypatch.context() as broken:
        broken.setattr(FlashPart, "read", dead)
        device = host_of(power_on())
        assert device.status()["fault"] == "the image partition does not mount"
    assert [entry.event for entry in device.log().entries] == ["start", "fault"]


def test_a_log_that_cannot_be_read_is_an_error_and_no_fault(raw: RawHost) -> None:
    def dead(offset: int, count: int) -> bytes:
        raise OSError(5, "flash")

    raw.port.board.wiring.flash.read = dead  # type: ignore[method-assign]
    assert raw.ask(messages.LOG, 1).error()[0] == messages.E_STORE
    assert raw.ask(messages.STATUS).fields(messages.STATUS)["state"] == messages.IDLE


@pytest.mark.parametrize("since", [0, 1, 5, 16, 31, 32, 1000])
def test_it_is_read_from_any_number_on(device: Device, since: int) -> None:
    filled(device, 15, each_s=3)
    every = device.log(0).entries
    assert len(every) >= 31  # and what a minute of running adds
    assert [entry.sequence for entry in every] == list(range(1, len(every) + 1))
    assert device.log(since).entries == tuple(entry for entry in every if entry.sequence >= since)


def test_what_lies_there_of_another_is_never_erased(power_on: SwitchOn, flash_path: Path) -> None:
    flash_path.write_bytes(b"\xff" * RING.start + b"\x11" * len(RING) + b"\xff" * (FLASH_SIZE - RING.stop))
    device = host_of(power_on(flash_path=flash_path))
    device.program(image().pack())
    wait(device, 700)
    log = device.log()
    assert [entry.event for entry in log.entries][:2] == ["start", "image"]
    device.port.board.close()
    assert flash_path.read_bytes()[RING.start : RING.stop] == b"\x11" * len(RING)


def test_entries_are_a_table_with_one_row_each(programmed: Device) -> None:
    programmed.measure()
    rows = [line.split(",") for line in programmed.log().csv().splitlines()]
    assert [len(row) for row in rows] == [len(rows[0])] * 4
    named = dict(zip(rows[0], rows[3], strict=True))
    assert (named["event"], named["cycle"], named["fault"]) == ("result", "1", "")


def test_numbers_without_a_word_are_shown_as_numbers() -> None:
    from enose.link.log import read_entry

    def entry(event: int, a: int, c: int = 0) -> Entry:
        raw = bytearray(records.SIZE)
        records.write(raw, 0, (1, 2, 3, event, a, 0, c, 0, 0, 0, 0))
        found = read_entry(bytes(raw), 0)
        assert found is not None
        return found

    assert entry(200, 0).event == "event 200"
    assert entry(records.START, 7, 9).figures == {"cause": "cause 7", "quick_starts": 0, "task": "task 9"}
    assert entry(records.FAULT, 99).figures == {"fault": "fault 99"}
