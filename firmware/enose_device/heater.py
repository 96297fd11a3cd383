"""Heaters of metal-oxide sensors behind a transistor that pulse-width modulation switches: their power is the duty."""

FULL = 65535


class PwmHeater:
    """Switched on and off like a pin."""

    def __init__(self, pwm, duty_percent: int) -> None:
        """pwm: a machine.PWM at its frequency; off from now on."""
        self._pwm = pwm
        self._duty = FULL * duty_percent // 100
        self.off()

    def on(self) -> None:
        """At the board's duty."""
        self._pwm.duty_u16(self._duty)

    def off(self) -> None:
        """Low, from the end of the period at the latest."""
        self._pwm.duty_u16(0)
