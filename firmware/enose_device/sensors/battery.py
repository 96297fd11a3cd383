"""A lithium cell behind a divider on the microcontroller's ADC (RP2040 data sheet, section 4.9: 12 bits over 3.3 V)."""

READINGS = 8  # the mean of these: the ADC's own noise is about one code
FULL_SCALE_UV = 3300000
GOOD, LOW, EMPTY = 0, 1, 2


class Battery:
    """The cell's voltage, what is left, and a state that does not flicker."""

    def __init__(self, adc, facts) -> None:
        """adc: with read_u16.

        facts: divider_ppm (cell to pin, 2000000 for two equal resistors), low_uv and empty_uv (below them the state is
        LOW and EMPTY), hysteresis_uv, curve_uv: the resting voltages at 0, 10, ... 100 %. Raises ValueError for a curve
        that does not rise in ten steps.
        """
        self._adc = adc
        self._divider_ppm = facts["divider_ppm"]
        self._low_uv = facts["low_uv"]
        self._empty_uv = facts["empty_uv"]
        self._hysteresis_uv = facts["hysteresis_uv"]
        self._curve_uv = curve_uv = facts["curve_uv"]
        if len(curve_uv) != 11 or any([curve_uv[k] >= curve_uv[k + 1] for k in range(len(curve_uv) - 1)]):
            raise ValueError("battery curve_uv: 11 voltages, each above the one before")
        self.state = GOOD

    def read_uv(self) -> int:
        """The cell's voltage now; brings `state` up to date."""
        total = 0
        for _ in range(READINGS):
            total += self._adc.read_u16()
        cell_uv = total * (FULL_SCALE_UV // 1000) // (READINGS * 65535) * self._divider_ppm // 1000
        self._judge(cell_uv)
        return cell_uv

    def left_percent(self, cell_uv: int) -> int:
        """What is left at a resting voltage, 0..100, between the points of the curve on straight lines."""
        curve_uv = self._curve_uv
        if cell_uv <= curve_uv[0]:
            return 0
        for k in range(10):
            if cell_uv < curve_uv[k + 1]:
                return 10 * k + 10 * (cell_uv - curve_uv[k]) // (curve_uv[k + 1] - curve_uv[k])
        return 100

    def _judge(self, cell_uv: int) -> None:
        """Worse at once, better only beyond the hysteresis: a cell recovers when its load is taken off."""
        empty_uv = self._empty_uv + (self._hysteresis_uv if self.state == EMPTY else 0)
        low_uv = self._low_uv + (self._hysteresis_uv if self.state != GOOD else 0)
        self.state = EMPTY if cell_uv < empty_uv else LOW if cell_uv < low_uv else GOOD
