"""The board's wiring: which part each pin, bus and address reaches, as the board file says."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.board.monitor import AnalogMonitor
from enose_hwsim.board.parts.ad5676r import Ad5676rPart
from enose_hwsim.board.parts.adg714 import Adg714ChainPart
from enose_hwsim.board.parts.ads1115 import Ads1115Part
from enose_hwsim.board.parts.analog_chip import HeldWeightChipPart
from enose_hwsim.board.parts.bme688 import Bme688Part, clean_air_ohm
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.parts.i2c_bus import I2cBus
from enose_hwsim.board.parts.memristor_array import MemristorArrayPart
from enose_hwsim.board.parts.sht4x import Sht4xPart
from enose_hwsim.board.parts.ssd1306 import Ssd1306Part
from enose_hwsim.board.world import World
from enose_hwsim.boardfile import BoardFile, MemristorBoard, MlpBoard
from enose_hwsim.chipfile import ChipFile, MemristorFile, MlpFile
from enose_hwsim.chips import nominal_learner
from enose_hwsim.memristors.a14mod import A14Mod
from enose_hwsim.memristors.population import Population, Spread

MCU_ADC_FULL_V = 3.3
ENXIO = 6
EIO = 5

Drive = Callable[[int, float], None]  # takes a pin's level and the time in seconds

SPEED_SIGMA = 0.1  # of the devices of a simulated memristor chip: as the write-verify figures assume


class Wiring(ABC):
    """All parts of one board and what the firmware's accesses do to them; each kind of chip adds its own."""

    chip: Any  # the chip's part; every kind has `violations`

    def __init__(
        self, board: BoardFile, chip: ChipFile, world: World, flash: FlashPart, rng: np.random.Generator
    ) -> None:
        """Free to change while the board runs: `ambient_c`, `chip_supply_v`, `battery_v`, `button_held`, `bus_dead`,
        `usb`.

        `i2c` is the bus, with its own faults; `climate`, `gas_sensor` and `display` are its parts, None where the board
        has none.
        """
        self._board = board
        self.world = world
        self.flash = flash
        self.ambient_c = 25.0
        self.chip_supply_v = chip.supply.nominal_v
        self.battery_v = 4.0
        self.button_held = False
        self.bus_dead = False
        self.usb = True  # whether a host's cable is in
        self._rng = rng
        self._monitor: AnalogMonitor | None = None
        self._levels: dict[int, int] = {}
        self.dac = Ad5676rPart(board.dac.reference_v, self._dac_changed)
        self.adc = Ads1115Part(self._adc_input_v, rng)
        self.i2c = I2cBus({board.adc.address: self.adc})
        self._add_optional_parts(board, rng)
        self._inputs = {channel: k for k, channel in enumerate(board.dac.input_channels)}
        self._outputs = {channel: k for k, channel in enumerate(board.adc.output_channels)}
        self._drives = self._driven_by_pins(board)

    def watched_by(self, monitor: AnalogMonitor) -> None:
        """Have the monitor see every pin, every code and what the chip's part sees."""
        self._monitor = monitor
        self.dac.on_code = monitor.code
        monitor.watch(self.chip)

    def outlive(self, before: "Wiring") -> None:
        """After a power cycle: what these parts share with those from before it."""
        self.ambient_c, self.chip_supply_v = before.ambient_c, before.chip_supply_v
        self.bus_dead = before.bus_dead

    def clock_jumped(self, by_s: float) -> None:
        """The microcontroller's clock did, by which parts are asked: a conversion takes no less and no more for it."""
        for part in self.i2c.parts.values():
            if isinstance(part, Ads1115Part):
                part.clock_jumped(by_s)

    def pin_write(self, pin: int, level: int, t_s: float) -> None:
        """An output pin of the microcontroller changes."""
        self._levels[pin] = level
        if self._monitor is not None:
            self._monitor.pin(pin, level, t_s)
        drive = self._drives.get(pin)
        if drive is not None:
            drive(level, t_s)

    def pin_read(self, pin: int) -> int:
        """The level at a pin; inputs that nothing drives read low, the bus's lines and the button's are pulled up."""
        board = self._board
        if pin == board.i2c.sda_pin:
            return self.i2c.sda
        if pin == board.i2c.scl_pin:
            return self.i2c.scl
        if board.button is not None and pin == board.button.pin:
            return int(not self.button_held)
        if board.upkeep is not None and pin == board.upkeep.usb_sense_gpio:
            return int(self.usb)
        return self._levels.get(pin, 0)

    def set_duty(self, pin: int, duty: float) -> None:
        """A pin is high for this part of the time: the heaters' power follows it."""
        self._levels[pin] = int(duty > 0)
        if pin == self._board.gas.heater_pin:
            pwm = self._board.heater_pwm
            self.world.heater_power = duty if pwm is None else duty * 100 / pwm.duty_percent

    def let_go(self, t_s: float) -> None:
        """The microcontroller is reset: its pins float, and resistors take the lines where they belong."""
        board = self._board
        held_high = {board.dac.select_pin}
        if isinstance(board, MemristorBoard):
            held_high.add(board.matrix.select_pin)
        for pin, level in list(self._levels.items()):
            if pin in (board.i2c.sda_pin, board.i2c.scl_pin):
                self.pin_write(pin, 1, t_s)
            elif level and pin not in held_high:
                self.pin_write(pin, 0, t_s)

    def spi(self, data: bytes, t_s: float) -> bytes:
        """A transfer on the SPI bus; the DAC alone answers."""
        return self.dac.transfer(data, t_s)

    def i2c_write(self, address: int, data: bytes, t_s: float) -> None:
        """A write transfer. Raises OSError where no part acknowledges or a line is held."""
        self._acknowledge(address)
        self._breathe(t_s)
        self.i2c.write(address, data, t_s)

    def i2c_read(self, address: int, count: int, written: bytes, t_s: float) -> bytes:
        """A read transfer after `written` bytes. Raises OSError where no part acknowledges or a line is held."""
        self._acknowledge(address)
        self._breathe(t_s)
        return self.i2c.read(address, count, written, t_s)

    def mcu_adc(self, pin: int) -> int:
        """A 12-bit conversion of the microcontroller, spread over 16 bits as MicroPython does."""
        board = self._board
        if pin == board.supply_sense.pin:
            volts = self.chip_supply_v / board.supply_sense.divider
        elif pin == board.temperature.adc_channel and not board.mcu.startswith("esp32"):
            volts = 0.706 - (self.ambient_c - 27.0) * 0.001721  # RP2040 data sheet, section 4.9.5
        elif board.battery is not None and pin == board.battery.pin:
            volts = self.battery_v / board.battery.divider
        else:
            volts = 0.0
        code = int(min(max(round(volts / MCU_ADC_FULL_V * 4095 + self._rng.normal(0.0, 0.7)), 0), 4095))
        return code << 4 | code >> 8

    def _acknowledge(self, address: int) -> None:
        if self.bus_dead or address not in self.i2c.parts:
            raise OSError(ENXIO if not self.bus_dead else EIO, "no acknowledge")

    def _add_optional_parts(self, board: BoardFile, rng: np.random.Generator) -> None:
        """Those that are on the bus. Their noise is their own, so that a board without them is the same board."""
        self.climate = self.gas_sensor = self.display = None
        (own,) = rng.spawn(1)
        if board.climate is not None:
            self.climate = self.i2c.parts[board.climate.address] = Sht4xPart(own)
        if board.gas_sensor is not None:
            self.gas_sensor = self.i2c.parts[board.gas_sensor.address] = Bme688Part()
        if board.display is not None:
            self.display = self.i2c.parts[board.display.address] = Ssd1306Part(own)

    def _breathe(self, t_s: float) -> None:
        """The air and the odour that the parts on the bus are in now."""
        temperature_c, humidity_rh = self.world.air
        if self.climate is not None:
            self.climate.temperature_c, self.climate.humidity_rh = temperature_c, humidity_rh
        if self.gas_sensor is not None:
            self.gas_sensor.temperature_c, self.gas_sensor.humidity_rh = temperature_c, humidity_rh
            change = self.world.gas_change(t_s)
            self.gas_sensor.gas_ohm = lambda heater_c: change * clean_air_ohm(heater_c)

    def _driven_by_pins(self, board: BoardFile) -> dict[int, Drive]:
        """What an output pin's level goes to, but for the chip's own; a pin that is not here drives nothing."""
        pump: dict[int, Drive] = {} if board.pump is None else {board.pump.pin: self._set_pump}
        return pump | {
            board.i2c.scl_pin: lambda level, t_s: self.i2c.set_scl(level),
            board.i2c.sda_pin: lambda level, t_s: self.i2c.set_sda(level),
            board.gas.heater_pin: lambda level, t_s: self.set_duty(board.gas.heater_pin, float(level)),
            board.gas.valve_pin: lambda level, t_s: self.world.set_valve(level, t_s),
            board.switch.pin: lambda level, t_s: self.chip.set_switch(level, t_s),
            board.dac.select_pin: lambda level, t_s: self.dac.select(level),
        }  # fmt: skip

    def _set_pump(self, level: int, t_s: float) -> None:
        self.world.pumping = bool(level)

    @abstractmethod
    def _chip_dac(self, channel: int, volts: float, t_s: float) -> None:
        """A DAC channel that only this kind of board has."""

    def _dac_changed(self, channel: int, volts: float, t_s: float) -> None:
        if channel in self._inputs:
            self.chip.set_input_dac(self._inputs[channel], volts, t_s)
        else:
            self._chip_dac(channel, volts, t_s)

    def _adc_input_v(self, channel: int, t_s: float) -> float:
        """An input as the converter sees it: a reference that is too high makes everything look lower."""
        return self._input_v(channel, t_s) / self.world.reference

    def _input_v(self, channel: int, t_s: float) -> float:
        board = self._board
        if channel == board.adc.rail_channel:
            return board.sensors.rail_v
        if channel == board.adc.dac_channel:
            return self.dac.voltage_v(board.dac.input_channels[0])
        if channel in self._outputs:
            outputs_v: NDArray[np.float64] = np.atleast_1d(self.chip.output_v(t_s))
            return float(outputs_v[self._outputs[channel]])
        if channel == board.adc.sensor_channel:
            position = sum(self._levels.get(pin, 0) << bit for bit, pin in enumerate(board.mux.select_pins))
            ohm = self.world.resistance_ohm(position, t_s)
            return board.sensors.rail_v * board.sensors.load_ohm / (ohm + board.sensors.load_ohm)
        return 0.0


