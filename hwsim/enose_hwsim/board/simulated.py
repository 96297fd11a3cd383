"""The simulated board: the firmware's process, the parts, virtual time, and a serial port that any program can open.

Two clocks. `lockstep`: virtual time advances only by `run`, waiting costs nothing, the same seed is the same run.
`paced`: virtual time follows the wall clock, so that any program may speak to the port; where work costs a firmware
virtual time, as on an emulated processor, it is done as fast as it can be, and the clock goes on from there.
"""

import queue
import select
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from enose_hwsim import gas
from enose_hwsim.board.cpython import CPythonProcess
from enose_hwsim.board.faults.injection import Injection, from_the_start
from enose_hwsim.board.grant import Run
from enose_hwsim.board.interpreters import CPYTHON, choose_interpreter, refuse_without_heap
from enose_hwsim.board.monitor import AnalogMonitor
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.process import FirmwareProcess
from enose_hwsim.board.serial_line import open_line
from enose_hwsim.board.serving import FirmwareEnded, FirmwareReset, PowerLost, Requests
from enose_hwsim.board.wire import whole_wire
from enose_hwsim.board.wiring import Wiring, wire
from enose_hwsim.board.world import World
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip, MlpFile
from enose_hwsim.chips import open_chip
from enose_hwsim.chips.retention import leak_shares
from enose_hwsim.configuration import device_configuration
from enose_hwsim.mcu import FLASH_KIB

