"""Metadata over both fronts: to the handler, and back before and after the response."""

from __future__ import annotations

import json

import grpc

from tests.data_plane.transport.differences import wanted
from tests.data_plane.transport.echo import Served, grouped, path
from tests.data_plane.transport.peer import Peer, message, request

PAIRS = [
    (),
    (("x-plain", "value"),),
    (("x-empty", ""),),
    (("x-inner", 'a,b; c="d" %41 ~'),),
    (("x-same", "1"), ("x-other", "2"), ("x-same", "3"), ("x-same", "1")),
    (("x-data-bin", b""),),
    (("x-data-bin", bytes(range(256))), ("x-data-bin", b",="), ("x-data-bin", b"\0")),
    tuple((f"x-{number}", str(number)) for number in range(50)),
    (("x-long", "v" * 5000),),
]


async def test_metadata_returns(channel: grpc.aio.Channel):
    for pairs in PAIRS:
        await check(channel, pairs)


async def check(channel: grpc.aio.Channel, pairs: tuple[tuple[str, str | bytes], ...]) -> None:
    call = channel.unary_unary(path("Metadata"))(b"", metadata=pairs, timeout=20)
    seen = [(key, value if isinstance(value, str) else value.hex()) for key, value in pairs]
    assert grouped(json.loads(await call)) == grouped(seen)
    assert grouped(await call.initial_metadata()) == grouped(pairs)
    assert grouped(await call.trailing_metadata()) == grouped(pairs)


async def test_order_on_the_wire(peer: Peer):
    pairs = ((b"x-b", b"1"), (b"x-a", b"2"), (b"x-b", b"3"), (b"x-c-bin", b"AAE"), (b"x-c-bin", b"Ag"))
    answer = await peer.call(request("Metadata", *pairs), message(b""))
    for fields in (answer.headers, answer.trailers):
        received = [field for field in fields if field[0].startswith(b"x-")]
        assert sorted(received) == sorted(pairs)
        assert {value for _, value in received[:1]} == {b"1"}, "the first pair comes first"


async def test_binary_values_with_padding_and_joined_by_commas(served: Served, peer: Peer):
    answer = await peer.call(request("Metadata", (b"x-a-bin", b"YQ=="), (b"x-b-bin", b"YQ,Yg==,Yw")), message(b""))
    assert answer.status == wanted("binary metadata joined by commas", served.kind)
    if answer.status:
        return
    seen = json.loads(answer.data[5:])
    assert ["x-a-bin", "61"] in seen
    assert [value for key, value in seen if key == "x-b-bin"] == ["61", "62", "63"]


async def test_fields_of_the_protocol_are_no_metadata(peer: Peer):
    hidden = ((b"grpc-timeout", b"10S"), (b"grpc-encoding", b"identity"), (b"grpc-accept-encoding", b"gzip"))
    answer = await peer.call(request("Keys", *hidden, (b"user-agent", b"test"), (b"x-a", b"1")), message(b""))
    assert set(json.loads(answer.data[5:])) == {"user-agent", "x-a"}
