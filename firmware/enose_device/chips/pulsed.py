"""A chip of memristors (memristor542): each is programmed by pulses and read back, and keeps what it was given.

One end of every device lies on a line: an input, a hidden neuron's output or the bias. At rest the line switch holds
all lines at the read amplifier's summing node, which is at the common node's voltage. The other end goes through three
switches of a chain: to its adder's plus input, to its minus input, and to the bus that pulses and reads.
"""

from time import sleep_ms

from enose_contract import pulses, stages
from enose_contract.messages import FAULT_RANGE, FAULT_READBACK
from enose_device.converters.ad5676r import BITS
from enose_device.converters.ads1115 import DIFFERENCE, FULL_COUNT
from enose_device.safety import FaultError

PLUS, MINUS, BUS, SWITCHES = 0, 1, 2, 3  # of device k: switches 3 k, 3 k + 1, 3 k + 2
TRIES = 3  # for a device, where the DAC resets itself
NO_CODE = -1  # of a channel that the chip has nothing to do with


class PulsedChip:
    """Programs devices one at a time, drives inputs and reads outputs."""

    def __init__(self, dac, adc, read_adc, chain, generator, switch, configuration) -> None:
        """adc reads the outputs, read_adc the read amplifier; configuration: the whole of board.json."""
        chip = configuration["chip"]
        self._configuration = configuration
        self._dac = dac
        self._adc = adc
        self._read_adc = read_adc
        self._chain = chain
        self._generator = generator
        self._switch = switch
        self._inputs = configuration["dac"]["input_channels"]
        self._pulse_channel = configuration["dac"]["pulse_channel"]
        self._read_channel = configuration["dac"]["read_channel"]
        self._sense_channel = configuration["read"].get("dac_channel", -1)
        self._output_channels = configuration["adc"]["output_channels"]
        self._output_range_uv = configuration["adc"]["output_range_uv"]
        self._settle_ms = -(-chip["settle_us"] // 1000) + 1  # up, and one for the granularity of the clock
        self.weight_count = chip["weights"]
        self._min_ohm, self._max_ohm = chip["min_ohm"], chip["max_ohm"]
        self._targets = [0] * self.weight_count  # signed ohm, 0 with the switches open
        self.state = pulses.DONE  # of the device that was written last, and what it reads
        self.ohm = 0
        self._rest_codes = [NO_CODE] * 8  # by DAC channel; here, for rest() has no memory
        self.disturbed = False  # whether the DAC has reset itself since the inputs were driven

    def begin(self) -> None:
        """Everything at rest, and ready for use.

        Raises FaultError(FAULT_RANGE) where reads could write, or where the configuration asks for what the converters,
        the pulses or the devices cannot do: nothing is ever read or pulsed then.
        """
        self._switch.off()
        self._chain.open_all()
        self._dac.begin()
        try:
            self._allow_rest()
            self.rest()
            self._plan_reading()
            self._plan_writing()
        except (ValueError, ZeroDivisionError):  # ranges that are none, and a tolerance of nothing
            raise FaultError(FAULT_RANGE)

    def _allow_rest(self) -> None:
        """No level but those of rest, so that a configuration that is refused later leaves every output at its own."""
        chip = self._configuration["chip"]
        common_uv, no_field_uv = self._configuration["pulses"]["common_uv"], chip["no_field_uv"]
        step_uv = (self._dac.full_scale_uv >> BITS) + 1
        low_uv = max(no_field_uv - step_uv, chip["input_min_uv"])
        high_uv = min(no_field_uv + step_uv, chip["input_max_uv"])
        for channel in self._inputs:
            self._allow(channel, low_uv, high_uv, no_field_uv)
        for channel in (self._pulse_channel, self._read_channel):
            self._allow(channel, common_uv - step_uv, common_uv + step_uv, common_uv)
        for channel in self._inputs:
            self._allow(channel, chip["input_min_uv"], chip["input_max_uv"], no_field_uv)

    def _allow(self, channel: int, low_uv: int, high_uv: int, rest_uv: int) -> None:
        self._dac.allow(channel, low_uv, high_uv)
        self._rest_codes[channel] = self._dac.code(channel, rest_uv)

    def _plan_reading(self) -> None:
        read, chip = self._configuration["read"], self._configuration["chip"]
        common_uv, read_uv = self._configuration["pulses"]["common_uv"], read["read_uv"]
        pulses.check_read(read_uv, chip["threshold_uv"])
        self._allow(self._read_channel, common_uv - read_uv, common_uv + read_uv, common_uv)
        self._read_codes = (
            self._dac.code(self._read_channel, common_uv + read_uv),
            self._dac.code(self._read_channel, common_uv - read_uv),
        )
        self._read_range_uv = read["range_uv"]
        # in counts, the difference of two conversions a pair over the same difference at 1 ohm
        self._count_ohm = 2 * read_uv * read["sense_ohm"] / self._read_range_uv * FULL_COUNT
        noise = read["noise_ppm"] * 1e-6
        self._tolerance = chip["tolerance_ppm"] * 1e-6
        self._pairs = -(-pulses.reads_needed(noise, self._tolerance) // 2)
        self._noise = noise / (2 * self._pairs) ** 0.5

    def _plan_writing(self) -> None:
        chip, limits = self._configuration["chip"], self._configuration["pulses"]
        self._law = pulses.Law(
            chip["k_per_s"], chip["r_on_mohm"] * 1e-3, chip["r_off_mohm"] * 1e-3, chip["m"],
            chip["threshold_uv"] * 1e-6, limits["min_uv"] * 1e-6, limits["max_uv"] * 1e-6,
            limits["min_on_us"], limits["max_on_us"],
        )  # fmt: skip
        self._generator.begin()

    def rest(self) -> None:
        """Lines at the common node, every switch of the chain open, no level that a pulse or a read could put there."""
        self._switch.off()
        self._chain.open_all()
        codes = self._rest_codes
        for channel in range(len(codes)):
            if codes[channel] != NO_CODE:
                self._dac.write(channel, codes[channel])

    def look_at_dac(self) -> None:
        """Set a DAC up anew that has reset itself. Raises FaultError(FAULT_READBACK) for any other difference."""
        if self._dac.renewed(self.begin):
            self.disturbed = True

    def look_at_level(self) -> None:
        """Measure the DAC's first output with the read ADC, for neither gain nor reference can be read back; waits.

        Never in the middle of a reading. Raises FaultError(FAULT_READBACK) where it is a quarter off, but for a DAC
        that has reset itself: that is set up anew.
        """
        adc = self._read_adc
        if self._sense_channel >= 0:
            adc.start(self._sense_channel, self._output_range_uv)
            sleep_ms(adc.conversion_ms)
            written_uv = self._dac.written_uv(self._inputs[0])
            if 4 * abs(adc.read() * self._output_range_uv // FULL_COUNT - written_uv) > written_uv:
                if not self._dac.renewed(self.begin):
                    raise FaultError(FAULT_READBACK)
                self.disturbed = True

    def accepts(self, weight: int) -> bool:
        """Whether a device can be programmed to this signed memristance; 0 is its switches open."""
        return weight == 0 or self._min_ohm <= abs(weight) <= self._max_ohm

    def check_stages(self, weights) -> None:
        """Raise ImageError(E_STAGE) for weights that could drive a device to its threshold in inference."""
        adders = self._configuration["adders"]
        stages.check_stages(weights, adders["feedback_mohm"], adders["bias_uv"], adders["layers"])

    def levels_read_back(self) -> bool:
        """Whether the DAC's registers hold the resting levels of pulses and reads, which are written here anew."""
        for channel in (self._pulse_channel, self._read_channel):
            self._dac.write(channel, self._rest_codes[channel])
            if self._dac.read_back(channel) != self._rest_codes[channel]:
                return False
        return True

    def reads_no_current(self) -> bool:
        """Whether one conversion at the read level, every switch open, shows no device; waits for it.

        Raises FaultError(FAULT_BUS) where the read ADC does not answer.
        """
        self._chain.open_all()
        self._dac.write(self._read_channel, self._read_codes[0])
        try:
            self._read_adc.start(0, self._read_range_uv, DIFFERENCE)
            sleep_ms(self._read_adc.conversion_ms)
            count = self._read_adc.read()
        finally:
            self._dac.write(self._read_channel, self._rest_codes[self._read_channel])
        return 4 * self._max_ohm * abs(count) < self._count_ohm  # half of what the largest memristance would show

    def load(self, weights) -> None:
        """Take the weights as targets; `write` brings each device to its own."""
        for k in range(self.weight_count):
            self._targets[k] = weights[k]

    def write(self, k: int):
        """A task yielding the ms to wait: programs device k; then `state` is DONE or GAVE_UP, `ohm` what it reads.

        The DAC is looked at after each reading, and so before each pulse. Raises FaultError(FAULT_READBACK) where it is
        not as it should be, or resets itself again and again.
        """
        self.state = pulses.DONE
        target = abs(self._targets[k])
        if not target:
            return
        tries = 1
        run = self._begin_at(k, target)
        while True:
            ohm = yield from self._read()
            self.look_at_dac()
            self.look_at_level()
            if self.disturbed:  # the DAC has reset itself: what was read says nothing
                if tries == TRIES:
                    raise FaultError(FAULT_READBACK)
                tries += 1
                run = self._begin_at(k, target)
                continue
            v, on_us = run.step(ohm)
            if not on_us:
                break
            self._generator.give(round(v * 1e6), on_us)
        self._chain.open_all()
        self.state = run.state
        self.ohm = round(ohm)

    def _begin_at(self, k: int, target: int):
        """Connect device k, where the DAC is as it should be; what programs it to target ohm."""
        self.look_at_dac()
        self.look_at_level()
        self.disturbed = False
        self._connect(k)
        return pulses.WriteVerify(self._law, target, self._tolerance, self._noise, pulses.Scalars)

    def _connect(self, k: int) -> None:
        """Device k alone on the bus."""
        self._chain.forget()
        self._chain.plan(SWITCHES * k + BUS)
        self._chain.send()

    def _read(self):
        """A task: the memristance on the bus, from conversions at both signs, so that no offset is left in it."""
        adc = self._read_adc
        counts = 0
        for _ in range(self._pairs):
            for code, sign in zip(self._read_codes, (1, -1)):
                self._dac.write(self._read_channel, code)
                adc.start(0, self._read_range_uv, DIFFERENCE)
                yield adc.conversion_ms
                counts += sign * adc.read()
        self._dac.write(self._read_channel, self._rest_codes[self._read_channel])
        return self._count_ohm * self._pairs / max(counts, self._pairs)  # no current at all: as large as can be told

    def drive(self, inputs_uv) -> None:
        """Connect each device to its adder, put one sample on the inputs and close the line switch.

        Raises FaultError(FAULT_READBACK).
        """
        self.disturbed = False
        chain = self._chain
        chain.forget()
        for k in range(self.weight_count):
            if self._targets[k]:
                chain.plan(SWITCHES * k + (PLUS if self._targets[k] > 0 else MINUS))
        chain.send()
        dac = self._dac
        for k in range(len(self._inputs)):
            channel = self._inputs[k]
            dac.write(channel, dac.code(channel, inputs_uv[k]))
        self.look_at_level()
        self.look_at_dac()
        self._switch.on()

    def read_output(self, readings: int):
        """A task: waits for settling, returns the mean of `readings` conversions of each output in uV."""
        yield self._settle_ms
        means_uv = yield from self._adc.mean_uv(self._output_channels, self._output_range_uv, readings)
        self.look_at_dac()
        return means_uv
