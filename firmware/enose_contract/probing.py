"""The messages of calibration, apart from the table: a device has no memory for them until they are asked for."""

from enose_contract.message import Message
from enose_contract.messages import PROBING

SAMPLES = 24  # in one request to probe
TABLE_SIZE = 16 * SAMPLES  # bytes of their inputs, or of their outputs

# weights that are not stored; none: the stored image again
LOAD = Message(PROBING[0], "probe load", "I set", "I set, B count", tail=True)
# inputs in uV, SAMPLES of them at most; the same number again says how far the readings are
PROBE = Message(PROBING[1], "probe", "I number", "I number, B weights, B done, 384s outputs", tail=True)
