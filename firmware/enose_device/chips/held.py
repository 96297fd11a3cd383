"""A chip with capacitor weights behind one DAC, an address bus and a write strobe (mlp441).

Weights are written in Gray-code order, so that one address line changes at a time and no other cell is ever addressed
in passing.
"""

from time import sleep_ms, sleep_us

from enose_contract.messages import FAULT_READBACK
from enose_device.converters.ads1115 import FULL_COUNT
from enose_device.safety import FaultError


class HeldWeightChip:
    """Writes weights, drives inputs through the analog switch and reads the output."""

    def __init__(self, dac, adc, pins, configuration) -> None:
        """pins: dict of `address` (list), `strobe` and `switch`; configuration: the whole of board.json."""
        chip = configuration["chip"]
        self._dac = dac
        self._adc = adc
        self._address = pins["address"]
        self._strobe = pins["strobe"]
        self._switch = pins["switch"]
        self._acquire_us = configuration["weights"]["acquire_us"]
        self._inputs = configuration["dac"]["input_channels"]
        self._weight_channel = configuration["dac"]["weight_channel"]
        self._output_channels = configuration["adc"]["output_channels"]
        self._output_range_uv = configuration["adc"]["output_range_uv"]
        self._sense_channel = configuration["adc"].get("dac_channel", -1)
        # Whether, since the inputs were driven, the DAC has reset itself or the weights were given up.
        self.disturbed = False
        self._settle_ms = -(-chip["settle_us"] // 1000) + 1  # up, and one for the granularity of the clock
        self.weight_count = chip["weights"]
        self._order = _gray_order(self.weight_count)
        self.codes = [0] * self.weight_count
        self._held_address = 0
        for channel in self._inputs:
            dac.allow(channel, chip["input_min_uv"], chip["input_max_uv"])
        self._weight_min_uv, self._weight_max_uv = chip["weight_min_uv"], chip["weight_max_uv"]
        dac.allow(self._weight_channel, self._weight_min_uv, self._weight_max_uv)
        self._rest_code = dac.code(self._inputs[0], chip["no_field_uv"])  # here: it needs memory, and rest() has none
        self._begin = self.begin  # bound once: each binding takes memory

    def begin(self) -> None:
        """Everything at rest: switch open, no strobe, address zero, inputs at the no-field code."""
        self._switch.off()
        self._strobe.off()
        for pin in self._address:
            pin.off()
        self._held_address = 0
        self._dac.begin()
        self.rest()

    def rest(self) -> None:
        """Switch open and inputs at the no-field code."""
        self._switch.off()
        self._strobe.off()
        for channel in self._inputs:
            self._dac.write(channel, self._rest_code)

    def look_at_dac(self) -> None:
        """Set a DAC up anew that has reset itself. Raises FaultError(FAULT_READBACK) for any other difference."""
        if self._dac.renewed(self._begin):
            self.disturbed = True

    def look_at_level(self) -> None:
        """Measure the DAC's first output, for neither gain nor reference can be read back; waits for the ADC.

        Raises FaultError(FAULT_READBACK) where it is a quarter off, but for a DAC that has reset itself: that is set up
        anew. An ADC that has drifted shows in the rail.
        """
        if self._sense_channel >= 0:
            self._adc.start(self._sense_channel, self._output_range_uv)
            sleep_ms(self._adc.conversion_ms)
            written_uv = self._dac.written_uv(self._inputs[0])
            if 4 * abs(self._adc.read() * self._output_range_uv // FULL_COUNT - written_uv) > written_uv:
                if not self._dac.renewed(self._begin):
                    raise FaultError(FAULT_READBACK)
                self.disturbed = True

    def accepts(self, weight: int) -> bool:
        """Whether a capacitor may hold this many microvolts."""
        return self._weight_min_uv <= weight <= self._weight_max_uv

    def check_stages(self, weights) -> None:
        """Nothing to refuse: no weights in range do a capacitor or a neuron harm."""

    def levels_read_back(self) -> bool:
        """No channel of the DAC beside inputs and weights."""
        return True

    def reads_no_current(self) -> bool:
        """No weight is read."""
        return True

    def load(self, weights_uv) -> None:
        """Take the weights as codes; write_weights puts them on the chip."""
        for k in range(self.weight_count):
            self.codes[k] = self._dac.code(self._weight_channel, weights_uv[k])

    def write_weights(self) -> None:
        """Write every weight once, after a look at the DAC; allocates nothing."""
        if not self._dac.next_holds():
            self.look_at_dac()
        dac = self._dac
        channel = self._weight_channel
        codes = self.codes
        strobe = self._strobe
        acquire_us = self._acquire_us
        for k in self._order:
            self.point(k)
            dac.write(channel, codes[k])
            strobe.on()
            sleep_us(acquire_us)
            strobe.off()

    def point(self, k: int) -> None:
        """Address weight k."""
        changed = k ^ self._held_address
        bit = 0
        while changed:
            if changed & 1:
                self._address[bit].value(k >> bit & 1)
            changed >>= 1
            bit += 1
        self._held_address = k

    def drive(self, inputs_uv) -> None:
        """Put one sample on the inputs and close the switch. Raises FaultError(FAULT_READBACK)."""
        dac = self._dac
        self.disturbed = False
        for k in range(len(self._inputs)):
            channel = self._inputs[k]
            dac.write(channel, dac.code(channel, inputs_uv[k]))
        self.look_at_level()
        self.look_at_dac()
        self._switch.on()

    def read_output(self, readings: int):
        """A task: waits for settling, returns the mean of `readings` conversions of each output in uV.

        Raises FaultError(FAULT_READBACK) where the inputs were not as they should be.
        """
        yield self._settle_ms
        means_uv = yield from self._adc.mean_uv(self._output_channels, self._output_range_uv, readings)
        self.look_at_dac()
        return means_uv


def _gray_order(count: int) -> bytes:
    """The addresses below count in Gray-code order (neighbours differ in one bit where count is a power of two)."""
    k = 0
    order = bytearray(count)
    found = 0
    while found < count:
        address = k ^ k >> 1
        if address < count:
            order[found] = address
            found += 1
        k += 1
    return bytes(order)
