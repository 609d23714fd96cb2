"""Shutdown: a drain under load loses no call that was accepted, and says goodbye without an error."""

from __future__ import annotations

import asyncio

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2_grpc import HealthStub

from pretzel.data_plane.transport import life, listening
from pretzel.data_plane.transport.limits import Limits
from tests.data_plane.transport.echo import Served, path, serve
from tests.data_plane.transport.peer import DATA, Peer, frame, message, request
from tests.data_plane.transport.waits import until

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


async def test_a_drain_loses_no_call_that_was_accepted(native: Served):
    """Clients call all the while; each call is answered, or refused before its handler saw it."""
    answered = refused = 0

    async def call(channel: grpc.aio.Channel, i: int) -> None:
        nonlocal answered, refused
        while True:
            data = b"%d" % i
            try:
                assert await channel.unary_unary(path("Fast" if i % 2 else "Unary"))(data, timeout=20) == data
            except grpc.aio.AioRpcError as error:
                assert error.code() is UNAVAILABLE, error
                refused += 1
                return
            answered += 1

    async with native.channel() as one, native.channel() as other:
        calling = [asyncio.create_task(call((one, other)[i % 2], i)) for i in range(60)]
        await until(lambda: native.echo.calls > 300)
        await asyncio.wait_for(native.front.drain(10), 20)
        await asyncio.wait_for(asyncio.gather(*calling), 20)
    assert refused == 60
    assert answered == native.echo.calls, "a call that reached its handler got no answer"


async def test_running_calls_are_finished(native: Served):
    async with native.channel() as channel:
        running = asyncio.ensure_future(channel.unary_unary(path("Slow"))(b"a", timeout=20))
        await asyncio.wait_for(native.echo.started.wait(), 20)
        draining = asyncio.create_task(native.front.drain(20))
        async with native.channel() as late:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await late.unary_unary(path("Unary"))(b"", timeout=20)
            assert caught.value.code() is UNAVAILABLE
        assert not draining.done()
        native.echo.release.set()
        assert await running == b"a"
        await asyncio.wait_for(draining, 10)


async def test_calls_that_crossed_the_notice_are_served(native: Served):
    """The client sends on until it has the second GOAWAY; all of it is answered, and no code is an error."""
    async with Peer.connected(native.port) as peer:
        assert await peer.is_served()
        draining = asyncio.create_task(native.front.drain(10))
        await asyncio.sleep(0)
        streams = [peer.open(request("Unary"), message(b"%d" % i)) for i in range(50)]
        for i, stream in enumerate(streams):
            answer = await peer.answer(stream)
            assert (answer.status, answer.data) == (0, message(b"%d" % i))
        await peer.until(lambda: peer.closed)
        await asyncio.wait_for(draining, 10)
        assert peer.goodbye.codes
        assert set(peer.goodbye.codes) == {0}
        assert (peer.goodbye.last or 0) >= streams[-1]


@pytest.mark.parametrize("method", ["Lane", "FastLane"])
async def test_streams_end_after_every_request_that_was_read(native: Served, method: str):
    async with Peer.connected(native.port) as peer:
        stream = peer.open(request(method), message(b"await") * 500, end=False)
        peer.flush()
        await peer.until(lambda: peer.answers[stream].data)
        draining = asyncio.create_task(native.front.drain(10))
        answer = await peer.status(stream)
        assert (answer.status, "draining" in answer.text) == (UNAVAILABLE.value[0], True)
        assert answer.data == message(b"await") * 500
        await peer.until(lambda: peer.closed)
        await draining
        assert set(peer.goodbye.codes) == {0}


@pytest.mark.parametrize("method", ["Chat", "Unread", "Slow"])
async def test_calls_that_outlast_the_drain_get_a_status(native: Served, method: str):
    """The status must precede the end of the connection, also after headers and messages were sent."""
    async with Peer.connected(native.port) as peer:
        stream = peer.open(request(method), message(b"a"), end=method == "Slow")
        peer.flush()
        await peer.read_until(native.echo.started.is_set)
        draining = asyncio.create_task(native.front.drain(0.1))
        answer = await peer.status(stream)
        assert (answer.status, "stopping" in answer.text) == (UNAVAILABLE.value[0], True)
        await peer.until(lambda: peer.closed)
        await draining
        assert set(peer.goodbye.codes) == {0}
        await asyncio.wait_for(native.echo.stopped.wait(), 10)


async def test_a_watch_of_health_ends_unavailable(native: Served):
    async with native.channel() as channel:
        watch = HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=20)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        await asyncio.wait_for(native.front.drain(5), 10)
        assert await watch.code() is UNAVAILABLE
        assert "stopping" in await watch.details()


async def test_a_connection_during_the_drain_does_not_delay_it(native: Served):
    """It was in the backlog when the listener closed."""
    async with native.channel() as channel:
        running = asyncio.ensure_future(channel.unary_unary(path("Slow"))(b"a", timeout=20))
        await asyncio.wait_for(native.echo.started.wait(), 20)
        connecting = asyncio.create_task(asyncio.open_connection("127.0.0.1", native.port))
        draining = asyncio.create_task(native.front.drain(30))
        native.echo.release.set()
        assert await running == b"a"
        await asyncio.wait_for(draining, 8)
        await asyncio.gather(connecting, return_exceptions=True)
        if not connecting.exception():
            connecting.result()[1].close()


async def test_a_client_that_never_reads_does_not_delay_the_end(native: Served, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(listening, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(life, "ROUND_TRIP_SECONDS", 0.05)
    async with Peer.connected(native.port, {4: (1 << 31) - 1}) as peer:
        peer.send(frame(8, 0, 0, b"\x7f\x00\x00\x00"))
        peer.stop_reading()
        peer.open(request("Endless"), message(bytes(5000)))
        peer.flush()
        await asyncio.wait_for(native.echo.started.wait(), 10)
        await asyncio.wait_for(native.front.drain(0.2), 10)
    assert not native.front.connections


async def test_violations_leave_nothing_running(native: Served):
    """The connection is lost to its other calls at once, and the front watches on."""
    async with Peer.connected(native.port) as peer:
        peer.open(request("Slow"), message(b"a"))
        peer.flush()
        await peer.read_until(native.echo.started.is_set)
        peer.send(frame(DATA, 0, 0, b"on stream 0"))
        await peer.until(lambda: peer.closed)
        await asyncio.wait_for(native.echo.stopped.wait(), 10)
    await until(lambda: not native.front.connections)


@pytest.mark.parametrize("kind", ["native", "grpcio"])
@pytest.mark.parametrize("count", [1500, pytest.param(6000, marks=pytest.mark.long)])
async def test_bursts_lose_no_call(kind: str, count: int):
    async with serve(kind, Limits()) as served, served.channel() as channel:
        stub = channel.unary_unary(path("Unary"))
        answers = await asyncio.wait_for(asyncio.gather(*(stub(b"%d" % i, timeout=120) for i in range(count))), 120)
        assert answers == [b"%d" % i for i in range(count)]
