"""The firmware on a board inside one interpreter, from this side: bytes, time, power and what the board's spy saw."""

import json
import struct
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.campaigns.campaign import Found, Row, row
from bench.campaigns.interpreter import Interpreter

from enose.boards import find_board
from enose_hwsim.boardfile import MlpBoard
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.configuration import device_configuration

REQUEST = "<BII"
ANSWER = "<BQI"
DEFINE, BOOT, RUN, ASK, CUT, REPORT = range(1, 7)
WARMUP_MS = 1000  # thirty times shorter than the board's: what is measured does not depend on it
DAC_STEPS = 65536
# AD5676R: software reset with its word, no operation, the reference on at the board's gain
COMMANDS = {
    gain: {("command 6", 0x1234, 0x1234), ("command 0", 0, 0), ("command 7", word, word)}
    for gain, word in ((1, 0x0000), (2, 0x0004))
}
SLACK_V = 1e-9  # of float arithmetic; a code is 38 uV


class InnerDevice:
    """One device on one flash; `now_ms` is its virtual time, `alive` whether it has power. To be used in a `with`."""

    def __init__(self, firmware: Path, seed: int, *, retention: int = 1) -> None:
        """Switch it on with a blank flash; its chip holds weights so many times as long. Raises MicroPythonMissing."""
        board, chip, _ = find_board("pico-mlp")
        assert isinstance(board, MlpBoard)
        assert isinstance(chip, MlpFile)
        self.board, self.chip = board, chip
        configuration = device_configuration(board, chip)
        configuration["sensors"]["warmup_ms"] = WARMUP_MS
        configuration["chip"]["leak_uv_per_s"] //= retention
        self._interpreter = Interpreter("serve_device.py", firmware)
        self.alive = False
        self.now_ms = 0.0
        self._definition = {"configuration": configuration, "seed": seed}
        self.blank()

    def blank(self) -> None:
        """Another device of the same kind: its flash was never used; switch it on."""
        self._do(DEFINE, 0, json.dumps(self._definition).encode())
        self._definition["seed"] += 1_000_000
        self.boot()

    def boot(self) -> None:
        """Cut the power, and let it come back."""
        self._do(BOOT)

    def run(self, ms: int, data: bytes = b"") -> bytes:
        """Hand bytes over and let ms pass; all that it wrote."""
        return self._do(RUN, ms, data)

    def ask(self, ms: int, data: bytes = b"") -> bytes:
        """As `run`, to its first reply at most."""
        return self._do(ASK, ms, data)

    def cut(self, after: int, tear: str) -> None:
        """Cut the power in the flash operation after so many more, with one of flash_model's tears."""
        self._do(CUT, 0, json.dumps([after, tear]).encode())

    def report(self) -> dict[str, Any]:
        """What was seen since the first boot; see serve_device.py."""
        report: dict[str, Any] = json.loads(self._do(REPORT))
        return report

    def _do(self, operation: int, ms: int = 0, payload: bytes = b"") -> bytes:
        self._interpreter.send(struct.pack(REQUEST, operation, ms, len(payload)) + payload)
        alive, now_us, length = struct.unpack(ANSWER, self._interpreter.receive(struct.calcsize(ANSWER)))
        self.alive, self.now_ms = bool(alive), now_us * 1e-3
        return self._interpreter.receive(length)

    def __enter__(self) -> "InnerDevice":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._interpreter.__exit__(kind, error, trace)


def judged(device: InnerDevice, seen: dict[str, list[float]]) -> Found:
    """What the spy saw: codes that reached a converter, inputs driven, and each access outside the files' limits."""
    board, chip = device.board, device.chip
    input_v = (chip.input.min_v, chip.input.max_v)
    weight_v = (chip.synapse.weight_min_v, chip.synapse.weight_max_v)
    step_v = board.dac.reference_v * board.dac.gain / DAC_STEPS
    limits = {f"code {channel}": (step_v, *input_v) for channel in board.dac.input_channels}
    limits[f"code {board.dac.weight_channel}"] = (step_v, *weight_v)
    limits |= {"input_v": (1.0, *input_v), "weight_v": (1.0, *weight_v)}
    unsafe = []
    for name, (low, high, count) in sorted(seen.items()):
        if (name, low, high) in COMMANDS[board.dac.gain]:
            continue
        to_v, least_v, most_v = limits.get(name, (1.0, 0.0, -1.0))  # what has no limits is not to be driven at all
        if low * to_v < least_v - SLACK_V or high * to_v > most_v + SLACK_V:
            unsafe.append(f"{name}: {low * to_v:.6f}..{high * to_v:.6f}, allowed {least_v}..{most_v}, {count} times")
    codes = sum(int(count) for name, (_, _, count) in seen.items() if name.startswith("code "))
    return {"codes": codes, "driven": int(seen.get("input_v", (0, 0, 0))[2]), "unsafe": unsafe}


def watched(found: list[Found], asked: tuple[int, ...]) -> list[Row]:
    """The rows of the spy that every campaign of whole devices has; asked: faults that its host brings about."""
    faults: dict[str, int] = {}
    for one in found:
        for fault, count in one["faults"].items():
            faults[fault] = faults.get(fault, 0) + count
    unasked = {fault: count for fault, count in faults.items() if int(fault) not in asked}
    unsafe = sorted({text for one in found for text in one["unsafe"]})
    return [
        row("codes to converters", "", sum(one["codes"] for one in found)),
        row("inputs driven into the chip", "", sum(one["driven"] for one in found)),
        row("unsafe codes to a converter", "", unsafe, [], not unsafe),
        row("faults that no host asked for", "", unasked, {}, not unasked),
    ]
