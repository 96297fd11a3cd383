"""Watching a device's sensors: scans as they are made, numbered so that none is lost unseen."""

import math
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.link.device import Device
from enose_contract import watching

END_COUNTS = 4  # as in the firmware: nearer to an end it is open or short


@dataclass(frozen=True)
class Scans:
    """Rows of one fetch: the device's time in s (n,), resistances in ohm (n, sensors), NaN for what cannot be told.

    lost: how many scans before them the device had no room for any more.
    """

    time_s: NDArray[np.float64]
    ohm: NDArray[np.float64]
    lost: int


class Watcher:
    """One watch over the sensors at `positions`, a scan every period_ms."""

    def __init__(self, device: Device, positions: tuple[int, ...], period_ms: int) -> None:
        """Nothing is asked yet. Raises ValueError for too many positions, or for one twice or out of order."""
        if not 1 <= len(positions) <= watching.MOST or list(positions) != sorted(set(positions)):
            raise ValueError(f"positions {list(positions)}, expected 1..{watching.MOST} of them, rising")
        self._device = device
        self._positions = sum(1 << k for k in positions)
        self._count = len(positions)
        self._period_ms = period_ms
        self._next: int | None = None

    def fetch(self) -> Scans:
        """Every scan since the last fetch; the first one begins the watch. Raises LinkError, DeviceError."""
        times, ohms, lost = [], [], 0
        while True:
            wanted = self._next if self._next is not None else watching.FROM_NOW
            reply = self._device.ask(watching.WATCH, wanted, self._positions, self._period_ms)
            first, count = int(reply["first"]), int(reply["count"])
            if self._next is not None:
                lost += (first - self._next) & 0xFFFFFFFF
            self._next = (first + count) & 0xFFFFFFFF
            raw, rail, load_ohm = bytes(reply["scans"]), int(reply["rail"]), int(reply["load_ohm"])
            for row in struct.iter_unpack(watching.SCAN, raw[: count * watching.SIZE]):
                times.append(row[0] * 1e-3)
                ohms.append([_ohm(counts, rail, load_ohm) for counts in row[1 : 1 + self._count]])
            if not count or self._next == int(reply["next"]):
                break
        ohm = np.array(ohms, dtype=np.float64).reshape(-1, self._count)
        return Scans(np.array(times), ohm, lost)


def _ohm(count: int, rail: int, load_ohm: int) -> float:
    """The sensor towards the rail, the load towards ground; NaN at the divider's ends."""
    return load_ohm * (rail - count) / count if END_COUNTS <= count <= rail - END_COUNTS else math.nan
