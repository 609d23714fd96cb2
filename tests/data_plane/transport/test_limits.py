"""Limits of time and size: slow, silent and greedy peers end alone."""

from __future__ import annotations

import asyncio
import struct

import pytest

from pretzel.data_plane.transport.inbox import OVERHEAD
from tests.data_plane.transport.bystander import bystander
from tests.data_plane.transport.echo import Served, connections, limited
from tests.data_plane.transport.peer import DATA, END_STREAM, Peer, frame, message, request
from tests.data_plane.transport.waits import until

EXHAUSTED, LATE = 8, 4
pytestmark = pytest.mark.usefixtures("quick")
HUGE = {4: (1 << 31) - 1}
"""A client's window for each stream that never closes."""


async def open_window(peer: Peer) -> None:
    """Let the server send any number of bytes on the connection."""
    peer.send(frame(8, 0, 0, struct.pack(">I", (1 << 31) - 1 - 65_535)))


def unsent(served: Served) -> int:
    return sum(
        connection.sender.unsent() + connection.transport.get_write_buffer_size()
        for connection in served.front.connections
    )


async def test_a_client_that_gives_no_window_loses_its_calls(monkeypatch: pytest.MonkeyPatch):
    async with limited(stall_seconds=0.3) as served, bystander(served), Peer.connected(served.port, {4: 0}) as peer:
        streams = [peer.open(request(name), message(bytes(5000))) for name in ("Unary", "Fast", "Endless", "Chat")]
        for stream in streams:
            answer = await peer.answer(stream)
            assert answer.reset is not None or answer.status == LATE
            assert not answer.data
        assert not peer.closed


async def test_a_client_that_never_reads_is_closed():
    """Its answers are bounded while it is open, and gone when it is closed."""
    async with limited(stall_seconds=0.5, stream_output_bytes=1 << 18) as served, bystander(served):
        async with Peer.connected(served.port, HUGE) as peer:
            await open_window(peer)
            peer.stop_reading()
            for _ in range(8):
                peer.open(request("Endless"), message(bytes(5000)))
            peer.flush()
            await until(lambda: unsent(served) > 1 << 20)
            highest = 0

            def closed() -> bool:
                nonlocal highest
                highest = max(highest, unsent(served))
                return len(served.front.connections) == 1

            await until(closed)
    assert highest < 4 << 20


async def test_requests_that_wait_for_a_reader_are_counted_and_freed():
    """A client that resets its calls while their answers wait must not leave the requests behind."""
    async with limited(output_bytes=100_000, received_bytes=4 << 20) as served, bystander(served):
        async with Peer.connected(served.port, {4: 0}) as peer:
            for _ in range(3):
                peer.open(request("Fast"), message(bytes(50_000)))
            waiting = [peer.open(request("Fast"), message(bytes(100_000))) for _ in range(20)]
            peer.flush()
            await peer.read_until(lambda: served.front._held >= 20 * 100_000)
            held = served.front._held
            for stream in waiting[:10]:
                peer.engine.reset_stream(stream)
            peer.flush()
            await peer.read_until(lambda: served.front._held == held - 10 * (100_000 + OVERHEAD))
            for _ in range(100):
                peer.open(request("Fast"), message(bytes(100_000)))
            peer.flush()
            await peer.until(lambda: any(answer.status == EXHAUSTED for answer in peer.answers.values()))
            assert served.front._held <= 4 << 20
        await until(lambda: served.front._held == 0)


async def test_deferred_calls_are_answered_when_the_client_reads():
    async with limited(output_bytes=100_000) as served:
        async with Peer.connected(served.port, {4: 0}) as peer:
            streams = [peer.open(request("Fast"), message(bytes(60_000))) for _ in range(20)]
            peer.flush()
            await peer.read_until(lambda: served.front._held > 0)
            peer.engine.update_settings({4: 1 << 20})
            for stream in streams:
                assert (await peer.answer(stream)).data == message(bytes(60_000))


async def test_a_slow_handler_stops_its_sender():
    """The client's bytes stay with the client, and other streams of the connection go on."""
    async with limited(stream_window=1 << 16) as served, Peer.connected(served.port) as peer:
        stream = peer.open(request("Unread"), message(bytes(10_000)) * 100, end=False)
        peer.flush()
        assert await peer.is_served()
        assert served.front._held < 1 << 17
        served.echo.release.set()
        peer.engine.send_data(stream, b"", end_stream=True)
        assert (await peer.answer(stream)).data == message(b"1000000")


