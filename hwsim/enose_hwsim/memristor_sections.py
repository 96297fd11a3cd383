"""The sections that only the chip file of a memristor network has."""

import math
from typing import Annotated

from msgspec import Meta

from enose_hwsim.tomlfile import Count, Positive, Section

NotNegative = Annotated[float, Meta(ge=0, le=1e6)]


def devices_in_series(v: float, threshold_v: float) -> int:
    """n = ceil(|v| / v_thr), paper 002, equation 18: so many devices share a voltage below their threshold."""
    return max(1, math.ceil(abs(v) / threshold_v))


class Devices(Section, frozen=True):
    """The memristors: model A14mod's parameters, and the range into which the board programs them.

    Paper 002, equation 6: i = v / (R_on x + R_off (1 - x)), dx/dt = k v^m sin^2(pi x) above the threshold.
    """

    k_per_s: Annotated[float, Meta(gt=0, le=1e12)]  # at 1 V
    r_on_ohm: Positive
    r_off_ohm: Positive
    m: Annotated[int, Meta(ge=1, le=15)]
    threshold_v: Positive
    min_ohm: Positive
    max_ohm: Positive
    tolerance: Annotated[float, Meta(ge=1e-4, le=0.5)]  # relative, of a programmed memristance

    def __post_init__(self) -> None:
        if self.m % 2 == 0:
            raise ValueError(f"m {self.m} is even, so that no voltage would raise a memristance")
        if not self.r_on_ohm < self.min_ohm < self.max_ohm < self.r_off_ohm:
            raise ValueError(
                f"min_ohm {self.min_ohm} to max_ohm {self.max_ohm} is not within the device's own "
                f"{self.r_on_ohm}..{self.r_off_ohm} ohm"
            )


class Pulse(Section, frozen=True):
    """What the board's pulse generator may give a device, and the voltage at which it reads one."""

    min_v: Positive
    max_v: Annotated[float, Meta(gt=0, le=1.1)]  # paper 002 fitted its model up to there
    min_on_s: Annotated[float, Meta(ge=1e-6, le=1)]  # what the board's one-shot can make
    max_on_s: Annotated[float, Meta(gt=0, le=0.05)]  # nothing else runs while a pulse lasts
    read_v: Positive

    def __post_init__(self) -> None:
        if not (self.min_v <= self.max_v and self.min_on_s <= self.max_on_s):
            raise ValueError(f"min_v {self.min_v} or min_on_s {self.min_on_s} is above its max")
        for name, on_s in (("min_on_s", self.min_on_s), ("max_on_s", self.max_on_s)):
            if abs(on_s * 1e6 - round(on_s * 1e6)) > 1e-6:
                raise ValueError(f"{name} {on_s} is no whole number of microseconds")


class Adder(Section, frozen=True):
    """The op-amp adders' feedback, and the voltages from the common node that their stages are built for."""

    feedback_ohm: Positive
    hidden_max_v: Positive
    output_max_v: Positive


class Activation(Section, frozen=True):
    """The MOS-memristor sigmoid, near 1 V / (1 + exp(-steepness v)) above the common node, and its divider."""

    steepness_per_v: Positive  # of the logistic that is nearest to the circuit
    low_v: NotNegative
    high_v: Positive
    series_ohm: Positive
    series_devices: Count
    divider: Annotated[float, Meta(gt=0, lt=1)]
    divider_ohm: Positive  # of the device between the divider's tap and the common node


class OpAmps(Section, frozen=True):
    """What keeps the op-amps from being ideal: gain, gain-bandwidth product, offset, and the way left to a rail."""

    gain: Positive
    bandwidth_hz: Positive
    offset_sigma_v: NotNegative
    rail_margin_v: Positive


class Verification(Section, frozen=True):
    """Memristors do not leak below their threshold; the board reads them again after this long all the same."""

    verify_every_s: Positive
