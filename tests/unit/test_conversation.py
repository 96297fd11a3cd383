"""Requests as they are written to a port."""

import contextlib

import pytest

from enose.link.conversation import INTERRUPT, Conversation, LinkError


class Deaf:
    """A port where nobody answers."""

    name = "deaf"

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def read(self, wait_ms: float) -> bytes:
        return b""

    def wait(self, ms: float) -> None: ...

    def now_ms(self) -> float:
        return 0.0

    def close(self) -> None: ...


def hellos(nonce: int | None, count: int) -> list[bytes]:
    port = Deaf()
    conversation = Conversation(port, nonce=nonce)
    for _ in range(count):
        with contextlib.suppress(LinkError):
            conversation.hello()
    return port.written


def test_no_hello_interrupts_a_device_that_is_starting() -> None:
    sent = [frame for _ in range(200) for frame in hellos(None, 5)]
    assert len(set(sent)) > 900  # the numbers of a session's frames are not all the same
    assert not [frame for frame in sent if INTERRUPT in frame]


@pytest.mark.parametrize("nonce", [0x03030303, 3])
def test_a_nonce_that_would_is_sent_all_the_same(nonce: int) -> None:
    assert all(INTERRUPT in frame for frame in hellos(nonce, 2))
