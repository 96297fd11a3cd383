"""The device: its parts put together, and the loop that runs it."""

import gc
import sys
from time import sleep_ms, ticks_diff, ticks_ms

from enose_contract import image as weight_image
from enose_contract import messages
from enose_device.chips import chip_and_keeper
from enose_device.commands import Commands
from enose_device.converters.ad5676r import Ad5676r
from enose_device.converters.ads1115 import Ads1115
from enose_device.cycle import Cycle
from enose_device.link import Link
from enose_device.safety import FaultError, Safety
from enose_device.scheduler import Scheduler
from enose_device.sensors.array import SensorArray
from enose_device.store import HoldingFlash, Store

FIRMWARE = b"0.1.0"
HOUSEKEEPING_MS = 1000


class Device:
    """Everything on the board, from the pins up."""

    def __init__(self, parts, configuration) -> None:
        """parts: dict of buses, pins and streams made by main; configuration: board.json."""
        self.configuration = configuration
        self._unit = parts["unit"]
        self._supply = parts["supply"]
        self._temperature = parts["temperature"]
        self._started_ms = ticks_ms()
        self._uptime_ms = 0
        adc_facts = configuration["adc"]
        self._dac = Ad5676r(
            parts["spi"], parts["dac_select"], configuration["dac"]["full_scale_uv"], configuration["dac"]["gain"]
        )
        adc = Ads1115(parts["i2c"], adc_facts["address"], adc_facts["rate_sps"])
        self.chip, self.refresh = chip_and_keeper(
            self._dac, adc, parts, configuration, self._measuring, self._programming_failed
        )
        self.sensors = SensorArray(adc, parts["mux"], configuration)
        self.safety = Safety(self._make_safe)
        self.cycle = Cycle(self.chip, self.sensors, self.refresh, self.safety, parts, configuration)
        self.store = Store(HoldingFlash(parts["flash"], self.refresh.keep))
        self._in_force = 0  # the generation that the chip has, or is being given
        self._before = None  # (image, generation) to go back to where a new one cannot be programmed
        self._asked = False  # whether a host waits to hear how the programming ends
        self._failure = None  # (generation, weight, ohm) of a programming that failed, until that host was told
        self.link = Link(parts["reader"], parts["writer"], Commands(self).handle, self._identity)
        self._scheduler = Scheduler(self._task_failed)
        for task in (self.refresh.run, self.cycle.run, self._housekeeping):
            self._scheduler.add(task)
        gc.collect()
        self.free_start = self.free_low = gc.mem_free()

    def start(self, with_image: bool = True) -> None:
        """Bring every output into its defined state, then the stored image into force; a fault is the safe state."""
        try:
            self._begin(with_image)
        except weight_image.ImageError as error:
            self.safety.trip(messages.FAULT_SUPPLY if error.code == messages.E_SAFE else messages.FAULT_IMAGES)
        except Exception as error:  # noqa: BLE001 - whatever it was, the device comes up in its safe state
            self._task_failed(error)

    def _begin(self, with_image: bool) -> None:
        self.chip.begin()
        self.refresh.set_temperature(self.temperature_mc())
        if with_image:
            self._load_stored()
        else:
            self.cycle.image = None

    def turn(self) -> None:
        """One turn of the loop: tasks that are due, then the link until the next one is."""
        try:
            self.link.serve(self._scheduler.turn())
        except Exception as error:  # noqa: BLE001 - whatever a frame did, the device enters its safe state and goes on
            self._task_failed(error)

    def state(self) -> int:
        """One of messages.STATES."""
        return messages.SAFE_STATE if self.safety.latched else self.cycle.state

    def check(self, image) -> None:
        """Raise ImageError where the image does not fit this device."""
        facts = self.configuration["chip"]
        if image.chip != facts["name"]:
            raise weight_image.ImageError(messages.E_CHIP)
        if image.board != self.configuration["board"]:
            raise weight_image.ImageError(messages.E_BOARD)
        if image.unit != facts["unit"]:
            raise weight_image.ImageError(messages.E_UNIT, image.unit, facts["unit"])
        if len(image.weights) != facts["weights"] or len(image.channels) != facts["inputs"]:
            raise weight_image.ImageError(messages.E_TOPOLOGY, len(image.weights), facts["weights"])
        if len(image.classes) != facts["classes"]:
            raise weight_image.ImageError(messages.E_TOPOLOGY, len(image.classes), facts["classes"])
        for k in range(len(image.weights)):
            if not self.chip.accepts(image.weights[k]):
                raise weight_image.ImageError(messages.E_WEIGHT, k, len(image.weights))
        self.chip.check_stages(image.weights)
        positions = self.configuration["sensors"]["positions"]
        for channel in image.channels:
            if channel >= positions:
                raise weight_image.ImageError(messages.E_SENSOR, channel, positions)

    def activate(self, generation: int = 0):
        """Take the newest stored image into force and program the chip; (weights, of these done so far).

        Where the chip is being given that image already, this only says how far it is; 0 begins in any case.
        """
        refresh = self.refresh
        if refresh.state == messages.WEIGHTS_PROGRAMMING:
            if generation != self._in_force:
                raise weight_image.ImageError(messages.E_PROGRAMMING, refresh.written, self.chip.weight_count)
            return self.chip.weight_count, refresh.written
        if generation == self._in_force and generation and refresh.state == messages.WEIGHTS_HELD:
            return self.chip.weight_count, self.chip.weight_count
        image = self.store.newest()
        if image is None:
            raise weight_image.ImageError(messages.E_NO_IMAGE)
        if generation not in (0, self.store.generation):
            raise weight_image.ImageError(messages.E_GENERATION, generation, self.store.generation)
        self.check(image)
        self._require_supply()
        self._asked = generation != 0
        self._before = (self.cycle.image, self._in_force) if generation not in (0, self._in_force) else None
        self._program(image, self.store.generation)
        self.cycle.heat()
        return len(image.weights), refresh.written

    def report_failure(self, generation: int) -> None:
        """Raise ImageError(E_CELL), once, where this generation could not be programmed."""
        failure, self._failure = self._failure, None
        if failure is not None and failure[0] == generation:
            raise weight_image.ImageError(messages.E_CELL, failure[1], failure[2])

    def clear(self) -> None:
        """Leave the safe state: outputs anew, chip programmed anew, heaters on again.

        After FAULT_IMAGES the device comes up without an image, so that a new one can be uploaded.
        """
        if not self.safety.latched:
            return
        images_lost = self.safety.fault == messages.FAULT_IMAGES
        self.safety.clear()
        self.start(not images_lost)

    def selftest(self):
        """(run, passed, supply_uv, rail_count, temperature_mc), bits as in messages.CHECKS."""
        supply_uv = self.supply_uv()
        temperature_mc = self.temperature_mc()
        run = 0b111111
        passed = 0
        if self.cycle.state == messages.MEASURING or self.refresh.state == messages.WEIGHTS_PROGRAMMING:
            run = 0b111000  # the converters belong to the measurement, or to the programming
        else:
            passed = self._test_converters()
        if self._supply_good(supply_uv):
            passed |= 8
        if self.store.works():
            passed |= 16
        if -40_000 < temperature_mc < 125_000:
            passed |= 32
        return run, passed, supply_uv, max(self.sensors.rail_count, 0), temperature_mc

    def _collect(self) -> None:
        """The weights are kept before and after: on an RP2040 it takes 20 ms, and they can wait for 14 ms."""
        self.refresh.keep()
        gc.collect()
        self.free_low = min(self.free_low, gc.mem_free())
        self.refresh.keep()

    def information(self):
        """The fields of INFO's reply."""
        self._collect()
        image = self.cycle.image
        name = sys.implementation.name + " " + ".".join([str(part) for part in sys.implementation.version[:3]])
        reader = self.link.frames
        refresh = self.refresh
        return (
            name.encode(), self._uptime_ms & 0xFFFFFFFF, self.free_start, self.free_low, gc.mem_free(),
            reader.good, reader.dropped(),
            refresh.done, refresh.missed, refresh.period_ms, self.temperature_mc(), self.supply_uv(),
            image.model if image else bytes(8), self.store.generation,
        )  # fmt: skip

    def supply_uv(self) -> int:
        """The chip's supply, through the divider, on the microcontroller's ADC (full scale 3.3 V)."""
        return self._supply.read_u16() * 3_300 // 65535 * self.configuration["supply"]["divider_ppm"] // 1000

    def temperature_mc(self) -> int:
        """The microcontroller's temperature and the margin for the chip (RP2040 data sheet, section 4.9.5)."""
        v_uv = self._temperature.read_u16() * 3_300 // 65535 * 1000
        return 27_000 - (v_uv - 706_000) * 1000 // 1721 + self.configuration["temperature"]["margin_mc"]

    def _program(self, image, generation: int) -> None:
        self._in_force = generation
        self.cycle.image = image
        if image is not None:
            self.chip.load(image.weights)
            self.refresh.program()

    def _programming_failed(self, weight: int, ohm: int) -> None:
        """A device gave up: the image from before stays in force, in the store and on the chip."""
        if self._asked:
            self._failure = (self._in_force, weight, ohm)
            self._asked = False
        if self._before is None:  # it was that image already, or the power-up's: it stays, its weights stale
            return
        (image, generation), self._before = self._before, None
        try:
            self.store.discard()
        finally:
            self.refresh.forget()
            self._program(image, generation)

    def _measuring(self) -> bool:
        return self.cycle.state == messages.MEASURING

    def _test_converters(self) -> int:
        """The self-test's first three bits; the DAC's input channel is at rest before and after."""
        passed = 0
        channel = self.configuration["dac"]["input_channels"][0]
        code = self._dac.code(channel, self.configuration["chip"]["no_field_uv"])
        self._dac.write(channel, code)
        if self._dac.read_back(channel) == code and self.chip.levels_read_back():
            passed |= 1
        else:
            self.safety.trip(messages.FAULT_READBACK)
        try:
            for wait_ms in self.sensors.scan(b"", b""):
                sleep_ms(wait_ms)
            if self.chip.reads_no_current():
                passed |= 2
        except FaultError as fault:
            self.safety.trip(fault.fault)
        rail_uv = self.sensors.rail_count * (self.configuration["adc"]["sensor_range_uv"] // 1000) // 32768 * 1000
        wanted_uv = self.configuration["sensors"]["rail_uv"]
        if abs(rail_uv - wanted_uv) < wanted_uv // 10:
            passed |= 4
        return passed

    def _supply_good(self, supply_uv: int) -> bool:
        facts = self.configuration["supply"]
        return abs(supply_uv - facts["nominal_uv"]) <= facts["tolerance_uv"]

    def _require_supply(self) -> None:
        if not self._supply_good(self.supply_uv()):
            self.safety.trip(messages.FAULT_SUPPLY)
            raise weight_image.ImageError(messages.E_SAFE, messages.FAULT_SUPPLY)

    def _identity(self):
        configuration = self.configuration
        return configuration["board"].encode(), configuration["chip"]["name"].encode(), FIRMWARE, self._unit

    def _load_stored(self) -> None:
        image = self.store.newest()
        if self.store.problem:
            self.safety.trip(self.store.problem)
        elif image is not None:
            self.activate()

    def _make_safe(self) -> None:
        self.refresh.forget()
        try:
            self.chip.rest()
        finally:
            self.cycle.make_safe()

    def _task_failed(self, error) -> None:
        self.safety.trip(error.fault if isinstance(error, FaultError) else messages.FAULT_TASK)

    def _housekeeping(self):
        while True:
            self.refresh.set_temperature(self.temperature_mc())
            now_ms = ticks_ms()
            self._uptime_ms += ticks_diff(now_ms, self._started_ms)
            self._started_ms = now_ms
            if self.cycle.image is not None and not self.safety.latched and not self._supply_good(self.supply_uv()):
                self.safety.trip(messages.FAULT_SUPPLY)
            self._collect()
            yield HOUSEKEEPING_MS
