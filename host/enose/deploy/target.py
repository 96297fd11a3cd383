"""What is flashed: a device on a serial port, or a simulated one whose file system is a folder of this computer."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from enose.boards import find_board
from enose.deploy.prompt import APPEARS_S, DeployError, FolderPrompt, Prompt, SerialPrompt
from enose.link.connect import usb_ports
from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Device
from enose.link.port import LockstepPort, PortError, SerialPort
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard

RESTARTS_MS = 1500  # a device restarts within a second of the reply that it will
LOOK_S = 1.0


class UnfitTarget(ValueError):
    """What is there cannot be flashed."""


class Target(Protocol):
    """A device that is talked to by its firmware and by its interactive prompt, one after the other."""

    name: str

    def greet(self) -> Device:
        """Its firmware. Raises LinkError or PortError where none answers."""
        ...

    def greet_again(self) -> Device:
        """Its firmware after a restart. Raises DeployError where none answers in time."""
        ...

    def prompt(self) -> Prompt:
        """Its interactive prompt, where one is. Raises DeployError where none answers."""
        ...

    def close(self) -> None:
        """Leave it running."""
        ...


class SerialTarget:
    """On a port, which is gone and comes again where the device restarts."""

    def __init__(self, port: str) -> None:
        """Nothing is opened yet."""
        self.name = port
        self._device: Device | None = None

    def greet(self) -> Device:
        """See Target."""
        self.close()
        port = SerialPort(self.name)
        try:
            self._device = Device(port)
        except (LinkError, DeviceError, PortError):
            port.close()
            raise
        return self._device

    def greet_again(self) -> Device:
        """See Target."""
        until_s = time.monotonic() + APPEARS_S
        while True:
            try:
                return self.greet()
            except (LinkError, PortError) as error:
                if time.monotonic() >= until_s:
                    raise DeployError(f"{self.name}: no firmware answers {APPEARS_S:.0f} s after its start") from error
                time.sleep(LOOK_S)

    def prompt(self) -> SerialPrompt:
        """See Target."""
        if self._device is not None:
            self.close()  # while it can still answer
            time.sleep(RESTARTS_MS * 1e-3)
        prompt = SerialPrompt(self.name)
        prompt.wait()
        return prompt

    def close(self) -> None:
        """See Target."""
        device, self._device = self._device, None
        if device is not None:
            device.close()


class SimulatedTarget:
    """In lockstep; every start after a deployment is a new process on the same folder and the same flash."""

    def __init__(self, name: str, files: Path, flash_path: Path) -> None:
        """name: `sim:BOARD`; a board without files yet has nothing but the prompt."""
        self.name = name
        self._files = files
        self._flash_path = flash_path
        self._board, self._chip, _ = find_board(name.removeprefix("sim:"))
        self._device: Device | None = None
        files.mkdir(parents=True, exist_ok=True)

    def greet(self) -> Device:
        """See Target."""
        self.close()
        if not (self._files / "main.py").is_file():
            raise LinkError(f"{self.name}: no firmware in {self._files}")
        board = SimulatedBoard(self._board, self._chip, files=self._files, flash_path=self._flash_path)
        port = LockstepPort(board, self.name)
        try:
            self._device = Device(port, nonce=1)
        except (LinkError, DeviceError, FirmwareEnded):
            port.close()
            raise
        return self._device

    def greet_again(self) -> Device:
        """See Target."""
        try:
            return self.greet()
        except (LinkError, FirmwareEnded) as error:
            raise DeployError(f"{self.name}: no firmware answers after its start ({error})") from error

    def prompt(self) -> FolderPrompt:
        """See Target. Where the firmware would prompt its process ends."""
        if self._device is not None:
            with suppress(FirmwareEnded):
                self._device.port.wait(RESTARTS_MS)
                raise DeployError(f"{self.name}: no interactive prompt")
        self.close()
        return FolderPrompt(self._files, self.name)

    def close(self) -> None:
        """See Target; the board is switched off."""
        device, self._device = self._device, None
        if device is not None:
            device.close()


def serial_target(address: str) -> SerialTarget:
    """The device at a port, or for `auto` the only one on USB. Raises LinkError."""
    if address != "auto":
        return SerialTarget(address)
    ports = usb_ports()
    if len(ports) != 1:
        found = f"{len(ports)} boards on USB ({', '.join(ports)})" if ports else "no board found on USB"
        raise LinkError(f"{found}: name a port with --device PORT")
    return SerialTarget(ports[0])


def appeared(address: str, appears_s: float = APPEARS_S) -> SerialTarget:
    """The same, once the port is there: a MicroPython that was just written takes a moment. Raises LinkError."""
    until_s = time.monotonic() + appears_s
    while True:
        try:
            if address == "auto" or Path(address).exists():
                return serial_target(address)
        except LinkError:
            pass  # not yet
        if time.monotonic() >= until_s:
            raise LinkError(f"{address}: no serial port {appears_s:.0f} s after MicroPython was written")
        time.sleep(0.5)
