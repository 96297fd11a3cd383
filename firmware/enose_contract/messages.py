"""The message table: every command of the wire, its fields and its reply, in one place.

Formats are `struct` formats, little-endian; `tail` messages carry free bytes behind the fixed fields. Every command is
absolute and idempotent: sent twice it does no more than once. Times are in ms, voltages in uV, resistances in ohm.
"""

import struct

PROTOCOL = 4  # hello refuses any other; 3 is Ctrl-C on the wire, which would interrupt a device while it starts


MAX_CHANNELS = 8  # inputs of a chip, as a result carries them
MAX_OUTPUTS = 4


class Message:
    """One command: kind, name, and the fields of request and reply, each a format letter beside its name."""

    def __init__(self, kind: int, name: str, request: str, reply: str, tail: bool = False) -> None:
        """Fields as "H session, 16s board": a `struct` format and a name each."""
        self.kind = kind
        self.name = name
        self.request, self.request_fields = _fields(request)
        self.reply, self.reply_fields = _fields(reply)
        self.tail = tail

    def unpack_request(self, body: bytes | bytearray | memoryview) -> tuple[tuple[int | bytes, ...], memoryview]:
        """(values, tail). Raises ValueError where the length does not fit."""
        size = struct.calcsize(self.request)
        if len(body) < size or (len(body) > size and not self.tail):
            raise ValueError("%s: %d bytes, expected %d" % (self.name, len(body), size))
        return struct.unpack(self.request, body[:size]), memoryview(body)[size:]

    def unpack_reply(self, body: bytes | bytearray | memoryview) -> dict[str, int | bytes]:
        """The reply's fields by name. Raises ValueError where the length does not fit."""
        size = struct.calcsize(self.reply)
        if len(body) != size:
            raise ValueError("reply to %s: %d bytes, expected %d" % (self.name, len(body), size))
        return dict(zip(self.reply_fields, struct.unpack(self.reply, body)))


def _numbered(letter: str, name: str, count: int) -> str:
    """The same field `count` times, numbered from 1 in place of the % in its name."""
    return ",".join([letter + " " + name % (k + 1) for k in range(count)])


def _fields(text: str) -> tuple[str, list[str]]:
    """The `struct` format of all fields, and their names."""
    form = "<"
    names: list[str] = []
    for field in text.split(","):
        if field:
            letter, name = field.split()
            form += letter
            names.append(name)
    return form, names


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
    "I refresh_done, I refresh_missed, I refresh_period_ms, i temperature_mc, I supply_uv, 8s model, I generation",
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
ERROR = Message(127, "error", "", "B code, I value, I limit")

_COMMANDS = (HELLO, INFO, STATUS, UPLOAD_BEGIN, UPLOAD_DATA, UPLOAD_COMMIT, ACTIVATE, MEASURE, RESULT, SELFTEST)
MESSAGES = {m.kind: m for m in _COMMANDS + (SAFE, CLEAR, BYE, ERROR)}

# Served in the latched safe state: identify, status, log and clear, nothing that drives.
SERVED_WHEN_SAFE = (HELLO.kind, INFO.kind, STATUS.kind, SAFE.kind, CLEAR.kind, BYE.kind)

# States of the device (`state`) and of its weights (`weights`)
IDLE, MEASURING, DONE, SAFE_STATE, UNKNOWN_CYCLE = 0, 1, 2, 3, 4
STATES = ("idle", "measuring", "done", "safe", "unknown cycle")
WEIGHTS_NONE, WEIGHTS_HELD, WEIGHTS_STALE, WEIGHTS_PROGRAMMING = 0, 1, 2, 3
WEIGHTS = ("none", "held", "stale", "programming")
PHASES = ("idle", "warmup", "baseline", "exposure", "recovery")

# Faults (`fault`) that latch the safe state
FAULTS = {
    0: "none",
    1: "asked for by the host",
    2: "the I2C bus does not answer",
    3: "the DAC's register does not read back what was written",
    4: "a code outside the chip's range was about to reach a converter",
    5: "the chip's supply is missing or out of tolerance",
    6: "no stored weight image is readable",
    7: "an exception in a task",
    8: "the image partition does not mount",
    9: "the temperature sensor reads what cannot be",
}
(
    FAULT_NONE, FAULT_HOST, FAULT_BUS, FAULT_READBACK, FAULT_RANGE, FAULT_SUPPLY, FAULT_IMAGES, FAULT_TASK, FAULT_MOUNT,
    FAULT_TEMPERATURE,
) = range(10)  # fmt: skip

# Reasons (`reason`) for an answer of NONE
REASONS = {
    0: "",
    1: "the sample is all zero: no odour",
    2: "a sensor that the image uses is open or short",
    3: "the chip's output is outside its valid range",
    4: "the weights are stale",
    5: "no weight image is active",
    6: "the device is in its safe state",
}
REASON_OK, REASON_ALL_ZERO, REASON_SENSOR, REASON_OUTPUT, REASON_STALE, REASON_NO_IMAGE, REASON_SAFE = range(7)

# Error replies (`code`), with what value and limit hold
ERRORS = {
    1: "unknown command {value}",
    2: "malformed request",
    3: "protocol version {value}, this device speaks {limit}",
    4: "another host holds the session for up to {value} ms",
    5: "no such session: say hello first",
    6: "the device is in its safe state (fault {value}); `enose device safe --clear` clears it",
    7: "the upload does not match what was begun",
    8: "an image of {value} bytes; at most {limit}",
    9: "the image is damaged: its hash does not match",
    10: "the image was made for another chip; train it for the chip that hello names",
    11: "the image was made for another board",
    12: "weight {value} of the image lies outside the chip's range",
    13: "the image's topology does not fit the chip",
    14: "the image asks for sensor position {value} of {limit}",
    15: "no image of generation {value}; the newest is {limit}",
    16: "a measurement is running (cycle {value})",
    17: "no image is active: program one first",
    18: "the image store failed; the old image is kept",
    19: "image format {value}, this firmware reads {limit}",
    20: "a field of the image is {value}; its limit is {limit}",
    21: "the image's weights are in unit {value}, the chip's in {limit}",
    22: "the device of weight {value} cannot be programmed, it reads {limit} ohm; the old image is kept",
    23: "weights are being programmed, {value} of {limit}",
    24: "the image's weights could drive neuron {value}, from 0 and hidden ones first, beyond its limit of {limit} uV",
}
(
    E_COMMAND, E_MALFORMED, E_PROTOCOL, E_BUSY_HOST, E_SESSION, E_SAFE, E_UPLOAD, E_TOO_LARGE, E_HASH, E_CHIP, E_BOARD,
    E_WEIGHT, E_TOPOLOGY, E_SENSOR, E_GENERATION, E_MEASURING, E_NO_IMAGE, E_STORE, E_FORMAT,
    E_FIELD, E_UNIT, E_CELL, E_PROGRAMMING, E_STAGE,
) = range(1, 25)  # fmt: skip

# Checks of the self-test (`run`, `passed`): bit k is CHECKS[k]
CHECKS = ("dac readback", "adc answers", "sensor rail", "chip supply", "image store", "temperature")
