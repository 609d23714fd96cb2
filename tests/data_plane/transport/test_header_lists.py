"""Header lists over the limit: they end their call, and only beyond what the engine holds their connection."""

from __future__ import annotations

import json
from typing import Any

import grpc
import ngh2
import pytest

from pretzel.client.channel import channel_options
from pretzel.data_plane.transport import http2
from pretzel.data_plane.transport.limits import Limits
from tests.data_plane.transport.bystander import bystander
from tests.data_plane.transport.differences import CLOSED, wanted
from tests.data_plane.transport.echo import Served, path, serve
from tests.data_plane.transport.peer import Fields, Peer, message, request

EXHAUSTED = grpc.StatusCode.RESOURCE_EXHAUSTED
HELD = http2._HEADER_SLACK * Limits().header_bytes
ANY_SIZE = {"max_send_header_block_length": 1 << 24}


def fields_of(size: int, each: int = 4000) -> Fields:
    """Return fields that take about so many bytes together."""
    return tuple((b"x-%d" % i, b"v" * each) for i in range(size // each))


@pytest.mark.parametrize("size", [80_000, 160_000, 250_000])
async def test_a_list_over_the_limit_ends_its_call_alone(native: Served, size: int):
    async with Peer.connected(native.port, **ANY_SIZE) as peer:
        slow = peer.open(request("Slow"), message(b"a"))
        answer = await peer.call(request("Unary", *fields_of(size)), message(b"b"))
        assert answer.status == EXHAUSTED.value[0]
        native.echo.release.set()
        assert (await peer.answer(slow)).data == message(b"a")
        assert await peer.is_served()
        assert not peer.goodbye.codes


@pytest.mark.parametrize("size", [9000, 12_000, 60_000])
async def test_our_clients_read_trailers_of_any_size(size: int):
    """Those of grpcio lose some above 8 KiB, and all above 16 KiB."""
    text = json.dumps({"by": "abort", "message": "m" * size}).encode()
    async with serve("grpcio") as served, served.channel(*channel_options()) as channel:
        for _ in range(20):
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await channel.unary_unary(path("Fail"))(text, timeout=20)
            assert (caught.value.code(), caught.value.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "m" * size)


async def test_many_fields_over_the_limit_end_their_call_alone(native: Served):
    async with Peer.connected(native.port, **ANY_SIZE) as peer:
        answer = await peer.call(request("Unary", *((b"x-%d" % i, b"") for i in range(4000))), message(b"b"))
        assert answer.status == EXHAUSTED.value[0]
        assert await peer.is_served()


@pytest.mark.parametrize(("size", "times"), [(20_000, 1), (60_000, 4), (80_000, 1), (2_000_000, 2)])
async def test_other_calls_of_a_client_of_grpcio_are_served(served: Served, size: int, times: int):
    async with served.channel() as channel:
        call = channel.unary_unary(path("Unary"))
        assert await call(b"a", timeout=20) == b"a"
        slow = channel.unary_unary(path("Slow"))(b"slow", timeout=20)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"a", timeout=20, metadata=[("x-a", "v" * size)] * times)
        assert caught.value.code() is EXHAUSTED
        served.echo.release.set()
        assert await slow == b"slow"
        assert await call(b"a", timeout=20) == b"a"


@pytest.mark.parametrize(
    "more",
    [((b"x-a", b"~" * 80_000),), ((b"x-a", b"v" * 3_000_000), (b"x-b", b"1")), fields_of(4 * HELD)],
    ids=["a value", "a long value", "many values"],
)
@pytest.mark.parametrize("size", [1, 7000, 1 << 18])
async def test_values_that_the_engine_does_not_hold_are_cut_out(native: Served, more: Fields, size: int):
    """The compression of later calls is in order, and calls that run are not disturbed."""
    indexed = (b"x-indexed", b"i" * 100)
    async with Peer.connected(native.port, **ANY_SIZE) as peer:
        slow = peer.open(request("Slow", indexed), message(b"a"))
        stream = peer.open(request("Unary", indexed, *more[:1], (b"x-new", b"n" * 50), *more[1:]), message(b"b"))
        data = peer.queued()
        await peer.send_cut(data, range(size, len(data), max(size, len(data) // 1000)))
        answer = await peer.answer(stream)
        assert (answer.status, answer.reset) == (EXHAUSTED.value[0], None)
        for value in (b"n" * 50, b"other"):
            keys = await peer.call(request("Metadata", indexed, (b"x-new", value)), message(b""))
            assert keys.data[5:] == b'[["x-indexed", "%s"], ["x-new", "%s"]]' % (b"i" * 100, value)
        native.echo.release.set()
        assert (await peer.answer(slow)).data == message(b"a")
        assert not peer.goodbye.codes


@pytest.mark.parametrize(
    "more",
    [fields_of(2 * HELD, 1000), tuple((b"x-%d" % i, b"") for i in range(5000)), ((b"x" * 80_000, b"1"),)],
    ids=["bytes", "fields", "a name"],
)
async def test_a_list_that_is_not_held_ends_its_connection(native: Served, more: Fields):
    async with bystander(native), Peer.connected(native.port, **ANY_SIZE) as peer:
        peer.open(request("Unary", *more), message(b"b"))
        await peer.until(lambda: peer.goodbye.codes or peer.closed)


async def test_more_fields_than_the_engine_holds(served: Served):
    difference = wanted("more header fields than the engine holds", served.kind)
    async with Peer.connected(served.port, **ANY_SIZE) as peer:
        stream = peer.open(request("Unary", *((b"x-%d" % i, b"") for i in range(5000))), message(b"b"))
        peer.flush()
        await peer.until(lambda: peer.answers[stream].closed or peer.goodbye.codes or peer.closed)
        assert difference == (CLOSED if peer.goodbye.codes or peer.closed else peer.answers[stream].status)


def test_the_engine_is_unusable_after_a_list_that_it_does_not_hold():
    """So neither the call can be answered nor another one: only a limit above the list keeps its connection."""
    server, client = http2.new_connection(Limits()), new_client()
    exchange(client, server)
    client.send_request(request("Unary", *fields_of(2 * HELD)))
    with pytest.raises(ngh2.DenialOfServiceError, match="header list"):
        server.receive_data(client.data_to_send())
    operations: list[Any] = [
        server.data_to_send,
        lambda: server.send_goaway(),
        lambda: server.reset_stream(1),
        lambda: server.receive_data(b""),
    ]
    for operation in operations:
        with pytest.raises(ngh2.ConnectionStateError, match="no longer usable"):
            operation()


def new_client() -> ngh2.Connection:
    client = ngh2.Connection(ngh2.Role.CLIENT, ngh2.Configuration(max_send_header_block_length=1 << 24))
    client.initiate_connection({})
    return client


def exchange(one: ngh2.Connection, other: ngh2.Connection) -> None:
    for _ in range(2):
        other.receive_data(one.data_to_send())
        one.receive_data(other.data_to_send())
