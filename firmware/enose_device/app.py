"""The whole device: its parts put together around the link."""

import gc

from enose_contract import image as weight_image
from enose_contract import messages, records
from enose_device.chips import chip_and_keeper
from enose_device.converters.ad5676r import Ad5676r
from enose_device.converters.ads1115 import Ads1115
from enose_device.cycle import Cycle
from enose_device.fitted import Fitted
from enose_device.images import Images
from enose_device.key import Key
from enose_device.linked import Linked
from enose_device.looks import Looks
from enose_device.selftest import SelfTest
from enose_device.sensors.array import SensorArray
from enose_device.store import Store

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
        adc = Ads1115(parts["i2c"], adc_facts["address"], adc_facts["rate_sps"])
        self.images = Images(self)
        self.chip, self.refresh = chip_and_keeper(dac, adc, parts, configuration, self._measuring, self.images.failed)
        partition = parts["flash"]
        partition.before = self.collect  # it will stall the processor, and memory is never fuller than then
        self.sensors = SensorArray(adc, parts["mux"], configuration)
        self.cycle = Cycle(self.chip, self.sensors, self.refresh, self.safety, parts, configuration)
        self.store = Store(partition)
        self.fitted = Fitted(self.store)
        self.refresh.set_leak(self.fitted.leak_uv_per_s)
        self.key = Key(partition)
        self.selftest = SelfTest(parts, dac, self.sensors, self.chip, self.store, self.safety, configuration)
        configuration["teacher"] = "teacher" in configuration  # the rest of it is for taught.Device
        self.commands.serve[messages.TEACH.kind] = self._teach
        self.surroundings = self.upkeep = None
        if set(("battery", "climate", "gas_sensor", "display")) & set(configuration):
            from enose_device.surroundings import Surroundings

            self.surroundings = Surroundings(self, parts)
        self._looks = Looks(self, adc)
        self.scheduler.first = self.scheduler.add(self.refresh.run)
        self.scheduler.add(self._measurements)
        if configuration["upkeep"]["from_start"] or self.interval_s():
            from enose_device.upkeep import Upkeep

            self.upkeep = Upkeep(self, parts)
        for task in self.surroundings.tasks() if self.surroundings else ():
            self.scheduler.add(task)
        self._add_led()
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
        self._looks.around()
        if self.safety.latched:
            self.cycle.use(None)
        elif with_image:
            self.images.load_stored()
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

    def life(self) -> tuple:
        """The fields of LIFE's reply."""
        return (self._uptime_ms // 1000,) + self.upkeep.life() if self.upkeep else super().life()

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

    def join(self, kind: int, serve) -> None:
        """Serve this message of messages.PROBING too, and those it goes with. Raises ImageError where it cannot."""
        self.called("watching" if kind == messages.PROBING[-1] else "probe", "join", serve, self.scheduler)

    def _teach(self, learning: int):
        return self.called("teachable", "teach", learning)

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
            refresh.done, refresh.missed, refresh.period_ms, refresh.limit_ms, refresh.oldest_ms,
            self._looks.temperature_mc, self.selftest.supply_uv(),
            image.model if image else bytes(8), self.store.generation,
            self.fitted.sensor_set, self.fitted.calibration, int(self.key.is_set), self.store.counter,
            self.surroundings.silent if self.surroundings else 0, self.fitted.leak_uv_per_s,
        )  # fmt: skip

    def _measuring(self) -> bool:
        return self.cycle.state == messages.MEASURING

    def _every_second(self):
        yield 0
        if self.upkeep:
            self.upkeep.count(self._uptime_ms)
            yield 0
        yield from self._looks.run()

    def _measurements(self):
        """The task: the measuring cycle, and a record of how each measurement ended."""
        measuring = False
        for wait_ms in self.cycle.run():
            if measuring and not self._measuring():
                cycle = self.cycle
                if self.upkeep:
                    self.upkeep.measurements += 1
                self.log.add(
                    records.RESULT, cycle.answer, cycle.band, cycle.reason, self.images.generation,
                    cycle.margin_uv, cycle.outputs_uv[0] if cycle.outputs_uv else 0, cycle.number & 0x7FFFFFFF,
                )  # fmt: skip
            measuring = self._measuring()
            yield wait_ms

    def require_supply(self) -> None:
        """Raise ImageError, the safe state latched, where the chip's supply is missing."""
        if not self.selftest.supply_good(self.selftest.supply_uv()):
            self.safety.trip(messages.FAULT_SUPPLY)
            raise weight_image.ImageError(messages.E_SAFE, messages.FAULT_SUPPLY)

    def _make_safe(self) -> None:
        self.refresh.forget()
        try:
            self.chip.rest()
        finally:
            self.cycle.make_safe()
            if self.surroundings:
                self.surroundings.rest()


def _fault_of(code: int) -> int:
    if code == messages.E_SAFE:
        return messages.FAULT_SUPPLY
    return messages.FAULT_MISFIT if code in MISFITS else messages.FAULT_IMAGES


def _padded(values, count: int):
    return tuple([max(values[k], 0) if k < len(values) else 0 for k in range(count)])
