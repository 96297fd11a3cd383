"""The messages of calibration, apart from the table: a device has no memory for them until they are asked for."""

from enose_contract.message import Message
from enose_contract.messages import PROBING

SAMPLES = 24  # in one request to probe
TABLE_SIZE = 16 * SAMPLES  # bytes of their inputs, or of their outputs

# weights that are not stored; none: the stored image again
LOAD = Message(PROBING[0], "probe load", "I set", "I set, B count", tail=True)
# inputs in uV, SAMPLES of them at most; the same number again says how far the readings are
PROBE = Message(PROBING[1], "probe", "I number", "I number, B weights, B done, 384s outputs", tail=True)
# the same for HOLD_SAMPLES at most, with weights that are written once more and then not refreshed for so long: behind
# each sample's outputs, how long after their writing it was read, in ms
HOLD = Message(PROBING[2], "probe hold", "I number, I hold_ms", "I number, B weights, B done, 384s outputs", tail=True)
HOLD_SAMPLES = 19
HOLD_MS = 10000  # at most
E_HOLD = 41
