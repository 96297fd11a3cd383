"""The message table: every command of the wire, its fields and its reply, in one place.

Formats are `struct` formats, little-endian; `tail` messages carry free bytes behind the fixed fields. Every command is
absolute and idempotent: sent twice it does no more than once. Times are in ms, voltages in uV, resistances in ohm.
What the numbers mean to people is in contract.words, which takes memory that a device has not got.
"""

import struct
import sys

ON_A_HOST = sys.implementation.name == "cpython"  # a device has no memory for names that it never asks for
if ON_A_HOST:
    from enose_contract.words import CHECKS, ERRORS, FAULTS, PHASES, REASONS, STATES, WEIGHTS

    __all__ = ["CHECKS", "ERRORS", "FAULTS", "PHASES", "REASONS", "STATES", "WEIGHTS"]

PROTOCOL = 4  # hello refuses any other. 3 is Ctrl-C on the wire, which would interrupt a device while it starts


MAX_CHANNELS = 8  # inputs of a chip, as a result carries them
MAX_OUTPUTS = 4


class Message:
    """One command: kind, name, and the fields of request and reply, each a format letter beside its name."""

    def __init__(self, kind: int, name: str, request: str, reply: str, tail: bool = False) -> None:
        """Fields as "H session, 16s board": a `struct` format and a name each."""
        self.kind = kind
        if ON_A_HOST:
            self.name = name
            self._texts = (request, reply)
        self.request = _format(request)
        self.reply = _format(reply)
        self.tail = tail

    def unpack_request(self, body: bytes | bytearray | memoryview) -> tuple[tuple[int | bytes, ...], memoryview]:
        """(values, tail). Raises ValueError where the length does not fit."""
        size = struct.calcsize(self.request)
        if len(body) < size or (len(body) > size and not self.tail):
            raise ValueError("message %d: %d bytes, expected %d" % (self.kind, len(body), size))
        return struct.unpack(self.request, body[:size]), memoryview(body)[size:]

    if ON_A_HOST:

        @property
        def request_fields(self) -> list[str]:
            """The names of the request's fields."""
            return _names(self._texts[0])

        @property
        def reply_fields(self) -> list[str]:
            """The names of the reply's fields."""
            return _names(self._texts[1])

        def unpack_reply(self, body: bytes | bytearray | memoryview) -> dict[str, int | bytes]:
            """The reply's fields by name. Raises ValueError where the length does not fit."""
            size = struct.calcsize(self.reply)
            if len(body) != size:
                raise ValueError("reply to %s: %d bytes, expected %d" % (self.name, len(body), size))
            return dict(zip(self.reply_fields, struct.unpack(self.reply, body)))


def _numbered(letter: str, name: str, count: int) -> str:
    """The same field `count` times, numbered from 1 in place of the % in its name."""
    return ",".join([letter + " " + name % (k + 1) for k in range(count)])


def _format(text: str) -> str:
    """The `struct` format of all fields."""
    return "<" + "".join([field.split()[0] for field in text.split(",") if field])


def _names(text: str) -> list[str]:
    return [field.split()[1] for field in text.split(",") if field]


