"""The parts that only some boards have: climate sensor, gas sensor, display; what makes them is forgotten again.

Each driver is imported only where the board's configuration has the part. None of them is needed for an answer: one
that does not answer is noted, and nothing else stops. What all of them have: `bit`, of messages' SILENT ones; `silent`,
whether the part does not answer; `run`, its task; `rest()`, which heats no more.
"""


def optional_parts(device, parts):
    """(a list of those that the board has, the climate sensor among them or None).

    device: app.Device; parts: dict of buses and pins made by main.
    """
    configuration = device.configuration
    bus = parts["i2c"]
    found = []
    climate = None
    if "climate" in configuration:
        from enose_device.climate import Climate
        from enose_device.sensors.sht4x import Sht4x

        facts = configuration["climate"]
        climate = Climate(Sht4x(bus, facts["address"]), facts["every_s"])
        found.append(climate)
        if "ppm_per_c" in configuration["sensors"]:
            device.sensors.climate = climate
    if "gas_sensor" in configuration:
        from enose_device.gas_sensor import GasSensor
        from enose_device.sensors.bme688 import Bme688

        facts = configuration["gas_sensor"]
        found.append(GasSensor(Bme688(bus, facts["address"]), facts, device.safety))
    if "display" in configuration:
        from enose_device.display.face import Face
        from enose_device.display.ssd1306 import Ssd1306

        found.append(Face(Ssd1306(bus, configuration["display"]["address"]), device))
    return found, climate
