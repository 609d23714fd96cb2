"""Refusals of the gate carry the identifier of their call, and the first of them what is attached."""

from __future__ import annotations

import pytest

from pretzel.data_plane.transport.gate import Gate
from tests.data_plane.transport.peer import DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, frame
from tests.data_plane.transport.test_gate import ID, knowing, refusals


def literal(name: bytes, value: bytes, first: int = 0) -> bytes:
    """Return a field as a client writes it that neither compresses nor indexes it; up to 126 bytes."""
    return bytes([first, len(name)]) + name + bytes([len(value)]) + value


def refused_as(learned: bytes, sent: bytes, place: int = 3) -> bytes | None:
    """Return what the refusal of a call has besides the common fields; None if the call is left to the engine."""
    block = b"\x83\x86\x84"
    gate = Gate(b"\x88")
    gate.open(PREFACE + frame(HEADERS, END_HEADERS, 1, block + learned) + frame(DATA, END_STREAM, 1, b"m"))
    gate.take(1)
    gate.learn(place)
    call = frame(HEADERS, END_HEADERS, 3, block + sent)
    gate.open(call)
    count, rest = gate.refuse()
    if not count:
        assert rest == call
        return None
    answer = gate.answers()
    assert answer[3:10] == bytes([HEADERS, END_HEADERS | END_STREAM, 0, 0, 0, 3, 0x88])
    assert int.from_bytes(answer[:3], "big") == len(answer) - 9
    return answer[10:]


@pytest.mark.parametrize("first", [0x00, 0x10])
@pytest.mark.parametrize("value", [b"b", b"order-19", b"~" * 126])
def test_a_refusal_copies_the_identifier_of_its_call(first: int, value: bytes):
    field = literal(ID, value, first)
    before, after = literal(b"x-a", b"v"), literal(b"x-b", b"")
    assert refused_as(literal(ID, b"a", first), field) == field
    assert refused_as(before + literal(ID, b"a", first) + after, before + field + after, place=4) == field
    assert refused_as(literal(ID, b"a", first), field, place=-1) == b""


def test_long_identifiers_are_copied_up_to_the_most():
    def long(size: int) -> bytes:
        return bytes([0, len(ID)]) + ID + bytes([0x7F, size - 0x7F]) + b"i" * size

    assert refused_as(literal(ID, b"a"), long(200)) == long(200)
    assert refused_as(literal(ID, b"a"), long(127)) == long(127)
    assert refused_as(literal(ID, b"a"), long(201)) is None


@pytest.mark.parametrize(
    "sent",
    [
        literal(ID, b""),
        literal(ID, b"two words"),
        literal(ID, b"line\n"),
        literal(ID, b"\xff"),
        bytes([0, len(ID)]) + ID + b"\x82\x1c\x7f",  # compressed
    ],
)
def test_calls_whose_identifier_the_gate_cannot_copy_are_left_to_the_engine(sent: bytes):
    assert refused_as(literal(ID, b"a"), sent) is None


def test_an_indexed_identifier_is_left_to_the_engine():
    named = b"\x0f\x2f" + b"\1a"  # by a name in the client's table, which is not that of the answers
    assert refused_as(named, named) is None
    assert refused_as(named, named, place=9) is None


def test_the_first_refusal_carries_what_is_attached():
    gate, block = knowing(), b"\x83\x86\x84"
    gate.open(frame(HEADERS, END_HEADERS, 3, block) + frame(HEADERS, END_HEADERS, 5, block))
    assert gate.refuse(b"abc")[0] == 2
    first = frame(HEADERS, END_HEADERS | END_STREAM, 3, b"abc")
    assert gate.answers() == first + refusals(5)
    gate.open(frame(6, 0, 0, bytes(8)))
    assert gate.refuse(b"abc")[0] == 0
    assert not gate.has_answers
