"""The paced clock: virtual time is the wall's, and any program may speak to the PTY."""

import time

import pytest

from enose.link.device import Device
from enose.link.port import PortError, SerialPort
from enose_hwsim.board.simulated import SimulatedBoard
from rig import SwitchOn, image, present


@pytest.fixture
def paced(power_on: SwitchOn) -> SimulatedBoard:
    return power_on(paced=True)


def test_virtual_time_follows_the_wall_clock(paced: SimulatedBoard) -> None:
    device = Device(SerialPort(paced.port), nonce=3)
    first_s, wall_s = device.info()["uptime_s"], time.monotonic()
    time.sleep(1.5)
    passed_s = device.info()["uptime_s"] - first_s
    # the firmware notes its uptime once a second, so each of the two readings may be a second old; and a busy machine
    # delays the second one, in wall time and in virtual time alike
    assert passed_s == pytest.approx(time.monotonic() - wall_s, abs=1.2)
    device.close()


def test_a_measurement_over_the_pty_answers_in_its_own_time(paced: SimulatedBoard) -> None:
    device = Device(SerialPort(paced.port), nonce=3)
    device.program(image(baseline_ms=200, exposure_ms=200, recovery_ms=0).pack())
    present(paced)
    began_s = time.monotonic()
    answer = device.measure()
    assert time.monotonic() - began_s > 1.0  # of warm-up
    assert (answer.answer, answer.reason) != ("NONE", "no weight image is active")
    assert answer.ohms[0] == pytest.approx(27_000, rel=0.001)  # the ADC's noise is 0.4 of 20 000 counts
    device.close()


def test_two_measurements_one_after_the_other_are_two(paced: SimulatedBoard) -> None:
    """A host that comes back asks for a measurement of its own, and does not get the last one's answer again."""
    ohms = []
    for nonce, ratio in ((1, 0.9), (2, 0.5)):
        device = Device(SerialPort(paced.port), nonce=nonce)
        if nonce == 1:
            device.program(image(baseline_ms=200, exposure_ms=200, recovery_ms=0).pack())
        present(paced, (ratio, 0.8, 0.7, 0.6))
        ohms.append(device.measure().ohms[0])
        device.close()
    assert ohms == pytest.approx([27_000, 15_000], rel=0.001)


def test_a_port_in_use_is_refused_with_the_reason(paced: SimulatedBoard) -> None:
    first = SerialPort(paced.port)
    with pytest.raises(PortError, match=r"cannot be opened \(.+\)"):
        SerialPort(paced.port)
    first.close()


def test_a_port_that_goes_away_is_an_error_and_no_hang(power_on: SwitchOn) -> None:
    board = power_on(paced=True)
    port = SerialPort(board.port)
    board.close()
    with pytest.raises(PortError, match="reading failed"):
        port.read(5000)
    with pytest.raises(PortError, match="writing failed"):
        port.write(b"hello")
    port.close()


def test_reading_waits_no_longer_than_it_is_told(paced: SimulatedBoard) -> None:
    port = SerialPort(paced.port)
    began_s = time.monotonic()
    assert port.read(200) == b""
    # not less than it was told; the machine is shared, so the other bound is wide
    assert 0.2 <= time.monotonic() - began_s < 2
    port.close()
