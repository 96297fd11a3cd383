"""Sealed images on a device with a key: which are taken, and the highest number, in memory only on such a device.

The number is kept beside the slots as well: with both of them damaged, an older image stays refused.
"""

import struct
from binascii import crc32

from enose_contract import messages, seal
from enose_contract.image import ImageError

NAME = "/seal"
SIZE = 8


def opened(raw, key, store):
    """(number, image) of a sealed image. Raises ImageError: E_UNSEALED, E_OLDER."""
    counter, raw = seal.opened(raw, key.known())
    if counter <= store.counter:
        raise ImageError(messages.E_OLDER, counter, store.counter)
    return counter, raw


def recall(store) -> None:
    """Raise `store.counter` to what was kept. A mark that cannot be read says nothing: the slots have their own."""
    try:
        packed = store.load(NAME, SIZE)
    except OSError:
        return
    if packed is not None and len(packed) == SIZE:
        counter, check = struct.unpack("<II", packed)
        if check == crc32(packed[:4]) & 0xFFFFFFFF:
            store.counter = max(store.counter, counter)


def keep(store) -> None:
    """Keep `store.counter`. Where that fails the image that was stored with it still has it: nothing is refused."""
    packed = struct.pack("<I", store.counter)
    try:
        store.save(NAME, packed + struct.pack("<I", crc32(packed) & 0xFFFFFFFF))
    except ImageError:
        pass
