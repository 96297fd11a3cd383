"""From what the user calls a device (`auto`, a port, `sim:BOARD`) to a device that has answered hello."""

from serial.tools import list_ports

from enose.boards import find_board
from enose.link.conversation import LinkError
from enose.link.device import Device
from enose.link.port import LockstepPort, PortError, SerialPort
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.tomlfile import BoardError

USB_VENDORS = {0x2E8A: "Raspberry Pi", 0x303A: "Espressif", 0xF055: "MicroPython"}
SIM = "sim:"


def simulated_board(name: str, *, fidelity: str = "fast", seed: int = 0) -> SimulatedBoard:
    """A simulated board in lockstep: `pico-mlp` with the nominal chip, `pico-mlp@7` with mismatched chip number 7.

    Raises BoardError, MicroPythonMissing, SpiceMissing.
    """
    plain, number = named_chip(name)
    board, chip, _ = find_board(plain)
    if number and (board.kind != "mlp" or fidelity == "ideal"):
        raise BoardError(f"{name}: only chips of transistors (mlp) at fidelity fast or spice have numbers")
    return SimulatedBoard(board, chip, fidelity=fidelity, seed=seed, chip_number=number)


def named_chip(name: str) -> tuple[str, int]:
    """A board's name and the number behind its `@`, 0 without. Raises BoardError for what is no number."""
    plain, at, text = name.partition("@")
    if at and not (text.isascii() and text.isdigit() and int(text) < 2**31):
        raise BoardError(f"{name}: '{text}' behind the @ is no number of a chip, expected 0..{2**31 - 1}")
    return plain, int(text or 0)


def open_device(address: str, *, fidelity: str = "fast", seed: int = 0) -> Device:
    """The device at an address. Raises LinkError, PortError or BoardError with what to do."""
    if address.startswith(SIM):
        board = simulated_board(address.removeprefix(SIM), fidelity=fidelity, seed=seed)
        return _greet(LockstepPort(board, address), nonce=seed + 1)
    if address == "auto":
        return _first_of(usb_ports())
    return _greet(SerialPort(address))


def usb_ports() -> list[str]:
    """Serial ports of microcontrollers that may be ours."""
    return sorted(port.device for port in list_ports.comports() if port.vid in USB_VENDORS)


def _first_of(ports: list[str]) -> Device:
    refusals = []
    for name in ports:
        try:
            return _greet(SerialPort(name))
        except (LinkError, PortError) as error:
            refusals.append(str(error))
    if refusals:
        raise LinkError("; ".join(refusals))
    raise LinkError(
        "no board found on USB: plug one in, name its port with --device PORT, or use --device sim:pico-mlp"
    )


def _greet(port: SerialPort | LockstepPort, nonce: int | None = None) -> Device:
    try:
        return Device(port, nonce=nonce)
    except BaseException:
        port.close()
        raise
