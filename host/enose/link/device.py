"""What a device can be asked to do, in Python values."""

import hashlib
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from enose.link.answer import Answer as Answer
from enose.link.answer import read_answer, text, word
from enose.link.conversation import Conversation, DeviceError, LinkError, Values
from enose.link.life import Life, positions, read_life
from enose.link.log import Entry, Log, read_entry
from enose.link.port import Port
from enose_contract import messages, probing, records, seal, updates
from enose_contract.message import Message
from enose_hwsim.board.serving import FirmwareEnded

if TYPE_CHECKING:
    from enose.link.learning import Learnt, OnEpoch, Request

CHUNK = 256
SIMULATED_UNIT = b"SIM".hex()  # what the unit ids of simulated boards begin with
STAND_IN = "cpython"
STANDS_IN = " in place of MicroPython: the same files, and memory is not measured"
POLL_MS = 1000
PROGRAM_POLL_MS = 100
PROGRAM_LIMIT_MS = 120_000  # 34 devices of 24 pulses, each with its reads, take some ten seconds
CYCLE_LIMIT_MS = 3_600_000
PROBE_MS, PROBE_LIMIT_MS = 12, 10_000  # of one sample: settling and four conversions
LOG_LIMIT = 10_000  # twenty times what a ring of four blocks holds


TRIALS = ("in force", "on trial", "in force, the last update failed its trial")  # as contract.updates numbers them


@dataclass(frozen=True)
class Running:
    """The firmware that runs: its identity (None where it runs from no folder), one of TRIALS, and how to update it."""

    identity: str | None
    trial: str
    keyed: bool
    challenge: int


