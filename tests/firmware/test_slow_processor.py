"""Weights are held on a processor whose code takes time: on the simulated board it takes none but where a test says so.

The times are those of an emulated RP2040, rounded up; bench/campaigns/emulated.py shows the same there.
"""

from pathlib import Path

import pytest

from enose.link.device import Device
from enose.link.watch import Watcher
from enose_contract import frames, messages, updates
from enose_hwsim.board.simulated import SimulatedBoard
from rig import BOARD, CHIP, RawHost, SwitchOn, broken, host_of, image, present

COLLECTION_MS, WRITING_MS, HANDLING_MS, SENDING_MS, IMPORT_MS = 22, 4, 6, 4, 130
ASK_MS = 30


def slowed(folder: Path, name: str, before: str, ms: int, condition: str = "True") -> None:
    """Have the line that begins so take that long."""
    indent = before[: len(before) - len(before.lstrip())]
    broken(folder, name, before, f"{indent}if {condition}:\n{indent}    __import__('time').sleep_ms({ms})\n{before}")


@pytest.fixture
def slow(firmware: Path) -> Path:
    """The firmware on such a processor."""
    slowed(firmware, "linked.py", "            gc.collect()\n            self.free_now", COLLECTION_MS)
    slowed(firmware, "linked.py", "            found = getattr(__import__(", IMPORT_MS, "whole not in before")
    slowed(firmware, "chips/held.py", "        for k in self._order:\n", WRITING_MS)
    slowed(firmware, "link.py", "        reply_kind, reply_body = self._handle(", HANDLING_MS)
    slowed(firmware, "link.py", "        end = min(self._written + BYTES_PER_TURN", SENDING_MS, "self._pending")
    return firmware


@pytest.fixture
def measuring(slow: Path, power_on: SwitchOn) -> Device:
    """A device that holds weights on it."""
    device = host_of(power_on())
    device.program(image().pack())
    present(device.port.board)
    return device


def assert_held(device: Device) -> None:
    refresh = device.info()["refresh"]
    assert refresh["missed"] == 0
    # some of its code does take time, or the test shows nothing
    assert refresh["period_s"] + 0.005 < refresh["oldest_s"] <= refresh["hold_s"]
    assert device.status()["weights"] == "held"


def test_classifications_with_a_host_that_polls(measuring: Device) -> None:
    for _ in range(5):
        present(measuring.port.board)
        answer = measuring.measure()
        assert (answer.answer, answer.weights) == ("CLASS", "held")
    assert_held(measuring)


def test_a_host_that_asks_anew_every_30_ms(measuring: Device) -> None:
    board = measuring.port.board
    board.run(3100)  # until the first host's session has lapsed
    host = RawHost(board)
    host.hello(nonce=9)
    for _ in range(100):
        host.send(host.frame(messages.RESULT, 1))
        host.port.wait(ASK_MS)
    host.receive()
    board.run(3100)
    assert_held(host_of(board, nonce=11))


def test_everything_that_a_host_may_ask(measuring: Device) -> None:
    watcher = Watcher(measuring, (0, 1, 2), 20)
    asks = (
        measuring.life, measuring.air, measuring.selftest, measuring.running, measuring.log,
        lambda: measuring.fit(b"sensors1"), lambda: measuring.fit(leak_v_per_s=0.009),
        lambda: measuring.fit(leak_v_per_s=0), lambda: measuring.schedule(0), watcher.fetch, watcher.fetch,
    )  # fmt: skip
    for ask in asks:
        ask()
        measuring.port.wait(50)
        refresh = measuring.info()["refresh"]
        assert (refresh["missed"], measuring.status()["weights"]) == (0, "held")
    present(measuring.port.board)
    assert measuring.measure().answer == "CLASS"


def until_driven(board: SimulatedBoard) -> None:
    for _ in range(20_000):
        board.run(1)
        if board.wiring.pin_read(BOARD.switch.pin):
            return
    raise AssertionError("nothing was driven")


def test_an_answer_whose_weights_were_given_up_meanwhile_is_none(measuring: Device) -> None:
    """The first question about the firmware brings its module in, for longer than weights hold."""
    board = measuring.port.board
    board.run(3100)
    host = RawHost(board)
    host.hello(nonce=9)
    host.ask(messages.MEASURE, 1)
    until_driven(board)
    reply = host.ask(updates.FIRMWARE)
    assert reply.kind == updates.FIRMWARE.kind | 0x80
    board.run(3000)
    result = host.ask(messages.RESULT, 1).fields(messages.RESULT)
    assert (result["answer"], result["reason"]) == (3, messages.REASON_STALE)
    assert host.ask(messages.STATUS).fields(messages.STATUS)["weights"] == messages.WEIGHTS_HELD
    assert host.ask(messages.INFO).fields(messages.INFO)["refresh_missed"] == 0


def test_a_restart_cuts_no_reply(slow: Path, power_on: SwitchOn) -> None:
    """A second of questions, so that it comes between two pieces of an answer."""
    board = power_on()
    host = RawHost(board)
    host.hello()
    host.send(host.frame(messages.SCHEDULE, 60) + b"".join(host.frame(messages.INFO) for _ in range(60)))
    answers = host.receive()  # all of them whole frames
    assert {answer.kind & ~frames.REPLY for answer in answers} == {messages.SCHEDULE.kind, messages.INFO.kind}
    assert len(answers) < 40
    assert host.ask(messages.INFO).error()[0] == messages.E_SESSION  # it has started anew


def test_a_restart_does_not_wait_for_a_host_that_does_not_read(power_on: SwitchOn) -> None:
    board = power_on()
    host = RawHost(board)
    host.hello()
    board.inject("host-does-not-read")
    for _ in range(100):  # more than the line takes
        host.send(host.frame(messages.INFO))
        board.run(20)
    host.send(host.frame(messages.SCHEDULE, 60))
    board.run(1100)
    assert board.resets == 1


def test_a_processor_that_is_slower_than_the_reserve_makes_weights_stale(firmware: Path, power_on: SwitchOn) -> None:
    """No answer is given with them: the device never says that it held what it did not."""
    slowed(firmware, "linked.py", "            gc.collect()\n            self.free_now", 120)
    device = host_of(power_on())
    device.program(image().pack())
    device.port.wait(2000)
    assert device.status()["weights"] == "stale"
    refresh = device.info()["refresh"]
    assert refresh["missed"] == 1
    assert refresh["oldest_s"] > refresh["hold_s"]
    assert refresh["oldest_s"] > CHIP.retention.droop_max_v / CHIP.leak_v_per_s(device.info()["temperature_c"])
    present(device.port.board)
    answer = device.measure()
    assert (answer.answer, answer.reason) == ("NONE", "the weights are stale")
