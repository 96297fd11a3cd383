"""What a board takes of its battery: its file's figures times how long it is in each state. All of it is estimated."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from enose.boards import find_board
from enose_hwsim.boardfile import BoardFile, Power
from enose_hwsim.tomlfile import BoardError

DAY_S = 86_400.0
PAUSE_S = 5.0  # as the firmware's schedule: a shorter one is not slept through
# A measurement where nobody says how long: the simulated fruit's baseline, exposure and recovery
PHASES_S = 45.0
STATES = ("always", "awake", "heated", "measuring")


class PowerError(ValueError):
    """A board without figures, or a plan that cannot be kept: one line with what was expected."""


@dataclass(frozen=True)
class Estimate:
    """Energies in J by part over a span, before the converter's losses; the battery's share counts them."""

    span_s: float
    measurements: float
    parts_j: Mapping[str, float]
    heaters_j: float
    efficiency: float
    battery_v: float

    @property
    def battery_j(self) -> float:
        """What the battery gives."""
        return sum(self.parts_j.values()) / self.efficiency

    def hours(self, battery_mah: float) -> float:
        """How long a battery lasts."""
        return battery_mah * 1e-3 * self.battery_v * 3600.0 / (self.battery_j / self.span_s) / 3600.0

    def fields(self, battery_mah: float | None = None) -> dict[str, Any]:
        """Everything by name, in J, mW and h; always an estimate."""
        total_j = sum(self.parts_j.values())
        found: dict[str, Any] = {
            "estimated": True,
            "mean_mw": self.battery_j / self.span_s * 1e3,
            "energy_per_day_j": self.battery_j / self.span_s * DAY_S,
            "energy_per_measurement_j": self.battery_j / self.measurements if self.measurements else None,
            "share_of_heaters": self.heaters_j / total_j if total_j else 0.0,
            "parts_mw": {name: joule / self.span_s * 1e3 for name, joule in self.parts_j.items()},
        }
        if battery_mah is not None:
            found |= {"battery_mah": battery_mah, "battery_h": self.hours(battery_mah)}
        return found


def figures(board: BoardFile) -> Power:
    """The power section of a board. Raises PowerError where its file has none."""
    if board.power is None:
        raise PowerError(f"{board.name}: its file has no [power] section, expected one with the parts' figures")
    return board.power


def estimate(power: Power, seconds: Mapping[str, float], measurements: float) -> Estimate:
    """From the seconds in each of STATES, `always` being the whole span. Raises PowerError for a span of no time."""
    span_s = seconds["always"]
    if span_s <= 0:
        raise PowerError(f"{span_s:g} s of use, expected more than 0 s")
    parts_j: dict[str, float] = {}
    heaters_j = 0.0
    for load in power.loads:
        on_s = min(seconds[load.when], span_s)
        joule = load.count * (load.on_mw * on_s + load.off_mw * (span_s - on_s)) * 1e-3
        parts_j[load.part] = parts_j.get(load.part, 0.0) + joule
        heaters_j += joule if load.when == "heated" else 0.0
    return Estimate(span_s, measurements, parts_j, heaters_j, power.efficiency, power.battery_v)


def planned_seconds(board: BoardFile, interval_s: float, phases_s: float = PHASES_S) -> dict[str, float]:
    """The states in one interval of a schedule, 0 for a board that measures one after the other and never sleeps.

    Without USB, as the firmware's schedule does it. Raises PowerError for an interval shorter than a measurement.
    """
    warmup_s = board.sensors.warmup_s
    if not interval_s:
        return {"always": phases_s, "awake": phases_s, "heated": phases_s, "measuring": phases_s}
    pause_s = interval_s - phases_s
    if pause_s < 0:
        raise PowerError(f"an interval of {interval_s:g} s, expected at least the {phases_s:g} s of a measurement")
    cools = pause_s > warmup_s + PAUSE_S
    lead_s = warmup_s if cools else 0.0
    awake_s = interval_s if pause_s <= PAUSE_S else phases_s + lead_s
    heated_s = phases_s + lead_s if cools else interval_s
    return {"always": interval_s, "awake": awake_s, "heated": heated_s, "measuring": phases_s + lead_s}


def lived_seconds(life: Mapping[str, float]) -> dict[str, float]:
    """The states as a device has counted them."""
    uptime_s = float(life["uptime_s"])
    return {
        "always": uptime_s,
        "awake": uptime_s - life["asleep_s"],
        "heated": float(life["heated_s"]),
        "measuring": float(life["measuring_s"]),
    }


def power_so_far(board: str, lived: dict[str, Any]) -> dict[str, Any] | None:
    """What the device is estimated to have taken since its start; None where its board's figures are not known."""
    if not lived["heated_s"]:  # it does not count, or nothing was heated yet
        return None
    try:
        found = estimate(figures(find_board(board)[0]), lived_seconds(lived), lived["measurements"])
    except (BoardError, PowerError):
        return None
    return found.fields()