class MlpWiring(Wiring):
    """An address bus and a strobe write the chip's capacitors."""

    def __init__(
        self, board: MlpBoard, chip: MlpFile, model: Any, world: World, flash: FlashPart, rng: np.random.Generator
    ) -> None:
        """model: the chip at a fidelity."""
        super().__init__(board, chip, world, flash, rng)
        self.chip = HeldWeightChipPart(chip, model, lambda: self.ambient_c, lambda: nominal_learner(chip))
        self._teacher = board.teacher
        if board.teacher is not None:
            self.i2c.parts[board.teacher.readout_address] = Ads1115Part(self._readout_input_v, rng)
        self._weight_channel = board.dac.weight_channel
        self._drives[board.weights.strobe_pin] = lambda level, t_s: self.chip.set_strobe(level, t_s)
        for bit, pin in enumerate(board.weights.address_pins):
            self._drives[pin] = partial(self.chip.set_address_bit, bit)
        if board.teacher is not None:
            self._drives[board.teacher.vc_pin] = lambda level, t_s: self.chip.set_vc(level, t_s)

    def _chip_dac(self, channel: int, volts: float, t_s: float) -> None:
        if channel == self._weight_channel:
            self.chip.set_weight_dac(volts, t_s)
        elif self._teacher is not None and channel == self._teacher.dac_channel:
            self.chip.set_teacher_dac(volts)

    def _readout_input_v(self, channel: int, t_s: float) -> float:
        wired = self._teacher is not None and channel == self._teacher.readout_channel
        return float(self.chip.readout_v(t_s)) if wired else 0.0


