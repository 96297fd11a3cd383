"""The message table: formats and names agree, and a wrong length is refused."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_contract import frames, lesson, messages, probing, updates
from enose_contract.message import Message
from enose_contract.messages import MESSAGES

every_message = pytest.mark.parametrize(
    "message", [*MESSAGES.values(), *lesson.MESSAGES.values()], ids=lambda m: m.name
)
LIMITS = {"B": (0, 0xFF), "H": (0, 0xFFFF), "I": (0, 0xFFFFFFFF), "i": (-(1 << 31), (1 << 31) - 1)}


def values_of(form: str) -> st.SearchStrategy[tuple[int | bytes, ...]]:
    """Values that a format of this table can hold."""
    fields, count = [], ""
    for letter in form.removeprefix("<"):
        if letter.isdigit():
            count += letter
        elif letter == "s":
            fields.append(st.binary(min_size=int(count), max_size=int(count)))
            count = ""
        else:
            fields.append(st.integers(*LIMITS[letter]))
    return st.tuples(*fields)


@every_message
@given(data=st.data())
def test_requests_round_trip(message: Message, data: st.DataObject) -> None:
    values = data.draw(values_of(message.request))
    tail = data.draw(st.binary(max_size=20)) if message.tail else b""
    found, rest = message.unpack_request(struct.pack(message.request, *values) + tail)
    assert (found, bytes(rest)) == (values, tail)


@every_message
@given(data=st.data())
def test_replies_round_trip_by_name(message: Message, data: st.DataObject) -> None:
    values = data.draw(values_of(message.reply))
    fields = message.unpack_reply(struct.pack(message.reply, *values))
    assert list(fields) == message.reply_fields
    assert tuple(fields.values()) == values


@every_message
def test_every_field_has_one_name_and_every_message_fits_a_frame(message: Message) -> None:
    for form, names in ((message.request, message.request_fields), (message.reply, message.reply_fields)):
        assert len(struct.unpack(form, bytes(struct.calcsize(form)))) == len(names) == len(set(names))
        assert struct.calcsize(form) <= frames.MAX_BODY
    assert 0 < message.kind < frames.REPLY


@every_message
@given(extra=st.integers(-3, 3))
def test_a_wrong_length_is_refused(message: Message, extra: int) -> None:
    n = struct.calcsize(message.request)
    if extra < 0 <= n + extra or (extra > 0 and not message.tail):
        with pytest.raises(ValueError, match=f"request {message.kind}: {n + extra} bytes, expected {n}"):
            message.unpack_request(bytes(n + extra))
    n = struct.calcsize(message.reply)
    if extra and n + extra >= 0:
        with pytest.raises(ValueError, match=f"reply to {message.name}: {n + extra} bytes, expected {n}"):
            message.unpack_reply(bytes(n + extra))


def test_kinds_and_names_are_unique() -> None:
    found = [m for m in vars(messages).values() if isinstance(m, Message)]
    assert sorted(m.kind for m in found) == sorted(MESSAGES)
    assert len({m.name for m in found}) == len(found)


def test_every_number_that_a_device_sends_has_its_words() -> None:
    names = {**vars(messages), **vars(lesson), **vars(updates), **vars(probing)}
    assert sorted(v for k, v in names.items() if k.startswith("FAULT_")) == sorted(messages.FAULTS)
    assert sorted(v for k, v in names.items() if k.startswith("REASON_")) == sorted(messages.REASONS)
    assert sorted(v for k, v in names.items() if k.startswith("E_")) == sorted(messages.ERRORS)
    for text in messages.ERRORS.values():
        assert text.format(value=1, limit=2)


def test_the_safe_state_serves_nothing_that_drives() -> None:
    served = {MESSAGES[kind].name for kind in messages.SERVED_WHEN_SAFE}
    assert served == {"hello", "info", "status", "result", "log", "safe", "clear", "bye", "air", "life"}
