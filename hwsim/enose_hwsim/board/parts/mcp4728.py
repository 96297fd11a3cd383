"""MCP4728, quad 12-bit DAC with EEPROM, I2C (Microchip DS22187E, sections 4 and 5; commands: figures 5-7 to 5-15).

Each channel has an input register, an output register that drives the pin, and an EEPROM cell that both are loaded from
at power-up. While the EEPROM is written (RDY/BSY low) writes are acknowledged and ignored; reads are answered.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from enose_hwsim.board.parts.i2c_bus import I2cPart, Nack

CHANNELS = 4
INTERNAL_REFERENCE_V = 2.048
EEPROM_WRITE_S = 50e-3  # the longest; 25 ms typically (section 1, "EEPROM write time")
RESET, WAKE_UP, SOFTWARE_UPDATE = 0x06, 0x09, 0x08  # general calls (section 5.4)
MULTI_WRITE, SEQUENTIAL_WRITE, SINGLE_WRITE = 0x08, 0x0A, 0x0B  # the first five bits of the first byte
POWERED = 0x40


@dataclass(frozen=True)
class Setting:
    """One channel's register."""

    code: int = 0
    internal: bool = True
    double: bool = False
    power_down: int = 0

    @staticmethod
    def of(high: int, low: int) -> "Setting":
        """From VREF, PD1, PD0, GX, D11..D8 and D7..D0."""
        return Setting((high & 0xF) << 8 | low, bool(high & 0x80), bool(high & 0x10), high >> 5 & 0x3)

    def bytes(self) -> bytes:
        """As `of` takes them."""
        high = self.internal << 7 | self.power_down << 5 | self.double << 4 | self.code >> 8
        return bytes((high, self.code & 0xFF))