Array = NDArray[np.float64]
WALL_LIMIT_S = 60.0  # no answer from the firmware for this long is an error, whatever it does
FLASH_SIZE = FLASH_KIB * 1024
CLOSED = "the board was closed"
TO_HOST_MAX = 4096  # a host that does not read holds the firmware's output back


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
        files: Path | None = None,
        chip_number: int = 0,
        faults: tuple[str, ...] = (),
        interpreter: str | None = None,
    ) -> None:
        """Start the firmware, its clock at start_s; faults: NAME or NAME@TIME each, as `inject` takes them.

        chip_number: as in open_chip, 0 for the nominal chip. files: the device's file system as a folder, as
        `enose_hwsim.compiled.write_installation` lays it out; what lies there runs, in place of this project's source,
        and stays. interpreter: "micropython" or "cpython"; None for what `choose_interpreter` finds.

        Raises MicroPythonMissing, SpiceMissing, FlashFileError, or ValueError for an unknown fidelity, an unknown fault
        or a chip of another kind than the board's.
        """
        start_s, self._heap_kib, later = from_the_start(faults, start_s, board)
        self.interpreter = interpreter or choose_interpreter()
        if self.interpreter == CPYTHON:
            refuse_without_heap(faults, files is not None)
        self.world = World()
        self.fidelity = fidelity
        self.seed = seed
        self.board_file = board
        self.chip_file = chip
        self._model = open_chip(chip, fidelity, number=chip_number)
        self._unit = chip_number
        self._rng = np.random.default_rng(seed)
        self.flash = FlashPart(FLASH_SIZE, flash_path)
        self.monitor = AnalogMonitor(board, chip)
        self.wiring = self._wired()
        self.wire = whole_wire(seed)
        self._configuration = device_configuration(board, chip)
        self._files = files
        self._process = self._switched_on(round(start_s * 1e6), None)
        self._line = open_line()
        self.port = self._line.port
        self._paced = paced
        self._wake_read, self._wake_write = socket.socketpair()
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
        self._power_lost = False
        self._jump_us = 0
        self.failure: Exception | None = None
        self.resets = 0
        self._injection = Injection(self, start_s)
        for name, at_s in later:
            self._injection.schedule(name, at_s)
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
        phases = smelt.baseline_ohm, smelt.exposure_ohm, smelt.recovery_ohm
        self.world.present(*phases, smelt.sample_s, self.now_s, (smelt.temperature_c, smelt.humidity_rh))

    def hold_button(self, held: bool) -> None:
        """Hold the board's button, BOOTSEL where it has no other, or let it go."""
        self._requests.button_held = held
        self.wiring.button_held = held

    def inject(self, name: str, at_s: float | None = None) -> None:
        """Let a fault of faults.table befall the board: now, or at_s seconds after it was switched on.

        Raises ValueError for a name that is none, and for a fault that can only be there from the start.
        """
        if self.interpreter == CPYTHON:
            refuse_without_heap((name,))
        if at_s is None and not self._paced:
            self._injection.begin(name, self.now_s)
        else:
            self._injection.schedule(name, at_s if at_s is not None else 0.0)

    def mend(self, name: str) -> None:
        """End a fault that was injected; what it has done to the device stays done. Raises ValueError."""
        self._injection.end(name)

    def at(self, due_us: int, action: Callable[[int], None]) -> None:
        """Have action(now_us) done at that virtual time, by the board's own thread."""
        self._injection.at(due_us, action)

    def jump_clock(self, by_s: float) -> Callable[[], None]:
        """The firmware's clock jumps the next time it sleeps; the call that is returned calls it off."""
        self._jump_us = round(by_s * 1e6)
        return lambda: setattr(self, "_jump_us", 0)

    def shorten_output(self) -> None:
        """The firmware may write two pages that nobody reads, and no more."""
        self._process.shorten_output()

    def lose_power(self) -> None:
        """The board's power goes for a moment: everything but flash and memristors starts anew."""
        self._power_lost = True

    def close(self) -> None:
        """Stop the firmware and give the port back; a second time does nothing."""
        if self._stopping:
            return
        self._stopping = True
        self._runs.put(None)
        self._wake()
        self._process.kill()
        self._thread.join(timeout=10)
        self._process.stop()
        self._refuse_runs()
        for end in (self._line, self._wake_read, self._wake_write):
            end.close()

    def _wake(self) -> None:
        self._wake_write.send(b"x")

    def _serve(self) -> None:
        try:
            while not self._stopping:
                try:
                    self._requests.serve()
                except FirmwareReset as reset:
                    self._start_anew(reset.now_us, reset.scratch)
                except PowerLost as lost:
                    self._power_up(lost.now_us)
        except (FirmwareEnded, OSError) as error:
            self._fail(FirmwareEnded(f"{error}; it said: {self._process.last_words() or 'nothing'}"))
        except Exception as error:  # noqa: BLE001 - a part's fault must reach whoever waits for the board, not die in a thread
            self._fail(error)

    def _serving(self) -> Requests:
        return Requests(
            self._process.requests_fd, self._process.answers_fd, self.wiring, self._idle, self._before_request,
            self._process.console,
        )  # fmt: skip

    def _before_request(self, now_us: int) -> None:
        if self._injection.agenda:
            self._injection.turn(now_us)
        if self._power_lost:
            raise PowerLost(now_us)

    def _switched_on(self, now_us: int, scratch: bytes | None) -> FirmwareProcess | CPythonProcess:
        if self.interpreter == CPYTHON:
            return CPythonProcess(self._configuration, now_us, scratch, self._unit)
        return FirmwareProcess(self._configuration, self._heap_kib, now_us, scratch, self._files, self._unit)

    def _wired(self) -> Wiring:
        """The parts, powered up."""
        wired = wire(self.board_file, self.chip_file, self._model, self.world, self.flash, self._rng)
        if isinstance(self.chip_file, MlpFile):
            wired.chip.leak_shares = leak_shares(self.chip_file, self._unit)
        wired.watched_by(self.monitor)
        return wired

    def _power_up(self, now_us: int) -> None:
        """The power is back: parts and firmware start anew; what outlives it is kept."""
        self._power_lost = False
        faults, before = self._injection.lift(), self.wiring
        self.wiring = self._wired()
        self.wiring.outlive(before)
        for name in faults:
            self._injection.begin(name, now_us * 1e-6)
        self._start_anew(now_us, None)

    def _start_anew(self, now_us: int, scratch: bytes | None) -> None:
        """The microcontroller is reset: its pins let go, the parts keep what they have. None: it had no power."""
        self.resets += 1
        self._drain_output(now_us)
        self.monitor.started()
        self.wiring.let_go(now_us * 1e-6)
        self._process.stop()
        self._await_grant(now_us)
        self._process = self._switched_on(now_us, scratch)
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
        self._drain_output(now_us)
        while not self._stopping:
            if self._power_lost:
                raise PowerLost(now_us)
            if self._jump_us:
                before_us, now_us, self._jump_us = now_us, max(now_us + self._jump_us, 1), 0
                self.wiring.clock_jumped((now_us - before_us) * 1e-6)
                return now_us
            data = self._read_host()
            if self._paced:
                wall_us = round((time.monotonic() - self._wall_start_s) * 1e6)
                if wall_us < until_us <= now_us + 1:  # it does not sleep; a clock finer than this one is rounded up
                    self._wall_start_s -= (until_us - wall_us) * 1e-6
                    wall_us = until_us
                more = self.wire.more(now_us)
                if data or more or wall_us >= until_us:
                    self._feed(data + more)
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
            elif more := self.wire.more(now_us):
                self._feed(more)
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
        wake, line = self._wake_read.fileno(), self._line.fileno()
        readable = [wake] if self._run is None and not self._paced else [wake, line]
        ready, _, _ = select.select(readable, [line] if self._to_host else [], [], timeout_s)
        if wake in ready:
            self._wake_read.recv(64)
        self._flush_host()

    def _read_host(self) -> bytes:
        if self._run is None and not self._paced:
            return b""
        data = self._line.read()
        self._received += len(data)
        return self.wire.to_device.through(data)

    def _feed(self, data: bytes) -> None:
        if data:
            self.monitor.told(data)
            self._process.feed(data)

    def _drain_output(self, now_us: int) -> None:
        room = self.wire.room(now_us)
        while room and len(self._to_host) < TO_HOST_MAX and (piece := self._process.output(room)):
            self.monitor.heard(piece)
            arrived = self.wire.to_host.through(piece)
            self._to_host += arrived
            self._sent += len(arrived)
            room = self.wire.room(now_us)
        self._flush_host()

    def _flush_host(self) -> None:
        while self._to_host and (n := self._line.write(self._to_host)):
            self._to_host = self._to_host[n:]
