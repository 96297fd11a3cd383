"""One I2C bus for every driver (NXP UM10204, rev. 7, section 3.1.16 "Bus clear"): bounded retries, a bounded unlock.

A transfer that fails is tried twice more. Before each retry the lines are looked at: a part that was interrupted in
mid-byte holds SDA low, and lets go within nine clocks. A line that stays held is FaultError(FAULT_BUS), which the
device answers with its safe state. A part that stays silent on a free bus is NoAnswerError, with which its user does
what the part's role asks for; left alone it is a FaultError(FAULT_BUS) too.
"""

from enose_contract.messages import FAULT_BUS
from enose_device.safety import FaultError, NoAnswerError

TRIES = 3  # one and two retries
CLOCKS = 9  # eight bits and the acknowledge: no part holds SDA for longer
HALF_US = 5  # of a clock period: 100 kHz, which every part follows


class Bus:
    """What the drivers write to and read from; the same calls as `machine.I2C`.

    `retries` and `unlocks` count what went wrong and was mended.
    """

    def __init__(self, open_i2c, open_lines, wait_us) -> None:
        """open_i2c(): the bus, made anew; open_lines(): (SCL, SDA) as open-drain pins, let go; wait_us(us) waits.

        Both only main can make, and each takes the lines from the other: that is why they are made anew each time.
        """
        self._open_i2c = open_i2c
        self._open_lines = open_lines
        self._wait_us = wait_us
        self._i2c = open_i2c()
        self.retries = 0
        self.unlocks = 0

    def writeto(self, address: int, data) -> None:
        """Send data."""
        self._transfer(True, address, -1, data)

    def readfrom_into(self, address: int, buffer) -> None:
        """Fill the buffer."""
        self._transfer(False, address, -1, buffer)

    def writeto_mem(self, address: int, register: int, data) -> None:
        """Send a register's number and data."""
        self._transfer(True, address, register, data)

    def readfrom_mem_into(self, address: int, register: int, buffer) -> None:
        """Send a register's number, then fill the buffer."""
        self._transfer(False, address, register, buffer)

    def free_lines(self) -> None:
        """Make a part that holds SDA low let go. Raises FaultError(FAULT_BUS) where a line stays low."""
        scl, sda = self._open_lines()
        if scl.value() and not sda.value():
            self._clock_out(scl, sda)
            self.unlocks += 1
        if not scl.value() or not sda.value():  # no part on the board stretches the clock
            raise FaultError(FAULT_BUS)
        self._i2c = self._open_i2c()

    def _clock_out(self, scl, sda) -> None:
        """At most nine clocks until SDA is high, then a stop."""
        for _ in range(CLOCKS):
            self._set(scl, 0)
            self._set(scl, 1)
            if sda.value():
                break
        else:
            raise FaultError(FAULT_BUS)
        self._set(scl, 0)
        self._set(sda, 0)
        self._set(scl, 1)
        self._set(sda, 1)

    def _set(self, line, level: int) -> None:
        line.value(level)
        self._wait_us(HALF_US)

    def _transfer(self, write: bool, address: int, register: int, data) -> None:
        for left in range(TRIES - 1, -1, -1):
            try:
                self._once(write, address, register, data)
                return
            except OSError:  # a NACK, or a line that is held
                self.free_lines()
            self.retries += left > 0
        raise NoAnswerError()

    def _once(self, write: bool, address: int, register: int, data) -> None:
        i2c = self._i2c
        if register < 0:
            if write:
                i2c.writeto(address, data)
            else:
                i2c.readfrom_into(address, data)
        elif write:
            i2c.writeto_mem(address, register, data)
        else:
            i2c.readfrom_mem_into(address, register, data)
