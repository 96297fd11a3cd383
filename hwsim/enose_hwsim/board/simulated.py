"""The simulated board: the firmware's process, the parts, virtual time and a real PTY as its serial port.

Two clocks. `lockstep`: virtual time advances only by `run`, waiting costs nothing, the same seed is the same run.
`paced`: virtual time follows the wall clock, so that any program may speak to the PTY.
"""

import os
import pty
import queue
import select
import threading
import time
import tty
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enose_hwsim import gas
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.process import FirmwareProcess
from enose_hwsim.board.serving import FirmwareEnded, FirmwareReset, Requests
from enose_hwsim.board.wiring import wire
from enose_hwsim.board.world import World
from enose_hwsim.boardfile import BoardFile, MemristorBoard
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import open_chip
from enose_hwsim.configuration import device_configuration
from enose_hwsim.mcu import FLASH_KIB

Array = NDArray[np.float64]
WALL_LIMIT_S = 60.0  # no answer from the firmware for this long is an error, whatever it does
FLASH_SIZE = FLASH_KIB * 1024
PINS = 49  # of the largest microcontroller
CLOSED = "the board was closed"
TO_HOST_MAX = 4096  # a host that does not read holds the firmware's output back


def _select_pins(board: BoardFile) -> set[int]:
    """The pins that a resistor holds high while the microcontroller does not drive them: no part is selected then."""
    selects = {board.dac.select_pin}
    return selects | {board.matrix.select_pin} if isinstance(board, MemristorBoard) else selects


@dataclass
class Run:
    """A grant of virtual time: up to until_us, or until the firmware has written something."""

    until_us: int
    until_output: bool
    received: int
    done: "Future[tuple[int, int]]"


