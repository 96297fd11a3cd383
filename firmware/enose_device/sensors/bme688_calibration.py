"""BME688's compensation in integers (Bosch BST-BME688-DS000, rev. 1.0; formulas as in BME68x_SensorAPI).

Each formula of the data sheet is brought over one denominator and divided once, so that nothing is lost on the way. The
products have up to 90 bits: Python's integers take them.
"""

import struct

FIRST, FIRST_COUNT = 0x8A, 23  # registers of the three blocks
SECOND, SECOND_COUNT = 0xE1, 14
THIRD, THIRD_COUNT = 0x00, 5


class Calibration:
    """One part's coefficients. `t_fine` is the temperature as the other formulas take it: 5120 a degree."""

    def __init__(self, first, second, third) -> None:
        """The three blocks as they were read."""
        self._t2, self._t3 = struct.unpack_from("<hb", first, 0)
        self._p1, self._p2, self._p3 = struct.unpack_from("<Hhb", first, 4)
        self._p4, self._p5, self._p7, self._p6 = struct.unpack_from("<hhbb", first, 10)
        self._p8, self._p9, self._p10 = struct.unpack_from("<hhB", first, 18)
        self._h2 = second[0] << 4 | second[1] >> 4
        self._h1 = second[2] << 4 | second[1] & 0x0F
        self._h3, self._h4, self._h5, self._h6, self._h7 = struct.unpack_from("<bbbBb", second, 3)
        (self._t1,) = struct.unpack_from("<H", second, 8)
        self._g2, self._g1, self._g3 = struct.unpack_from("<hbb", second, 10)
        (self._heat_val,) = struct.unpack_from("<b", third, 0)
        self._heat_range = third[2] >> 4 & 0x3

    def t_fine(self, count: int) -> int:
        """From the temperature's 20-bit count."""
        x = count - 16 * self._t1  # x / 2**14 * t2 + (x / 2**17)**2 * 16 * t3
        return x * ((self._t2 << 16) + x * self._t3) >> 30

    def pressure_pa(self, count: int, t_fine: int) -> int:
        """From the pressure's 20-bit count; 0 before the coefficients are read."""
        x = t_fine - 128000
        above = ((1048576 - count) << 33) - x * (x * self._p6 + (self._p5 << 19)) - (self._p4 << 37)  # 2**-33
        below = self._p1 * ((1 << 50) + x * (x * self._p3 + (self._p2 << 15)))  # 2**-50
        if below <= 0:
            return 0
        p = (above * 6250 << 25) // below  # 2**-8 Pa
        bent = p * ((self._p8 << 42) + p * ((self._p9 << 18) + p * self._p10)) + (self._p7 << 72)  # 2**-69 Pa
        return p + (bent >> 61) >> 8

    def humidity_mrh(self, count: int, t_fine: int) -> int:
        """From the humidity's 16-bit count, in 0.001 % and within 0..100000."""
        x = (count - 16 * self._h1) * 10240 - self._h3 * t_fine  # 1/10240
        bend = (25 << 40) + (self._h4 * t_fine * 5 << 16) + self._h5 * t_fine * t_fine  # 1/(25 * 2**40)
        linear = x * self._h2 * bend // (125 << 53)  # 2**-16 %
        square = (self._h6 * 655360 + self._h7 * t_fine) * linear * linear // (5 << 47)  # 2**-16 %
        return min(max((linear + square) * 1000 >> 16, 0), 100000)

    def heat_code(self, target_c: int, ambient_c: int) -> int:
        """What res_heat_x takes for a target temperature, 0..255."""
        hot = (self._g1 + 784) * (327680000 + (5 * self._g2 + 770048) * target_c) + self._g3 * ambient_c * 5120000
        code = 34 * hot // (26214400 * (4 + self._heat_range) * (500 + self._heat_val)) - 85
        return min(max(code, 0), 255)


def gas_ohm(count: int, gas_range: int) -> int:
    """From the gas resistance's 10-bit count and its range."""
    return 1000000 * (262144 >> gas_range) // (4096 + 3 * (count - 512))
