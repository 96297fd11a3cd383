"""Our COBS against the `cobs` package."""

import pytest
from cobs import cobs as oracle
from hypothesis import example, given
from hypothesis import strategies as st

from enose_contract import cobs

# Long runs without a zero are where COBS has its special case (blocks of 254), so half of the examples are such runs.
plain = st.one_of(st.binary(max_size=600), st.lists(st.integers(1, 255), min_size=250, max_size=520).map(bytes))
wire = st.lists(st.integers(1, 255), max_size=600).map(bytes)


def encoded(data: bytes) -> bytes:
    out = bytearray(len(data) + len(data) // 254 + 1)
    return bytes(out[: cobs.encode_into(data, len(data), out)])


def decoded(data: bytes, room: int = 700) -> bytes | None:
    out = bytearray(room)
    n = cobs.decode_into(data, len(data), out)
    return None if n < 0 else bytes(out[:n])


@given(plain)
@example(b"")
@example(b"\x01" * 254)
@example(b"\x01" * 254 + b"\x00")
@example(b"\x01" * 508)
@example(b"\x00" * 300)
def test_encodes_as_the_cobs_package_does(data: bytes) -> None:
    assert encoded(data) == oracle.encode(data)


@given(plain)
def test_decodes_what_it_encoded(data: bytes) -> None:
    assert decoded(encoded(data)) == data


@given(wire)
def test_decodes_or_refuses_as_the_cobs_package_does(data: bytes) -> None:
    try:
        expected = oracle.decode(data)
    except oracle.DecodeError:
        expected = None
    assert decoded(data) == expected


@given(st.binary(max_size=300))
def test_a_zero_inside_is_refused(data: bytes) -> None:
    assert decoded(data + b"\x00\x01") is None


@given(plain.filter(lambda data: len(data) > 0))
def test_what_does_not_fit_is_refused_and_nothing_is_written_past_the_end(data: bytes) -> None:
    assert decoded(encoded(data), room=len(data)) == data
    assert decoded(encoded(data), room=len(data) - 1) is None


@pytest.mark.parametrize("n", [1, 5])
def test_only_the_first_n_bytes_count(n: int) -> None:
    out = bytearray(16)
    length = cobs.encode_into(b"abc\0defgh", n, out)
    assert bytes(out[:length]) == oracle.encode(b"abc\0defgh"[:n])
