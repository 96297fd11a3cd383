"""BME688's calibration and compensation in floating point (Bosch BST-BME688-DS000, rev. 1.0).

Sections and tables are those of the BME680's data sheet, BST-BME680-DS001; the gas formula is the BME688's own.
The integer formulas of the firmware are a derivation of their own; the tests hold them to these.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

MAX_HUMIDITY_RH = 100.0


@dataclass(frozen=True)
class Calibration:
    """One part's coefficients, as its memory holds them; the defaults are a part as delivered."""

    t1: int = 26130
    t2: int = 26400
    t3: int = 3
    p1: int = 36200
    p2: int = -10370
    p3: int = 88
    p4: int = 6700
    p5: int = -110
    p6: int = 30
    p7: int = 31
    p8: int = -250
    p9: int = -3150
    p10: int = 30
    h1: int = 780
    h2: int = 1010
    h3: int = 0
    h4: int = 45
    h5: int = 20
    h6: int = 120
    h7: int = -100
    g1: int = -73
    g2: int = -6250
    g3: int = 18
    heat_range: int = 1
    heat_val: int = 40

    def memory(self) -> dict[int, bytes]:
        """The registers that hold it, by their first address (table 11 and the memory map)."""
        return {
            0x8A: struct.pack("<hb", self.t2, self.t3),
            0x8E: struct.pack("<Hhb", self.p1, self.p2, self.p3),
            0x94: struct.pack("<hhbb", self.p4, self.p5, self.p7, self.p6),
            0x9C: struct.pack("<hhB", self.p8, self.p9, self.p10),
            0xE1: bytes((self.h2 >> 4, (self.h2 & 0xF) << 4 | self.h1 & 0xF, self.h1 >> 4)),
            0xE4: struct.pack("<bbbBb", self.h3, self.h4, self.h5, self.h6, self.h7),
            0xE9: struct.pack("<H", self.t1),
            0xEB: struct.pack("<hbb", self.g2, self.g1, self.g3),
            0x00: struct.pack("<b", self.heat_val),
            0x02: bytes((self.heat_range << 4,)),
        }

    def t_fine(self, adc: int) -> float:
        """The temperature as the other formulas take it: 5120 a degree."""
        x = adc / 16384 - self.t1 / 1024
        return x * self.t2 + (x / 8) ** 2 * self.t3 * 16

    def temperature_c(self, adc: int) -> float:
        """From a 20-bit count."""
        return self.t_fine(adc) / 5120

    def pressure_pa(self, adc: int, t_fine: float) -> float:
        """From a 20-bit count."""
        x = t_fine / 2 - 64000
        offset = (x * x * self.p6 / 131072 + x * self.p5 * 2) / 4 + self.p4 * 65536
        slope = (1 + (self.p3 * x * x / 16384 + self.p2 * x) / 524288 / 32768) * self.p1
        pressure = (1048576 - adc - offset / 4096) * 6250 / slope
        bent = self.p9 * pressure**2 / 2**31 + pressure * self.p8 / 32768 + (pressure / 256) ** 3 * self.p10 / 131072
        return pressure + (bent + self.p7 * 128) / 16

    def humidity_rh(self, adc: int, t_fine: float) -> float:
        """From a 16-bit count; not yet held within 0..100."""
        t_c = t_fine / 5120
        x = adc - (self.h1 * 16 + self.h3 / 2 * t_c)
        linear = x * self.h2 / 262144 * (1 + self.h4 / 16384 * t_c + self.h5 / 1048576 * t_c * t_c)
        return linear + (self.h6 / 16384 + self.h7 / 2097152 * t_c) * linear * linear

    def heat_code(self, target_c: float, ambient_c: float) -> float:
        """The heater's target as `res_heat_x` takes it, before it is cut to a whole number (section 3.3.5)."""
        cold = self.g1 / 16 + 49
        hot = cold * (1 + (self.g2 / 32768 * 0.0005 + 0.00235) * target_c) + self.g3 / 1024 * ambient_c
        return 3.4 * (hot * 4 / (4 + self.heat_range) / (1 + self.heat_val * 0.002) - 25)

    def heater_c(self, code: float, ambient_c: float) -> float:
        """The temperature that a code stands for: the inverse of `heat_code`."""
        none, one = self.heat_code(0.0, ambient_c), self.heat_code(1.0, ambient_c)
        return (code - none) / (one - none)


def gas_ohm(adc: int, gas_range: int) -> float:
    """From a 10-bit count and its range (section 3.4.1)."""
    return 1e6 * (262144 >> gas_range) / (4096 + 3 * (adc - 512))


def gas_code(ohm: float) -> tuple[int, int]:
    """(count, range) of the lowest range in which the resistance is, held at the ends of all ranges."""
    for gas_range in range(16):
        adc = round((1e6 * (262144 >> gas_range) / max(ohm, 1.0) - 4096) / 3 + 512)
        if adc <= 1023:
            return max(adc, 0), gas_range
    return 1023, 15


def count_of(value: float, formula: Callable[[int], float], bits: int) -> int:
    """The count at which a rising or falling formula comes nearest to a value."""
    low, high = 0, (1 << bits) - 1
    rising = formula(high) > formula(low)
    while high - low > 1:
        middle = (low + high) // 2
        if (formula(middle) < value) == rising:
            low = middle
        else:
            high = middle
    return min(low, high, key=lambda count: abs(formula(count) - value))
