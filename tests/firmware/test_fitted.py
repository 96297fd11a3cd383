"""The matched bundle at the device: sensor set, calibration, and the seal of an image."""

import hashlib
import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from littlefs import LittleFS, UserContext

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages, seal
from enose_contract.image import MAX_IMAGE, MAX_SEALED, SEAL_MARK, ImageError
from enose_device import key
from enose_hwsim.board.parts.flash import SECTOR, FlashPart
from enose_hwsim.board.simulated import SimulatedBoard
from rig import BOARD, SwitchOn, host_of, image, present

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
GOOD = image()  # of sensor set `sensors1`, calibration `none0000`
KEY_BLOCK = (BOARD.flash.start_kib + BOARD.flash.length_kib) * 1024 - 4096
binary = st.binary(max_size=300)


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"sensor_set": b"sensors2"}, messages.E_SENSOR_SET), ({"calibration": b"calib002"}, messages.E_CALIBRATION)],
    ids=["sensor set", "calibration"],
)
def test_an_image_for_another_is_refused_with_the_command_that_mends_it(
    programmed: Device, changes: dict[str, bytes], code: int
) -> None:
    programmed.fit(GOOD.sensor_set, GOOD.calibration)
    with pytest.raises(DeviceError, match="`enose device fit --image FILE`") as refused:
        programmed.program(image(**changes).pack())
    assert refused.value.code == code
    assert programmed.info()["image"]["generation"] == 1
    assert programmed.measure().reason == ""
    programmed.fit(**changes)
    assert programmed.program(image(**changes).pack()) == 2


def test_what_was_told_is_kept_and_the_same_again_writes_nothing(power_on: SwitchOn, tmp_path: Path) -> None:
    device = host_of(power_on(flash_path=tmp_path / "flash"))
    told = device.fit(GOOD.sensor_set)
    assert (told["sensor_set"], told["calibration"]) == (GOOD.sensor_set.hex(), None)
    assert (told["sensors_heated_s"], told["leak_v_per_s"]) == (0, None)
    writes = device.port.board.wiring.flash.writes
    assert device.fit(GOOD.sensor_set) == told
    assert device.port.board.wiring.flash.writes == writes
    assert [entry.event for entry in device.log().entries] == ["start", "fitted"]
    device.port.board.close()
    info = host_of(power_on(flash_path=tmp_path / "flash")).info()
    assert (info["sensor_set"], info["calibration"]) == (GOOD.sensor_set.hex(), None)


def test_an_image_that_does_not_fit_any_more_is_out_of_force_and_a_fault_at_the_next_start(
    power_on: SwitchOn, tmp_path: Path
) -> None:
    device = host_of(power_on(flash_path=tmp_path / "flash"))
    device.program(GOOD.pack())
    device.fit(b"sensors2")
    assert device.status()["weights"] == "none"
    with pytest.raises(DeviceError, match="no image is active: program one first"):
        device.measure()
    device.port.board.close()
    again = host_of(power_on(flash_path=tmp_path / "flash"))
    assert again.status()["fault"].startswith("the stored weight image does not fit this device")
    assert again.clear()["state"] == "idle"
    assert again.program(image(sensor_set=b"sensors2").pack()) == 2


def test_nothing_is_told_while_a_measurement_runs(programmed: Device) -> None:
    programmed._conversation.ask(messages.MEASURE, 4)
    with pytest.raises(DeviceError, match=r"a measurement is running \(cycle 4\)"):
        programmed.fit(b"sensors2")


def test_a_store_that_fails_keeps_what_was_told_before(device: Device) -> None:
    def dead(offset: int, data: bytes) -> None:
        raise OSError(5, "flash")

    device.fit(b"sensors1")
    device.port.board.wiring.flash.write = dead  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match="the image store failed"):
        device.fit(b"sensors2")
    assert device.info()["sensor_set"] == b"sensors1".hex()