class SimulatedBoard:
    """One board, running from its construction until `close`."""

    def __init__(
        self,
        board: BoardFile,
        chip: AnyChip,
        *,
        fidelity: str = "fast",
        seed: int = 0,
        paced: bool = False,
        flash_path: Path | None = None,
        start_s: float = 0.0,
        chip_number: int = 0,
    ) -> None:
        """Start the firmware, its clock at start_s; chip_number as in open_chip, 0 for the nominal chip.

        Raises MicroPythonMissing, SpiceMissing, FlashFileError, or ValueError for an unknown fidelity or a chip of
        another kind than the board's.
        """
        self.world = World()
        self.fidelity = fidelity
        rng = np.random.default_rng(seed)
        flash = FlashPart(FLASH_SIZE, flash_path)
        self.wiring = wire(board, chip, open_chip(chip, fidelity, number=chip_number), self.world, flash, rng)
        self._configuration = device_configuration(board, chip)
        self._heap_kib = board.heap_kib
        self._held_high = _select_pins(board)
        self._unit = chip_number
        self._process = FirmwareProcess(self._configuration, self._heap_kib, round(start_s * 1e6), unit=chip_number)
        self._master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.port = os.ttyname(self._slave)
        self._paced = paced
        self._wake_read, self._wake_write = os.pipe()
        self._runs: queue.SimpleQueue[Run | None] = queue.SimpleQueue()
        self._run: Run | None = None
        self._now_us = round(start_s * 1e6)
        self._wall_start_s = time.monotonic() - start_s
        self._to_host = b""
        self._from_host = b""  # what has come of a piece that is not whole yet
        self._received = 0
        self._sent = 0
        self._sent_at_grant = 0
        self._stopping = False
        self.failure: Exception | None = None
        self.resets = 0
        self._requests = self._serving()
        self._thread = threading.Thread(target=self._serve, name=f"board {board.name}", daemon=True)
        self._thread.start()

    @property
    def now_s(self) -> float:
        """Virtual time; the board was switched on at start_s."""
        return self._now_us * 1e-6

    @property
    def traffic(self) -> tuple[int, int]:
        """How many bytes have come from the host and gone to it so far."""
        return self._received, self._sent

    def run(self, ms: float, *, until_output: bool = False, received: int | None = None) -> int:
        """Grant virtual time (lockstep only); returns how many bytes the firmware has written in all.

        Ends early when it has written something and until_output is set; `received` is how many bytes the host has
        sent in all, so that none is still on its way. Raises FirmwareEnded where the firmware is gone or hangs.
        """
        if self._paced:
            raise ValueError("a paced board follows the wall clock; only a lockstep board is granted time")
        if self._stopping:
            raise FirmwareEnded(CLOSED)
        grant = Run(self._now_us + round(ms * 1000), until_output, received or 0, Future())
        self._runs.put(grant)
        self._wake()
        try:
            now_us, sent = grant.done.result(timeout=WALL_LIMIT_S)
        except TimeoutError as error:
            raise FirmwareEnded(
                f"no answer from the firmware in {WALL_LIMIT_S:.0f} s; {self._process.last_words()}"
            ) from error
        self._now_us = now_us
        return sent

    def present(self, baseline_ohm: Array, exposure_ohm: Array, recovery_ohm: Array, sample_s: float) -> None:
        """Put one specimen before the nose now; see World.present."""
        self.world.present(baseline_ohm, exposure_ohm, recovery_ohm, sample_s, self.now_s)

    def present_odour(self, odour: str, seed: int) -> None:
        """Put one simulated specimen of an odour before the nose now. Raises ValueError for an unknown odour."""
        smelt = gas.simulate(odour, seed, gas.SensorArray.made(seed))
        self.present(smelt.baseline_ohm, smelt.exposure_ohm, smelt.recovery_ohm, smelt.sample_s)

    def hold_button(self, held: bool) -> None:
        """Hold the BOOTSEL button, or let it go."""
        self._requests.button_held = held

    def close(self) -> None:
        """Stop the firmware and give the PTY back; a second time does nothing."""
        if self._stopping:
            return
        self._stopping = True
        self._runs.put(None)
        self._wake()
        self._process.kill()
        self._thread.join(timeout=10)
        self._process.stop()
        self._refuse_runs()
        for fd in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(fd)

    def _wake(self) -> None:
        os.write(self._wake_write, b"x")

    def _serve(self) -> None:
        try:
            while not self._stopping:
                try:
                    self._requests.serve_one()
                except FirmwareReset as reset:
                    self._start_anew(reset)
        except (FirmwareEnded, OSError) as error:
            self._fail(FirmwareEnded(f"{error}; it said: {self._process.last_words() or 'nothing'}"))
        except Exception as error:  # noqa: BLE001 - a part's fault must reach whoever waits for the board, not die in a thread
            self._fail(error)

    def _serving(self) -> Requests:
        return Requests(self._process.requests_fd, self._process.answers_fd, self.wiring, self._idle)

    def _start_anew(self, reset: FirmwareReset) -> None:
        """The microcontroller alone is reset: its pins let go, the parts keep what they have."""
        self.resets += 1
        self._drain_output()
        for pin in range(PINS):
            if self.wiring.pin_read(pin) and pin not in self._held_high:
                self.wiring.pin_write(pin, 0, reset.now_us * 1e-6)
        self._process.stop()
        self._await_grant(reset.now_us)
        self._process = FirmwareProcess(self._configuration, self._heap_kib, reset.now_us, reset.scratch, self._unit)
        held = self._requests.button_held
        self._requests = self._serving()
        self._requests.button_held = held

    def _await_grant(self, now_us: int) -> None:
        """A firmware that is reset before it ever sleeps does not run ahead of what was granted either."""
        if self._run is not None and now_us >= self._run.until_us:
            self._finish(now_us)
        while self._run is None and not self._paced and not self._stopping:
            self._wait(None)
            self._next_run(now_us)

    def _fail(self, error: Exception) -> None:
        if self._stopping:
            return
        self.failure = error
        while True:
            if self._run is not None:
                self._run.done.set_exception(error)
            self._run = self._runs.get()
            if self._run is None:
                return

    def _refuse_runs(self) -> None:
        """Let nobody wait for a board that is closed."""
        run = self._run
        while True:
            if run is not None:
                run.done.set_exception(FirmwareEnded(CLOSED))
            try:
                run = self._runs.get_nowait()
            except queue.Empty:
                return

    def _idle(self, now_us: int, until_us: int) -> int:
        """The firmware sleeps from now_us to until_us at most; returns when it wakes."""
        now_us = max(now_us, self._now_us) if self._paced else now_us
        self._drain_output()
        while not self._stopping:
            data = self._read_host()
            if self._paced:
                wall_us = round((time.monotonic() - self._wall_start_s) * 1e6)
                if data or wall_us >= until_us:
                    self._feed(data)
                    self._now_us = max(now_us, min(wall_us, until_us))
                    return self._now_us
                self._wait(max(until_us - wall_us, 0) * 1e-6)
                continue
            if self._run is None:
                self._wait(None)
                self._next_run(now_us)
            elif self._received < self._run.received:
                self._from_host += data
                self._wait(WALL_LIMIT_S)
            elif data or self._from_host:
                self._feed(self._from_host + data)
                self._from_host = b""
                return now_us
            elif self._run.until_output and self._sent > self._sent_at_grant:
                self._finish(now_us)
            elif until_us <= self._run.until_us:
                return until_us
            else:
                now_us = max(now_us, self._run.until_us)
                self._finish(now_us)
        raise FirmwareEnded(CLOSED)

    def _next_run(self, now_us: int) -> None:
        try:
            self._run = self._runs.get_nowait()
        except queue.Empty:
            return
        self._sent_at_grant = self._sent
        self._now_us = max(self._now_us, now_us)

    def _finish(self, now_us: int) -> None:
        if self._run is not None:
            self._run.done.set_result((now_us, self._sent))
        self._run = None

    def _wait(self, timeout_s: float | None) -> None:
        readable = [self._wake_read] if self._run is None and not self._paced else [self._wake_read, self._master]
        ready, _, _ = select.select(readable, [self._master] if self._to_host else [], [], timeout_s)
        if self._wake_read in ready:
            os.read(self._wake_read, 64)
        self._flush_host()

    def _read_host(self) -> bytes:
        if self._run is None and not self._paced:
            return b""
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return b""
        self._received += len(data)
        return data

    def _feed(self, data: bytes) -> None:
        if data:
            self._process.feed(data)

    def _drain_output(self) -> None:
        try:
            while len(self._to_host) < TO_HOST_MAX and (piece := os.read(self._process.output_fd, 4096)):
                self._to_host += piece
                self._sent += len(piece)
        except BlockingIOError:
            pass  # nothing more for now
        self._flush_host()

    def _flush_host(self) -> None:
        while self._to_host:
            try:
                n = os.write(self._master, self._to_host)
            except BlockingIOError:
                return
            self._to_host = self._to_host[n:]
