"""The DAC's model: commands, readback, gain, and frames that are none."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.board.parts.ad5676r import Ad5676rPart

Changes = list[tuple[int, float, float]]


@pytest.fixture
def changes() -> Changes:
    return []


@pytest.fixture
def dac(changes: Changes) -> Ad5676rPart:
    """Telling `changes` of every output that is set."""
    return Ad5676rPart(2.5, lambda channel, volts, t_s: changes.append((channel, volts, t_s)))


def frame(command: int, channel: int = 0, word: int = 0) -> bytes:
    return bytes((command << 4 | channel, word >> 8, word & 0xFF))


def shifted(dac: Ad5676rPart, whole: bytes, t_s: float, ends: tuple[int, ...] = ()) -> bytes:
    """What comes out while `whole` goes in under one low SYNC, in pieces with these ends."""
    dac.select(0)
    answer = b"".join(dac.transfer(whole[begin:end], t_s) for begin, end in pairwise((0, *ends, len(whole))))
    dac.select(1)
    return answer


@given(st.integers(0, 7), st.integers(0, 0xFFFF))
def test_write_and_update_sets_one_output_at_its_time(channel: int, code: int) -> None:
    seen: Changes = []
    part = Ad5676rPart(2.5, lambda *change: seen.append(change))
    shifted(part, frame(3, channel, code), 1.5)
    assert seen == [(channel, 2.5 * code / 65536, 1.5)]
    assert part.voltage_v(channel) == 2.5 * code / 65536
    assert part.codes == [code if k == channel else 0 for k in range(8)]


def test_an_input_register_reaches_its_output_with_the_update(dac: Ad5676rPart, changes: Changes) -> None:
    shifted(dac, frame(1, 2, 1000), 0.0)
    shifted(dac, frame(1, 3, 2000), 0.0)
    assert changes == []
    shifted(dac, frame(2, 0, 0b0100), 0.25)
    assert changes == [(2, 2.5 * 1000 / 65536, 0.25)]
    assert (dac.codes[2], dac.codes[3]) == (1000, 0)


def test_readback_comes_with_the_frame_after_it_and_once(dac: Ad5676rPart) -> None:
    shifted(dac, frame(3, 5, 0xBEEF), 0.0)
    assert shifted(dac, frame(9, 5), 0.0) == bytes(3)
    assert shifted(dac, frame(0), 0.0)[1:] == b"\xbe\xef"
    assert shifted(dac, frame(0), 0.0) == bytes(3)


def test_gain_two_doubles_every_output_at_once(dac: Ad5676rPart, changes: Changes) -> None:
    shifted(dac, frame(3, 1, 0x4000), 0.0)
    shifted(dac, frame(7, 0, 0x0004), 0.5)
    assert dac.voltage_v(1) == 1.25
    assert (1, 1.25, 0.5) in changes
    shifted(dac, frame(7, 0, 0x0000), 1.0)
    assert dac.voltage_v(1) == 0.625


def test_a_software_reset_needs_its_word_and_clears_outputs_and_gain(dac: Ad5676rPart) -> None:
    shifted(dac, frame(7, 0, 0x0004), 0.0)
    shifted(dac, frame(3, 6, 0xFFFF), 0.0)
    shifted(dac, frame(6, 0, 0x1233), 0.0)
    assert dac.codes[6] == 0xFFFF
    shifted(dac, frame(6, 0, 0x1234), 0.0)
    assert (dac.codes, dac.gain) == ([0] * 8, 1)


@pytest.mark.parametrize("ends", [(1,), (2,), (1, 2)])
def test_bytes_that_come_apart_are_one_frame_as_long_as_sync_is_low(dac: Ad5676rPart, ends: tuple[int, ...]) -> None:
    shifted(dac, frame(3, 5, 0xBEEF), 0.0, ends)
    assert dac.codes[5] == 0xBEEF
    shifted(dac, frame(9, 5), 0.0, ends)
    assert shifted(dac, frame(0), 0.0, ends) == b"\x90\xbe\xef"
    assert dac.ignored_frames == 0


@pytest.mark.parametrize("wrong", [b"\x30", b"\x30\x80", b"\x30\x80\x00\x00"], ids=len)
def test_anything_but_24_bits_is_ignored_and_counted(dac: Ad5676rPart, changes: Changes, wrong: bytes) -> None:
    assert shifted(dac, wrong, 0.0) == bytes(len(wrong))
    assert (changes, dac.ignored_frames) == ([], 1)


def test_a_frame_without_select_is_ignored_and_counted(dac: Ad5676rPart, changes: Changes) -> None:
    dac.transfer(frame(3, 0, 1), 0.0)
    assert (changes, dac.ignored_frames) == ([], 1)


@pytest.mark.parametrize("command", [0, 4, 5, 8, 15])
def test_a_command_that_is_not_modelled_changes_nothing(dac: Ad5676rPart, changes: Changes, command: int) -> None:
    shifted(dac, frame(command, 1, 0xFFFF), 0.0)
    assert (changes, dac.codes, dac.gain) == ([], [0] * 8, 1)
