"""What the device does beside what it is asked: it counts its life, burns sensors in, flags them, measures by itself."""

from enose_contract import messages, records
from enose_device.life import Life

SCHEDULE_NAME = "/schedule"


class Upkeep:
    """`life` is always there; `schedule` only where the board, or somebody, has asked for one."""

    def __init__(self, device, parts, configuration) -> None:
        """device: app.Device, its cycle and its store made already; parts, configuration: as it got them."""
        self._device = device
        self._parts = parts
        self._configuration = configuration
        self.life = Life(device.log, configuration["sensors"].get("burn_in_s", 0))
        self.schedule = None
        self._counted_ms = 0  # of the uptime
        self._flagged = (0, 0)  # sensors that are not fit, and that have drifted, as the log has them
        if configuration.get("schedule", {}).get("interval_s") or device.store.has(SCHEDULE_NAME):
            self._make_schedule()
        device.cycle.burn_in_s = self.life.burn_in_s

    def _make_schedule(self) -> None:
        from enose_device.schedule import Schedule

        self.schedule = Schedule(self._device, self._parts, self._configuration)
        self._device.add_task(self.schedule.run)

    def burn_in(self) -> None:
        """Heat sensors that are still to be burnt in, whether there is an image or not."""
        cycle = self._device.cycle
        cycle.burn_in_s = self.life.burn_in_s
        if cycle.burn_in_s and not self._device.safety.latched:
            cycle.heat()

    def count(self, uptime_ms: int) -> None:
        """Once a second: what the time since the last call was spent with; sensors whose flags have changed."""
        device, cycle = self._device, self._device.cycle
        passed_ms, self._counted_ms = uptime_ms - self._counted_ms, uptime_ms
        asleep = self.schedule is not None and self.schedule.asleep
        held = device.refresh.state == messages.WEIGHTS_HELD
        self.life.count(passed_ms, asleep, cycle.heated, cycle.state == messages.MEASURING, held)
        cycle.burn_in_s = self.life.burn_in_s
        flagged = (cycle.watch.bad, cycle.watch.drifted)
        if flagged != self._flagged:
            self._flagged = flagged
            device.log.add(records.SENSORS, d=flagged[0], x=flagged[1])

    def set_schedule(self, interval_s: int) -> tuple:
        """Measure so often by itself; (interval_s, next_s). Raises ImageError (E_INTERVAL, E_STORE)."""
        device = self._device
        if self.schedule is None:
            device.refresh.sleep()  # an import stalls the processor for longer than weights hold
            self._make_schedule()
            if device.cycle.image is not None:
                device.refresh.wake()
        self.schedule.set(interval_s)
        return self.schedule.interval_s, self.schedule.next_s

    def wake(self) -> None:
        """Somebody wants to measure."""
        if self.schedule:
            self.schedule.wake()

    def awake(self) -> None:
        """Weights are about to be programmed: that ends a sleep."""
        if self.schedule:
            self.schedule.asleep = False

    def rest(self, wait_ms: int) -> int:
        """How long to wait for a byte; a device that sleeps waits longer than its tasks ask for."""
        return self.schedule.rest(wait_ms) if self.schedule else wait_ms

    def lived(self) -> tuple:
        """The fields of LIFE's reply behind the uptime."""
        life, cycle, schedule = self.life, self._device.cycle, self.schedule
        channels = cycle.image.channels if cycle.image else []
        plan = (schedule.interval_s, schedule.next_s, int(schedule.asleep)) if schedule else (0, 0, 0)
        times_ms = (life.asleep_ms, life.heated_ms, life.measuring_ms, life.held_ms)
        return (
            tuple([ms // 1000 for ms in times_ms])
            + (life.measurements, life.sensors_heated_s, life.burn_in_s)
            + plan
            + (len(channels),)
            + _eight(channels)
            + _eight(cycle.health.tracked_ohm)
            + _eight(cycle.watch.drift_ppm)
        )


def _eight(values) -> tuple:
    return tuple([values[k] if k < len(values) else 0 for k in range(messages.MAX_CHANNELS)])
