"""A session of on-chip learning, as a host asks a device for it: lessons, settings, and what came of it."""

import hashlib
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from enose.link.conversation import Conversation, DeviceError, LinkError
from enose.link.port import Port
from enose_contract import lesson, messages

POLL_MS = 400  # less than an epoch of twelve samples of 40 ms
SILENT_LIMIT_MS = 120_000  # an epoch of 32 lessons, each shown ten times, its trims and its look, takes less
STARTS = 5
RESTART_MS = 2500  # the device restarts within a second, and takes another to start
LEAST_PULSE_S = 0.1e-6  # the state machine's cycles are 40 ns

OnEpoch = Callable[[int, int], None]


class Lesson(NamedTuple):
    """One specimen as the chip sees it, and what its output should be; in volts."""

    inputs_v: tuple[float, ...]
    teacher_v: float


@dataclass(frozen=True)
class Request:
    """How a session is to go; pulses as in enose_contract.lesson, `target_v` is a worst error that is good enough."""

    lessons: Sequence[Lesson]
    epochs: int
    seed: int
    first_pulse_s: float = 20e-6
    last_pulse_s: float = 0.5e-6
    trim_epochs: int = 4
    target_v: float = 0.0

    def check(self) -> None:
        """Raise ValueError for what no device could take."""
        for name, value, low, high in (
            ("lessons", len(self.lessons), 1, lesson.MAX_LESSONS),
            ("epochs", self.epochs, 1, lesson.MAX_EPOCHS),
            ("seed", self.seed, 0, 0xFFFF),
            ("trim_epochs", self.trim_epochs, 1, 255),
            ("last_pulse_s", self.last_pulse_s, LEAST_PULSE_S, self.first_pulse_s),
            ("target_v", self.target_v, 0.0, 1.0),
        ):
            if not low <= value <= high:
                raise ValueError(f"{name} {value}, expected {low}..{high}")


@dataclass
class Learnt:
    """A session: `errors_v` (mean, worst) before any epoch and after each, `weights_v` by epoch, as far as seen."""

    session: int = 0
    state: str = "none"
    reason: str = ""
    done: int = 0
    best: int = 0
    shown: int = 0
    late: int = 0
    refreshed: int = 0
    generation: int = 0
    memory_free_low: int = 0  # bytes, of the start for learning
    errors_v: list[tuple[float, float]] = field(default_factory=list)
    weights_v: dict[int, list[float]] = field(default_factory=dict)


def teach(conversation: Conversation, port: Port, request: Request, on_epoch: OnEpoch) -> Learnt:
    """Give the lessons, begin, and wait for the end; on_epoch(done, epochs) is called as it goes on.

    Raises ValueError as Request.check, DeviceError where the device refuses, LinkError where it restarts or makes no
    more progress. A session that the device ended without new weights is returned, with its reason.
    """
    request.check()
    _be_started(conversation, port, learning=1)
    try:
        found = _taught(conversation, port, request, on_epoch)
    except DeviceError as refused:
        if refused.code != messages.E_SAFE:  # that one waits to be cleared
            _be_started(conversation, port, learning=0)
        raise
    _be_started(conversation, port, learning=0)
    return found


def _be_started(conversation: Conversation, port: Port, learning: int) -> None:
    """Have the device be started for learning, or for measuring."""
    for _ in range(STARTS):
        if int(conversation.ask(messages.TEACH, learning)["learning"]) == learning:
            return
        port.wait(RESTART_MS)
        port.reopen()
        conversation.hello()
    raise LinkError(f"{port.name}: the device has not restarted {'for learning' if learning else 'for measuring'}")


def _taught(conversation: Conversation, port: Port, request: Request, on_epoch: OnEpoch) -> Learnt:
    ask = conversation.ask
    info = ask(messages.INFO)
    session = _session(request, info["generation"], info["uptime_ms"])
    for number, one in enumerate(request.lessons):
        inputs_uv = [round(v * 1e6) for v in one.inputs_v]
        spare = [0] * (messages.MAX_CHANNELS - len(inputs_uv))
        ask(lesson.LESSON, session, number, round(one.teacher_v * 1e6), *inputs_uv, *spare)
    ask(
        lesson.LEARN, session, request.epochs, request.seed, request.trim_epochs,
        round(request.first_pulse_s * 1e9), round(request.last_pulse_s * 1e9), round(request.target_v * 1e6),
    )  # fmt: skip
    found = Learnt(session)
    silent_ms = 0
    while silent_ms < SILENT_LIMIT_MS:
        done = found.done
        _look(conversation, port, found)
        on_epoch(found.done, request.epochs)
        if found.state != "learning":
            return found
        found.memory_free_low = int(ask(messages.INFO)["free_low"])
        silent_ms = 0 if found.done > done else silent_ms + POLL_MS
        port.wait(POLL_MS)
    raise LinkError(f"{port.name}: no epoch in {SILENT_LIMIT_MS // 1000} s, {found.done} of {request.epochs} are done")


def _session(request: Request, *now: int | bytes) -> int:
    """A number for this session; the same lessons later are another."""
    words = repr((request, now)).encode()
    return int.from_bytes(hashlib.sha256(words).digest()[:4], "little") or 1


def _look(conversation: Conversation, port: Port, found: Learnt) -> None:
    """How far the session is; all errors that are new."""
    while True:
        reply = conversation.ask(lesson.LEARNT, found.session, len(found.errors_v))
        state, count = int(reply["state"]), min(int(reply["count"]), lesson.ERRORS_A_REPLY)
        if state == lesson.NONE or state >= len(messages.LEARN_STATES):
            raise LinkError(
                f"{port.name}: the device does not know of this session any more; has it restarted?"
                " The image from before is in force"
            )
        numbers = struct.unpack(f"<{2 * count}H", bytes(reply["errors"])[: 4 * count])
        unit_v = lesson.ERROR_UNIT_UV * 1e-6
        pairs = zip(numbers[::2], numbers[1::2], strict=True)
        found.errors_v += [(mean * unit_v, worst * unit_v) for mean, worst in pairs]
        found.state = messages.LEARN_STATES[state]
        reason = int(reply["reason"])
        found.reason = messages.ERRORS.get(reason, f"error {reason}").partition(";")[0] if reason else ""
        for name in ("done", "best", "shown", "late", "refreshed", "generation"):
            setattr(found, name, int(reply[name]))
        weights_uv = struct.unpack("<32I", bytes(reply["weights"]))
        found.weights_v[found.done] = [uv * 1e-6 for uv in weights_uv if uv]
        if count < lesson.ERRORS_A_REPLY:
            return
