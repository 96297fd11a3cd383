"""SHT4x, temperature and humidity sensor, I2C (Sensirion "Datasheet SHT4x", version 6, sections 4.2 to 4.9).

One-byte commands. While a measurement runs, and where there is nothing to read, the part does not acknowledge. All
times are the data sheet's longest, so that a driver that reads earlier than it may is found out.
"""

from collections.abc import Mapping

import numpy as np

from enose_hwsim.board.parts.i2c_bus import I2cPart, Nack

READ_SERIAL = 0x89
SOFT_RESET = 0x94
GENERAL_CALL_RESET = 0x06
POWER_UP_S = 1e-3
RESET_S = 1e-3

# command: (longest duration, repeatability as three sigma of temperature and of humidity)
MEASURE: Mapping[int, tuple[float, float, float]] = {
    0xFD: (8.3e-3, 0.04, 0.08),
    0xF6: (4.5e-3, 0.07, 0.15),
    0xE0: (1.6e-3, 0.10, 0.25),
}
HEATED_S: Mapping[int, float] = {0x39: 1.1, 0x32: 0.11, 0x2F: 1.1, 0x24: 0.11, 0x1E: 1.1, 0x15: 0.11}


def crc8(data: bytes) -> int:
    """The part's checksum: polynomial 0x31, beginning with 0xFF; crc8(0xBE 0xEF) is 0x92 (section 4.4)."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 & 0xFF ^ (0x31 if crc & 0x80 else 0)
    return crc


class Sht4xPart(I2cPart):
    """`temperature_c`, `humidity_rh` and the fault `wrong_crcs` (answers yet to be spoilt) are free to change."""

    def __init__(self, rng: np.random.Generator, serial: int = 0x5348_5434) -> None:
        """Powered up at 0 s, at 25 C and 50 %RH; the noise is rng's."""
        self._rng = rng
        self._serial = serial
        self.temperature_c = 25.0
        self.humidity_rh = 50.0
        self.wrong_crcs = 0
        self._answer: bytes | None = None
        self._ready_s = POWER_UP_S
        self.heatings = 0

    def general_call(self, data: bytes, t_s: float) -> bool:
        """Resets on 0x06 (section 4.8)."""
        if data[:1] == bytes((GENERAL_CALL_RESET,)):
            self._reset(t_s)
            return True
        return False

    def _write(self, data: bytes, t_s: float) -> None:
        command = data[0]
        if command == SOFT_RESET:  # it also ends whatever is running
            self._reset(t_s)
            return
        if t_s < self._ready_s:
            raise Nack("SHT4x is busy")
        if command == READ_SERIAL:
            self._answer = _words(self._serial >> 16, self._serial & 0xFFFF)
        elif command in MEASURE:
            duration_s, spread_c, spread_rh = MEASURE[command]
            self._measure(t_s + duration_s, spread_c, spread_rh)
        elif command in HEATED_S:  # what the heater does to the reading is not modelled
            self.heatings += 1
            self._measure(t_s + HEATED_S[command], *MEASURE[0xFD][1:])
        else:
            raise Nack(f"SHT4x has no command 0x{command:02x}")

    def _read(self, count: int, t_s: float) -> bytes:
        if t_s < self._ready_s or self._answer is None:
            raise Nack("SHT4x has nothing to read")
        answer, self._answer = self._answer, None
        if self.wrong_crcs:
            self.wrong_crcs -= 1
            answer = answer[:2] + bytes((answer[2] ^ 0x01,)) + answer[3:]
        return (answer + b"\xff" * count)[:count]

    def _measure(self, ready_s: float, spread_c: float, spread_rh: float) -> None:
        temperature_c = self.temperature_c + self._rng.normal(0.0, spread_c / 3)
        humidity_rh = self.humidity_rh + self._rng.normal(0.0, spread_rh / 3)
        self._answer = _words(_code(temperature_c, -45.0, 175.0), _code(humidity_rh, -6.0, 125.0))
        self._ready_s = ready_s

    def _reset(self, t_s: float) -> None:
        self._answer = None
        self._ready_s = t_s + RESET_S


def _code(value: float, offset: float, span: float) -> int:
    return int(min(max(round((value - offset) / span * 65535), 0), 65535))


def _words(first: int, second: int) -> bytes:
    words = first.to_bytes(2, "big"), second.to_bytes(2, "big")
    return b"".join(word + bytes((crc8(word),)) for word in words)
