"""What a chip needs to learn by itself (mlp441): the teacher's level, pulses of Vc, and its weights read back."""

from array import array
from time import sleep_us

from enose_contract.messages import FAULT_RANGE
from enose_device.converters.ads1115 import FULL_COUNT
from enose_device.safety import FaultError

DAC_SETTLE_US = 20  # AD5676R data sheet: 8 us at most; the chip's error nodes follow within ten
AT_ONCE = 5  # weights that are read before the link has its turn: some 8 ms


class Teacher:
    """Beside chips.held.HeldWeightChip, which writes the weights and drives the inputs."""

    def __init__(self, chip, dac, adc, vc, configuration) -> None:
        """vc: a gate that times its pulses itself; configuration: the whole of board.json."""
        facts = configuration["teacher"]
        self._chip = chip
        self._dac = dac
        self._adc = adc
        self._vc = vc
        self._channel = facts["dac_channel"]
        self._readout_channel = facts["readout_channel"]
        self._readout_settle_us = facts["readout_settle_us"]
        self._range_uv = configuration["adc"]["output_range_uv"]
        self._conversion_us = 1_000_000 // configuration["adc"]["rate_sps"]
        self.pulse_max_ns = facts["pulse_max_ns"]
        self.sample_ms = facts["sample_ms"]
        # drive and output, then a conversion and four transfers of the bus for each weight, and the link's turns
        self.needs_ms = 9 + chip.weight_count * (self._conversion_us + 500) // 1000 + chip.weight_count // AT_ONCE
        self._counts = array("h", [0] * chip.weight_count)
        dac.allow(self._channel, facts["min_uv"], facts["max_uv"])

    def level(self, v_uv: int) -> None:
        """The teacher's voltage, or the nearest that the chip bears."""
        self._dac.write(self._channel, self._dac.code(self._channel, v_uv))
        sleep_us(DAC_SETTLE_US)

    def pulse(self, on_ns: int) -> None:
        """Let the chip learn for so long. Raises FaultError(FAULT_RANGE) beyond the chip's limit, and does not."""
        if not 0 < on_ns <= self.pulse_max_ns:
            raise FaultError(FAULT_RANGE)
        self._vc.fire(0, on_ns)
        sleep_us(on_ns // 1000 + 2)

    def read(self):
        """A task yielding the ms to wait: every weight's voltage is read, for `weight_uv`. Allocates nothing."""
        chip, adc, counts = self._chip, self._adc, self._counts
        for k in range(chip.weight_count):
            chip.point(k)
            sleep_us(self._readout_settle_us)
            adc.start(self._readout_channel, self._range_uv)
            sleep_us(self._conversion_us)
            counts[k] = adc.read()
            if k % AT_ONCE == AT_ONCE - 1:
                yield 1

    def weight_uv(self, k: int) -> int:
        """What was read last of weight k, the read-out's offset included."""
        return self._counts[k] * (self._range_uv // 1000) * 1000 // FULL_COUNT
