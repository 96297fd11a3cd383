"""On-chip learning, what device and host have in common: its messages, shorter pulses, the order of lessons, errors.

After K.-T. Tang et al., Sensors 13 (2013) 193-207, section 3.2.1, and the rules of the simulator's chips/learning. A
device has this in its memory only where it was started for learning.
"""

from enose_contract.message import Message, numbered
from enose_contract.messages import (
    BYE,
    CLEAR,
    INFO,
    LIFE,
    LOG,
    MAX_CHANNELS,
    SAFE,
    STATUS,
    TEACH,
)

# on-chip learning: lesson number `lesson` of a session; number 0 begins the lessons anew
LESSON = Message(
    25,
    "lesson",
    "I session, B lesson, I teacher_uv," + numbered("I", "input%d_uv", MAX_CHANNELS),
    "I session, B lessons",
)
# begins the session, its pulses of Vc from first to last; the same again does no more; 0 epochs end it with this epoch
LEARN = Message(
    26,
    "learn",
    "I session, H epochs, H seed, B trim_epochs, I first_pulse_ns, I last_pulse_ns, I target_uv",
    "I session, B state, B reason",
)
# how far a session is; `errors` from number `first` on, 0 before any learning: mean and worst of the lessons, u16 each,
# in units of ERROR_UNIT_UV; `weights` after the last whole epoch, u32 in uV
LEARNT = Message(
    27,
    "learnt",
    "I session, H epoch",
    "I session, B state, B reason, H epochs, H done, H best, I shown, I late, I refreshed, I generation,"
    "H first, B count, 64s errors, 128s weights",
)
MESSAGES = {message.kind: message for message in (LESSON, LEARN, LEARNT)}

# All that a device serves that was started for learning, beside hello
SERVED = tuple([message.kind for message in (INFO, STATUS, SAFE, CLEAR, BYE, LOG, LIFE, TEACH, LESSON, LEARN, LEARNT)])

# States of a session (`state`); `reason` is an error code where it has ended without new weights
NONE, RUNS, DONE, ENDED = 0, 1, 2, 3
MAX_LESSONS = 32
MAX_EPOCHS = 500
ERRORS_A_REPLY = 16
ERROR_UNIT_UV = 10

# Error replies, beside those of contract.messages
E_LEARNING = 48
E_LESSONS, E_WARM, E_STALE, E_LATE, E_PULSE = range(51, 56)

# Records of the log, beside those of contract.records
BEGUN = 24  # a: lessons, d: epochs, x: session
EPOCH = 25  # d: epoch, x: mean error_uv, y: worst error_uv, z: pulse of Vc in ns
OVER = 26  # a: reason, d: generation, x: best epoch, y: its worst error_uv, z: samples that came late

WORST = 3  # lessons that the worst error is the mean of: a single one may be past help
_PRIME, _FACTOR, _ADD = 65537, 75, 74  # a generator whose numbers need no more than 30 bits


def pulse_ns(epoch: int, epochs: int, trim_epochs: int, first_ns: int, last_ns: int) -> int:
    """Vc's pulse in an epoch: from first to last in a geometric row, the same from one trim to the next."""
    since = epoch - epoch % trim_epochs
    return int(first_ns * (last_ns / first_ns) ** (since / max(epochs - 1, 1)) + 0.5)


def shuffle(order: list[int], seed: int) -> int:
    """Put a list into a random order (Fisher and Yates), from a seed of 0..65535; the seed for the next time."""
    for k in range(len(order) - 1, 0, -1):
        seed = (_FACTOR * seed + _ADD) % _PRIME
        other = seed % (k + 1)
        order[k], order[other] = order[other], order[k]
    return seed


def mean_and_worst(errors_uv: list[int]) -> tuple[int, int]:
    """The mean of absolute errors, and that of the WORST largest, in whole uV."""
    largest = sorted(errors_uv)[-WORST:]
    return sum(errors_uv) // len(errors_uv), sum(largest) // len(largest)
