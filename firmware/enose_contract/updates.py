"""Messages about the firmware itself, and the seal of an update; imported when one of them is asked for.

They are served in the safe state too: an update may be what mends it.
"""

import struct

from enose_contract.message import Message
from enose_contract.messages import UPDATES
from enose_contract.seal import hmac_sha256

# which firmware runs (the start of its manifest's SHA-256, zero where it runs from no folder), what is known of its
# trial, whether an update has to be sealed, and with which challenge
FIRMWARE = Message(UPDATES[0], "firmware", "", "8s identity, B trial, B keyed, I challenge")
# restart with the interactive prompt, for a firmware with this manifest; the seal is all zero without a key
UPDATE = Message(UPDATES[1], "update", "I challenge, 32s manifest, 32s seal", "")

E_UPDATE = 40  # error reply, beside those of contract.messages

# What is known of a firmware's trial (`trial`)
IN_FORCE, ON_TRIAL, RETURNED = 0, 1, 2  # the last: in force, and another one's trial has failed

MARK = b"ENU1"
FORM = "<4sI32s"
SEAL_SIZE = 32


def update_seal(key: bytes, challenge: int, manifest: bytes) -> bytes:
    """HMAC-SHA-256 over the mark, the challenge that the device gave, and the manifest's SHA-256."""
    return hmac_sha256(key, struct.pack(FORM, MARK, challenge, manifest))


def same(found: bytes | memoryview, wanted: bytes) -> bool:
    """Whether two seals are the same; all bytes are looked at, so that the time tells nothing."""
    differ = len(found) ^ len(wanted)
    for k in range(min(len(found), len(wanted))):
        differ |= found[k] ^ wanted[k]
    return not differ
