"""The device that the app speaks to. One thread owns it: every call to it is a job there, and looking after it."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from PySide6.QtCore import QObject, Signal

from enose.app.simulation import Order, Simulation
from enose.app.trouble import Trouble, trouble_of
from enose.app.work import Done, Job, Lane, nothing
from enose.boards import find_board
from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Device
from enose.link.port import PortError, SerialPort
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip

POLL_S = 1.0
GONE = (LinkError, PortError, FirmwareEnded, OSError)


@dataclass
class Connected:
    """A device that has answered, its board's files, and the simulation behind it if there is one."""

    device: Device
    address: str
    board: BoardFile
    chip: AnyChip
    simulation: Simulation | None = None
    facts: dict[str, Any] = field(default_factory=dict)


class Session(QObject):
    """At most one device at a time."""

    connected = Signal(object)  # Connected
    polled = Signal(dict)  # its facts, once a second
    closed = Signal()
    lost = Signal(object)  # Trouble

    def __init__(self) -> None:
        super().__init__()
        self.now: Connected | None = None
        self._idles: list[Callable[[Connected], None]] = []
        self._polled_s = 0.0
        self._changed = False  # by a job: what the window shows of the device is of before
        self.lane = Lane("device", self._idle, POLL_S)
        self.lane.after = self._look_whether_gone

    def watch_with(self, idle: Callable[[Connected], None], every_s: float) -> Callable[[], None]:
        """Have idle(connected) called on the device's thread between jobs; the call that is returned ends it."""
        self._idles.append(idle)
        self.lane.idle_s = every_s

        def end() -> None:
            if idle in self._idles:
                self._idles.remove(idle)
            if not self._idles:
                self.lane.idle_s = POLL_S

        return end

    # --------------------------------------------------------------------------------- from the window

    def open_simulated(self, order: Order, **ends: Any) -> Job:
        """Switch a simulated board on, in place of what was open."""
        return self.lane.do(Job(f"switching {order.address} on", lambda job: self._open_simulated(order, job), **ends))

    def open_port(self, name: str, **ends: Any) -> Job:
        """Open the board at a serial port, in place of what was open."""
        return self.lane.do(Job(f"connecting to {name}", lambda job: self._open_port(name), **ends))

    def ask(
        self,
        title: str,
        work: Callable[[Connected, Job], Any],
        *,
        done: Done = nothing,
        said: Done = nothing,
        failed: Callable[[Trouble], None] = nothing,
        over: Callable[[], None] = lambda: None,
    ) -> Job:
        """Have work(connected, job) done on the device's thread. It fails where nothing is connected then."""

        def with_device(job: Job) -> Any:
            if self.now is None:
                raise LinkError("no device is connected")
            try:
                return work(self.now, job)
            finally:
                self._changed = True

        return self.lane.do(Job(title, with_device, done=done, said=said, failed=failed, over=over))

    def close(self, **ends: Any) -> Job:
        """Take leave of the device."""
        return self.lane.do(Job("disconnecting", lambda job: self._close(), **ends))

    def stop(self) -> None:
        """At the end of the app."""
        self.lane.cancel()
        self.lane.do(Job("disconnecting", lambda job: self._close()))
        self.lane.stop()

    # ------------------------------------------------------------------------------ on the device's thread

    def _open_simulated(self, order: Order, job: Job) -> Connected:
        self._close()
        job.step("switching the board on; the first time its chip's curves are taken, some seconds")
        simulation = Simulation(order)
        try:
            port = simulation.port()
            device = Device(port, nonce=order.seed + 1 if order.quick else None)
        except BaseException:
            simulation.close()
            raise
        return self._opened(device, order.address, simulation)

    def _open_port(self, name: str) -> Connected:
        self._close()
        port = SerialPort(name)
        try:
            device = Device(port)
        except BaseException:
            port.close()
            raise
        return self._opened(device, name, None)

    def _opened(self, device: Device, address: str, simulation: Simulation | None) -> Connected:
        try:
            board, chip, _ = find_board(device.board)
            found = Connected(device, address, board, chip, simulation)
            _bring_in(device)
            found.facts = self._facts(device)
        except BaseException:
            device.close()
            if simulation is not None:
                simulation.close()
            raise
        self.now = found
        self.connected.emit(found)
        return found

    def _facts(self, device: Device) -> dict[str, Any]:
        running = device.running()
        return {**device.info(), "firmware_identity": running.identity, "firmware_trial": running.trial}

    def _idle(self) -> None:
        if self.now is None:
            return
        try:
            for idle in list(self._idles):
                idle(self.now)
            due = time.monotonic() - self._polled_s >= POLL_S
            if due or self._changed:
                if due and self.now.simulation is not None and self.now.simulation.order.quick and not self._idles:
                    self.now.device.port.wait(1000 * POLL_S)  # its time passes only where it is granted
                self._polled_s, self._changed = time.monotonic(), False
                self.now.facts.update(self.now.device.info())
                self.polled.emit(dict(self.now.facts))
        except (DeviceError, *GONE) as error:
            self._look_whether_gone(error)

    def _look_whether_gone(self, error: BaseException) -> None:
        """After an error: where the device does not answer any more, it is let go and the window is told."""
        if self.now is None or not isinstance(error, (DeviceError, *GONE)):
            return
        try:
            self.now.device.status()
        except (DeviceError, *GONE) as silent:
            # a device that was reset answers, but knows this session no more: that is gone, too
            self._close()
            self.lost.emit(trouble_of(silent))

    def _close(self) -> None:
        before, self.now = self.now, None
        if before is None:
            return
        if before.simulation is not None:
            before.simulation.mend()  # a board that was unplugged would let every farewell wait for its answer
        before.device.close()
        if before.simulation is not None:
            before.simulation.close()
        self.closed.emit()


def _bring_in(device: Device) -> None:
    """Have the device load what this app will ask of it, by requests that change nothing, while its memory is in one
    piece: later, in between measurements, there may be no room for it. A device that refuses has it asked for later."""
    with suppress(DeviceError):
        device.fit()
    device.end_probing()
