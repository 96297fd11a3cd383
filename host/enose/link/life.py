"""How a device has lived: the time it spent in each state, its sensors' burn-in and drift, its schedule."""

from dataclasses import asdict, dataclass
from typing import Any

from enose.link.conversation import Values
from enose_contract import messages


@dataclass(frozen=True)
class Life:
    """Times in s since the device's start; those of the sensors in all their life."""

    uptime_s: int
    asleep_s: int
    heated_s: int
    measuring_s: int
    held_s: int
    measurements: int
    sensors_heated_s: int
    burn_in_s: int
    interval_s: int
    next_s: int
    asleep: bool
    r0_ohm: dict[int, int]  # by sensor position: the clean-air resistance as it is tracked, where one is known
    drift: dict[int, float]  # by sensor position: relative to the R0 of the image's training

    def fields(self) -> dict[str, Any]:
        """Everything by name, for people and for JSON."""
        named = asdict(self)
        named["r0_ohm"] = {str(position): ohm for position, ohm in self.r0_ohm.items()}
        named["drift_percent"] = {str(position): round(100 * part, 2) for position, part in named.pop("drift").items()}
        return named


def positions(bits: int) -> tuple[int, ...]:
    """The sensor positions whose bits are set."""
    return tuple(k for k in range(bits.bit_length()) if bits >> k & 1)


def read_life(raw: Values) -> Life:
    """From the reply to LIFE."""
    number = {name: int(value) for name, value in raw.items()}
    inputs = [
        (number[f"position{k}"], number[f"r0{k}_ohm"], number[f"trained{k}_ohm"])
        for k in range(1, messages.MAX_CHANNELS + 1)
    ]
    return Life(
        **{name: number[name] for name in Life.__dataclass_fields__ if name in number and name != "asleep"},
        asleep=bool(number["asleep"]),
        r0_ohm={position: r0 for position, r0, _ in inputs if r0},
        drift={position: r0 / trained - 1 for position, r0, trained in inputs if r0 and trained},
    )
