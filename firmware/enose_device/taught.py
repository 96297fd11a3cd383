"""A device that was started for learning on the chip: no sensors, no measurements, and so the memory for lessons.

It is made in place of app.Device after a restart that TEACH asked for. It programs the stored image, serves the
messages of contract.lesson, and restarts for measuring when it is asked to, or when it has neither learnt nor heard of
lessons for a minute: a host that is gone leaves a device that measures.
"""

import gc

from enose_contract import lesson, messages
from enose_contract.image import ImageError
from enose_device.chips import chip_and_keeper
from enose_device.chips.teacher import Teacher
from enose_device.converters.ad5676r import Ad5676r
from enose_device.converters.ads1115 import Ads1115
from enose_device.fitted import Fitted
from enose_device.learning import Learning
from enose_device.linked import Linked
from enose_device.selftest import SelfTest
from enose_device.store import Store
from enose_device.watchdog import RESTARTED

SILENT_S = 60


class Device(Linked):
    """The chip, its teacher, its keeper and the store."""

    def __init__(self, parts, configuration, log, watchdog) -> None:
        """As app.Device; configuration with `teacher`, parts with `vc`."""
        super().__init__(parts, configuration, log, watchdog)
        facts = configuration["adc"]
        dac = Ad5676r(
            parts["spi"], parts["dac_select"], configuration["dac"]["full_scale_uv"], configuration["dac"]["gain"]
        )
        adc = Ads1115(parts["i2c"], facts["address"], facts["rate_sps"])
        self.chip, self.refresh = chip_and_keeper(dac, adc, parts, configuration, None, None)
        partition = parts["flash"]
        partition.before = self.collect
        self.store = Store(partition)
        self.fitted = Fitted(self.store)
        self.refresh.set_leak(self.fitted.leak_uv_per_s)
        self.image = None  # in force
        self._selftest = SelfTest(parts, dac, None, self.chip, self.store, self.safety, configuration)
        self._temperature_mc = 0
        self._heard_s = 0
        readout = Ads1115(parts["i2c"], configuration["teacher"]["readout_address"], facts["rate_sps"])
        self.learning = Learning(self, Teacher(self.chip, dac, readout, parts["vc"], configuration))
        messages.MESSAGES.update(lesson.MESSAGES)
        for kind in messages.MESSAGES:
            if kind not in lesson.SERVED:
                self.commands.serve[kind] = _refuse
        self.commands.serve[messages.TEACH.kind] = self.teach
        self.commands.serve.update(self.learning.serve)
        self.scheduler.first = self.scheduler.add(self.refresh.run)
        self.scheduler.add(self.learning.run)
        gc.collect()
        self.free_start = self.free_low = gc.mem_free()

    def start(self) -> None:
        """Bring every output into its defined state, then the stored image into force; a fault is the safe state."""
        try:
            self.chip.begin()
            self._look_at_temperature()
            self._image_into_force()
        except Exception as error:  # noqa: BLE001 - whatever it was, the device comes up in its safe state
            self._task_failed(error)

    def _image_into_force(self) -> None:
        image = self.store.newest()
        if self.store.problem:
            self.safety.trip(self.store.problem)
        elif image is not None:
            self.force(image)

    def force(self, image) -> None:
        """Program an image, the newest in the store, and hold it."""
        self.image = image
        self.chip.rest()
        self.chip.load(image.weights)
        self.refresh.program()

    def state(self) -> int:
        """One of messages.STATES."""
        if self.safety.latched:
            return messages.SAFE_STATE
        return messages.MEASURING if self.learning.state == lesson.RUNS else messages.IDLE

    def status(self) -> tuple:
        """The fields of STATUS's reply; MEASURING is here for learning."""
        return self.state(), self.safety.fault, 0, self.refresh.state, 0, 0, 0

    def teach(self, learning: int):
        """The fields of TEACH's reply: restart for measuring; not while a session runs."""
        self.heard()
        if not learning:
            if self.learning.state == lesson.RUNS:
                raise ImageError(lesson.E_LEARNING)
            self.restart_for(RESTARTED)
        return (1,)

    def join(self, kind: int, serve) -> None:
        """Neither probed nor watched, as long as it is for learning. Raises ImageError."""
        raise ImageError(lesson.E_LEARNING)

    def heard(self) -> None:
        """A host is there that has to do with learning."""
        self._heard_s = self.log.uptime_s

    def _every_second(self):
        yield 0
        self._look_at_temperature()
        yield 0
        runs = self.learning.state == lesson.RUNS
        if runs:
            self.heard()
        if self.refresh.state and not self._selftest.supply_good(self._selftest.supply_uv()):
            self.safety.trip(messages.FAULT_SUPPLY)
        elif not runs and self.log.uptime_s - self._heard_s >= SILENT_S and not self.safety.latched:
            self.restart_for(RESTARTED)
        yield 0
        if self.refresh.state == messages.WEIGHTS_HELD:  # a session looks at it with each sample
            self.chip.look_at_level()

    def _look_at_temperature(self) -> None:
        self._temperature_mc = self._selftest.temperature_mc()
        self.refresh.set_temperature(self._temperature_mc)

    def _condition(self) -> tuple:
        refresh = self.refresh
        return (
            refresh.done, refresh.missed, refresh.period_ms, refresh.limit_ms, refresh.oldest_ms,
            self._temperature_mc, self._selftest.supply_uv(),
            self.image.model if self.image else bytes(8), self.store.generation, bytes(8), bytes(8), 0,
            self.store.counter, 0, self.fitted.leak_uv_per_s,
        )  # fmt: skip

    def _make_safe(self) -> None:
        self.refresh.forget()
        self.learning.give_up()
        self.chip.rest()


def _refuse(*values):
    raise ImageError(lesson.E_LEARNING)