HELLO = Message(
    1,
    "hello",
    "H protocol, I nonce",
    "H session, H max_frame, I lease_ms, 16s board, 16s chip, 16s firmware, 8s unit, I nonce",
)
INFO = Message(
    2,
    "info",
    "",
    "24s micropython, I uptime_ms, I free_start, I free_low, I free_now, I frames_good, I frames_dropped,"
    "I refresh_done, I refresh_missed, I refresh_period_ms, i temperature_mc, I supply_uv, 8s model, I generation,"
    "8s sensor_set, 8s calibration, B keyed, I counter",
)
STATUS = Message(3, "status", "", "B state, B fault, B phase, B weights, I cycle")
UPLOAD_BEGIN = Message(4, "upload begin", "I upload, H length, 32s sha256", "I upload, H offset")
UPLOAD_DATA = Message(5, "upload data", "I upload, H offset", "I upload, H offset", tail=True)
UPLOAD_COMMIT = Message(6, "upload commit", "I upload", "I generation, B slot")
# done < weights: they are being programmed; the same request again says how far it is, or which weight has failed
ACTIVATE = Message(7, "activate", "I generation", "I generation, H weights, H done")
MEASURE = Message(8, "measure", "I cycle", "I cycle, B state")
RESULT = Message(
    9,
    "result",
    "I cycle",
    "I cycle, B state, B phase, B answer, B reason, I remaining_ms, i margin_uv, B band, B weights,"
    "B channels, B outputs, 16s label,"
    + _numbered("i", "output%d_uv", MAX_OUTPUTS)
    + ","
    + _numbered("I", "input%d_uv", MAX_CHANNELS)
    + ","
    + _numbered("I", "ohm%d", MAX_CHANNELS),
)
SELFTEST = Message(10, "selftest", "", "H run, H passed, I supply_uv, I rail_count, i temperature_mc")
SAFE = Message(11, "safe", "", "B state, B fault")
CLEAR = Message(12, "clear", "", "B state, B fault")
BYE = Message(13, "bye", "", "")
# from `sequence` on, `count` records as in contract.records; the newest is next - 1
LOG = Message(14, "log", "I sequence", "I oldest, I next, I lost, B count, 480s records")
# which sensors the device has and what its chip was calibrated with; all zero: not told, then any image will do
FIT = Message(15, "fit", "8s sensor_set, 8s calibration", "8s sensor_set, 8s calibration")
# from now on only images sealed with this key; it can be set once, and the same one again
KEY = Message(16, "key", "32s key", "B keyed")
PROBING = (17, 18)  # the kinds of contract.probing, which a device has no memory for until they are asked for
ERROR = Message(127, "error", "", "B code, I value, I limit")

_COMMANDS = (HELLO, INFO, STATUS, UPLOAD_BEGIN, UPLOAD_DATA, UPLOAD_COMMIT, ACTIVATE, MEASURE, RESULT, SELFTEST)
MESSAGES = {m.kind: m for m in _COMMANDS + (SAFE, CLEAR, BYE, LOG, FIT, KEY, ERROR)}

# Served in the latched safe state: identify, status, log and clear, and the result, which is NONE; nothing that drives.
SERVED_WHEN_SAFE = (HELLO.kind, INFO.kind, STATUS.kind, RESULT.kind, SAFE.kind, CLEAR.kind, BYE.kind, LOG.kind)

# States of the device (`state`) and of its weights (`weights`)
IDLE, MEASURING, DONE, SAFE_STATE, UNKNOWN_CYCLE = 0, 1, 2, 3, 4
WEIGHTS_NONE, WEIGHTS_HELD, WEIGHTS_STALE, WEIGHTS_PROGRAMMING = 0, 1, 2, 3

# Faults (`fault`) that latch the safe state
(
    FAULT_NONE, FAULT_HOST, FAULT_BUS, FAULT_READBACK, FAULT_RANGE, FAULT_SUPPLY, FAULT_IMAGES, FAULT_TASK, FAULT_MOUNT,
    FAULT_TEMPERATURE, FAULT_RESETS, FAULT_START, FAULT_MISFIT,
) = range(13)  # fmt: skip

# Reasons (`reason`) for an answer of NONE, and REASON_NOISE for one of ABSTAIN
(
    REASON_OK, REASON_ALL_ZERO, REASON_SENSOR, REASON_OUTPUT, REASON_STALE, REASON_NO_IMAGE, REASON_SAFE,
    REASON_COLD, REASON_MOVING, REASON_SATURATED, REASON_STUCK, REASON_FAR, REASON_HEATERS, REASON_NOISE,
    REASON_REFERENCE,
) = range(15)  # fmt: skip

# Error replies (`code`), with what value and limit hold
(
    E_COMMAND, E_MALFORMED, E_PROTOCOL, E_BUSY_HOST, E_SESSION, E_SAFE, E_UPLOAD, E_TOO_LARGE, E_HASH, E_CHIP, E_BOARD,
    E_WEIGHT, E_TOPOLOGY, E_SENSOR, E_GENERATION, E_MEASURING, E_NO_IMAGE, E_STORE, E_FORMAT,
    E_FIELD, E_UNIT, E_CELL, E_PROGRAMMING, E_STAGE, E_SENSOR_SET, E_CALIBRATION, E_UNSEALED, E_OLDER, E_NO_KEY, E_KEY,
    E_INPUT,
) = range(1, 32)  # fmt: skip
