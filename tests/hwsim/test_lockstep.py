"""The lockstep clock: virtual time only as granted, the same seed the same run, and waiting costs nothing."""

import time
from collections.abc import Callable

import pytest

from enose_hwsim.board.simulated import SimulatedBoard
from rig import BOARD, QUICK, SwitchOn, host_of, image, present


def whole_run(board: SimulatedBoard, pause: Callable[[], None] = lambda: None) -> list[object]:
    """Everything that one run answers, with its virtual times."""
    device = host_of(board)
    pause()
    seen: list[object] = [board.now_s, device.info()]
    device.program(image().pack())
    seen.append(board.now_s)
    present(board)
    for _ in range(2):
        pause()
        seen.append(device.measure(lambda phase, left_s: seen.append((phase, left_s))))
        seen.append(board.now_s)
    pause()
    seen += [
        device.selftest(),
        device.info(),
        board.now_s,
        board.wiring.adc.conversions,
        board.wiring.chip.weight_writes,
    ]
    device.close()
    return seen


@pytest.fixture
def reference(power_on: SwitchOn) -> list[object]:
    return whole_run(power_on(seed=5))


def test_the_same_seed_is_the_same_run(power_on: SwitchOn, reference: list[object]) -> None:
    assert whole_run(power_on(seed=5)) == reference


def test_wall_time_between_the_commands_does_not_matter(power_on: SwitchOn, reference: list[object]) -> None:
    assert whole_run(power_on(seed=5), pause=lambda: time.sleep(0.15)) == reference


def test_another_seed_is_another_run(power_on: SwitchOn, reference: list[object]) -> None:
    assert whole_run(power_on(seed=6)) != reference


def test_a_minute_of_waiting_takes_no_minute(power_on: SwitchOn) -> None:
    board = power_on()
    began_s = time.monotonic()
    board.run(60_000)
    assert board.now_s == pytest.approx(60, abs=0.001)  # the grant is in milliseconds
    # 6000 looks of an idle device at its tasks; the machine is shared, so the bound is wide
    assert time.monotonic() - began_s < 20


def test_time_stands_still_between_grants(board: SimulatedBoard) -> None:
    board.run(10)
    before_s = board.now_s
    time.sleep(0.1)
    board.run(0)
    assert board.now_s == before_s


def test_a_grant_ends_early_when_the_firmware_answers(board: SimulatedBoard) -> None:
    device = host_of(board)
    before_s = board.now_s
    device.status()
    # an idle device looks at its port at least every 100 ms, and is asked with 400 ms to answer
    assert board.now_s - before_s < 0.2


def test_the_configuration_is_that_of_the_board_file(power_on: SwitchOn) -> None:
    slow, quick = host_of(power_on(BOARD)), host_of(power_on(QUICK))
    for device in (slow, quick):
        device.program(image().pack())
        present(device.port.board)
        device.measure()
    # warm-up is 30 s on the one and 1 s on the other; the rest is the same but for the seconds of polling
    assert slow.port.board.now_s - quick.port.board.now_s == pytest.approx(29, abs=1.5)


def test_fidelities_are_those_of_the_chips(power_on: SwitchOn) -> None:
    with pytest.raises(ValueError, match="fidelity 'exact', expected one of ideal, fast, spice"):
        power_on(fidelity="exact")


def test_an_unknown_odour_is_refused(board: SimulatedBoard) -> None:
    with pytest.raises(ValueError, match="durian"):
        board.present_odour("durian", 1)
