"""What the tests of the simulated board share: boards, images, specimens, a host that puts any frame on the wire."""

import shutil
import struct
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from enose.boards import find_board
from enose.link.device import Device
from enose.link.port import LockstepPort
from enose_contract import frames, messages
from enose_contract.image import Image
from enose_contract.message import Message
from enose_contract.normalise import NORM_CHANGE
from enose_contract.pages import NO_CLASS
from enose_hwsim.board import process
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import MlpFile

BOARD, CHIP, BOARD_PATH = find_board("pico-mlp")
CLEAN_OHM = 30_000.0
SAMPLE_S = 0.1
NONCE = 7
SwitchOn = Callable[..., SimulatedBoard]


def changed(section: Any, **changes: Any) -> Any:
    """A board file or a section of one with other values."""
    return msgspec.structs.replace(section, **changes)


# Warm after a second instead of thirty: what is measured does not depend on it.
QUICK: BoardFile = changed(BOARD, sensors=changed(BOARD.sensors, warmup_s=1.0))


def image(**changes: Any) -> Image:
    """An image that pico-mlp takes; weights all over the chip's range, phases of a second and less."""
    facts: dict[str, Any] = {
        "chip": "mlp441",
        "board": "pico-mlp",
        "sensor_set": b"sensors1",
        "model": b"model001",
        "calibration": b"none0000",
        "normalisation": NORM_CHANGE,
        "channels": [0, 1, 2, 3],
        "low_ohm": [0] * 4,
        "high_ohm": [0] * 4,
        "classes": ["banana", "lemon", "lychee"],
        "weights": [700_000 + k * 400_000 // 24 for k in range(25)],
        "baseline_ms": 600,
        "exposure_ms": 1000,
        "recovery_ms": 400,
        "scan_ms": 100,
        "average": 2,
    }
    return Image(**{**facts, **changes})


def present(board: SimulatedBoard, ratios: tuple[float, ...] = (0.9, 0.7, 0.5, 0.3)) -> None:
    """Put a specimen before the nose under which sensor k falls to ratios[k] of its clean-air resistance."""
    clean = np.full((6, len(ratios)), CLEAN_OHM)
    board.present(clean, clean[:1].repeat(10, axis=0) * np.array(ratios), np.empty((0, len(ratios))), SAMPLE_S)


def host_of(board: SimulatedBoard, nonce: int = NONCE) -> Device:
    """The project's own host at a board."""
    return Device(LockstepPort(board, "sim:pico-mlp"), nonce=nonce)


@dataclass(frozen=True)
class Frame:
    """One frame that came in."""

    session: int
    sequence: int
    kind: int
    body: bytes

    def fields(self, message: Message) -> dict[str, Any]:
        """The fields of a reply to `message`."""
        assert self.kind == message.kind | frames.REPLY, f"kind {self.kind}: {self.body!r}"
        return message.unpack_reply(self.body)

    def error(self) -> tuple[int, int, int]:
        """(code, value, limit) of an error reply."""
        fields = self.fields(messages.ERROR)
        return fields["code"], fields["value"], fields["limit"]


class RawHost:
    """A host without manners: any bytes, any session, any sequence number."""

    def __init__(self, board: SimulatedBoard) -> None:
        self.port = LockstepPort(board, "test")
        self.session = 0
        self.sequence = 0
        self._reader = frames.FrameReader()

    def send(self, data: bytes) -> None:
        self.port.write(data)

    def frame(self, message: Message | int, *values: Any, tail: bytes = b"", body: bytes | None = None) -> bytes:
        """The next request as a frame of this session."""
        self.sequence = (self.sequence + 1) & 0xFF
        kind = message if isinstance(message, int) else message.kind
        if body is None:
            assert isinstance(message, Message)
            body = struct.pack(message.request, *values) + tail
        return frames.FrameWriter().frame(self.session, self.sequence, kind, body)

    def receive(self, wait_ms: float = 300) -> list[Frame]:
        """Every frame that comes in until nothing has for wait_ms."""
        found = []
        while data := self.port.read(wait_ms):
            for byte in data:
                frame = self._reader.feed(byte)
                if frame is not None:
                    found.append(Frame(*frame[:3], bytes(frame[3])))
        assert self._reader.dropped() == 0
        return found

    def ask(self, message: Message | int, *values: Any, tail: bytes = b"", body: bytes | None = None) -> Frame:
        """One request and its only reply."""
        self.send(self.frame(message, *values, tail=tail, body=body))
        (reply,) = self.receive()
        return reply

    def hello(self, nonce: int = NONCE, protocol: int = messages.PROTOCOL) -> Frame:
        """Say hello; on a good answer its session is this host's."""
        reply = self.ask(messages.HELLO, protocol, nonce)
        if reply.kind == messages.HELLO.kind | frames.REPLY:
            self.session = reply.session
        return reply


def learner(board: SimulatedBoard) -> RawHost:
    """A host at this board, which it has started for learning; an image is in force there."""
    host = RawHost(board)
    board.run(3100)  # until an earlier host's session has lapsed
    host.hello()
    host.ask(messages.TEACH, 1)
    board.run(2500)
    host.receive(10)
    host.session = 0
    host.hello()
    return host


@pytest.fixture
def power_on(micropython: str) -> Generator[SwitchOn, None, None]:
    """Switches simulated boards on, and off after the test; no converter may ever have left the chip's limits."""
    boards: list[SimulatedBoard] = []

    def switch_on(board: BoardFile = QUICK, chip: MlpFile = CHIP, **options: Any) -> SimulatedBoard:
        boards.append(SimulatedBoard(board, chip, **options))
        return boards[-1]

    yield switch_on
    for board in boards:
        board.close()
    assert [board.monitor.violations for board in boards] == [[]] * len(boards)


@pytest.fixture
def board(power_on: SwitchOn) -> SimulatedBoard:
    return power_on()


@pytest.fixture
def device(board: SimulatedBoard) -> Device:
    """The project's host, greeted by a blank board."""
    return host_of(board)


@pytest.fixture
def programmed(device: Device) -> Device:
    """A device with an image in force and a specimen before its nose."""
    device.program(image().pack())
    present(device.port.board)
    return device


@pytest.fixture
def raw(board: SimulatedBoard) -> RawHost:
    """A host without manners that has said hello."""
    host = RawHost(board)
    host.hello()
    return host


@pytest.fixture
def firmware(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the firmware that a test may break."""
    folder = tmp_path / "firmware"
    shutil.copytree(process.firmware_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(process, "firmware_folder", lambda: folder)
    return folder


def broken(folder: Path, name: str, old: str, new: str) -> None:
    """Write `new` in place of `old`, which is there once, into a file of enose_device."""
    path = folder / "enose_device" / name
    source = path.read_text()
    assert source.count(old) == 1
    path.write_text(source.replace(old, new))


def paged_image(count: int = 3, seed: int = 0, **changes: Any) -> Image:
    """An image of several pages that pico-mlp takes: random weights, eight sensors, four of them for each page."""
    rng = np.random.default_rng(seed)
    places = [bytes((k + page) % 8 for k in (0, 2, 4, 7)) for page in range(count)]
    used = sorted(set(b"".join(places)))
    facts: dict[str, Any] = {
        "channels": used,
        "low_ohm": [0] * len(used),
        "high_ohm": [0] * len(used),
        "classes": ["ethanol", "ethylene", "ammonia", "acetone", "toluene", "butanol", "lemon", "rum"][:count],
        "weights": rng.integers(700_000, 1_100_001, 25 * count).tolist(),
        "pages": [
            (bytes(used.index(place) for place in places[page]), bytes((page, NO_CLASS, NO_CLASS)))
            for page in range(count)
        ],
    }
    return image(**{**facts, **changes})
