"""Requests that are wrong in one way, over both fronts: a status or a reset, and the connection serves others."""

from __future__ import annotations

import gzip
import zlib
from typing import Any, NamedTuple

from tests.data_plane.transport.differences import (
    DIFFERENCES,
    EXHAUSTED,
    INTERNAL,
    OK,
    RESET,
    SILENCE,
    UNIMPLEMENTED,
    wanted,
)
from tests.data_plane.transport.echo import MESSAGE_BYTES, Served
from tests.data_plane.transport.peer import Fields, Peer, message, request

LATE = 4
GZIP, DEFLATE = (b"grpc-encoding", b"gzip"), (b"grpc-encoding", b"deflate")
SNAPPY = (b"grpc-encoding", b"snappy")
DIFFERS = "by the list"


class Case(NamedTuple):
    """A request, and its outcome on both fronts; the name is that of a difference where they differ."""

    name: str
    fields: Fields
    body: bytes | None
    outcome: Any = DIFFERS


def unary(*more: tuple[bytes, bytes], **changed: bytes | None) -> Fields:
    return request("Unary", *more, **changed)


A = message(b"a")
CASES = (
    Case("binary metadata that is not base64", unary((b"x-b-bin", b"!!")), A),
    Case("a GET request", unary(method=b"GET"), A),
    Case("another content type", unary(content_type=b"application/json"), A),
    Case("another content type", unary(content_type=b"application/grpc-web"), A),
    Case("another content type", unary(content_type=None), A),
    Case("a subtype of the content type", unary(content_type=b"application/grpc+proto"), A, OK),
    Case("an invalid grpc-timeout", unary((b"grpc-timeout", b"10x")), A),
    Case("an invalid grpc-timeout", unary((b"grpc-timeout", b"-1S")), A),
    Case("an invalid grpc-timeout", unary((b"grpc-timeout", b"S")), A),
    Case("an invalid grpc-timeout", unary((b"grpc-timeout", b"")), A),
    Case("a grpc-timeout of nine digits", unary((b"grpc-timeout", b"123456789S")), A),
    Case("the longest timeout", unary((b"grpc-timeout", b"99999999H")), A, OK),
    Case("no time at all", request("Slow", (b"grpc-timeout", b"0S")), A, LATE),
    Case("a nanosecond", request("Slow", (b"grpc-timeout", b"1n")), A, LATE),
    Case("an unknown grpc-encoding", unary(SNAPPY), A),
    Case("an unknown grpc-encoding", unary(SNAPPY), message(b"a", 1)),
    Case("a compressed message without encoding", unary(), message(b"a", 1), INTERNAL),
    Case("a compressed message of identity", unary((b"grpc-encoding", b"identity")), message(b"a", 1), INTERNAL),
    Case("an unknown message flag", unary(), message(b"a", 2)),
    Case("an unknown message flag", unary(GZIP), message(gzip.compress(b"a"), 3)),
    Case("corrupt gzip", unary(GZIP), message(b"abcdefgh", 1), INTERNAL),
    Case("corrupt deflate", unary(DEFLATE), message(b"abcdefgh", 1), INTERNAL),
    Case("gzip for deflate", unary(DEFLATE), message(gzip.compress(b"a"), 1), INTERNAL),
    Case("truncated gzip", unary(GZIP), message(gzip.compress(b"abc" * 100)[:-6], 1), INTERNAL),
    Case("gzip with a wrong checksum", unary(GZIP), message(gzip.compress(b"abc")[:-8] + bytes(8), 1), INTERNAL),
    Case("gzip and more", unary(GZIP), message(gzip.compress(b"abc") + b"junk", 1), INTERNAL),
    Case("two members of gzip", unary(GZIP), message(gzip.compress(b"a") + gzip.compress(b"b"), 1), INTERNAL),
    Case("an uncompressed message in a gzip call", unary(GZIP), A, OK),
    Case("gzip", unary(GZIP), message(gzip.compress(b"a"), 1), OK),
    Case("deflate", unary(DEFLATE), message(zlib.compress(b"a"), 1), OK),
    Case("an empty compressed message", unary(GZIP), message(b"", 1), OK),
    Case("a bomb", unary(GZIP), message(gzip.compress(bytes(MESSAGE_BYTES + 1)), 1), EXHAUSTED),
    Case("as large as the limit", request("Count", GZIP), message(gzip.compress(bytes(MESSAGE_BYTES)), 1), OK),
    Case("a unary call without a message", unary(), None),
    Case("a unary call without a message", unary(), b""),
    Case("a unary call without a message", request("Fast"), None),
    Case("a unary call with two messages", unary(), A + A),
    Case("a unary call with two messages", request("Fast"), A + A),
    Case("an incomplete message", unary(), A[:-1]),
    Case("an incomplete message", request("Fast"), A[:3]),
    Case("an incomplete message of a stream", request("Chat"), A + A[:2]),
    Case("a header list over the limit", unary((b"x-a", b"v" * 20_000)), A, EXHAUSTED),
    Case("a header list over the limit", unary((b"x-a", b"v" * 60_000)), A, EXHAUSTED),
    Case("a header list over the limit", unary(*((b"x-%d" % i, b"") for i in range(1100))), A, EXHAUSTED),
    Case("an unknown method", request("Nothing"), A, UNIMPLEMENTED),
    Case("no path", unary(path=None), A, RESET),
    Case("no scheme", unary(scheme=None), A, RESET),
    Case("no authority", unary(authority=None), A, RESET),
    Case("no te field", tuple(field for field in unary() if field[0] != b"te"), A),
    Case("a relative path", unary(path=b"test.Echo/Unary"), A),
    Case("a field of a connection", unary((b"connection", b"close")), A),
    Case("a wrong content-length", unary((b"content-length", b"3")), A),
    Case("a line break in a value", unary((b"x-a", b"a\nb")), A),
    Case("an empty field name", unary((b"", b"a")), A),
)