def test_the_refresh_goes_by_the_leak_that_was_measured(power_on: SwitchOn, tmp_path: Path) -> None:
    device = host_of(power_on(flash_path=tmp_path / "flash"))
    device.program(GOOD.pack())
    hold_s = device.info()["refresh"]["hold_s"]
    assert device.fit(leak_v_per_s=0.020)["leak_v_per_s"] == 0.020
    device.port.wait(2000)  # it looks at the temperature once a second
    halved = device.info()["refresh"]
    assert halved["hold_s"] == pytest.approx(hold_s / 2, abs=1e-3)  # in whole ms
    assert halved["period_s"] == BOARD.refresh.period_s(halved["hold_s"])
    assert device.fit(GOOD.sensor_set)["leak_v_per_s"] == 0.020
    device.port.board.close()
    again = host_of(power_on(flash_path=tmp_path / "flash"))
    assert again.info()["leak_v_per_s"] == 0.020
    assert again.info()["refresh"]["hold_s"] == pytest.approx(hold_s / 2, abs=1e-3)
    assert again.fit(leak_v_per_s=0)["leak_v_per_s"] is None
    again.port.wait(2000)
    assert again.info()["refresh"]["hold_s"] == pytest.approx(hold_s, abs=1e-3)
    assert again.info()["refresh"]["missed"] == 0


@pytest.mark.parametrize("leak_v_per_s", [0.101, 0.0009, 1000.0])
def test_a_leak_that_no_such_chip_has_is_refused(programmed: Device, leak_v_per_s: float) -> None:
    period_s = programmed.info()["refresh"]["period_s"]
    with pytest.raises(DeviceError, match="100000"):
        programmed.fit(leak_v_per_s=leak_v_per_s)
    programmed.port.wait(2000)
    assert programmed.info()["leak_v_per_s"] is None
    assert programmed.info()["refresh"]["period_s"] == period_s


@given(key=st.binary(min_size=0, max_size=64), text=binary)
def test_the_hmac_is_pythons(key: bytes, text: bytes) -> None:
    assert seal.hmac_sha256(key, text) == hmac.new(key, text, hashlib.sha256).digest()


@given(raw=binary, counter=st.integers(0, 2**32 - 1))
def test_what_is_sealed_is_opened_with_its_key_only(raw: bytes, counter: int) -> None:
    sealed = seal.sealed(raw, KEY, counter)
    found, content = seal.opened(sealed, KEY)
    assert (found, bytes(content)) == (counter, raw)
    with pytest.raises(ImageError):
        seal.opened(sealed, OTHER_KEY)


