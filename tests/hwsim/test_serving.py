"""The request channel: each request is answered, an unknown one with an errno, and the end of the process is told."""

import errno
import os
import struct
from collections.abc import Generator

import numpy as np
import pytest

from enose_hwsim.board.device_side import operations as op
from enose_hwsim.board.parts.flash import ERASE_US, FlashPart
from enose_hwsim.board.serving import FirmwareEnded, Requests
from enose_hwsim.board.wiring import wire
from enose_hwsim.board.world import World
from enose_hwsim.chips import open_chip
from rig import BOARD, CHIP


class Process:
    """The firmware's end of both pipes."""

    def __init__(self) -> None:
        self.requests_fd, self.write_fd = os.pipe()
        self.read_fd, self.answers_fd = os.pipe()
        self.wiring = wire(BOARD, CHIP, open_chip(CHIP, "fast"), World(), FlashPart(8192), np.random.default_rng(1))
        self.served = Requests(self.requests_fd, self.answers_fd, self.wiring, lambda now_us, until_us: until_us)
        self.open = {self.requests_fd, self.write_fd, self.read_fd, self.answers_fd}

    def close(self, *fds: int) -> None:
        for fd in fds or tuple(self.open):
            os.close(fd)
            self.open.remove(fd)

    def send(self, operation: int, payload: bytes, now_us: int = 1000) -> None:
        os.write(self.write_fd, struct.pack(op.HEADER, len(payload), operation, now_us) + payload)

    def ask(self, operation: int, payload: bytes) -> tuple[int, bytes]:
        self.send(operation, payload)
        self.served.serve_one()
        length, status = struct.unpack(op.ANSWER, os.read(self.read_fd, op.ANSWER_SIZE))
        return status, os.read(self.read_fd, length) if length else b""


@pytest.fixture
def process() -> Generator[Process, None, None]:
    made = Process()
    yield made
    made.close()


def test_posted_requests_are_done_and_not_answered(process: Process) -> None:
    process.send(op.PIN_WRITE, bytes((BOARD.dac.select_pin, 0)))
    process.send(op.SPI_WRITE, b"\x00\x33\x12\x34")
    process.served.serve_one()
    process.served.serve_one()
    assert process.wiring.dac.codes[3] == 0x1234
    os.set_blocking(process.read_fd, False)
    with pytest.raises(BlockingIOError):
        os.read(process.read_fd, 1)


def test_each_waiting_operation_has_its_answer(process: Process) -> None:
    assert process.ask(op.PIN_READ, b"\x14") == (0, b"\x00")
    assert process.ask(op.SPI_TRANSFER, b"\x00\x00\x00\x00") == (0, bytes(3))
    assert len(process.ask(op.ADC_READ, b"\x04")[1]) == 2
    assert process.ask(op.I2C_WRITE, b"\x00\x48\x01") == (0, b"")
    assert process.ask(op.I2C_READ, struct.pack("<BBH", 0, 0x48, 2) + b"\x01") == (0, b"\x85\x83")
    assert process.ask(op.IDLE, struct.pack("<Q", 5000)) == (0, struct.pack("<Q", 5000))
    assert process.ask(op.FLASH_WRITE, struct.pack("<I", 4096) + b"abc") == (0, b"")
    assert process.ask(op.FLASH_READ, struct.pack("<II", 4096, 4)) == (0, b"abc\xff")
    assert process.ask(op.FLASH_ERASE, struct.pack("<I", 4096)) == (0, struct.pack("<I", ERASE_US))
    assert process.ask(op.FLASH_READ, struct.pack("<II", 4096, 3)) == (0, b"\xff\xff\xff")
    assert process.served.served == 10


def test_a_part_that_does_not_acknowledge_is_an_errno(process: Process) -> None:
    assert process.ask(op.I2C_WRITE, b"\x00\x10\x01") == (-errno.ENXIO, b"")


@pytest.mark.parametrize("operation", [15, 28, 99])
def test_an_operation_that_is_not_known_is_an_errno(process: Process, operation: int) -> None:
    assert process.ask(operation, b"") == (-errno.ENOSYS, b"")


def test_requests_may_come_in_pieces(process: Process) -> None:
    whole = b"".join(struct.pack(op.HEADER, 2, op.PIN_WRITE, k) + bytes((k, 1)) for k in range(20))
    os.write(process.write_fd, whole[:150])
    for _ in range(11):
        process.served.serve_one()
    os.write(process.write_fd, whole[150:])
    for _ in range(9):
        process.served.serve_one()
    assert [process.wiring.pin_read(k) for k in range(21)] == [1] * 20 + [0]


def test_the_end_of_the_requests_is_the_end_of_the_firmware(process: Process) -> None:
    process.send(op.PIN_WRITE, b"\x01\x01")
    process.close(process.write_fd)
    process.served.serve_one()
    with pytest.raises(FirmwareEnded, match="the firmware's process has ended"):
        process.served.serve_one()


def test_an_answer_that_nobody_reads_any_more_is_the_end_of_the_firmware(process: Process) -> None:
    process.send(op.PIN_READ, b"\x01")
    process.close(process.read_fd)
    with pytest.raises(FirmwareEnded, match="the firmware's process has ended"):
        process.served.serve_one()
