"""Wire frames: what goes in comes out, what is damaged does not, and nothing raises or grows."""

import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract import frames
from enose_contract.frames import MAX_BODY, MAX_FRAME, RECOVER_MS, FrameReader, FrameWriter

Content = tuple[int, int, int, bytes]
contents = st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFF), st.integers(0, 0xFF), st.binary(max_size=MAX_BODY))


def fed(reader: FrameReader, data: bytes) -> list[Content]:
    found = []
    for byte in data:
        frame = reader.feed(byte)
        if frame is not None:
            found.append((*frame[:3], bytes(frame[3])))
    return found


def frame(content: Content) -> bytes:
    return FrameWriter().frame(*content)


@given(st.lists(contents, max_size=4))
def test_what_goes_in_comes_out(sent: list[Content]) -> None:
    reader, writer = FrameReader(), FrameWriter()
    assert fed(reader, b"".join(writer.frame(*content) for content in sent)) == sent
    assert (reader.good, reader.dropped()) == (len(sent), 0)


@given(contents)
def test_a_frame_is_delimited_holds_no_zero_and_fits(content: Content) -> None:
    wire = frame(content)
    assert wire[0] == wire[-1] == 0
    assert 0 not in wire[1:-1]
    assert len(wire) <= MAX_FRAME


def test_the_longest_body_without_zeros_fills_a_frame_exactly() -> None:
    assert len(frame((0x0101, 1, 1, b"\xff" * MAX_BODY))) <= MAX_FRAME
    assert fed(FrameReader(), frame((0x0101, 1, 1, b"\xff" * MAX_BODY))) == [(0x0101, 1, 1, b"\xff" * MAX_BODY)]


def test_a_body_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match=f"body of {MAX_BODY + 1} bytes, at most {MAX_BODY}"):
        frame((1, 1, 1, bytes(MAX_BODY + 1)))


@pytest.mark.parametrize("body", [b"", b"\0" * 20, bytes(range(256)), b"\xff" * MAX_BODY], ids=len)
def test_every_one_bit_flip_is_refused(body: bytes) -> None:
    content = (0x1234, 7, 9, body)
    wire = frame(content)
    for k in range(8 * len(wire)):
        flipped = bytearray(wire)
        flipped[k // 8] ^= 1 << k % 8
        # A flip in a delimiter only moves the frame's edge: the whole frame may still come out, nothing else may.
        found = fed(FrameReader(), bytes(flipped) + b"\0")
        assert found == [] or (found == [content] and k // 8 in (0, len(wire) - 1))


@given(contents, contents, st.data())
def test_after_a_damaged_frame_the_next_one_is_read(first: Content, second: Content, data: st.DataObject) -> None:
    wire = bytearray(frame(first))
    k = data.draw(st.integers(8, 8 * len(wire) - 9))
    wire[k // 8] ^= 1 << k % 8
    reader = FrameReader()
    assert fed(reader, bytes(wire) + frame(second)) == [second]
    assert reader.dropped() >= 1


@given(st.binary(max_size=3000))
def test_garbage_never_raises_and_never_hides_the_next_frame(garbage: bytes) -> None:
    reader = FrameReader()
    fed(reader, garbage)
    assert fed(reader, frame((3, 2, 1, b"body")))[-1:] == [(3, 2, 1, b"body")]


def test_a_flood_of_garbage_does_not_grow_the_reader() -> None:
    reader = FrameReader()
    size = sum(sys.getsizeof(value) for value in vars(reader).values())
    fed(reader, Random(1).randbytes(100_000) + bytes(1 + k % 255 for k in range(100_000)))
    # the counters are integers of a size that does not change below 2**30
    assert sum(sys.getsizeof(value) for value in vars(reader).values()) <= size + 5 * sys.getsizeof(1)


def test_what_is_too_long_is_skipped_to_the_delimiter_and_counted_once() -> None:
    reader = FrameReader()
    assert fed(reader, b"\x05" * 5000 + b"\0" + frame((1, 1, 1, b"x"))) == [(1, 1, 1, b"x")]
    assert (reader.too_long, reader.dropped(), reader.good) == (1, 1, 1)


def test_a_frame_cut_short_is_given_up_after_250_ms() -> None:
    reader = FrameReader()
    wire = frame((1, 2, 3, b"body"))
    fed(reader, wire[:6])
    reader.expire(RECOVER_MS - 1)
    assert reader.cut_short == 0
    reader.expire(RECOVER_MS)
    assert reader.cut_short == 1
    assert fed(reader, wire[1:]) == [(1, 2, 3, b"body")]  # without its first delimiter: the reader is at a start


def test_an_overlong_frame_is_given_up_after_250_ms_too() -> None:
    reader = FrameReader()
    fed(reader, b"\x05" * 1000)
    reader.expire(RECOVER_MS)
    assert fed(reader, frame((1, 2, 3, b"body"))[1:]) == [(1, 2, 3, b"body")]


def test_silence_between_frames_is_no_fault() -> None:
    reader = FrameReader()
    fed(reader, frame((1, 2, 3, b"body")))
    reader.expire(10 * RECOVER_MS)
    assert reader.dropped() == 0


@pytest.mark.parametrize("wire", [b"\x02\x01\x00", b"\x05\x01\x02\x00", b"\x01\x01\x01\x01\x01\x01\x01\x00"])
def test_what_is_no_cobs_or_shorter_than_header_and_crc_is_counted(wire: bytes) -> None:
    reader = FrameReader()
    assert fed(reader, wire) == []
    assert reader.bad_cobs == 1


def test_the_crc_is_that_of_zlib() -> None:
    import zlib

    from cobs import cobs

    plain = b"\x34\x12\x07\x09body"
    wire = cobs.encode(plain + zlib.crc32(plain).to_bytes(4, "little"))
    assert frame((0x1234, 7, 9, b"body")) == b"\0" + wire + b"\0"
    assert len(cobs.decode(wire)) == frames.HEADER_SIZE + frames.CRC_SIZE + 4
