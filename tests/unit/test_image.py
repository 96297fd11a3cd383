"""The weight image: one encoding, and every damage refused."""

import contextlib
import hashlib
import struct
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract.image import (
    COMBINE_MEAN,
    COMBINE_VOTES,
    HASH_SIZE,
    HEAD,
    HEAD_SIZE,
    MAX_IMAGE,
    STEADY,
    UNIT_OHM,
    UNIT_UV,
    Image,
    ImageError,
    unpack,
)
from enose_contract.messages import E_FIELD, E_FORMAT, E_HASH, E_TOPOLOGY
from rig import image

names = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=16)
u32 = st.integers(0, 0xFFFFFFFF)
weights = {UNIT_UV: st.integers(0, 0x7FFFFFFF), UNIT_OHM: st.integers(-0x7FFFFFFF, 0x7FFFFFFF)}
identities = st.binary(min_size=8, max_size=8)
HEAD_FIELDS = (
    *("magic", "format", "length", "chip", "board", "sensor_set", "model", "calibration", "normalisation"),
    *("inputs", "classes", "weights", "baseline_ms", "exposure_ms", "recovery_ms", "scan_ms", "average", "unit"),
    "least_change_ppm",
)


@st.composite
def images(draw: st.DrawFn) -> Image:
    inputs = draw(st.integers(1, 16))
    normalisation = draw(st.sampled_from([1, 2]))
    unit = draw(st.sampled_from([UNIT_UV, UNIT_OHM]))
    low_ohm = draw(st.lists(st.integers(0, 0xFFFFFFFE), min_size=inputs, max_size=inputs))
    return Image(
        chip=draw(names),
        board=draw(names),
        sensor_set=draw(identities),
        model=draw(identities),
        calibration=draw(identities),
        normalisation=normalisation,
        channels=draw(st.lists(st.integers(0, 255), min_size=inputs, max_size=inputs)),
        low_ohm=low_ohm,
        high_ohm=[draw(st.integers(low + 1, 0xFFFFFFFF)) for low in low_ohm],
        classes=draw(st.lists(names, min_size=1, max_size=8)),
        weights=draw(st.lists(weights[unit], min_size=1, max_size=255)),
        baseline_ms=draw(st.integers(1 if normalisation == 1 else 0, 86_400_000)),
        exposure_ms=draw(st.integers(1, 86_400_000)),
        recovery_ms=draw(st.integers(0, 86_400_000)),
        scan_ms=draw(st.integers(1, 65535)),
        average=draw(st.integers(1, 255)),
        unit=unit,
        least_change_ppm=draw(st.integers(1, 1_000_000)),
        guard_uv=draw(st.integers(0, 5_000_000)),
        hysteresis_uv=draw(st.integers(0, 5_000_000)),
        measurements=draw(st.integers(1, 16)),
        combine=draw(st.sampled_from([COMBINE_MEAN, COMBINE_VOTES])),
        drift_limit_ppm=draw(st.integers(0, 1_000_000)),
        clean_ohm=draw(st.lists(u32, min_size=inputs, max_size=inputs)),
    )


def of_format_3(packed: Image) -> bytes:
    """The same image as it was written before format 4: its end was its weights."""
    body = packed.pack()[: -HASH_SIZE - struct.calcsize(STEADY) - 4 * len(packed.channels)]
    head = dict(zip(HEAD_FIELDS, struct.unpack(HEAD, body[:HEAD_SIZE]), strict=True))
    head |= {"format": 3, "length": len(body) + HASH_SIZE}
    return resealed(struct.pack(HEAD, *head.values()) + body[HEAD_SIZE:] + bytes(HASH_SIZE))


def resealed(raw: bytes) -> bytes:
    """The same bytes with a hash that fits: damage that only the fields' own checks can find."""
    body = raw[:-HASH_SIZE]
    return body + hashlib.sha256(body).digest()


def with_head(**changes: Any) -> bytes:
    raw = image().pack()
    fields = dict(zip(HEAD_FIELDS, struct.unpack(HEAD, raw[:HEAD_SIZE]), strict=True))
    return resealed(struct.pack(HEAD, *{**fields, **changes}.values()) + raw[HEAD_SIZE:])


def code_of(raw: bytes) -> int:
    with pytest.raises(ImageError) as refused:
        unpack(raw)
    return refused.value.code


@given(images())
def test_what_is_packed_is_unpacked(packed: Image) -> None:
    raw = packed.pack()
    assert vars(unpack(raw)) == vars(packed)
    assert unpack(raw).pack() == raw
    assert len(raw) <= MAX_IMAGE


@given(images())
def test_an_image_of_the_format_before_is_taken_with_what_every_answer_was_then(packed: Image) -> None:
    found = unpack(of_format_3(packed))
    plain = {"guard_uv": 0, "hysteresis_uv": 0, "measurements": 1, "combine": COMBINE_MEAN, "drift_limit_ppm": 200_000}
    assert vars(found) == {**vars(packed), **plain, "clean_ohm": [0] * len(packed.channels)}


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_an_image_is_read_from_any_buffer(kind: type) -> None:
    assert unpack(kind(image().pack())).classes == ["banana", "lemon", "lychee"]


