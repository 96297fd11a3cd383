"""The key of sealed images: set once, in a block of its own, programmed twice and never erased.

One copy that is whole is the key. A first copy that was torn, with nothing behind it, is a setting that the power cut
off: there is no key yet, and the next two pages of the block are taken, eight times at most. The block is not erased
for that: an erasure that is cut off as well may leave anything. Two damaged copies are a key that nobody knows any
more: then no image is taken at all.
"""

import struct
from binascii import crc32

from enose_contract.image import ImageError
from enose_contract.messages import E_KEY, E_STORE, E_UNSEALED

PAGE = 256
PAGES = 16
KEY_SIZE = 32


class Key:
    """The device's key, if it has one."""

    def __init__(self, partition) -> None:
        """partition: partition.Partition. A flash that does not answer is taken for a damaged key."""
        self._flash = partition
        self._key = None
        self._damaged = False
        try:
            for at in range(0, PAGES, 2):
                first, second = self._copy(at), self._copy(at + 1)
                self._key = first or second or None
                self._damaged = self._key is None and second is not None
                if self.is_set or first is None:
                    break
        except OSError:
            self._damaged = True

    @property
    def is_set(self) -> bool:
        """Whether images have to be sealed."""
        return self._damaged or self._key is not None

    def known(self) -> bytes:
        """The key. Raises ImageError(E_UNSEALED) where it is damaged."""
        if self._key is None:
            raise ImageError(E_UNSEALED)
        return self._key

    def set(self, key: bytes) -> None:
        """Set the key; the same one again does nothing. Raises ImageError: E_KEY for another, E_STORE for bad flash."""
        if key == self._key:
            return
        if self.is_set:
            raise ImageError(E_KEY)
        page = key + struct.pack("<I", crc32(key) & 0xFFFFFFFF)
        page += b"\xff" * (PAGE - len(page))
        try:
            at = 0
            while self._copy(at) is not None:
                at += 2
                if at == PAGES:
                    raise OSError
            for k in (at, at + 1):
                self._flash.writeblocks(self._flash.key_block, page, k * PAGE)
                if self._copy(k) != key:
                    raise OSError
                self._key = key  # one whole copy is the key, whatever becomes of the other
        except OSError:
            raise ImageError(E_STORE)

    def _copy(self, k: int):
        """The key as copy k has it: None for a blank one, empty for a damaged one."""
        page = bytearray(PAGE)
        self._flash.readblocks(self._flash.key_block, page, k * PAGE)
        if page == b"\xff" * PAGE:
            return None
        key = bytes(page[:KEY_SIZE])
        whole = struct.unpack_from("<I", page, KEY_SIZE)[0] == crc32(key) & 0xFFFFFFFF
        return key if whole else b""
