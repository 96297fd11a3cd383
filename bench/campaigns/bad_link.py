"""A port between the project's own host and a device, on which frames are lost, flipped, doubled and overtaken.

A frame in either direction meets one of FAULTS with probability `share`. A frame that is overtaken waits until the next
one of its direction has passed. With probability `reboots`, at a frame of the host, the device loses its power: at
once, or inside one of its next flash operations. It comes back when the host waits.
"""

from random import Random

from bench.campaigns.inner_device import InnerDevice

FAULTS = ("lost", "flipped", "doubled", "overtaken")
TEARS = ("nothing", "half", "garbage", "complete")
AT_ONCE = 0.5  # of the reboots
FLASH_OPERATIONS = 12  # an update has about so many: the cut falls into this one or a later one
NEVER = 1 << 30  # flash operations
OUTAGE_MS = 100
STEP_MS = 400


class BadLink:
    """A host's port; see enose.link.port.Port."""

    name = "bad link"

    def __init__(self, device: InnerDevice, rng: Random, share: float, reboots: float) -> None:
        """share and reboots may be changed at any time; `frames` counts those that a fault could have met."""
        self.device = device
        self.share = share
        self.reboots = reboots
        self.met = dict.fromkeys((*FAULTS, "rebooted"), 0)
        self.frames = 0
        self._rng = rng
        self._to_device = b""
        self._late = {"to": b"", "from": b""}

    def calm(self) -> None:
        """No more faults, nothing under way, and the power is on to stay."""
        self.share = self.reboots = 0.0
        self.device.cut(NEVER, TEARS[0])
        self._power()
        self._late = {"to": b"", "from": b""}

    def write(self, data: bytes) -> None:
        """See Port."""
        if self._rng.random() < self.reboots:
            self._reboot()
        self._to_device += self._through("to", data)

    def read(self, wait_ms: float) -> bytes:
        """See Port."""
        data, self._to_device = self._to_device, b""
        until_ms = self.device.now_ms + wait_ms
        said = self._heard(self.device.ask(self._step_ms(until_ms), data))
        while not said and self.device.now_ms < until_ms:
            said = self._heard(self.device.ask(self._step_ms(until_ms)))
        return said

    def wait(self, ms: float) -> None:
        """See Port; what comes in meanwhile is dropped with the port's buffer."""
        self.device.run(round(ms))
        self._power()

    def now_ms(self) -> float:
        """See Port."""
        return self.device.now_ms

    def close(self) -> None:
        """See Port; the device stays on."""

    def _step_ms(self, until_ms: float) -> int:
        return max(min(round(until_ms - self.device.now_ms), STEP_MS), 1)

    def _heard(self, data: bytes) -> bytes:
        self._power()
        return b"".join(self._through("from", b"\0" + piece + b"\0") for piece in data.split(b"\0") if piece)

    def _power(self) -> None:
        """Bring the power back where it has gone."""
        if not self.device.alive:
            self.device.run(OUTAGE_MS)
            self.device.boot()

    def _reboot(self) -> None:
        self.met["rebooted"] += 1
        if self._rng.random() < AT_ONCE:
            self.device.boot()
        else:
            self.device.cut(self._rng.randrange(FLASH_OPERATIONS), self._rng.choice(TEARS))

    def _through(self, way: str, frame: bytes) -> bytes:
        """What arrives at the other end now."""
        self.frames += self.share > 0
        late, self._late[way] = self._late[way], b""
        if self._rng.random() >= self.share:
            return frame + late
        fault = self._rng.choice(FAULTS)
        self.met[fault] += 1
        if fault == "lost":
            return late
        if fault == "doubled":
            return frame + frame + late
        if fault == "overtaken":
            self._late[way] = frame
            return late
        at = self._rng.randrange(8 * len(frame))
        return frame[: at // 8] + bytes((frame[at // 8] ^ 1 << at % 8,)) + frame[at // 8 + 1 :] + late