class Device:
    """One device, from hello to bye."""

    def __init__(self, port: Port, *, nonce: int | None = None) -> None:
        """Say hello. Raises LinkError or DeviceError."""
        self.port = port
        self._probes = 0
        self._conversation = Conversation(port, nonce=nonce)
        hello = self._conversation.hello()
        self.board = text(hello["board"])
        self.chip = text(hello["chip"])
        self.firmware = text(hello["firmware"])
        self.unit = bytes(hello["unit"]).hex() if isinstance(hello["unit"], bytes) else ""

    @property
    def simulated(self) -> bool:
        """Whether this is a simulated board: its unit id says so, on whatever port it is."""
        return self.unit.startswith(SIMULATED_UNIT)

    @property
    def retransmissions(self) -> int:
        """How many requests had to be sent again so far."""
        return self._conversation.retransmissions

    def info(self) -> dict[str, Any]:
        """Identity, memory, link, refresh, temperature and supply."""
        raw = self._conversation.ask(messages.INFO)
        numbers = {name: value for name, value in raw.items() if isinstance(value, int)}
        status = self.status()
        interpreter = text(raw["micropython"])
        stand_in = interpreter.startswith(STAND_IN)  # of a simulated board; it has no heap whose bytes could be told
        return {
            "board": self.board,
            "chip": self.chip,
            "firmware": self.firmware,
            "unit": self.unit,
            "micropython": interpreter + STANDS_IN * stand_in,
            "state": status["state"],
            "fault": status["fault"],
            "weights": status["weights"],
            "sensors_bad": status["sensors_bad"],
            "sensors_drifted": status["sensors_drifted"],
            "uptime_s": numbers["uptime_ms"] * 1e-3,
            "memory_free_start": None if stand_in else numbers["free_start"],
            "memory_free_low": None if stand_in else numbers["free_low"],
            "memory_free_now": None if stand_in else numbers["free_now"],
            "frames_good": numbers["frames_good"],
            "frames_dropped": numbers["frames_dropped"],
            "refresh": {
                "done": numbers["refresh_done"],
                "missed": numbers["refresh_missed"],
                "period_s": numbers["refresh_period_ms"] * 1e-3,
                "hold_s": numbers["hold_ms"] * 1e-3 if numbers["hold_ms"] else None,
                "oldest_s": numbers["oldest_ms"] * 1e-3 if numbers["hold_ms"] else None,
            },
            "temperature_c": numbers["temperature_mc"] * 1e-3,
            "supply_v": numbers["supply_uv"] * 1e-6,
            "image": {"generation": numbers["generation"], "model": _hex(raw["model"])},
            "sensor_set": _identity(raw["sensor_set"]),
            "calibration": _identity(raw["calibration"]),
            "sealed_images_only": bool(numbers["keyed"]),
            "highest_seal": numbers["counter"],
            "leak_v_per_s": _leak(numbers["leak_uv_per_s"]),
            "silent_parts": [name for k, name in enumerate(messages.PARTS) if numbers["silent"] >> k & 1],
        }

    def air(self) -> dict[str, Any]:
        """What climate and gas sensor say of the air; None for what is not fitted, or does not answer."""
        raw = {name: int(value) for name, value in self._conversation.ask(messages.AIR).items()}
        climate, gas = bool(raw["climate"]), bool(raw["gas"])
        return {
            "temperature_c": raw["temperature_mc"] * 1e-3 if climate else None,
            "humidity_rh": raw["humidity_mrh"] * 1e-3 if climate else None,
            "pressure_pa": raw["pressure_pa"] if gas else None,
            "gas_ohm": [raw[f"gas{k + 1}_ohm"] for k in range(min(raw["steps"], messages.MAX_STEPS))] if gas else None,
        }

    def running(self) -> "Running":
        """Which firmware runs, and what is known of its trial."""
        raw = self._conversation.ask(updates.FIRMWARE)
        return Running(
            identity=_identity(raw["identity"]),
            trial=word(TRIALS, raw["trial"], "trial"),
            keyed=bool(raw["keyed"]),
            challenge=int(raw["challenge"]),
        )

    def begin_update(self, manifest: bytes, key: bytes | None) -> None:
        """Restart the device with its interactive prompt, for a firmware whose manifest has this SHA-256.

        Raises DeviceError where the device measures, or wants a key's seal.
        """
        challenge = self.running().challenge
        seal = updates.update_seal(key, challenge, manifest) if key is not None else bytes(updates.SEAL_SIZE)
        self._conversation.ask(updates.UPDATE, challenge, manifest, seal)

    def status(self) -> dict[str, Any]:
        """State, fault, phase and weights, in words; positions of sensors that are not fit, or have drifted."""
        return _status(self._conversation.ask(messages.STATUS))

    def selftest(self) -> dict[str, Any]:
        """Each check by name, passed or not, and what was measured."""
        raw = {name: int(value) for name, value in self._conversation.ask(messages.SELFTEST).items()}
        checks = {name: bool(raw["passed"] >> k & 1) for k, name in enumerate(messages.CHECKS) if raw["run"] >> k & 1}
        return {
            "passed": all(checks.values()),
            "checks": checks,
            "supply_v": raw["supply_uv"] * 1e-6,
            "rail_count": raw["rail_count"],
            "temperature_c": raw["temperature_mc"] * 1e-3,
        }

    def log(self, sequence: int = 1) -> Log:
        """The field log from a sequence number on. Raises LinkError where what comes is no log."""
        entries: list[Entry] = []
        while True:
            reply = self._conversation.ask(messages.LOG, sequence)
            raw, count = bytes(reply["records"]), int(reply["count"])
            if len(entries) > LOG_LIMIT:
                raise LinkError(f"{self.port.name}: more than {LOG_LIMIT} records, its log holds no more")
            for k in range(min(count, records.MOST)):
                entry = read_entry(raw, k)
                if entry is None or entry.sequence < sequence:
                    raise LinkError(f"{self.port.name}: record {k} of its answer is damaged")
                entries.append(entry)
                sequence = entry.sequence + 1
            if not count or sequence >= int(reply["next"]):
                return Log(tuple(entries), int(reply["lost"]))

    def life(self) -> Life:
        """How long it was awake and heated, its burn-in, its schedule, and how its sensors have drifted."""
        return read_life(self._conversation.ask(messages.LIFE))

    def schedule(self, interval_s: int | None) -> dict[str, Any]:
        """Have it measure by itself every so many s (0: never, None: as its board's file says), also after a start.

        `restarting`: it restarts within a second to take the schedule up; the session ends then.
        """
        reply = self._conversation.ask(messages.SCHEDULE, messages.UNTOLD if interval_s is None else interval_s)
        number = {name: int(value) for name, value in reply.items()}
        return {**number, "restarting": bool(number["restarting"])}

    def fit(
        self,
        sensor_set: bytes | None = None,
        calibration: bytes | None = None,
        heated_s: int | None = None,
        leak_v_per_s: float | None = None,
    ) -> dict[str, Any]:
        """Tell the device which sensor set is mounted and which calibration holds (8 bytes each; None: as it is).

        heated_s: how long these sensors have been heated in all their life; None: as the device has counted, from 0
        where the set is another one. leak_v_per_s: of the chip's worst weight, as measured, at the temperature that the
        chip's file tells its leak for; 0: go by that file; None: as it is.
        """
        raw = self._conversation.ask(messages.INFO)
        told = [
            new if new is not None else raw[name]
            for new, name in ((sensor_set, "sensor_set"), (calibration, "calibration"))
        ]
        heated = messages.UNTOLD if heated_s is None else heated_s
        leak = raw["leak_uv_per_s"] if leak_v_per_s is None else round(leak_v_per_s * 1e6) or messages.UNTOLD
        reply = self._conversation.ask(messages.FIT, *told, heated, leak)
        return {
            "sensor_set": _identity(reply["sensor_set"]),
            "calibration": _identity(reply["calibration"]),
            "sensors_heated_s": int(reply["sensors_heated_s"]),
            "leak_v_per_s": _leak(reply["leak_uv_per_s"]),
        }

    def set_key(self, key: bytes) -> None:
        """Have the device take images only that are sealed with this key of 32 bytes; it can be set once."""
        self._conversation.ask(messages.KEY, key)

    def sealed(self, image: bytes, key: bytes) -> bytes:
        """The image, sealed with the number after the highest that the device has stored."""
        return seal.sealed(image, key, int(self._conversation.ask(messages.INFO)["counter"]) + 1)

    def program(
        self,
        image: bytes,
        on_progress: Callable[[int, int], None] = lambda done, total: None,
        on_weight: Callable[[int, int], None] = lambda done, total: None,
    ) -> int:
        """Upload an image (the rest of it, if cut off before), have it stored and put into force; its generation.

        on_progress is told of bytes uploaded, on_weight of weights programmed. Raises LinkError where the programming
        does not end within PROGRAM_LIMIT_MS.
        """
        sha256 = hashlib.sha256(image).digest()
        upload = int.from_bytes(sha256[:4], "little")
        ask = self._conversation.ask
        offset = int(ask(messages.UPLOAD_BEGIN, upload, len(image), sha256)["offset"])
        while offset < len(image):
            piece = image[offset : offset + CHUNK]
            taken = int(ask(messages.UPLOAD_DATA, upload, offset, tail=piece)["offset"])
            if not offset < taken <= len(image):
                raise LinkError(f"{self.port.name}: has {taken} bytes of the image after being sent up to {len(image)}")
            offset = taken
            on_progress(offset, len(image))
        generation = int(ask(messages.UPLOAD_COMMIT, upload)["generation"])
        waited_ms = 0
        while waited_ms < PROGRAM_LIMIT_MS:
            reply = ask(messages.ACTIVATE, generation)
            on_weight(int(reply["done"]), int(reply["weights"]))
            if int(reply["done"]) >= int(reply["weights"]):
                return generation
            self.port.wait(PROGRAM_POLL_MS)
            waited_ms += PROGRAM_POLL_MS
        raise LinkError(f"{self.port.name}: its weights are not programmed in {PROGRAM_LIMIT_MS // 1000} s")

    def ask(self, message: Message, *values: int) -> Values:
        """One command that is not in the table of every device. Raises DeviceError, LinkError."""
        return self._conversation.ask(message, *values)

    def probe_weights(self, weights: Sequence[int]) -> None:
        """Put weights on the chip that are not stored, until `end_probing` or the end of this session.

        Raises DeviceError for a weight that the chip does not take.
        """
        number = self._next_probe()
        self._conversation.ask(probing.LOAD, number, tail=struct.pack(f"<{len(weights)}i", *weights))

    def end_probing(self) -> None:
        """Give the device its stored image again; one that is gone or safe takes it up by itself."""
        with suppress(LinkError, DeviceError, FirmwareEnded, OSError):  # the device ends it by itself as well
            self.probe_weights([])

    def probe(self, inputs_uv: Sequence[Sequence[int]], outputs: int = 1) -> list[tuple[int, ...]]:
        """The outputs, in uV, that those weights give for each of these samples.

        Raises LinkError where the weights went stale, or the readings do not end within PROBE_LIMIT_MS.
        """
        found: list[tuple[int, ...]] = []
        for at in range(0, len(inputs_uv), probing.SAMPLES):
            some = inputs_uv[at : at + probing.SAMPLES]
            values = [uv for sample in some for uv in sample]
            raw = self._probed(len(some), struct.pack(f"<{len(values)}i", *values))
            found += list(struct.iter_unpack(f"<{outputs}i", raw[: 4 * outputs * len(some)]))
        return found

    def probe_held(
        self, inputs_uv: Sequence[Sequence[int]], hold_ms: int, outputs: int = 1
    ) -> list[tuple[tuple[int, ...], int]]:
        """(outputs in uV, age in ms) of each sample: the weights are written once more, and then not refreshed.

        The first sample is read when they are hold_ms old; each answer says how old they were. Raises as `probe`, and
        DeviceError for more than probing.HOLD_SAMPLES samples or a hold longer than probing.HOLD_MS.
        """
        values = [uv for sample in inputs_uv for uv in sample]
        raw = self._probed(len(inputs_uv), struct.pack(f"<{len(values)}i", *values), hold_ms)
        size = 4 * (outputs + 1)
        rows = struct.iter_unpack(f"<{outputs + 1}i", raw[: size * len(inputs_uv)])
        return [(row[:-1], row[-1]) for row in rows]

    def _probed(self, count: int, inputs: bytes, hold_ms: int | None = None) -> bytes:
        number, waited_ms, held_ms = self._next_probe(), 0, hold_ms or 0
        good = (messages.WEIGHTS_HELD,) if hold_ms is None else (messages.WEIGHTS_HELD, messages.WEIGHTS_PROGRAMMING)
        while waited_ms < PROBE_LIMIT_MS + held_ms:
            if hold_ms is None:
                reply = self._conversation.ask(probing.PROBE, number, tail=inputs)
            else:
                reply = self._conversation.ask(probing.HOLD, number, hold_ms, tail=inputs)
            if reply["weights"] not in good:
                raise LinkError(f"{self.port.name}: the weights that it was given to probe have gone stale")
            if int(reply["done"]) >= count:
                return bytes(reply["outputs"])
            wait_ms = max(PROBE_MS * (count - int(reply["done"])), 5) + min(max(held_ms - waited_ms, 0), POLL_MS)
            self.port.wait(wait_ms)
            waited_ms += wait_ms
        raise LinkError(f"{self.port.name}: {count} probes have not ended in {PROBE_LIMIT_MS // 1000} s")

    def _next_probe(self) -> int:
        self._probes = self._probes % 0xFFFFFFFF + 1
        return self._probes

    def measure(self, on_phase: Callable[[str, float], None] = lambda phase, remaining_s: None) -> Answer:
        """Run one measurement to its end. Raises LinkError where it does not end within an hour."""
        # a number that the device has not seen: the same one again would only give the old answer again
        cycle = (int(self._conversation.ask(messages.STATUS)["cycle"]) + 1) & 0xFFFFFFFF
        self._conversation.ask(messages.MEASURE, cycle)
        waited_ms = 0
        while waited_ms < CYCLE_LIMIT_MS:
            raw = self._conversation.ask(messages.RESULT, cycle)
            if raw["state"] == messages.UNKNOWN_CYCLE:
                raise LinkError(f"{self.port.name}: measurement {cycle} is not known to the device any more")
            if raw["state"] != messages.MEASURING:
                return read_answer(raw)
            remaining_ms = int(raw["remaining_ms"])
            on_phase(word(messages.PHASES, raw["phase"], "phase"), remaining_ms * 1e-3)
            wait_ms = min(max(remaining_ms, 5) + 5, POLL_MS)
            self.port.wait(wait_ms)
            waited_ms += wait_ms
        raise LinkError(f"{self.port.name}: measurement {cycle} has not ended in {CYCLE_LIMIT_MS // 60000} minutes")

    def teach(self, request: "Request", on_epoch: "OnEpoch" = lambda done, epochs: None) -> "Learnt":
        """Have the chip learn on its own; see link.learning. Raises ValueError, LinkError and DeviceError."""
        from enose.link.learning import teach

        return teach(self._conversation, self.port, request, on_epoch)

    def safe(self) -> dict[str, Any]:
        """Latch the safe state."""
        self._conversation.ask(messages.SAFE)
        return self.status()

    def clear(self) -> dict[str, Any]:
        """Leave the safe state; the chip is programmed anew from the stored image."""
        self._conversation.ask(messages.CLEAR)
        try:
            return self.status()
        except DeviceError as refused:
            if refused.code != messages.E_SESSION:
                raise
            self._conversation.hello()  # only its link ran: it has restarted at once, and knows no session
            return self.status()

    def close(self) -> None:
        """Say bye, so that another host need not wait, and give the port back."""
        try:
            self._conversation.ask(messages.BYE)
        except (LinkError, DeviceError, FirmwareEnded, OSError):
            pass  # it is gone already; there is nobody to take leave of
        finally:
            self.port.close()


def _hex(raw: int | bytes) -> str:
    return raw.hex() if isinstance(raw, bytes) else ""


def _leak(leak_uv_per_s: int | bytes) -> float | None:
    return None if leak_uv_per_s == messages.UNTOLD else int(leak_uv_per_s) / 1e6


def _identity(raw: int | bytes) -> str | None:
    """The identity in hexadecimal; None where the device was not told."""
    return _hex(raw) if isinstance(raw, bytes) and any(raw) else None


def _status(raw: Values) -> dict[str, Any]:
    return {
        "state": word(messages.STATES, raw["state"], "state"),
        "fault": messages.FAULTS.get(int(raw["fault"]), f"fault {raw['fault']!r}"),
        "phase": word(messages.PHASES, raw["phase"], "phase"),
        "weights": word(messages.WEIGHTS, raw["weights"], "weights"),
        "sensors_bad": list(positions(int(raw["sensors_bad"]))),
        "sensors_drifted": list(positions(int(raw["sensors_drifted"]))),
    }
