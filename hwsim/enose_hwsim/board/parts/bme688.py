"""BME688, gas, pressure, temperature and humidity sensor, I2C (Bosch BST-BME688-DS000, rev. 1.0).

Section numbers are those of the BME680's data sheet, BST-BME680-DS001, which describes what the two share.
Writes are pairs of register and value, reads go on from the last register named. Where the data sheet is silent the
model assumes: new_data falls when the field has been read to its end; in parallel mode the last sub-measurement of a
heater step is the real gas conversion, those before it are dummies. Durations are those of Bosch's own driver
(BME68x_SensorAPI): 1963 us an oversample, 4 and 5 times 477 us for switching and gas, 1 ms to wake up.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from enose_hwsim.board.parts.bme688_calibration import MAX_HUMIDITY_RH, Calibration, count_of, gas_code
from enose_hwsim.board.parts.i2c_bus import I2cPart, Nack

CHIP_ID, VARIANT_ID = 0x61, 0x01
START_UP_S = 2e-3
OVERSAMPLE_S, STEP_S, WAKE_UP_S = 1963e-6, 477e-6, 1e-3
SWITCHING, GAS = 4, 5  # steps
HEAT_UP_MS = 20.0  # section 3.3.5: 20 to 30 ms until the hot plate is there
MAX_HEATER_C = 420.0  # the model's own: the data sheet gives targets up to 400 C, and a code is about 4 C wide
OVERSAMPLES = (0, 1, 2, 4, 8, 16, 16, 16)
SLEEP, FORCED, PARALLEL = 0, 1, 2
FIELD, FIELD_LENGTH, FIELDS = 0x1D, 17, 3
RES_HEAT, GAS_WAIT, GAS_WAIT_SHARED = 0x5A, 0x64, 0x6E
CTRL_GAS_0, CTRL_GAS_1, CTRL_HUM, CTRL_MEAS, CONFIG = 0x70, 0x71, 0x72, 0x74, 0x75
CONTROLS = range(0x50, CONFIG + 1)
RESET, CHIP_ID_AT, VARIANT_AT = 0xE0, 0xD0, 0xF0
RESET_WORD = 0xB6


def clean_air_ohm(heater_c: float) -> float:
    """A resistance that no heater temperature changes."""
    return 50_000.0


def wait_steps(register: int) -> int:
    """gas_wait_x and gas_wait_shared: six bits, times 1, 4, 16 or 64."""
    return (register & 0x3F) << 2 * (register >> 6)


@dataclass
class Cycle:
    """What runs: a single measurement, or sub-measurements on end."""

    mode: int
    began_s: float
    period_s: float
    done: int = 0


class Bme688Part(I2cPart):
    """Free to change: `temperature_c`, `humidity_rh`, `pressure_pa`, `gas_ohm(heater_c)`; the fault `heater_open`."""

    def __init__(self, calibration: Calibration | None = None) -> None:
        """Powered up at 0 s and asleep, in clean air of 25 C, 50 %RH and 101325 Pa."""
        self.calibration = calibration or Calibration()
        self.temperature_c = 25.0
        self.humidity_rh = 50.0
        self.pressure_pa = 101_325.0
        self.gas_ohm: Callable[[float], float] = clean_air_ohm
        self.heater_open = False
        self.measurements = 0
        self._pointer = 0
        self._start(0.0)

    def _start(self, t_s: float) -> None:
        self._memory = bytearray(256)
        fixed: Mapping[int, bytes] = {CHIP_ID_AT: bytes((CHIP_ID,)), VARIANT_AT: bytes((VARIANT_ID,))}
        for at, data in {**self.calibration.memory(), **fixed}.items():
            self._memory[at : at + len(data)] = data
        self._cycle: Cycle | None = None
        self._next_mode: int | None = None
        self._ready_s = t_s + START_UP_S

    def _write(self, data: bytes, t_s: float) -> None:
        self._advance(t_s)
        self._pointer = data[0]
        for at in range(0, len(data) - 1, 2):
            self._put(data[at], data[at + 1], t_s)
            self._pointer = data[at]

    def _read(self, count: int, t_s: float) -> bytes:
        self._advance(t_s)
        answer = bytearray()
        for register in range(self._pointer, self._pointer + count):
            answer.append(self._get(register & 0xFF, t_s))
        for k in range(FIELDS):
            first = FIELD + FIELD_LENGTH * k
            if self._pointer <= first + FIELD_LENGTH - 1 < self._pointer + count:
                self._memory[first] &= 0x7F
        return bytes(answer)

    def _put(self, register: int, value: int, t_s: float) -> None:
        if register == RESET and value == RESET_WORD:
            self._start(t_s)
        elif register in CONTROLS and self._next_mode is None:
            if self._cycle is not None:
                if register == CTRL_MEAS:  # "delayed until the end of the currently running measurement" (section 3.1)
                    self._next_mode = value & 0x3
                return
            self._memory[register] = value
            if register == CTRL_MEAS:
                self._begin(value & 0x3, t_s)

    def _get(self, register: int, t_s: float) -> int:
        value = self._memory[register]
        if register == FIELD and self._cycle is not None:
            into_s = t_s - self._cycle.began_s - self._cycle.done * self._cycle.period_s
            heating = self._gas_on and into_s >= self._period_s(self._cycle.mode) - self._heat_s(self._cycle.mode)
            value |= 0x20 | (0x40 if heating else 0)
        return value

    def _begin(self, mode: int, t_s: float) -> None:
        if mode in (FORCED, PARALLEL):
            self._cycle = Cycle(mode, t_s, self._period_s(mode))
        else:
            self._memory[CTRL_MEAS] &= 0xFC

    def _advance(self, t_s: float) -> None:
        if t_s < self._ready_s:
            raise Nack("BME688 is starting up")
        while self._cycle is not None:
            cycle = self._cycle
            ended = int((t_s - cycle.began_s) / cycle.period_s + 1e-9)
            if ended <= cycle.done:
                return
            if cycle.mode == PARALLEL and self._next_mode is None:
                for n in range(max(cycle.done, ended - FIELDS), ended):  # what came before has been overwritten
                    self._sub_measure(n)
                cycle.done = ended
                return
            if cycle.mode == PARALLEL:
                self._sub_measure(cycle.done)
            else:
                heated_ms = (self._heat_s(FORCED) - GAS * STEP_S) * 1e3
                self._measure(0, 0, self._memory[CTRL_GAS_1] & 0x0F, self._gas_on, heated_ms)
            self._finish(cycle.began_s + (cycle.done + 1) * cycle.period_s)

    def _finish(self, t_s: float) -> None:
        mode, self._next_mode, self._cycle = self._next_mode or SLEEP, None, None
        self._memory[CTRL_MEAS] = self._memory[CTRL_MEAS] & 0xFC | mode
        self._begin(mode, t_s)

    @property
    def _gas_on(self) -> bool:
        return bool(self._memory[CTRL_GAS_1] & 0x20)

    def _heat_s(self, mode: int) -> float:
        """Heating and gas conversion, at the end of a measurement."""
        if not self._gas_on:
            return 0.0
        if mode == PARALLEL:
            return wait_steps(self._memory[GAS_WAIT_SHARED]) * STEP_S + GAS * STEP_S
        return wait_steps(self._memory[GAS_WAIT + (self._memory[CTRL_GAS_1] & 0x0F)]) * 1e-3 + GAS * STEP_S

    def _period_s(self, mode: int) -> float:
        meas, hum = self._memory[CTRL_MEAS], self._memory[CTRL_HUM]
        samples = OVERSAMPLES[meas >> 5] + OVERSAMPLES[meas >> 2 & 0x7] + OVERSAMPLES[hum & 0x7]
        wake_up_s = WAKE_UP_S if mode == FORCED else 0.0
        return wake_up_s + samples * OVERSAMPLE_S + SWITCHING * STEP_S + self._heat_s(mode)

    def _sub_measure(self, n: int) -> None:
        """The n-th since parallel mode began: heater step x lasts gas_wait_x of them."""
        steps = max(min(self._memory[CTRL_GAS_1] & 0x0F, 10), 1)
        lasts = [max(wait_steps(self._memory[GAS_WAIT + x]), 1) for x in range(steps)]
        within, x = n % sum(lasts), 0
        while within >= lasts[x]:
            within -= lasts[x]
            x += 1
        real = self._gas_on and within == lasts[x] - 1
        self._measure(n % FIELDS, n & 0xFF, x, real, (within + 1) * self._period_s(PARALLEL) * 1e3)

    def _measure(self, field: int, sub_index: int, x: int, real: bool, heated_ms: float) -> None:
        calibration = self.calibration
        meas, hum = self._memory[CTRL_MEAS], self._memory[CTRL_HUM]
        temperature = pressure = 0x80000  # what a quantity that is not measured reads
        humidity = 0x8000
        if meas >> 5:
            temperature = count_of(self.temperature_c, calibration.temperature_c, 20)
        t_fine = calibration.t_fine(temperature)
        if meas >> 2 & 0x7:
            pressure = count_of(self.pressure_pa, lambda adc: calibration.pressure_pa(adc, t_fine), 20)
        if hum & 0x7:
            humidity_rh = min(max(self.humidity_rh, 0.0), MAX_HUMIDITY_RH)
            humidity = count_of(humidity_rh, lambda adc: calibration.humidity_rh(adc, t_fine), 16)
        heater_c = calibration.heater_c(self._memory[RES_HEAT + min(x, 9)], self.temperature_c)
        heat_off = bool(self._memory[CTRL_GAS_0] & 0x08) or self.heater_open
        stable = real and not heat_off and heated_ms >= HEAT_UP_MS and heater_c <= MAX_HEATER_C
        adc, gas_range = gas_code(self.gas_ohm(self.temperature_c if heat_off else heater_c))
        first = FIELD + FIELD_LENGTH * field
        self._memory[first : first + 2] = bytes((0x80 | x, sub_index))
        self._memory[first + 2 : first + 5] = (pressure << 4).to_bytes(3, "big")
        self._memory[first + 5 : first + 8] = (temperature << 4).to_bytes(3, "big")
        self._memory[first + 8 : first + 10] = humidity.to_bytes(2, "big")
        self._memory[first + 15] = adc >> 2
        self._memory[first + 16] = (adc & 0x3) << 6 | real << 5 | stable << 4 | gas_range
        self.measurements += 1
