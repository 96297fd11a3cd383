"""The firmware on a board inside this interpreter, served over standard input and output.

A request is operation (u8), ms (u32), length (u32), payload; the answer alive (u8), now (u64, us), length (u32),
payload. DEFINE comes first, then BOOT.
"""

import gc
import io
import json
import random
import struct
import sys
from os import close_last

import board_wire
import machine
from board_wire import Reset
from flash_model import FlashModel, PowerCut
from inner_board import Extremes, InnerBoard

from enose_device import gate, on_rp2
from enose_device import main as firmware
from enose_device.gate import one_shot_program
from enose_device.partition import Partition
from enose_device.watchdog import TIMEOUT_MS, Watchdog

REQUEST, REQUEST_SIZE = "<BII", 9
ANSWER = "<BQI"
PATIENCE = 10_000  # turns
KEPT = 20  # exceptions told in words
DEFINE, BOOT, RUN, ASK, CUT, REPORT = range(1, 7)


def nothing() -> None:
    """What a device is switched on for."""


class Wire:
    """The serial line: bytes for the device, and bytes from it."""

    def __init__(self) -> None:
        self._in = b""
        self.at = 0
        self.out = bytearray()

    def feed(self, data: bytes) -> None:
        """More bytes for the device."""
        self._in = self._in[self.at :] + data
        self.at = 0

    def rewind(self) -> None:
        """The frame that a reset has cut comes once more, whole, so that every good frame is heard once."""
        self.at = self._in.rfind(b"\0", 0, self.at) + 1

    def waiting(self) -> bool:
        """Whether there are bytes that the device has not read."""
        return self.at < len(self._in)

    def readinto(self, buffer) -> int:
        """What the device reads; how much there was of it."""
        piece = self._in[self.at : self.at + len(buffer)]
        buffer[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)

    def write(self, data) -> None:
        """What the device writes."""
        self.out += data


