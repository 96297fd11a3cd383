"""Pulses for memristors: the level from a DAC channel, the on-time from a one-shot that no processor can prolong.

The one-shot drives an SPDT switch (ADG719, Analog Devices data sheet: on and off in about 10 ns) between a resting
level and the pulse level. Whatever is asked for, no pulse beyond the chip's limits leaves.
"""

from time import sleep_us

from enose_contract.limits import code_nearest
from enose_contract.messages import FAULT_RANGE
from enose_device.converters.ad5676r import BITS
from enose_device.safety import FaultError

DAC_SETTLE_US = 10  # AD5676R data sheet: 5 us typically, 8 us at most, to half a code


class PulseGenerator:
    """Gives one pulse at a time, its voltage relative to the common node."""

    def __init__(self, dac, channel: int, gate, facts) -> None:
        """gate: with fire(on_us); facts: `pulses` of board.json. `begin` comes before any pulse."""
        self._dac = dac
        self._channel = channel
        self._gate = gate
        self._common_uv = facts["common_uv"]
        self._min_on_us = facts["min_on_us"]
        self._max_on_us = facts["max_on_us"]
        self._max_uv = facts["max_uv"]
        self._rest_code = 0

    def begin(self) -> None:
        """Have the DAC allow the levels of pulses. Raises ValueError for levels that it does not have."""
        self._dac.allow(self._channel, self._common_uv - self._max_uv, self._common_uv + self._max_uv)
        self._rest_code = self._dac.code(self._channel, self._common_uv)

    def rest(self) -> None:
        """The pulse level at the common node: a pulse would do nothing. Allocates nothing."""
        self._dac.write(self._channel, self._rest_code)

    def give(self, pulse_uv: int, on_us: int) -> None:
        """One pulse; returns when it is over. Raises FaultError(FAULT_RANGE) beyond the limits, and gives none."""
        if not self._min_on_us <= on_us <= self._max_on_us:
            raise FaultError(FAULT_RANGE)
        self._dac.write(self._channel, code_nearest(self._common_uv + pulse_uv, self._dac.full_scale_uv, BITS))
        sleep_us(DAC_SETTLE_US)
        self._gate.fire(on_us)
        sleep_us(on_us + DAC_SETTLE_US)
        self.rest()