@given(at=st.integers(0, 8 * (40 + 50) - 1))
def test_every_flip_of_a_bit_breaks_the_seal(at: int) -> None:
    sealed = bytearray(seal.sealed(bytes(50), KEY, 7))
    sealed[at // 8] ^= 1 << at % 8
    with pytest.raises(ImageError):
        seal.opened(sealed, KEY)


def test_the_longest_sealed_image_is_the_longest_image_and_its_seal() -> None:
    assert MAX_SEALED == MAX_IMAGE + seal.OVERHEAD
    assert seal.sealed(b"", KEY, 1).startswith(SEAL_MARK)
    assert key.KEY_SIZE == seal.KEY_SIZE


@given(raw=binary)
def test_no_bytes_at_all_are_taken_for_sealed(raw: bytes) -> None:
    with pytest.raises(ImageError):
        seal.opened(raw, KEY)


def test_with_a_key_only_sealed_and_newer_images_are_taken(device: Device) -> None:
    device.set_key(KEY)
    assert device.info()["sealed_images_only"] is True
    with pytest.raises(DeviceError, match="`enose device program FILE --key KEYFILE` seals it"):
        device.program(GOOD.pack())
    with pytest.raises(DeviceError, match="not sealed with the device's key"):
        device.program(seal.sealed(GOOD.pack(), OTHER_KEY, 1))
    first = device.sealed(GOOD.pack(), KEY)
    assert device.program(first) == 1
    assert device.program(first) == 1  # the same upload again: it is stored already
    second = device.sealed(image(model=b"model002").pack(), KEY)
    assert device.program(second) == 2
    with pytest.raises(DeviceError, match="sealed with number 1, and 2 was stored already"):
        device.program(first)
    assert device.info()["highest_seal"] == 2
    present(device.port.board)
    assert device.measure().reason == ""


def test_an_image_that_was_committed_unsealed_is_not_taken_again_once_there_is_a_key(device: Device) -> None:
    device.program(GOOD.pack())
    device.set_key(KEY)
    with pytest.raises(DeviceError, match="not sealed with the device's key"):
        device.program(GOOD.pack())  # the same upload, in the same session
    assert (device.info()["image"]["generation"], device.status()["weights"]) == (1, "held")


def test_key_and_number_outlive_the_power(power_on: SwitchOn, tmp_path: Path) -> None:
    device = host_of(power_on(flash_path=tmp_path / "flash"))
    device.set_key(KEY)
    sealed = device.sealed(GOOD.pack(), KEY)
    device.program(sealed)
    device.port.board.close()
    again = host_of(power_on(flash_path=tmp_path / "flash"))
    assert again.info()["image"]["generation"] == 1
    with pytest.raises(DeviceError, match="sealed with number 1, and 1 was stored already"):
        again.program(sealed)
    again.set_key(KEY)  # the same key does nothing
    with pytest.raises(DeviceError, match="another key already; a key is set once"):
        again.set_key(OTHER_KEY)


def test_with_both_slots_damaged_an_older_image_stays_refused(device: Device) -> None:
    device.set_key(KEY)
    first, second = (seal.sealed(image(model=b"model%03d" % n).pack(), KEY, n) for n in (4, 7))
    for sealed in (first, second):
        device.program(sealed)
    device.port.board.inject("both-slots-bad")
    again = another_start(device, nonce=2)
    assert (again.clear()["weights"], again.info()["highest_seal"]) == ("none", 7)
    with pytest.raises(DeviceError, match="sealed with number 4, and 7 was stored already"):
        again.program(first)
    again.program(again.sealed(GOOD.pack(), KEY))
    assert (again.status()["weights"], again.info()["highest_seal"]) == ("held", 8)


def test_a_seals_number_that_cannot_be_kept_beside_the_slots_refuses_nothing(device: Device) -> None:
    flash: FlashPart = device.port.board.wiring.flash
    write = flash.write
    failed = []

    def writes(offset: int, data: bytes) -> None:
        if b"seal" in data:  # the name of the file, in its directory
            failed.append(offset)
            raise OSError(5, "flash")
        write(offset, data)

    flash.write = writes  # type: ignore[method-assign]
    device.set_key(KEY)
    assert device.program(device.sealed(GOOD.pack(), KEY)) == 1
    assert failed
    assert (device.status()["weights"], device.info()["highest_seal"]) == ("held", 1)


@pytest.mark.parametrize("name", ["/fitted", "/seal"])
def test_what_cannot_be_read_was_not_told(device: Device, name: str) -> None:
    """A directory has the file's name, as a partition from elsewhere may have it; reading it is an error."""
    device.fit(GOOD.sensor_set)
    device.set_key(KEY)
    device.program(device.sealed(GOOD.pack(), KEY))
    board: SimulatedBoard = device.port.board
    start, end = BOARD.flash.start_kib * 1024, (BOARD.flash.start_kib + BOARD.flash.length_kib) * 1024 - 5 * SECTOR
    context = UserContext(buffer=bytearray(board.flash.cells[start:end]))
    files = LittleFS(context, block_size=SECTOR, block_count=(end - start) // SECTOR, prog_size=256)
    files.remove(name)
    files.mkdir(name)
    board.flash.cells[start:end] = context.buffer
    again = another_start(device, nonce=2)
    assert (again.status()["weights"], again.info()["highest_seal"]) == ("held", 1)
    assert again.info()["sensor_set"] == (None if name == "/fitted" else GOOD.sensor_set.hex())
    assert again.program(again.sealed(image(model=b"model002").pack(), KEY)) == 2


def another_start(device: Device, nonce: int) -> Device:
    """The power goes for a moment, and a host says hello."""
    board: SimulatedBoard = device.port.board
    board.inject("cold-start")
    device.port.wait(500)
    return host_of(board, nonce)


def test_without_a_key_a_sealed_image_is_refused(device: Device) -> None:
    with pytest.raises(DeviceError, match="the device has no key"):
        device.program(seal.sealed(GOOD.pack(), KEY, 1))


def test_a_damaged_copy_of_the_key_does_no_harm_and_two_lock_the_device(power_on: SwitchOn, tmp_path: Path) -> None:
    path = tmp_path / "flash"
    device = host_of(power_on(flash_path=path))
    device.set_key(KEY)
    device.port.board.close()
    for copy, text in ((0, "the image is not sealed"), (1, "the image is not sealed")):
        cells = bytearray(path.read_bytes())
        cells[KEY_BLOCK + 256 * copy] ^= 1
        path.write_bytes(cells)
        again = host_of(power_on(flash_path=path))
        with pytest.raises(DeviceError, match=text):
            again.program(GOOD.pack())
        if copy == 0:
            assert again.program(again.sealed(GOOD.pack(), KEY)) == 1
        else:  # nobody knows it any more: no image at all, and no other key
            with pytest.raises(DeviceError, match="the image is not sealed"):
                again.program(again.sealed(image(model=b"model002").pack(), KEY))
            with pytest.raises(DeviceError, match="a key is set once"):
                again.set_key(KEY)
        again.port.board.close()


@pytest.mark.parametrize("torn", [0, 1])
def test_a_power_cut_while_the_key_is_set_leaves_none_or_the_key(power_on: SwitchOn, tmp_path: Path, torn: int) -> None:
    path = tmp_path / "flash"
    board = power_on(flash_path=path)
    cut_key(board, torn)
    with pytest.raises(DeviceError, match="the image store failed"):
        host_of(board).set_key(KEY)
    board.close()
    again = host_of(power_on(flash_path=path))
    assert again.info()["sealed_images_only"] is bool(torn)  # the first copy is whole
    again.set_key(KEY)
    assert again.program(again.sealed(GOOD.pack(), KEY)) == 1


@pytest.mark.parametrize("cut_off", [1, 7, 8])
def test_settings_that_were_cut_off_take_two_pages_each_until_there_are_none_left(
    power_on: SwitchOn, tmp_path: Path, cut_off: int
) -> None:
    path = tmp_path / "flash"
    power_on(flash_path=path).close()
    cells = bytearray(path.read_bytes())
    for page in range(KEY_BLOCK, KEY_BLOCK + 512 * cut_off, 512):
        cells[page : page + 256] = bytes(range(256))
    path.write_bytes(cells)
    board = power_on(flash_path=path)
    device = host_of(board)
    assert device.info()["sealed_images_only"] is False
    if cut_off == 8:
        with pytest.raises(DeviceError, match="the image store failed"):
            device.set_key(KEY)
        assert device.program(GOOD.pack()) == 1
    else:
        device.set_key(KEY)
    board.close()
    assert path.read_bytes()[KEY_BLOCK : KEY_BLOCK + 512 * cut_off] == cells[KEY_BLOCK : KEY_BLOCK + 512 * cut_off]
    assert host_of(power_on(flash_path=path)).info()["sealed_images_only"] is (cut_off < 8)


@pytest.mark.parametrize("bad", [0, 1])
def test_a_page_that_does_not_keep_its_copy_of_the_key_is_no_key_and_the_other_one_is(
    power_on: SwitchOn, tmp_path: Path, bad: int
) -> None:
    path = tmp_path / "flash"
    board = power_on(flash_path=path)
    flash: FlashPart = board.wiring.flash
    write = flash.write
    flash.write = (
        lambda offset, piece: write(  # type: ignore[method-assign]
            offset, piece[:16] + bytes(16) + piece[32:] if offset == KEY_BLOCK + 256 * bad else piece
        )
    )
    device = host_of(board)
    with pytest.raises(DeviceError, match="the image store failed"):
        device.set_key(KEY)
    assert device.info()["sealed_images_only"] is bool(bad)
    device.set_key(KEY)  # into the next two pages, or it is set already
    with pytest.raises(DeviceError, match="a key is set once"):
        device.set_key(OTHER_KEY)
    board.close()
    again = host_of(power_on(flash_path=path))
    again.set_key(KEY)
    assert again.program(again.sealed(GOOD.pack(), KEY)) == 1


def cut_key(board: SimulatedBoard, torn: int) -> None:
    """The copy `torn` of the key is written half, and nothing after it."""
    flash: FlashPart = board.wiring.flash
    write = flash.write

    def writes(offset: int, data: bytes) -> None:
        copy = (offset - KEY_BLOCK) // 256
        if copy < torn:
            write(offset, data)
        elif copy == torn:
            write(offset, data[:16])

    flash.write = writes  # type: ignore[method-assign]
    assert flash.cells[KEY_BLOCK] == 0xFF


def test_a_flash_that_does_not_answer_sets_no_key(device: Device) -> None:
    def dead(offset: int, count: int) -> bytes:
        raise OSError(5, "flash")

    device.port.board.wiring.flash.read = dead  # type: ignore[method-assign]
    with pytest.raises(DeviceError, match="the image store failed"):
        device.set_key(KEY)
    assert device.info()["sealed_images_only"] is False
