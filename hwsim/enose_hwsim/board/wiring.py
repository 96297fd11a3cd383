"""The board's wiring: which part each pin, bus and address reaches, as the board file says."""

import numpy as np

from enose_hwsim.board.parts.ad5676r import Ad5676rPart
from enose_hwsim.board.parts.ads1115 import Ads1115Part
from enose_hwsim.board.parts.analog_chip import ChipModel, HeldWeightChipPart
from enose_hwsim.board.parts.flash import FlashPart
from enose_hwsim.board.world import World
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import MlpFile

MCU_ADC_FULL_V = 3.3
ENXIO = 6
EIO = 5


class Wiring:
    """All parts of one board and what the firmware's accesses do to them."""

    def __init__(
        self,
        board: BoardFile,
        chip: MlpFile,
        model: ChipModel,
        world: World,
        flash: FlashPart,
        rng: np.random.Generator,
    ) -> None:
        """`ambient_c`, `chip_supply_v` and `bus_dead` are free to change while the board runs."""
        self._board = board
        self.world = world
        self.flash = flash
        self.ambient_c = 25.0
        self.chip_supply_v = chip.supply.nominal_v
        self.bus_dead = False
        self._rng = rng
        self._levels: dict[int, int] = {}
        self.chip = HeldWeightChipPart(chip, model, lambda: self.ambient_c)
        self.dac = Ad5676rPart(board.dac.reference_v, self._dac_changed)
        self.adc = Ads1115Part(self._adc_input_v, rng)
        self._inputs = {channel: k for k, channel in enumerate(board.dac.input_channels)}
        self._address_bits = {pin: bit for bit, pin in enumerate(board.weights.address_pins)}

    def pin_write(self, pin: int, level: int, t_s: float) -> None:
        """An output pin of the microcontroller changes."""
        board = self._board
        self._levels[pin] = level
        if pin == board.dac.select_pin:
            self.dac.select(level)
        elif pin == board.weights.strobe_pin:
            self.chip.set_strobe(level, t_s)
        elif pin in self._address_bits:
            self.chip.set_address_bit(self._address_bits[pin], level, t_s)
        elif pin == board.switch.pin:
            self.chip.set_switch(level, t_s)
        elif pin == board.gas.valve_pin:
            self.world.set_valve(level, t_s)

    def pin_read(self, pin: int) -> int:
        """The level at a pin; inputs that nothing drives read low."""
        return self._levels.get(pin, 0)

    def spi(self, data: bytes, t_s: float) -> bytes:
        """A transfer on the SPI bus; the DAC is the only part on it."""
        return self.dac.transfer(data, t_s)

    def i2c_write(self, address: int, data: bytes, t_s: float) -> None:
        """A write transfer. Raises OSError where no part acknowledges."""
        self._acknowledge(address)
        self.adc.write(data, t_s)

    def i2c_read(self, address: int, count: int, written: bytes, t_s: float) -> bytes:
        """A read transfer after `written` bytes. Raises OSError where no part acknowledges."""
        self._acknowledge(address)
        self.adc.write(written, t_s)
        return self.adc.read(count, t_s)

    def mcu_adc(self, pin: int) -> int:
        """A 12-bit conversion of the microcontroller, spread over 16 bits as MicroPython does."""
        board = self._board
        if pin == board.supply_sense.pin:
            volts = self.chip_supply_v / board.supply_sense.divider
        elif pin == board.temperature.adc_channel:
            volts = 0.706 - (self.ambient_c - 27.0) * 0.001721  # RP2040 data sheet, section 4.9.5
        else:
            volts = 0.0
        code = int(min(max(round(volts / MCU_ADC_FULL_V * 4095 + self._rng.normal(0.0, 0.7)), 0), 4095))
        return code << 4 | code >> 8

    def _acknowledge(self, address: int) -> None:
        if self.bus_dead or address != self._board.adc.address:
            raise OSError(ENXIO if not self.bus_dead else EIO, "no acknowledge")

    def _dac_changed(self, channel: int, volts: float, t_s: float) -> None:
        if channel in self._inputs:
            self.chip.set_input_dac(self._inputs[channel], volts, t_s)
        elif channel == self._board.dac.weight_channel:
            self.chip.set_weight_dac(volts, t_s)

    def _adc_input_v(self, channel: int, t_s: float) -> float:
        board = self._board
        if channel == board.adc.rail_channel:
            return board.sensors.rail_v
        if channel == board.adc.output_channel:
            return self.chip.output_v(t_s)
        if channel == board.adc.sensor_channel:
            position = sum(self._levels.get(pin, 0) << bit for bit, pin in enumerate(board.mux.select_pins))
            ohm = self.world.resistance_ohm(position, t_s)
            return board.sensors.rail_v * board.sensors.load_ohm / (ohm + board.sensors.load_ohm)
        return 0.0