class Bench:
    """A device that is powered up again and again on the same flash."""

    def __init__(self) -> None:
        self._spy = Extremes()
        self._faults = {}
        self._raised = []
        self._good = 0
        self._dropped = 0
        self._boots = 0
        self._resets = 0
        self._whole = 0
        self.alive = False
        self.device = None
        self._flash = FlashModel(bytearray())

    def define(self, ms: int, payload: bytes) -> bytes:
        """The board's configuration, and the seed of the torn operations' noise, as JSON; blank flash."""
        wanted = json.loads(payload)
        random.seed(wanted["seed"])
        self._facts = wanted["configuration"]
        self._configuration = json.dumps(self._facts)
        self._cells = bytearray(b"\xff" * self._facts["flash"]["length"])
        return b""

    def boot(self, ms: int, payload: bytes) -> bytes:
        """Cut the power, and let it come back."""
        self._gone()
        self._wire = Wire()
        self._board = InnerBoard(self._facts, self._spy)
        self._boots += 1
        self.alive = True
        self._powered(nothing)
        return b""

    def run(self, ms: int, payload: bytes, until_reply: bool = False) -> bytes:
        """Bytes for the device, and time; all that it writes."""
        wire = self._wire
        wire.feed(payload)
        until_us = board_wire.now_us() + ms * 1000
        board_wire.grant(until_us)

        def turns() -> None:
            unread = 0  # turns since it read anything
            while wire.waiting() or board_wire.now_us() < until_us:
                before = wire.at
                self.device.turn()
                unread = unread + 1 if wire.waiting() and wire.at == before else 0
                if unread > PATIENCE:
                    raise SystemExit("the device does not read")
                if until_reply and not wire.waiting() and len(wire.out) > 1 and not wire.out[-1]:
                    return  # a long reply comes in pieces; its last byte is the only zero behind its first

        if self.alive:
            self._powered(turns)
        if not self.alive:
            board_wire.spend(max(until_us - board_wire.now_us(), 0))
        said = bytes(wire.out)
        wire.out = bytearray()
        return said

    def ask(self, ms: int, payload: bytes) -> bytes:
        """As `run`, to its first reply at most."""
        return self.run(ms, payload, True)

    def cut(self, ms: int, payload: bytes) -> bytes:
        """Let as many flash operations happen as the JSON says, and cut the power in the next, with a tear."""
        after, tear = json.loads(payload)
        self._flash.cut(after, tear)
        return b""

    def report(self, ms: int, payload: bytes) -> bytes:
        """What was seen since the start, as JSON."""
        self._count()
        gc.collect()
        return json.dumps(
            {
                "seen": self._spy.seen,
                "faults": self._faults,
                "raised": self._raised,
                "good": self._good,
                "dropped": self._dropped,
                "boots": self._boots,
                "resets": self._resets,
                "whole": self._whole,
                "weight_codes": self._board.weight_codes(),
                "used_bytes": gc.mem_alloc(),
            }
        ).encode()

    def _start(self, after_reset: bool = False) -> None:
        """As main does, on parts of ours."""
        self._flash = FlashModel(self._cells)
        board_wire.plug(self._board, after_reset)
        facts = json.loads(self._configuration)  # the device changes it
        note, cause, noted = on_rp2.start(facts["mcu"])
        watchdog = Watchdog(note)
        parts = firmware.board_parts(on_rp2, facts, None)
        gate.one_shot_program = one_shot_program  # a device forgets it, and has a fresh interpreter at each start
        parts["flash"] = Partition(self._flash)
        parts["reader"] = parts["writer"] = self._wire
        log = firmware.started_log(parts["flash"], None, cause, noted)
        self.device = firmware.made_device(parts, facts, log, watchdog)
        gc.threshold(-1)
        safety = self.device.safety
        trip = safety.trip

        def told(fault) -> None:
            self._faults[str(fault)] = self._faults.get(str(fault), 0) + 1
            trip(fault)

        task_failed = self.device._task_failed

        def kept(error) -> None:
            if len(self._raised) < KEPT:
                text = io.StringIO()
                sys.print_exception(error, text)
                self._raised.append(text.getvalue())
            task_failed(error)

        self.device._task_failed = self.device.scheduler._on_error = kept
        if safety.latched:  # it came up with its link only
            self._faults[str(safety.fault)] = self._faults.get(str(safety.fault), 0) + 1
        else:
            self._whole += 1
        safety.trip = told
        watchdog.begin(machine.WDT(timeout=TIMEOUT_MS).feed)
        self.device.start()

    def _powered(self, work) -> None:
        """Do it with a device that is on; after a reset it is begun anew."""
        after_reset = False
        while True:
            try:
                if self.device is None:
                    self._start(after_reset)
                work()
                return
            except PowerCut:
                self.alive = False
                self._gone()
                return
            except Reset:
                self._resets += 1
                self._gone()
                self._board.let_go()
                self._wire.rewind()
                after_reset = True

    def _gone(self) -> None:
        """The program has ended where it was."""
        board_wire.unplug()
        self._count()
        self.device = None
        self._flash.stop()
        close_last()

    def _count(self) -> None:
        if self.device:
            reader = self.device.link.frames
            self._good += reader.good
            self._dropped += reader.dropped()
            reader.good = reader.bad_crc = reader.bad_cobs = reader.too_long = reader.cut_short = 0


def main() -> None:
    """Serve until the input ends."""
    bench = Bench()
    served = {
        DEFINE: bench.define, BOOT: bench.boot, RUN: bench.run, ASK: bench.ask, CUT: bench.cut, REPORT: bench.report,
    }  # fmt: skip
    while True:
        header = sys.stdin.buffer.read(REQUEST_SIZE)
        if len(header) < REQUEST_SIZE:
            return
        operation, ms, length = struct.unpack(REQUEST, header)
        said = served[operation](ms, sys.stdin.buffer.read(length) if length else b"")
        sys.stdout.buffer.write(struct.pack(ANSWER, bench.alive, board_wire.now_us(), len(said)) + said)


if __name__ == "__main__":
    main()
