"""Identities: sixteen hexadecimal digits that stand for a content, as the eight bytes of a weight image do."""

import hashlib
import json
import zlib
from collections.abc import Sequence

import numpy as np

from enose.project.contents import Cycle, Floats, Sensor

DIGITS = 16
WORTH_ZIPPING = 0.9  # of its length: below that a series is kept zipped


def identity_of(*parts: object) -> str:
    """The identity of texts, numbers and what JSON holds; the same parts are the same identity on any machine."""
    return hashlib.sha256(to_json(parts).encode()).hexdigest()[:DIGITS]


def to_json(value: object) -> str:
    """One way of writing a value as JSON. Raises ValueError for NaN, which JSON has not."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_of(cycle: Cycle) -> str:
    """What a cycle's series are, whatever it is called: two cycles with the same content are one recorded twice."""
    found = hashlib.sha256(repr(cycle.sample_s).encode())
    for name in sorted(cycle.series):
        values = cycle.series[name]
        found.update(f"|{name}|{values.shape}|".encode())
        found.update(_little(values))
    return found.hexdigest()[:DIGITS]


def sensor_set_identity(sensors: Sequence[Sensor]) -> str:
    """Sensors in an order. For sensors read in ohm it is the one that weight images carry."""
    names = "\n".join(s.name if s.unit == "ohm" else f"{s.name} [{s.unit}]" for s in sensors)
    return hashlib.sha256(names.encode()).hexdigest()[:DIGITS]


def packed(values: Floats) -> tuple[str, str, bytes]:
    """(shape, packing, numbers) of a series: little-endian float64 in C order, zipped where that is worth it."""
    raw = _little(values)
    zipped = zlib.compress(raw, 6)
    shape = ",".join(str(n) for n in values.shape)
    return (shape, "zlib", zipped) if len(zipped) < WORTH_ZIPPING * len(raw) else (shape, "none", raw)


def unpacked(shape: str, packing: str, numbers: bytes) -> Floats:
    """The inverse of packed. Raises ValueError where the numbers do not fill the shape."""
    sides = tuple(int(n) for n in shape.split(","))
    try:
        raw = zlib.decompress(numbers) if packing == "zlib" else numbers
    except zlib.error as error:
        raise ValueError(f"a series of shape ({shape}) is damaged ({error})") from error
    if len(raw) != 8 * int(np.prod(sides)):
        raise ValueError(f"a series of shape ({shape}) has {len(raw)} bytes, expected {8 * int(np.prod(sides))}")
    return np.frombuffer(raw, dtype="<f8").reshape(sides).astype(np.float64)


def _little(values: Floats) -> bytes:
    return np.ascontiguousarray(values, dtype="<f8").tobytes()
