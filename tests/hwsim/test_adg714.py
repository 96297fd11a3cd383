"""The switch chain's model: bits go down the chain under SYNC and take effect when it rises."""

import pytest

from enose_hwsim.board.parts.adg714 import Adg714ChainPart


class Bench:
    def __init__(self, parts: int) -> None:
        self.seen: list[tuple[set[int], float]] = []
        self.chain = Adg714ChainPart(parts, lambda closed, t_s: self.seen.append((set(closed), t_s)))

    def frame(self, *data: int, t_s: float = 0.0) -> None:
        self.chain.select(0, t_s)
        self.chain.transfer(bytes(data))
        self.chain.select(1, t_s)


def test_powered_up_every_switch_is_open() -> None:
    assert Bench(2).chain.closed == frozenset()


def test_the_first_byte_ends_up_in_the_farthest_part() -> None:
    bench = Bench(3)
    bench.frame(0b1000_0000, 0b0000_0010, 0b0000_0001, t_s=2.0)
    assert bench.seen == [({23, 9, 0}, 2.0)]


@pytest.mark.parametrize("data", [(0xFF,), (0x01, 0xFF)], ids=str)
def test_a_short_frame_shifts_what_was_there_further_on(data: tuple[int, ...]) -> None:
    bench = Bench(2)
    bench.frame(0x00, 0x80)
    bench.frame(*data)
    assert bench.chain.closed == {*range(8), 15 if data == (0xFF,) else 8}


def test_nothing_changes_until_sync_rises_nor_without_it() -> None:
    bench = Bench(1)
    bench.chain.transfer(b"\xff")  # SYNC is high
    assert not bench.chain.selected
    bench.chain.select(0, 0.0)
    bench.chain.transfer(b"\x0f")
    assert (bench.chain.selected, bench.chain.closed) == (True, frozenset())
    bench.chain.select(1, 1.0)
    bench.chain.select(1, 2.0)  # no edge
    assert bench.seen == [({0, 1, 2, 3}, 1.0)]
