"""What the device was told of itself: the set of sensors that is mounted, the calibration that holds for its chip.

An image that names another is refused. All zero is "not told": then any image will do. Behind the two is how often it
measures by itself, and how fast its chip's worst weight leaks; where it was not told, the board's file says so.
"""

import struct
from binascii import crc32

from enose_contract import messages
from enose_contract.image import IDENTITY_SIZE, ImageError
from enose_contract.messages import E_CALIBRATION, E_INTERVAL, E_SENSOR_SET

NAME = "/fitted"
SIZE = 2 * IDENTITY_SIZE
UNTOLD = bytes(IDENTITY_SIZE)


class Fitted:
    """Two identities of 8 bytes, an interval in s and a leak in uV/s, kept in the store."""

    def __init__(self, store) -> None:
        """Read them; where they cannot be read the device was not told."""
        self._store = store
        self.sensor_set = self.calibration = UNTOLD
        self.interval_s = self.leak_uv_per_s = messages.UNTOLD
        try:
            packed = store.load(NAME, SIZE + 12) if store.mounted else None
        except OSError:
            packed = None
        if packed is None or len(packed) not in (SIZE + 4, SIZE + 8, SIZE + 12):  # of older firmware, too
            return
        if packed[-4:] == struct.pack("<I", crc32(packed[:-4]) & 0xFFFFFFFF):
            self.sensor_set = packed[:IDENTITY_SIZE]
            self.calibration = packed[IDENTITY_SIZE:SIZE]
            if len(packed) > SIZE + 4:
                self.interval_s = struct.unpack_from("<I", packed, SIZE)[0]
            if len(packed) > SIZE + 8:
                self.leak_uv_per_s = struct.unpack_from("<I", packed, SIZE + 4)[0]

    def tell(self, sensor_set: bytes, calibration: bytes, interval_s: int, leak_uv_per_s: int) -> None:
        """Keep these from now on; the same again writes nothing. Raises ImageError(E_STORE)."""
        told = (sensor_set, calibration, interval_s, leak_uv_per_s)
        if told == (self.sensor_set, self.calibration, self.interval_s, self.leak_uv_per_s):
            return
        packed = sensor_set + calibration + struct.pack("<II", interval_s, leak_uv_per_s)
        self._store.save(NAME, packed + struct.pack("<I", crc32(packed) & 0xFFFFFFFF))
        self.sensor_set, self.calibration, self.interval_s, self.leak_uv_per_s = told

    def set_interval(self, interval_s: int) -> None:
        """Measure so often from now on. Raises ImageError: E_INTERVAL where that is too often or too rare, E_STORE."""
        if interval_s not in (0, messages.UNTOLD) and not 10 <= interval_s <= 604800:  # a week
            raise ImageError(E_INTERVAL, interval_s, 604800)
        self.tell(self.sensor_set, self.calibration, interval_s, self.leak_uv_per_s)

    def check(self, image) -> None:
        """Raise ImageError (E_SENSOR_SET, E_CALIBRATION) for an image that names another."""
        if self.sensor_set not in (UNTOLD, image.sensor_set):
            raise ImageError(E_SENSOR_SET)
        if self.calibration not in (UNTOLD, image.calibration):
            raise ImageError(E_CALIBRATION)
