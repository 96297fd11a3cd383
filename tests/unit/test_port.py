"""A serial port that is opened again: a device that restarts takes its USB along."""

import os
import pty
from pathlib import Path

import pytest

from enose.link.port import PortError, SerialPort


def test_a_port_that_is_there_again_is_opened_again(tmp_path: Path) -> None:
    first, second = pty.openpty(), pty.openpty()
    name = tmp_path / "ttyACM0"
    name.symlink_to(os.ttyname(first[1]))
    port = SerialPort(str(name))
    name.unlink()
    name.symlink_to(os.ttyname(second[1]))
    port.reopen()
    port.write(b"hello")
    assert os.read(second[0], 10) == b"hello"
    port.close()
    for fd in (*first, *second):
        os.close(fd)


def test_a_port_that_does_not_come_back_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enose.link.port.REOPEN_S", 0.1)
    master, slave = pty.openpty()
    name = tmp_path / "ttyACM0"
    name.symlink_to(os.ttyname(slave))
    port = SerialPort(str(name))
    name.unlink()
    with pytest.raises(PortError, match="cannot be opened"):
        port.reopen()
    os.close(master)
    os.close(slave)
