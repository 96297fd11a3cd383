"""The analog monitor: it sees what the firmware may not do, wherever that shows, and nothing else."""

import struct

import numpy as np
import pytest

from enose_contract import frames, messages
from enose_hwsim.board.monitor import AnalogMonitor
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.wiring import Wiring, wire
from enose_hwsim.board.world import World
from enose_hwsim.chips import open_chip
from memristor_rig import BOARD as MEMRISTOR_BOARD
from memristor_rig import CHIP as MEMRISTOR_CHIP
from rig import BOARD, CHIP

FULL_V = BOARD.dac.reference_v


class Watched:
    """A board's parts under a monitor; the time goes on by a millisecond at each access."""

    def __init__(self, board=BOARD, chip=CHIP) -> None:
        self.t_s = 0.0
        self.board = board
        self.wiring: Wiring = wire(
            board, chip, open_chip(chip, "ideal"), World(), FlashPart(8192), np.random.default_rng(1)
        )
        self.monitor = AnalogMonitor(board, chip)
        self.wiring.watched_by(self.monitor)

    def code(self, channel: int, volts: float, command: int = 0x30) -> None:
        self.t_s += 1e-3
        code = round(volts / FULL_V * 65536)
        self.wiring.pin_write(self.board.dac.select_pin, 0, self.t_s)
        self.wiring.spi(bytes((command | channel, code >> 8, code & 0xFF)), self.t_s)
        self.wiring.pin_write(self.board.dac.select_pin, 1, self.t_s)

    def pin(self, pin: int, level: int) -> None:
        self.t_s += 1e-3
        self.wiring.pin_write(pin, level, self.t_s)

    def says(self, state: int) -> None:
        body = struct.pack(messages.STATUS.reply, state, 0, 0, 0, 0, 0, 0)
        self.monitor.heard(frames.FrameWriter().frame(1, 1, messages.STATUS.kind | frames.REPLY, body))

    def told(self, kind: int) -> None:
        self.monitor.told(frames.FrameWriter().frame(1, 2, kind))


@pytest.fixture
def watched() -> Watched:
    return Watched()


def test_codes_in_range_are_nothing_to_report(watched: Watched) -> None:
    for channel, volts in ((0, 0.8501), (1, 0.9499), (3, 0.90), (4, 0.7001), (4, 1.0999)):
        watched.code(channel, volts)
    for pin in (BOARD.gas.heater_pin, BOARD.gas.valve_pin):
        watched.pin(pin, 1)
    assert watched.monitor.violations == []


@pytest.mark.parametrize("command", [0x30, 0x10], ids=["output", "input register"])
@pytest.mark.parametrize(("channel", "volts"), [(0, 0.84), (2, 0.96), (4, 0.69), (4, 1.11), (0, 0.0)])
def test_a_code_out_of_range_is_seen_behind_an_open_switch(
    watched: Watched, command: int, channel: int, volts: float
) -> None:
    watched.code(channel, volts, command)
    (seen,) = watched.monitor.violations
    assert seen.startswith(f"DAC channel {channel} at ")


def test_a_channel_that_nothing_is_connected_to_is_given_no_code(watched: Watched) -> None:
    watched.code(6, 0.9)
    assert watched.monitor.violations == ["DAC channel 6, which nothing is connected to, at 0.900002 V, at 0.001000 s"]


def test_a_part_that_resets_itself_writes_no_code(watched: Watched) -> None:
    watched.wiring.dac.reset(0.0)
    assert watched.monitor.violations == []


@pytest.mark.parametrize(
    ("pin", "name"),
    [
        (BOARD.switch.pin, "switch"),
        (BOARD.gas.heater_pin, "heater"),
        (BOARD.gas.valve_pin, "valve"),
        (BOARD.weights.strobe_pin, "strobe"),
    ],
)
def test_once_it_says_that_it_is_safe_nothing_is_driven_until_it_is_cleared(
    watched: Watched, pin: int, name: str
) -> None:
    for channel in range(4):
        watched.code(channel, 0.9)
    watched.code(4, 0.9)
    watched.says(messages.SAFE_STATE)
    watched.pin(pin, 0)
    assert watched.monitor.violations == []
    watched.pin(pin, 1)
    assert [text.split(",")[0] for text in watched.monitor.violations] == [f"{name} on in the safe state"]
    watched.told(messages.CLEAR.kind)
    watched.pin(pin, 0)
    watched.pin(pin, 1)
    assert len(watched.monitor.violations) == 1


@pytest.mark.parametrize("how", ["cleared", "restarted", "another state"])
def test_the_safe_state_ends(watched: Watched, how: str) -> None:
    watched.says(messages.SAFE_STATE)
    if how == "cleared":
        watched.told(messages.CLEAR.kind)
    elif how == "restarted":
        watched.monitor.started()
    else:
        watched.says(messages.IDLE)
    watched.pin(BOARD.gas.heater_pin, 1)
    assert watched.monitor.violations == []


def test_only_levels_of_rest_are_written_in_the_safe_state(watched: Watched) -> None:
    watched.says(messages.SAFE_STATE)
    for channel in range(4):
        watched.code(channel, CHIP.input.no_field_v)
    assert watched.monitor.violations == []
    watched.code(1, 0.93)
    watched.code(4, 0.90)  # a weight: nothing is refreshed in the safe state
    assert len(watched.monitor.violations) == 2


def test_what_the_chips_part_sees_is_among_it(watched: Watched) -> None:
    watched.pin(BOARD.switch.pin, 1)  # on inputs that are still at their power-up level
    watched.wiring.dac.reset(watched.t_s)
    assert watched.monitor.violations
    assert all("input" in text for text in watched.monitor.violations)
    before = len(watched.monitor.violations)
    assert len(watched.monitor.violations) == before  # told once


def test_a_broken_converter_is_excused_for_a_while(watched: Watched) -> None:
    watched.monitor.excuse(watched.t_s, 0.5)
    watched.code(0, 1.8)
    assert watched.monitor.violations == []
    assert len(watched.monitor.excused) == 1
    watched.t_s = 0.6
    watched.code(0, 1.8)
    assert len(watched.monitor.violations) == 1


def test_memristors_have_levels_and_a_gate_of_their_own() -> None:
    watched = Watched(MEMRISTOR_BOARD, MEMRISTOR_CHIP)
    board, chip = MEMRISTOR_BOARD, MEMRISTOR_CHIP
    common_v = chip.input.common_v
    watched.code(board.dac.read_channel, common_v + chip.pulse.read_v - 1e-4)
    watched.code(board.dac.pulse_channel, common_v - chip.pulse.max_v + 1e-4)
    assert watched.monitor.violations == []
    watched.code(board.dac.read_channel, common_v + chip.devices.threshold_v)
    assert len(watched.monitor.violations) == 1
    watched.says(messages.SAFE_STATE)
    watched.pin(board.pulses.gate_pin, 1)
    assert "gate on in the safe state" in watched.monitor.violations[-1]


def test_memristors_at_their_threshold_outside_a_pulse_are_seen() -> None:
    watched = Watched(MEMRISTOR_BOARD, MEMRISTOR_CHIP)
    part = watched.wiring.chip
    part.set_switches(frozenset({2}), 0.0)
    part.set_read_dac(MEMRISTOR_CHIP.input.common_v + MEMRISTOR_CHIP.devices.threshold_v, 0.1)
    assert any("the threshold is" in text for text in watched.monitor.violations)
