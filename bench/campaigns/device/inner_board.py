"""A board around the firmware in its own interpreter: hwsim's converters, and a chip that writes down what it is given.

The spy judges nothing: it keeps the extremes of every code and voltage, and the campaign compares them with the limits
in the board's and the chip's files.
"""

import sys


class _Named:
    """What hwsim's parts import for their annotations only, which MicroPython does not evaluate."""

    Callable = None


sys.modules["collections.abc"] = sys.modules["numpy"] = _Named

from enose_hwsim.board.parts.ad5676r import READBACK, Ad5676rPart  # noqa: E402
from enose_hwsim.board.parts.ads1115 import Ads1115Part  # noqa: E402

AMBIENT_C = 25.0
ADC_FULL_V = 3.3
CLEAN_OHM = 30000.0
ODOUR_RATIO = (0.9, 0.7, 0.5, 0.3)  # of the clean-air resistance, by sensor position
OUTPUT_V = 0.86
FIRST_COMMAND_WITH_CODE, LAST_COMMAND_WITH_CODE = 1, 3


class Extremes:
    """Lowest, highest and number of the values that were seen, by key."""

    def __init__(self) -> None:
        self.seen = {}

    def add(self, key: str, value) -> None:
        """One more value."""
        if key in self.seen:
            low, high, count = self.seen[key]
            self.seen[key] = (min(low, value), max(high, value), count + 1)
        else:
            self.seen[key] = (value, value, 1)


class Quiet:
    """A source of randomness without any: the same conversion every time."""

    def normal(self, mean, sigma):
        """The mean."""
        return mean


class InnerBoard:
    """Pins, DAC, ADC and chip of a board with held weights, just powered up."""

    def __init__(self, configuration, spy: Extremes) -> None:
        """configuration: board.json; spy: what outlives a power-up."""
        self._facts = configuration
        self._spy = spy
        dac = configuration["dac"]
        self._inputs = dac["input_channels"]
        self._weight_channel = dac["weight_channel"]
        self.dac = Ad5676rPart(dac["full_scale_uv"] * 1e-6 / dac["gain"], self._dac_changed)
        self.adc = Ads1115Part(self._adc_input_v, Quiet())
        self.adc_address = configuration["adc"]["address"]
        self._levels = {}
        self._address_pins = configuration["weights"]["address_pins"]
        self._weight_codes = [0] * configuration["chip"]["weights"]
        self._strobe_pin = configuration["weights"]["strobe_pin"]
        self._switch_pin = configuration["switch_pin"]
        self._select_pin = dac["select_pin"]

    def weight_codes(self):
        """The code that each capacitor was given last."""
        return list(self._weight_codes)

    def let_go(self) -> None:
        """The microcontroller is reset: a resistor holds the converter's select pin high and every other one low."""
        for pin, level in list(self._levels.items()):
            if level and pin != self._select_pin:
                self.pin_write(pin, 0)
        self.pin_write(self._select_pin, 1)

    def pin_write(self, pin: int, level: int) -> None:
        """An output pin changes."""
        if pin in self._address_pins and self._levels.get(self._strobe_pin):
            self._spy.add("address changed under the strobe", pin)
        self._levels[pin] = level
        if pin == self._select_pin:
            self.dac.select(level)
        elif level and pin == self._strobe_pin:
            self._strobed()
        elif level and pin == self._switch_pin:
            for channel in self._inputs:
                self._driven(channel)

    def pin_read(self, pin: int) -> int:
        """The level at a pin; the lines of a bus, which nothing drives, are pulled up."""
        return self._levels.get(pin, 1)

    def spi(self, data) -> bytes:
        """A transfer to the DAC."""
        command = data[0] >> 4
        if FIRST_COMMAND_WITH_CODE <= command <= LAST_COMMAND_WITH_CODE:
            self._spy.add(f"code {data[0] & 0x7}", data[1] << 8 | data[2])
        elif command != READBACK:
            self._spy.add(f"command {command}", data[1] << 8 | data[2])
        return self.dac.transfer(bytes(data), 0.0)

    def mcu_adc(self, channel: int) -> int:
        """A conversion of the microcontroller: the chip's supply, or its own temperature."""
        facts = self._facts
        if channel == facts["supply"]["pin"]:
            volts = facts["supply"]["nominal_uv"] / facts["supply"]["divider_ppm"]
        else:
            volts = 0.706 - (AMBIENT_C - 27.0) * 0.001721  # RP2040 data sheet, section 4.9.5
        return round(volts / ADC_FULL_V * 65535)

    def _dac_changed(self, channel: int, volts: float, t_s: float) -> None:
        if channel in self._inputs and self._levels.get(self._switch_pin):
            self._driven(channel)
        elif channel == self._weight_channel and self._levels.get(self._strobe_pin):
            self._strobed()

    def _driven(self, channel: int) -> None:
        self._spy.add("input_v", self.dac.voltage_v(channel))

    def _strobed(self) -> None:
        address = 0
        for bit in range(len(self._address_pins)):
            address |= self._levels.get(self._address_pins[bit], 0) << bit
        if address < len(self._weight_codes):
            self._weight_codes[address] = self.dac.codes[self._weight_channel]
            self._spy.add("weight_v", self.dac.voltage_v(self._weight_channel))

    def _adc_input_v(self, channel: int, t_s: float) -> float:
        facts = self._facts
        rail_v = facts["sensors"]["rail_uv"] * 1e-6
        if channel == facts["adc"]["rail_channel"]:
            return rail_v
        if channel == facts["adc"].get("dac_channel"):
            return self.dac.voltage_v(self._inputs[0])
        if channel in facts["adc"]["output_channels"]:
            return OUTPUT_V
        position = sum([self._levels.get(pin, 0) << bit for bit, pin in enumerate(facts["mux"]["select_pins"])])
        ratio = ODOUR_RATIO[position % len(ODOUR_RATIO)] if self._levels.get(facts["valve_pin"]) else 1.0
        load_ohm = facts["sensors"]["load_ohm"]
        return rail_v * load_ohm / (CLEAN_OHM * ratio + load_ohm)
