"""Metal-oxide sensors in dividers behind a 16-way multiplexer (CD74HC4067, TI SCHS209), read as ratios to the rail."""

from enose_contract import normalise
from enose_contract.messages import (
    COMPENSATED,
    COMPENSATION_NONE,
    REASON_REFERENCE,
    REASON_SATURATED,
    REASON_SENSOR,
    UNCOMPENSATED,
)

FULL_COUNT = 32768
END_COUNTS = 4  # nearer to an end is open or short: the converter's noise is 0.4 counts rms
COARSE_COUNTS = 64  # nearer to an end, one count is more than 1.5 % of the resistance
ENOUGH_CODES = 24  # at 0.4 counts rms some four in five are alike at one resistance, and there are several
RAIL_PERCENT = 5  # the regulator's own tolerance and the divider's; a reference further out than that is seen


class SensorArray:
    """Reads sensor resistances in whole ohm."""

    def __init__(self, adc, select_pins, configuration) -> None:
        """configuration: the whole of board.json."""
        self._adc = adc
        self._pins = select_pins
        adc_part = configuration["adc"]
        self._sensor_channel = adc_part["sensor_channel"]
        self._rail_channel = adc_part["rail_channel"]
        self._range_uv = adc_part["sensor_range_uv"]
        self._load_ohm = configuration["sensors"]["load_ohm"]
        self._settle_ms = -(-configuration["mux"]["settle_us"] // 1000)
        self._wanted_count = configuration["sensors"]["rail_uv"] * FULL_COUNT // self._range_uv
        self._sensors = configuration["sensors"]
        self.climate = None  # what knows the air that resistances are brought to reference air from
        self.compensation = COMPENSATION_NONE
        self._temperature_mc = self._humidity_mrh = 0
        self.rail_count = 0
        self.forget_codes()

    def forget_codes(self) -> None:
        """Begin to look at the codes of the converter anew."""
        self._codes = 0
        self._low_bits = 0

    def codes_missing(self) -> bool:
        """Whether the converter's lowest bit was the same in all of very many readings: its noise alone would do."""
        return self._codes >= ENOUGH_CODES and self._low_bits != 3

    def begin(self) -> None:
        """A new measurement: the air is taken for what it is now, or its baseline would be that of another air."""
        self.forget_codes()
        climate = self.climate
        if climate is not None:
            self.compensation = COMPENSATED if climate.known else UNCOMPENSATED
            self._temperature_mc, self._humidity_mrh = climate.temperature_mc, climate.humidity_mrh

    def scan(self, positions, ohms):
        """A task yielding the ms to wait: reads the sensors at `positions` into `ohms`.

        Compensated ones are those of reference air. In place of a resistance that cannot be told stands minus the
        reason: REASON_SENSOR (open or short), REASON_SATURATED, and REASON_REFERENCE for all of them where the rail
        reads wrong.
        """
        adc = self._adc
        adc.start(self._rail_channel, self._range_uv)
        yield adc.conversion_ms
        self.rail_count = adc.read()
        for k in range(len(positions)):
            adc.take()  # nobody is to select another sensor while this one settles
            self._select(positions[k])
            if self._settle_ms:
                yield self._settle_ms
            adc.start(self._sensor_channel, self._range_uv)
            yield adc.conversion_ms
            count = adc.read()
            self._codes += 1
            self._low_bits |= 1 << (count & 1)
            ohms[k] = self._at_reference(positions[k], self._ohm(count))

    def rail_good(self) -> bool:
        """Whether the rail, as it was read last, is what it should be: the converter's reference has not drifted."""
        return abs(self.rail_count - self._wanted_count) * 100 <= self._wanted_count * RAIL_PERCENT

    def step_ohm(self, ohm: int) -> int:
        """What one count of the converter changes at this resistance, rounded up."""
        return (ohm + self._load_ohm) ** 2 // (self._load_ohm * max(self.rail_count, 1)) + 1

    def _at_reference(self, position: int, ohm: int) -> int:
        if self.compensation != COMPENSATED or ohm < 0:
            return ohm
        per_c, per_rh = self._sensors["ppm_per_c"][position], self._sensors["ppm_per_rh"][position]
        return normalise.at_reference_ohm(ohm, self._temperature_mc, self._humidity_mrh, per_c, per_rh)

    def _ohm(self, count: int) -> int:
        if not self.rail_good():
            return -REASON_REFERENCE
        from_end = min(count, self.rail_count - count)
        if from_end < END_COUNTS:
            return -REASON_SENSOR
        if from_end < COARSE_COUNTS:
            return -REASON_SATURATED
        return normalise.resistance_ohm(count, self.rail_count, self._load_ohm) or -REASON_SATURATED

    def _select(self, position: int) -> None:
        for bit in range(len(self._pins)):
            self._pins[bit].value(position >> bit & 1)
