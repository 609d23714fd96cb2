"""The gate before the engine: refused calls leave no trace in the engine, and all others reach it unchanged."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import ngh2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pretzel.data_plane.transport.gate import Gate
from pretzel.data_plane.transport.shedding import REFUSAL, header_block
from tests.data_plane.transport.peer import DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, Fields, frame, request

RESET, WINDOW_UPDATE = 3, 8
REFUSED = "Fast"
ID = b"x-request-id"
OK: Fields = ((b":status", b"200"),)


@dataclass(frozen=True)
class Sent:
    """A call of the client."""

    name: str
    metadata: tuple[tuple[bytes, bytes], ...]
    body: bytes
    resets: bool

    @property
    def fields(self) -> Fields:
        return request(self.name, *self.metadata)


class Pair:
    """A client and a server of the engine, with a gate between them."""

    def __init__(self, table: int) -> None:
        self.client = ngh2.Connection(ngh2.Role.CLIENT, ngh2.Configuration(max_deflate_dynamic_table_size=table))
        self.server = ngh2.Connection(ngh2.Role.SERVER)
        self.client.initiate_connection({})
        self.server.initiate_connection({3: 1000})
        self.gate = Gate(header_block(REFUSAL))
        self.sent: dict[int, Sent] = {}
        self.read: dict[int, Fields] = {}
        self.bodies: dict[int, bytes] = {}
        self.answers: dict[int, Fields] = {}
        self.refused = 0

    def send(self, call: Sent) -> None:
        stream = self.client.send_request(call.fields)
        self.client.send_data(stream, call.body, end_stream=True)
        self.sent[stream] = call

    def exchange(self, data: bytes, pieces: Iterable[int | None]) -> None:
        """Give the server a segment: whole, or in pieces of so many calls, the last of which are refused by None."""
        steps = iter(pieces)
        first = next(steps, 1)
        if first == 0:
            self._serve(self.gate.pass_on(data))
        else:
            self.gate.open(data)
            while self.gate.has_more:
                if first is None:
                    count, rest = self.gate.refuse()
                    self.refused += count
                    self._serve(rest)
                else:
                    self._serve(self.gate.take(max(1, first)))
                first = next(steps, None)
        self.client.receive_data(self.server.data_to_send() + self.gate.answers())
        for event in self.client.events():
            assert not isinstance(event, ngh2.GoAwayReceived), event
            if isinstance(event, ngh2.ResponseReceived):
                self.answers[event.stream_id] = event.headers

    def _serve(self, data: bytes) -> None:
        self.server.receive_data(data)
        for event in self.server.events():
            if isinstance(event, ngh2.RequestReceived):
                self.read[event.stream_id] = event.headers
                known = dict(event.headers)[b":path"].endswith(REFUSED.encode())
                if event.stream_id == self.gate.unknown_stream and known:
                    names = [name for name, _ in event.headers]
                    self.gate.learn(names.index(ID) if ID in names else -1)
            elif isinstance(event, ngh2.DataReceived):
                self.bodies[event.stream_id] = self.bodies.get(event.stream_id, b"") + event.data
                if event.end_stream:
                    self.server.send_response(event.stream_id, OK, end_stream=True)


METADATA = st.sampled_from(
    [
        (),
        ((b"grpc-timeout", b"1S"),),
        ((b"grpc-timeout", b"20m"),),
        ((b"x-a", b"v" * 200),),
        ((ID, b"order-19"), (b"x-a", b"v")),
        ((b"grpc-timeout", b"1S"), (ID, b"~" * 200)),
    ]
)
BODIES = st.sampled_from([0, 5, 300, 20_000]).map(bytes)
CALLS = st.builds(Sent, st.sampled_from([REFUSED, REFUSED, "Unary"]), METADATA, BODIES, st.booleans())
PIECES = st.lists(st.sampled_from([0, 1, 2, 5, None]), max_size=4)


@given(st.sampled_from([0, 4096]), st.lists(st.lists(CALLS, max_size=8), min_size=1, max_size=6), st.data())
def test_refused_calls_leave_no_trace_and_others_are_served(table: int, bursts: list[list[Sent]], data: Any):
    """With blocks that change the table of the compression and others, cut anywhere."""
    pair = Pair(table)
    for burst in bursts:
        for call in burst:
            pair.send(call)
        resets = [stream for stream, call in pair.sent.items() if call.resets]
        while sent := pair.client.data_to_send():
            cut = data.draw(st.integers(0, len(sent)))
            for segment in (sent[:cut], sent[cut:]):
                pair.exchange(segment, data.draw(PIECES))
            for stream in resets:  # of calls of which the server has heard, or not
                if stream not in pair.answers and stream in pair.read:
                    pair.client.reset_stream(stream)
                    pair.sent.pop(stream)
            resets = []
    refused = [stream for stream in pair.sent if stream not in pair.read]
    assert len(refused) == pair.refused
    for stream, call in pair.sent.items():
        if stream in refused:
            assert call.name == REFUSED
            assert pair.answers[stream] == (*REFUSAL, *(field for field in call.metadata if field[0] == ID))
        else:
            assert sorted(pair.read[stream]) == sorted(call.fields)
            assert pair.bodies.get(stream, b"") == call.body
            assert pair.answers[stream] == OK


def refusing(table: int = 4096, calls: int = 3) -> Pair:
    """Return a pair whose gate knows a call, after some that taught it."""
    pair = Pair(table)
    for _ in range(calls):
        pair.send(Sent(REFUSED, (), b"m", False))
        pair.exchange(pair.client.data_to_send(), [1])
    assert not pair.gate.unknown_stream
    return pair


def test_repeated_calls_are_refused_without_the_engine():
    pair = refusing()
    for _ in range(100):
        pair.send(Sent(REFUSED, (), bytes(300), False))
    pair.exchange(pair.client.data_to_send(), [10])
    assert pair.refused == 90
    assert len(pair.read) == 3 + 10
    assert len(pair.answers) == 103


def test_values_of_metadata_do_not_matter():
    """They are literals where the client does not index them."""
    pair = refusing(table=0)
    pair.send(Sent(REFUSED, ((b"grpc-timeout", b"17m"),), b"m", False))
    pair.exchange(pair.client.data_to_send(), [1])
    for i in range(20):
        pair.send(Sent(REFUSED, ((b"grpc-timeout", b"%dm" % (900 + i)),), b"m", False))
        pair.send(Sent("Unary", ((b"grpc-timeout", b"1m"),), b"m", False))
    pair.exchange(pair.client.data_to_send(), [None])
    assert pair.refused == 20


@pytest.mark.parametrize("kind", [RESET, WINDOW_UPDATE])
def test_later_frames_of_a_refused_stream_are_dropped(kind: int):
    """The engine would take its stream for one that was never opened, and end the connection."""
    pair = refusing()
    pair.send(Sent(REFUSED, (), b"m", False))
    (stream,) = set(pair.sent) - set(pair.read)
    sent = pair.client.data_to_send()
    pair.exchange(sent + frame(kind, 0, stream, b"\0\0\0\1"), [None])
    late = frame(kind, 0, stream, b"\0\0\0\1")
    pair.exchange(late[:7], [0])
    pair.exchange(late[7:], [0])
    pair.send(Sent("Unary", (), b"m", False))
    pair.exchange(pair.client.data_to_send() + late, [0])
    assert pair.answers[max(pair.sent)] == OK


ODD = {
    "a stream of the server": lambda block: (
        frame(HEADERS, END_HEADERS, 100, block) + frame(DATA, END_STREAM, 100, b"m")
    ),
    "an old stream": lambda block: frame(HEADERS, END_HEADERS, 1, block) + frame(DATA, END_STREAM, 1, b"m"),
    "no data": lambda block: frame(HEADERS, END_HEADERS | END_STREAM, 101, block),
    "a part of a block": lambda block: frame(HEADERS, 0, 101, block) + frame(9, END_HEADERS, 101),
    "a change of the table": lambda block: frame(HEADERS, END_HEADERS, 101, b"\x20" + block),
    "a field more": lambda block: frame(HEADERS, END_HEADERS, 101, block + b"\x82") + frame(DATA, END_STREAM, 101),
    "half a field": lambda block: frame(HEADERS, END_HEADERS, 101, block + b"\0\5ab") + frame(DATA, END_STREAM, 101),
    "a long integer": lambda block: frame(HEADERS, END_HEADERS, 101, block + b"\xff" * 9),
    "a long block": lambda block: frame(HEADERS, END_HEADERS, 101, block + b"\0\1a\0" * 200),
    "a path in metadata": lambda block: (
        frame(HEADERS, END_HEADERS, 101, block + b"\0\5:path\2/x") + frame(DATA, 1, 101)
    ),
}


STALE = {"a part of a block", "a change of the table", "half a field", "a long integer", "a long block", "no data"}
"""After these, nothing is known any more."""


def knowing(block: bytes = b"\x83\x86\x84") -> Gate:
    """Return a gate that knows calls by one block."""
    gate = Gate(b"")
    gate.open(PREFACE + frame(HEADERS, END_HEADERS, 1, block) + frame(DATA, END_STREAM, 1, b"m"))
    gate.take(1)
    gate.learn()
    return gate


@pytest.mark.parametrize("case", ODD)
def test_what_is_unusual_is_left_to_the_engine(case: str):
    block = b"\x83\x86\x84"
    gate = knowing(block)
    odd = ODD[case](block)
    gate.open(odd)
    assert gate.refuse() == (0, odd)
    gate.open(frame(HEADERS, END_HEADERS, 201, block) + frame(DATA, END_STREAM, 201, b"m"))
    assert gate.refuse()[0] == (0 if case in STALE else 1)


def window(size: int) -> bytes:
    return frame(WINDOW_UPDATE, 0, 0, size.to_bytes(4, "big"))


def refusals(*streams: int) -> bytes:
    return b"".join(frame(HEADERS, END_HEADERS | END_STREAM, stream) for stream in streams)


def test_the_rest_of_a_refused_call_is_dropped_and_acknowledged():
    """Also in later segments and parts of frames, and of several calls by turns; other frames pass."""
    gate, block = knowing(), b"\x83\x86\x84"
    ping = frame(6, 0, 0, bytes(8))
    gate.open(frame(HEADERS, END_HEADERS, 3, block) + ping + frame(HEADERS, END_HEADERS, 5, block))
    assert gate.refuse() == (2, ping)
    assert gate.answers() == refusals(3, 5)
    rest = frame(DATA, 8, 5, b"\0m") + frame(DATA, 0, 3, bytes(100)) + frame(DATA, END_STREAM, 5, bytes(50)) + ping
    assert gate.pass_on(rest[:30]) + gate.pass_on(rest[30:150]) + gate.pass_on(rest[150:]) == ping
    assert gate.answers() == window(152)
    assert not gate.has_answers
    ended = frame(DATA, 0, 5, b"m")
    assert gate.pass_on(ended + frame(RESET, 0, 3, bytes(4))) == ended  # the engine complains
    assert gate.pass_on(frame(DATA, 0, 3, b"m")) == frame(DATA, 0, 3, b"m")


def test_a_frame_that_is_too_long_reaches_the_engine():
    gate, block = knowing(), b"\x83\x86\x84"
    long = frame(DATA, END_STREAM, 3, bytes(70_000))
    gate.open(frame(HEADERS, END_HEADERS, 3, block) + long)
    assert gate.refuse() == (1, long)


def test_refused_streams_that_stay_open_are_bounded():
    gate, block = knowing(), b"\x83\x86\x84"
    calls = [frame(HEADERS, END_HEADERS, 2 * i + 3, block) for i in range(1100)]
    gate.open(b"".join(calls))
    assert gate.refuse() == (1024, b"".join(calls[1024:]))


def test_an_incomplete_frame_waits_for_its_rest():
    gate = Gate(b"")
    call = frame(HEADERS, END_HEADERS, 1, b"\x83\x86\x84")
    assert gate.pass_on(PREFACE + call[:4]) == PREFACE
    assert gate.pass_on(call[4:10]) == b""
    assert gate.pass_on(call[10:]) == call
    data = frame(DATA, END_STREAM, 1, bytes(100))
    assert gate.pass_on(data[:20]) == data[:20]  # of data, parts go on
    assert gate.pass_on(data[20:]) == data[20:]