class Mcp4728Part(I2cPart):
    """`on_change(channel, v, t_s)` is told of every output that is set. `eeprom` outlives the power."""

    def __init__(
        self,
        supply_v: float,
        on_change: Callable[[int, float, float], None],
        eeprom: tuple[Setting, ...] = (Setting(),) * CHANNELS,
        address: int = 0x60,
    ) -> None:
        """Powered up: registers and outputs as the EEPROM has them (delivered: 0 V, internal reference, gain 1)."""
        self._supply_v = supply_v
        self._on_change = on_change
        self._address_bits = address & 0x7
        self.eeprom = list(eeprom)
        self.inputs = list(eeprom)
        self.outputs = list(eeprom)
        self._ldac = 0
        self._ready_s = 0.0
        self.ignored_writes = 0
        self.eeprom_writes = 0

    def voltage_v(self, channel: int) -> float:
        """The output of one channel; 0 V where it is powered down, for the pin is tied to ground then."""
        setting = self.outputs[channel]
        if setting.power_down:
            return 0.0
        if setting.internal:
            volts = setting.code / 4096 * INTERNAL_REFERENCE_V * (2 if setting.double else 1)
        else:
            volts = setting.code / 4096 * self._supply_v
        return min(volts, self._supply_v)

    def set_ldac(self, level: int, t_s: float) -> None:
        """The LDAC pin: while it is low, outputs follow the input registers."""
        self._ldac = level
        if not level:
            self._update_all(t_s)

    def general_call(self, data: bytes, t_s: float) -> bool:
        """Reset, wake-up and software update."""
        command = data[0] if data else -1
        if command == RESET:
            self.inputs = list(self.eeprom)
            self._update_all(t_s)
        elif command == WAKE_UP:
            self.inputs = [replace(setting, power_down=0) for setting in self.inputs]
            self.outputs = [replace(setting, power_down=0) for setting in self.outputs]
            self._tell_all(t_s)
        elif command == SOFTWARE_UPDATE:
            self._update_all(t_s)
        else:
            return False
        return True

    def _write(self, data: bytes, t_s: float) -> None:
        if data[0] >> 5 == 0b011:  # needs LDAC edges within the transfer (figure 5-11); without them there is no ACK
            raise Nack("MCP4728 takes new address bits only with LDAC edges inside the transfer")
        if t_s < self._ready_s:
            self.ignored_writes += 1
            return
        kind = data[0] >> 3
        if data[0] >> 6 == 0:
            self._fast_write(data, t_s)
        elif kind == MULTI_WRITE:
            for at in range(0, len(data) - 2, 3):
                self._load(data[at] >> 1 & 0x3, data[at : at + 3], t_s)
        elif kind in (SEQUENTIAL_WRITE, SINGLE_WRITE):
            self._lasting_write(data, kind == SINGLE_WRITE, t_s)
        else:
            self._write_bits(data, t_s)

    def _read(self, count: int, t_s: float) -> bytes:
        status = (0x80 if t_s >= self._ready_s else 0) | POWERED
        answer = b""
        for channel in range(CHANNELS):
            first = bytes((status | channel << 4 | self._address_bits,))
            answer += first + self.inputs[channel].bytes() + first + self.eeprom[channel].bytes()
        return (answer * (count // len(answer) + 1))[:count]

    def _fast_write(self, data: bytes, t_s: float) -> None:
        """Channels from A on, two bytes each: codes and power-down bits; the output waits for LDAC."""
        for channel in range(min(len(data) // 2, CHANNELS)):
            high, low = data[2 * channel], data[2 * channel + 1]
            code, power_down = (high & 0xF) << 8 | low, high >> 4 & 0x3
            self.inputs[channel] = replace(self.inputs[channel], code=code, power_down=power_down)
            if not self._ldac:
                self._update(channel, t_s)

    def _load(self, channel: int, three: bytes, t_s: float) -> None:
        self.inputs[channel] = Setting.of(three[1], three[2])
        if not three[0] & 1 or not self._ldac:  # UDAC low, or the LDAC pin
            self._update(channel, t_s)

    def _lasting_write(self, data: bytes, single: bool, t_s: float) -> None:
        first = data[0] >> 1 & 0x3
        last = first if single else CHANNELS - 1
        written = 0
        for channel in range(first, last + 1):
            two = data[1 + 2 * written : 3 + 2 * written]
            if len(two) < 2:
                break
            self._load(channel, data[:1] + two, t_s)
            self.eeprom[channel] = self.inputs[channel]
            written += 1
        if written:
            self.eeprom_writes += 1
            self._ready_s = t_s + EEPROM_WRITE_S

    def _write_bits(self, data: bytes, t_s: float) -> None:
        """Reference, power-down or gain bits of all channels, to registers and outputs at once."""
        kind = data[0] >> 5
        if kind == 0b101 and len(data) < 2:
            return
        for channel in range(CHANNELS):
            bit = bool(data[0] >> 3 - channel & 1)
            if kind == 0b100:
                self.inputs[channel] = replace(self.inputs[channel], internal=bit)
            elif kind == 0b110:
                self.inputs[channel] = replace(self.inputs[channel], double=bit)
            elif kind == 0b101:
                pair = data[0] if channel < 2 else data[1] >> 4
                power_down = pair >> (2 if channel % 2 == 0 else 0) & 0x3
                self.inputs[channel] = replace(self.inputs[channel], power_down=power_down)
            else:
                raise Nack(f"MCP4728 has no command 0x{data[0]:02x}")
            self._update(channel, t_s)

    def _update(self, channel: int, t_s: float) -> None:
        self.outputs[channel] = self.inputs[channel]
        self._on_change(channel, self.voltage_v(channel), t_s)

    def _update_all(self, t_s: float) -> None:
        self.outputs = list(self.inputs)
        self._tell_all(t_s)

    def _tell_all(self, t_s: float) -> None:
        for channel in range(CHANNELS):
            self._on_change(channel, self.voltage_v(channel), t_s)
