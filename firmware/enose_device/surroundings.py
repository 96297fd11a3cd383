"""What the chip and the sensors have around them: battery, air, and the parts that only some boards have.

A battery that is low measures nothing; an empty one is a fault, for what draws most are the heaters.
"""

import sys

from enose_contract import messages, records

SPARE_MS = 3  # as long as any optional part takes at a time, and the granularity of a millisecond
EMPTY = 2  # of battery.Battery's states


class Surroundings:
    """`battery`, `climate`: None where there is none; `cell_uv`: the battery as read last; `silent`: bits of parts."""

    def __init__(self, device, parts) -> None:
        """device: app.Device, with its sensors, refresh and cycle; parts: dict of buses and pins made by main."""
        self._device = device
        self.battery = self.climate = None
        self.cell_uv = 0
        self.silent = 0
        self._air_known = False
        configuration = device.configuration
        if "battery" in configuration:
            from enose_device.sensors.battery import Battery

            self.battery = Battery(parts["battery"], configuration["battery"])
        self._optional = self._optional_parts(parts) if self._has_any(configuration) else []

    def tasks(self):
        """Those of the optional parts."""
        return map(self._in_between, self._optional)

    def rest(self) -> None:
        """What is heated by itself is heated no more."""
        for part in self._optional:
            part.rest()

    def look(self) -> None:
        """Once a second, and before anything begins."""
        self._look_at_battery()
        silent = 0
        for part in self._optional:
            if part.silent:
                silent |= part.bit
                if not self.silent & part.bit:
                    self._device.log.add(records.SILENT, part.bit)
        self.silent = silent

    def temperature_mc(self, mcu_mc: int) -> int:
        """The chip is as warm as the microcontroller or as the air with the margin, whichever is warmer."""
        climate, refresh = self.climate, self._device.refresh
        known = climate is not None and climate.known
        if known and not self._air_known:  # what was not known before has not made the weights leak faster now
            refresh.set_temperature(mcu_mc)
            refresh.keep()
            refresh.set_temperature(mcu_mc)  # from here on their age counts
            scheduler = self._device.scheduler
            scheduler.wake(scheduler.first)  # the keeper, asleep for as long as the microcontroller's permits
        self._air_known = known
        if climate is None or not known:
            return mcu_mc
        return max(mcu_mc, climate.temperature_mc + self._device.configuration["temperature"]["margin_mc"])

    def air(self) -> tuple:
        """The fields of AIR's reply."""
        return self._device.called("air", "air", self.climate, self._optional)

    def _has_any(self, configuration) -> bool:
        """A set and no comprehension, which would be a function that stays in memory."""
        return bool(set(("climate", "gas_sensor", "display")) & set(configuration))

    def _optional_parts(self, parts):
        """What makes them is forgotten when they are made."""
        from enose_device.optional_parts import optional_parts

        made, self.climate = optional_parts(self._device, parts)
        name = "optional_parts"
        del sys.modules["enose_device." + name]
        delattr(sys.modules["enose_device"], name)
        return made

    def _in_between(self, part):
        """The task of an optional part, gone on with only where the weights are not about to be due."""

        def run():
            for wait_ms in part.run():
                yield wait_ms
                while self._device.refresh.left_ms() < SPARE_MS:
                    yield 1

        return run

    def _look_at_battery(self) -> None:
        battery, device = self.battery, self._device
        if battery is None:
            return
        self.cell_uv = battery.read_uv()
        device.cycle.refuse(messages.REASON_BATTERY if battery.state else messages.REASON_OK)
        if battery.state == EMPTY and not device.safety.latched:
            device.safety.trip(messages.FAULT_BATTERY)
