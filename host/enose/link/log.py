"""The field log of a device in words: what happened, when, and with which figures."""

import csv
import io
import struct
from dataclasses import dataclass
from typing import Any

from enose.link.life import positions
from enose_contract import decision, lesson, messages, records

CAUSES = {records.POWER_ON: "power on", records.WATCHDOG: "watchdog"}
# What ran when the watchdog bit; from 253 on as the firmware's watchdog notes them
TASKS = {
    0: "", 1: "link", 2: "seconds", 3: "weights", 4: "measurement", 5: "schedule, or a part",
    253: "started for learning", 254: "starting", 255: "asked for",
}  # fmt: skip
EVENTS = {
    records.START: "start",
    records.LASTED: "lasted",
    records.RESULT: "result",
    records.FAULT: "fault",
    records.CLEARED: "cleared",
    records.IMAGE: "image",
    records.DAMAGED: "damaged image",
    records.STATE: "state",
    records.CONSOLE: "console",
    records.FITTED: "fitted",
    records.SILENT: "silent part",
    records.UPDATE: "update",
    records.CONFIRMED: "firmware confirmed",
    records.RETURNED: "firmware returned",
    lesson.BEGUN: "learning",
    lesson.EPOCH: "epoch",
    lesson.OVER: "learnt",
    records.HEATED: "heated",
    records.SENSORS: "sensors",
    records.SCHEDULED: "scheduled",
}
BATTERY = {0: "good", 1: "low", 2: "empty"}
COLUMNS = (
    "sequence", "start", "uptime_s", "event", "cause", "quick_starts", "task", "fault", "answer", "reason", "band",
    "margin_v", "output_v", "cycle", "generation", "slot", "supply_v", "temperature_c", "battery", "battery_v",
    "battery_percent", "part", "firmware", "lessons", "session", "epoch", "mean_error_v", "worst_error_v", "pulse_s",
    "late", "sensors_heated_s", "sensors_bad", "sensors_drifted", "interval_s",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One record: its number, the start of the device that it belongs to, the time since then, and its figures."""

    sequence: int
    start: int
    uptime_s: int
    event: str
    figures: dict[str, Any]

    def fields(self) -> dict[str, Any]:
        """Everything by name, as in COLUMNS; only what this event has."""
        named = {"sequence": self.sequence, "start": self.start, "uptime_s": self.uptime_s, "event": self.event}
        return {**named, **self.figures}


@dataclass(frozen=True)
class Log:
    """Entries, oldest first, and how many the device had no room for since its start."""

    entries: tuple[Entry, ...]
    lost: int

    def csv(self) -> str:
        """A table with the columns COLUMNS; empty where an event has no such figure."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(entry.fields() for entry in self.entries)
        return text.getvalue()


def read_entry(raw: bytes, k: int) -> Entry | None:
    """Record k of a reply; None where its CRC does not match."""
    values = records.read(raw, k * records.SIZE)
    if values is None:
        return None
    sequence, uptime_s, start, event, *figures = values
    return Entry(sequence, start, uptime_s, EVENTS.get(event, f"event {event}"), _figures(event, *figures))


def _figures(event: int, a: int, b: int, c: int, d: int, x: int, y: int, z: int) -> dict[str, Any]:
    """What the numbers of an event mean; see contract.records."""
    if event == records.START:
        cause = CAUSES.get(a, f"cause {a}")
        return {"cause": cause, "quick_starts": b, "task": TASKS.get(c, f"task {c}")}
    if event in (records.FAULT, records.CLEARED):
        return {"fault": messages.FAULTS.get(a, f"fault {a}")}
    if event == records.RESULT:
        return {
            "answer": decision.ANSWERS.get(a, f"answer {a}"),
            "band": b,
            "reason": messages.REASONS.get(c, f"reason {c}"),
            "generation": d,
            "margin_v": x * 1e-6,
            "output_v": y * 1e-6,
            "cycle": z,
        }
    if event == lesson.BEGUN:
        return {"lessons": a, "epoch": d, "session": x}
    if event == lesson.EPOCH:
        return {"epoch": d, "mean_error_v": x * 1e-6, "worst_error_v": y * 1e-6, "pulse_s": z * 1e-9}
    if event == lesson.OVER:
        reason = messages.ERRORS.get(a, f"reason {a}") if a else ""
        return {"reason": reason, "generation": d, "epoch": x, "worst_error_v": y * 1e-6, "late": z}
    if event == records.IMAGE:
        return {"generation": d}
    if event == records.DAMAGED:
        return {"slot": a}
    if event == records.SILENT:
        return {"part": ", ".join(name for k, name in enumerate(messages.PARTS) if a >> k & 1)}
    if event in (records.UPDATE, records.CONFIRMED):
        return {"firmware": struct.pack("<ii", x, y).hex()}
    if event == records.HEATED:
        return {"sensors_heated_s": x}
    if event == records.SENSORS:
        return {"sensors_bad": _listed(d), "sensors_drifted": _listed(x)}
    if event == records.SCHEDULED:
        return {"interval_s": "the board's" if x < 0 else x}
    if event == records.STATE:
        battery = {"battery": BATTERY.get(a, f"state {a}"), "battery_v": z * 1e-6, "battery_percent": b} if z else {}
        return {"supply_v": x * 1e-6, "temperature_c": y * 1e-3, **battery}
    return {}


def _listed(bits: int) -> str:
    """Sensor positions, for a cell of a table."""
    return " ".join(str(k) for k in positions(bits)) or "none"
