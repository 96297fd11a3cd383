"""The fault matrix, link: whatever the wire does to the frames, every command takes effect once and in the end."""

from collections.abc import Callable
from random import Random

import pytest

from enose.link.conversation import LinkError
from enose.link.device import Device
from enose.link.port import LockstepPort
from enose_contract import frames, messages
from enose_hwsim.board.simulated import SimulatedBoard
from rig import RawHost, SwitchOn, host_of, image, present

Fault = Callable[[bytes, Random], bytes]


def flipped(data: bytes, rng: Random) -> bytes:
    at = rng.randrange(8 * len(data))
    return data[: at // 8] + bytes((data[at // 8] ^ 1 << at % 8,)) + data[at // 8 + 1 :]


def lost(data: bytes, rng: Random) -> bytes:
    return b""


def cut_short(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data))]


def doubled(data: bytes, rng: Random) -> bytes:
    return data + data


def with_garbage(data: bytes, rng: Random) -> bytes:
    return rng.randbytes(rng.randrange(40)) + data + rng.randbytes(rng.randrange(40))


FAULTS = (flipped, lost, cut_short, doubled, with_garbage)


class BadWire(LockstepPort):
    """A port on which every so many pieces meet a fault, in either direction."""

    def __init__(self, board: SimulatedBoard, fault: Fault, seed: int, share: float) -> None:
        super().__init__(board, "bad wire")
        self.rng = Random(seed)
        self.fault = fault
        self.share = share
        self.met = 0

    def _through(self, data: bytes) -> bytes:
        if not data or self.rng.random() >= self.share:
            return data
        self.met += 1
        return self.fault(data, self.rng)

    def write(self, data: bytes) -> None:
        if (wire := self._through(data)) or not data:
            super().write(wire)

    def read(self, wait_ms: float) -> bytes:
        return self._through(super().read(wait_ms))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("seed", range(3))
def test_an_image_is_stored_once_and_measured_with_over_a_bad_wire(power_on: SwitchOn, fault: Fault, seed: int) -> None:
    board = power_on(seed=seed)
    port = BadWire(board, fault, seed, 0.2)
    device = Device(port, nonce=1)
    assert device.program(image().pack()) == 1
    present(board)
    good = device.measure()
    assert good.reason == ""
    port.share = 0.0
    assert port.met > 0
    assert device.info()["image"]["generation"] == 1
    device.close()


def test_one_flip_in_a_request_is_dropped_counted_and_sent_again(board: SimulatedBoard) -> None:
    device = host_of(board)
    write = device.port.write

    def once(data: bytes) -> None:
        write(b"\0" + flipped(data[1:-1], Random(4)) + b"\0")
        device.port.write = write  # type: ignore[method-assign]

    device.port.write = once  # type: ignore[method-assign]
    assert device.status()["state"] == "idle"
    assert device.retransmissions == 1
    assert device.info()["frames_dropped"] == 1


def test_a_frame_cut_short_costs_its_own_frame_only(raw: RawHost) -> None:
    raw.send(raw.frame(messages.STATUS)[:7])
    raw.port.wait(frames.RECOVER_MS + 150)  # the device looks at least every 100 ms
    wire = raw.frame(messages.STATUS)
    raw.send(wire[1:])  # without its first delimiter: only a reader that has given up takes it as a frame
    (reply,) = raw.receive()
    assert reply.sequence == raw.sequence


def test_a_frame_that_is_too_long_is_skipped_and_counted(raw: RawHost) -> None:
    raw.send(b"\x07" * 2000 + b"\0")
    fields = raw.ask(messages.INFO).fields(messages.INFO)
    assert fields["frames_dropped"] == 1


@pytest.mark.parametrize("kind", ["garbage", "requests", "zeros"])
def test_a_flood_does_not_delay_the_refresh(programmed: Device, kind: str) -> None:
    board = programmed.port.board
    rng = Random(6)
    raw = RawHost(board)
    raw.port = programmed.port  # type: ignore[assignment]
    flood = {
        "garbage": lambda: rng.randbytes(2000),
        "requests": lambda: b"".join(raw.frame(messages.STATUS) for _ in range(60)),
        "zeros": lambda: bytes(2000),
    }[kind]
    for _ in range(25):
        raw.send(flood())
        raw.port.wait(40)
    while raw.port.read(10):
        pass
    info = programmed.info()
    assert info["refresh"]["missed"] == 0
    assert info["weights"] == "held"


def test_a_host_that_does_not_read_blocks_nothing(programmed: Device) -> None:
    board, port = programmed.port.board, programmed.port
    raw = RawHost(board)
    raw.port, raw.session = port, programmed._conversation._session  # type: ignore[assignment]
    raw.sequence = programmed._conversation._sequence
    done = programmed.info()["refresh"]["done"]
    raw.sequence = programmed._conversation._sequence
    # what lies unread between firmware and host: the pipe's 64 KiB, the terminal's 64 and 4, the board's 4
    for _ in range(1600):
        port.write(raw.frame(messages.INFO))
        port.wait(5)
    assert port.board.failure is None
    received = b""
    while data := port.read(50):
        received += data
    programmed._conversation._sequence = raw.sequence
    info = programmed.info()
    assert 500 < received.count(b"micropython") < 1600  # what there was room for was sent, the rest dropped
    assert info["refresh"]["missed"] == 0
    assert info["refresh"]["done"] - done > 100  # eight seconds of refreshes


def test_a_host_that_reads_a_trickle_still_gets_its_answer(board: SimulatedBoard) -> None:
    device = host_of(board)
    read, rest = device.port.read, bytearray()

    def trickle(wait_ms: float) -> bytes:
        if not rest:
            rest.extend(read(wait_ms))
        piece = bytes(rest[:3])
        del rest[:3]
        return piece

    device.port.read = trickle  # type: ignore[method-assign]
    assert device.info()["board"] == "pico-mlp"


def test_a_ctrl_c_in_a_frame_is_data(raw: RawHost) -> None:
    for byte in (3, 4, 0x11, 0x13, 0x7F, 0x0A, 0x0D):  # and whatever else a terminal might take for itself
        reply = raw.ask(messages.UPLOAD_BEGIN, byte * 0x01010101, 300, bytes((byte,)) * 32)
        assert reply.fields(messages.UPLOAD_BEGIN)["upload"] == byte * 0x01010101


def test_no_answer_at_all_is_an_error_after_a_bounded_time(board: SimulatedBoard) -> None:
    device = host_of(board)
    device.port.write = lambda data: None  # type: ignore[method-assign]
    before_s = board.now_s
    with pytest.raises(LinkError, match="sim:pico-mlp: no answer to status after 5 tries"):
        device.status()
    assert board.now_s - before_s == pytest.approx(0.4 * 31, abs=0.1)  # 0.4 s, doubled four times
    device.port.close()
