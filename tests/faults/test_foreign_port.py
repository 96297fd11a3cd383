"""The fault matrix, malice: a port that is not our device is recognised, and nothing but hello was sent to it."""

import contextlib
import os
import pty
import threading
import tty
from collections.abc import Callable, Generator

import pytest

from enose.cli.main import BAD_INPUT, run
from enose.link import connect, conversation
from enose.link.connect import open_device
from enose.link.conversation import LinkError
from enose_contract import frames, messages


class Foreign:
    """Something else on a PTY: it keeps what it hears and answers in its own way."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.heard = b""
        self._answer = answer
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the end of the test closes the terminal
            while data := os.read(self._master, 1000):
                self.heard += data
                if b"\xffstop" in self.heard:
                    return
                if said := self._answer(data):
                    os.write(self._master, said)

    def kinds(self) -> set[int]:
        """The kinds of all frames that it heard; every byte of it was part of a frame."""
        reader = frames.FrameReader()
        found = {frame[2] for byte in self.heard if (frame := reader.feed(byte)) is not None}
        assert reader.dropped() == 0
        return found

    def close(self) -> None:
        os.write(self._slave, b"\xffstop")
        self._thread.join(timeout=5)
        os.close(self._slave)
        os.close(self._master)


ANSWERS: dict[str, Callable[[bytes], bytes]] = {
    "silent": lambda data: b"",
    "echo": lambda data: data,
    "modem": lambda data: b"\r\nERROR\r\n",
    "zeros": lambda data: bytes(50),
    "shell": lambda data: b"bash: \x1b[01;31mcommand not found\x1b[m\r\n$ ",
}


@pytest.fixture(params=ANSWERS)
def foreign(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generator[Foreign, None, None]:
    monkeypatch.setattr(conversation, "REPLY_MS", 10)  # 12 s of patience, in wall time, would test nothing more
    port = Foreign(ANSWERS[request.param])
    yield port
    port.close()


def test_it_is_recognised_and_hears_nothing_but_hello(foreign: Foreign, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["device", "info", "--device", foreign.port]) == BAD_INPUT
    out, err = capsys.readouterr()
    expected = f"error: {foreign.port}: no answer to hello; not one of our devices, or its firmware is not running\n"
    assert (out, err) == ("", expected)
    assert foreign.kinds() == {messages.HELLO.kind}


def test_auto_asks_every_port_and_names_what_each_said(foreign: Foreign, monkeypatch: pytest.MonkeyPatch) -> None:
    class Listed:
        def __init__(self, device: str, vid: int | None) -> None:
            self.device, self.vid = device, vid

    found = [Listed("/dev/none", 0x2E8A), Listed(foreign.port, 0x303A), Listed("/dev/never", 0x1234)]
    monkeypatch.setattr(connect.list_ports, "comports", lambda: found)
    with pytest.raises(LinkError) as error:
        open_device("auto")
    assert "/dev/none: cannot be opened (No such file or directory)" in str(error.value)
    assert f"{foreign.port}: no answer to hello" in str(error.value)
    assert "/dev/never" not in str(error.value)  # not the vendor of a microcontroller that may be ours


def test_the_port_is_given_back(foreign: Foreign) -> None:
    for _ in range(2):  # a second time would be refused if the first still held it
        with pytest.raises(LinkError, match="no answer to hello"):
            open_device(foreign.port)


def test_auto_takes_the_first_that_answers(power_on, monkeypatch: pytest.MonkeyPatch) -> None:
    board = power_on(paced=True)

    class Listed:
        device, vid = board.port, 0x2E8A

    monkeypatch.setattr(connect.list_ports, "comports", lambda: [Listed])
    device = open_device("auto")
    assert device.board == "pico-mlp"
    device.close()
