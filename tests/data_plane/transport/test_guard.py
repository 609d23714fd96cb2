"""The guard of header values: what is usual passes as it is, and rewritten blocks keep the compression in order."""

from __future__ import annotations

import random
from typing import Any

import ngh2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.transport.guard import MARK, Guard
from tests.data_plane.transport.peer import (
    CONTINUATION,
    DATA,
    END_HEADERS,
    END_STREAM,
    HEADERS,
    PADDED,
    PREFACE,
    frame,
    request,
)

PRIORITY = 32
Fields = tuple[tuple[bytes, bytes], ...]
NOTHING: Fields = ()


class Pair:
    """A client and a server of the engine; the server holds lists of any size."""

    def __init__(self) -> None:
        sent, held = {"max_send_header_block_length": 1 << 26}, {"max_inbound_header_list_size": 1 << 26}
        self.client = ngh2.Connection(ngh2.Role.CLIENT, ngh2.Configuration(**sent))
        self.server = ngh2.Connection(ngh2.Role.SERVER, ngh2.Configuration(max_continuations=1 << 20, **held))
        self.client.initiate_connection({})
        self.server.initiate_connection({})
        self.guard = Guard()

    def received(self, cuts: list[int] | None = None) -> list[Fields]:
        """Return the header lists of what the client has queued, sent through the guard in pieces."""
        data = self.client.data_to_send()
        found = []
        for a, b in zip([0, *(cuts or [])], [*(cuts or []), len(data)], strict=True):
            self.server.receive_data(self.guard.pass_on(data[a:b]))
            found += [event.headers for event in self.server.events() if isinstance(event, ngh2.RequestReceived)]
        return found


NAMES = st.sampled_from([b"x-a", b"x-b", b"x-cc"])
SIZES = st.sampled_from([0, 3, 126, 127, 128, 4000, 4096, 16_383, 16_384, 30_000])
VALUES = st.tuples(SIZES, st.sampled_from(list(b"a~"))).map(lambda pair: bytes([pair[1]]) * pair[0])
LISTS = st.lists(st.tuples(NAMES, VALUES), max_size=6)


@given(st.lists(LISTS, min_size=1, max_size=4), st.data())
def test_lists_are_those_of_the_client_but_for_long_values(lists: list[list[tuple[bytes, bytes]]], data: Any):
    """Also of later lists, whose fields refer to the tables of earlier ones."""
    pair, size = Pair(), 0
    for more in lists:
        pair.client.send_request((*request("Unary"), *more))
    size = len(pair.client.data_to_send(0)) or 400_000
    cuts = sorted(data.draw(st.lists(st.integers(0, size), max_size=8)))
    for sent, got in zip(lists, pair.received(cuts), strict=True):
        want = (*request("Unary"), *sent)
        marked = got[-1] == (MARK, b"")
        kept = got[:-1] if marked else got
        changed = [(w, g) for w, g in zip(want, kept, strict=True) if w != g]
        assert marked == bool(changed)
        for (name, value), (other, rest) in changed:
            assert name == other and rest == b"" and len(value) > 10_000


def test_usual_bytes_are_passed_on_as_they_are():
    guard, pair = Guard(), Pair()
    for i in range(100):
        stream = pair.client.send_request((*request("Unary"), (b"x-a", b"%d" % i)))
        pair.client.send_data(stream, bytes(10 * i), end_stream=True)
    data = pair.client.data_to_send()
    assert guard.pass_on(data) is data


