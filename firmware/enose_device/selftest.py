"""What the device finds out about itself: supply, temperature, and whether its converters and its store work."""

from time import sleep_ms

from enose_contract import messages
from enose_device.safety import FaultError

CONVERTERS = 0b000111  # of messages.CHECKS


class SelfTest:
    """Measures the board that the firmware runs on."""

    def __init__(self, parts, dac, sensors, chip, store, safety, configuration) -> None:
        """parts: with `supply`, of the microcontroller's ADC, and `temperature`, whose call gives mC."""
        self._supply = parts["supply"]
        self._temperature = parts["temperature"]
        self._dac = dac
        self._sensors = sensors
        self._chip = chip
        self._store = store
        self._safety = safety
        self._configuration = configuration

    def run(self, converters_free: bool):
        """(run, passed, supply_uv, rail_count, temperature_mc), bits as in messages.CHECKS."""
        supply_uv = self.supply_uv()
        temperature_mc = self.temperature_mc()
        run = 0b111111
        passed = 0
        if converters_free:
            passed = self._test_converters()
        else:
            run &= ~CONVERTERS
        if self.supply_good(supply_uv):
            passed |= 8
        if self._store.works():
            passed |= 16
        if -40_000 < temperature_mc < 125_000:
            passed |= 32
        return run, passed, supply_uv, max(self._sensors.rail_count, 0), temperature_mc

    def supply_uv(self) -> int:
        """The chip's supply, through the divider, on the microcontroller's ADC (full scale 3.3 V)."""
        return self._supply.read_u16() * 3_300 // 65535 * self._configuration["supply"]["divider_ppm"] // 1000

    def supply_good(self, supply_uv: int) -> bool:
        """Whether the chip can work with it."""
        facts = self._configuration["supply"]
        return abs(supply_uv - facts["nominal_uv"]) <= facts["tolerance_uv"]

    def temperature_mc(self) -> int:
        """The microcontroller's temperature and the margin for the chip."""
        return self._temperature() + self._configuration["temperature"]["margin_mc"]

    def _test_converters(self) -> int:
        """The self-test's first three bits; the DAC's input channel is at rest before and after."""
        passed = 0
        configuration = self._configuration
        channel = configuration["dac"]["input_channels"][0]
        code = self._dac.code(channel, configuration["chip"]["no_field_uv"])
        self._dac.write(channel, code)
        if self._dac.read_back(channel) == code and self._chip.levels_read_back():
            passed |= 1
        else:
            self._safety.trip(messages.FAULT_READBACK)
        try:
            for wait_ms in self._sensors.scan(b"", b""):
                sleep_ms(wait_ms)
            if self._chip.reads_no_current():
                passed |= 2
        except FaultError as fault:
            self._safety.trip(fault.fault)
        if self._sensors.rail_good():
            passed |= 4
        return passed
