"""The phases of the controller, and how a test brings a board into each and looks at how it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from matrix_boards import BOARDS, NEW_MODEL, PICO_MLP, USUAL, matrix_board

from enose.link.conversation import DeviceError
from enose.link.device import CHUNK, Device
from enose_contract import decision, messages
from enose_hwsim.board.faults.injection import fault_named
from enose_hwsim.board.simulated import SimulatedBoard
from rig import host_of, present

PHASES = ("idle", "programming", "warmup", "baseline", "exposure", "recovery", "answer")
MEASURING = PHASES[2:6]
RATIOS = (0.3, 0.5, 0.7, 0.9, 0.6)  # the sensor that fails is the one that answers most
FIRST = PICO_MLP.first
OLD, NEW = FIRST.model.hex(), NEW_MODEL.hex()
CYCLE = 77
SAFE_REASON = messages.REASONS[messages.REASON_SAFE]
STALE_REASON = messages.REASONS[messages.REASON_STALE]
LEFT_MS = 6000.0  # more than what is left of a measurement in any phase


def numbered(*names: str) -> list[Any]:
    """Parameters whose ids are number and name of each fault."""
    return [pytest.param(name, id=f"{fault_named(name).number}-{name}") for name in names]


def in_phases(phases: tuple[str, ...] = PHASES) -> pytest.MarkDecorator:
    """In each phase on each board; which board, the fixture `on` says. On another than the usual one `make test` runs
    one phase of each fault, `make faults` all (see conftest.py).
    """
    cases = [
        pytest.param(board, phase, id=f"in-{phase}" + (f"-on-{board}" if board != USUAL else ""))
        for board in BOARDS
        for phase in phases
    ]
    return pytest.mark.parametrize(("on", "phase"), cases, indirect=["on"])


def in_phases_alone(phases: tuple[str, ...] = PHASES) -> pytest.MarkDecorator:
    """For a test that has a board of its own."""
    return pytest.mark.parametrize("phase", [pytest.param(phase, id=f"in-{phase}") for phase in phases])


@dataclass
class Outcome:
    """What the device says when everything has run to its end."""

    state: str
    fault: str
    weights: str
    answer: str  # empty where nothing was measured
    label: str
    reason: str


def begun_upload(device: Device, raw: bytes) -> int:
    """The first piece of an image is on the device; the upload's number."""
    import hashlib

    sha256 = hashlib.sha256(raw).digest()
    upload = int.from_bytes(sha256[:4], "little")
    ask = device._conversation.ask
    ask(messages.UPLOAD_BEGIN, upload, len(raw), sha256)
    ask(messages.UPLOAD_DATA, upload, 0, tail=raw[:CHUNK])
    return upload


def second(device: Device) -> bytes:
    """Another image than the one in force, for the board that this is."""
    return matrix_board(device).second.pack()


def measuring(device: Device) -> None:
    device._conversation.ask(messages.MEASURE, CYCLE)


def phase_of(device: Device) -> str:
    return device.status()["phase"]


def reach(device: Device, phase: str) -> None:
    """A programmed device, brought into a phase and a little further."""
    present(device.port.board, RATIOS)
    if phase == "programming":
        begun_upload(device, second(device))
    elif phase != "idle":
        if phase != "warmup":
            device.port.wait(matrix_board(device).warm_ms)
        measuring(device)
        wanted = "idle" if phase == "answer" else phase
        before_s = device.port.board.now_s
        while phase_of(device) != wanted or (phase == "answer" and device.status()["state"] != "done"):
            device.port.wait(40)
            assert device.port.board.now_s - before_s < 30
        device.port.wait(60)
    assert device.status()["fault"] == "none"


def outcome(device: Device) -> Outcome:
    """The device's own words, and the result of the measurement that was under way or over."""
    status = device.status()
    raw = device._conversation.ask(messages.RESULT, CYCLE)
    words = (status["state"], status["fault"], status["weights"])
    if raw["state"] == messages.UNKNOWN_CYCLE:
        return Outcome(*words, "", "", "")
    label = bytes(raw["label"]).rstrip(b"\0").decode()
    answer = decision.ANSWERS.get(int(raw["answer"]), "NONE")
    return Outcome(*words, answer, label, messages.REASONS[int(raw["reason"])])


def ended(device: Device, wait_ms: float = LEFT_MS) -> Outcome:
    """Let everything run to its end, then look."""
    device.port.wait(wait_ms)
    return outcome(device)


def another_host(board: SimulatedBoard) -> Device:
    """A host that comes after a restart of the device, and once that has programmed its memristors, if it has any."""
    device = host_of(board, nonce=round(board.now_s * 1e3) + 1)
    before_s = board.now_s
    while device.status()["weights"] == "programming":
        device.port.wait(50)
        assert board.now_s - before_s < 5
    return device


def assert_safe(device: Device, fault: int) -> None:
    """Latched, with this fault; nothing driven now and later; little served; no answer."""
    words = messages.FAULTS[fault]
    for _ in range(2):
        status = device.status()
        assert (status["state"], status["fault"]) == ("safe", words)
        assert_nothing_driven(device.port.board)
        device.port.wait(1500)
    ask = device._conversation.ask
    for refused in ((messages.MEASURE, 78), (messages.ACTIVATE, 1), (messages.SELFTEST,)):
        with pytest.raises(DeviceError) as error:
            ask(*refused)
        assert error.value.code == messages.E_SAFE
    result = ask(messages.RESULT, CYCLE)
    assert (result["answer"], result["reason"]) == (decision.NONE, messages.REASON_SAFE)
    assert "fault" in [entry.event for entry in device.log().entries]
    assert device.info()["state"] == "safe"


def assert_nothing_driven(board: SimulatedBoard) -> None:
    pins = matrix_board(board).pins
    assert {name: board.wiring.pin_read(pin) for name, pin in pins.items()} == dict.fromkeys(pins, 0)
    if not matrix_board(board).leaks:
        assert board.wiring.chain.closed == frozenset()


def assert_inputs_rest(board: SimulatedBoard) -> None:
    found = matrix_board(board)
    step_v = found.file.dac.reference_v / 65536
    for channel, rest_v in found.rest_v.items():
        assert board.wiring.dac.voltage_v(channel) == pytest.approx(rest_v, abs=step_v)


def assert_works(device: Device) -> None:
    """A whole measurement gives a class."""
    device.port.wait(matrix_board(device).warm_ms)
    present(device.port.board, RATIOS)
    answer = device.measure()
    assert (answer.answer != "NONE", answer.reason) == (True, "")


def looked_at(device: Device, phase: str, fault: Callable[[SimulatedBoard], None]) -> Outcome:
    """Reach the phase, let the fault befall the board, and see how that ends."""
    reach(device, phase)
    fault(device.port.board)
    return ended(device)


def injected(device: Device, phase: str, name: str) -> Outcome:
    """The same, by name."""
    return looked_at(device, phase, lambda board: board.inject(name))