def test_any_cut_of_usual_bytes():
    draw = random.Random(3)
    pair = Pair()
    for _ in range(20):
        pair.client.send_data(pair.client.send_request(request("Unary")), bytes(draw.randrange(300)), end_stream=True)
    data = pair.client.data_to_send()
    for _ in range(200):
        guard, cuts = Guard(), sorted(draw.choices(range(len(data) + 1), k=draw.randrange(20)))
        pieces = [guard.pass_on(data[a:b]) for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
        assert b"".join(pieces) == data


@given(st.binary(max_size=200))
def test_bytes_that_are_no_frames_reach_the_engine(data: bytes):
    guard = Guard()
    passed = guard.pass_on(PREFACE) + guard.pass_on(data)
    assert (PREFACE + data).startswith(passed) or HEADERS in data


LONG = b"\x00\x03x-a\x7f\x81\xff\x00"
"""A literal field whose value has 16,384 bytes."""


@pytest.mark.parametrize("flags", [0, PADDED, PRIORITY, PADDED | PRIORITY])
def test_padding_and_priority(flags: int):
    payload = (b"\x07" if flags & PADDED else b"") + (bytes(5) if flags & PRIORITY else b"") + LONG
    payload += bytes(7) if flags & PADDED else b""
    begin = frame(HEADERS, flags | END_STREAM, 1, payload)
    end = frame(CONTINUATION, 0, 1, b"v" * 16_000) + frame(CONTINUATION, END_HEADERS, 1, b"v" * 384)
    guard = Guard()
    guard.pass_on(PREFACE)
    want = frame(HEADERS, END_STREAM, 1, b"\x00\x03x-a\x00")
    want += frame(CONTINUATION, END_HEADERS, 1, b"\x00" + bytes([len(MARK)]) + MARK + b"\x00")
    assert guard.pass_on(begin + end) == want


@pytest.mark.parametrize(
    "bad",
    [
        frame(HEADERS, PADDED, 1, b""),
        frame(HEADERS, PADDED, 1, b"\x09a"),
        frame(HEADERS, PRIORITY, 1, b"abc"),
        frame(HEADERS, 0, 1, bytes(70_000)),
        frame(HEADERS, 0, 1, LONG) + frame(DATA, 0, 1, b"between"),
    ],
    ids=["no padding", "too much padding", "no priority", "a large frame", "another frame"],
)
def test_invalid_frames_reach_the_engine(bad: bytes):
    """It reacts as it does without the guard."""
    data = bad + frame(CONTINUATION, END_HEADERS, 1, b"")
    outcomes = []
    for guarded in (True, False):
        pair = Pair()
        pair.received()
        pair.server.data_to_send()
        try:
            pair.server.receive_data(pair.guard.pass_on(data) if guarded else data)
            outcomes.append(pair.server.data_to_send())
        except ngh2.NGH2Error as error:
            outcomes.append(repr(error))
    assert outcomes[0] == outcomes[1] and outcomes[0]


def test_small_frames_are_not_joined():
    """So that the engine counts them."""
    guard = Guard()
    guard.pass_on(PREFACE)
    flood = [frame(HEADERS, 0, 1, b"\x00\x01a\x01b"), *[frame(CONTINUATION, 0, 1, b"") for _ in range(50)]]
    assert guard.pass_on(b"".join(flood)) == b"".join(flood)


def test_a_length_that_is_too_long_is_a_fault():
    pair = Pair()
    pair.received()
    block = b"\x00\x03x-a\x7f" + b"\xff" * 9 + b"\x01"
    data = frame(HEADERS, 0, 1, block) + frame(CONTINUATION, END_HEADERS, 1, b"v" * 500)
    pair.server.receive_data(pair.guard.pass_on(data))
    assert not [event for event in pair.server.events() if isinstance(event, ngh2.RequestReceived)]
    assert b"\x00\x00\x00\x09" in pair.server.data_to_send()  # COMPRESSION_ERROR


def test_a_list_in_one_large_frame_is_cut_into_frames_for_the_engine():
    pair = Pair()
    values = [(b"x-a", b"~" * 9000)] * 4 + [(b"x-b", b"~" * 20_000)]
    pair.client.send_request((*request("Unary"), *values))
    sent = pair.client.data_to_send()
    preface, frames = sent[: len(PREFACE)], frames_of(sent[len(PREFACE) :])
    block = b"".join(body for kind, _, body in frames if kind in (HEADERS, CONTINUATION))
    assert 1 << 14 < len(block) < 1 << 16
    one = b"".join(frame(kind, flags, 0, body) for kind, flags, body in frames if kind not in (HEADERS, CONTINUATION))
    one += frame(HEADERS, END_HEADERS, 1, block)
    pair.server.receive_data(pair.guard.pass_on(preface + one))
    (got,) = [event.headers for event in pair.server.events() if isinstance(event, ngh2.RequestReceived)]
    assert got == (*request("Unary"), *values[:-1], (b"x-b", b""), (MARK, b""))


def frames_of(data: bytes) -> list[tuple[int, int, bytes]]:
    """Return the kind, the flags and the payload of each frame."""
    found = []
    while data:
        size = int.from_bytes(data[:3], "big")
        found.append((data[3], data[4], data[9 : 9 + size]))
        data = data[9 + size :]
    return found
