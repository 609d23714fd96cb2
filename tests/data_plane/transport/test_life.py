"""The lives of connections: idle, half-open, old and surplus ones end, and lose no call."""

from __future__ import annotations

import asyncio

import pytest

from tests.data_plane.transport.bystander import bystander
from tests.data_plane.transport.echo import connections, limited, path
from tests.data_plane.transport.peer import DATA, HEADERS, Peer, frame, message, request
from tests.data_plane.transport.waits import until

pytestmark = pytest.mark.usefixtures("quick")


async def test_slow_headers_end_with_the_idle_time():
    async with limited(idle_seconds=0.3) as served, bystander(served), Peer.connected(served.port) as peer:
        peer.send(frame(HEADERS, 0, 1, b""))
        await peer.until(lambda: peer.closed)


async def test_idle_connections_end_and_busy_ones_do_not():
    async with limited(idle_seconds=0.4) as served, bystander(served) as other, Peer.connected(served.port) as peer:
        assert await peer.is_served()
        await peer.until(lambda: peer.closed)
        assert set(peer.goodbye.codes) == {0}
        calls = other.calls
        await until(lambda: other.calls > calls + 20)


async def test_short_calls_keep_a_connection_busy():
    """They begin and end between two looks at the connection."""
    async with limited(idle_seconds=1.0) as served, Peer.connected(served.port) as peer:
        (connection,) = await connections(served, 1)
        start = connection.heard
        while connection.heard < start + 1.5 and not peer.closed:
            answer = await peer.call(request("Fast"), message(b"a"))
            assert answer.status == 0
        assert not peer.goodbye.codes


async def test_open_streams_are_not_idle():
    async with limited(idle_seconds=0.1) as served, Peer.connected(served.port) as peer:
        stream = peer.open(request("Chat"), message(b"a"), end=False)
        await peer.until(lambda: peer.answers[stream].data)
        async with Peer.connected(served.port) as idle:
            await idle.until(lambda: idle.closed)
        peer.engine.send_data(stream, message(b"b"), end_stream=True)
        assert (await peer.answer(stream)).data == message(b"a") + message(b"b")


async def test_half_open_peers_are_closed():
    """Their side is gone without a word: they answer no PING."""
    async with limited(keepalive_seconds=0.1, keepalive_timeout=0.1) as served, bystander(served):
        async with Peer.connected(served.port) as peer:
            peer.acknowledges = False
            peer.open(request("Slow"), message(b""))
            peer.flush()
            await asyncio.wait_for(served.echo.stopped.wait(), 20)


async def test_silent_peers_that_answer_live_on():
    async with limited(keepalive_seconds=0.05, keepalive_timeout=2) as served, Peer.connected(served.port) as peer:
        (connection,) = await connections(served, 1)
        heard = connection.heard
        await peer.read_until(lambda: connection.heard > heard + 0.3)
        assert await peer.is_served()


async def test_connections_beyond_the_limit_are_closed_on_arrival():
    async with limited(connections=3) as served:
        async with Peer.connected(served.port) as one, Peer.connected(served.port) as two:
            async with Peer.connected(served.port) as three:
                for peer in (one, two, three):
                    assert await peer.is_served()
                async with Peer.connected(served.port) as fourth:
                    await fourth.until(lambda: fourth.closed)
                assert await one.is_served()
            await connections(served, 2)
            async with Peer.connected(served.port) as late:
                assert await late.is_served()


async def test_old_connections_lose_no_call():
    """A client of grpcio calls on while its connections end, every few milliseconds."""
    async with limited(age_seconds=0.1, age_grace_seconds=20) as served, served.channel() as channel:
        seen: set[str] = set()

        async def call(i: int) -> None:
            for j in range(100):
                data = b"%d %d" % (i, j)
                assert await channel.unary_unary(path("Fast" if i % 2 else "Unary"))(data, timeout=20) == data
                seen.update(connection.peer for connection in served.front.connections)

        await asyncio.gather(*(call(i) for i in range(20)))
        await until(lambda: not any(connection.is_busy for connection in served.front.connections))
    assert len(seen) > 1


@pytest.mark.parametrize("method", ["Lane", "FastLane"])
async def test_a_stream_of_an_old_connection_gets_all_its_answers(method: str):
    """Every request that was sent before the status came is answered, or was never read."""
    async with limited(age_seconds=0.1, age_grace_seconds=20) as served, Peer.connected(served.port) as peer:
        stream = peer.open(request(method), end=False)
        answer, asked, sent = peer.answers[stream], message(b"await"), 0
        peer.flush()
        while answer.status is None and not peer.closed:
            peer.send(frame(DATA, 0, stream, asked))
            sent += len(asked)
            await peer.until(lambda sent=sent: len(answer.data) == sent or answer.status is not None)
        assert (answer.status, "draining" in answer.text) == (14, True)
        assert sent - len(answer.data) <= len(asked)
        assert set(peer.goodbye.codes) == {0}
