"""Header lists over the limit: they end their call, and only beyond what the engine holds their connection."""

from __future__ import annotations

from typing import Any

import grpc
import ngh2
import pytest

from pretzel.data_plane.transport import http2
from pretzel.data_plane.transport.limits import Limits
from tests.data_plane.transport.bystander import bystander
from tests.data_plane.transport.differences import CLOSED, wanted
from tests.data_plane.transport.echo import Served, path
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


async def test_many_fields_over_the_limit_end_their_call_alone(native: Served):
    async with Peer.connected(native.port, **ANY_SIZE) as peer:
        answer = await peer.call(request("Unary", *((b"x-%d" % i, b"") for i in range(4000))), message(b"b"))
        assert answer.status == EXHAUSTED.value[0]
        assert await peer.is_served()


@pytest.mark.parametrize(("size", "times"), [(20_000, 1), (60_000, 1), (60_000, 4)])
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


@pytest.mark.parametrize("size", [80_000, 2_000_000])
async def test_a_value_that_the_engine_does_not_hold(served: Served, size: int):
    difference = wanted("a header list over the limit of the engine", served.kind)
    async with served.channel() as channel:
        call = channel.unary_unary(path("Unary"))
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(b"a", timeout=20, metadata=[("x-a", "v" * size)])
        assert (caught.value.code() is grpc.StatusCode.UNAVAILABLE) == (difference == CLOSED)
        assert difference in (CLOSED, caught.value.code().value[0])
        assert await call(b"a", timeout=20, wait_for_ready=True) == b"a"


@pytest.mark.parametrize(
    "more",
    [fields_of(2 * HELD), tuple((b"x-%d" % i, b"") for i in range(5000)), ((b"x-a", b"~" * 80_000),)],
    ids=["bytes", "fields", "one field"],
)
async def test_a_list_that_is_not_held_ends_its_connection(native: Served, more: Fields):
    async with bystander(native), Peer.connected(native.port, **ANY_SIZE) as peer:
        peer.open(request("Unary", *more), message(b"b"))
        await peer.until(lambda: peer.goodbye.codes or peer.closed)


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