class MemristorWiring(Wiring):
    """A chain of switches connects the devices; a gate makes pulses, an amplifier and a second ADC read."""

    def __init__(
        self,
        board: MemristorBoard,
        chip: MemristorFile,
        model: Any,
        world: World,
        flash: FlashPart,
        rng: np.random.Generator,
    ) -> None:
        """model: the chip at a fidelity. The devices are drawn anywhere in their range, the board's noise in reads."""
        super().__init__(board, chip, world, flash, rng)
        device = chip.devices
        law = A14Mod(device.k_per_s, device.r_on_ohm, device.r_off_ohm, device.m, device.threshold_v)
        start_ohm = rng.uniform(device.min_ohm, device.max_ohm, chip.topology.weights)
        devices = Population.draw(law, Spread(speed_sigma=SPEED_SIGMA, read_noise=board.read.noise), start_ohm, rng)
        self._common_v = chip.input.common_v
        self._pulse_channel, self._read_channel = board.dac.pulse_channel, board.dac.read_channel
        self.chip = MemristorArrayPart(chip, model, devices, board.read.sense_ohm)
        self.chain = Adg714ChainPart(board.matrix.parts, self.chip.set_switches)
        self._drives[board.matrix.select_pin] = lambda level, t_s: self.chain.select(level, t_s)
        self._drives[board.pulses.gate_pin] = lambda level, t_s: self.chip.set_gate(level, t_s)
        self._dac_seen_by = board.read.dac_channel
        self.read_adc = Ads1115Part(self._read_input_v, rng)
        self.i2c.parts[board.read.address] = self.read_adc

    def outlive(self, before: Wiring) -> None:
        """Memristors keep their state without power."""
        super().outlive(before)
        self.chip.population = before.chip.population

    def clock_jumped(self, by_s: float) -> None:
        """The memristors' pulses and the outputs' settling too."""
        super().clock_jumped(by_s)
        self.chip.clock_jumped(by_s)

    def spi(self, data: bytes, t_s: float) -> bytes:
        """A transfer on the SPI bus: to the chain while it is selected, else to the DAC."""
        if self.chain.selected:
            self.chain.transfer(data)
            return bytes(len(data))
        return super().spi(data, t_s)

    def _chip_dac(self, channel: int, volts: float, t_s: float) -> None:
        if channel == self._pulse_channel:
            self.chip.set_pulse_dac(volts, t_s)
        elif channel == self._read_channel:
            self.chip.set_read_dac(volts, t_s)

    def _read_input_v(self, channel: int, t_s: float) -> float:
        """Inputs 0 and 1: the common node and the amplifier's output, which falls below it as the current rises.

        A further one may see the first input's DAC.
        """
        if channel == self._dac_seen_by:
            return self.dac.voltage_v(self._board.dac.input_channels[0])
        if channel == 1:
            return float(self.chip.amplifier_v())
        return self._common_v if channel == 0 else 0.0


def wire(
    board: BoardFile, chip: ChipFile, model: Any, world: World, flash: FlashPart, rng: np.random.Generator
) -> Wiring:
    """The wiring of a board around its chip, at the fidelity of `model`. Raises ValueError where the kinds differ."""
    if isinstance(board, MlpBoard) and isinstance(chip, MlpFile):
        return MlpWiring(board, chip, model, world, flash, rng)
    if isinstance(board, MemristorBoard) and isinstance(chip, MemristorFile):
        return MemristorWiring(board, chip, model, world, flash, rng)
    raise ValueError(f"board {board.name} is for a chip of kind '{board.kind}', {chip.name} is '{chip.kind}'")
