"""Metal-oxide sensors in dividers behind a 16-way multiplexer (CD74HC4067, TI SCHS209), read as ratios to the rail."""

from enose_contract import normalise


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
        self.rail_count = 0

    def scan(self, positions, ohms):
        """A task yielding the ms to wait: reads the sensors at `positions` into `ohms`, -1 for an open or short one."""
        adc = self._adc
        adc.start(self._rail_channel, self._range_uv)
        yield adc.conversion_ms
        self.rail_count = adc.read()
        for k in range(len(positions)):
            self._select(positions[k])
            if self._settle_ms:
                yield self._settle_ms
            adc.start(self._sensor_channel, self._range_uv)
            yield adc.conversion_ms
            try:
                ohms[k] = normalise.resistance_ohm(adc.read(), self.rail_count, self._load_ohm)
            except ValueError:
                ohms[k] = -1  # the divider is at its end; the caller answers for it

    def _select(self, position: int) -> None:
        for bit in range(len(self._pins)):
            self._pins[bit].value(position >> bit & 1)
