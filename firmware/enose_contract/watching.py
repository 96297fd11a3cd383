"""The message of watching, apart from the table: a device has no memory for it until a host asks to watch."""

from enose_contract.message import Message
from enose_contract.messages import PROBING

MOST = 8  # sensors that are watched at once
SCAN = "<I8H"  # the device's time in ms, then the dividers' counts of the converter, held at 0 and above
SIZE = 20
IN_REPLY = 24  # scans
KEPT = 64  # scans that the device has room for until they are fetched
FROM_NOW = 0xFFFFFFFF
LEAST_MS, MOST_MS = 10, 10_000

# scans from `sequence` on, or from now on, of the sensors whose bits are set; the first one is `first`, and the next
# one to be made has the number `next`; `rail` is the count of the dividers' rail. A watch that nobody asks for ends
WATCH = Message(
    PROBING[-1],
    "watch",
    "I sequence, H positions, H period_ms",
    "I first, I next, H rail, I load_ohm, B count, 480s scans",
)
