"""UF2 files and the boot loader's drive: what would not become a running MicroPython is refused at once."""

import struct
from pathlib import Path

import pytest

from enose.deploy import uf2
from enose.deploy.prompt import DeployError
from enose.deploy.uf2 import UnfitUf2, board_id, checked_uf2, find_drive, write_uf2
from enose_hwsim.mcu import MICROCONTROLLERS
from enose_hwsim.mcu.uf2 import ABSOLUTE, BLOCK, HEADER, MAGIC

PICO, PICO2, ESP32S3 = (MICROCONTROLLERS[name] for name in ("rp2040", "rp2350", "esp32s3"))
START = 0x1000_0000
PROGRAM_END = START + 640 * 1024  # of 2 MiB, 1408 KiB are MicroPython's files


def block(number: int, blocks: int, **changes: int) -> bytes:
    facts = {"flags": 0x2000, "address": START + 256 * number, "count": 256, "family": PICO.uf2_family} | changes
    head = HEADER.pack(*MAGIC, facts["flags"], facts["address"], facts["count"], number, blocks, facts["family"])
    return head + bytes(BLOCK - HEADER.size - 4) + struct.pack("<I", 0x0AB16F30)


WHOLE = b"".join(block(k, 3) for k in range(3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "micropython.uf2"


def test_a_whole_file_for_the_board_is_taken(path: Path) -> None:
    path.write_bytes(WHOLE)
    assert checked_uf2(path, PICO) == WHOLE


def test_a_pico_2_takes_a_file_with_the_block_for_its_erratum(path: Path) -> None:
    raw = block(0, 2, family=ABSOLUTE, address=0x10FF_FF00)
    raw += b"".join(block(k, 2, family=0xE48BFF59) for k in range(2))
    path.write_bytes(raw)
    assert checked_uf2(path, PICO2) == raw
    with pytest.raises(UnfitUf2, match="block 1 is for family 0xe48bff59, the RP2040's is 0xe48bff56"):
        checked_uf2(path, PICO)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "0 bytes, a UF2 has whole blocks of 512"),
        (WHOLE[:-1], "1535 bytes, a UF2 has whole blocks of 512"),
        (WHOLE[:-BLOCK], "2 blocks for the RP2040's flash, not one of each number"),
        (WHOLE[BLOCK:], "2 blocks for the RP2040's flash, not one of each number"),
        (WHOLE[BLOCK:] + WHOLE[:BLOCK], "3 blocks for the RP2040's flash, not one of each number"),
        (WHOLE[:-4] + bytes(4), "block 2 does not end with a UF2's magic number"),
        (block(0, 1, family=0xE48BFF59), "block 0 is for family 0xe48bff59, the RP2040's is 0xe48bff56"),
        (block(0, 1, flags=0x2001), "0 blocks for the RP2040's flash"),
        (block(0, 1, count=477), "block 0 puts 477 bytes at 0x10000000, a block has 476"),
        (
            block(0, 1, address=START - 256),
            "block 0 puts 256 bytes at 0x0fffff00, the program's flash is 0x10000000 to",
        ),
        (block(0, 1, address=PROGRAM_END - 255), "block 0 puts 256 bytes at 0x1009ff01, .* to 0x100a0000"),
    ],
)
def test_a_file_that_would_not_run_is_refused_by_name(path: Path, raw: bytes, why: str) -> None:
    path.write_bytes(raw)
    with pytest.raises(UnfitUf2, match=why) as caught:
        checked_uf2(path, PICO)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_named(path: Path) -> None:
    with pytest.raises(UnfitUf2, match=r"micropython.uf2: cannot be read \(No such file"):
        checked_uf2(path, PICO)


def test_a_microcontroller_without_uf2_is_sent_to_its_own_tool(path: Path) -> None:
    with pytest.raises(UnfitUf2, match=r"ESP32-S3: takes no UF2; .*`esptool --chip esp32s3"):
        checked_uf2(path, ESP32S3)


def drive(folder: Path, said: str) -> Path:
    folder.mkdir()
    (folder / "INFO_UF2.TXT").write_text(f"UF2 Bootloader v3.0\nModel: Raspberry Pi RP2\nBoard-ID: {said}\n")
    return folder


def test_the_named_drive_is_looked_at(tmp_path: Path) -> None:
    pico = drive(tmp_path / "pico", "RPI-RP2")
    assert find_drive(PICO, pico) == pico
    with pytest.raises(UnfitUf2, match="pico: Board-ID 'RPI-RP2', the RP2350's boot loader says 'RP2350'"):
        find_drive(PICO2, pico)
    with pytest.raises(UnfitUf2, match=r"no INFO_UF2\.TXT with a Board-ID, the RP2040's boot loader says 'RPI-RP2'"):
        find_drive(PICO, tmp_path)


def test_the_drive_is_found_among_the_mounted_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted = [drive(tmp_path / "stick", "STICK"), drive(tmp_path / "pico2", "RP2350")]
    monkeypatch.setattr(uf2, "drives", lambda: mounted)
    assert find_drive(PICO2, None) == mounted[1]
    with pytest.raises(UnfitUf2, match="no drive RPI-RP2 found: plug the Pico in with BOOTSEL held"):
        find_drive(PICO, None, look_s=0.1)


def test_the_drives_of_this_computer_can_be_looked_at() -> None:
    assert all(isinstance(board_id(found), str) for found in uf2.drives())


def test_the_file_is_written_whole(tmp_path: Path) -> None:
    write_uf2(WHOLE, tmp_path)
    assert (tmp_path / "micropython.uf2").read_bytes() == WHOLE


def test_a_drive_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"gone: 0 of 1536 bytes written \(No such file"):
        write_uf2(WHOLE, tmp_path / "gone")


def test_a_drive_that_goes_after_the_last_block_is_as_it_should_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(uf2.os, "fsync", gone)
    write_uf2(WHOLE, tmp_path)
    assert (tmp_path / "micropython.uf2").read_bytes() == WHOLE
