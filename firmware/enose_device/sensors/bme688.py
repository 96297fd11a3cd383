"""BME688, gas, pressure, temperature and humidity sensor, I2C (Bosch BST-BME688-DS000, rev. 1.0).

Forced mode: one heater step at a time. Parallel mode: a profile of up to ten steps that the part runs by itself.
"""

from enose_contract.messages import FAULT_RANGE
from enose_device.safety import FaultError, NoAnswerError
from enose_device.sensors import bme688_calibration as blocks

CHIP_ID_AT, CHIP_ID = 0xD0, 0x61
VARIANT_AT, VARIANT = 0xF0, 0x01  # a BME680 has 0, and another gas formula
RESET_AT, RESET_WORD, RESET_MS = 0xE0, 0xB6, 5
RES_HEAT, GAS_WAIT, GAS_WAIT_SHARED = 0x5A, 0x64, 0x6E
CTRL_GAS_1, CTRL_HUM, CTRL_MEAS = 0x71, 0x72, 0x74
RUN_GAS = 0x20
HUMIDITY_1X = 0x01
TEMPERATURE_2X_PRESSURE_1X = 0x44
SLEEP, FORCED, PARALLEL = 0, 1, 2
FIELDS_AT, FIELD, FIELDS = 0x1D, 17, 3
NEW, VALID = 0x80, 0x30  # gas_valid and heat_stab
STEP_US = 477
# four samples of 1963 us (2 + 1 + 1), four steps for switching, five for the gas (BME68x_SensorAPI)
SAMPLE_US = 4 * 1963 + 9 * STEP_US
WAKE_UP_US = 1000
MAX_HEAT_C = 400
MAX_WAIT_MS = 4032
MAX_STEPS = 10
MAX_CYCLES = 63
POLLS = 3
POLL_MS = 10


class Sample:
    """What one field holds; `valid`: the gas resistance is of a real conversion with the heater at its target."""

    def __init__(self) -> None:
        """Nothing measured yet."""
        self.new = False
        self.step = self.index = self.temperature_mc = self.pressure_pa = self.humidity_mrh = self.gas_ohm = 0
        self.valid = False


