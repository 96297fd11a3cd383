"""The whole device: its parts put together around the link, and the images that it takes into force."""

import gc

from enose_contract import image as weight_image
from enose_contract import messages, records
from enose_device.chips import chip_and_keeper
from enose_device.converters.ad5676r import Ad5676r
from enose_device.converters.ads1115 import Ads1115
from enose_device.cycle import PHASE_WARMUP, Cycle
from enose_device.fitted import Fitted
from enose_device.key import Key
from enose_device.linked import LASTING_S, Linked
from enose_device.selftest import SelfTest
from enose_device.sensors.array import SensorArray
from enose_device.store import Store

LOOK_EVERY_S = 60
STATE_EVERY_S = 3600
MISFITS = (messages.E_SENSOR_SET, messages.E_CALIBRATION, messages.E_BOARD, messages.E_CHIP)
LOST_IMAGES = (messages.FAULT_IMAGES, messages.FAULT_MISFIT)


class Device(Linked):
    """Everything on the board, from the pins up."""

    def __init__(self, parts, configuration, log, watchdog) -> None:
        """parts: dict of buses, pins and streams made by main; configuration: board.json."""
        super().__init__(parts, configuration, log, watchdog)
        adc_facts = configuration["adc"]
        dac = Ad5676r(
            parts["spi"], parts["dac_select"], configuration["dac"]["full_scale_uv"], configuration["dac"]["gain"]
        )
        self._adc = adc = Ads1115(parts["i2c"], adc_facts["address"], adc_facts["rate_sps"])
        self.chip, self.refresh = chip_and_keeper(
            dac, adc, parts, configuration, self._measuring, self._programming_failed
        )
        partition = parts["flash"]
        partition.before = self.collect  # it will stall the processor, and memory is never fuller than then
        self.sensors = SensorArray(adc, parts["mux"], configuration)
        self.cycle = Cycle(self.chip, self.sensors, self.refresh, self.safety, parts, configuration)
        self.store = Store(partition)
        self.fitted = Fitted(self.store)
        self.key = Key(partition)
        self.selftest = SelfTest(parts, dac, self.sensors, self.chip, self.store, self.safety, configuration)
        configuration["teacher"] = "teacher" in configuration  # the rest of it is for taught.Device
        self.commands.serve[messages.TEACH.kind] = self._teach
        self.surroundings = self.upkeep = None
        if any([name in configuration for name in ("battery", "climate", "gas_sensor", "display")]):
            from enose_device.surroundings import Surroundings

            self.surroundings = Surroundings(self, parts)
        self._battery_state = 0
        self._temperature_mc = 0  # of the last look, which the refresh goes by
        self._look_s = self._state_due_s = LASTING_S
        self._in_force = 0  # the generation that the chip has, or is being given
        self._before = None  # (image, generation) to go back to where a new one cannot be programmed
        self._asked = False  # whether a host waits to hear how the programming ends
        self._failure = None  # (generation, weight, ohm) of a programming that failed, until that host was told
        for task in (self.refresh.run, self._measurements):
            self.scheduler.add(task)
        if configuration["upkeep"]["from_start"] or self.interval_s():
            from enose_device.upkeep import Upkeep

            self.upkeep = Upkeep(self, parts)
        for task in self.surroundings.tasks() if self.surroundings else ():
            self.scheduler.add(task)
        self._add_led(parts)
        gc.collect()
        self.free_start = self.free_low = gc.mem_free()

    def start(self, with_image: bool = True) -> None:
        """Bring every output into its defined state, then the stored image into force; a fault is the safe state."""
        try:
            self._begin(with_image)
        except weight_image.ImageError as error:
            self.safety.trip(_fault_of(error.code))
        except Exception as error:  # noqa: BLE001 - whatever it was, the device comes up in its safe state
            self._task_failed(error)

    def _begin(self, with_image: bool) -> None:
        self.chip.begin()
        self._look_at_temperature()
        self._look_around()
        if self.safety.latched:
            self.cycle.use(None)
        elif with_image:
            self.load_stored()
        else:
            self.cycle.use(None)

    def state(self) -> int:
        """One of messages.STATES."""
        return messages.SAFE_STATE if self.safety.latched else self.cycle.state

    def status(self) -> tuple:
        """The fields of STATUS's reply."""
        cycle = self.cycle
        return (self.state(), self.safety.fault, cycle.phase, self.refresh.state, cycle.number) + cycle.flags()

    def result(self, number: int) -> tuple:
        """The fields of RESULT's reply."""
        cycle = self.cycle
        return (
            number, cycle.state if number == cycle.number else messages.UNKNOWN_CYCLE, cycle.phase,
            cycle.answer, cycle.reason, cycle.remaining_ms(), cycle.margin_uv, cycle.band, self.refresh.state,
            self.sensors.compensation, len(cycle.ohms), len(cycle.outputs_uv), cycle.label.encode(),
        ) + cycle.flags() + (cycle.burn_in_s,) + _padded(cycle.outputs_uv, messages.MAX_OUTPUTS) + _padded(
            cycle.inputs_uv, messages.MAX_CHANNELS
        ) + _padded(cycle.ohms, messages.MAX_CHANNELS)  # fmt: skip

    def air(self) -> tuple:
        """The fields of AIR's reply."""
        return self.surroundings.air() if self.surroundings else super().air()

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
        self.fitted.check(image)

    def take(self, raw):
        """Store an image as it was uploaded; (generation, slot). Raises ImageError, the old image kept."""
        counter = 0
        if self.key.is_set:
            from enose_contract import seal  # no memory for it where no key is set

            counter, raw = seal.opened(raw, self.key.known())
            if counter <= self.store.counter:
                raise weight_image.ImageError(messages.E_OLDER, counter, self.store.counter)
        elif bytes(raw[:4]) == weight_image.SEAL_MARK:
            raise weight_image.ImageError(messages.E_NO_KEY)
        self.collect()
        self.check(weight_image.unpack(raw))
        self.store.commit(raw, counter)
        self._failure = None  # of an image that had the same generation
        return self.store.generation, self.store.slot

    def life(self) -> tuple:
        """The fields of LIFE's reply."""
        return (self._uptime_ms // 1000,) + self.upkeep.life() if self.upkeep else super().life()

    def set_schedule(self, interval_s: int) -> tuple:
        """Measure so often by itself; (interval_s, next_s, restarting). Raises ImageError."""
        self.collect()
        from enose_device.told import set_schedule

        return set_schedule(self, interval_s)

    def interval_s(self) -> int:
        """How often it measures by itself; 0 for never."""
        interval_s = self.fitted.interval_s
        return self.configuration["upkeep"]["interval_s"] if interval_s == messages.UNTOLD else interval_s

    def wake(self, program: bool = True) -> None:
        """End a sleep, if there is one; the weights are programmed anew here, or by the caller."""
        if self.upkeep and self.upkeep.schedule:
            self.upkeep.schedule.wake(program)

    def rest(self, wait_ms: int) -> int:
        """How long to wait for a byte; longer than the tasks ask for where it sleeps."""
        return self.upkeep.schedule.rest(wait_ms) if self.upkeep and self.upkeep.schedule else wait_ms

    def fit(self, sensor_set: bytes, calibration: bytes, heated_s: int = messages.UNTOLD) -> None:
        """Be told what is mounted and calibrated, and how long the sensors were heated. Raises ImageError."""
        self.collect()
        from enose_device.told import fit

        fit(self, sensor_set, calibration, heated_s)

    def join_probing(self, serve, kind: int) -> None:
        """Serve the messages of contract.probing or contract.watching too. Raises ImageError for a chip not probed."""
        self.collect()
        if kind == messages.PROBING[-1]:
            from enose_device.watching import join
        else:
            from enose_device.probe import join

        join(self, serve, self.scheduler)

    def displace(self) -> None:
        """Take the image out of force, the chip at rest."""
        self.refresh.forget()
        self.chip.rest()
        self.cycle.use(None)
        self._in_force = 0

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
        self.require_supply()
        self._asked = generation != 0
        self._before = (self.cycle.image, self._in_force) if generation not in (0, self._in_force) else None
        self._program(image, self.store.generation)
        self.cycle.heat()
        return len(image.weights), refresh.written

    def _teach(self, learning: int):
        from enose_device.teachable import teach

        return teach(self, learning)

    def report_failure(self, generation: int) -> None:
        """Raise ImageError(E_CELL), once, where this generation could not be programmed."""
        failure, self._failure = self._failure, None
        if failure is not None and failure[0] == generation:
            raise weight_image.ImageError(messages.E_CELL, failure[1], failure[2])

    def clear(self) -> None:
        """Leave the safe state: outputs anew, chip programmed anew, heaters on again.

        Where it was the stored image that is at fault the device comes up without, so that one can be uploaded.
        """
        if not self.safety.latched:
            return
        images_lost = self.safety.fault in LOST_IMAGES
        self.safety.clear()
        self.start(not images_lost)

    def _condition(self) -> tuple:
        image, refresh = self.cycle.image, self.refresh
        return (
            refresh.done, refresh.missed, refresh.period_ms, self._temperature_mc, self.selftest.supply_uv(),
            image.model if image else bytes(8), self.store.generation,
            self.fitted.sensor_set, self.fitted.calibration, int(self.key.is_set), self.store.counter,
            self.surroundings.silent if self.surroundings else 0,
        )  # fmt: skip

    def _program(self, image, generation: int) -> None:
        self._in_force = generation
        self.cycle.use(image)
        self.wake(False)
        if image is not None:
            self.log.add(records.IMAGE, d=generation)
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

    def _measurements(self):
        """The task: the measuring cycle, and a record of how each measurement ended."""
        measuring = False
        for wait_ms in self.cycle.run():
            if measuring and not self._measuring():
                cycle = self.cycle
                if self.upkeep:
                    self.upkeep.measurements += 1
                self.log.add(
                    records.RESULT, cycle.answer, cycle.band, cycle.reason, self._in_force,
                    cycle.margin_uv, cycle.outputs_uv[0] if cycle.outputs_uv else 0, cycle.number & 0x7FFFFFFF,
                )  # fmt: skip
            measuring = self._measuring()
            yield wait_ms

    def require_supply(self) -> None:
        """Raise ImageError, the safe state latched, where the chip's supply is missing."""
        if not self.selftest.supply_good(self.selftest.supply_uv()):
            self.safety.trip(messages.FAULT_SUPPLY)
            raise weight_image.ImageError(messages.E_SAFE, messages.FAULT_SUPPLY)

    def load_stored(self) -> None:
        """Take the newest stored image into force, if there is one; the safe state where none can be read."""
        image = self.store.newest()
        for slot in range(2):
            if self.store.damaged >> slot & 1:
                self.log.add(records.DAMAGED, slot, urgent=True)
        if self.store.problem:
            self.safety.trip(self.store.problem)
        elif image is not None:
            self.activate()

    def collect(self) -> None:
        """The weights are kept before and after: on an RP2040 it takes 20 ms, and they can wait for 14 ms."""
        self.refresh.keep()
        super().collect()
        self.refresh.keep()

    def _make_safe(self) -> None:
        self.refresh.forget()
        try:
            self.chip.rest()
        finally:
            self.cycle.make_safe()
            if self.surroundings:
                self.surroundings.rest()

    def _every_second(self) -> None:
        if self.upkeep:
            self.upkeep.count(self._uptime_ms)
        self._look_at_temperature()
        self._look_around()
        supply_uv = self.selftest.supply_uv()
        if self.cycle.image is not None and not self.safety.latched and not self.selftest.supply_good(supply_uv):
            self.safety.trip(messages.FAULT_SUPPLY)
        if not self.safety.latched and self.refresh.state != messages.WEIGHTS_PROGRAMMING:
            self.refresh.keep()  # the look takes milliseconds
            self.chip.look_at_dac()
            probed = self.cycle.image is None  # or may be: the output's converter is not to be had while it converts
            if not self._adc.busy or (self.cycle.phase <= PHASE_WARMUP and not probed):
                self.chip.look_at_level()
        if self.log.uptime_s >= self._look_s:
            self._look_s = self.log.uptime_s + LOOK_EVERY_S
            self._log_state(supply_uv)

    def _look_around(self) -> None:
        if self.surroundings:
            self.surroundings.look()

    def _look_at_temperature(self) -> None:
        mcu_mc = self.selftest.temperature_mc()
        self._temperature_mc = self.surroundings.temperature_mc(mcu_mc) if self.surroundings else mcu_mc
        self.refresh.set_temperature(self._temperature_mc)

    def _log_state(self, supply_uv: int) -> None:
        """Supply, temperature and battery, once an hour; at once where the battery has come to a worse state."""
        battery, cell_uv = (self.surroundings.battery, self.surroundings.cell_uv) if self.surroundings else (None, 0)
        left_percent, worse = 0, False
        if battery is not None:
            left_percent = battery.left_percent(cell_uv)
            worse = battery.state > self._battery_state
            self._battery_state = battery.state
        if worse or self.log.uptime_s >= self._state_due_s:
            self._state_due_s = self.log.uptime_s + STATE_EVERY_S
            self.log.add(
                records.STATE, self._battery_state, left_percent, 0, 0,
                supply_uv, self._temperature_mc, cell_uv, urgent=worse,
            )  # fmt: skip


def _fault_of(code: int) -> int:
    if code == messages.E_SAFE:
        return messages.FAULT_SUPPLY
    return messages.FAULT_MISFIT if code in MISFITS else messages.FAULT_IMAGES


def _padded(values, count: int):
    return tuple([max(values[k], 0) if k < len(values) else 0 for k in range(count)])