def test_every_one_bit_flip_is_refused() -> None:
    raw = image().pack()
    for k in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[k // 8] ^= 1 << k % 8
        assert code_of(bytes(flipped)) == E_HASH


def test_every_truncation_and_extension_is_refused() -> None:
    raw = image().pack()
    for n in range(len(raw)):
        assert code_of(raw[:n]) == E_HASH
    for extra in range(1, 40):
        assert code_of(raw + bytes(extra)) == E_HASH


def test_a_truncation_or_extension_with_a_fitting_hash_is_refused_too() -> None:
    raw = image().pack()
    for n in range(HEAD_SIZE + HASH_SIZE, len(raw)):
        assert code_of(resealed(raw[:n])) == E_TOPOLOGY
    assert code_of(resealed(raw + bytes(4))) == E_TOPOLOGY


@given(st.binary(max_size=MAX_IMAGE))
def test_garbage_is_refused_and_never_raises_anything_else(garbage: bytes) -> None:
    code_of(garbage)
    code_of(resealed(garbage + bytes(HASH_SIZE)))


@pytest.mark.parametrize("seed", range(4))
def test_any_damage_with_a_fitting_hash_is_refused_or_still_one_whole_image(seed: int) -> None:
    rng = Random(seed)
    raw = image().pack()
    for _ in range(500):
        damaged = bytearray(raw)
        for _ in range(rng.randint(1, 4)):
            damaged[rng.randrange(len(raw) - HASH_SIZE)] = rng.randrange(256)
        hostile = resealed(bytes(damaged))
        with contextlib.suppress(ImageError):
            assert unpack(hostile).pack() == hostile


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"magic": b"ENW2"}, E_FORMAT),
        ({"format": 2}, E_FORMAT),
        ({"format": 6}, E_FORMAT),
        ({"format": 5}, E_TOPOLOGY),  # whose end is its pages
        ({"format": 3}, E_TOPOLOGY),  # whose end is its weights
        ({"length": 1}, E_TOPOLOGY),
        ({"inputs": 5}, E_TOPOLOGY),
        ({"classes": 200}, E_TOPOLOGY),
        ({"weights": 0}, E_TOPOLOGY),
        ({"chip": b"\xff\xfe"}, E_FIELD),
        ({"board": b"pico\0mlp"}, E_FIELD),
        ({"normalisation": 0}, E_FIELD),
        ({"normalisation": 3}, E_FIELD),
        ({"normalisation": 2}, E_FIELD),  # whose ranges would be 0..0 ohm
        ({"baseline_ms": 0}, E_FIELD),  # no R0 to divide by
        ({"baseline_ms": 0xFFFFFFFF}, E_FIELD),
        ({"exposure_ms": 0}, E_FIELD),
        ({"exposure_ms": 0x80000000}, E_FIELD),
        ({"recovery_ms": 86_400_001}, E_FIELD),
        ({"scan_ms": 0}, E_FIELD),
        ({"average": 0}, E_FIELD),
        ({"unit": 0}, E_FIELD),
        ({"unit": 3}, E_FIELD),
        ({"least_change_ppm": 0}, E_FIELD),
        ({"least_change_ppm": 1_000_001}, E_FIELD),
    ],
    ids=str,
)
def test_hostile_field_values_are_refused(changes: dict[str, Any], code: int) -> None:
    assert code_of(with_head(**changes)) == code


@pytest.mark.parametrize(
    "changes",
    [
        {"channels": []},
        {"channels": [0] * 17},
        {"channels": [0, 1, 2, 256]},
        {"low_ohm": [0] * 3},
        {"high_ohm": [0, 0, 0, 1 << 32]},
        {"classes": []},
        {"classes": ["a"] * 9},
        {"weights": []},
        {"weights": [0] * 256},
        {"weights": [-1]},
        {"weights": [1 << 31]},
        {"weights": [-1 << 31], "unit": UNIT_OHM},
        {"unit": 3},
        {"normalisation": 7},
        {"model": b"short"},
        {"normalisation": 2, "low_ohm": [5] * 4, "high_ohm": [9, 9, 5, 9]},
        {"scan_ms": 65536},
        {"average": 256},
        {"least_change_ppm": 0},
        {"guard_uv": -1},
        {"hysteresis_uv": 1 << 31},
        {"measurements": 0},
        {"measurements": 17},
        {"combine": 0},
        {"combine": 3},
        {"drift_limit_ppm": 1_000_001},
        {"clean_ohm": [0] * 3},
        {"clean_ohm": [0, 0, 0, 1 << 32]},
    ],
    ids=str,
)
def test_what_the_format_cannot_hold_is_not_packed(changes: dict[str, Any]) -> None:
    with pytest.raises(ImageError) as refused:
        image(**changes).pack()
    assert refused.value.code in (E_TOPOLOGY, E_FIELD)


@pytest.mark.parametrize("name", ["x" * 17, "Zitrone\n", "Litschi\0", "Apfelmüs"])
def test_a_name_that_does_not_fit_is_not_packed(name: str) -> None:
    with pytest.raises(ValueError, match="a name is at most 16 printable ASCII characters"):
        image(classes=[name]).pack()