class Bme688:
    """`samples` holds what was read last, the oldest first; `ambient_c` is what the heater's codes are computed for."""

    def __init__(self, bus, address: int) -> None:
        """bus: see enose_device.bus."""
        self._bus = bus
        self._address = address
        self._one = bytearray(1)
        self._raw = bytearray(FIELD)
        self._calibration = blocks.Calibration(bytes(23), bytes(14), bytes(5))  # until `begin`
        self.samples = [Sample() for _ in range(FIELDS)]
        self.ambient_c = 25

    def begin(self):
        """A task yielding the ms to wait: reset, and read the calibration. NoAnswerError for another part."""
        self._put(RESET_AT, RESET_WORD)
        yield RESET_MS
        if self._get(CHIP_ID_AT) != CHIP_ID or self._get(VARIANT_AT) != VARIANT:
            raise NoAnswerError()
        self._calibration = blocks.Calibration(
            self._block(blocks.FIRST, blocks.FIRST_COUNT),
            self._block(blocks.SECOND, blocks.SECOND_COUNT),
            self._block(blocks.THIRD, blocks.THIRD_COUNT),
        )
        yield 0
        self._put(CTRL_HUM, HUMIDITY_1X)

    def measure(self, target_c: int, heat_ms: int):
        """A task yielding the ms to wait: one Sample, the heater at target_c for heat_ms. The part is asleep before it.

        Raises FaultError(FAULT_RANGE), and nothing is sent; NoAnswerError where no result comes.
        """
        self._set_step(0, target_c, wait_code(heat_ms))
        self._put(CTRL_GAS_1, RUN_GAS)
        self._put(CTRL_MEAS, TEMPERATURE_2X_PRESSURE_1X | FORCED)
        yield (SAMPLE_US + WAKE_UP_US) // 1000 + 2 + heat_ms
        for _ in range(POLLS):
            if self.poll():
                self.ambient_c = self.samples[0].temperature_mc // 1000
                return self.samples[0]
            yield POLL_MS
        raise NoAnswerError()

    def run_profile(self, steps, period_ms: int):
        """A task: have the part go through steps of (target_c, periods) for ever, a Sample every period_ms.

        The part is asleep before it. Raises FaultError(FAULT_RANGE), and nothing is sent.
        """
        if not 1 <= len(steps) <= MAX_STEPS:
            raise FaultError(FAULT_RANGE)
        for target_c, periods in steps:
            if not 1 <= periods <= MAX_CYCLES or not 0 < target_c <= MAX_HEAT_C:
                raise FaultError(FAULT_RANGE)
        shared = shared_code(period_ms)
        for k in range(len(steps)):
            self._set_step(k, steps[k][0], steps[k][1])
            yield 0
        self._put(GAS_WAIT_SHARED, shared)
        self._put(CTRL_GAS_1, RUN_GAS | len(steps))
        self._put(CTRL_MEAS, TEMPERATURE_2X_PRESSURE_1X | PARALLEL)

    def stop(self) -> None:
        """Asleep and the heater off, once what is running has ended: within one period."""
        self._put(CTRL_MEAS, TEMPERATURE_2X_PRESSURE_1X | SLEEP)

    def poll(self) -> int:
        """Read what is new into `samples`, the oldest first; how many there are, 0..3."""
        found = 0
        for k in range(FIELDS):
            at = FIELDS_AT + FIELD * k
            if self._get(at) & NEW:
                self._bus.readfrom_mem_into(self._address, at, self._raw)
                self._unpack(self.samples[found])
                found += 1
        self._sort(found)
        return found

    def _unpack(self, sample: Sample) -> None:
        raw, calibration = self._raw, self._calibration
        t_fine = calibration.t_fine(_twenty_bits(raw, 5))
        sample.step = raw[0] & 0x0F
        sample.index = raw[1]
        sample.temperature_mc = t_fine * 25 >> 7
        sample.pressure_pa = calibration.pressure_pa(_twenty_bits(raw, 2), t_fine)
        sample.humidity_mrh = calibration.humidity_mrh(raw[8] << 8 | raw[9], t_fine)
        sample.gas_ohm = blocks.gas_ohm(raw[15] << 2 | raw[16] >> 6, raw[16] & 0x0F)
        sample.valid = raw[16] & VALID == VALID

    def _sort(self, found: int) -> None:
        """By age: `index` counts on modulo 256, and samples of one read lie within two of each other."""
        samples = self.samples
        for end in range(found - 1, 0, -1):
            for k in range(end):
                if (samples[k].index - samples[k + 1].index) & 0xFF < 128:
                    samples[k], samples[k + 1] = samples[k + 1], samples[k]

    def _set_step(self, k: int, target_c: int, wait: int) -> None:
        if not 0 < target_c <= MAX_HEAT_C:
            raise FaultError(FAULT_RANGE)
        self._put(RES_HEAT + k, self._calibration.heat_code(target_c, self.ambient_c))
        self._put(GAS_WAIT + k, wait)

    def _put(self, register: int, value: int) -> None:
        self._one[0] = value
        self._bus.writeto_mem(self._address, register, self._one)

    def _get(self, register: int) -> int:
        self._bus.readfrom_mem_into(self._address, register, self._one)
        return self._one[0]

    def _block(self, register: int, count: int):
        block = bytearray(count)
        self._bus.readfrom_mem_into(self._address, register, block)
        return block


def wait_code(heat_ms: int) -> int:
    """gas_wait_x: at least heat_ms, in six bits times 1, 4, 16 or 64. FaultError(FAULT_RANGE) outside 1..4032 ms."""
    if not 1 <= heat_ms <= MAX_WAIT_MS:
        raise FaultError(FAULT_RANGE)
    return _six_bits(heat_ms)


def shared_code(period_ms: int) -> int:
    """gas_wait_shared: what is left of a period beside its conversions, rounded up to a step.

    FaultError(FAULT_RANGE) where nothing is left or the register cannot hold it.
    """
    left = -(-(period_ms * 1000 - SAMPLE_US) // STEP_US)
    if not 1 <= left <= MAX_WAIT_MS:
        raise FaultError(FAULT_RANGE)
    return _six_bits(left)


def _six_bits(steps: int) -> int:
    factor = 0
    while steps > 63:
        steps = -(-steps // 4)
        factor += 64
    return factor | steps


def _twenty_bits(raw, at: int) -> int:
    return raw[at] << 12 | raw[at + 1] << 4 | raw[at + 2] >> 4
