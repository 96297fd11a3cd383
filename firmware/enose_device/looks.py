"""What a whole device looks at once a second: temperature, what is around it, the chip's supply and its converter."""

from enose_contract import messages, records
from enose_device.linked import LASTING_S

LOOK_EVERY_S = 60
STATE_EVERY_S = 3600
PATIENCE_MS = 3000  # a scan of 16 sensors with the slowest converter takes 2.4 s
GIVEN_UP_MS = 200  # the slowest conversion takes 138


class Looks:
    """Keeps the temperature that the refresh goes by, and the log's record of supply and battery."""

    def __init__(self, device, adc) -> None:
        """device: app.Device; adc: the converter that sensors and output share."""
        self._device = device
        self._adc = adc
        self.temperature_mc = 0
        self._battery_state = 0
        self._look_s = self._state_due_s = LASTING_S

    def around(self) -> None:
        """Look at the temperature and at the parts that a board need not have."""
        device, mcu_mc = self._device, self._device.selftest.temperature_mc()
        self.temperature_mc = device.surroundings.temperature_mc(mcu_mc) if device.surroundings else mcu_mc
        device.refresh.set_temperature(self.temperature_mc)
        if device.surroundings:
            device.surroundings.look()

    def run(self):
        """Once a second, a task; a supply that is missing, or a converter that is not as it was set: the safe state."""
        device, adc = self._device, self._adc
        self.around()
        yield 0
        supply_uv = device.selftest.supply_uv()
        if device.refresh.state and not device.safety.latched and not device.selftest.supply_good(supply_uv):
            device.safety.trip(messages.FAULT_SUPPLY)
        yield 0
        if self._chip_free():
            device.chip.look_at_dac()
        yield 0
        unread_ms = 0
        for _ in range(PATIENCE_MS):
            if not adc.busy or unread_ms == GIVEN_UP_MS:  # that long: given up with its measurement
                if self._chip_free():
                    device.chip.look_at_level()
                break
            taken = adc.taken
            yield 1
            unread_ms = unread_ms + 1 if adc.taken == taken else 0
        if device.log.uptime_s >= self._look_s:
            self._look_s = device.log.uptime_s + LOOK_EVERY_S
            self._log_state(device, supply_uv)

    def _chip_free(self) -> bool:
        device = self._device
        return not device.safety.latched and device.refresh.state != messages.WEIGHTS_PROGRAMMING

    def _log_state(self, device, supply_uv: int) -> None:
        """Supply, temperature and battery, once an hour; at once where the battery has come to a worse state."""
        around = device.surroundings
        battery, cell_uv = (around.battery, around.cell_uv) if around else (None, 0)
        left_percent, worse = 0, False
        if battery is not None:
            left_percent = battery.left_percent(cell_uv)
            worse = battery.state > self._battery_state
            self._battery_state = battery.state
        if worse or device.log.uptime_s >= self._state_due_s:
            self._state_due_s = device.log.uptime_s + STATE_EVERY_S
            device.log.add(
                records.STATE, self._battery_state, left_percent, 0, 0,
                supply_uv, self.temperature_mc, cell_uv, urgent=worse,
            )  # fmt: skip
