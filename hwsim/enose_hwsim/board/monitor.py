"""Watches every converter output, switch and chip input of a board for the whole of its life.

What it holds the firmware to: no code outside a channel's range reaches a converter, also behind an open switch; no
chip input, weight or memristor is driven beyond the chip's limits (the chip's part sees that, memristors at their
threshold outside a pulse included); and once the device has told its host that it is in its safe state, nothing is
driven until the host clears it: no switch, heater, valve, strobe or pulse, and no level but those of rest.
"""

from typing import Any

from enose_contract import frames, messages
from enose_hwsim.boardfile import BoardFile, MemristorBoard, MlpBoard
from enose_hwsim.chipfile import ChipFile, MemristorFile, MlpFile

REST_CODES = 2  # a resting level is the nearest code inside a range, one beside the nearest of all at most
ROUNDING_V = 1e-9
CLEARS = (messages.CLEAR.kind,)


class AnalogMonitor:
    """One board's; `violations` says what, how much of it and when."""

    def __init__(self, board: BoardFile, chip: ChipFile) -> None:
        """Nothing seen yet."""
        self._limits_v = _limits_v(board, chip)
        self._rest_v = {channel: _rest_v(chip) for channel in self._limits_v}
        if isinstance(board, MlpBoard):
            del self._rest_v[board.dac.weight_channel]
            if board.teacher is not None:
                self._rest_v.pop(board.teacher.dac_channel, None)  # Vc, which is watched, lets it in
        self._step_v = board.dac.reference_v * board.dac.gain / 65536
        self._driving = _driving_pins(board)
        self._told = frames.FrameReader()
        self._heard = frames.FrameReader()
        self._seen: list[str] = []
        self._by_part: list[str] = []  # the violations that the chip's part keeps
        self._counted = 0
        self._t_s = 0.0
        self.safe = False
        self.excused_until_s = -1.0
        self.excused: list[str] = []

    @property
    def violations(self) -> list[str]:
        """All that was seen so far, but for what a broken converter did before the firmware could know."""
        self._collect(self._t_s)
        return self._seen

    def watch(self, part: Any) -> None:
        """The chip's part, of whose `violations` this is the keeper; after a power cycle another one."""
        self._collect(self._t_s)
        self._by_part, self._counted = part.violations, 0

    def excuse(self, t_s: float, for_s: float) -> None:
        """A converter is broken from t_s on: what it does within for_s is its own doing, not the firmware's."""
        self._collect(t_s)
        self.excused_until_s = max(self.excused_until_s, t_s + for_s)

    def started(self) -> None:
        """The firmware starts: it has not said anything yet."""
        self.safe = False

    def told(self, data: bytes) -> None:
        """Bytes on their way to the firmware: whether a host clears the safe state."""
        for byte in data:
            frame = self._told.feed(byte)
            if frame is not None and frame[2] in CLEARS:
                self.safe = False

    def heard(self, data: bytes) -> None:
        """Bytes from the firmware: whether it says that it is in its safe state."""
        for byte in data:
            frame = self._heard.feed(byte)
            if frame is None:
                continue
            kind, body = frame[2], frame[3]
            if kind in (messages.STATUS.kind | frames.REPLY, messages.SAFE.kind | frames.REPLY):
                self.safe = body[0] == messages.SAFE_STATE

    def code(self, channel: int, volts: float, t_s: float) -> None:
        """A code was written to a converter, whatever is behind it."""
        self._t_s = t_s
        if len(self._by_part) != self._counted:
            self._collect(t_s)
        if channel not in self._limits_v:
            self._violation(f"DAC channel {channel}, which nothing is connected to, at {volts:.6f} V", t_s)
            return
        low_v, high_v = self._limits_v[channel]
        if not low_v - ROUNDING_V <= volts <= high_v + ROUNDING_V:
            self._violation(f"DAC channel {channel} at {volts:.6f} V, {low_v}..{high_v} V", t_s)
        elif self.safe and abs(volts - self._rest_v.get(channel, -1.0)) > REST_CODES * self._step_v:
            self._violation(f"DAC channel {channel} at {volts:.6f} V in the safe state", t_s)

    def pin(self, pin: int, level: int, t_s: float) -> None:
        """An output pin changes."""
        self._t_s = t_s
        if len(self._by_part) != self._counted:
            self._collect(t_s)
        if level and self.safe and pin in self._driving:
            self._violation(f"{self._driving[pin]} on in the safe state", t_s)

    def _violation(self, text: str, t_s: float) -> None:
        seen = self.excused if t_s < self.excused_until_s else self._seen
        seen.append(f"{text}, at {t_s:.6f} s")

    def _collect(self, t_s: float) -> None:
        """What the chip's part has seen since the last change, which was just before t_s."""
        new = self._by_part[self._counted :]
        self._counted += len(new)
        (self.excused if t_s < self.excused_until_s else self._seen).extend(new)


def _rest_v(chip: ChipFile) -> float:
    return chip.input.common_v if isinstance(chip, MemristorFile) else chip.input.no_field_v


def _limits_v(board: BoardFile, chip: ChipFile) -> dict[int, tuple[float, float]]:
    """The range of each DAC channel that is connected to something."""
    found = dict.fromkeys(board.dac.input_channels, (chip.input.min_v, chip.input.max_v))
    if isinstance(board, MlpBoard) and isinstance(chip, MlpFile):
        found[board.dac.weight_channel] = (chip.synapse.weight_min_v, chip.synapse.weight_max_v)
        if board.teacher is not None and chip.learning is not None:
            found[board.teacher.dac_channel] = (chip.learning.teacher_min_v, chip.learning.teacher_max_v)
    elif isinstance(board, MemristorBoard) and isinstance(chip, MemristorFile):
        common_v, pulse = chip.input.common_v, chip.pulse
        found[board.dac.pulse_channel] = (common_v - pulse.max_v, common_v + pulse.max_v)
        found[board.dac.read_channel] = (common_v - pulse.read_v, common_v + pulse.read_v)
    return found


def _driving_pins(board: BoardFile) -> dict[int, str]:
    found = {board.switch.pin: "switch", board.gas.heater_pin: "heater", board.gas.valve_pin: "valve"}
    if isinstance(board, MlpBoard):
        found[board.weights.strobe_pin] = "strobe"
        if board.teacher is not None:
            found[board.teacher.vc_pin] = "Vc"
    elif isinstance(board, MemristorBoard):
        found[board.pulses.gate_pin] = "gate"
    return found
