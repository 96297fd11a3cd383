"""Images in flash: they survive a power cycle, and damage never goes unseen."""

import contextlib
from pathlib import Path
from random import Random

import pytest

from enose.link.conversation import DeviceError
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.simulated import FLASH_SIZE
from rig import BOARD, SwitchOn, host_of, image, present

START = BOARD.flash.start_kib * 1024
END = START + BOARD.flash.length_kib * 1024
FIRST = image(model=b"model001").pack()
SECOND = image(model=b"model002").pack()


@pytest.fixture
def flash_path(tmp_path: Path) -> Path:
    return tmp_path / "flash.bin"


def stored(power_on: SwitchOn, flash_path: Path, *images: bytes) -> None:
    """Program the images one after the other, then cut the power."""
    device = host_of(power_on(flash_path=flash_path))
    for raw in images:
        device.program(raw)
    device.port.board.close()


def damage(flash_path: Path, raw: bytes) -> int:
    """Rot one bit in the middle of every copy of an image; how many there were."""
    cells = bytearray(flash_path.read_bytes())
    found = 0
    at = cells.find(raw)
    while at >= 0:
        cells[at + len(raw) // 2] ^= 0x10
        found += 1
        at = cells.find(raw, at + 1)
    flash_path.write_bytes(cells)
    return found


def test_a_blank_partition_is_formatted_once_and_holds_no_image(power_on: SwitchOn, flash_path: Path) -> None:
    device = host_of(power_on(flash_path=flash_path))
    assert (device.status()["state"], device.info()["image"]["generation"]) == ("idle", 0)
    device.port.board.close()
    again = power_on(flash_path=flash_path)
    host_of(again)
    assert again.wiring.flash.erases == 0


def test_nothing_outside_the_partition_is_touched(power_on: SwitchOn, flash_path: Path) -> None:
    flash_path.write_bytes(b"\x5a" * START + b"\xff" * (END - START) + b"\x5a" * (FLASH_SIZE - END))
    stored(power_on, flash_path, FIRST, SECOND)
    cells = flash_path.read_bytes()
    assert cells[:START] + cells[END:] == b"\x5a" * (FLASH_SIZE - END + START)


def test_after_a_power_cycle_the_image_is_in_force_and_the_weights_are_programmed_anew(
    power_on: SwitchOn, flash_path: Path
) -> None:
    stored(power_on, flash_path, FIRST, SECOND)
    board = power_on(flash_path=flash_path)
    device = host_of(board)
    info = device.info()
    assert info["image"] == {"generation": 2, "model": b"model002".hex()}
    assert (info["state"], info["weights"]) == ("idle", "held")
    assert board.wiring.chip.weight_writes >= 25
    assert board.wiring.chip.weights_v(board.now_s).min() > 0.69
    present(board)
    assert device.measure().reason == ""


def test_a_damaged_slot_falls_back_to_the_other(power_on: SwitchOn, flash_path: Path) -> None:
    stored(power_on, flash_path, FIRST, SECOND)
    assert damage(flash_path, SECOND) == 1
    device = host_of(power_on(flash_path=flash_path))
    assert device.info()["image"] == {"generation": 1, "model": b"model001".hex()}
    assert device.status()["state"] == "idle"
    assert device.program(SECOND) == 2  # the damaged slot is the one that is written


def test_the_older_slot_damaged_changes_nothing(power_on: SwitchOn, flash_path: Path) -> None:
    stored(power_on, flash_path, FIRST, SECOND)
    assert damage(flash_path, FIRST) == 1
    assert host_of(power_on(flash_path=flash_path)).info()["image"]["generation"] == 2


def test_both_slots_damaged_is_the_safe_state_until_it_is_cleared_and_programmed_anew(
    power_on: SwitchOn, flash_path: Path
) -> None:
    stored(power_on, flash_path, FIRST, SECOND)
    assert (damage(flash_path, FIRST), damage(flash_path, SECOND)) == (1, 1)
    device = host_of(power_on(flash_path=flash_path))
    status = device.status()
    assert (status["state"], status["fault"]) == ("safe", "no stored weight image is readable")
    with pytest.raises(DeviceError, match="the device is in its safe state"):
        device.program(SECOND)
    assert device.clear() == {
        "state": "idle",
        "fault": "none",
        "phase": "idle",
        "weights": "none",
        "sensors_bad": [],
        "sensors_drifted": [],
    }
    with pytest.raises(DeviceError, match="no image is active"):
        device.measure()
    assert device.program(SECOND) == 1
    device.port.board.close()
    assert host_of(power_on(flash_path=flash_path)).info()["image"]["model"] == b"model002".hex()


def test_an_image_for_another_board_in_the_store_is_the_safe_state(power_on: SwitchOn, flash_path: Path) -> None:
    from rig import QUICK, changed

    stored(power_on, flash_path, FIRST)
    device = host_of(power_on(changed(QUICK, name="other-mlp"), flash_path=flash_path))
    assert device.status()["fault"].startswith("the stored weight image does not fit this device")
    assert device.clear()["state"] == "idle"
    assert device.info()["weights"] == "none"


@pytest.mark.parametrize("pattern", [b"\x00", b"\xa5", b"\x00\xff\x13\x37"], ids=bytes.hex)
def test_a_partition_that_does_not_mount_is_the_safe_state_and_is_never_formatted(
    power_on: SwitchOn, flash_path: Path, pattern: bytes
) -> None:
    cells = (pattern * FLASH_SIZE)[:FLASH_SIZE]
    flash_path.write_bytes(cells)
    device = host_of(power_on(flash_path=flash_path))
    assert device.status()["fault"] == "the image partition does not mount"
    assert device.clear()["state"] == "safe"  # it is still so
    assert not device.info()["image"]["generation"]
    device.port.board.close()
    assert flash_path.read_bytes() == cells


def test_one_byte_programmed_behind_the_directory_is_not_blank(power_on: SwitchOn, flash_path: Path) -> None:
    cells = bytearray(b"\xff" * FLASH_SIZE)
    cells[START + 2 * 4096 + 77] = 0xFE
    flash_path.write_bytes(cells)
    assert host_of(power_on(flash_path=flash_path)).status()["fault"] == "the image partition does not mount"


class PowerCut:
    """Lets `whole` operations of a flash happen, tears the next one in the middle, and loses all after that."""

    def __init__(self, flash: FlashPart, whole: int) -> None:
        self.left = whole
        self.happened = 0
        self._write, self._erase = flash.write, flash.erase
        flash.write, flash.erase = self.write, self.erase  # type: ignore[method-assign]

    def write(self, offset: int, data: bytes) -> None:
        self._write(offset, data[: len(data) // 2] if self._tears() else data[: len(data) * self._whole()])

    def erase(self, offset: int) -> None:
        if self._tears() or self._whole():  # a torn erase leaves the sector erased or as it was; erased is the worse
            self._erase(offset)

    def _tears(self) -> bool:
        self.happened += 1
        self.left -= 1
        return self.left == -1

    def _whole(self) -> int:
        return int(self.left >= 0)


def operations_of_one_program(power_on: SwitchOn, flash_path: Path) -> int:
    stored(power_on, flash_path, FIRST)
    device = host_of(power_on(flash_path=flash_path))
    cut = PowerCut(device.port.board.wiring.flash, 10**6)
    device.program(SECOND)
    device.port.board.close()
    return cut.happened


def test_a_power_cut_at_any_flash_operation_leaves_the_old_image_or_the_new_one(
    power_on: SwitchOn, tmp_path: Path
) -> None:
    models = []
    for whole in range(operations_of_one_program(power_on, tmp_path / "counted") + 1):
        path = tmp_path / f"{whole}"
        stored(power_on, path, FIRST)
        board = power_on(flash_path=path)
        PowerCut(board.wiring.flash, whole)
        with contextlib.suppress(DeviceError):  # what is read back is not what was written: the device notices
            host_of(board).program(SECOND)
        board.close()
        info = host_of(power_on(flash_path=path)).info()
        assert info["state"] == "idle"
        models.append(info["image"]["model"])
    old, new = b"model001".hex(), b"model002".hex()
    assert set(models) == {old, new}
    assert models == sorted(models)  # from one operation on, and from then on always, it is the new one


@pytest.mark.parametrize("seed", range(3))
def test_rot_of_one_bit_anywhere_never_makes_a_wrong_image(power_on: SwitchOn, flash_path: Path, seed: int) -> None:
    stored(power_on, flash_path, FIRST, SECOND)
    good = flash_path.read_bytes()
    rng = Random(seed)
    for at in rng.sample([k for k in range(START, END) if good[k] != 0xFF], 12):
        rotten = bytearray(good)
        rotten[at] ^= 1 << rng.randrange(8)
        flash_path.write_bytes(rotten)
        board = power_on(flash_path=flash_path)
        info = host_of(board).info()
        # rot in the directory itself may lose both files, and rot in the first block the file system
        assert info["image"]["model"] in (b"model001".hex(), b"model002".hex(), bytes(8).hex())
        assert info["weights"] == ("held" if info["image"]["generation"] and info["state"] == "idle" else "none")
        board.close()
