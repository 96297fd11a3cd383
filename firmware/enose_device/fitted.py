"""What the device was told of itself: the set of sensors that is mounted, the calibration that holds for its chip.

An image that names another is refused. All zero is "not told": then any image will do.
"""

import struct
from binascii import crc32

from enose_contract.image import IDENTITY_SIZE, ImageError
from enose_contract.messages import E_CALIBRATION, E_SENSOR_SET

NAME = "/fitted"
SIZE = 2 * IDENTITY_SIZE
UNTOLD = bytes(IDENTITY_SIZE)


class Fitted:
    """Two identities of 8 bytes, kept in the store."""

    def __init__(self, store) -> None:
        """Read them; where they cannot be read the device was not told."""
        self._store = store
        self.sensor_set = self.calibration = UNTOLD
        try:
            packed = store.load(NAME, SIZE + 4) if store.mounted else None
        except OSError:
            packed = None
        if packed is not None and packed[SIZE:] == struct.pack("<I", crc32(packed[:SIZE]) & 0xFFFFFFFF):
            self.sensor_set = packed[:IDENTITY_SIZE]
            self.calibration = packed[IDENTITY_SIZE:SIZE]

    def tell(self, sensor_set: bytes, calibration: bytes) -> None:
        """Keep both from now on; the same again writes nothing. Raises ImageError(E_STORE)."""
        if (sensor_set, calibration) == (self.sensor_set, self.calibration):
            return
        packed = sensor_set + calibration
        self._store.save(NAME, packed + struct.pack("<I", crc32(packed) & 0xFFFFFFFF))
        self.sensor_set, self.calibration = sensor_set, calibration

    def check(self, image) -> None:
        """Raise ImageError (E_SENSOR_SET, E_CALIBRATION) for an image that names another."""
        if self.sensor_set not in (UNTOLD, image.sensor_set):
            raise ImageError(E_SENSOR_SET)
        if self.calibration not in (UNTOLD, image.calibration):
            raise ImageError(E_CALIBRATION)
