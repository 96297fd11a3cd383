"""The message table: every command of the wire, its fields and its reply, in one place.

Formats are `struct` formats, little-endian; `tail` messages carry free bytes behind the fixed fields. Every command is
absolute and idempotent: sent twice it does no more than once. Times are in ms, voltages in uV, resistances in ohm.
What the numbers mean to people is in contract.words, which takes memory that a device has not got. There is no function
in this file: a device keeps all the text of one that has.
"""

from enose_contract.message import ON_A_HOST, Message, numbered

if ON_A_HOST:
    from enose_contract.words import *  # noqa: F403 - by name they would take a device's memory

PROTOCOL = 6  # hello refuses any other. 3 is Ctrl-C on the wire, which would interrupt a device while it starts


MAX_CHANNELS = 8  # inputs of a chip, as a result carries them
MAX_OUTPUTS = 4
MAX_STEPS = 10  # of a gas sensor's heater profile
UNTOLD = 0xFFFFFFFF


HELLO = Message(
    1,
    "hello",
    "H protocol, I nonce",
    "H session, H max_frame, I lease_ms, 16s board, 16s chip, 16s firmware, 8s unit, I nonce",
)
# hold_ms: how long weights hold; oldest_ms: the longest between two refreshes since they were programmed; 0: none leak
INFO = Message(
    2,
    "info",
    "",
    "24s micropython, I uptime_ms, I free_start, I free_low, I free_now, I frames_good, I frames_dropped,"
    "I refresh_done, I refresh_missed, I refresh_period_ms, I hold_ms, I oldest_ms, i temperature_mc,"
    "I supply_uv, 8s model, I generation, 8s sensor_set, 8s calibration, B keyed, I counter, B silent, I leak_uv_per_s",
)
# sensors_bad, sensors_drifted: bit k for the sensor at position k
STATUS = Message(3, "status", "", "B state, B fault, B phase, B weights, I cycle, H sensors_bad, H sensors_drifted")
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
    "B compensation, B channels, B outputs, 16s label, H sensors_bad, H sensors_drifted, I burn_in_s,"
    + numbered("i", "output%d_uv", MAX_OUTPUTS)
    + ","
    + numbered("I", "input%d_uv", MAX_CHANNELS)
    + ","
    + numbered("I", "ohm%d", MAX_CHANNELS),
)
SELFTEST = Message(10, "selftest", "", "H run, H passed, I supply_uv, I rail_count, i temperature_mc")
SAFE = Message(11, "safe", "", "B state, B fault")
CLEAR = Message(12, "clear", "", "B state, B fault")
BYE = Message(13, "bye", "", "")
# from `sequence` on, `count` records as in contract.records; the newest is next - 1
LOG = Message(14, "log", "I sequence", "I oldest, I next, I lost, B count, 480s records")
# which sensors the device has and what its chip was calibrated with; all zero: not told, then any image will do;
# sensors_heated_s: how long these sensors were heated before, UNTOLD: as counted, from 0 where they are others;
# leak_uv_per_s: of the chip's worst weight, as measured, at the temperature of the chip's file; UNTOLD: as that has it
FIT = Message(
    15,
    "fit",
    "8s sensor_set, 8s calibration, I sensors_heated_s, I leak_uv_per_s",
    "8s sensor_set, 8s calibration, I sensors_heated_s, I leak_uv_per_s",
)
# from now on only images sealed with this key; it can be set once, and the same one again
KEY = Message(16, "key", "32s key", "B keyed")
# the kinds of contract.probing, and that of contract.watching: a device has no memory for them until they are asked for
PROBING = (17, 18, 19, 44)
UPDATES = (20, 21)  # the kinds of contract.updates, which a device has no memory for until they are asked for
# the air around the sensors: from the climate sensor, and the gas sensor's resistance at each step of its profile
AIR = Message(
    22,
    "air",
    "",
    "B climate, i temperature_mc, I humidity_mrh, B gas, I pressure_pa, B steps, "
    + numbered("I", "gas%d_ohm", MAX_STEPS),
)
# be started for learning on the chip (1), with the messages of contract.lesson, or for measuring (0); `learning` is how
# the device is now: where it is not as asked it restarts within a second, and has to be greeted again
TEACH = Message(24, "teach", "B learning", "B learning")
# measure by itself every so many s, from now on and after each start; 0: never, UNTOLD: as the board's file says
SCHEDULE = Message(28, "schedule", "I interval_s", "I interval_s, I next_s, B restarting")
# how long since its start it was asleep, with heaters on, measuring, with weights held; sensors_heated_s: in all their
# life where the board burns them in, burn_in_s: what they lack; r0: in clean air as it is tracked, and in the training
LIFE = Message(
    29,
    "life",
    "",
    "I uptime_s, I asleep_s, I heated_s, I measuring_s, I held_s, I measurements, I sensors_heated_s, I burn_in_s,"
    "I interval_s, I next_s, B asleep,"
    + numbered("B", "position%d", MAX_CHANNELS)
    + ","
    + numbered("I", "r0%d_ohm", MAX_CHANNELS)
    + ","
    + numbered("I", "trained%d_ohm", MAX_CHANNELS),
)
ERROR = Message(127, "error", "", "B code, I value, I limit")

