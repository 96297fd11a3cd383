"""The parts that only some boards have: status light, climate sensor, gas sensor, display.

Each driver is imported only where the board's configuration has the part. None of them is needed for an answer: a part
that does not answer is noted in the log and in INFO, and nothing else stops.
"""

from enose_contract import messages, records


class OptionalParts:
    """`tasks`: what each of them does; `silent`: which of them do not answer, as bits."""

    def __init__(self, device, parts) -> None:
        """device: app.Device; parts: dict of buses and pins made by main."""
        self._device = device
        self.silent = 0
        self.climate = None
        self._gas = None
        self.tasks = []
        configuration = device.configuration
        if "climate" in configuration:
            self._add_climate(parts["i2c"], configuration["climate"])
        if "gas_sensor" in configuration:
            self._add_gas_sensor(parts["i2c"], configuration["gas_sensor"])
        if "display" in configuration:
            self._add_display(parts["i2c"], configuration["display"]["address"])

    def rest(self) -> None:
        """What is heated is heated no more."""
        if self._gas is not None:
            self._gas.rest()

    def air(self) -> tuple:
        """The fields of AIR's reply."""
        climate, gas = self.climate, self._gas
        known = climate is not None and climate.known
        measured = gas is not None and gas.known
        ohms = gas.ohms if measured else []
        return (
            int(known), climate.temperature_mc if known else 0, climate.humidity_mrh if known else 0,
            int(measured), gas.pressure_pa if measured else 0, len(ohms),
        ) + tuple([ohms[k] if k < len(ohms) else 0 for k in range(messages.MAX_STEPS)])  # fmt: skip

    def _add_climate(self, bus, facts) -> None:
        from enose_device.climate import Climate
        from enose_device.sensors.sht4x import Sht4x

        part = Sht4x(bus, facts["address"])
        self.climate = Climate(part, facts["every_s"], self._teller(messages.SILENT_CLIMATE))
        self.tasks.append(self.climate.run)
        if "ppm_per_c" in self._device.configuration["sensors"]:
            self._device.sensors.climate = self.climate

    def _add_gas_sensor(self, bus, facts) -> None:
        from enose_device.gas_sensor import GasSensor
        from enose_device.sensors.bme688 import Bme688

        part = Bme688(bus, facts["address"])
        safety = self._device.safety
        self._gas = GasSensor(part, facts, lambda: safety.latched, self._teller(messages.SILENT_GAS))
        self.tasks.append(self._gas.run)

    def _add_display(self, bus, address: int) -> None:
        from enose_device.display.face import Face
        from enose_device.display.ssd1306 import Ssd1306

        self.tasks.append(Face(Ssd1306(bus, address), self._device, self._teller(messages.SILENT_DISPLAY)).run)

    def _teller(self, part: int):
        """A function that is told whether a part is silent; that it has become so is noted once."""

        def tell(silent: bool) -> None:
            if not silent:
                self.silent &= ~part
            elif not self.silent & part:
                self.silent |= part
                self._device.log.add(records.SILENT, part)

        return tell
