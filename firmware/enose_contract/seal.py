"""Sealed images: an image with a number and an HMAC-SHA-256 (RFC 2104) over both, by a key that device and host share.

A sealed image is the mark, the number (u32), the image, the HMAC. A device with a key takes no other, and none whose
number is not above the highest it has stored: an older image cannot be put back.
"""

import hashlib
import struct

from enose_contract.image import SEAL_MARK as MARK
from enose_contract.image import ImageError
from enose_contract.messages import E_UNSEALED

HEAD = "<4sI"
HEAD_SIZE = struct.calcsize(HEAD)
KEY_SIZE = 32
HMAC_SIZE = 32
OVERHEAD = HEAD_SIZE + HMAC_SIZE
SHA256_BLOCK = 64


def hmac_sha256(key: bytes, text: bytes | bytearray | memoryview) -> bytes:
    """HMAC-SHA-256 for a key of at most 64 bytes."""
    padded = key + bytes(SHA256_BLOCK - len(key))
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in padded]))
    inner.update(text)
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in padded]))
    outer.update(inner.digest())
    return outer.digest()


def sealed(image: bytes, key: bytes, counter: int) -> bytes:
    """The image with its number, sealed."""
    text = struct.pack(HEAD, MARK, counter) + image
    return text + hmac_sha256(key, text)


def opened(raw: bytes | bytearray | memoryview, key: bytes) -> tuple[int, memoryview]:
    """(number, image) of a sealed image. Raises ImageError(E_UNSEALED) for anything that this key has not sealed."""
    view = memoryview(raw)
    end = len(view) - HMAC_SIZE
    if end < HEAD_SIZE or not is_sealed(view):
        raise ImageError(E_UNSEALED)
    found, wanted = view[end:], hmac_sha256(key, view[:end])
    differ = 0
    for k in range(HMAC_SIZE):  # all of them, so that the time tells nothing
        differ |= found[k] ^ wanted[k]
    if differ:
        raise ImageError(E_UNSEALED)
    return struct.unpack_from("<I", view, len(MARK))[0], view[HEAD_SIZE:end]


def is_sealed(raw: bytes | bytearray | memoryview) -> bool:
    """Whether these bytes say of themselves that they are a sealed image."""
    return bytes(memoryview(raw)[: len(MARK)]) == MARK
