"""What a device that nobody watches does beside what it is asked: it counts its time, looks at all its sensors, burns
new ones in, measures by itself.

It is imported where the board's configuration or a schedule asks for it, as the device starts, and so are its two last
parts.
"""

from enose_contract import messages, records
from enose_device.sensors.watch import Watch


class Upkeep:
    """`burn_in` and `schedule` are None where nobody asked for them."""

    def __init__(self, device, parts) -> None:
        """device: app.Device, its cycle and what it was told made already; parts: as it got them."""
        self._device = device
        self.schedule = self.burn_in = None
        self.spent_ms = [0] * 4  # asleep, with heaters on, measuring, with weights held
        self.measurements = 0
        self._counted_ms = 0  # of the uptime
        self._flags = (0, 0)  # of the sensors, as the log has them
        facts = device.configuration["sensors"]
        device.cycle.look_with(Watch(device.sensors, facts))
        if facts["burn_in_s"]:
            from enose_device.burn_in import BurnIn

            self.burn_in = BurnIn(device.log, facts["burn_in_s"])
            device.cycle.burn_in_s = self.burn_in.left_s
        if device.interval_s():
            from enose_device.schedule import Schedule

            self.schedule = Schedule(device, parts)
            device.scheduler.add(self.schedule.run)

    def count(self, uptime_ms: int) -> None:
        """Once a second: what the time since the last call was spent with; sensors whose flags have changed."""
        device, cycle = self._device, self._device.cycle
        ms, self._counted_ms = uptime_ms - self._counted_ms, uptime_ms
        asleep = self.schedule is not None and self.schedule.asleep
        held = device.refresh.state == messages.WEIGHTS_HELD
        states = (asleep, cycle.heated, cycle.state == messages.MEASURING, held)
        for k in range(len(states)):
            if states[k]:
                self.spent_ms[k] += ms
        if self.burn_in:
            if cycle.heated:
                self.burn_in.count(ms)
            cycle.burn_in_s = self.burn_in.left_s
            if cycle.burn_in_s and not device.safety.latched:  # whether there is an image or not
                cycle.heat()
        flags = cycle.flags()
        if flags != self._flags:
            self._flags = flags
            device.log.add(records.SENSORS, d=flags[0], x=flags[1])

    def life(self) -> tuple:
        """The fields of LIFE's reply behind the uptime."""
        cycle, schedule = self._device.cycle, self.schedule
        heated_s = self.burn_in.heated_s if self.burn_in else self.spent_ms[1] // 1000
        plan = (schedule.interval_s, schedule.next_s, int(schedule.asleep)) if schedule else (0, 0, 0)
        found = [ms // 1000 for ms in self.spent_ms] + [self.measurements, heated_s, cycle.burn_in_s]
        found.extend(plan)
        image, empty = cycle.image, ()
        for values in (image.channels, cycle.health.tracked_ohm, image.clean_ohm) if image else (empty, empty, empty):
            found += [values[k] if k < len(values) else 0 for k in range(messages.MAX_CHANNELS)]
        return tuple(found)