async def outcome(served: Served, case: Case, patience: float) -> Any:
    """Return the status, RESET or SILENCE; whatever it is, the connection must serve the next call."""
    async with Peer.connected(served.port, max_send_header_block_length=1 << 20) as peer:
        assert await peer.is_served()  # SETTINGS are acknowledged: before that, the limits of grpcio are others
        stream = peer.open(case.fields, case.body)
        try:
            answer = await peer.answer(stream, patience)
        except TimeoutError:
            found = SILENCE
        else:
            found = RESET if answer.status is None else answer.status
            assert served.kind == "grpcio" or found in (OK, RESET) or answer.text, f"{case.name}: no message"
        assert await peer.is_served(), case.name
        return found


async def test_outcomes(served: Served):
    expected = {
        i: wanted(case.name, served.kind) if case.outcome == DIFFERS else case.outcome for i, case in enumerate(CASES)
    }
    found = {i: await outcome(served, case, 0.2 if expected[i] == SILENCE else 20) for i, case in enumerate(CASES)}
    wrong = {i: (CASES[i].name, found[i], expected[i]) for i in found if found[i] != expected[i]}
    assert not wrong, "case: name, found, expected"


def test_every_difference_has_a_case_and_a_reason():
    names = [difference.name for difference in DIFFERENCES]
    assert len(names) == len({*names})
    assert {case.name for case in CASES if case.outcome == DIFFERS} <= {*names}
    for difference in DIFFERENCES:
        assert difference.reason and difference.native != difference.grpcio


async def test_http_statuses_for_what_is_no_call(native: Served):
    async with Peer.connected(native.port) as peer:
        assert (await peer.call(unary(method=b"GET"), None))[b":status"] == b"405"
        assert (await peer.call(unary(content_type=b"text/html"), A))[b":status"] == b"415"


async def test_an_unknown_encoding_lists_the_known_ones(native: Served):
    async with Peer.connected(native.port) as peer:
        answer = await peer.call(unary(SNAPPY), A)
        assert answer[b"grpc-accept-encoding"] == b"identity, gzip, deflate"
        assert "snappy" in answer.text


async def test_responses_are_compressed_when_requests_are(native: Served):
    packed = message(gzip.compress(bytes(5000)), 1)
    accept = (b"grpc-accept-encoding", b"identity,gzip")
    async with Peer.connected(native.port) as peer:
        for name in ("Unary", "Fast", "Chat", "FastLane"):
            answer = await peer.call(request(name, GZIP, accept), packed)
            assert (answer.status, answer[b"grpc-encoding"]) == (OK, b"gzip")
            assert gzip.decompress(answer.data[5:]) == bytes(5000)
            answer = await peer.call(request(name, GZIP), packed)  # it does not say that it accepts gzip
            assert answer.data == message(bytes(5000))


async def test_bytes_that_are_not_ascii(native: Served):
    """Not over both fronts: grpc.aio does not survive them."""
    async with Peer.connected(native.port) as peer:
        assert (await peer.call(unary((b"x-a", b"\xe9\xff")), A)).status == OK
        assert (await peer.call(unary(path=b"/\xff\xfe"), A)).status == UNIMPLEMENTED
        assert await peer.is_served()
