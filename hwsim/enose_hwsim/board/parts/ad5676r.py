"""AD5676R, octal 16-bit DAC: 24-bit SPI frames, reference, gain 1 or 2, readback (Analog Devices data sheet)."""

from collections.abc import Callable

WRITE_INPUT = 0x1
UPDATE = 0x2
WRITE_AND_UPDATE = 0x3
SOFTWARE_RESET = 0x6
REFERENCE_SETUP = 0x7
READBACK = 0x9
RESET_WORD = 0x1234
FRAME = 3  # bytes


class Ad5676rPart:
    """Registers and outputs. `on_change(channel, v, t_s)` is told of every output that is set.

    `on_code(channel, v, t_s)`, free to be set, is told of every code that is written, with what it stands for.
    """

    def __init__(self, reference_v: float, on_change: Callable[[int, float, float], None]) -> None:
        """Powered up: all outputs at zero scale, gain 1."""
        self._reference_v = reference_v
        self._on_change = on_change
        self._selected = False
        self.input_codes = [0] * 8
        self.codes = [0] * 8
        self.gain = 1
        self.scale = 1.0  # of every output: other than 1 where reference or gain are not as the registers say
        self.on_code: Callable[[int, float, float], None] = lambda channel, volts, t_s: None
        self._readback: int | None = None
        self._shifted = b""
        self._answer = bytes(FRAME)
        self.ignored_frames = 0

    def select(self, level: int) -> None:
        """The SYNC pin, low while a frame is shifted in; one that it ends too early is ignored and counted."""
        if self._shifted and len(self._shifted) < FRAME:
            self.ignored_frames += 1
        self._shifted = b""
        self._selected = not level

    def voltage_v(self, channel: int) -> float:
        """The output of one channel."""
        return self._volts(self.codes[channel])

    def set_scale(self, scale: float, t_s: float) -> None:
        """Reference or gain are wrong by this factor from now on."""
        self.scale = scale
        self._move(t_s)

    def reset(self, t_s: float) -> None:
        """As after power-up: all outputs at zero scale, gain 1."""
        self.gain = 1
        for k in range(8):
            self._set(k, 0, t_s)

    def transfer(self, piece: bytes, t_s: float) -> bytes:
        """A frame or a piece of one in, what SDO shifts out meanwhile; an interrupt may part a master's bytes.

        Anything but 24 bits under one low SYNC is ignored and counted.
        """
        before = len(self._shifted)
        if not self._selected or before + len(piece) > FRAME:
            self.ignored_frames += 1
            return bytes(len(piece))
        if not before:
            self._answer = bytes(FRAME)
            if self._readback is not None:
                code = self.codes[self._readback]
                self._answer = bytes((READBACK << 4, code >> 8, code & 0xFF))
                self._readback = None
        self._shifted += piece
        if len(self._shifted) == FRAME:
            self._obey(self._shifted, t_s)
        return self._answer[before : len(self._shifted)]

    def _obey(self, frame: bytes, t_s: float) -> None:
        command, channel, word = frame[0] >> 4, frame[0] & 0x7, frame[1] << 8 | frame[2]
        if command == WRITE_AND_UPDATE:
            self.input_codes[channel] = self.codes[channel] = word
            volts = self._volts(word)
            self.on_code(channel, volts, t_s)
            self._on_change(channel, volts, t_s)
        elif command == WRITE_INPUT:
            self.input_codes[channel] = word
            self.on_code(channel, self._volts(word), t_s)
        elif command == UPDATE:
            for bit in range(8):
                if word >> bit & 1:
                    self._set(bit, self.input_codes[bit], t_s)
        elif command == SOFTWARE_RESET and word == RESET_WORD:
            self.reset(t_s)
        elif command == REFERENCE_SETUP:
            self.gain = 2 if word & 0x4 else 1
            self._move(t_s)
        elif command == READBACK:
            self._readback = channel

    def _volts(self, code: int) -> float:
        return code * self._reference_v * self.gain * self.scale / 65536

    def _move(self, t_s: float) -> None:
        """Every output moves with the reference and the gain."""
        for k in range(8):
            self._set(k, self.codes[k], t_s)

    def _set(self, channel: int, code: int, t_s: float) -> None:
        self.codes[channel] = code
        self._on_change(channel, self.voltage_v(channel), t_s)