MESSAGES = {
    message.kind: message
    for message in (
        HELLO, INFO, STATUS, UPLOAD_BEGIN, UPLOAD_DATA, UPLOAD_COMMIT, ACTIVATE, MEASURE, RESULT, SELFTEST, SAFE, CLEAR,
        BYE, LOG, FIT, KEY, AIR, TEACH, SCHEDULE, LIFE, ERROR,
    )
}  # fmt: skip

# Served in the latched safe state: identify, status, log and clear, and the result, which is NONE; nothing that drives.
SERVED_WHEN_SAFE = (
    HELLO.kind, INFO.kind, STATUS.kind, RESULT.kind, SAFE.kind, CLEAR.kind, BYE.kind, LOG.kind, AIR.kind, LIFE.kind,
)  # fmt: skip

# States of the device (`state`) and of its weights (`weights`)
IDLE, MEASURING, DONE, SAFE_STATE, UNKNOWN_CYCLE = 0, 1, 2, 3, 4
WEIGHTS_NONE, WEIGHTS_HELD, WEIGHTS_STALE, WEIGHTS_PROGRAMMING = 0, 1, 2, 3

# Faults (`fault`) that latch the safe state
(
    FAULT_NONE, FAULT_HOST, FAULT_BUS, FAULT_READBACK, FAULT_RANGE, FAULT_SUPPLY, FAULT_IMAGES, FAULT_TASK, FAULT_MOUNT,
    FAULT_TEMPERATURE, FAULT_RESETS, FAULT_START, FAULT_MISFIT, FAULT_BATTERY,
) = range(14)  # fmt: skip

# Reasons (`reason`) for an answer of NONE; those of noise, few measurements and divided votes are for ABSTAIN
(
    REASON_OK, REASON_ALL_ZERO, REASON_SENSOR, REASON_OUTPUT, REASON_STALE, REASON_NO_IMAGE, REASON_SAFE,
    REASON_COLD, REASON_MOVING, REASON_SATURATED, REASON_STUCK, REASON_FAR, REASON_HEATERS, REASON_NOISE,
    REASON_REFERENCE, REASON_FEW, REASON_DIVIDED, REASON_BURN_IN,
) = range(18)  # fmt: skip
REASON_BATTERY = 24

# Whether an answer's resistances were brought to reference air (`compensation`)
COMPENSATION_NONE, COMPENSATED, UNCOMPENSATED = 0, 1, 2

# Parts that may stay silent without a fault (`silent`, as bits)
SILENT_DISPLAY, SILENT_CLIMATE, SILENT_GAS = 1, 2, 4

# Error replies (`code`), with what value and limit hold
(
    E_COMMAND, E_MALFORMED, E_PROTOCOL, E_BUSY_HOST, E_SESSION, E_SAFE, E_UPLOAD, E_TOO_LARGE, E_HASH, E_CHIP, E_BOARD,
    E_WEIGHT, E_TOPOLOGY, E_SENSOR, E_GENERATION, E_MEASURING, E_NO_IMAGE, E_STORE, E_FORMAT,
    E_FIELD, E_UNIT, E_CELL, E_PROGRAMMING, E_STAGE, E_SENSOR_SET, E_CALIBRATION, E_UNSEALED, E_OLDER, E_NO_KEY, E_KEY,
    E_INPUT, E_INTERVAL, E_ROOM,
) = range(1, 34)  # fmt: skip
E_NO_TEACHER, E_SEALED_ONLY = 49, 50  # 40 is of contract.updates, 48 and 51 to 55 are of contract.lesson
E_PAGED = 60
