"""Deadlines, cancellation and half-closed calls over both fronts."""

from __future__ import annotations

import asyncio
import socket

import grpc
import pytest

from pretzel.data_plane.transport.limits import Limits
from tests.data_plane.transport.echo import Served, path
from tests.data_plane.transport.peer import DATA, END_STREAM, RST_STREAM, Peer, frame, message, request
from tests.data_plane.transport.waits import until

LATE = grpc.StatusCode.DEADLINE_EXCEEDED
RECONNECT = (("grpc.initial_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 50))
CANCEL = (8).to_bytes(4, "big")


async def test_a_deadline_stops_the_work(served: Served, channel: grpc.aio.Channel):
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await channel.unary_unary(path("Slow"))(b"", timeout=0.05)
    assert caught.value.code() is LATE
    await asyncio.wait_for(served.echo.stopped.wait(), 20)


async def test_a_deadline_of_a_raw_call(served: Served):
    """The server itself ends the call: this client has no clock."""
    async with Peer.connected(served.port) as peer:
        for timeout in (b"50m", b"50000u"):
            answer = await peer.call(request("Slow", (b"grpc-timeout", timeout)), message(b""))
            assert answer.status == LATE.value[0]
        await asyncio.wait_for(served.echo.stopped.wait(), 20)


@pytest.mark.parametrize("method", ["Chat", "Lane", "Count", "Unary"])
async def test_a_deadline_passes_while_the_client_sends(served: Served, method: str):
    async with Peer.connected(served.port) as peer:
        stream = peer.open(request(method, (b"grpc-timeout", b"50m")), message(b"a")[:4], end=False)
        assert (await peer.status(stream)).status == LATE.value[0]
        assert await peer.is_served()


async def test_deadlines_pass_while_calls_are_queued(served: Served):
    """More calls than streams: the client holds the rest back, and their deadlines pass there."""
    async with served.channel(("grpc.max_concurrent_streams", 1)) as channel:
        calls = [channel.unary_unary(path("Slow"))(b"", timeout=0.3) for _ in range(600)]
        results = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 30)
        assert {result.code() for result in results} == {LATE}
        assert await channel.unary_unary(path("Unary"))(b"next", timeout=20) == b"next"
    if served.kind == "native":
        await until(lambda: not served.calls)


async def test_the_handler_sees_the_time_that_is_left(served: Served, channel: grpc.aio.Channel):
    call = channel.unary_unary(path("Slow"))(b"", timeout=60)
    await asyncio.wait_for(served.echo.started.wait(), 20)
    assert 30 < served.echo.context.time_remaining() <= 61  # gRPC rounds a timeout up when it sends it
    served.echo.release.set()
    assert await call == b""


async def test_cancellation_stops_the_work(served: Served, channel: grpc.aio.Channel):
    for method, kind in (("Slow", "unary_unary"), ("Endless", "unary_stream")):
        served.echo.started.clear()
        served.echo.stopped.clear()
        call = getattr(channel, kind)(path(method))(b"", timeout=60)
        reading = asyncio.create_task(call.read()) if kind == "unary_stream" else None
        await asyncio.wait_for(served.echo.started.wait(), 20)
        call.cancel()
        await asyncio.wait_for(served.echo.stopped.wait(), 20)
        if reading is not None:
            await asyncio.gather(reading, return_exceptions=True)
    assert await channel.unary_unary(path("Unary"))(b"next", timeout=20) == b"next"


@pytest.mark.parametrize("method", ["Slow", "Chat", "Unread"])
async def test_a_reset_stops_the_work(served: Served, method: str):
    async with Peer.connected(served.port) as peer:
        stream = peer.open(request(method), message(b"a"), end=method == "Slow")
        peer.flush()
        await peer.read_until(served.echo.started.is_set)
        peer.engine.reset_stream(stream)
        peer.flush()
        await asyncio.wait_for(served.echo.stopped.wait(), 20)
        assert await peer.is_served()


async def test_a_lost_connection_stops_the_work(served: Served):
    async with Peer.connected(served.port) as peer:
        peer.open(request("Slow"), message(b""))
        peer.flush()
        await peer.read_until(served.echo.started.is_set)
    await asyncio.wait_for(served.echo.stopped.wait(), 20)


@pytest.mark.parametrize("method", ["Unary", "Fast", "Slow", "Chat", "Lane", "FastLane", "Nothing", "Endless"])
async def test_a_call_and_its_reset_in_one_segment(served: Served, method: str):
    """The engine has closed the stream before the call is seen; the others on the connection must not notice."""
    async with Peer.connected(served.port) as peer:
        other = peer.open(request("Chat"), message(b"first"), end=False)
        peer.flush()
        await peer.until(lambda: peer.answers[other].data == message(b"first"))
        stream = peer.open(request(method), end=False)
        body = frame(DATA, END_STREAM, stream, message(b"await a" if "Lane" in method else b"a"))
        peer.send(peer.queued() + body + frame(RST_STREAM, 0, stream, CANCEL))
        peer.send(frame(DATA, END_STREAM, other, message(b"second")))
        await peer.until(lambda: peer.answers[other].status is not None)
        assert peer.answers[other].status == 0
        assert peer.answers[other].data == message(b"first") + message(b"second")


async def test_a_bad_message_stops_a_running_handler(native: Served):
    async with Peer.connected(native.port) as peer:
        stream = peer.open(request("Unread"), message(b"a"), end=False)
        peer.flush()
        await peer.read_until(native.echo.started.is_set)
        peer.send(frame(DATA, 0, stream, message(b"b", 7)))
        assert (await peer.status(stream)).status == 13
        await asyncio.wait_for(native.echo.stopped.wait(), 20)


@pytest.mark.parametrize("kind", ["native", "grpcio"])
async def test_wait_for_ready(kind: str):
    """A call that waits is served by a server that starts after it; one that does not is UNAVAILABLE."""
    served = Served(kind, Limits())
    port = free_port()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=RECONNECT) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await channel.unary_unary(path("Unary"))(b"a", timeout=20)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        call = channel.unary_unary(path("Unary"))(b"a", timeout=20, wait_for_ready=True)
        await served.start(port)
        assert await call == b"a"
    await served.front.drain(0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