async def test_unfinished_requests_of_all_connections_are_bounded():
    async with limited(received_bytes=1 << 20, stall_seconds=0.5) as served, bystander(served):
        async with Peer.connected(served.port) as one, Peer.connected(served.port) as other:
            for peer in (one, other):
                for _ in range(8):
                    peer.open(request("Unary"), message(bytes(200_000))[:-1], end=False)
                peer.flush()
            await asyncio.gather(*(peer.until(lambda peer=peer: statuses(peer)) for peer in (one, other)))
            assert served.front._held <= 1 << 20
            for peer in (one, other):
                await peer.until(lambda peer=peer: len(statuses(peer)) == 8)
                assert set(statuses(peer)) <= {EXHAUSTED, LATE}
        assert EXHAUSTED in statuses(one) + statuses(other)


def statuses(peer: Peer) -> list[int]:
    return [answer.status for answer in peer.answers.values() if answer.status is not None]


async def test_rejected_bytes_are_acknowledged():
    """More of them than the connection's window takes: a front that forgets some stops listening."""
    async with limited(message_bytes=1000, connection_window=1 << 17) as served, Peer.connected(served.port) as peer:
        for _ in range(60):
            for name in ("Unary", "Fast", "Chat", "Nothing"):
                answer = await peer.call(request(name), message(bytes(9000)))
                assert answer.status == (12 if name == "Nothing" else EXHAUSTED)


async def test_a_message_over_the_limit_is_refused_by_its_prefix():
    async with limited(message_bytes=1 << 20) as served, Peer.connected(served.port) as peer:
        for name in ("Unary", "Fast", "Chat", "Lane"):
            stream = peer.open(request(name), message(bytes((1 << 20) + 1))[:10], end=False)
            assert (await peer.status(stream)).status == EXHAUSTED
        assert served.front._held == 0


async def test_a_sender_that_goes_on_after_its_status_is_reset():
    async with limited() as served, Peer.connected(served.port) as peer:
        stream = peer.open(request("Nothing"), bytes(3 << 20), end=False)
        answer = await peer.answer(stream)
        assert (answer.status, answer.reset) == (12, 0)
        assert await peer.is_served()


@pytest.mark.parametrize("method", ["Unary", "Fast", "Chat"])
async def test_stalled_uploads_end(method: str):
    async with limited(stall_seconds=0.2) as served, bystander(served), Peer.connected(served.port) as peer:
        stream = peer.open(request(method), message(bytes(100))[:50], end=False)
        answer = await peer.status(stream)
        assert answer.status == LATE
        assert "rest of its message" in answer.text


async def test_a_call_whose_client_never_ends_is_reset():
    async with limited(stall_seconds=0.2) as served, Peer.connected(served.port) as peer:
        stream = peer.open(request("Early"), message(b"a"), end=False)
        assert (await peer.status(stream)).status == 11
        assert (await peer.answer(stream)).closed


@pytest.mark.parametrize("method", ["Slow", "Chat", "Lane", "Unread"])
async def test_work_and_silent_streams_are_no_stall(method: str):
    """A handler may take longer than a client may stall, and a stream may wait for its next request."""
    async with limited(stall_seconds=0.1) as served, Peer.connected(served.port) as peer:
        stream = peer.open(request(method), message(b"a"), end=method == "Slow")
        peer.flush()
        ticks = 0

        def tick(now: float) -> None:
            nonlocal ticks
            ticks += 1
            original(now)

        (connection,) = await connections(served, 1)
        original, connection.life.tick = connection.life.tick, tick
        await peer.read_until(lambda: ticks > 15)
        assert peer.answers[stream].status is None
        served.echo.release.set()
        if method != "Slow":
            peer.send(frame(DATA, END_STREAM, stream))
        assert (await peer.status(stream)).status == 0


async def test_a_large_status_arrives(native: Served):
    """Larger than a header block may be; it is cut rather than lost."""
    async with Peer.connected(native.port) as peer:
        asked = b'{"by": "abort", "message": "%s"}' % (b"m" * 200_000)
        answer = await peer.call(request("Fail"), message(asked))
        assert answer.status == 3
        assert answer.text.startswith("mmm")
        assert await peer.is_served()
